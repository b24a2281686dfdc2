#include <glib.h>

#include "sim/swarm_internal.h"

/*
 * What the checker knows of two nodes, one of which has asked the other: the requests that the
 * giver has heard of and neither answered, nor refused, nor heard taken back. Told by the messages
 * alone, as they are heard and said.
 *
 * A step hears of several things and says what it does about them afterwards: it may begin an
 * upload for a request and stop it for the cancel that came with it. So what is taken back goes
 * when the step is over.
 */

typedef struct pair_key {
    mb_node giver, taker;
} pair_key;

typedef struct request {
    uint32_t block;
    uint64_t heard; /* serial number */
} request;

typedef struct pair {
    pair_key key;
    bool parted;       /* one of them has once forgotten the other */
    GArray *requested; /* request */
} pair;

typedef struct withdrawal {
    pair *pair;
    uint32_t block; /* MB_BLOCK_NONE: any */
    uint64_t heard;
} withdrawal;

struct sim_requests {
    GHashTable *pairs;
    GArray *withdrawn; /* in this step */
    uint64_t heard;
};

static guint pair_hash(gconstpointer key)
{
    const pair_key *k = key;

    return k->giver * 2654435761U ^ k->taker * 2246822519U;
}

static gboolean pair_equal(gconstpointer a, gconstpointer b)
{
    const pair_key *x = a, *y = b;

    return x->giver == y->giver && x->taker == y->taker;
}

static void pair_free(gpointer item)
{
    pair *p = item;

    g_array_unref(p->requested);
    g_free(p);
}

static struct sim_requests *requests_of(sim_swarm *swarm)
{
    struct sim_requests *requests = swarm->requests;

    if (requests) return requests;
    requests = g_new0(struct sim_requests, 1);
    requests->pairs = g_hash_table_new_full(pair_hash, pair_equal, NULL, pair_free);
    requests->withdrawn = g_array_new(FALSE, FALSE, sizeof(withdrawal));
    swarm->requests = requests;
    return requests;
}

void sim_swarm_check_requests_free(sim_swarm *swarm)
{
    if (!swarm->requests) return;
    g_hash_table_unref(swarm->requests->pairs);
    g_array_unref(swarm->requests->withdrawn);
    g_free(swarm->requests);
}

static pair *find(const sim_swarm *swarm, mb_node giver, mb_node taker)
{
    const pair_key key = {giver, taker};

    return swarm->requests ? g_hash_table_lookup(swarm->requests->pairs, &key) : NULL;
}

static pair *find_or_add(sim_swarm *swarm, mb_node giver, mb_node taker)
{
    pair *p = find(swarm, giver, taker);

    if (p) return p;
    p = g_new0(pair, 1);
    p->key = (pair_key){giver, taker};
    p->requested = g_array_new(FALSE, FALSE, sizeof(request));
    g_hash_table_add(requests_of(swarm)->pairs, p);
    return p;
}

/* The first request for the block, or for any, heard no later than that. */
static bool take(pair *p, uint32_t block, uint64_t heard)
{
    for (guint i = 0; p && i < p->requested->len; i++) {
        const request *r = &g_array_index(p->requested, request, i);

        if ((block != MB_BLOCK_NONE && r->block != block) || r->heard > heard) continue;
        g_array_remove_index(p->requested, i);
        return true;
    }
    return false;
}

static void withdraw(sim_swarm *swarm, mb_node giver, mb_node taker, uint32_t block)
{
    struct sim_requests *requests = requests_of(swarm);
    withdrawal w = {find_or_add(swarm, giver, taker), block, requests->heard};

    g_array_append_val(requests->withdrawn, w);
}

/* The node has nothing to do with the other any more, who may not know that yet. */
static void part(sim_swarm *swarm, mb_node node, mb_node other)
{
    withdraw(swarm, node, other, MB_BLOCK_NONE);
    find(swarm, node, other)->parted = true;
    find_or_add(swarm, other, node)->parted = true;
}

void sim_swarm_check_heard(sim_swarm *swarm, mb_node node, const mb_event *event)
{
    /* one that could not be greeted may have greeted the node since: it is not forgotten then */
    if (event->type == MB_EVENT_GONE && event->message != MB_MSG_HELLO)
        part(swarm, node, event->from);
    if (event->type != MB_EVENT_MESSAGE) return;
    if (event->message == MB_MSG_BYE || event->message == MB_MSG_HELLO_FULL) {
        part(swarm, node, event->from);
    } else if (event->message == MB_MSG_CANCEL) {
        withdraw(swarm, node, event->from, event->block);
    } else if (event->message == MB_MSG_REQUEST) {
        request r = {event->block, ++requests_of(swarm)->heard};

        g_array_append_val(find_or_add(swarm, node, event->from)->requested, r);
    }
}

void sim_swarm_check_said(sim_swarm *swarm, mb_node node, const mb_action *a)
{
    const mb_peer *peer = swarm->nodes[node].peer;

    if (a->message == MB_MSG_BYE || a->message == MB_MSG_HELLO_FULL)
        part(swarm, node, a->to);
    else if (a->message == MB_MSG_REFUSE)
        take(find(swarm, node, a->to), a->block, UINT64_MAX);
    else if (a->message == MB_MSG_REQUEST)
        SIM_CHECK(swarm, !mb_blockset_has(mb_peer_blocks(peer), a->block),
                  "node %u asks for block %u, which it holds", node, a->block);
}

void sim_swarm_check_stepped(sim_swarm *swarm)
{
    GArray *withdrawn = swarm->requests ? swarm->requests->withdrawn : NULL;

    for (guint i = 0; withdrawn && i < withdrawn->len; i++) {
        const withdrawal *w = &g_array_index(withdrawn, withdrawal, i);

        while (take(w->pair, w->block, w->heard))
            continue;
    }
    if (withdrawn) g_array_set_size(withdrawn, 0);
}

void sim_swarm_check_requested(const sim_swarm *swarm, mb_node giver, mb_node taker, uint32_t block)
{
    SIM_CHECK(swarm, take(find(swarm, giver, taker), block, UINT64_MAX),
              "node %u sends node %u block %u, which it has not been asked for", giver, taker,
              block);
}

bool sim_swarm_have_parted(const sim_swarm *swarm, mb_node giver, mb_node taker)
{
    const pair *p = find(swarm, giver, taker);

    return p && p->parted;
}
