/*
 * What minibit-tracker and minibit-peer do alike: listening, signals, limits of the system,
 * progress on a terminal. Only the two mains use it.
 */
#ifndef NET_PROGRAM_H
#define NET_PROGRAM_H

#include "net/io/loop.h"
#include "net/program/options.h"

/*
 * What comes before anything else: the limit on descriptors raised as far as it goes, writes to
 * what has gone failing instead of killing, the log as the options want it, the loop with their
 * clock, rates and latency. False where the system has no loop to give.
 */
bool net_program_begin(const char *name, const net_options *options, net_loop *loop);

/* The exit code of a program that would end with `status` (or NET_OPTIONS_DONE): not 0 where what
 * it had to say on stdout could not be written. */
int net_program_end(int status);

/* Listens at host and port (0: any free one), and says so in *port; connections that the loop opens
 * come from that host too, unless it is a wildcard. `accept` is called with the
 * server for each connection that waits, as soon as there is room for it (net_conn_make_room()).
 * False, with a line of log, where that is not possible. */
typedef struct net_listener {
    uv_tcp_t server;
    void (*accept)(void *owner, uv_stream_t *server);
    void *owner;
    net_loop *loop;
    struct net_listener *next_full; /* in loop->full */
} net_listener;
bool net_listener_open(net_listener *listener, net_loop *loop, const char *host, uint16_t *port);
void net_listener_close(net_listener *listener); /* also of one never opened */

/* Calls `stop(owner, times)` at SIGINT, SIGTERM and, unless that is ignored as under nohup, SIGHUP;
 * `times` counts from 1. */
typedef struct net_signals {
    uv_signal_t interrupt, terminate, hangup;
    bool hears_hangup;
    void (*stop)(void *owner, int times, int signal);
    void *owner;
    int times;
} net_signals;
void net_signals_start(net_signals *signals, net_loop *loop);

/* Between the two a signal ends the program at once, by itself: for the hashing of a whole file at
 * the start, when the loop does not run and nothing can be lost. */
void net_signals_pause(net_signals *signals);
void net_signals_go_on(net_signals *signals);

/* A line of progress that is drawn over on a terminal, and now and then written elsewhere. */
void net_progress_show(const char *line, bool last);

#endif
