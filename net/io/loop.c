#include "net/io/loop.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/io/conn.h"
#include "net/limits.h"

/* Between two looks at the connections' deadlines; a pause that is longer by SLEEP_MS was a sleep.
 */
#define SWEEP_MS 1000
#define SLEEP_MS 2000

struct net_delayed {
    struct net_delayed *next;
    mb_time due;
    void (*call)(void *arg);
    void (*drop)(void *arg);
    void *arg;
};

/* ---- the loop ------------------------------------------------------------------------------- */

/* The machine, or the program, stood still: nobody's time has passed meanwhile. */
static void excuse_sleep(net_loop *loop)
{
    uint64_t now = uv_hrtime(), passed = now - loop->swept_ns;

    if (loop->swept_ns && passed > (SWEEP_MS + SLEEP_MS) * MB_MS) {
        loop->origin_ns += passed - SWEEP_MS * MB_MS;
        net_conn_excuse(loop, (uint32_t)(passed / MB_SECOND));
    }
    loop->swept_ns = now;
}

static void on_sweep(uv_timer_t *timer)
{
    net_loop *loop = timer->data;

    excuse_sleep(loop);
    net_conn_sweep(loop);
    if (loop->room) loop->room(loop);
    net_log_sum_up(false);
}

int net_loop_init(net_loop *loop, uint64_t origin_ns)
{
    int error;

    memset(loop, 0, sizeof *loop);
    net_memory_of_libuv();
    error = uv_loop_init(&loop->uv);
    if (error) return error;
    loop->uv.data = loop;
    loop->conn_most = NET_LIMIT_CONNECTIONS;
    loop->origin_ns = origin_ns ? origin_ns : uv_hrtime();
    uv_timer_init(&loop->uv, &loop->sweep);
    uv_timer_init(&loop->uv, &loop->delay_timer);
    loop->sweep.data = loop->delay_timer.data = loop;
    uv_timer_start(&loop->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    uv_unref((uv_handle_t *)&loop->sweep);
    net_shaper_init(&loop->shaper, &loop->uv, net_conn_send_chunk, net_conn_read_chunk);
    return 0;
}

void net_loop_run(net_loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void net_loop_stop(net_loop *loop, int exit_code)
{
    assert(exit_code >= 0 && exit_code < 256);
    if (exit_code) loop->exit_code = exit_code;
    uv_stop(&loop->uv);
}

static void close_rest(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

void net_loop_clear(net_loop *loop)
{
    net_conn_close_all(loop);
    uv_run(&loop->uv, UV_RUN_NOWAIT);
    uv_walk(&loop->uv, close_rest, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    net_shaper_clear(&loop->shaper);
    uv_loop_close(&loop->uv);
    net_blocks_clear();
    net_log_sum_up(true);
}

mb_time net_loop_now(const net_loop *loop)
{
    uint64_t now = uv_hrtime();

    return now > loop->origin_ns ? (mb_time)(now - loop->origin_ns) : 0;
}

int64_t net_loop_origin(const net_loop *loop)
{
    struct timespec wall;
    uint64_t passed = uv_hrtime() - loop->origin_ns; /* of another one's clock: it may be ahead */

    if (clock_gettime(CLOCK_REALTIME, &wall) != 0) return 0;
    return (int64_t)wall.tv_sec * MB_SECOND + wall.tv_nsec - (int64_t)passed;
}

/* ---- latency -------------------------------------------------------------------------------- */

static void see_to_delays(net_loop *loop);

static void on_delay(uv_timer_t *timer)
{
    see_to_delays(timer->data);
}

static void see_to_delays(net_loop *loop)
{
    assert(!loop->ending || !loop->delayed);
    mb_time now = net_loop_now(loop);

    while (loop->delayed && loop->delayed->due <= now) {
        struct net_delayed *first = loop->delayed;

        loop->delayed = first->next;
        if (!loop->delayed) loop->delayed_last = NULL;
        first->call(first->arg);
        free(first);
    }
    if (!loop->delayed) return;
    uv_update_time(&loop->uv);
    mb_time wait = loop->delayed->due - now;
    uv_timer_start(&loop->delay_timer, on_delay, (uint64_t)((wait + MB_MS - 1) / MB_MS), 0);
}

const struct net_delayed *net_loop_last_delayed(const net_loop *loop)
{
    const struct net_delayed *last = loop->delayed;

    while (last && last->next)
        last = last->next;
    return last;
}

void net_loop_end(net_loop *loop)
{
    loop->ending = true;
    while (loop->delayed) {
        struct net_delayed *first = loop->delayed;

        loop->delayed = first->next;
        if (first->drop) first->drop(first->arg);
        free(first);
    }
    loop->delayed_last = NULL;
    uv_timer_stop(&loop->delay_timer);
}

void net_loop_delay(net_loop *loop, void (*call)(void *arg), void (*drop)(void *arg), void *arg)
{
    assert(call);
    struct net_delayed *last;

    if (loop->ending) {
        if (drop) drop(arg);
        return;
    }
    if (loop->latency == 0 && !loop->delayed) {
        call(arg);
        return;
    }
    last = net_alloc(sizeof *last);
    *last = (struct net_delayed){
        .due = net_loop_now(loop) + loop->latency, .call = call, .drop = drop, .arg = arg};
    if (loop->delayed_last)
        loop->delayed_last->next = last;
    else
        loop->delayed = last;
    loop->delayed_last = last;
    if (!uv_is_active((uv_handle_t *)&loop->delay_timer)) see_to_delays(loop);
}

/* ---- work ----------------------------------------------------------------------------------- */

static void on_work(uv_work_t *request)
{
    net_work *work = request->data;

    work->work(work);
}

static void on_work_done(uv_work_t *request, int status)
{
    assert(((net_work *)request->data)->done);
    net_work *work = request->data;

    (void)status;
    work->done(work);
}

void net_work_start(net_loop *loop, net_work *work)
{
    assert(work->work && work->done);
    work->request.data = work;
    int error = uv_queue_work(&loop->uv, &work->request, on_work, on_work_done);
    assert(error == 0);
}
