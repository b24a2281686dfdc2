#include "net/io/shape.h"

#include <assert.h>

#include "net/io/conn.h"

/* Milliseconds between two looks at who waits. */
#define TICK_MS 2
/* Tokens pile up to what so many ns bring, and a chunk: what a late turn may catch up with. */
#define BURST_NS UINT64_C(25000000)

static void on_tick(uv_timer_t *timer);

void net_shaper_init(net_shaper *shaper, uv_loop_t *loop, net_shape_turn *send,
                     net_shape_turn *read)
{
    assert(send && read);
    *shaper = (net_shaper){.send = send, .read = read};
    uv_timer_init(loop, &shaper->timer);
    shaper->timer.data = shaper;
}

void net_shaper_clear(net_shaper *shaper)
{
    shaper->up.first = shaper->down.first = NULL;
}

static void fill(net_bucket *bucket)
{
    assert(bucket->rate > 0 || bucket->tokens <= 0 || !bucket->first);
    uint64_t now = uv_hrtime(), passed = now - bucket->filled;
    int64_t most = (int64_t)(bucket->rate / 1000 * BURST_NS / 1000000) + (NET_SHAPE_CHUNK << 16);

    if (passed > 1000000000) passed = 1000000000;
    bucket->filled = now;
    bucket->tokens += (int64_t)((unsigned __int128)bucket->rate * passed / 1000000000);
    if (bucket->tokens > most) bucket->tokens = most;
}

void net_bucket_charge(net_bucket *bucket, size_t bytes)
{
    if (net_bucket_limits(bucket)) bucket->tokens -= (int64_t)(bytes << 16);
}

bool net_bucket_is_empty(net_bucket *bucket)
{
    fill(bucket);
    return bucket->tokens <= 0;
}

/* ---- rings ---------------------------------------------------------------------------------- */

static void ring_add(net_bucket *bucket, struct net_conn *conn, int which)
{
    assert(!conn->shape_next[which]);
    conn->shape_next[which] = NULL;
    if (bucket->last)
        bucket->last->shape_next[which] = conn;
    else
        bucket->first = conn;
    bucket->last = conn;
}

static struct net_conn *ring_take(net_bucket *bucket, int which)
{
    assert(bucket->first && bucket->last);
    struct net_conn *conn = bucket->first;

    bucket->first = conn->shape_next[which];
    if (!bucket->first) bucket->last = NULL;
    conn->shape_next[which] = NULL;
    return conn;
}

static void ring_remove(net_bucket *bucket, const struct net_conn *conn, int which)
{
    struct net_conn *previous = NULL;

    for (struct net_conn *at = bucket->first; at; previous = at, at = at->shape_next[which]) {
        if (at != conn) continue;
        if (previous)
            previous->shape_next[which] = at->shape_next[which];
        else
            bucket->first = at->shape_next[which];
        if (bucket->last == at) bucket->last = previous;
        return;
    }
}

/* ---- turns ---------------------------------------------------------------------------------- */

static void wake(net_shaper *shaper)
{
    if (!uv_is_active((uv_handle_t *)&shaper->timer))
        uv_timer_start(&shaper->timer, on_tick, TICK_MS, TICK_MS);
}

void net_shaper_wait_up(net_shaper *shaper, struct net_conn *conn)
{
    assert(conn->shaped_up);
    ring_add(&shaper->up, conn, 0);
    wake(shaper);
}

void net_shaper_wait_down(net_shaper *shaper, struct net_conn *conn)
{
    assert(conn->shaped_down);
    ring_add(&shaper->down, conn, 1);
    wake(shaper);
}

void net_shaper_forget(net_shaper *shaper, struct net_conn *conn)
{
    ring_remove(&shaper->up, conn, 0);
    ring_remove(&shaper->down, conn, 1);
}

/* Turns go round as long as there are tokens and somebody's socket takes, or has, bytes. */
static void round_of_turns(net_bucket *bucket, int which, net_shape_turn *turn)
{
    struct net_conn *stuck = NULL; /* the first in the ring whose socket was not ready */

    fill(bucket);
    while (bucket->first && bucket->tokens > 0 && bucket->first != stuck) {
        struct net_conn *conn = ring_take(bucket, which);
        size_t moved = 0;
        bool more = turn(conn, NET_SHAPE_CHUNK, &moved);

        bucket->tokens -= (int64_t)(moved << 16);
        if (more) ring_add(bucket, conn, which);
        if (moved > 0)
            stuck = NULL;
        else if (more && !stuck)
            stuck = conn;
    }
}

static void on_tick(uv_timer_t *timer)
{
    net_shaper *shaper = timer->data;

    round_of_turns(&shaper->up, 0, shaper->send);
    round_of_turns(&shaper->down, 1, shaper->read);
    if (!shaper->up.first && !shaper->down.first) uv_timer_stop(timer);
}
