#include "analysis/explain/swarm_internal.h"

#include <assert.h>

static uint64_t key_of(uint32_t a, uint32_t b)
{
    return a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a;
}

pair *res_pair_find(const res_swarm *swarm, uint32_t a, uint32_t b, int *giver)
{
    uint64_t key = key_of(a, b);
    pair *p = g_hash_table_lookup(swarm->pairs, &key);
    *giver = a < b ? 0 : 1;
    return p;
}

/* ---- what counts ---------------------------------------------------------------------------- */

static bool is_unchoked(const res_swarm *swarm, const pair *p, int giver)
{
    return p->side[giver].unchoked || swarm->nodes[p->node[giver]].open;
}

/* What it means to the giver that the taker needs something of it. */
static void weigh_giver(const side *s, tally *gives, bool returned, bool unchoked, bool rounds,
                        uint32_t one)
{
    gives->interested += one;
    if (s->fresh == 0) return;
    gives->wanting += one;
    if (unchoked && !returned) gives->one_sided += one;
    if (unchoked && returned && rounds) gives->pausing += one;
    if (unchoked && returned && !rounds) gives->servable += one;
}

/* Adds to the counts of both what the giver could give the taker, or takes it off (-1). */
static void weigh_side(res_swarm *swarm, const pair *p, int giver, int sign)
{
    const side *s = &p->side[giver];
    uint32_t g = p->node[giver], t = p->node[1 - giver];
    tally *takes = &swarm->nodes[t].count;
    const res_group *rules = res_facts_group(swarm->facts, t);
    uint32_t one = (uint32_t)sign;

    if (s->needs == 0 || !swarm->nodes[g].present || !swarm->nodes[t].present) return;
    bool unchoked = is_unchoked(swarm, p, giver);
    bool returned = !rules->mutual || is_unchoked(swarm, p, 1 - giver);
    if (s->listed) {
        weigh_giver(s, &swarm->nodes[g].count, returned, unchoked, rules->rounds, one);
        res_swarm_touch(swarm, g);
    }
    if (p->side[1 - giver].listed) {
        takes->suppliers += one;
        if (unchoked && returned) takes->servers += one;
        if (unchoked && !returned) takes->unreturned += one;
        res_swarm_touch(swarm, t);
    }
}

static void weigh(res_swarm *swarm, const pair *p, int sign)
{
    weigh_side(swarm, p, 0, sign);
    weigh_side(swarm, p, 1, sign);
}

void res_pairs_weigh(res_swarm *swarm, uint32_t n, int sign)
{
    const GPtrArray *pairs = swarm->nodes[n].pairs;
    for (guint i = 0; i < pairs->len; i++)
        weigh(swarm, g_ptr_array_index(pairs, i), sign);
    res_swarm_touch(swarm, n);
}

/* ---- pairs come and go ---------------------------------------------------------------------- */

/* How many blocks the giver holds and the taker lacks, and how many of these are not asked for. */
static void count_needs(const res_swarm *swarm, const node *giver, const node *taker, side *s)
{
    for (uint32_t w = 0; w < swarm->words; w++) {
        uint64_t needs = giver->blocks[w] & ~taker->blocks[w];
        s->needs += (uint32_t)__builtin_popcountll(needs);
        s->fresh += (uint32_t)__builtin_popcountll(needs & ~taker->wanted[w]);
    }
}

static pair *pair_add(res_swarm *swarm, uint32_t a, uint32_t b)
{
    pair *p = g_new0(pair, 1);
    p->key = key_of(a, b);
    p->node[0] = a < b ? a : b;
    p->node[1] = a < b ? b : a;
    for (int i = 0; i < 2; i++) {
        node *n = &swarm->nodes[p->node[i]];
        p->side[i] = (side){
            .slot_by = RES_TRANSFER_NONE,
            .last_sent = RES_TRANSFER_NONE,
            .notice_at = RES_NEVER,
            .last_sent_at = RES_NEVER,
        };
        count_needs(swarm, n, &swarm->nodes[p->node[1 - i]], &p->side[i]);
        p->place[i] = n->pairs->len;
        g_ptr_array_add(n->pairs, p);
    }
    g_hash_table_insert(swarm->pairs, &p->key, p);
    return p;
}

static void pair_remove(res_swarm *swarm, pair *p)
{
    for (int i = 0; i < 2; i++) {
        GPtrArray *pairs = swarm->nodes[p->node[i]].pairs;
        g_ptr_array_remove_index_fast(pairs, p->place[i]);
        if (p->place[i] == pairs->len) continue;
        pair *moved = g_ptr_array_index(pairs, p->place[i]);
        moved->place[moved->node[0] == p->node[i] ? 0 : 1] = p->place[i];
    }
    g_hash_table_remove(swarm->pairs, &p->key); /* frees it */
}

void res_pair_list(res_swarm *swarm, uint32_t a, uint32_t b)
{
    int giver;
    if (a == b) return; /* false books list oneself */
    pair *p = res_pair_find(swarm, a, b, &giver);
    if (p && p->side[giver].listed) return;
    if (p) weigh(swarm, p, -1);
    if (!p) p = pair_add(swarm, a, b);
    p->side[giver].listed = true;
    swarm->nodes[a].listed++;
    weigh(swarm, p, 1);
    res_swarm_touch(swarm, a);
}

bool res_asked_take(node *n, uint32_t giver, uint32_t block, asked *taken)
{
    for (guint i = 0; i < n->asked->len; i++) {
        *taken = g_array_index(n->asked, asked, i);
        if (taken->giver != giver) continue;
        if (block != RES_BLOCK_NONE && taken->block != block) continue;
        g_array_remove_index(n->asked, i);
        return true;
    }
    return false;
}

void res_pair_forget(res_swarm *swarm, uint32_t a, uint32_t b)
{
    int giver;
    pair *p = a == b ? NULL : res_pair_find(swarm, a, b, &giver);
    asked dropped;

    if (!p || !p->side[giver].listed) return;
    weigh(swarm, p, -1);
    p->side[giver].listed = p->side[giver].unchoked = false;
    swarm->nodes[a].listed--;
    if (p->side[1 - giver].listed)
        weigh(swarm, p, 1);
    else
        pair_remove(swarm, p);
    while (res_asked_take(&swarm->nodes[a], b, RES_BLOCK_NONE, &dropped))
        res_pairs_unwanted(swarm, a, dropped.block);
    res_swarm_touch(swarm, a);
}

void res_pair_unchoke(res_swarm *swarm, uint32_t a, uint32_t b, bool unchoked)
{
    int giver;
    if (a == b) return;
    if (unchoked) res_pair_list(swarm, a, b);
    pair *p = res_pair_find(swarm, a, b, &giver);
    if (!p) return; /* choked in the act of forgetting it */
    weigh(swarm, p, -1);
    p->side[giver].unchoked = unchoked;
    weigh(swarm, p, 1);
}

/* ---- blocks --------------------------------------------------------------------------------- */

/* The pair's numbers change; only where one becomes or leaves 0 do the counts. */
static void change_side(res_swarm *swarm, pair *p, int giver, int needs, int fresh)
{
    side *s = &p->side[giver];
    side after = *s;
    after.needs += (uint32_t)needs;
    after.fresh += (uint32_t)fresh;
    assert(after.fresh <= after.needs && after.needs <= swarm->facts->blocks);
    bool counts = !s->needs != !after.needs || !s->fresh != !after.fresh;
    if (counts) weigh_side(swarm, p, giver, -1);
    *s = after;
    if (counts) weigh_side(swarm, p, giver, 1);
}

static bool is_wanted(const node *n, uint32_t block)
{
    return n->wanted[block / 64] >> block % 64 & 1;
}

void res_pairs_gained(res_swarm *swarm, uint32_t n, uint32_t block)
{
    node *me = &swarm->nodes[n];
    int fresh = is_wanted(me, block) ? 0 : -1;
    assert(!res_swarm_has(me, block));
    me->blocks[block / 64] |= UINT64_C(1) << block % 64;
    me->wanted[block / 64] &= ~(UINT64_C(1) << block % 64);
    me->held++;
    for (guint i = 0; i < me->pairs->len; i++) {
        pair *p = g_ptr_array_index(me->pairs, i);
        int mine = p->node[0] == n ? 0 : 1;
        const node *other = &swarm->nodes[p->node[1 - mine]];
        if (res_swarm_has(other, block))
            change_side(swarm, p, 1 - mine, -1, fresh);
        else
            change_side(swarm, p, mine, 1, is_wanted(other, block) ? 0 : 1);
    }
    res_swarm_touch(swarm, n);
}

/* A block that it lacks is asked for, or not any longer. */
static void change_wanted(res_swarm *swarm, uint32_t n, uint32_t block)
{
    node *me = &swarm->nodes[n];
    int fresh = is_wanted(me, block) ? 1 : -1;
    me->wanted[block / 64] ^= UINT64_C(1) << block % 64;
    for (guint i = 0; i < me->pairs->len; i++) {
        pair *p = g_ptr_array_index(me->pairs, i);
        int mine = p->node[0] == n ? 0 : 1;
        if (res_swarm_has(&swarm->nodes[p->node[1 - mine]], block))
            change_side(swarm, p, 1 - mine, 0, fresh);
    }
}

void res_pairs_wanted(res_swarm *swarm, uint32_t n, uint32_t block)
{
    const node *me = &swarm->nodes[n];
    if (!is_wanted(me, block) && !res_swarm_has(me, block)) change_wanted(swarm, n, block);
}

void res_pairs_unwanted(res_swarm *swarm, uint32_t n, uint32_t block)
{
    const node *me = &swarm->nodes[n];
    if (!is_wanted(me, block)) return;
    for (guint i = 0; i < me->asked->len; i++)
        if (g_array_index(me->asked, asked, i).block == block) return;
    for (guint i = 0; i < me->incoming->len; i++)
        if (g_array_index(me->incoming, incoming, i).block == block) return;
    change_wanted(swarm, n, block);
}
