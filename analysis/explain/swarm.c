#include "analysis/explain/swarm_internal.h"

/* ---- what takes effect later ---- */

static void later_happens(res_swarm *swarm, const later *it)
{
    node *a = &swarm->nodes[it->a], *b = &swarm->nodes[it->b];
    asked taken;

    res_swarm_touch(swarm, it->a);
    res_swarm_touch(swarm, it->b);
    switch (it->what) {
    case LATER_NOTICE:
        a->notices--;
        b->told--;
        break;
    case LATER_HELLO:
        a->notices--;
        a->told--;
        break;
    case LATER_REQUEST: b->coming--; break;
    case LATER_REFUSAL:
        if (!res_asked_take(b, it->a, it->block, &taken)) break;
        b->answer = MAX(b->answer, 1);
        res_pairs_unwanted(swarm, it->b, it->block);
        break;
    case LATER_LANDED:
        a->landing--;
        b->arriving--;
        break;
    case LATER_FORGET: res_pair_forget(swarm, it->a, it->b); break;
    }
}

/* ---- the clock ---- */

static void move_to(res_swarm *swarm, int64_t time)
{
    if (time == swarm->now) return;
    res_swarm_settle(swarm);
    swarm->now = time;
}

static void advance(res_swarm *swarm, int64_t time)
{
    while (swarm->later->len > 0 && g_array_index(swarm->later, later, 0).time <= time) {
        later it = res_swarm_later_pop(swarm);
        move_to(swarm, it.time);
        later_happens(swarm, &it);
    }
    move_to(swarm, time);
}

/* ---- nodes come and go ---- */

static void enter(res_swarm *swarm, uint32_t index)
{
    node *n = &swarm->nodes[index];
    n->present = true;
    n->since = n->arrived = swarm->now;
    res_swarm_touch(swarm, index);
}

static void turn_complete(res_swarm *swarm, uint32_t index)
{
    node *n = &swarm->nodes[index];
    res_swarm_close(swarm, index);
    n->completed = swarm->now;
    if (!res_facts_group(swarm->facts, index)->opens) return;
    res_pairs_weigh(swarm, index, -1);
    n->open = true;
    res_pairs_weigh(swarm, index, 1);
}

static void leave(res_swarm *swarm, uint32_t index)
{
    node *n = &swarm->nodes[index];
    res_swarm_close(swarm, index);
    res_pairs_weigh(swarm, index, -1);
    n->present = false;
    n->left = swarm->now;
    g_array_set_size(n->asked, 0);
    g_array_set_size(n->incoming, 0);
    for (guint i = n->pairs->len; i-- > 0;) {
        const pair *p = g_ptr_array_index(n->pairs, i);
        res_pair_forget(swarm, index, p->node[p->node[0] == index ? 1 : 0]);
    }
}

/* ---- messages ---- */

/* The giver's word that it serves the taker is on its way. */
static void send_notice(res_swarm *swarm, uint32_t giver, uint32_t taker)
{
    int side_of_giver;
    pair *p = res_pair_find(swarm, giver, taker, &side_of_giver);
    if (!p || giver == taker || res_facts_group(swarm->facts, taker)->mutual) return;
    p->side[side_of_giver].notice_at = swarm->now + res_facts_delay(swarm->facts, giver, taker);
    res_swarm_touch(swarm, giver);
    res_swarm_touch(swarm, taker);
    swarm->nodes[giver].notices++;
    swarm->nodes[taker].told++;
    res_swarm_after_delay(swarm, LATER_NOTICE, giver, taker, RES_BLOCK_NONE);
}

/* Until the greeting has arrived the two cannot trade, either way. */
static void hello(res_swarm *swarm, const res_event *event)
{
    node *n = &swarm->nodes[event->node];
    res_swarm_touch(swarm, event->node);
    n->notices++;
    n->told++;
    res_swarm_after_delay(swarm, LATER_HELLO, event->node, event->other, RES_BLOCK_NONE);
    res_pair_list(swarm, event->node, event->other);
    if (n->open) send_notice(swarm, event->node, event->other);
}

static void unchoke(res_swarm *swarm, const res_event *event)
{
    res_pair_unchoke(swarm, event->node, event->other, true);
    res_transfer_unchoked(swarm, event->node, event->other);
    if (!event->quiet) send_notice(swarm, event->node, event->other);
}

static void bye(res_swarm *swarm, const res_event *event)
{
    if (event->other != RES_NODE_NONE) {
        res_pair_forget(swarm, event->node, event->other);
        res_swarm_after_delay(swarm, LATER_FORGET, event->other, event->node, RES_BLOCK_NONE);
        return;
    }
    const GPtrArray *pairs = swarm->nodes[event->node].pairs;
    for (guint i = 0; i < pairs->len; i++) {
        const pair *p = g_ptr_array_index(pairs, i);
        int mine = p->node[0] == event->node ? 0 : 1;
        if (!p->side[mine].listed) continue;
        res_swarm_after_delay(swarm, LATER_FORGET, p->node[1 - mine], event->node, RES_BLOCK_NONE);
    }
}

static void request(res_swarm *swarm, const res_event *event)
{
    res_swarm_touch(swarm, event->node);
    res_swarm_touch(swarm, event->other);
    res_transfer_ask(swarm, event);
    swarm->nodes[event->other].coming++;
    res_swarm_after_delay(swarm, LATER_REQUEST, event->node, event->other, event->block);
}

static void cancel(res_swarm *swarm, const res_event *event)
{
    asked taken;
    res_swarm_touch(swarm, event->node);
    if (res_asked_take(&swarm->nodes[event->node], event->other, event->block, &taken))
        res_pairs_unwanted(swarm, event->node, event->block);
}

/* ---- events ---- */

static bool contradiction(const res_swarm *swarm, const res_event *event, GError **error)
{
    g_autoptr(GString) when = g_string_new(NULL);
    res_seconds_append(when, event->time);
    return res_input_error(error, "%s: its events contradict each other: %s of %s at %s s",
                           swarm->facts->folder, res_event_word(event->kind),
                           res_facts_node(swarm->facts, event->node)->name, when->str);
}

static bool hold(res_swarm *swarm, const res_event *event, GError **error)
{
    if (res_swarm_has(&swarm->nodes[event->node], event->block))
        return contradiction(swarm, event, error);
    res_pairs_gained(swarm, event->node, event->block);
    return true;
}

/* Blocks on their way, which alone can contradict what came before. */
static bool take_transfer(res_swarm *swarm, const res_event *event, GError **error)
{
    switch (event->kind) {
    case RES_EVENT_HOLD: return hold(swarm, event, error);
    case RES_EVENT_START: return res_transfer_start(swarm, event, error);
    case RES_EVENT_SENT: return res_transfer_sent(swarm, event, error);
    case RES_EVENT_CUT: return res_transfer_cut(swarm, event, error);
    case RES_EVENT_DELIVER:
    case RES_EVENT_WASTE:
    case RES_EVENT_BAD: return res_transfer_deliver(swarm, event, error);
    case RES_EVENT_RESTART:
        return res_input_error(error, "%s: runs in which peers restart cannot be explained yet",
                               swarm->facts->folder);
    default: return true;
    }
}

static void take_message(res_swarm *swarm, const res_event *event)
{
    switch (event->kind) {
    case RES_EVENT_ARRIVE: enter(swarm, event->node); break;
    case RES_EVENT_COMPLETE: turn_complete(swarm, event->node); break;
    case RES_EVENT_LEAVE: leave(swarm, event->node); break;
    case RES_EVENT_HELLO: hello(swarm, event); break;
    case RES_EVENT_HELLO_FULL:
        res_swarm_after_delay(swarm, LATER_FORGET, event->other, event->node, RES_BLOCK_NONE);
        break;
    case RES_EVENT_BYE: bye(swarm, event); break;
    case RES_EVENT_GONE: res_pair_forget(swarm, event->node, event->other); break;
    case RES_EVENT_UNCHOKE: unchoke(swarm, event); break;
    case RES_EVENT_CHOKE: res_pair_unchoke(swarm, event->node, event->other, false); break;
    case RES_EVENT_REQUEST: request(swarm, event); break;
    case RES_EVENT_CANCEL: cancel(swarm, event); break;
    case RES_EVENT_REFUSE:
        res_swarm_after_delay(swarm, LATER_REFUSAL, event->node, event->other, event->block);
        break;
    case RES_EVENT_UPLINK: swarm->nodes[event->node].up_bytes = event->amount; break;
    case RES_EVENT_DOWNLINK: swarm->nodes[event->node].down_bytes = event->amount; break;
    default: break; /* announces and what only tells change nothing here */
    }
}

bool res_swarm_take(res_swarm *swarm, const res_event *event, GError **error)
{
    if (event->time < swarm->now || event->time > swarm->facts->end)
        return contradiction(swarm, event, error);
    if (event->kind == RES_EVENT_ARRIVE && swarm->nodes[event->node].arrived != RES_NEVER)
        return contradiction(swarm, event, error);
    advance(swarm, event->time);
    take_message(swarm, event);
    return take_transfer(swarm, event, error);
}

void res_swarm_finish(res_swarm *swarm)
{
    advance(swarm, swarm->facts->end);
    res_swarm_settle(swarm);
    for (uint32_t i = 0; i < swarm->node_count; i++)
        if (swarm->nodes[i].present) res_swarm_close(swarm, i);
    res_swarm_settle(swarm);
}

/* ---- creation ---- */

static void node_init(const res_swarm *swarm, node *n)
{
    n->arrived = n->completed = n->left = n->last_sent_at = n->last_gain_at = RES_NEVER;
    n->last_sent = n->last_gain = RES_TRANSFER_NONE;
    n->blocks = g_new0(uint64_t, swarm->words);
    n->wanted = g_new0(uint64_t, swarm->words);
    n->asked = g_array_new(FALSE, FALSE, sizeof(asked));
    n->incoming = g_array_new(FALSE, FALSE, sizeof(incoming));
    n->pairs = g_ptr_array_new();
}

static void start_tracker(res_swarm *swarm)
{
    node *tracker = &swarm->nodes[RES_TRACKER];
    if (!swarm->facts->seeder) return;
    for (uint32_t block = 0; block < swarm->facts->blocks; block++)
        tracker->blocks[block / 64] |= UINT64_C(1) << block % 64;
    tracker->held = swarm->facts->blocks;
    tracker->open = res_facts_group(swarm->facts, RES_TRACKER)->opens;
    enter(swarm, RES_TRACKER);
}

/* A pair's two numbers lie within a few bits: spread over all (Knuth's multiplicative hash). */
static guint pair_hash(gconstpointer key)
{
    return (guint)(*(const uint64_t *)key * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

res_swarm *res_swarm_new(const res_facts *facts, bool transfers)
{
    res_swarm *swarm = g_new0(res_swarm, 1);
    swarm->facts = facts;
    swarm->node_count = facts->nodes->len;
    swarm->words = facts->blocks / 64 + 1;
    swarm->nodes = g_new0(node, swarm->node_count);
    swarm->pairs = g_hash_table_new_full(pair_hash, g_int64_equal, NULL, g_free);
    swarm->later = g_array_new(FALSE, FALSE, sizeof(later));
    swarm->dirty = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (uint32_t i = 0; i < swarm->node_count; i++)
        node_init(swarm, &swarm->nodes[i]);
    if (transfers) {
        size_t entries = (size_t)swarm->node_count * facts->blocks;
        swarm->transfers = g_array_new(FALSE, FALSE, sizeof(res_transfer));
        swarm->gained_by = g_new(uint32_t, entries);
        for (size_t i = 0; i < entries; i++)
            swarm->gained_by[i] = RES_TRANSFER_NONE;
    }
    start_tracker(swarm);
    return swarm;
}

void res_swarm_free(res_swarm *swarm)
{
    if (!swarm) return;
    for (uint32_t i = 0; i < swarm->node_count; i++) {
        node *n = &swarm->nodes[i];
        g_free(n->blocks);
        g_free(n->wanted);
        g_array_unref(n->asked);
        g_array_unref(n->incoming);
        g_ptr_array_unref(n->pairs);
    }
    g_hash_table_unref(swarm->pairs);
    g_array_unref(swarm->later);
    g_array_unref(swarm->dirty);
    if (swarm->transfers) g_array_unref(swarm->transfers);
    g_free(swarm->gained_by);
    g_free(swarm->nodes);
    g_free(swarm);
}

const GArray *res_swarm_transfers(const res_swarm *swarm)
{
    return swarm->transfers;
}
