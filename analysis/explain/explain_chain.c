#include "analysis/explain/explain.h"

#include <string.h>

#define SECOND INT64_C(1000000000)

static const char *const reasons[RES_CAUSES] = {
    [RES_CAUSE_NONE] = "the receiver had come",
    [RES_CAUSE_SOURCE] = "the giver itself had the block only then",
    [RES_CAUSE_QUEUE] = "it stood behind another to the same receiver",
    [RES_CAUSE_TURN] = "the receiver had the block before of the same giver",
    [RES_CAUSE_SLOT] = "the giver had sent a block to another: a slot fell free",
    [RES_CAUSE_GAIN] = "the giver had gained a block, and unchoked the receiver",
    [RES_CAUSE_FREED] = "the receiver had a block from somebody else, and asked",
    [RES_CAUSE_ROUND] = "the receiver's next round had begun",
    [RES_CAUSE_UNCHOKED] = "the giver had unchoked the receiver, not for a transfer's sake",
    [RES_CAUSE_LATEST] = "nothing at once: the last of either's transfers before it",
};

static const res_transfer *at(const res_swarm *swarm, uint32_t transfer)
{
    return &g_array_index(res_swarm_transfers(swarm), res_transfer, transfer);
}

/* The transfer that completed the peer, RES_TRANSFER_NONE if none came whole. O(transfers). */
static uint32_t last_transfer(const res_swarm *swarm, uint32_t peer)
{
    const GArray *transfers = res_swarm_transfers(swarm);
    uint32_t last = RES_TRANSFER_NONE;
    for (uint32_t i = 0; i < transfers->len; i++) {
        const res_transfer *t = at(swarm, i);
        if (t->to != peer || t->delivered == RES_NEVER) continue;
        if (last == RES_TRANSFER_NONE || t->delivered >= at(swarm, last)->delivered) last = i;
    }
    return last;
}

/* ---- text ---- */

static void seconds_text(GString *out, int64_t ns)
{
    g_string_append_printf(out, "%7" G_GINT64_FORMAT ".%03" G_GINT64_FORMAT, ns / SECOND,
                           ns % SECOND / 1000000);
}

/* A hop as a line: when it began, how long it had waited until then, how long it took to arrive. */
static void hop_text(const res_facts *facts, const res_swarm *swarm, const res_transfer *t,
                     const char *reason, GString *out)
{
    seconds_text(out, t->started);
    seconds_text(out, t->started - res_swarm_waited_since(swarm, t));
    seconds_text(out, t->delivered == RES_NEVER ? t->sent - t->started : t->delivered - t->started);
    g_string_append_printf(out, "  %6u  %s to %s%s%s\n", t->block,
                           res_facts_node(facts, t->from)->name, res_facts_node(facts, t->to)->name,
                           reason ? ": " : "", reason ? reason : "");
}

/* What a chain's time, from its first hop's arrival to its last block, is made of. */
typedef struct totals {
    uint32_t hops;
    int64_t waited, sending, began;
    uint32_t causes[RES_CAUSES];
} totals;

static totals add_up(const res_swarm *swarm, uint32_t last)
{
    totals sum = {0};
    int64_t until = at(swarm, last)->delivered;
    for (uint32_t i = last; i != RES_TRANSFER_NONE; i = at(swarm, i)->before) {
        const res_transfer *t = at(swarm, i);
        int64_t since = res_swarm_waited_since(swarm, t);
        sum.hops++;
        sum.causes[t->cause]++;
        sum.sending += until - t->started;
        sum.waited += t->started - since;
        sum.began = until = since;
    }
    return sum;
}

static void totals_text(const totals *sum, GString *out)
{
    g_string_append_printf(out, "  %u transfers, one after another since ", sum->hops);
    res_seconds_append(out, sum->began);
    g_string_append(out, " s: ");
    res_seconds_append(out, sum->sending);
    g_string_append(out, " s on their way,\n  ");
    res_seconds_append(out, sum->waited);
    g_string_append(out, " s between them. They began when");
    for (int i = RES_CAUSES - 1; i >= 0; i--)
        if (sum->causes[i] > 0)
            g_string_append_printf(out, "\n  %6u x  %s", sum->causes[i], reasons[i]);
    g_string_append_c(out, '\n');
}

static void heading(GString *out, const char *what)
{
    g_string_append_printf(out, "\n%s\n   began s   waited     took   block\n", what);
}

/* How many of the hops from `first` on are between the same two and began for the same reason. */
static uint32_t count_alike(const res_swarm *swarm, uint32_t first, uint32_t *last)
{
    const res_transfer *t = at(swarm, first);
    uint32_t count = 1;
    for (*last = first;; count++) {
        uint32_t next = at(swarm, *last)->before;
        if (next == RES_TRANSFER_NONE) return count;
        const res_transfer *other = at(swarm, next);
        if (other->from != t->from || other->to != t->to || other->cause != t->cause) return count;
        *last = next;
    }
}

/* The hop at which the chain ends. */
static uint32_t first_of_all(const res_swarm *swarm, uint32_t hop)
{
    while (at(swarm, hop)->before != RES_TRANSFER_NONE)
        hop = at(swarm, hop)->before;
    return hop;
}

/* So many lines of the chain, those alike together in one, and the hop at which it ends. */
static void chain_text(const res_facts *facts, const res_swarm *swarm, uint32_t last,
                       unsigned lines, GString *out)
{
    totals sum = add_up(swarm, last);
    uint32_t done = 0, end, i = last;
    heading(out, "what it waited for, from its last block backwards");
    for (; i != RES_TRANSFER_NONE && lines > 0; i = at(swarm, end)->before, lines--) {
        uint32_t count = count_alike(swarm, i, &end);
        hop_text(facts, swarm, at(swarm, i), reasons[at(swarm, i)->cause], out);
        if (count > 1) {
            g_string_append_printf(out, "%36s%u more like it, back to ", "", count - 1);
            res_seconds_append(out, at(swarm, end)->started);
            g_string_append(out, " s\n");
        }
        done += count;
    }
    if (i != RES_TRANSFER_NONE) {
        uint32_t first = first_of_all(swarm, i);
        if (sum.hops > done + 1)
            g_string_append_printf(out, "%36sand %u more; --hops says how many lines to print\n",
                                   "", sum.hops - done - 1);
        hop_text(facts, swarm, at(swarm, first), reasons[at(swarm, first)->cause], out);
    }
    totals_text(&sum, out);
}

/* The block's way, from its last receiver to whoever held it from the start. */
static void way_text(const res_facts *facts, const res_swarm *swarm, uint32_t last, GString *out)
{
    uint32_t block = at(swarm, last)->block;
    heading(out, "the way of its last block, backwards");
    for (uint32_t i = last; i != RES_TRANSFER_NONE;
         i = res_swarm_source(swarm, at(swarm, i)->from, block))
        hop_text(facts, swarm, at(swarm, i), NULL, out);
}

/* Its last few blocks, the very last first. O(transfers). */
static void last_text(const res_facts *facts, const res_swarm *swarm, uint32_t peer, GString *out)
{
    enum { MOST = 5 };
    const GArray *transfers = res_swarm_transfers(swarm);
    uint32_t last[MOST], count = 0;
    for (uint32_t i = 0; i < transfers->len; i++) {
        uint32_t place = count;
        if (at(swarm, i)->to != peer || at(swarm, i)->delivered == RES_NEVER) continue;
        while (place > 0 && at(swarm, last[place - 1])->delivered <= at(swarm, i)->delivered)
            place--;
        if (place == MOST) continue;
        if (count < MOST) count++;
        memmove(&last[place + 1], &last[place], (count - 1 - place) * sizeof *last);
        last[place] = i;
    }
    heading(out, "its last blocks");
    for (uint32_t i = 0; i < count; i++)
        hop_text(facts, swarm, at(swarm, last[i]), reasons[at(swarm, last[i])->cause], out);
}

void res_explain_chain_text(const res_facts *facts, const res_swarm *swarm, uint32_t peer,
                            unsigned lines, GString *out)
{
    uint32_t last = last_transfer(swarm, peer);
    if (last == RES_TRANSFER_NONE) {
        g_string_append(out, "\nno block came to it\n");
        return;
    }
    last_text(facts, swarm, peer, out);
    way_text(facts, swarm, last, out);
    chain_text(facts, swarm, last, lines, out);
}

/* ---- JSON ---- */

static cJSON *hop_json(const res_facts *facts, const res_swarm *swarm, const res_transfer *t)
{
    cJSON *hop = cJSON_CreateObject();
    cJSON_AddStringToObject(hop, "from", res_facts_node(facts, t->from)->name);
    cJSON_AddStringToObject(hop, "to", res_facts_node(facts, t->to)->name);
    res_json_number(hop, "block", t->block);
    cJSON_AddStringToObject(hop, "cause", res_cause_keys[t->cause]);
    res_json_seconds(hop, "since_s", res_swarm_waited_since(swarm, t));
    res_json_seconds(hop, "asked_s", t->asked);
    res_json_seconds(hop, "started_s", t->started);
    res_json_seconds(hop, "sent_s", t->sent);
    res_json_seconds(hop, "delivered_s", t->delivered);
    return hop;
}

void res_explain_chain_json(const res_facts *facts, const res_swarm *swarm, uint32_t peer,
                            cJSON *to)
{
    uint32_t last = last_transfer(swarm, peer), i;
    cJSON *blocks = cJSON_AddArrayToObject(to, "blocks");
    cJSON *way = cJSON_AddArrayToObject(to, "way");
    cJSON *chain = cJSON_AddArrayToObject(to, "chain");
    const GArray *transfers = res_swarm_transfers(swarm);
    for (i = 0; i < transfers->len; i++)
        if (at(swarm, i)->to == peer && at(swarm, i)->delivered != RES_NEVER)
            cJSON_AddItemToArray(blocks, hop_json(facts, swarm, at(swarm, i)));
    for (i = last; i != RES_TRANSFER_NONE;
         i = res_swarm_source(swarm, at(swarm, i)->from, at(swarm, last)->block))
        cJSON_AddItemToArray(way, hop_json(facts, swarm, at(swarm, i)));
    for (i = last; i != RES_TRANSFER_NONE; i = at(swarm, i)->before)
        cJSON_AddItemToArray(chain, hop_json(facts, swarm, at(swarm, i)));
}
