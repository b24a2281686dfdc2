#include "sim/swarm/internal.h"

#include <assert.h>

static void sample_copies(const sim_swarm *swarm, sim_sample *sample)
{
    uint32_t blocks = swarm->scenario->file.geometry.blocks;

    sample->min_copies = blocks ? swarm->copies[0] : 0;
    for (uint32_t block = 0; block < blocks; block++) {
        uint32_t copies = swarm->copies[block];

        sample->copies += copies;
        if (copies < sample->min_copies) {
            sample->min_copies = copies;
            sample->rarest_blocks = 0;
        }
        sample->rarest_blocks += copies == sample->min_copies;
    }
}

/* What transfers under way have carried, from zone to zone. */
static void sample_zones(const sim_swarm *swarm)
{
    for (mb_node node = 0; swarm->lines.zones && node < swarm->node_count; node++) {
        uint32_t count;
        const uint32_t *flows = sim_links_flows(swarm->links, 2 * node, &count);

        for (uint32_t i = 0; i < count; i++)
            sim_recorder_moving(swarm->recorder, node, swarm->transfers[flows[i]].to,
                                sim_links_carried(swarm->links, flows[i], swarm->now));
    }
}

void sim_swarm_sample(sim_swarm *swarm)
{
    sim_sample sample = {0};

    if (!swarm->error && swarm->options->check != SIM_CHECK_OFF) sim_swarm_check_all(swarm);
    sample_copies(swarm, &sample);
    for (mb_node node = 0; node <= swarm->arrived; node++) {
        mb_peer_view view;

        if (!swarm->nodes[node].peer) continue;
        view = mb_peer_look(swarm->nodes[node].peer);
        sample.unchoked_pairs += view.serves;
        if (swarm->nodes[node].complete) continue;
        sample.known_pairs += view.known;
        sample.interested_pairs += view.interesting;
        sample.leecher_bytes += sim_links_link_carried(swarm->links, 2 * node, swarm->now);
    }
    sample_zones(swarm);
    sim_recorder_sample(swarm->recorder, swarm->now, &sample);
}

void sim_swarm_progress(sim_swarm *swarm)
{
    assert(swarm->now <= swarm->scenario->until);
    const sim_swarm_options *options = swarm->options;
    uint64_t blocks = swarm->scenario->file.geometry.blocks;
    sim_progress progress = {
        .now = swarm->now,
        .until = swarm->scenario->until,
        .events = swarm->events,
        .blocks_delivered = sim_recorder_delivered(swarm->recorder),
        .blocks_wanted = blocks * swarm->arrival_count,
        .peers_arrived = swarm->arrived,
        .peers_complete = sim_recorder_completed(swarm->recorder),
        .peers_expected = swarm->scenario->open ? 0 : swarm->arrival_count,
    };

    if (options->progress) options->progress(options->progress_context, &progress);
    if (options->interrupted && __atomic_load_n(options->interrupted, __ATOMIC_RELAXED))
        swarm->result->interrupted = true;
    if (sim_recorder_failed(swarm->recorder)) sim_swarm_fail(swarm, MB_ERR_IO, "%s", "");
}
