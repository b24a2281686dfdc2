#include "analysis/explain/explain.h"

#include "analysis/text/columns.h"

#include <string.h>

/* The keys that are not states: how the time of receiving is divided. */
enum { PART_DOWNLINK, PART_SLOW, PART_SHARED, PART_WAITS };

static const char *const labels[RES_DOWN_COUNT] = {
    [RES_DOWN_LANDING] = "last bytes of a block on their way",
    [RES_DOWN_REQUEST] = "its request on its way",
    [RES_DOWN_REFUSED] = "its request on its way, then refused",
    [RES_DOWN_NOTICE] = "a greeting, or word of unchoking, on its way",
    [RES_DOWN_PAUSE] = "for its next round",
    [RES_DOWN_UNASKED] = "somebody would serve it, it does not ask",
    [RES_DOWN_ONE_SIDED] = "unchoked by whom it has not unchoked itself",
    [RES_DOWN_CHOKED] = "choked by all who hold what it lacks",
    [RES_DOWN_NOTHING] = "nobody that it knows holds what it lacks",
    [RES_DOWN_UNKNOWN] = "it knows nobody",
};

/* Why a download took its time, as a sentence goes on: the parts of receiving, then the waits. */
static const char *const reasons[RES_DOWNLOAD_PARTS] = {
    [PART_DOWNLINK] = "its own downlink carries no more",
    [PART_SLOW] = "those that served it have slower uplinks, all together, than its downlink",
    [PART_SHARED] = "those that served it served others at the same time",
    [PART_WAITS + RES_DOWN_LANDING - 1] = "the last bytes of each block are long on their way",
    [PART_WAITS + RES_DOWN_REQUEST - 1] = "its requests are long on their way",
    [PART_WAITS + RES_DOWN_REFUSED - 1] = "it asked peers that refused",
    [PART_WAITS + RES_DOWN_NOTICE - 1] = "greetings and word that it may ask are long on their way",
    [PART_WAITS + RES_DOWN_PAUSE - 1] = "it asks only once in a round, and waited for the next",
    [PART_WAITS + RES_DOWN_UNASKED - 1] =
        "it did not know yet that somebody who would serve it had what it lacked",
    [PART_WAITS + RES_DOWN_ONE_SIDED - 1] =
        "who would serve it was not among those that it serves, and it may ask only these",
    [PART_WAITS + RES_DOWN_CHOKED - 1] = "all that held what it lacked had choked it",
    [PART_WAITS + RES_DOWN_NOTHING - 1] = "nobody that it knew held what it lacked",
    [PART_WAITS + RES_DOWN_UNKNOWN - 1] = "it knew nobody",
};

int64_t res_download_parts(const res_facts *facts, const res_swarm *swarm, uint32_t peer,
                           res_part parts[RES_DOWNLOAD_PARTS])
{
    const res_down_account *account = res_swarm_down(swarm, peer);
    res_capacity down = res_facts_node(facts, peer)->down;
    uint64_t busy = (uint64_t)account->ns[RES_DOWN_BUSY];
    int64_t whole = (int64_t)busy;
    uint64_t own = down ? (uint64_t)(account->bytes * RES_CAPACITY_BYTE / down) : 0;
    uint64_t slow = down ? (uint64_t)((down * busy - account->reachable) / down) : busy;

    own = MIN(own, busy);
    slow = MIN(slow, busy - own);
    parts[PART_DOWNLINK] = (res_part){"downlink", "what its downlink takes for these bytes", own};
    parts[PART_SLOW] = (res_part){"slow_senders", "its senders' uplinks together are slower", slow};
    parts[PART_SHARED] =
        (res_part){"shared_senders", "its senders' uplinks serve others too", busy - own - slow};
    for (int i = RES_DOWN_BUSY + 1; i < RES_DOWN_COUNT; i++) {
        parts[PART_WAITS + i - 1] =
            (res_part){res_down_keys[i], labels[i], (uint64_t)account->ns[i]};
        whole += account->ns[i];
    }
    return whole;
}

/* ---- sources ---- */

/* What came from one giver. */
typedef struct source {
    uint32_t giver, blocks;
    uint64_t bytes, beside;
    int64_t ns; /* of its transfers, one after another */
} source;

static int compare_sources(const void *a, const void *b)
{
    const source *x = a, *y = b;
    if (x->blocks != y->blocks) return x->blocks < y->blocks ? 1 : -1;
    return x->giver < y->giver ? -1 : x->giver > y->giver;
}

/* Whom its blocks came from, most first. O(transfers + nodes). */
static GArray *find_sources(const res_facts *facts, const res_swarm *swarm, uint32_t peer)
{
    GArray *sources = g_array_new(FALSE, TRUE, sizeof(source));
    g_autofree uint32_t *place = g_new0(uint32_t, facts->nodes->len);
    const GArray *transfers = res_swarm_transfers(swarm);
    for (guint i = 0; i < transfers->len; i++) {
        const res_transfer *t = &g_array_index(transfers, res_transfer, i);
        if (t->to != peer || t->delivered == RES_NEVER) continue;
        if (place[t->from] == 0) {
            place[t->from] = sources->len + 1;
            g_array_set_size(sources, sources->len + 1);
        }
        source *s = &g_array_index(sources, source, place[t->from] - 1);
        s->giver = t->from;
        s->blocks++;
        s->bytes += t->bytes;
        s->beside += t->beside;
        s->ns += t->sent - t->started;
    }
    g_array_sort(sources, compare_sources);
    return sources;
}

/* Bytes in ns as kbit/s. */
static uint64_t kbits(uint64_t bytes, int64_t ns)
{
    return ns > 0 ? (uint64_t)((unsigned __int128)bytes * 8000000 / (uint64_t)ns) : 0;
}

static void sources_text(const res_facts *facts, const GArray *sources, GString *out)
{
    enum { MOST = 10 };
    g_string_append(out, "\nfrom whom                 blocks         bytes   kbit/s   beside\n");
    for (guint i = 0; i < sources->len && i < MOST; i++) {
        const source *s = &g_array_index(sources, source, i);
        const char *name = res_facts_node(facts, s->giver)->name;
        int width = 22 + (int)strlen(name) - res_columns(name);
        g_string_append_printf(out,
                               "  %-*s %7u %13" G_GUINT64_FORMAT " %8" G_GUINT64_FORMAT
                               " %6" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT "\n",
                               width, name, s->blocks, s->bytes, kbits(s->bytes, s->ns),
                               s->beside / s->blocks, s->beside * 10 / s->blocks % 10);
    }
    if (sources->len > MOST) g_string_append_printf(out, "  and %u more\n", sources->len - MOST);
    g_string_append(out, "  kbit/s: over its transfers' time; beside: transfers that the giver had "
                         "under way to others, mean\n");
}

static void sources_json(const res_facts *facts, const GArray *sources, cJSON *to)
{
    cJSON *list = cJSON_AddArrayToObject(to, "sources");
    for (guint i = 0; i < sources->len; i++) {
        const source *s = &g_array_index(sources, source, i);
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "from", res_facts_node(facts, s->giver)->name);
        res_json_number(item, "blocks", s->blocks);
        res_json_number(item, "bytes", s->bytes);
        res_json_seconds(item, "sending_s", s->ns);
        res_json_ratio(item, "beside", s->beside, s->blocks);
        cJSON_AddItemToArray(list, item);
    }
}

/* ---- one peer ---- */

static const char *end_words(const res_node *peer)
{
    if (peer->completed != RES_NEVER) return "complete";
    return peer->left != RES_NEVER ? "left before it was complete" : "not complete at the end";
}

static int64_t end_of(const res_facts *facts, const res_node *peer)
{
    if (peer->completed != RES_NEVER) return peer->completed;
    return peer->left != RES_NEVER ? peer->left : facts->end;
}

static void append_seconds(GString *out, const char *before, int64_t ns, const char *behind)
{
    g_string_append(out, before);
    res_seconds_append(out, ns);
    g_string_append(out, behind);
}

static void budget_text(const res_facts *facts, const res_swarm *swarm, uint32_t peer, GString *out)
{
    res_part parts[RES_DOWNLOAD_PARTS];
    int64_t whole = res_download_parts(facts, swarm, peer, parts);
    int64_t busy = res_swarm_down(swarm, peer)->ns[RES_DOWN_BUSY];
    g_string_append_printf(out, "\n%-62s%16s %10s\n", "where its time went", "s", "");
    res_text_share(out, 2, "receiving", busy, whole);
    for (int i = 0; i < PART_WAITS; i++)
        res_text_share(out, 4, parts[i].label, (int64_t)parts[i].amount, whole);
    res_text_share(out, 2, "waiting", whole - busy, whole);
    for (int i = PART_WAITS; i < RES_DOWNLOAD_PARTS; i++)
        if (parts[i].amount > 0)
            res_text_share(out, 4, parts[i].label, (int64_t)parts[i].amount, whole);
    res_text_share(out, 2, "from its arrival to the end of its download", whole, whole);
}

/* A closing sentence: what most of its time went for, and what its downlink alone would take. */
static void in_short(const res_facts *facts, const res_swarm *swarm, uint32_t peer, GString *out)
{
    res_part parts[RES_DOWNLOAD_PARTS];
    int64_t whole = res_download_parts(facts, swarm, peer, parts);
    const res_node *node = res_facts_node(facts, peer);
    int most = 0;
    if (whole <= 0) return;
    for (int i = 1; i < RES_DOWNLOAD_PARTS; i++)
        if (parts[i].amount > parts[most].amount) most = i;
    g_string_append_printf(out, "\nin short: %s ", node->name);
    append_seconds(out, node->completed != RES_NEVER ? "took " : "was not complete after ", whole,
                   " s");
    if (most != PART_DOWNLINK)
        append_seconds(out, ", of which its downlink alone needs ",
                       (int64_t)parts[PART_DOWNLINK].amount, " s");
    g_string_append_printf(
        out, ",\n  above all because %s: %" G_GUINT64_FORMAT " %% of the time\n", reasons[most],
        (uint64_t)((unsigned __int128)parts[most].amount * 100 / (uint64_t)whole));
}

void res_explain_peer_text(const res_facts *facts, const res_swarm *swarm, uint32_t peer,
                           unsigned lines, GString *out)
{
    const res_node *node = res_facts_node(facts, peer);
    g_autoptr(GArray) sources = find_sources(facts, swarm, peer);
    g_string_append_printf(out, "%s of %s, seed %s\n", node->name, facts->scenario, facts->seed);
    append_seconds(out, "came at ", node->arrived, " s, ");
    g_string_append(out, end_words(node));
    append_seconds(out, " at ", end_of(facts, node), " s");
    append_seconds(out, ": ", end_of(facts, node) - node->arrived, " s\n");
    budget_text(facts, swarm, peer, out);
    sources_text(facts, sources, out);
    res_explain_chain_text(facts, swarm, peer, lines, out);
    in_short(facts, swarm, peer, out);
}

cJSON *res_explain_peer_json(const res_facts *facts, const res_swarm *swarm, uint32_t peer)
{
    const res_node *node = res_facts_node(facts, peer);
    g_autoptr(GArray) sources = find_sources(facts, swarm, peer);
    res_part parts[RES_DOWNLOAD_PARTS];
    int64_t whole = res_download_parts(facts, swarm, peer, parts);
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "peer", node->name);
    cJSON_AddStringToObject(json, "scenario", facts->scenario);
    cJSON_AddRawToObject(json, "seed", facts->seed);
    res_json_seconds(json, "arrived_s", node->arrived);
    res_json_seconds(json, "completed_s", node->completed);
    res_json_seconds(json, "download_s", whole);
    res_json_number(json, "downloaded_bytes", res_swarm_down(swarm, peer)->bytes);
    cJSON *budget = cJSON_AddObjectToObject(json, "budget_s");
    for (int i = 0; i < RES_DOWNLOAD_PARTS; i++)
        res_json_seconds(budget, parts[i].key, (int64_t)parts[i].amount);
    sources_json(facts, sources, json);
    res_explain_chain_json(facts, swarm, peer, json);
    return json;
}
