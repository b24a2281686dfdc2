#include "sim/engine/queue.h"

#include <assert.h>
#include <stdlib.h>

#include "sim/engine/pages.h"

enum { SEGMENTS_MIN = 4 };

/* Two dates of one time and rank: the rest of their orders decides. */
static bool tie(const void *context, uint32_t a, uint32_t b)
{
    return sim_queue_slot(context, a)->key.order < sim_queue_slot(context, b)->key.order;
}

sim_queue *sim_queue_new(void)
{
    sim_queue *queue = malloc(sizeof *queue);
    if (!queue) return NULL;
    *queue = (sim_queue){.free = SIM_SLOT_NONE, .lent = SIM_SLOT_NONE};
    sim_dates_init(&queue->dates, tie, queue);
    return queue;
}

void sim_queue_free(sim_queue *queue)
{
    if (!queue) return;
    for (uint32_t i = 0; i < queue->segment_count; i++)
        free(queue->segments[i]);
    free(queue->segments);
    sim_dates_clear(&queue->dates);
    free(queue);
}

static bool pool_grow(sim_queue *queue)
{
    if (queue->used >= SIM_SLOT_NONE - SIM_QUEUE_SEGMENT) return false;
    if (queue->segment_count == queue->segment_room) {
        uint32_t room = queue->segment_room ? 2 * queue->segment_room : SEGMENTS_MIN;
        sim_slot **segments = realloc(queue->segments, room * sizeof(sim_slot *));
        if (!segments) return false;
        queue->segments = segments;
        queue->segment_room = room;
    }
    sim_slot *segment = sim_pages_alloc(SIM_QUEUE_SEGMENT * sizeof *segment);
    if (!segment) return false;
    queue->segments[queue->segment_count++] = segment;
    return true;
}

/* A slot that nobody has, which is not taken yet; SIM_SLOT_NONE: memory is short. */
static uint32_t slot_next(sim_queue *queue)
{
    if (queue->free != SIM_SLOT_NONE) return queue->free;
    if (queue->used == queue->segment_count * SIM_QUEUE_SEGMENT && !pool_grow(queue))
        return SIM_SLOT_NONE;
    return queue->used;
}

void *sim_queue_push(sim_queue *queue, sim_key key)
{
    uint32_t taken = slot_next(queue);
    if (taken == SIM_SLOT_NONE) return NULL;
    sim_slot *slot = sim_queue_slot(queue, taken);
    uint32_t after = taken == queue->free ? slot->next : SIM_SLOT_NONE;
    slot->key = key; /* the order of others may hang on it at once */
    if (!sim_dates_push(&queue->dates, (sim_date){key.time, sim_key_rank(key.order), taken})) {
        slot->next = after;
        return NULL;
    }
    if (taken == queue->free)
        queue->free = after;
    else
        queue->used++;
    return slot->payload;
}

void sim_queue_check(const sim_queue *queue)
{
    sim_dates_check(&queue->dates);
    size_t idle = queue->lent != SIM_SLOT_NONE;
    for (uint32_t slot = queue->free; slot != SIM_SLOT_NONE;
         slot = sim_queue_slot(queue, slot)->next)
        idle++;
    assert(idle + sim_queue_count(queue) == queue->used);
    assert(queue->used <= queue->segment_count * SIM_QUEUE_SEGMENT);
}
