/*
 * What breaks, and when: the scenario's [fault] groups, each with random streams of its own, so
 * that what one draws shifts nothing else. Peers and the tracker learn nothing of it but what they
 * would on a real network: that somebody has vanished, that no answer comes.
 */
#include <assert.h>
#include <stdlib.h>

#include "sim/swarm/internal.h"

#define PERCENT INT64_C(1000000)

typedef struct fault_state {
    mb_rng times;  /* when it strikes, and how long that lasts */
    mb_rng choice; /* whom */
} fault_state;

struct sim_faults {
    fault_state *states; /* by fault */
    uint32_t *crashes;   /* by node: the strike that it is gone by, and 1; 0: none */
    mb_node *chosen;     /* room for every node */
    uint32_t *outages;   /* strikes under way that keep the tracker from answering */
    uint32_t outage_count, outage_capacity;
};

/* ---- beginning and end ---------------------------------------------------------------------- */

/* A fault's streams go by its name: another fault more shifts nothing (FNV-1a, 32 bits). */
static uint32_t stream_of(const char *name)
{
    uint32_t hash = UINT32_C(2166136261);

    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * UINT32_C(16777619);
    return hash;
}

static void push(sim_swarm *swarm, mb_time time, uint32_t fault, bool ends, uint32_t strike)
{
    const sim_pending due = {
        .fault = {.type = SIM_PENDING_FAULT, .ends = ends, .fault = fault, .strike = strike}};

    if (time < swarm->scenario->until) sim_pending_push(swarm, time, MB_NODE_TRACKER, &due);
}

/* The next strike, if it strikes again after `last`. */
static void plan_next(sim_swarm *swarm, uint32_t fault, mb_time last)
{
    const sim_when *when = &swarm->scenario->faults[fault].when;
    mb_time next = last;

    assert(last >= 0 && last <= swarm->scenario->until);
    if (when->kind == SIM_WHEN_AT) return;
    if (when->kind == SIM_WHEN_EVERY) {
        next += when->time;
    } else {
        __int128 mean = (__int128)when->time * 1000000000 / when->rate;
        mb_time wait = mb_rng_exponential(&swarm->faults->states[fault].times,
                                          mean < SIM_TIME_MAX ? (mb_time)mean : SIM_TIME_MAX);

        next = wait < SIM_TIME_MAX ? last + wait : SIM_TIME_MAX;
    }
    push(swarm, next, fault, false, 0);
}

int sim_swarm_start_faults(sim_swarm *swarm)
{
    const sim_scenario *scenario = swarm->scenario;
    struct sim_faults *faults;

    if (scenario->fault_count == 0) return MB_OK;
    faults = swarm->faults = calloc(1, sizeof *faults);
    if (!faults) return MB_ERR_MEMORY;
    faults->states = calloc(scenario->fault_count, sizeof *faults->states);
    faults->crashes = calloc(swarm->node_count, sizeof *faults->crashes);
    faults->chosen = calloc(swarm->node_count, sizeof *faults->chosen);
    if (!faults->states || !faults->crashes || !faults->chosen) return MB_ERR_MEMORY;
    for (uint32_t i = 0; i < scenario->fault_count; i++) {
        const sim_fault *fault = &scenario->faults[i];
        uint32_t stream = stream_of(fault->name);

        mb_rng_init(&faults->states[i].times, scenario->seed, stream, MB_PURPOSE_FAULT);
        mb_rng_init(&faults->states[i].choice, scenario->seed, ~stream, MB_PURPOSE_FAULT);
        if (fault->when.kind == SIM_WHEN_AT)
            push(swarm, fault->when.time, i, false, 0);
        else
            plan_next(swarm, i, 0);
    }
    return swarm->error;
}

void sim_swarm_free_faults(sim_swarm *swarm)
{
    struct sim_faults *faults = swarm->faults;

    if (!faults) return;
    free(faults->states);
    free(faults->crashes);
    free(faults->chosen);
    free(faults->outages);
    free(faults);
    swarm->faults = NULL;
}

/* ---- whom it strikes ------------------------------------------------------------------------ */

/* Those of the targets that are there, in order. */
static uint32_t list_present(sim_swarm *swarm, const sim_fault *fault)
{
    const sim_whom *whom = &fault->whom;
    mb_node *list = swarm->faults->chosen;
    uint32_t count = 0;

    assert(whom->kind == SIM_WHOM_TRACKER || whom->group < swarm->scenario->group_count);
    if (whom->kind == SIM_WHOM_TRACKER) {
        list[0] = MB_NODE_TRACKER;
        if (fault->kind == REC_FAULT_TRACKER_OUTAGE) return swarm->tracker_present;
        return swarm->nodes[MB_NODE_TRACKER].peer != NULL;
    }
    for (mb_node node = 1; node <= swarm->arrived; node++) {
        if (!swarm->nodes[node].peer || swarm->nodes[node].group != whom->group) continue;
        if (whom->kind == SIM_WHOM_PEER && swarm->arrivals[node - 1].index + 1 != whom->count)
            continue;
        list[count++] = node;
    }
    return count;
}

/* How many of so many. */
static uint32_t how_many(const sim_whom *whom, uint32_t present)
{
    if (whom->kind == SIM_WHOM_COUNT) return whom->count < present ? whom->count : present;
    if (whom->kind != SIM_WHOM_SHARE) return present;
    assert(whom->share <= 100 * PERCENT);
    return (uint32_t)(((uint64_t)whom->share * present + 100 * PERCENT - 1) / (100 * PERCENT));
}

/* Whom it strikes now, in order, in `chosen` (Knuth's algorithm S). */
static uint32_t choose(sim_swarm *swarm, uint32_t fault)
{
    const sim_whom *whom = &swarm->scenario->faults[fault].whom;
    mb_rng *rng = &swarm->faults->states[fault].choice;
    mb_node *list = swarm->faults->chosen;
    uint32_t present = list_present(swarm, &swarm->scenario->faults[fault]),
             wanted = how_many(whom, present), taken = 0;

    if (wanted == present) return present;
    for (uint32_t i = 0; i < present && taken < wanted; i++) {
        uint64_t chance = mb_rng_below(rng, present - i);

        if (chance < wanted - taken) list[taken++] = list[i];
    }
    return taken;
}

/* ---- what it does --------------------------------------------------------------------------- */

static void crash(sim_swarm *swarm, uint32_t fault, mb_node node, uint32_t strike)
{
    const mb_peer *peer = swarm->nodes[node].peer;
    rec_strike *lost = sim_recorder_strike_at(swarm->recorder, strike);

    assert(peer && lost->node == node);
    lost->transfers = sim_swarm_at_stake(swarm, node, &lost->bytes);
    lost->blocks = mb_peer_look(peer).held;
    lost->messages = mb_peer_queued(peer);
    swarm->faults->crashes[node] = strike + 1;
    sim_recorder_trace(swarm->recorder, REC_TRACE_CRASH, swarm->now, node, MB_NODE_NONE,
                       MB_BLOCK_NONE, fault);
    sim_swarm_vanish(swarm, node, REC_STATUS_CRASHED);
}

static void trace_fault(sim_swarm *swarm, mb_node node, uint64_t detail)
{
    sim_recorder_trace(swarm->recorder, REC_TRACE_FAULT, swarm->now, node, MB_NODE_NONE,
                       MB_BLOCK_NONE, detail);
}

static mb_time lasts(sim_swarm *swarm, uint32_t fault)
{
    const sim_fault *f = &swarm->scenario->faults[fault];
    mb_time time = f->lasts;

    assert(time > 0);
    if (f->lasts_at_random) time = mb_rng_exponential(&swarm->faults->states[fault].times, time);
    return time < SIM_TIME_MAX ? time : SIM_TIME_MAX;
}

static void begin_outage(sim_swarm *swarm, uint32_t fault, mb_node node, uint32_t strike)
{
    struct sim_faults *faults = swarm->faults;

    assert(node == MB_NODE_TRACKER && faults->outage_count <= faults->outage_capacity);
    if (faults->outage_count == faults->outage_capacity) {
        uint32_t capacity = faults->outage_capacity ? 2 * faults->outage_capacity : 4;
        uint32_t *grown = realloc(faults->outages, capacity * sizeof *grown);

        if (!grown) {
            sim_swarm_fail(swarm, MB_ERR_MEMORY, "out of memory");
            return;
        }
        faults->outages = grown;
        faults->outage_capacity = capacity;
    }
    faults->outages[faults->outage_count++] = strike;
    swarm->tracker_deaf = true;
    trace_fault(swarm, node, fault);
    push(swarm, swarm->now + lasts(swarm, fault), fault, true, strike);
}

static void end_outage(sim_swarm *swarm, uint32_t strike)
{
    struct sim_faults *faults = swarm->faults;
    uint32_t place = 0;

    assert(swarm->tracker_deaf);
    while (place < faults->outage_count && faults->outages[place] != strike)
        place++;
    assert(place < faults->outage_count);
    for (faults->outage_count--; place < faults->outage_count; place++)
        faults->outages[place] = faults->outages[place + 1];
    swarm->tracker_deaf = faults->outage_count > 0;
    if (!swarm->tracker_deaf && swarm->tracker_present) sim_swarm_tracker_timer(swarm);
}

/* Those struck have all their rows before anything follows from it. */
static void sever(sim_swarm *swarm, uint32_t fault, uint32_t struck, uint32_t first)
{
    const mb_node *nodes = swarm->faults->chosen;

    for (uint32_t i = 0; i < struck; i++)
        trace_fault(swarm, nodes[i], fault);
    if (swarm->scenario->faults[fault].kind == REC_FAULT_CUT)
        push(swarm, swarm->now + lasts(swarm, fault), fault, true, first);
    sim_swarm_sever(swarm, &swarm->scenario->faults[fault], nodes, struck, first);
}

/* The strikes from `first` on, one for each of those struck, are there; what they do follows. */
static void take_effect(sim_swarm *swarm, uint32_t fault, uint32_t struck, uint32_t first)
{
    const mb_node *nodes = swarm->faults->chosen;

    assert(struck > 0);
    switch (swarm->scenario->faults[fault].kind) {
    case REC_FAULT_CRASH:
        for (uint32_t i = 0; i < struck && !swarm->error; i++)
            crash(swarm, fault, nodes[i], first + i);
        break;
    case REC_FAULT_TRACKER_OUTAGE: begin_outage(swarm, fault, nodes[0], first); break;
    case REC_FAULT_CUT:
    case REC_FAULT_LOSE_CONNECTION: sever(swarm, fault, struck, first); break;
    case REC_FAULT_KIND_COUNT: assert(!"no kind");
    }
}

/* A row for each of those struck, or for nobody; the first of them. */
static uint32_t note_strikes(sim_swarm *swarm, uint32_t fault, uint32_t struck)
{
    uint32_t first = 0, strike;

    for (uint32_t i = 0; i < struck || i == 0; i++) {
        mb_node node = struck > 0 ? swarm->faults->chosen[i] : MB_NODE_NONE;

        if (!sim_recorder_strike(swarm->recorder, swarm->now, fault, node, &strike)) {
            sim_swarm_fail(swarm, MB_ERR_MEMORY, "out of memory");
            return 0;
        }
        if (i == 0) first = strike;
    }
    return first;
}

/* That strikes are over: those from `first` on that are of one fault and one moment. */
static void end(sim_swarm *swarm, uint32_t fault, uint32_t first)
{
    const rec_strike *begun = sim_recorder_strike_at(swarm->recorder, first);
    rec_strike *strike;

    for (uint32_t i = first; i < sim_recorder_strikes(swarm->recorder); i++) {
        strike = sim_recorder_strike_at(swarm->recorder, i);
        if (strike->fault != fault || strike->time != begun->time) break;
        strike->until = swarm->now;
        trace_fault(swarm, strike->node, REC_FAULT_ENDS | fault);
    }
    if (swarm->scenario->faults[fault].kind == REC_FAULT_TRACKER_OUTAGE)
        end_outage(swarm, first);
    else
        sim_swarm_heal(swarm, first);
}

void sim_swarm_fault(sim_swarm *swarm, const sim_pending_fault *due)
{
    assert(due->fault < swarm->scenario->fault_count);
    uint32_t struck, first;

    if (due->ends) {
        end(swarm, due->fault, due->strike);
        return;
    }
    sim_recorder_fault(swarm->recorder, due->fault);
    struck = choose(swarm, due->fault);
    first = note_strikes(swarm, due->fault, struck);
    if (struck > 0 && !swarm->error) take_effect(swarm, due->fault, struck, first);
    if (!swarm->error) plan_next(swarm, due->fault, swarm->now);
}

/* ---- what is lost by it --------------------------------------------------------------------- */

void sim_swarm_lost_at(sim_swarm *swarm, mb_node node, uint64_t bytes)
{
    uint32_t strike = swarm->faults ? swarm->faults->crashes[node] : 0;
    rec_strike *lost;

    assert(!swarm->nodes[node].peer);
    if (strike == 0) return;
    lost = sim_recorder_strike_at(swarm->recorder, strike - 1);
    lost->bytes += bytes;
    lost->messages += bytes == 0;
}

void sim_swarm_lost_announce(sim_swarm *swarm)
{
    const struct sim_faults *faults = swarm->faults;

    for (uint32_t i = 0; faults && swarm->tracker_present && i < faults->outage_count; i++)
        sim_recorder_strike_at(swarm->recorder, faults->outages[i])->messages++;
}
