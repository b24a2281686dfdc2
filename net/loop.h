/*
 * The event loop of a program: libuv's, with a clock, a line of log and a list of connections.
 *
 * libuv for these reasons: one epoll loop that stays flat with thousands of connections (one
 * GSource each collapses beyond some hundreds), a pool of threads for hashing and disk, and the
 * trick that keeps accepting, and closing, when descriptors run out. Everything in net/ runs on
 * the loop's thread but what net_work is given.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <uv.h>

#include "core/types.h"
#include "net/shape.h"

struct net_conn;

typedef struct net_loop {
    uv_loop_t uv;
    uint64_t origin_ns; /* of CLOCK_MONOTONIC: time 0 */
    mb_time latency;    /* by which all that comes and goes is delayed */
    struct sockaddr_storage
        source; /* of connections that are opened; family 0: the system's choice */
    struct net_conn *conns;
    uint32_t conn_count;
    uv_timer_t sweep; /* looks at the connections' deadlines once a second */
    net_shaper shaper;
    struct net_delayed *delayed, *delayed_last;
    uv_timer_t delay_timer;
    bool ending;
    int exit_code; /* of the program */
    char scratch[65536];
} net_loop;

/* 0, or libuv's error. `origin_ns` 0: time begins now. */
int net_loop_init(net_loop *loop, uint64_t origin_ns);

/* Runs until it is stopped or nothing is left to do; then closes what is still open. */
void net_loop_run(net_loop *loop);
void net_loop_stop(net_loop *loop, int exit_code);
void net_loop_clear(net_loop *loop);

/* Nanoseconds since the origin; never negative. */
mb_time net_loop_now(const net_loop *loop);

/* Calls `call(arg)` after the loop's latency, in the order of the calls; at once if there is none
 * and nothing waits. Where the loop ends before, `drop(arg)` is called instead, if not NULL. */
void net_loop_delay(net_loop *loop, void (*call)(void *arg), void (*drop)(void *arg), void *arg);

/* The end begins: what waits for the latency is dropped, and what will is too. To be called before
 * anything that such calls could touch is freed. */
void net_loop_end(net_loop *loop);

/* ---- work on the pool's threads ------------------------------------------------------------- */

typedef struct net_work {
    uv_work_t request;
    void (*work)(struct net_work *work); /* on a thread of the pool */
    void (*done)(struct net_work *work); /* on the loop's, always, even when the loop ends */
} net_work;

void net_work_start(net_loop *loop, net_work *work);

/* ---- memory and messages -------------------------------------------------------------------- */

/* The programs end when memory is out: nothing that they hold is lost by it. Never NULL. */
void *net_alloc(size_t size);
void *net_alloc_zero(size_t size);
void *net_realloc(void *memory, size_t size);
char *net_strdup(const char *text);

typedef enum net_level { NET_ERROR, NET_WARN, NET_INFO, NET_DEBUG } net_level;

/* One line on stderr, printf-like, unless the level is above what is wanted. What came from
 * outside is printed with \x escapes for what is not printable. */
void net_log(net_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void net_log_setup(const char *program, net_level most);
bool net_log_wanted(net_level level);

/* A hook that clears a progress line before a log line and is told that one was written. */
void net_log_hook(void (*before)(void));

#endif
