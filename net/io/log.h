/*
 * Lines of log on stderr. Every part of the programs writes them; none reads them.
 *
 * Lines of one kind are limited: strangers can provoke any number of them. Past NET_LOG_BURST
 * within NET_LOG_WINDOW_S seconds they are counted, and one line tells how many there were.
 */
#ifndef NET_LOG_H
#define NET_LOG_H

#include <stdbool.h>

/* Lines of one kind that are written within a window before the others are counted. */
#define NET_LOG_BURST 5
#define NET_LOG_WINDOW_S 10

typedef enum net_level { NET_ERROR, NET_WARN, NET_INFO, NET_DEBUG } net_level;

/* One line, printf-like, unless the level is above what is wanted. What came from outside is
 * printed with \x escapes for what is not printable. Lines of one `format` are of one kind. */
void net_log(net_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, of the kind that `kind` names by its address: a text that lives as long as the program.
 */
void net_log_kind(const char *kind, net_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Once, at first: lines begin with `program` (borrowed), and those above `most` are left out. */
void net_log_setup(const char *program, net_level most);
bool net_log_wanted(net_level level);

/* Whether a line of NET_ERROR was told, or would have been. */
bool net_log_has_failed(void);

/* Tells what was counted and whose window is over; `all`: whatever was counted. Once a second. */
void net_log_sum_up(bool all);

/* A hook that clears a progress line before a log line and is told that one was written. */
void net_log_hook(void (*before)(void));

#endif
