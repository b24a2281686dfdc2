#include "net/loop.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/conn.h"

struct net_delayed {
    struct net_delayed *next;
    mb_time due;
    void (*call)(void *arg);
    void (*drop)(void *arg);
    void *arg;
};

/* ---- memory --------------------------------------------------------------------------------- */

static void *or_die(void *memory)
{
    if (memory) return memory;
    fputs("out of memory\n", stderr);
    exit(1);
}

void *net_alloc(size_t size)
{
    return or_die(malloc(size ? size : 1));
}

void *net_alloc_zero(size_t size)
{
    return or_die(calloc(1, size ? size : 1));
}

void *net_realloc(void *memory, size_t size)
{
    return or_die(realloc(memory, size ? size : 1));
}

char *net_strdup(const char *text)
{
    return or_die(strdup(text));
}

/* ---- log ------------------------------------------------------------------------------------ */

static struct {
    const char *program;
    net_level most;
    void (*before)(void);
} log_state = {"minibit", NET_INFO, NULL};

void net_log_setup(const char *program, net_level most)
{
    log_state.program = program;
    log_state.most = most;
}

bool net_log_wanted(net_level level)
{
    return level <= log_state.most;
}

void net_log_hook(void (*before)(void))
{
    log_state.before = before;
}

void net_log(net_level level, const char *format, ...)
{
    char line[1024], safe[2048];
    size_t at = 0;
    va_list arguments;

    if (!net_log_wanted(level)) return;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    for (const unsigned char *c = (const unsigned char *)line; *c && at + 5 < sizeof safe; c++) {
        if (*c >= 0x20 && *c != 0x7f)
            safe[at++] = (char)*c;
        else
            at += (size_t)snprintf(safe + at, 5, "\\x%02x", *c);
    }
    safe[at] = '\0';
    if (log_state.before) log_state.before();
    fprintf(stderr, "%s: %s\n", log_state.program, safe);
}

/* ---- the loop ------------------------------------------------------------------------------- */

static void on_sweep(uv_timer_t *timer)
{
    net_loop *loop = timer->data;

    net_conn_sweep(loop);
}

int net_loop_init(net_loop *loop, uint64_t origin_ns)
{
    int error;

    memset(loop, 0, sizeof *loop);
    error = uv_loop_init(&loop->uv);
    if (error) return error;
    loop->uv.data = loop;
    loop->origin_ns = origin_ns ? origin_ns : uv_hrtime();
    uv_timer_init(&loop->uv, &loop->sweep);
    uv_timer_init(&loop->uv, &loop->delay_timer);
    loop->sweep.data = loop->delay_timer.data = loop;
    uv_timer_start(&loop->sweep, on_sweep, 1000, 1000);
    uv_unref((uv_handle_t *)&loop->sweep);
    net_shaper_init(&loop->shaper, &loop->uv);
    return 0;
}

void net_loop_run(net_loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void net_loop_stop(net_loop *loop, int exit_code)
{
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
}

mb_time net_loop_now(const net_loop *loop)
{
    uint64_t now = uv_hrtime();

    return now > loop->origin_ns ? (mb_time)(now - loop->origin_ns) : 0;
}

/* ---- latency -------------------------------------------------------------------------------- */

static void see_to_delays(net_loop *loop);

static void on_delay(uv_timer_t *timer)
{
    see_to_delays(timer->data);
}

static void see_to_delays(net_loop *loop)
{
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
    net_work *work = request->data;

    (void)status;
    work->done(work);
}

void net_work_start(net_loop *loop, net_work *work)
{
    work->request.data = work;
    int error = uv_queue_work(&loop->uv, &work->request, on_work, on_work_done);
    assert(error == 0);
}
