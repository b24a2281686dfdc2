#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/pages.h"
#include "sim/swarm/internal.h"

/* Events between two looks at the caller's flags. */
#define PROGRESS_EVERY 4096
/* A swarm of so many nodes is more than the processor has page table entries for. */
#define HUGE_NODES_MIN 500

/* ---- setting up ----------------------------------------------------------------------------- */

static int add_node(sim_swarm *swarm, mb_node node, const sim_access *access)
{
    assert(access->latency >= 0);
    sim_node *n = &swarm->nodes[node];

    n->latency = access->latency;
    n->timer = MB_NEVER;
    if (sim_links_add(swarm->links, access->up)) return MB_ERR_MEMORY;
    return sim_links_add(swarm->links, access->down);
}

static const sim_access *line_of(const sim_swarm *swarm, mb_node node)
{
    return sim_lines_access(&swarm->lines, swarm->scenario, swarm->arrivals, node);
}

static int add_nodes(sim_swarm *swarm)
{
    const sim_scenario *scenario = swarm->scenario;

    swarm->node_count = swarm->arrival_count + 1;
    swarm->nodes = sim_pages_alloc(swarm->node_count * sizeof *swarm->nodes);
    if (swarm->nodes) memset(swarm->nodes, 0, swarm->node_count * sizeof *swarm->nodes);
    if (swarm->options->check != SIM_CHECK_OFF)
        swarm->fates = calloc(swarm->node_count, sizeof *swarm->fates);
    swarm->copies = calloc(scenario->file.geometry.blocks + 1, sizeof *swarm->copies);
    swarm->links = sim_links_new();
    swarm->queue = sim_queue_new();
    if (swarm->options->check != SIM_CHECK_OFF && !swarm->fates) return MB_ERR_MEMORY;
    if (!swarm->nodes || !swarm->copies || !swarm->links || !swarm->queue) return MB_ERR_MEMORY;
    if (swarm->options->check != SIM_CHECK_OFF && sim_swarm_check_requests_new(swarm))
        return MB_ERR_MEMORY;
    /* where ways are longer than two links, whether all are listed shows in how often rates are
     * counted as changed; so there they always are */
    sim_links_watch(swarm->links,
                    swarm->options->check == SIM_CHECK_EVERY || swarm->lines.zones != NULL);
    if (add_node(swarm, MB_NODE_TRACKER, line_of(swarm, MB_NODE_TRACKER))) return MB_ERR_MEMORY;
    for (uint32_t i = 0; i < swarm->arrival_count; i++) {
        const sim_group *group = &scenario->groups[swarm->arrivals[i].group];

        if (add_node(swarm, i + 1, line_of(swarm, i + 1))) return MB_ERR_MEMORY;
        swarm->nodes[i + 1].group = swarm->arrivals[i].group;
        swarm->nodes[i + 1].unreachable = group->unreachable;
    }
    swarm->is_mapped = swarm->lines.places || swarm->lines.zones;
    swarm->longest_latency = sim_swarm_longest(swarm);
    return sim_ways_make(&swarm->ways, &scenario->zones, swarm->links, 2 * swarm->node_count);
}

static int open_recorder(sim_swarm *swarm)
{
    const sim_recorder_config config = {
        .scenario = swarm->scenario,
        .arrivals = swarm->arrivals,
        .arrival_count = swarm->arrival_count,
        .lines = &swarm->lines,
        .sink = swarm->options->sink,
        .provenance = swarm->options->provenance,
        .events = swarm->options->events,
        .config_text = swarm->options->config_text,
    };

    swarm->error = sim_recorder_open(&swarm->recorder, &config, swarm->result->error,
                                     sizeof swarm->result->error);
    return swarm->error;
}

static int open_payload(sim_swarm *swarm)
{
    const sim_payload_hooks *payload = swarm->payload;
    int error;

    assert(swarm->node_count > 0);
    if (!payload) return MB_OK;
    error = payload->begin(payload->context, swarm->node_count, swarm->result->error,
                           sizeof swarm->result->error);
    if (error) return swarm->error = error;
    error = payload->add(payload->context, MB_NODE_TRACKER, NULL);
    if (error) sim_swarm_fail(swarm, error, "%s", payload->error(payload->context));
    return error;
}

static void push_first_events(sim_swarm *swarm)
{
    sim_pending_push_plain(swarm, 0, MB_NODE_TRACKER, SIM_PENDING_SAMPLE);
    if (swarm->arrival_count > 0)
        sim_pending_push_plain(swarm, swarm->arrivals[0].time, 1, SIM_PENDING_ARRIVE);
}

static int set_up(sim_swarm *swarm)
{
    int error = sim_arrivals_make(swarm->scenario, &swarm->arrivals, &swarm->arrival_count);

    swarm->awaited = sim_arrivals_awaited(swarm->scenario, swarm->arrivals, swarm->arrival_count);
    swarm->tracker_timer = MB_NEVER;
    swarm->copyless = swarm->scenario->file.geometry.blocks;
    swarm->availability.first_lost = swarm->availability.tracker_left = MB_NEVER;
    mb_actions_init(&swarm->actions);
    if (!error)
        error =
            sim_lines_make(swarm->scenario, swarm->arrivals, swarm->arrival_count, &swarm->lines);
    if (!error) error = add_nodes(swarm);
    if (!error && swarm->node_count >= HUGE_NODES_MIN) swarm->heap = sim_pages_heap(0);
    if (!error) error = open_payload(swarm);
    if (!error) error = open_recorder(swarm);
    if (!error) error = sim_swarm_start_tracker(swarm);
    if (!error) push_first_events(swarm);
    if (!error) error = sim_swarm_start_faults(swarm);
    if (error && !swarm->error) sim_swarm_fail(swarm, error, "%s", mb_strerror(error));
    return swarm->error;
}

/* ---- running -------------------------------------------------------------------------------- */

static bool is_over(const sim_swarm *swarm)
{
    return swarm->arrived >= swarm->awaited && swarm->incomplete == 0;
}

static mb_time next_time(sim_swarm *swarm)
{
    mb_time event = sim_queue_peek_time(swarm->queue), flow = sim_links_next(swarm->links);

    return event < flow ? event : flow;
}

static void push_next_arrival(sim_swarm *swarm, mb_node arrived)
{
    assert(arrived > 0 && arrived <= swarm->arrival_count);
    if (arrived < swarm->arrival_count)
        sim_pending_push_plain(swarm, swarm->arrivals[arrived].time, arrived + 1,
                               SIM_PENDING_ARRIVE);
}

/* Everything that happens now: completed transfers, then events until none is due at this time. */
static void run_instant(sim_swarm *swarm)
{
    sim_due due;

    if (sim_links_next(swarm->links) == swarm->now) sim_swarm_complete_flows(swarm);
    while (!swarm->error && sim_queue_peek_time(swarm->queue) == swarm->now) {
        if (!sim_pending_pop(swarm->queue, &due)) break;
        swarm->events++;
        sim_swarm_fetch_ahead(swarm);
        if (due.cls == SIM_CLASS_ARRIVE) {
            push_next_arrival(swarm, due.node);
            if (swarm->heap) swarm->heap = sim_pages_heap(swarm->heap);
        }
        sim_swarm_dispatch(swarm, &due);
    }
    if (swarm->error) return; /* nothing is as the checks have it */
    if (sim_links_settle(swarm->links, swarm->now))
        sim_swarm_fail(swarm, MB_ERR_MEMORY, "out of memory");
    else if (swarm->options->check == SIM_CHECK_EVERY)
        sim_swarm_check_settled(swarm);
}

static void run(sim_swarm *swarm)
{
    uint64_t looked = 0;

    while (!swarm->error && !swarm->result->interrupted) {
        mb_time next = next_time(swarm);

        if (is_over(swarm) && next > swarm->now) break;
        if (next >= swarm->scenario->until) {
            swarm->now = swarm->scenario->until;
            break;
        }
        assert(next >= swarm->now);
        swarm->now = next;
        run_instant(swarm);
        if (swarm->events - looked < PROGRESS_EVERY) continue;
        looked = swarm->events;
        if (swarm->heap) swarm->heap = sim_pages_heap(swarm->heap);
        sim_swarm_progress(swarm);
    }
}

/* ---- ending --------------------------------------------------------------------------------- */

/* Bytes on their way are counted; events that own memory end with it. */
static void drain_queue(sim_swarm *swarm)
{
    sim_due due;

    while (swarm->queue && sim_pending_pop(swarm->queue, &due)) {
        if (swarm->recorder) sim_swarm_end_bytes(swarm, &due);
        sim_pending_clear(&due.what);
    }
}

static void write_results(sim_swarm *swarm)
{
    sim_links_stats links = sim_links_statistics(swarm->links);
    sim_swarm_end_copies(swarm);
    const sim_run_totals totals = {
        .end = swarm->now,
        .complete = !swarm->result->interrupted,
        .events = swarm->events,
        .rerated_flows = links.rerated_flows,
        .settles = links.settles,
        .availability = swarm->availability,
    };
    int error;

    if (swarm->options->check == SIM_CHECK_EVERY && !swarm->error) {
        sim_links_check(swarm->links);
        for (mb_node node = 0; node < swarm->node_count; node++)
            sim_swarm_check_flows(swarm, 2 * node);
    }
    sim_swarm_sample(swarm);
    sim_swarm_end_flows(swarm);
    drain_queue(swarm);
    if (swarm->options->check != SIM_CHECK_OFF && !swarm->error) sim_swarm_check_end(swarm);
    error = sim_recorder_finish(swarm->recorder, &totals, swarm->result->error,
                                sizeof swarm->result->error);
    if (error) {
        swarm->error = error;
        return;
    }
    swarm->result->summary_json = strdup(sim_recorder_summary(swarm->recorder));
    if (!swarm->result->summary_json) sim_swarm_fail(swarm, MB_ERR_MEMORY, "out of memory");
}

static void tear_down(sim_swarm *swarm)
{
    drain_queue(swarm);
    sim_recorder_free(swarm->recorder);
    mb_tracker_free(swarm->tracker);
    for (mb_node node = 0; swarm->nodes && node < swarm->node_count; node++) {
        mb_peer_free(swarm->nodes[node].peer);
        sim_swarm_free_logs(&swarm->nodes[node]);
        free(swarm->nodes[node].parts);
        sim_swarm_forget_fanouts(swarm, node);
    }
    sim_swarm_free_faults(swarm);
    sim_swarm_free_severances(swarm);
    sim_queue_free(swarm->queue);
    sim_links_free(swarm->links);
    mb_actions_clear(&swarm->actions);
    free(swarm->nodes);
    free(swarm->copies);
    free(swarm->arrivals);
    sim_lines_clear(&swarm->lines);
    sim_ways_clear(&swarm->ways);
    free(swarm->transfers);
    free(swarm->done);
    free(swarm->landings);
    free(swarm->shadows);
    free(swarm->flows);
    free(swarm->batch);
    free(swarm->origins);
    free(swarm->fanouts);
    free(swarm->gains);
    sim_swarm_check_requests_free(swarm);
    free(swarm->fates);
}

int sim_swarm_run(const sim_scenario *scenario, const sim_swarm_options *options,
                  sim_run_result *result)
{
    assert(options && result);
    sim_swarm swarm = {
        .scenario = scenario, .options = options, .result = result, .payload = options->payload};

    sim_scenario_check(scenario);
    result->error[0] = '\0';
    if (set_up(&swarm) == MB_OK) run(&swarm);
    /* a failed write is told by the recorder itself, which knows the file */
    if (!swarm.error || (swarm.recorder && sim_recorder_failed(swarm.recorder)))
        write_results(&swarm);
    result->end = swarm.now;
    result->events = swarm.events;
    result->blocks_delivered = swarm.recorder ? sim_recorder_delivered(swarm.recorder) : 0;
    tear_down(&swarm);
    return swarm.error;
}

void sim_run_result_clear(sim_run_result *result)
{
    free(result->summary_json);
    memset(result, 0, sizeof *result);
}
