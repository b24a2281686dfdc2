/*
 * The event loop of a program: libuv's, with a clock and a list of connections.
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
#include "net/io/log.h"
#include "net/io/memory.h"
#include "net/io/shape.h"

struct net_conn;

typedef struct net_loop {
    uv_loop_t uv;
    uint64_t origin_ns; /* of CLOCK_MONOTONIC: time 0 */
    mb_time latency;    /* by which all that comes and goes is delayed */
    /* Of connections that are opened; family 0: the system's choice. */
    struct sockaddr_storage source;
    struct net_conn *conns;
    uint32_t conn_count, conn_most;      /* at most so many are open */
    bool conn_told;                      /* it was said that no more may be */
    void (*room)(struct net_loop *loop); /* there may be room for one more, or NULL */
    struct net_listener *full;           /* those with a connection for which there was none */
    net_budget memory;                   /* of connections and of the tables of peers */
    uint64_t conns_made;                 /* ever: the last one's id */
    uint64_t swept_ns;                   /* when the connections' deadlines were last looked at */
    uv_timer_t sweep;                    /* looks at the connections' deadlines once a second */
    net_shaper shaper;
    struct net_delayed *delayed, *delayed_last;
    uv_timer_t delay_timer;
    bool ending;
    bool paranoid; /* owners check all that they hold after each step */
    int exit_code; /* of the program */
    char scratch[65536];
} net_loop;

/* 0, or libuv's error. `origin_ns` 0: time begins now. */
int net_loop_init(net_loop *loop, uint64_t origin_ns);

/* Runs until it is stopped or nothing is left to do; then closes what is still open. */
void net_loop_run(net_loop *loop);
void net_loop_stop(net_loop *loop, int exit_code);
void net_loop_clear(net_loop *loop);

/* Asserts every invariant, those of its open connections too. O(connections x what waits). */
void net_loop_check(const net_loop *loop);
/* The end of the list of what waits for the latency, found by walking it; NULL: nothing waits. */
const struct net_delayed *net_loop_last_delayed(const net_loop *loop);

/* Nanoseconds since the origin; never negative. */
mb_time net_loop_now(const net_loop *loop);

/* Its time 0 by the wall clock, in ns since 1970. */
int64_t net_loop_origin(const net_loop *loop);

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

/* Starts it; it stays where it is until `done`. */
void net_work_start(net_loop *loop, net_work *work);

#endif
