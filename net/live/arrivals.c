/*
 * Who arrives when, how long each stays, and what each brings: drawn from the same streams, in the
 * same order, as the simulator draws them.
 */
#include "net/live/plan.h"

#include "core/blockset.h"
#include "core/codec/message.h"
#include "core/rng.h"
#include "core/units.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A point within an interval is drawn in millionths of it. */
#define POINTS UINT64_C(1000000)

/* The arrivals of a group in the making. */
struct arrivals {
    net_live_plan *plan;
    GArray *peers; /* of net_live_peer */
    char **error;
};

static bool fail(struct arrivals *arrivals, const net_live_group *group, const char *what)
{
    if (!*arrivals->error)
        *arrivals->error =
            g_strdup_printf("[peers %s] arrival = %s: %s", group->name, group->arrival, what);
    return false;
}

/* Adds a peer of the group, unless it would come after the end. */
static bool add(struct arrivals *arrivals, uint32_t index, mb_time arrive, mb_time leave_at)
{
    assert(arrive >= 0 || arrive == MB_NEVER);
    const net_live_group *group = &arrivals->plan->groups[index];
    mb_time end = arrivals->plan->until;
    if (group->leave == NET_LEAVE_AT) end = MIN(end, group->leave_time);
    if (arrive >= end) return false;
    if (leave_at == MB_NEVER && group->leave == NET_LEAVE_AT) leave_at = group->leave_time;
    net_live_peer peer = {.group = index,
                          .index = arrivals->peers->len,
                          .arrive = arrive,
                          .leave_at = leave_at,
                          .stay = MB_NEVER};
    g_array_append_val(arrivals->peers, peer);
    if (arrivals->peers->len <= NET_LIVE_PEERS_MAX) return true;
    return fail(arrivals, group, "more peers than a live run takes");
}

/* ---- the kinds of arrival ------------------------------------------------------------------ */

static void add_at(struct arrivals *arrivals, uint32_t index, mb_time time)
{
    assert(time >= 0);
    for (uint32_t i = 0; i < arrivals->plan->groups[index].count; i++)
        if (!add(arrivals, index, time, MB_NEVER)) return;
}

static void add_within(struct arrivals *arrivals, uint32_t index, mb_time time, mb_rng *rng)
{
    for (uint32_t i = 0; i < arrivals->plan->groups[index].count; i++) {
        uint64_t point = mb_rng_below(rng, POINTS);
        mb_time arrive = (mb_time)((unsigned __int128)point * (uint64_t)time / POINTS);
        add(arrivals, index, arrive, MB_NEVER);
    }
}

static void add_every(struct arrivals *arrivals, uint32_t index, mb_time time)
{
    assert(time > 0);
    for (uint32_t i = 0; i < arrivals->plan->groups[index].count; i++)
        if (!add(arrivals, index, (mb_time)i * time, MB_NEVER)) return;
}

/* "0.5/min": so many arrivals in each of that unit. */
static void add_poisson(struct arrivals *arrivals, uint32_t index, const char *text, mb_rng *rng)
{
    const net_live_group *group = &arrivals->plan->groups[index];
    char **parts = g_strsplit(text, "/", 2);
    char *one = parts[0] && parts[1] ? g_strconcat("1", parts[1], NULL) : NULL;
    int64_t rate = 0;
    mb_time unit = 0, time = 0;
    bool right = one && !mb_decimal_parse(parts[0], 9, &rate) && !mb_time_parse(one, &unit) && rate;
    if (!right) fail(arrivals, group, "no rate of arrival");
    for (uint32_t i = 0; right && i < group->count; i++) {
        __int128 mean = (__int128)unit * 1000000000 / rate;
        if (mean > arrivals->plan->until * (__int128)1000) break;
        time += mb_rng_exponential(rng, (mb_time)mean);
        if (!add(arrivals, index, time, MB_NEVER)) break;
    }
    g_free(one);
    g_strfreev(parts);
}

/* A row "arrived_s,leave_s" of a trace that the scenario's reader has already found right. */
static void add_trace_row(struct arrivals *arrivals, uint32_t index, const char *row)
{
    char **fields = g_strsplit(row, ",", 2);
    int64_t arrived, leaves = MB_NEVER;
    if (fields[0] && mb_decimal_parse(g_strstrip(fields[0]), 9, &arrived) == 0) {
        if (fields[1] && *g_strstrip(fields[1])) (void)mb_decimal_parse(fields[1], 9, &leaves);
        add(arrivals, index, arrived, leaves);
    }
    g_strfreev(fields);
}

static void add_trace(struct arrivals *arrivals, uint32_t index, const char *path)
{
    char *text;
    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        fail(arrivals, &arrivals->plan->groups[index], "cannot be read");
        return;
    }
    const char *begin = g_str_has_prefix(text, "\xef\xbb\xbf") ? text + 3 : text;
    char **lines = g_strsplit(begin, "\n", -1); /* none of an empty text */
    const char *head = lines[0] ? g_strchomp(lines[0]) : "";
    if (strcmp(head, "arrived_s,leave_s") != 0 && strcmp(head, "arrived_s") != 0)
        fail(arrivals, &arrivals->plan->groups[index],
             "a live run knows the columns arrived_s,leave_s alone");
    for (char **line = lines; *line; line++)
        add_trace_row(arrivals, index, *line);
    g_strfreev(lines);
    g_free(text);
}

static void add_group(struct arrivals *arrivals, uint32_t index)
{
    const net_live_group *group = &arrivals->plan->groups[index];
    const char *blank = strchr(group->arrival, ' ');
    const char *rest = blank ? blank + 1 : "";
    mb_time time = 0;
    mb_rng rng;
    mb_rng_init(&rng, arrivals->plan->seed, index, MB_PURPOSE_ARRIVAL);
    switch (*group->arrival) {
    case 'p': add_poisson(arrivals, index, rest, &rng); return;
    case 't': add_trace(arrivals, index, rest); return;
    default: break;
    }
    if (mb_time_parse(rest, &time)) {
        fail(arrivals, group, "no time");
        return;
    }
    switch (*group->arrival) {
    case 'a': add_at(arrivals, index, time); break;
    case 'w': add_within(arrivals, index, time, &rng); break;
    default: add_every(arrivals, index, time); break;
    }
}

/* ---- each peer ----------------------------------------------------------------------------- */

static uint64_t *draw_have(const net_live_plan *plan, const net_live_group *group, uint32_t node)
{
    assert(node > 0);
    uint32_t blocks = plan->geometry.blocks, left = group->have_blocks;
    if (group->have == NET_HAVE_NONE) return NULL;
    uint64_t *have = g_new0(uint64_t, mb_blockset_words(blocks) + 1);
    if (group->have != NET_HAVE_SOME) {
        mb_blockset_fill(have, blocks);
        if (group->have == NET_HAVE_ALL_BUT && left < blocks) mb_blockset_remove(have, left);
        return have;
    }
    mb_rng rng;
    mb_rng_init(&rng, plan->seed, node, MB_PURPOSE_HAVE);
    for (uint32_t block = 0; block < blocks && left > 0; block++) { /* Knuth's algorithm S */
        if (mb_rng_below(&rng, blocks - block) >= left) continue;
        mb_blockset_add(have, block);
        left--;
    }
    return have;
}

static mb_time draw_stay(const net_live_plan *plan, const net_live_group *group, uint32_t node)
{
    assert(node > 0);
    mb_rng rng;
    switch (group->leave) {
    case NET_LEAVE_WHEN_COMPLETE:
    case NET_LEAVE_AT_ONCE: return 0;
    case NET_LEAVE_AFTER: return group->leave_time;
    case NET_LEAVE_EXPONENTIAL:
        mb_rng_init(&rng, plan->seed, node, MB_PURPOSE_LEAVE);
        return mb_rng_exponential(&rng, group->leave_time);
    default: return MB_NEVER;
    }
}

/* Names the peer; on the wire an id has fewer characters than a group may have in its name. */
static void finish_peer(net_live_plan *plan, uint32_t number, uint32_t index)
{
    assert(number < plan->peer_count);
    net_live_peer *peer = &plan->peers[number];
    const net_live_group *group = &plan->groups[peer->group];
    peer->index = index;
    peer->name = g_strdup_printf("%s-%u", group->name, index + 1);
    peer->id = mb_wire_id_valid(peer->name)
                   ? g_strdup(peer->name)
                   : g_strdup_printf("group%u-%u", peer->group + 1, index + 1);
    peer->stay = draw_stay(plan, group, number + 1);
    peer->have = draw_have(plan, group, number + 1);
}

static int compare(const void *a, const void *b)
{
    const net_live_peer *x = a, *y = b;
    if (x->arrive != y->arrive) return x->arrive < y->arrive ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index); /* still the place in the list */
}

bool net_live_arrivals(net_live_plan *plan, char **error)
{
    struct arrivals arrivals = {plan, g_array_new(FALSE, FALSE, sizeof(net_live_peer)), error};
    *error = NULL;
    for (uint32_t i = 0; i < plan->group_count && !*error; i++)
        add_group(&arrivals, i);
    plan->peer_count = arrivals.peers->len;
    plan->peers = (net_live_peer *)(void *)g_array_free(arrivals.peers, FALSE);
    if (plan->peer_count > 0) qsort(plan->peers, plan->peer_count, sizeof *plan->peers, compare);
    uint32_t *next = g_new0(uint32_t, plan->group_count + 1);
    for (uint32_t i = 0; i < plan->peer_count; i++)
        finish_peer(plan, i, next[plan->peers[i].group]++);
    g_free(next);
    return !*error;
}
