#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/swarm/internal.h"

/*
 * Every byte that comes down an uplink's other end leads to a block or to none. Of a transfer that
 * came whole that shows at once; of one that was cut, when its block is whole, its taker goes, or
 * the run is over. So the parts that a peer keeps are on the books here, each with its giver.
 */

void sim_swarm_lose(sim_swarm *swarm, sim_trace_kind kind, mb_node from, mb_node to, uint32_t block,
                    uint64_t bytes)
{
    assert(from < swarm->node_count && to < swarm->node_count);
    sim_recorder_bytes(swarm->recorder, from, to, bytes);
    sim_recorder_waste(swarm->recorder, kind, swarm->now, from, to, block, bytes);
}

void sim_swarm_cut_open(sim_swarm *swarm, mb_node from, mb_node to, uint64_t bytes)
{
    assert(from != to && to < swarm->node_count);
    sim_recorder_bytes(swarm->recorder, from, to, bytes);
    if (swarm->fates) swarm->fates[to].open += bytes;
}

/* Bytes that were open led to nothing. */
static void lose_open(sim_swarm *swarm, mb_node node, const sim_part *part)
{
    assert(!swarm->fates || swarm->fates[node].open >= part->bytes);
    sim_recorder_waste(swarm->recorder, SIM_TRACE_LOST, swarm->now, part->from, node, part->block,
                       part->bytes);
    if (swarm->fates) swarm->fates[node].open -= part->bytes;
}

/* Takes the part at `place` out; the others keep their order. */
static sim_part part_take(sim_node *node, uint32_t place)
{
    assert(place < node->part_count);
    sim_part taken = node->parts[place];

    node->part_count--;
    memmove(node->parts + place, node->parts + place + 1,
            (node->part_count - place) * sizeof *node->parts);
    return taken;
}

static void part_add(sim_swarm *swarm, mb_node node, const sim_part *part)
{
    assert(part->start < part->end);
    sim_node *n = &swarm->nodes[node];
    sim_part *grown = realloc(n->parts, (n->part_count + 1) * sizeof *grown);

    if (!grown) {
        sim_swarm_fail(swarm, MB_ERR_MEMORY, "out of memory");
        return;
    }
    n->parts = grown;
    n->parts[n->part_count++] = *part;
}

/* Of a part that reaches beyond byte `start`, what has come anew from there on leads to nothing. */
static void part_shorten(sim_swarm *swarm, mb_node node, sim_part *part, uint32_t start)
{
    sim_part beyond = *part;

    if (part->end <= start) return;
    beyond.start = start;
    beyond.bytes = (uint64_t)((unsigned __int128)part->bytes * (part->end - start) /
                              (part->end - part->start));
    part->end = start;
    part->bytes -= beyond.bytes;
    lose_open(swarm, node, &beyond);
}

/* Lets go of what is kept of the block from byte `start` on. */
static void parts_cut_off(sim_swarm *swarm, mb_node node, uint32_t block, uint32_t start)
{
    sim_node *n = &swarm->nodes[node];

    for (uint32_t i = 0; i < n->part_count;) {
        if (n->parts[i].block != block) {
            i++;
            continue;
        }
        if (n->parts[i].start < start) {
            part_shorten(swarm, node, &n->parts[i++], start);
            continue;
        }
        sim_part part = part_take(n, i);

        lose_open(swarm, node, &part);
    }
}

static bool is_kept(const sim_swarm *swarm, mb_node node, uint32_t block, uint32_t end)
{
    const mb_peer *peer = swarm->nodes[node].peer;
    uint32_t place = 0, partial, bytes;

    while (peer && mb_peer_partial(peer, &place, &partial, &bytes))
        if (partial == block) return bytes == end;
    return false;
}

void sim_swarm_cut_heard(sim_swarm *swarm, const sim_event *cut)
{
    assert(cut->type == SIM_EVENT_CUT);
    sim_part part = {.from = cut->from,
                     .block = cut->block,
                     .start = (uint32_t)(cut->value >> 32),
                     .end = (uint32_t)cut->value,
                     .bytes = cut->value2};

    /* one that has brought nothing leaves what another brought as it is */
    if (part.end <= part.start || !is_kept(swarm, cut->node, cut->block, part.end)) {
        lose_open(swarm, cut->node, &part);
        return;
    }
    parts_cut_off(swarm, cut->node, cut->block, part.start);
    part_add(swarm, cut->node, &part);
}

void sim_swarm_parts_gained(sim_swarm *swarm, mb_node node, uint32_t block, const sim_event *by)
{
    assert(!by || by->block == block);
    sim_node *n = &swarm->nodes[node];

    parts_cut_off(swarm, node, block, by ? (uint32_t)(by->value2 >> 32) : 0);
    for (uint32_t i = 0; i < n->part_count;) {
        if (n->parts[i].block != block) {
            i++;
            continue;
        }
        sim_part part = part_take(n, i);

        if (!swarm->fates) continue;
        swarm->fates[node].open -= part.bytes;
        swarm->fates[node].gained += part.bytes;
    }
    if (swarm->fates && by) swarm->fates[node].gained += sim_swarm_block_bytes(by);
}

void sim_swarm_parts_drop(sim_swarm *swarm, mb_node node)
{
    assert(node < swarm->node_count);
    sim_node *n = &swarm->nodes[node];

    for (uint32_t i = 0; i < n->part_count; i++)
        lose_open(swarm, node, &n->parts[i]);
    n->part_count = 0;
}

void sim_swarm_end_bytes(sim_swarm *swarm, const sim_event *event)
{
    const sim_part part = {event->from, event->block, 0, 0, event->value2};

    if (event->cls == SIM_CLASS_BLOCK)
        sim_swarm_lose(swarm, SIM_TRACE_LOST, event->from, event->node, event->block,
                       sim_swarm_block_bytes(event));
    else if (event->cls == SIM_CLASS_MESSAGE && event->type == SIM_EVENT_CUT)
        lose_open(swarm, event->node, &part);
}
