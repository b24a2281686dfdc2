#include "sim/swarm/pending.h"

#include <assert.h>
#include <stdlib.h>

#include "sim/swarm/internal.h"

static const uint8_t class_of[] = {
    [SIM_PENDING_ARRIVE] = SIM_CLASS_ARRIVE,   [SIM_PENDING_LEAVE] = SIM_CLASS_LEAVE,
    [SIM_PENDING_TIMER] = SIM_CLASS_TIMER,     [SIM_PENDING_TRACKER_TIMER] = SIM_CLASS_TIMER,
    [SIM_PENDING_SAMPLE] = SIM_CLASS_SAMPLE,   [SIM_PENDING_LISTED] = SIM_CLASS_ANSWER,
    [SIM_PENDING_UNLISTED] = SIM_CLASS_ANSWER, [SIM_PENDING_ANNOUNCE] = SIM_CLASS_ANNOUNCE,
    [SIM_PENDING_BLOCK] = SIM_CLASS_BLOCK,     [SIM_PENDING_MESSAGE] = SIM_CLASS_MESSAGE,
    [SIM_PENDING_WAITING] = SIM_CLASS_MESSAGE, [SIM_PENDING_FANOUT] = SIM_CLASS_MESSAGE,
    [SIM_PENDING_CUT] = SIM_CLASS_MESSAGE,     [SIM_PENDING_GONE] = SIM_CLASS_MESSAGE,
    [SIM_PENDING_FAULT] = SIM_CLASS_FAULT,
};

/* ---- into the queue, and out ---------------------------------------------------------------- */

/* A new entry's payload; NULL, and the run failed, where memory is out. */
static sim_pending *entry(sim_swarm *swarm, mb_time time, mb_node node, uint8_t type)
{
    assert(time >= swarm->now && node < swarm->node_count);
    assert(type < sizeof class_of && class_of[type] > 0);
    uint32_t sequence = swarm->nodes[node].seq++;
    sim_key key = {time, sim_pending_order((sim_class)class_of[type], node, sequence)};
    sim_pending *added = sim_queue_push(swarm->queue, key);

    if (!added) sim_swarm_fail(swarm, MB_ERR_MEMORY, "out of memory");
    return added;
}

void sim_pending_push(sim_swarm *swarm, mb_time time, mb_node node, const sim_pending *pending)
{
    sim_pending *added = entry(swarm, time, node, pending->type);

    if (added)
        *added = *pending;
    else
        sim_pending_clear(pending);
}

void sim_pending_push_plain(sim_swarm *swarm, mb_time time, mb_node node, sim_pending_type type)
{
    assert(type < SIM_PENDING_LISTED || type == SIM_PENDING_UNLISTED);
    sim_pending *added = entry(swarm, time, node, (uint8_t)type);

    if (added) added->type = (uint8_t)type;
}

void sim_fanout_release(sim_fanout *fanout)
{
    assert(fanout->shares > 0);
    if (--fanout->shares == 0) free(fanout);
}

void sim_pending_clear(const sim_pending *pending)
{
    if (pending->type == SIM_PENDING_LISTED) free(pending->listed.answer);
    if (pending->type == SIM_PENDING_FANOUT) sim_fanout_release(pending->fanout.to);
}

/* ---- to the core's events ------------------------------------------------------------------- */

static void fill_message(mb_event *event, mb_node from, uint32_t remote, const mb_said *said)
{
    event->type = MB_EVENT_MESSAGE;
    event->other = from;
    event->message.remote = remote;
    event->message.where = 0;
    event->message.said = *said;
}

static void fill_listed(mb_event *event, const sim_answer *answer)
{
    event->type = MB_EVENT_LISTED;
    event->listed = (mb_event_listed){
        .list = answer->list,
        .dealt = (const uint32_t *)(answer->list + answer->list_count),
        .list_count = answer->list_count,
        .dealt_count = answer->dealt_count,
    };
}

static void fill_block(mb_event *event, const sim_pending_block *block)
{
    event->type = MB_EVENT_BLOCK;
    event->other = block->from;
    event->index = block->index;
    event->block = (mb_event_block){.block = block->block, .told = block->told};
}

static void fill_cut(mb_event *event, const sim_pending_cut *cut)
{
    event->type = MB_EVENT_CUT;
    event->other = cut->from;
    event->index = cut->index;
    event->cut = (mb_event_cut){.block = cut->block, .here = cut->end, .keep = true};
}

static void fill_gone(mb_event *event, const sim_pending_gone *gone)
{
    event->type = MB_EVENT_GONE;
    event->other = gone->who;
    event->index = gone->index;
    event->gone.ungreeted = gone->ungreeted;
}

static void fill_announce(mb_event *event, const sim_pending_announce *announce)
{
    event->type = MB_EVENT_ANNOUNCE;
    event->other = announce->from;
    event->announce = (mb_event_announce){.what = announce->what, .told = announce->told};
}

/* Makes of it the core's event of the node that hears of it, and notes what it was where a step's
 * end asks for that. */
static void fill(mb_event *event, sim_pending *origin, const sim_pending *pending)
{
    event->other = MB_NODE_NONE;
    event->index = MB_INDEX_NONE;
    switch ((sim_pending_type)pending->type) {
    case SIM_PENDING_MESSAGE:
    case SIM_PENDING_WAITING:
        event->index = pending->message.index;
        fill_message(event, pending->message.from, pending->message.remote, &pending->message.said);
        break;
    case SIM_PENDING_FANOUT:
        fill_message(event, pending->fanout.from, MB_INDEX_NONE, &pending->fanout.said);
        break;
    case SIM_PENDING_BLOCK:
        fill_block(event, &pending->block);
        origin->block = pending->block;
        break;
    case SIM_PENDING_CUT:
        fill_cut(event, &pending->cut);
        origin->cut = pending->cut;
        break;
    case SIM_PENDING_GONE:
        fill_gone(event, &pending->gone);
        origin->gone = pending->gone;
        break;
    case SIM_PENDING_ANNOUNCE: fill_announce(event, &pending->announce); break;
    case SIM_PENDING_LISTED: fill_listed(event, pending->listed.answer); break;
    case SIM_PENDING_UNLISTED: event->type = MB_EVENT_UNLISTED; break;
    case SIM_PENDING_TIMER:
    case SIM_PENDING_TRACKER_TIMER: event->type = MB_EVENT_TIMER; break;
    case SIM_PENDING_ARRIVE:
    case SIM_PENDING_LEAVE:
    case SIM_PENDING_FAULT:
    case SIM_PENDING_SAMPLE: assert(!"what the driver does itself"); break;
    }
}

/* ---- the batch ------------------------------------------------------------------------------ */

/* The next place in the batch. */
static mb_event *batch_room(sim_swarm *swarm)
{
    assert(swarm->batch_count <= swarm->batch_capacity);
    uint32_t at = swarm->batch_count;

    if (at == swarm->batch_capacity) {
        uint32_t capacity = at ? at * 2 : 16;
        mb_event *batch = realloc(swarm->batch, capacity * sizeof *batch);
        sim_pending *origins = batch ? realloc(swarm->origins, capacity * sizeof *origins) : NULL;

        if (batch) swarm->batch = batch;
        if (!origins) {
            sim_swarm_fail(swarm, MB_ERR_MEMORY, "out of memory");
            return NULL;
        }
        swarm->origins = origins;
        swarm->batch_capacity = capacity;
    }
    return &swarm->batch[swarm->batch_count++];
}

mb_event *sim_swarm_batch_add(sim_swarm *swarm, mb_event_type type, mb_node other)
{
    mb_event *event = batch_room(swarm);

    if (event) mb_event_init(event, type, other);
    return event;
}

mb_event *sim_swarm_batch_pending(sim_swarm *swarm, const sim_pending *pending)
{
    mb_event *event = batch_room(swarm);

    if (event) fill(event, &swarm->origins[swarm->batch_count - 1], pending);
    return event;
}
