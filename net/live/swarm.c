#include "net/live/swarm.h"

#include "net/io/memory.h"
#include "net/live/launch.h"
#include "net/live/netns.h"
#include "net/live/process.h"

#include <assert.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How long a program may take to end once it was told to, before it is killed. */
#define PATIENCE_MS 15000
#define PROGRESS_MS 500

struct swarm;

struct member {
    net_live_process process; /* first: what is told of it is told of the member */
    struct swarm *swarm;
    uint32_t number;
    uv_timer_t timer; /* first its arrival, then its departure */
    bool started, complete, leaving, ended;
};

struct swarm {
    const net_live_plan *plan;
    const net_live_setup *setup;
    net_live_outcome *outcome;
    net_live_netns *netns; /* NULL: all on the loopback */
    uv_loop_t loop;
    uv_timer_t end_timer, kill_timer, progress_timer, tracker_timer;
    uv_signal_t interrupt, terminate, hangup;
    net_live_process tracker;
    char *tracker_ip;
    uint32_t tracker_port;
    uint64_t origin_ns; /* of CLOCK_MONOTONIC: time 0 of the run */
    struct member *members;
    uint32_t arrived, completed, present_incomplete, running;
    bool stopping, tracker_told, tracker_ended; /* told to go */
    char *error;
};

static uint64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static mb_time now_of(const struct swarm *swarm)
{
    uint64_t now = clock_ns();
    return swarm->origin_ns && now > swarm->origin_ns ? (mb_time)(now - swarm->origin_ns) : 0;
}

/* Milliseconds from now to the moment `time` of the run, rounded up. */
static uint64_t ms_until(const struct swarm *swarm, mb_time time)
{
    assert(time >= 0);
    mb_time now = now_of(swarm);
    return time > now ? (uint64_t)(time - now + 999999) / 1000000 : 0;
}

/* ---- the end ------------------------------------------------------------------------------- */

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

/* Nothing runs any more: the loop may end. */
static void maybe_finish(struct swarm *swarm)
{
    if (!swarm->stopping || swarm->running > 0 || !swarm->tracker_ended) return;
    uv_walk(&swarm->loop, close_handle, NULL);
}

static void kill_all(uv_timer_t *timer)
{
    struct swarm *swarm = timer->data;
    for (uint32_t i = 0; i < swarm->plan->peer_count; i++)
        net_live_process_signal(&swarm->members[i].process, SIGKILL);
    net_live_process_signal(&swarm->tracker, SIGKILL);
}

/* The run is over: who is still there is told to go. Once. */
static void stop(struct swarm *swarm, bool interrupted)
{
    assert(swarm->outcome && swarm->members);
    if (swarm->stopping) return;
    swarm->stopping = true;
    swarm->outcome->end = now_of(swarm);
    swarm->outcome->interrupted = interrupted;
    for (uint32_t i = 0; i < swarm->plan->peer_count; i++) {
        struct member *member = &swarm->members[i];
        uv_timer_stop(&member->timer);
        if (member->started && !member->ended && !member->leaving)
            swarm->outcome->fates[i] = NET_FATE_PRESENT;
        /* twice: at once, nobody has any use for a last block */
        net_live_process_signal(&member->process, SIGTERM);
        net_live_process_signal(&member->process, SIGTERM);
    }
    net_live_process_signal(&swarm->tracker, SIGTERM);
    net_live_process_signal(&swarm->tracker, SIGTERM);
    uv_timer_start(&swarm->kill_timer, kill_all, PATIENCE_MS, 0);
    maybe_finish(swarm);
}

static void fail(struct swarm *swarm, char *error)
{
    if (swarm->error)
        g_free(error);
    else
        swarm->error = error;
    stop(swarm, true);
}

static void on_end(uv_timer_t *timer)
{
    stop(timer->data, false);
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    stop(handle->data, true);
}

/* The counts are those of the members. */
static void check(const struct swarm *swarm)
{
    uint32_t started = 0, running = 0, complete = 0, incomplete = 0;
    for (uint32_t i = 0; i < swarm->plan->peer_count; i++) {
        const struct member *member = &swarm->members[i];
        assert(member->swarm == swarm && member->number == i);
        assert(member->started || !(member->complete || member->leaving || member->ended));
        assert(!member->ended || !member->process.running);
        assert(member->started == (swarm->outcome->fates[i] != NET_FATE_ABSENT));
        started += member->started;
        running += member->started && !member->ended;
        complete += member->complete;
        incomplete += member->started && !member->ended && !member->complete;
    }
    assert(started <= swarm->arrived && swarm->arrived <= swarm->plan->peer_count);
    assert(running == swarm->running && complete == swarm->completed);
    assert(incomplete == swarm->present_incomplete);
}

/* As in the simulator: no arrival is pending and nobody present is incomplete. */
static void maybe_stop(struct swarm *swarm)
{
    if (swarm->setup->paranoid) check(swarm);
    if (swarm->arrived == swarm->plan->peer_count && swarm->present_incomplete == 0)
        stop(swarm, false);
}

/* ---- a peer -------------------------------------------------------------------------------- */

static bool is_sudden(const struct member *member)
{
    const net_live_plan *plan = member->swarm->plan;
    return plan->groups[plan->peers[member->number].group].sudden;
}

static void leave(struct member *member)
{
    assert(member->started);
    if (member->leaving || member->ended || !member->started) return;
    member->leaving = true;
    member->swarm->outcome->fates[member->number] = NET_FATE_LEFT;
    net_live_process_signal(&member->process, SIGTERM);
    /* a second time: now, not in good order */
    if (is_sudden(member)) net_live_process_signal(&member->process, SIGTERM);
}

static void on_leave(uv_timer_t *timer)
{
    leave(timer->data);
}

static void schedule_leave(struct member *member, mb_time time)
{
    assert(time != MB_NEVER);
    struct swarm *swarm = member->swarm;
    uv_timer_start(&member->timer, on_leave, ms_until(swarm, time), 0);
}

static void completed(struct member *member)
{
    assert(member->started && !member->ended);
    struct swarm *swarm = member->swarm;
    const net_live_peer *peer = &swarm->plan->peers[member->number];
    if (member->complete) return;
    member->complete = true;
    swarm->completed++;
    swarm->present_incomplete--;
    if (peer->stay == 0 && !member->leaving) {
        leave(member);
        /* a second time: now, not in good order */
        if (swarm->plan->groups[peer->group].leave == NET_LEAVE_AT_ONCE)
            net_live_process_signal(&member->process, SIGTERM);
    } else if (peer->stay != MB_NEVER) {
        schedule_leave(member, MIN(peer->leave_at, now_of(swarm) + peer->stay));
    }
    maybe_stop(swarm);
}

static void peer_said(net_live_process *process, const char *line)
{
    if (g_str_has_prefix(line, "complete")) completed(process->owner);
}

static void tell_crash(struct swarm *swarm, const char *name, const net_live_process *process)
{
    swarm->outcome->crashes++;
    fprintf(stderr, "minibit-live: %s ended by itself (exit code %" PRId64 ", signal %d)\n", name,
            process->exit_code, process->exit_signal);
}

/* SIGTERM may come before a program listens to it; 143 says that it was told to go. */
static bool ended_badly(const net_live_process *process)
{
    assert(!process->running);
    if (process->exit_signal != 0)
        return process->exit_signal != SIGKILL && process->exit_signal != SIGTERM;
    return process->exit_code != 0 && process->exit_code != 128 + SIGTERM;
}

static void peer_ended(net_live_process *process)
{
    assert(!((struct member *)process->owner)->ended);
    struct member *member = process->owner;
    struct swarm *swarm = member->swarm;
    member->ended = true;
    swarm->running--;
    uv_timer_stop(&member->timer);
    if (!member->complete) swarm->present_incomplete--;
    bool untold = !swarm->stopping && !member->leaving;
    bool died = ended_badly(process);
    if (untold) swarm->outcome->fates[member->number] = NET_FATE_CRASHED;
    if (untold || died) tell_crash(swarm, swarm->plan->peers[member->number].name, process);
    maybe_stop(swarm);
    maybe_finish(swarm);
}

static void start_peer(struct member *member)
{
    assert(!member->started && member->number < member->swarm->plan->peer_count);
    struct swarm *swarm = member->swarm;
    const net_live_peer *peer = &swarm->plan->peers[member->number];
    net_live_place place = {swarm->setup, swarm->netns, swarm->origin_ns, swarm->tracker_ip,
                            swarm->tracker_port};
    char *error = NULL;
    GPtrArray *arguments = net_live_peer_arguments(swarm->plan, &place, member->number, &error);
    swarm->arrived++;
    if (!arguments) {
        fail(swarm, error);
        return;
    }
    char *log = g_strdup_printf("%s/%s.log", swarm->setup->work, peer->id);
    member->started = true;
    swarm->running++;
    swarm->present_incomplete++;
    swarm->outcome->fates[member->number] = NET_FATE_PRESENT;
    int result =
        net_live_process_start(&member->process, &swarm->loop, (char **)arguments->pdata, log);
    if (result)
        fail(swarm, g_strdup_printf("%s: %s", (char *)arguments->pdata[0], uv_strerror(result)));
    else if (peer->leave_at != MB_NEVER)
        schedule_leave(member, peer->leave_at);
    g_ptr_array_free(arguments, TRUE);
    g_free(log);
}

static void on_arrival(uv_timer_t *timer)
{
    struct member *member = timer->data;
    if (!member->swarm->stopping) start_peer(member);
}

/* ---- the tracker --------------------------------------------------------------------------- */

static void on_tracker_leave(uv_timer_t *timer)
{
    struct swarm *swarm = timer->data;
    swarm->tracker_told = true;
    net_live_process_signal(&swarm->tracker, SIGTERM);
}

/* The tracker listens: the run begins. */
static void begin(struct swarm *swarm)
{
    assert(swarm->origin_ns == 0);
    const net_live_plan *plan = swarm->plan;
    swarm->origin_ns = clock_ns();
    uv_update_time(&swarm->loop);
    for (uint32_t i = 0; i < plan->peer_count; i++)
        uv_timer_start(&swarm->members[i].timer, on_arrival, ms_until(swarm, plan->peers[i].arrive),
                       0);
    uv_timer_start(&swarm->end_timer, on_end, ms_until(swarm, plan->until), 0);
    if (plan->tracker_leave != MB_NEVER)
        uv_timer_start(&swarm->tracker_timer, on_tracker_leave,
                       ms_until(swarm, plan->tracker_leave), 0);
    maybe_stop(swarm);
}

static void tracker_said(net_live_process *process, const char *line)
{
    struct swarm *swarm = process->owner;
    char ip[64];
    uint32_t port;
    if (sscanf(line, "listening on %63s %" SCNu32, ip, &port) != 2) return;
    if (swarm->origin_ns || swarm->stopping) return;
    swarm->tracker_port = port;
    begin(swarm);
}

static void tracker_ended(net_live_process *process)
{
    struct swarm *swarm = process->owner;
    swarm->tracker_ended = true;
    bool untold = !swarm->stopping && !swarm->tracker_told;
    if (swarm->origin_ns && (untold || ended_badly(process)))
        tell_crash(swarm, "the tracker", process);
    if (!swarm->origin_ns && !swarm->stopping)
        fail(swarm,
             g_strdup_printf("the tracker did not start; see %s/tracker.log", swarm->setup->work));
    maybe_finish(swarm);
}

static void start_tracker(struct swarm *swarm)
{
    net_live_place place = {.setup = swarm->setup, .netns = swarm->netns, .origin_ns = clock_ns()};
    char *error = NULL;
    GPtrArray *arguments = net_live_tracker_arguments(swarm->plan, &place, &error);
    if (!arguments) {
        swarm->tracker_ended = true;
        fail(swarm, error);
        return;
    }
    char *log = g_strdup_printf("%s/tracker.log", swarm->setup->work);
    swarm->tracker_ip = g_strdup(net_live_address(swarm->netns, 0));
    int result =
        net_live_process_start(&swarm->tracker, &swarm->loop, (char **)arguments->pdata, log);
    if (result)
        fail(swarm, g_strdup_printf("%s: %s", (char *)arguments->pdata[0], uv_strerror(result)));
    g_ptr_array_free(arguments, TRUE);
    g_free(log);
}

/* ---- the whole ----------------------------------------------------------------------------- */

static void on_progress(uv_timer_t *timer)
{
    struct swarm *swarm = timer->data;
    fprintf(stderr, "\r%.1f s: %u of %u peers arrived, %u complete \033[K",
            (double)now_of(swarm) / 1e9, swarm->arrived, swarm->plan->peer_count, swarm->completed);
}

static void init_timer(struct swarm *swarm, uv_timer_t *timer, void *data)
{
    uv_timer_init(&swarm->loop, timer);
    timer->data = data;
}

/* As under nohup, which the programs that are started inherit. */
static bool hangup_ignored(void)
{
    struct sigaction hangup;
    return sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler == SIG_IGN;
}

static void init_signal(struct swarm *swarm, uv_signal_t *handle, int number)
{
    uv_signal_init(&swarm->loop, handle);
    handle->data = swarm;
    uv_signal_start(handle, on_signal, number);
}

static void swarm_init(struct swarm *swarm)
{
    uint32_t count = swarm->plan->peer_count;
    net_memory_of_libuv();
    uv_loop_init(&swarm->loop);
    init_timer(swarm, &swarm->end_timer, swarm);
    init_timer(swarm, &swarm->kill_timer, swarm);
    init_timer(swarm, &swarm->progress_timer, swarm);
    init_timer(swarm, &swarm->tracker_timer, swarm);
    init_signal(swarm, &swarm->interrupt, SIGINT);
    init_signal(swarm, &swarm->terminate, SIGTERM);
    if (!hangup_ignored()) init_signal(swarm, &swarm->hangup, SIGHUP);
    swarm->outcome->fates = g_new0(net_live_fate, count + 1);
    swarm->members = g_new0(struct member, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        struct member *member = &swarm->members[i];
        member->swarm = swarm;
        member->number = i;
        member->process.owner = member;
        member->process.said = peer_said;
        member->process.ended = peer_ended;
        init_timer(swarm, &member->timer, member);
    }
    swarm->tracker.owner = swarm;
    swarm->tracker.said = tracker_said;
    swarm->tracker.ended = tracker_ended;
}

static void swarm_clear(struct swarm *swarm)
{
    int busy = uv_loop_close(&swarm->loop);
    assert(busy == 0);
    if (swarm->setup->progress) fputs("\r\033[K", stderr);
    net_live_netns_free(swarm->netns);
    g_free(swarm->members);
    g_free(swarm->tracker_ip);
}

bool net_live_swarm_run(const net_live_plan *plan, const net_live_setup *setup,
                        net_live_outcome *outcome, char **error)
{
    struct swarm swarm = {.plan = plan, .setup = setup, .outcome = outcome};
    *outcome = (net_live_outcome){0};
    if (setup->netns) {
        swarm.netns = net_live_netns_new(plan, error);
        if (!swarm.netns) return false;
    }
    swarm_init(&swarm);
    start_tracker(&swarm);
    if (setup->progress) uv_timer_start(&swarm.progress_timer, on_progress, 0, PROGRESS_MS);
    uv_run(&swarm.loop, UV_RUN_DEFAULT);
    swarm_clear(&swarm);
    outcome->began = swarm.origin_ns > 0;
    *error = swarm.error;
    return swarm.error == NULL;
}
