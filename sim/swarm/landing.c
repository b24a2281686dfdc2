#include <assert.h>
#include <stdlib.h>

#include "sim/swarm/internal.h"

/*
 * Blocks whose last byte has left their giver and is on its way. The links know them no longer, but
 * to their takers bytes of them come all that time: without them a taker that asks how far its
 * transfers are would hear nothing of the one that is about to end, and take that for silence.
 *
 * A pool of entries, chained by taker: a node has few at a time.
 */

#define LANDING_NONE 0 /* the pool's first entry is never used */

struct sim_landing {
    mb_node from;
    uint32_t index; /* where the taker lists `from` */
    uint32_t block;
    uint32_t next; /* the taker's, or the free ones' */
};

static bool pool_grow(sim_swarm *swarm)
{
    uint32_t capacity = swarm->landing_capacity ? 2 * swarm->landing_capacity : 64;
    struct sim_landing *grown = realloc(swarm->landings, capacity * sizeof *grown);

    if (!grown) {
        sim_swarm_fail(swarm, MB_ERR_MEMORY, "out of memory");
        return false;
    }
    swarm->landing_free = swarm->landing_capacity ? swarm->landing_capacity : 1;
    for (uint32_t i = swarm->landing_free; i < capacity; i++)
        grown[i].next = i + 1 < capacity ? i + 1 : LANDING_NONE;
    swarm->landings = grown;
    swarm->landing_capacity = capacity;
    return true;
}

void sim_swarm_landing_add(sim_swarm *swarm, const sim_transfer *t)
{
    assert(t->to < swarm->node_count && t->from != t->to);
    uint32_t *end = &swarm->nodes[t->to].landing, taken;

    if (swarm->landing_free == LANDING_NONE && !pool_grow(swarm)) return;
    taken = swarm->landing_free;
    swarm->landing_free = swarm->landings[taken].next;
    while (*end != LANDING_NONE)
        end = &swarm->landings[*end].next;
    *end = taken;
    swarm->landings[taken] = (struct sim_landing){
        .from = t->from, .index = t->to_index, .block = t->block, .next = LANDING_NONE};
}

void sim_swarm_landing_take(sim_swarm *swarm, mb_node node, mb_node from, uint32_t block)
{
    uint32_t *at = &swarm->nodes[node].landing, taken;

    while (*at != LANDING_NONE &&
           (swarm->landings[*at].from != from || swarm->landings[*at].block != block))
        at = &swarm->landings[*at].next;
    taken = *at;
    assert(taken != LANDING_NONE);
    *at = swarm->landings[taken].next;
    swarm->landings[taken].next = swarm->landing_free;
    swarm->landing_free = taken;
}

uint32_t sim_swarm_landing_next(const sim_swarm *swarm, uint32_t entry)
{
    assert(entry != LANDING_NONE && entry < swarm->landing_capacity);
    return swarm->landings[entry].next;
}

void sim_swarm_landing_tell(sim_swarm *swarm, mb_node node)
{
    for (uint32_t i = swarm->nodes[node].landing; i != LANDING_NONE; i = swarm->landings[i].next) {
        const struct sim_landing *landing = &swarm->landings[i];
        mb_event *event = sim_swarm_batch_add(swarm, MB_EVENT_PROGRESS, landing->from);
        const mb_geometry *geometry = &swarm->scenario->file.geometry;

        if (!event) return;
        event->index = landing->index;
        event->progress.block = landing->block;
        event->progress.here = mb_geometry_block_size(geometry, landing->block) - 1;
        event->progress.ending = true;
    }
}
