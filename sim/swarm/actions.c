#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/swarm/internal.h"

/* ---- messages ------------------------------------------------------------------------------- */

/* What its row says more. */
static uint64_t detail_of(const mb_said *said, rec_detail detail)
{
    switch (detail) {
    case REC_DETAIL_FLAGS: return said->flags;
    case REC_DETAIL_OFFSET: return said->offset;
    case REC_DETAIL_TOLD: return said->told.count;
    case REC_DETAIL_REASON: return said->reason;
    default: return 0;
    }
}

static void trace_message(sim_swarm *swarm, mb_node from, mb_node to, const mb_said *said)
{
    assert(said->message > MB_MSG_NONE && said->message < MB_MSG_COUNT && to < swarm->node_count);
    const rec_message *row = &rec_messages[said->message];

    if (said->message == MB_MSG_REFUSE) swarm->recorder->stats[to].refusals++;
    sim_recorder_trace(swarm->recorder, row->kind, swarm->now, from, to, said->block,
                       detail_of(said, (rec_detail)row->detail));
}

/* Nor will there ever be one: neither accepts the other's. */
static bool is_cut_off(const sim_swarm *swarm, mb_node from, mb_node to, uint32_t remote)
{
    return sim_swarm_is_unconnected(swarm, to, remote) && swarm->nodes[from].unreachable;
}

/* Of a `have`: the block just gained, or shown, where each is told; else all that it holds. */
static uint32_t block_told(const sim_swarm *swarm, mb_node from, mb_told told)
{
    assert(told.log || told.count == 0);
    const mb_protocol *p = &swarm->scenario->groups[swarm->nodes[from].group].protocol;

    if (from == MB_NODE_TRACKER) p = &swarm->scenario->tracker.protocol;
    if (p->knowledge != MB_KNOWLEDGE_HAVE || told.count == 0) return MB_BLOCK_NONE;
    return told.log->blocks[told.count - 1];
}

static void do_send(sim_swarm *swarm, mb_node from, const mb_action *a)
{
    assert(from < swarm->node_count && a->to < swarm->node_count);
    mb_time delay = sim_swarm_delay(swarm, from, a->to);
    sim_pending message = {.message = {.type = SIM_PENDING_MESSAGE,
                                       .from = from,
                                       .index = a->remote,
                                       .remote = a->index,
                                       .said = a->said}};
    mb_said *said = &message.message.said;

    if (said->message == MB_MSG_HAVE) said->block = block_told(swarm, from, said->told);
    trace_message(swarm, from, a->to, said);
    if (swarm->options->check != SIM_CHECK_OFF) sim_swarm_check_said(swarm, from, a);
    if (a->said.flags & MB_FLAG_QUIET) return;
    if (a->said.message == MB_MSG_HELLO && swarm->nodes[a->to].unreachable) {
        const sim_pending gone = {
            .gone = {.type = SIM_PENDING_GONE, .ungreeted = true, .who = a->to, .index = a->index}};

        delay += sim_swarm_delay(swarm, a->to, from);
        sim_pending_push(swarm, swarm->now + delay, from, &gone);
        return;
    }
    if (a->index != MB_INDEX_NONE && sim_swarm_is_unconnected(swarm, a->to, a->remote)) {
        if (swarm->nodes[from].unreachable) return; /* what its greeting comes to says it all */
        message.type = SIM_PENDING_WAITING;
    }
    sim_pending_push(swarm, swarm->now + delay, a->to, &message);
}

static void trace_bye(sim_swarm *swarm, mb_node from, const mb_said *said, mb_node to)
{
    if (said->message == MB_MSG_BYE)
        sim_recorder_trace(swarm->recorder, REC_TRACE_BYE, swarm->now, from, to, MB_BLOCK_NONE, 0);
}

/* Its row for each of the targets, where it is one that is told for each. */
static void trace_byes(sim_swarm *swarm, mb_node from, const mb_said *said,
                       const sim_fanouts *fanouts)
{
    for (uint32_t i = 0; i < fanouts->count; i++)
        for (uint32_t j = 0; j < fanouts->list[i]->count; j++)
            trace_bye(swarm, from, said, fanouts->list[i]->targets[j].node);
}

/* To those who have yet to make the connection that it goes over: they hear it if they have. */
static void say_waiting(sim_swarm *swarm, mb_node from, const mb_said *said)
{
    uint32_t walk = 0;
    sim_target target;
    const sim_pending message = {.message = {.type = SIM_PENDING_WAITING,
                                             .from = from,
                                             .index = MB_INDEX_NONE,
                                             .remote = MB_INDEX_NONE,
                                             .said = *said}};

    while (mb_peer_known(swarm->nodes[from].peer, &walk, &target.node, &target.index)) {
        if (!sim_swarm_is_unconnected(swarm, target.node, target.index)) continue;
        if (is_cut_off(swarm, from, target.node, target.index)) continue;
        trace_bye(swarm, from, said, target.node);
        sim_pending_push(swarm, swarm->now + sim_swarm_delay(swarm, from, target.node), target.node,
                         &message);
    }
}

static void do_broadcast(sim_swarm *swarm, mb_node from, const mb_action *a)
{
    const sim_fanouts *fanouts = sim_swarm_fanouts(swarm, from);
    sim_pending message = {.fanout = {.type = SIM_PENDING_FANOUT, .from = from, .said = a->said}};
    mb_said *said = &message.fanout.said;

    if (!fanouts) return;
    if (said->message == MB_MSG_HAVE) {
        said->block = block_told(swarm, from, said->told);
        sim_recorder_trace(swarm->recorder, REC_TRACE_HAVE, swarm->now, from, MB_NODE_NONE,
                           said->block, said->told.count);
    } else {
        trace_byes(swarm, from, said, fanouts);
    }
    for (uint32_t i = 0; i < fanouts->count && !swarm->error; i++) {
        message.fanout.to = sim_fanout_share(fanouts->list[i]);
        sim_pending_push(
            swarm, swarm->now + sim_swarm_delay(swarm, from, message.fanout.to->targets->node),
            from, &message);
    }
    if (fanouts->any_unconnected) say_waiting(swarm, from, said);
}

static void do_announce(sim_swarm *swarm, mb_node from, const mb_action_announce *a)
{
    assert(a->what <= MB_ANNOUNCE_LEAVE && from != MB_NODE_TRACKER);
    const sim_pending announce = {
        .announce = {.type = SIM_PENDING_ANNOUNCE, .what = a->what, .from = from, .told = a->told}};

    sim_recorder_trace(swarm->recorder, REC_TRACE_ANNOUNCE, swarm->now, from, MB_NODE_NONE,
                       MB_BLOCK_NONE, a->what);
    sim_pending_push(swarm, swarm->now + sim_swarm_delay(swarm, from, MB_NODE_TRACKER),
                     MB_NODE_TRACKER, &announce);
}

/* ---- blocks --------------------------------------------------------------------------------- */

/* The delivery that the tag stands for, a place in the batch and one; NULL: the block came without.
 */
static const sim_pending_block *delivery_of(const sim_swarm *swarm, uint64_t tag)
{
    assert(tag <= swarm->batch_count);
    return tag == MB_TAG_NONE ? NULL : &swarm->origins[tag - 1].block;
}

static void do_gained(sim_swarm *swarm, mb_node node, const mb_action_gained *a)
{
    assert(a->block < swarm->scenario->file.geometry.blocks);
    const sim_pending_block *by = delivery_of(swarm, a->tag);
    rec_gain gain = {.peer = node,
                     .from = MB_NODE_NONE,
                     .block = a->block,
                     .via = MB_VIA_INITIAL,
                     .started = swarm->now};

    sim_swarm_gained(swarm, node, a->block);
    if (swarm->options->check != SIM_CHECK_OFF) sim_swarm_check_gained(swarm, node, a->block);
    if (node == MB_NODE_TRACKER) return;
    sim_swarm_parts_gained(swarm, node, a->block, by);
    if (by) {
        gain.from = by->from;
        gain.via = by->via;
        gain.from_role = by->role;
        gain.started = by->started;
        gain.bytes = by->bytes;
        sim_recorder_trace(swarm->recorder, REC_TRACE_DELIVER, swarm->now, node, by->from, a->block,
                           gain.bytes);
    } else {
        int error =
            swarm->payload ? swarm->payload->given(swarm->payload->context, node, a->block) : 0;

        if (error)
            sim_swarm_fail(swarm, error, "%s", swarm->payload->error(swarm->payload->context));
        sim_recorder_trace(swarm->recorder, REC_TRACE_HOLD, swarm->now, node, MB_NODE_NONE,
                           a->block, 0);
    }
    sim_recorder_block(swarm->recorder, swarm->now, &gain);
}

static void do_wasted(sim_swarm *swarm, mb_node node, const mb_action_wasted *a)
{
    assert(a->block < swarm->scenario->file.geometry.blocks);
    const sim_pending_block *by = delivery_of(swarm, a->tag);

    assert(by);
    sim_swarm_lose(swarm, REC_TRACE_WASTE, by->from, node, a->block, by->bytes);
}

/* ---- a step --------------------------------------------------------------------------------- */

static void execute(sim_swarm *swarm, mb_node node, const mb_action *a)
{
    switch ((mb_action_type)a->type) {
    case MB_ACTION_SEND: do_send(swarm, node, a); break;
    case MB_ACTION_BROADCAST: do_broadcast(swarm, node, a); break;
    case MB_ACTION_ANNOUNCE: do_announce(swarm, node, &a->announce); break;
    case MB_ACTION_UPLOAD:
        if (swarm->options->check != SIM_CHECK_OFF) sim_swarm_check_upload(swarm, node, a);
        sim_swarm_upload(swarm, node, a);
        break;
    case MB_ACTION_ABORT: sim_swarm_abort(swarm, node, a); break;
    case MB_ACTION_MEASURE:
        swarm->measuring = true;
        swarm->measuring_uploads = a->measure.uploads;
        break;
    case MB_ACTION_GAINED: do_gained(swarm, node, &a->gained); break;
    case MB_ACTION_COMPLETE: sim_swarm_completed(swarm, node); break;
    case MB_ACTION_WASTED: do_wasted(swarm, node, &a->wasted); break;
    case MB_ACTION_LEFT: sim_swarm_depart(swarm, node, REC_STATUS_LEFT); break;
    case MB_ACTION_ANSWER: break; /* the tracker's */
    }
}

/* What the batch said of transfers that were cut, once the peer has seen it. */
static void hear_cuts(sim_swarm *swarm, mb_node node)
{
    for (uint32_t i = 0; i < swarm->batch_count; i++)
        if (swarm->batch[i].type == MB_EVENT_CUT)
            sim_swarm_cut_heard(swarm, node, &swarm->origins[i].cut);
}

/* Queues the node's timer if its deadline is earlier than the timer that waits. */
static void see_to_timer(sim_swarm *swarm, mb_node node)
{
    assert(swarm->nodes[node].peer);
    mb_time deadline = mb_peer_deadline(swarm->nodes[node].peer);

    if (deadline >= swarm->nodes[node].timer) return;
    swarm->nodes[node].timer = deadline;
    sim_pending_push_plain(swarm, deadline, node, SIM_PENDING_TIMER);
}

void sim_swarm_step(sim_swarm *swarm, mb_node node)
{
    if (swarm->error) return;
    assert(node < swarm->node_count && swarm->nodes[node].peer);
    assert(swarm->batch_count > 0);
    do {
        mb_peer *peer = swarm->nodes[node].peer;
        int error;

        swarm->measuring = false;
        swarm->actions.count = 0;
        error = mb_peer_step(peer, swarm->now, swarm->batch, swarm->batch_count, &swarm->actions);
        if (error == MB_ERR_MEMORY) {
            sim_swarm_fail(swarm, error, "out of memory");
            return;
        }
        assert(error == 0); /* nobody here sends what the protocol does not allow */
        for (size_t i = 0; i < swarm->actions.count && !swarm->error; i++)
            execute(swarm, node, &swarm->actions.items[i]);
        if (swarm->error) return; /* its books are no longer whole */
        hear_cuts(swarm, node);
        if (swarm->options->check != SIM_CHECK_OFF) sim_swarm_check_stepped(swarm, node);
        if (!swarm->nodes[node].peer) return;
        sim_swarm_trace_gone(swarm, node);
        if (swarm->options->check == SIM_CHECK_EVERY) sim_swarm_check_step(swarm, node);
        swarm->batch_count = 0;
        if (swarm->measuring) sim_swarm_measure(swarm, node);
    } while (swarm->measuring && !swarm->error);
    see_to_timer(swarm, node);
}

/* ---- the tracker ---------------------------------------------------------------------------- */

static void do_answer(sim_swarm *swarm, mb_node to, const mb_action_answer *a)
{
    assert(to < swarm->node_count && to != MB_NODE_TRACKER);
    size_t size =
        sizeof(sim_answer) + a->list_count * sizeof *a->list + a->dealt_count * sizeof *a->dealt;
    sim_answer *answer = malloc(size);
    const sim_pending listed = {.listed = {.type = SIM_PENDING_LISTED, .answer = answer}};

    if (!answer) {
        sim_swarm_fail(swarm, MB_ERR_MEMORY, "out of memory");
        return;
    }
    answer->list_count = a->list_count;
    answer->dealt_count = a->dealt_count;
    memcpy(answer->list, a->list, a->list_count * sizeof *a->list);
    if (a->dealt_count > 0)
        memcpy(answer->list + a->list_count, a->dealt, a->dealt_count * sizeof *a->dealt);
    sim_recorder_trace(swarm->recorder, REC_TRACE_ANSWER, swarm->now, MB_NODE_TRACKER, to,
                       MB_BLOCK_NONE, a->list_count);
    sim_pending_push(swarm, swarm->now + sim_swarm_delay(swarm, MB_NODE_TRACKER, to), to, &listed);
}

static void trace_registrations(sim_swarm *swarm)
{
    size_t answer = 0;

    for (uint32_t i = 0; i < swarm->batch_count; i++) {
        const mb_event *event = &swarm->batch[i];

        if (event->type != MB_EVENT_ANNOUNCE) continue;
        if (event->announce.what == MB_ANNOUNCE_LEAVE) continue;
        assert(answer < swarm->actions.count && swarm->actions.items[answer].to == event->other);
        if (event->announce.what == MB_ANNOUNCE_REGISTER)
            sim_recorder_trace(swarm->recorder, REC_TRACE_REGISTER, swarm->now, event->other,
                               MB_NODE_NONE, MB_BLOCK_NONE,
                               swarm->actions.items[answer].answer.dealt_count);
        swarm->nodes[event->other].reported = event->announce.told.count;
        answer++;
    }
}

void sim_swarm_tracker_timer(sim_swarm *swarm)
{
    mb_time deadline = mb_tracker_deadline(swarm->tracker);

    assert(swarm->tracker_present);
    if (deadline < swarm->now) deadline = swarm->now; /* it was not there when that was due */
    if (deadline >= swarm->tracker_timer) return;
    swarm->tracker_timer = deadline;
    sim_pending_push_plain(swarm, deadline, MB_NODE_TRACKER, SIM_PENDING_TRACKER_TIMER);
}

void sim_swarm_step_tracker(sim_swarm *swarm)
{
    assert(swarm->tracker_present);
    int error;

    swarm->actions.count = 0;
    error = mb_tracker_step(swarm->tracker, swarm->now, swarm->batch, swarm->batch_count,
                            &swarm->actions);
    if (error) {
        assert(error == MB_ERR_MEMORY);
        sim_swarm_fail(swarm, error, "out of memory");
        return;
    }
    trace_registrations(swarm);
    for (size_t i = 0; i < swarm->actions.count; i++) {
        const mb_action *a = &swarm->actions.items[i];

        if (swarm->options->check != SIM_CHECK_OFF) {
            sim_swarm_check_books(swarm, a->to);
            sim_swarm_check_answer(swarm, a->to, &a->answer);
        }
        do_answer(swarm, a->to, &a->answer);
    }
    sim_swarm_tracker_timer(swarm);
}
