#include "analysis/explain/swarm_internal.h"

const char *const res_cause_keys[RES_CAUSES] = {
    [RES_CAUSE_NONE] = "arrival",      [RES_CAUSE_SOURCE] = "source", [RES_CAUSE_QUEUE] = "queue",
    [RES_CAUSE_TURN] = "turn",         [RES_CAUSE_SLOT] = "slot",     [RES_CAUSE_GAIN] = "gain",
    [RES_CAUSE_FREED] = "freed",       [RES_CAUSE_LATEST] = "latest", [RES_CAUSE_ROUND] = "round",
    [RES_CAUSE_UNCHOKED] = "unchoked",
};

static bool unknown(const res_swarm *swarm, const res_event *event, GError **error)
{
    g_autoptr(GString) when = g_string_new(NULL);
    res_seconds_append(when, event->time);
    return res_input_error(error,
                           "%s: its events contradict each other: %s of block %u between %s and %s "
                           "at %s s has no transfer",
                           swarm->facts->folder, res_event_word(event->kind), event->block,
                           res_facts_node(swarm->facts, event->node)->name,
                           res_facts_node(swarm->facts, event->other)->name, when->str);
}

/* ---- what a transfer waited for ---- */

static res_transfer *transfer_at(const res_swarm *swarm, uint32_t transfer)
{
    return &g_array_index(swarm->transfers, res_transfer, transfer);
}

void res_transfer_unchoked(res_swarm *swarm, uint32_t giver, uint32_t taker)
{
    const node *n = &swarm->nodes[giver];
    int which;
    pair *p = res_pair_find(swarm, giver, taker, &which);
    if (!p) return;
    side *s = &p->side[which];
    s->slot_by = RES_TRANSFER_NONE;
    if (n->last_sent_at == swarm->now) {
        s->slot_by = n->last_sent;
        s->slot_cause = RES_CAUSE_SLOT;
    } else if (n->last_gain_at == swarm->now) {
        s->slot_by = n->last_gain;
        s->slot_cause = RES_CAUSE_GAIN;
    }
}

/* What made `taker` ask `giver` at this instant. */
static void find_trigger(const res_swarm *swarm, uint32_t taker, asked *request)
{
    const node *n = &swarm->nodes[taker];
    int giver;
    const pair *p = res_pair_find(swarm, request->giver, taker, &giver);
    request->cause = RES_CAUSE_LATEST;
    request->before = RES_TRANSFER_NONE;
    if (!swarm->transfers) return;
    if (p && p->side[giver].notice_at == swarm->now) {
        request->before = p->side[giver].slot_by;
        request->cause =
            request->before == RES_TRANSFER_NONE ? RES_CAUSE_UNCHOKED : p->side[giver].slot_cause;
    } else if (n->last_gain_at == swarm->now) {
        bool same = transfer_at(swarm, n->last_gain)->from == request->giver;
        request->before = n->last_gain;
        request->cause = same ? RES_CAUSE_TURN : RES_CAUSE_FREED;
    }
}

void res_transfer_ask(res_swarm *swarm, const res_event *event)
{
    asked request = {.giver = event->other, .block = event->block, .at = swarm->now};
    find_trigger(swarm, event->node, &request);
    g_array_append_val(swarm->nodes[event->node].asked, request);
    res_pairs_wanted(swarm, event->node, event->block);
}

/* It began when the one before it in the giver's queue had been sent. */
static void find_queue(const res_swarm *swarm, res_transfer *t)
{
    int giver;
    const pair *p = res_pair_find(swarm, t->from, t->to, &giver);
    if (!p || p->side[giver].last_sent_at != t->started) return;
    if (t->asked == RES_NEVER ||
        t->asked + res_facts_delay(swarm->facts, t->from, t->to) >= t->started)
        return;
    t->before = p->side[giver].last_sent;
    t->cause = RES_CAUSE_QUEUE;
}

/* No transfer at that instant is known to have made it begin: what of both had ended last. */
static void find_latest(const res_swarm *swarm, res_transfer *t)
{
    const node *from = &swarm->nodes[t->from], *to = &swarm->nodes[t->to];
    bool rounds = res_facts_group(swarm->facts, t->to)->rounds;
    int64_t latest = to->arrived;
    if (rounds) t->cause = RES_CAUSE_ROUND;
    if (to->last_gain != RES_TRANSFER_NONE) {
        latest = to->last_gain_at;
        t->before = to->last_gain;
    }
    if (!rounds && from->last_sent != RES_TRANSFER_NONE && from->last_sent_at >= latest)
        t->before = from->last_sent;
    if (t->before == RES_TRANSFER_NONE) t->cause = RES_CAUSE_NONE;
}

int64_t res_swarm_waited_since(const res_swarm *swarm, const res_transfer *t)
{
    if (t->before == RES_TRANSFER_NONE) return swarm->nodes[t->to].arrived;
    const res_transfer *before = transfer_at(swarm, t->before);
    switch ((res_cause)t->cause) {
    case RES_CAUSE_QUEUE:
    case RES_CAUSE_SLOT: return before->sent;
    case RES_CAUSE_ROUND:
    case RES_CAUSE_UNCHOKED:
    case RES_CAUSE_LATEST:
        if (before->to == t->to && before->delivered <= t->started) return before->delivered;
        return before->sent;
    default: return before->delivered;
    }
}

uint32_t res_swarm_source(const res_swarm *swarm, uint32_t n, uint32_t block)
{
    return swarm->gained_by[(size_t)n * swarm->facts->blocks + block];
}

/* The giver's own gaining of the block, if that came after what was waited for. */
static void find_source(const res_swarm *swarm, res_transfer *t)
{
    uint32_t source = res_swarm_source(swarm, t->from, t->block);
    if (source == RES_TRANSFER_NONE) return;
    if (transfer_at(swarm, source)->delivered < res_swarm_waited_since(swarm, t)) return;
    t->before = source;
    t->cause = RES_CAUSE_SOURCE;
}

static uint32_t keep_transfer(res_swarm *swarm, const res_event *event, const asked *request)
{
    res_transfer t = {
        .from = event->node,
        .to = event->other,
        .block = event->block,
        .asked = request ? request->at : RES_NEVER,
        .before = request ? request->before : RES_TRANSFER_NONE,
        .cause = request ? request->cause : RES_CAUSE_LATEST,
        .started = swarm->now,
        .sent = RES_NEVER,
        .delivered = RES_NEVER,
        .beside = swarm->nodes[event->node].uploads,
    };
    find_queue(swarm, &t);
    if (t.before == RES_TRANSFER_NONE) find_latest(swarm, &t);
    find_source(swarm, &t);
    g_array_append_val(swarm->transfers, t);
    return swarm->transfers->len - 1;
}

/* ---- transfers ---- */

/* The place of a transfer among those that are on their way to `n`; -1: there is none. */
static int find_incoming(const node *n, uint32_t giver, uint32_t block, bool sent)
{
    for (guint i = 0; i < n->incoming->len; i++) {
        const incoming *it = &g_array_index(n->incoming, incoming, i);
        if (it->giver == giver && it->block == block && it->sent == sent) return (int)i;
    }
    return -1;
}

bool res_transfer_start(res_swarm *swarm, const res_event *event, GError **error)
{
    node *from = &swarm->nodes[event->node], *to = &swarm->nodes[event->other];
    asked request;
    bool known = res_asked_take(to, event->node, event->block, &request);
    incoming it = {.giver = event->node, .block = event->block, .transfer = RES_TRANSFER_NONE};

    if (!from->present || !to->present || !res_swarm_has(from, event->block))
        return unknown(swarm, event, error);
    res_swarm_touch(swarm, event->node);
    res_swarm_touch(swarm, event->other);
    if (swarm->transfers) it.transfer = keep_transfer(swarm, event, known ? &request : NULL);
    g_array_append_val(to->incoming, it);
    res_pairs_wanted(swarm, event->other, event->block);
    from->uploads++;
    to->downloads++;
    to->senders += res_facts_node(swarm->facts, event->node)->up;
    to->answer = 2;
    return true;
}

/* It is under way no more. */
static void leaves_links(res_swarm *swarm, uint32_t from, uint32_t to)
{
    res_swarm_touch(swarm, from);
    res_swarm_touch(swarm, to);
    swarm->nodes[from].uploads--;
    swarm->nodes[to].downloads--;
    swarm->nodes[to].senders -= res_facts_node(swarm->facts, from)->up;
}

bool res_transfer_sent(res_swarm *swarm, const res_event *event, GError **error)
{
    node *from = &swarm->nodes[event->node], *to = &swarm->nodes[event->other];
    int place = find_incoming(to, event->node, event->block, false), giver;
    pair *p = res_pair_find(swarm, event->node, event->other, &giver);
    uint32_t transfer;

    if (place < 0) return unknown(swarm, event, error);
    leaves_links(swarm, event->node, event->other);
    g_array_index(to->incoming, incoming, place).sent = true;
    transfer = g_array_index(to->incoming, incoming, place).transfer;
    from->landing++;
    to->arriving++;
    res_swarm_after_delay(swarm, LATER_LANDED, event->node, event->other, event->block);
    from->last_sent = transfer;
    from->last_sent_at = swarm->now;
    if (p) p->side[giver].last_sent = transfer;
    if (p) p->side[giver].last_sent_at = swarm->now;
    if (!swarm->transfers) return true;
    transfer_at(swarm, transfer)->sent = swarm->now;
    transfer_at(swarm, transfer)->bytes = event->amount;
    return true;
}

bool res_transfer_cut(res_swarm *swarm, const res_event *event, GError **error)
{
    node *to = &swarm->nodes[event->other];
    int place = find_incoming(to, event->node, event->block, false);
    if (place < 0) return unknown(swarm, event, error);
    leaves_links(swarm, event->node, event->other);
    g_array_remove_index(to->incoming, (guint)place);
    res_pairs_unwanted(swarm, event->other, event->block);
    return true;
}

bool res_transfer_deliver(res_swarm *swarm, const res_event *event, GError **error)
{
    node *to = &swarm->nodes[event->node];
    int place = find_incoming(to, event->other, event->block, true);

    if (place < 0) return unknown(swarm, event, error);
    uint32_t transfer = g_array_index(to->incoming, incoming, place).transfer;
    g_array_remove_index(to->incoming, (guint)place);
    if (event->kind != RES_EVENT_DELIVER) { /* of no use */
        res_pairs_unwanted(swarm, event->node, event->block);
        return true;
    }
    if (res_swarm_has(to, event->block)) return unknown(swarm, event, error);
    to->last_gain = transfer;
    to->last_gain_at = swarm->now;
    if (swarm->transfers) {
        transfer_at(swarm, transfer)->delivered = swarm->now;
        swarm->gained_by[(size_t)event->node * swarm->facts->blocks + event->block] = transfer;
    }
    res_pairs_gained(swarm, event->node, event->block);
    return true;
}
