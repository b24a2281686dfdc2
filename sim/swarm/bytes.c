#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/swarm/internal.h"

/*
 * Every byte that comes down an uplink's other end leads to a block or to none. Of a transfer that
 * came whole that shows at once; of one that was cut, when its block is whole, its taker goes, or
 * the run is over. So the parts that a peer keeps are on the books here, each with its giver.
 */

void sim_swarm_lose(sim_swarm *swarm, rec_trace_kind kind, mb_node from, mb_node to, uint32_t block,
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
    sim_recorder_waste(swarm->recorder, REC_TRACE_LOST, swarm->now, part->from, node, part->block,
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

static sim_part part_of(const sim_pending_cut *cut)
{
    assert(cut->type == SIM_PENDING_CUT);
    return (sim_part){.from = cut->from,
                      .block = cut->block,
                      .start = cut->start,
                      .end = cut->end,
                      .bytes = cut->bytes};
}

void sim_swarm_cut_heard(sim_swarm *swarm, mb_node node, const sim_pending_cut *cut)
{
    sim_part part = part_of(cut);

    /* one that has brought nothing leaves what another brought as it is */
    if (part.end <= part.start || !is_kept(swarm, node, cut->block, part.end)) {
        lose_open(swarm, node, &part);
        return;
    }
    parts_cut_off(swarm, node, cut->block, part.start);
    part_add(swarm, node, &part);
}

void sim_swarm_parts_gained(sim_swarm *swarm, mb_node node, uint32_t block,
                            const sim_pending_block *by)
{
    assert(!by || by->block == block);
    sim_node *n = &swarm->nodes[node];

    parts_cut_off(swarm, node, block, by ? by->offset : 0);
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
    if (swarm->fates && by) swarm->fates[node].gained += by->bytes;
}

void sim_swarm_parts_drop(sim_swarm *swarm, mb_node node)
{
    assert(node < swarm->node_count);
    sim_node *n = &swarm->nodes[node];

    for (uint32_t i = 0; i < n->part_count; i++)
        lose_open(swarm, node, &n->parts[i]);
    n->part_count = 0;
}

void sim_swarm_end_bytes(sim_swarm *swarm, const sim_due *due)
{
    if (due->what.type == SIM_PENDING_BLOCK) {
        const sim_pending_block *block = &due->what.block;

        sim_swarm_lose(swarm, REC_TRACE_LOST, block->from, due->node, block->block, block->bytes);
    } else if (due->what.type == SIM_PENDING_CUT) {
        const sim_part part = part_of(&due->what.cut);

        lose_open(swarm, due->node, &part);
    }
}
