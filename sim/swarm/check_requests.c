#include <stdlib.h>

#include "sim/swarm/internal.h"

/*
 * What the checker knows of the requests that each node has heard of and neither answered, nor
 * refused, nor heard taken back. Told by the messages alone, as they are heard and said.
 *
 * A step hears of several things and says what it does about them afterwards: it may begin an
 * upload for a request and stop it for the cancel that came with it. So what is taken back goes
 * when the step is over.
 */

struct sim_heard {
    uint64_t heard; /* serial number */
    mb_node from;
    uint32_t block; /* of what is taken back: MB_BLOCK_NONE: any */
};

typedef struct list {
    struct sim_heard *items;
    uint32_t count, capacity;
} list;

struct sim_requests {
    list *requested; /* by node: of it */
    list *parted;    /* by node: whom it has forgotten, or who has forgotten it */
    list *greeted;   /* by node that accepts no contact: whom it has greeted */
    list *last;      /* by node that leaves: whom it serves no further block */
    list withdrawn;  /* from the node whose step is under way */
    uint64_t heard;
};

static void add(sim_swarm *swarm, list *to, struct sim_heard item)
{
    if (to->count == to->capacity) {
        uint32_t capacity = to->capacity ? 2 * to->capacity : 8;
        struct sim_heard *grown = realloc(to->items, capacity * sizeof *grown);

        if (!grown) {
            sim_swarm_fail(swarm, MB_ERR_MEMORY, "out of memory");
            return;
        }
        to->items = grown;
        to->capacity = capacity;
    }
    to->items[to->count++] = item;
}

/* Takes out a request by `from` for the block, or for any, heard no later than that. */
static bool take(list *of, mb_node from, uint32_t block, uint64_t heard)
{
    for (uint32_t i = 0; i < of->count; i++) {
        const struct sim_heard *item = &of->items[i];

        if (item->from != from || item->heard > heard) continue;
        if (block != MB_BLOCK_NONE && item->block != block) continue;
        of->items[i] = of->items[--of->count];
        return true;
    }
    return false;
}

int sim_swarm_check_requests_new(sim_swarm *swarm)
{
    struct sim_requests *requests = calloc(1, sizeof *requests);

    swarm->requests = requests;
    if (!requests) return MB_ERR_MEMORY;
    requests->requested = calloc(swarm->node_count, sizeof *requests->requested);
    requests->parted = calloc(swarm->node_count, sizeof *requests->parted);
    requests->greeted = calloc(swarm->node_count, sizeof *requests->greeted);
    requests->last = calloc(swarm->node_count, sizeof *requests->last);
    return requests->requested && requests->parted && requests->greeted && requests->last
               ? 0
               : MB_ERR_MEMORY;
}

void sim_swarm_check_requests_free(sim_swarm *swarm)
{
    struct sim_requests *requests = swarm->requests;

    if (!requests) return;
    for (mb_node node = 0; node < swarm->node_count; node++) {
        if (requests->requested) free(requests->requested[node].items);
        if (requests->parted) free(requests->parted[node].items);
        if (requests->greeted) free(requests->greeted[node].items);
        if (requests->last) free(requests->last[node].items);
    }
    free(requests->requested);
    free(requests->parted);
    free(requests->greeted);
    free(requests->last);
    free(requests->withdrawn.items);
    free(requests);
}

static void withdraw(sim_swarm *swarm, mb_node from, uint32_t block)
{
    add(swarm, &swarm->requests->withdrawn,
        (struct sim_heard){swarm->requests->heard, from, block});
}

static bool names(const list *of, mb_node node)
{
    for (uint32_t i = 0; i < of->count; i++)
        if (of->items[i].from == node) return true;
    return false;
}

bool sim_swarm_have_parted(const sim_swarm *swarm, mb_node a, mb_node b)
{
    return names(&swarm->requests->parted[a], b);
}

/* As the scenario says, whatever the driver makes of it. */
static bool accepts_none(const sim_swarm *swarm, mb_node node)
{
    return node != MB_NODE_TRACKER && swarm->scenario->groups[swarm->nodes[node].group].unreachable;
}

/* The node has nothing to do with the other any more, who may not know that yet. */
static void part(sim_swarm *swarm, mb_node node, mb_node other)
{
    withdraw(swarm, other, MB_BLOCK_NONE);
    if (sim_swarm_have_parted(swarm, node, other)) return;
    add(swarm, &swarm->requests->parted[node], (struct sim_heard){.from = other});
    add(swarm, &swarm->requests->parted[other], (struct sim_heard){.from = node});
}

void sim_swarm_check_heard(sim_swarm *swarm, mb_node node, const mb_event *event)
{
    struct sim_requests *requests = swarm->requests;
    const mb_said *said = &event->message.said;

    /* one that could not be greeted may have greeted the node since: it is not forgotten then */
    if (event->type == MB_EVENT_GONE && !event->gone.ungreeted) part(swarm, node, event->other);
    if (event->type != MB_EVENT_MESSAGE) return;
    SIM_CHECK(swarm, !accepts_none(swarm, node) || names(&requests->greeted[node], event->other),
              "node %u, which accepts no contact, hears of node %u, which it has not greeted", node,
              event->other);
    if (said->message == MB_MSG_BYE || said->message == MB_MSG_HELLO_FULL)
        part(swarm, node, event->other);
    else if (said->message == MB_MSG_CANCEL)
        withdraw(swarm, event->other, said->block);
    else if (said->message == MB_MSG_REQUEST)
        add(swarm, &requests->requested[node],
            (struct sim_heard){++requests->heard, event->other, said->block});
}

void sim_swarm_check_said(sim_swarm *swarm, mb_node node, const mb_action *a)
{
    const mb_peer *peer = swarm->nodes[node].peer;
    list *greeted = &swarm->requests->greeted[node];
    const mb_said *said = &a->said;

    if (said->message == MB_MSG_HELLO && accepts_none(swarm, node) && !names(greeted, a->to))
        add(swarm, greeted, (struct sim_heard){.from = a->to});
    if (said->message == MB_MSG_BYE || said->message == MB_MSG_HELLO_FULL)
        part(swarm, node, a->to);
    else if (said->message == MB_MSG_REFUSE)
        take(&swarm->requests->requested[node], a->to, said->block, UINT64_MAX);
    else if (said->message == MB_MSG_REQUEST)
        SIM_CHECK(swarm, !mb_blockset_has(mb_peer_blocks(peer), said->block),
                  "node %u asks for block %u, which it holds", node, said->block);
}

void sim_swarm_check_stepped(sim_swarm *swarm, mb_node node)
{
    list *withdrawn = &swarm->requests->withdrawn;

    for (uint32_t i = 0; i < withdrawn->count; i++) {
        const struct sim_heard *w = &withdrawn->items[i];

        /* a cancel takes back one request for its block, where it has been asked for twice */
        while (take(&swarm->requests->requested[node], w->from, w->block, w->heard))
            if (w->block != MB_BLOCK_NONE) break;
    }
    withdrawn->count = 0;
}

bool sim_swarm_has_parted(const sim_swarm *swarm, mb_node node)
{
    return swarm->requests->parted[node].count > 0;
}

uint32_t sim_swarm_requests_waiting(const sim_swarm *swarm, mb_node node)
{
    return swarm->requests->requested[node].count;
}

/* Whom it sends a block now gets that and no other. */
void sim_swarm_check_leaving(sim_swarm *swarm, mb_node node)
{
    uint32_t count;
    const uint32_t *flows = sim_links_flows(swarm->links, 2 * node, &count);

    for (uint32_t i = 0; i < count; i++)
        add(swarm, &swarm->requests->last[node],
            (struct sim_heard){.from = swarm->transfers[flows[i]].to});
}

void sim_swarm_check_requested(sim_swarm *swarm, mb_node giver, mb_node taker, uint32_t block)
{
    list *last = &swarm->requests->last[giver];

    if (mb_peer_look(swarm->nodes[giver].peer).leaving) {
        SIM_CHECK(swarm, !names(last, taker), "node %u leaves, and sends node %u another block",
                  giver, taker);
        add(swarm, last, (struct sim_heard){.from = taker});
    }
    SIM_CHECK(swarm, take(&swarm->requests->requested[giver], taker, block, UINT64_MAX),
              "node %u sends node %u block %u, which it has not been asked for", giver, taker,
              block);
}
