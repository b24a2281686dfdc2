/*
 * Transfers whose last byte has left: what they brought is on its way, and their givers hear of it.
 */
#include <assert.h>
#include <stdlib.h>

#include "sim/swarm/internal.h"

/* The last byte of a block has left: it arrives a latency later. */
static void send_block(sim_swarm *swarm, const sim_transfer *t)
{
    assert(t->started <= swarm->now && t->bytes <= UINT32_MAX);
    const sim_pending block = {.block = {.type = SIM_PENDING_BLOCK,
                                         .via = t->via,
                                         .role = t->role,
                                         .from = t->from,
                                         .index = t->to_index,
                                         .block = t->block,
                                         .offset = t->offset,
                                         .bytes = (uint32_t)t->bytes,
                                         .started = t->started,
                                         .told = t->told}};

    sim_swarm_landing_add(swarm, t);
    sim_pending_push(swarm, swarm->now + sim_swarm_delay(swarm, t->from, t->to), t->to, &block);
}

static void collect_done(sim_swarm *swarm)
{
    uint32_t flow;

    swarm->done_count = 0;
    while (sim_links_pop(swarm->links, swarm->now, &flow)) {
        if (swarm->done_count == swarm->done_capacity) {
            uint32_t capacity = swarm->done_capacity ? swarm->done_capacity * 2 : 64;
            sim_transfer *grown = realloc(swarm->done, capacity * sizeof *grown);

            if (!grown) {
                sim_swarm_fail(swarm, MB_ERR_MEMORY, "out of memory");
                return;
            }
            swarm->done = grown;
            swarm->done_capacity = capacity;
        }
        if (swarm->options->check == SIM_CHECK_EVERY) sim_swarm_check_completed(swarm, flow);
        swarm->done[swarm->done_count++] = swarm->transfers[flow];
    }
}

void sim_swarm_complete_flows(sim_swarm *swarm)
{
    collect_done(swarm);
    sim_swarm_fetch_flows(swarm);
    /* all have left before anybody hears of it and, for one, goes */
    for (uint32_t i = 0; i < swarm->done_count; i++) {
        const sim_transfer *t = &swarm->done[i];

        sim_recorder_trace(swarm->recorder, REC_TRACE_SENT, swarm->now, t->from, t->to, t->block,
                           t->bytes);
        if (swarm->lines.zones) sim_recorder_moved(swarm->recorder, t->from, t->to, t->bytes);
        send_block(swarm, t);
    }
    for (uint32_t i = 0; i < swarm->done_count && !swarm->error; i++) {
        const sim_transfer *t = &swarm->done[i];
        mb_event *event;

        if (!swarm->nodes[t->from].peer) continue;
        swarm->batch_count = 0;
        event = sim_swarm_batch_add(swarm, MB_EVENT_SENT, t->to);
        if (!event) return;
        event->index = t->from_index;
        event->sent.block = t->block;
        sim_swarm_step(swarm, t->from);
        swarm->events++;
    }
}
