#include "analysis/explain/swarm_internal.h"

#include <assert.h>

const char *const res_up_keys[RES_UP_COUNT] = {
    [RES_UP_BUSY] = "sending",        [RES_UP_REQUEST] = "request",
    [RES_UP_NOTICE] = "notice",       [RES_UP_LANDING] = "landing",
    [RES_UP_PAUSE] = "pause",         [RES_UP_UNASKED] = "unasked",
    [RES_UP_ONE_SIDED] = "one_sided", [RES_UP_CHOKED] = "choked",
    [RES_UP_ELSEWHERE] = "elsewhere", [RES_UP_UNINTERESTED] = "uninterested",
    [RES_UP_UNKNOWN] = "unknown",
};

const char *const res_down_keys[RES_DOWN_COUNT] = {
    [RES_DOWN_BUSY] = "receiving",  [RES_DOWN_LANDING] = "landing",
    [RES_DOWN_REQUEST] = "request", [RES_DOWN_REFUSED] = "refused",
    [RES_DOWN_NOTICE] = "notice",   [RES_DOWN_PAUSE] = "pause",
    [RES_DOWN_UNASKED] = "unasked", [RES_DOWN_ONE_SIDED] = "one_sided",
    [RES_DOWN_CHOKED] = "choked",   [RES_DOWN_NOTHING] = "nothing",
    [RES_DOWN_UNKNOWN] = "unknown",
};

/* ---- the state of a node --------------------------------------------------------------------- */

static res_up up_state(const node *n)
{
    if (n->uploads > 0) return RES_UP_BUSY;
    if (n->coming > 0) return RES_UP_REQUEST;
    if (n->notices > 0) return RES_UP_NOTICE;
    if (n->landing > 0) return RES_UP_LANDING;
    if (n->count.pausing > 0) return RES_UP_PAUSE;
    if (n->count.servable > 0) return RES_UP_UNASKED;
    if (n->count.one_sided > 0) return RES_UP_ONE_SIDED;
    if (n->count.wanting > 0) return RES_UP_CHOKED;
    if (n->count.interested > 0) return RES_UP_ELSEWHERE;
    return n->listed > 0 ? RES_UP_UNINTERESTED : RES_UP_UNKNOWN;
}

static res_down down_state(const res_swarm *swarm, uint32_t index)
{
    const node *n = &swarm->nodes[index];
    bool rounds = res_facts_group(swarm->facts, index)->rounds;
    if (n->downloads > 0) return RES_DOWN_BUSY;
    if (n->arriving > 0) return RES_DOWN_LANDING;
    if (n->asked->len > 0) return RES_DOWN_REQUEST;
    if (n->told > 0) return RES_DOWN_NOTICE;
    if (n->held == swarm->facts->blocks) return RES_DOWN_PAUSE;
    if (n->count.servers > 0) return rounds ? RES_DOWN_PAUSE : RES_DOWN_UNASKED;
    if (n->count.unreturned > 0) return RES_DOWN_ONE_SIDED;
    if (n->count.suppliers > 0) return RES_DOWN_CHOKED;
    return n->listed > 0 ? RES_DOWN_NOTHING : RES_DOWN_UNKNOWN;
}

/* ---- booking --------------------------------------------------------------------------------- */

static res_role role_of(uint32_t index, const node *n)
{
    if (index == RES_TRACKER) return RES_ROLE_TRACKER;
    return n->complete ? RES_ROLE_SEEDER : RES_ROLE_LEECHER;
}

/* A wait for an answer is over, or the account is closed: it is known what it was. */
static void book_pending(node *n, bool refused)
{
    n->down_account.ns[refused ? RES_DOWN_REFUSED : RES_DOWN_REQUEST] += n->pending;
    n->pending = 0;
}

/* The time since the accounts were last up to date, in the states since then. */
static void book(res_swarm *swarm, uint32_t index, uint64_t senders)
{
    node *n = &swarm->nodes[index];
    int64_t span = swarm->now - n->since;
    uint64_t down = res_facts_node(swarm->facts, index)->down;

    assert(span >= 0);
    n->since = swarm->now;
    n->up_account[role_of(index, n)].ns[n->up] += span;
    if (n->complete || index == RES_TRACKER) return;
    if (n->down == RES_DOWN_REQUEST)
        n->pending += span;
    else
        n->down_account.ns[n->down] += span;
    if (n->down == RES_DOWN_BUSY)
        n->down_account.reachable += (res_capacity)MIN(down, senders) * (uint64_t)span;
}

/* The role ends: what the links have carried in it. */
static void close_role(uint32_t index, node *n)
{
    n->up_account[role_of(index, n)].bytes += n->up_bytes - n->up_counted;
    n->up_counted = n->up_bytes;
    if (n->complete || index == RES_TRACKER) return;
    book_pending(n, false);
    n->down_account.bytes = n->down_bytes;
}

void res_swarm_touch(res_swarm *swarm, uint32_t index)
{
    node *n = &swarm->nodes[index];
    if (n->dirty) return;
    n->dirty = true;
    g_array_append_val(swarm->dirty, index);
    if (n->present) book(swarm, index, n->senders); /* before what changes now has an effect */
}

void res_swarm_close(res_swarm *swarm, uint32_t index)
{
    res_swarm_touch(swarm, index);
    swarm->nodes[index].closing = true;
}

static void settle_node(res_swarm *swarm, uint32_t index)
{
    node *n = &swarm->nodes[index];
    n->dirty = false;
    if (n->answer) book_pending(n, n->answer == 1);
    n->answer = 0;
    if (n->closing) {
        close_role(index, n);
        n->complete = n->completed != RES_NEVER;
        n->closing = false;
    }
    if (!n->present) return;
    n->up = (uint8_t)up_state(n);
    n->down = (uint8_t)down_state(swarm, index);
    if (n->down != RES_DOWN_REQUEST && n->pending > 0) book_pending(n, false);
}

void res_swarm_settle(res_swarm *swarm)
{
    for (guint i = 0; i < swarm->dirty->len; i++)
        settle_node(swarm, g_array_index(swarm->dirty, uint32_t, i));
    g_array_set_size(swarm->dirty, 0);
}

/* ---- reading ---- */

const res_up_account *res_swarm_up(const res_swarm *swarm, uint32_t index, res_role role)
{
    return &swarm->nodes[index].up_account[role];
}

const res_down_account *res_swarm_down(const res_swarm *swarm, uint32_t index)
{
    return &swarm->nodes[index].down_account;
}

int64_t res_swarm_span(const res_swarm *swarm, uint32_t index, res_role role)
{
    int64_t sum = 0;
    for (int i = 0; i < RES_UP_COUNT; i++)
        sum += swarm->nodes[index].up_account[role].ns[i];
    return sum;
}
