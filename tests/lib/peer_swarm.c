#include "tests/lib/peer_swarm.h"

#include <glib.h>
#include <string.h>

#include "core/blockset.h"
#include "core/rng.h"
#include "core/tracker.h"
#include "tests/lib/peer_step.h"

enum { NODES = PEER_SWARM_MAX, BLOCK_SIZE = 1000, LATENCY_MS = 40, SEEDER = 0 };

/* What is to happen, and to whom; an mb_event beside what only the stage does. */
typedef enum happening {
    DELIVER, /* `event` to `node` */
    ARRIVE,  /* `node` starts */
    BOOK,    /* `event` to the tracker */
    FINISH,  /* the transfer `id` is through */
    CRASH,   /* `node` is gone without a word */
} happening;

typedef struct plan {
    mb_time time;
    uint64_t seq;
    happening what;
    mb_node node;
    uint32_t id;
    mb_event event;
    mb_listing *list; /* owned */
    uint32_t *dealt;  /* owned */
} plan;

typedef struct transfer {
    mb_node from, to;
    uint32_t id, block, offset;
    mb_time started, ends;
    mb_told told;
} transfer;

typedef struct stage {
    const peer_swarm_config *config;
    peer_swarm_result result;
    mb_geometry geometry;
    mb_rng rng; /* of the stage's own chances */
    mb_peer *peers[NODES];
    GPtrArray *logs; /* of those who have gone */
    mb_log *last_log[NODES];
    bool was_there[NODES];
    mb_time timers[NODES];
    mb_tracker *tracker;
    mb_actions actions;
    GArray *plans;     /* of plan */
    GArray *transfers; /* of transfer */
    uint64_t seq;
    uint32_t ids;
    mb_time now;
    bool measuring, measuring_uploads;
} stage;

static bool happens(stage *s, uint32_t percent)
{
    return percent > 0 && mb_rng_below(&s->rng, 100) < percent;
}

/* FNV-1a over numbers, least byte first. */
static void mix(stage *s, uint64_t number)
{
    for (int i = 0; i < 8; i++)
        s->result.digest =
            (s->result.digest ^ (number >> (8 * i) & 0xff)) * UINT64_C(1099511628211);
}

/* ---- what is to happen ---------------------------------------------------------------------- */

static plan *add_plan(stage *s, mb_time time, happening what, mb_node node)
{
    plan p = {.time = time, .seq = s->seq++, .what = what, .node = node};
    g_array_append_val(s->plans, p);
    return &g_array_index(s->plans, plan, s->plans->len - 1);
}

static mb_time soon(const stage *s)
{
    return s->now + LATENCY_MS * MB_MS;
}

static plan *add_event(stage *s, mb_node node, mb_event_type type, mb_node from)
{
    plan *p = add_plan(s, soon(s), DELIVER, node);
    p->event = mb_event_make(type, from);
    return p;
}

/* Takes out the plan that is due first; false where there is none. */
static bool next_plan(stage *s, plan *out)
{
    guint best = 0;
    if (s->plans->len == 0) return false;
    for (guint i = 1; i < s->plans->len; i++) {
        const plan *a = &g_array_index(s->plans, plan, i);
        const plan *b = &g_array_index(s->plans, plan, best);
        if (a->time < b->time || (a->time == b->time && a->seq < b->seq)) best = i;
    }
    *out = g_array_index(s->plans, plan, best);
    g_array_remove_index_fast(s->plans, best);
    return true;
}

/* ---- transfers ------------------------------------------------------------------------------ */

static transfer *find_transfer(stage *s, mb_node from, mb_node to)
{
    for (guint i = 0; i < s->transfers->len; i++) {
        transfer *t = &g_array_index(s->transfers, transfer, i);
        if (t->from == from && t->to == to) return t;
    }
    return NULL;
}

static void end_transfer(stage *s, transfer *t)
{
    guint index = (guint)(t - &g_array_index(s->transfers, transfer, 0));
    g_array_remove_index(s->transfers, index);
}

/* Bytes of the block, from its start, that are at the receiver's by now. */
static uint32_t bytes_by_now(const stage *s, const transfer *t)
{
    uint32_t size = mb_geometry_block_size(&s->geometry, t->block);
    uint64_t left = size - t->offset;
    uint64_t come = left * (uint64_t)(s->now - t->started) / (uint64_t)(t->ends - t->started);
    return t->offset + (uint32_t)(come < left ? come : left - 1);
}

static void upload(stage *s, mb_node from, mb_node to, const mb_action_upload *a)
{
    uint32_t size = mb_geometry_block_size(&s->geometry, a->block);
    mb_time takes = (200 + 300 * (mb_time)(from % 4)) * MB_MS * a->length / BLOCK_SIZE + 1;
    transfer t = {.from = from, .to = to, .id = s->ids++, .block = a->block};
    g_assert_true(mb_blockset_has(mb_peer_blocks(s->peers[from]), a->block));
    g_assert_cmpuint(a->length, >, 0);
    g_assert_cmpuint(a->offset + a->length, ==, size);
    g_assert_null(find_transfer(s, from, to));
    g_assert_cmpuint(from, !=, to);
    if (!s->peers[to]) return;
    t.offset = a->offset;
    t.started = s->now;
    t.ends = s->now + takes;
    t.told = a->told;
    g_array_append_val(s->transfers, t);
    if (!happens(s, s->config->stalls)) add_plan(s, t.ends, FINISH, from)->id = t.id;
}

static void abort_upload(stage *s, mb_node from, mb_node to, const mb_action_abort *a)
{
    transfer *t = find_transfer(s, from, to);
    if (!t || t->block != a->block) return; /* its receiver has gone, or it has just left */
    if (a->keep)
        add_event(s, to, MB_EVENT_CUT, from)->event.cut =
            (mb_event_cut){.block = a->block, .here = bytes_by_now(s, t), .keep = true};
    end_transfer(s, t);
}

static void finish(stage *s, uint32_t id)
{
    for (guint i = 0; i < s->transfers->len; i++) {
        transfer t = g_array_index(s->transfers, transfer, i);
        if (t.id != id) continue;
        g_array_remove_index(s->transfers, i);
        plan *p = add_event(s, t.to, MB_EVENT_BLOCK, t.from);
        p->event.block = (mb_event_block){.block = t.block, .told = t.told, .tag = t.id + 1};
        p = add_event(s, t.from, MB_EVENT_SENT, t.to);
        p->time = s->now;
        p->event.sent.block = t.block;
        return;
    }
}

/* ---- coming and going ----------------------------------------------------------------------- */

/* What a node that comes back finds on its disk: the older half of what it had. */
static void recover(const stage *s, mb_node node, uint64_t *have)
{
    const mb_log *log = s->last_log[node];
    for (uint32_t i = 0; log && i < log->count / 2; i++)
        mb_blockset_add(have, log->blocks[i]);
}

/* When a newly arrived node goes again, and how. */
static void plan_departure(stage *s, mb_node node)
{
    mb_time after = (mb_time)mb_rng_below(&s->rng, 30) * MB_SECOND;
    if (node == SEEDER) return;
    if (happens(s, s->config->leaves))
        add_event(s, node, MB_EVENT_LEAVE, MB_NODE_NONE)->time += after;
    if (happens(s, s->config->crashes)) add_plan(s, s->now + after, CRASH, node);
}

static void arrive(stage *s, mb_node node)
{
    uint64_t have[4] = {0};
    recover(s, node, have);
    mb_peer_config config = {.node = node,
                             .seed = s->config->seed,
                             .protocol = s->config->protocol,
                             .geometry = &s->geometry,
                             .have = have,
                             .epoch = s->last_log[node] ? s->last_log[node]->epoch + 1 : 1,
                             .seeder = node == SEEDER};
    s->result.error = mb_peer_new(&s->peers[node], &config);
    if (s->result.error) return;
    s->was_there[node] = true;
    s->timers[node] = MB_NEVER;
    add_event(s, node, MB_EVENT_START, MB_NODE_NONE)->time = s->now;
    plan_departure(s, node);
}

static void depart(stage *s, mb_node node)
{
    for (guint i = s->transfers->len; i-- > 0;) {
        transfer *t = &g_array_index(s->transfers, transfer, i);
        if (t->from == node || t->to == node) g_array_remove_index(s->transfers, i);
    }
    s->last_log[node] = mb_peer_free_but_log(s->peers[node]);
    g_ptr_array_add(s->logs, s->last_log[node]);
    s->peers[node] = NULL;
}

static void crash(stage *s, mb_node node)
{
    uint32_t walk = 0, remote;
    mb_node other;
    if (!s->peers[node]) return;
    while (mb_peer_known(s->peers[node], &walk, &other, &remote))
        add_event(s, other, MB_EVENT_GONE, node);
    depart(s, node);
    if (happens(s, s->config->restarts)) add_plan(s, s->now + 5 * MB_SECOND, ARRIVE, node);
}

/* ---- what peers do -------------------------------------------------------------------------- */

static void send(stage *s, mb_node from, const mb_action *a, mb_node to, uint32_t index)
{
    plan *p = add_event(s, to, MB_EVENT_MESSAGE, from);
    p->event.index = index;
    p->event.message = (mb_event_message){.remote = a->index, .said = a->said};
}

static void broadcast(stage *s, mb_node from, const mb_action *a)
{
    uint32_t walk = 0, remote;
    mb_node node;
    while (mb_peer_known(s->peers[from], &walk, &node, &remote))
        send(s, from, a, node, remote);
}

static void announce(stage *s, mb_node from, const mb_action_announce *a)
{
    plan *p;
    if (a->what != MB_ANNOUNCE_LEAVE && happens(s, s->config->lost_announces)) {
        add_event(s, from, MB_EVENT_UNLISTED, MB_NODE_NONE);
        return;
    }
    p = add_plan(s, soon(s), BOOK, from);
    p->event = mb_event_make(MB_EVENT_ANNOUNCE, from);
    p->event.announce = (mb_event_announce){.what = a->what, .told = a->told};
}

static void mix_said(stage *s, const mb_said *said)
{
    mix(s, (uint64_t)said->message << 16 | (uint64_t)said->flags << 8 | said->reason);
    mix(s, (uint64_t)said->block << 32 | said->told.count);
    mix(s, (uint64_t)said->offset << 32 | said->length);
}

static void mix_action(stage *s, const mb_action *a)
{
    mix(s, a->type);
    switch ((mb_action_type)a->type) {
    case MB_ACTION_ANNOUNCE:
        mix(s, (uint64_t)a->announce.what << 32 | a->announce.told.count);
        break;
    case MB_ACTION_SEND:
    case MB_ACTION_BROADCAST: mix_said(s, &a->said); break;
    case MB_ACTION_UPLOAD:
        mix(s, (uint64_t)a->upload.block << 32 | a->upload.offset);
        mix(s, (uint64_t)a->upload.via << 32 | a->upload.told.count);
        break;
    case MB_ACTION_ABORT: mix(s, (uint64_t)a->abort.block << 1 | a->abort.keep); break;
    case MB_ACTION_GAINED: mix(s, (uint64_t)a->gained.block << 32 | a->gained.tag); break;
    case MB_ACTION_WASTED: mix(s, (uint64_t)a->wasted.block << 32 | a->wasted.tag); break;
    default: break;
    }
}

static void execute(stage *s, mb_node node, const mb_action *a)
{
    mix(s, (uint64_t)s->now);
    mix(s, (uint64_t)node << 32 | a->to);
    mix_action(s, a);
    switch ((mb_action_type)a->type) {
    case MB_ACTION_ANNOUNCE: announce(s, node, &a->announce); break;
    case MB_ACTION_SEND:
        if (!(a->said.flags & MB_FLAG_QUIET)) send(s, node, a, a->to, a->remote);
        break;
    case MB_ACTION_BROADCAST: broadcast(s, node, a); break;
    case MB_ACTION_UPLOAD: upload(s, node, a->to, &a->upload); break;
    case MB_ACTION_ABORT: abort_upload(s, node, a->to, &a->abort); break;
    case MB_ACTION_MEASURE:
        s->measuring = true;
        s->measuring_uploads = a->measure.uploads;
        break;
    case MB_ACTION_GAINED:
    case MB_ACTION_COMPLETE: break;
    case MB_ACTION_WASTED: s->result.wasted++; break;
    case MB_ACTION_LEFT: depart(s, node); break;
    case MB_ACTION_ANSWER: g_assert_not_reached();
    }
}

static void see_to_timer(stage *s, mb_node node)
{
    mb_time deadline = mb_peer_deadline(s->peers[node]);
    if (deadline == MB_NEVER || deadline >= s->timers[node]) return;
    g_assert_cmpint(deadline, >=, s->now);
    s->timers[node] = deadline;
    add_event(s, node, MB_EVENT_TIMER, MB_NODE_NONE)->time = deadline;
}

static uint32_t measure(stage *s, mb_node node, mb_event *events)
{
    uint32_t count = 0;
    for (guint i = 0; i < s->transfers->len; i++) {
        const transfer *t = &g_array_index(s->transfers, transfer, i);
        if (t->from == node && s->measuring_uploads) {
            events[count] = mb_event_make(MB_EVENT_GOING, t->to);
            events[count++].going =
                (mb_event_going){.block = t->block, .gone = bytes_by_now(s, t) - t->offset};
        }
        if (t->to != node) continue;
        events[count] = mb_event_make(MB_EVENT_PROGRESS, t->from);
        events[count++].progress =
            (mb_event_progress){.block = t->block, .here = bytes_by_now(s, t)};
    }
    events[count++] = mb_event_make(MB_EVENT_MEASURED, MB_NODE_NONE);
    return count;
}

/* A message that no honest peer would send, or that comes at the wrong time. */
static mb_event malice(stage *s)
{
    mb_node from = (mb_node)mb_rng_below(&s->rng, NODES);
    mb_event event = mb_event_make(MB_EVENT_MESSAGE, from);
    mb_said *said = &event.message.said;
    said->message = (uint8_t)mb_rng_below(&s->rng, MB_MSG_DECLINE + 3);
    said->flags = (uint8_t)mb_rng_below(&s->rng, 256);
    said->reason = (uint8_t)mb_rng_below(&s->rng, 6);
    event.index = (uint32_t)mb_rng_below(&s->rng, 8);
    event.message.remote = (uint32_t)mb_rng_below(&s->rng, 8);
    said->block = (uint32_t)mb_rng_below(&s->rng, s->config->blocks + 2);
    said->offset = (uint32_t)mb_rng_below(&s->rng, 2) * (uint32_t)mb_rng_below(&s->rng, 1200);
    if (said->block < s->config->blocks)
        said->length = mb_geometry_block_size(&s->geometry, said->block) - said->offset;
    if (s->peers[from] && happens(s, 50)) {
        said->told = mb_log_told(mb_peer_log(s->peers[from]));
        if (happens(s, 10)) said->told.count++;
        if (happens(s, 10)) said->told.epoch++;
    }
    return event;
}

static void step(stage *s, mb_node node, mb_event *events, uint32_t count)
{
    do {
        s->measuring = false;
        s->actions.count = 0;
        int rc = peer_step(s->peers[node], s->now, events, count, &s->actions);
        s->result.steps++;
        s->result.refused += rc == MB_ERR_MESSAGE;
        if (rc == MB_ERR_MEMORY) {
            s->result.error = rc;
            return;
        }
        g_assert_true(rc == MB_OK || s->config->hostile > 0);
        if (!s->config->unchecked) mb_peer_check(s->peers[node]);
        for (size_t i = 0; i < s->actions.count; i++)
            execute(s, node, &s->actions.items[i]);
        if (!s->peers[node]) return;
        if (s->measuring) count = measure(s, node, events);
    } while (s->measuring);
    see_to_timer(s, node);
}

/* ---- the tracker ---------------------------------------------------------------------------- */

static void book(stage *s, const mb_event *event)
{
    s->actions.count = 0;
    int rc = mb_tracker_step(s->tracker, s->now, event, 1, &s->actions);
    if (rc) {
        g_assert_cmpint(rc, ==, MB_ERR_MEMORY);
        s->result.error = rc;
        return;
    }
    mb_tracker_check(s->tracker);
    for (size_t i = 0; i < s->actions.count; i++) {
        const mb_action *a = &s->actions.items[i];
        plan *p = add_event(s, a->to, MB_EVENT_LISTED, MB_NODE_NONE);
        const mb_action_answer *answer = &a->answer;
        p->list = g_memdup2(answer->list, answer->list_count * sizeof *answer->list);
        p->dealt = g_memdup2(answer->dealt, answer->dealt_count * sizeof *answer->dealt);
        p->event.listed = (mb_event_listed){.list = p->list,
                                            .dealt = p->dealt,
                                            .list_count = answer->list_count,
                                            .dealt_count = answer->dealt_count};
    }
}

/* ---- playing -------------------------------------------------------------------------------- */

static void deliver(stage *s, const plan *p)
{
    mb_event events[NODES * 2 + 2];
    uint32_t count = 0;
    if (!s->peers[p->node]) { /* a word to one who has gone comes back */
        if (p->event.type == MB_EVENT_MESSAGE && s->peers[p->event.other])
            add_event(s, p->event.other, MB_EVENT_GONE, p->node);
        return;
    }
    if (p->event.type == MB_EVENT_TIMER) {
        if (p->time != s->timers[p->node]) return; /* an earlier one came between */
        s->timers[p->node] = MB_NEVER;
    }
    s->result.delivered += p->event.type == MB_EVENT_BLOCK;
    events[count++] = p->event;
    if (happens(s, s->config->hostile)) events[count++] = malice(s);
    step(s, p->node, events, count);
}

static void play(stage *s, const plan *p)
{
    s->now = p->time;
    switch (p->what) {
    case DELIVER: deliver(s, p); break;
    case ARRIVE: arrive(s, p->node); break;
    case BOOK: book(s, &p->event); break;
    case FINISH: finish(s, p->id); break;
    case CRASH: crash(s, p->node); break;
    }
}

/* Whether all have come, and whoever is there is complete. */
static bool all_complete(stage *s)
{
    for (mb_node node = 1; node <= s->config->peers; node++) {
        if (!s->was_there[node]) return false;
        if (s->peers[node] && !mb_peer_look(s->peers[node]).complete) return false;
    }
    return true;
}

static void free_log(void *log)
{
    mb_log_free(log);
}

static int set_up(stage *s, const peer_swarm_config *config)
{
    const mb_tracker_config books = {
        .seed = config->seed, .blocks = config->blocks, .protocol = config->protocol};
    s->config = config;
    s->result.digest = UINT64_C(14695981039346656037);
    mb_actions_init(&s->actions);
    mb_rng_init(&s->rng, config->seed, 0, MB_PURPOSE_FAULT);
    s->logs = g_ptr_array_new_with_free_func(free_log);
    s->plans = g_array_new(FALSE, FALSE, sizeof(plan));
    s->transfers = g_array_new(FALSE, FALSE, sizeof(transfer));
    g_assert_cmpuint(config->peers, <, NODES);
    g_assert_cmpuint(config->blocks, <=, 256);             /* of recover() */
    uint64_t size = (uint64_t)config->blocks * BLOCK_SIZE; /* the last block is a short one */
    g_assert_cmpint(mb_geometry_init(&s->geometry, size > 0 ? size - 300 : 0, BLOCK_SIZE), ==, 0);
    if (mb_tracker_new(&s->tracker, &books)) return MB_ERR_MEMORY;
    arrive(s, SEEDER);
    if (s->result.error) return s->result.error;
    for (mb_node node = 1; node <= config->peers; node++)
        add_plan(s, (mb_time)mb_rng_below(&s->rng, 4) * MB_SECOND, ARRIVE, node);
    return mb_tracker_seeder(s->tracker, SEEDER, mb_peer_listed(s->peers[SEEDER]));
}

static void tear_down(stage *s)
{
    for (mb_node node = 0; node < NODES; node++) {
        s->result.present += node > 0 && s->peers[node];
        s->result.complete += node > 0 && s->peers[node] && mb_peer_look(s->peers[node]).complete;
        mb_peer_free(s->peers[node]);
    }
    for (guint i = 0; i < s->plans->len; i++) {
        g_free(g_array_index(s->plans, plan, i).list);
        g_free(g_array_index(s->plans, plan, i).dealt);
    }
    mb_tracker_free(s->tracker);
    mb_actions_clear(&s->actions);
    g_ptr_array_free(s->logs, TRUE);
    g_array_free(s->plans, TRUE);
    g_array_free(s->transfers, TRUE);
}

peer_swarm_result peer_swarm_run(const peer_swarm_config *config)
{
    g_autofree stage *s = g_new0(stage, 1);
    plan p;
    s->result.error = set_up(s, config);
    while (!s->result.error && !all_complete(s) && next_plan(s, &p)) {
        if (p.time <= config->until) play(s, &p);
        g_free(p.list);
        g_free(p.dealt);
        if (p.time > config->until) break;
    }
    s->result.end = s->now;
    tear_down(s);
    return s->result;
}
