/*
 * zones.csv, and what summary.json says of zones: bytes that crossed their borders, and that went
 * from one node to another inside.
 */
#include "core/units.h"
#include "sim/output/recorder_internal.h"

#include <assert.h>
#include <stdlib.h>

/* ---- counting ------------------------------------------------------------------------------ */

/* From zone a to zone b, either of which may be none. A zone's number is above its parent's: of two
 * the greater is the one to leave, until they are the same. */
static void add(sim_recorder_state *state, bool is_flying, uint32_t a, uint32_t b, uint64_t bytes)
{
    const sim_zones *zones = &state->scenario->zones;
    sim_zone_sums *sums = is_flying ? &state->flying_sums : &state->done_sums;
    sums->moved += bytes;
    if (a != b) sums->crossed += bytes;
    while (a != b) {
        bool leaves = b == SIM_ZONE_NONE || (a != SIM_ZONE_NONE && a > b);
        uint32_t *at = leaves ? &a : &b;
        assert(*at < zones->count);
        sim_zone_record *zone = &state->zones[*at];
        sim_zone_bytes *sum = is_flying ? &zone->flying : &zone->done;
        *(leaves ? &sum->out : &sum->in) += bytes;
        *at = zones->zones[*at].parent;
    }
    if (a == SIM_ZONE_NONE) return;
    sim_zone_record *zone = &state->zones[a];
    (is_flying ? &zone->flying : &zone->done)->inside += bytes;
}

void sim_recorder_moved(sim_recorder *recorder, mb_node from, mb_node to, uint64_t bytes)
{
    sim_recorder_state *state = recorder->state;
    add(state, false, sim_lines_zone(state->lines, from), sim_lines_zone(state->lines, to), bytes);
}

void sim_recorder_moving(sim_recorder *recorder, mb_node from, mb_node to, uint64_t bytes)
{
    sim_recorder_state *state = recorder->state;
    add(state, true, sim_lines_zone(state->lines, from), sim_lines_zone(state->lines, to), bytes);
}

void sim_zones_drop(sim_recorder_state *state)
{
    for (uint32_t i = 0; i < state->scenario->zones.count; i++)
        state->zones[i].flying = (sim_zone_bytes){0};
    state->flying_sums = (sim_zone_sums){0};
}

/* ---- zones.csv ----------------------------------------------------------------------------- */

/* What has gone through / what a link of that rate carries in `span`; none for an unlimited one. */
static rec_fraction used(const sim_recorder_state *state, uint64_t rate, uint64_t bytes,
                         mb_time span)
{
    assert(state->zones && span >= 0);
    bool is_known = rate != MB_RATE_UNLIMITED;
    return rec_fraction_of((sim_capacity)bytes * MB_WORK_BYTE,
                           is_known ? (sim_capacity)rate * (uint64_t)span : 0);
}

static void write_row(const sim_recorder_state *state, uint32_t number, mb_time now,
                      const sim_zone_bytes *bytes)
{
    const sim_zone *zone = &state->scenario->zones.zones[number];
    const sim_zone_bytes *last = &state->zones[number].sampled;
    mb_time span = state->sampled == MB_NEVER ? 0 : now - state->sampled;
    char *to = rec_output_room(state->zones_table, state->row_room + strlen(zone->name));
#define REC_ZONES(NAME, KIND, UNIT, IN, VALUE, ...) REC_PUT_COLUMN(KIND, (VALUE))
#include "record/columns.def"
    REC_PUT_END();
    rec_output_commit(state->zones_table, to);
}

void sim_zones_sample(sim_recorder *recorder, mb_time now)
{
    sim_recorder_state *state = recorder->state;
    for (uint32_t i = 0; i < state->scenario->zones.count; i++) {
        sim_zone_record *zone = &state->zones[i];
        const sim_zone_bytes bytes = {zone->done.out + zone->flying.out,
                                      zone->done.in + zone->flying.in,
                                      zone->done.inside + zone->flying.inside};
        assert(bytes.out >= zone->sampled.out && bytes.in >= zone->sampled.in);
        assert(bytes.inside >= zone->sampled.inside);
        if (state->zones_table) write_row(state, i, now, &bytes);
        zone->sampled = bytes;
    }
    state->sampled_sums = (sim_zone_sums){state->done_sums.moved + state->flying_sums.moved,
                                          state->done_sums.crossed + state->flying_sums.crossed};
    sim_zones_drop(state);
}

/* ---- summary.json -------------------------------------------------------------------------- */

/* Rates in words, behind the zones: three texts for each. */
typedef char rate_text[MB_UNITS_TEXT_MAX];

static const char *put_rate(rate_text text, uint64_t rate)
{
    return rate == MB_RATE_UNLIMITED ? NULL : mb_rate_format(rate, text);
}

static void count_peers(const sim_recorder *recorder, rec_zone *zones)
{
    const sim_recorder_state *state = recorder->state;
    for (mb_node node = 1; node < state->node_count; node++) {
        uint32_t zone = sim_lines_zone(state->lines, node);
        if (zone != SIM_ZONE_NONE && recorder->life[node].arrived != MB_NEVER) zones[zone].peers++;
    }
}

static void fill(const sim_recorder_state *state, uint32_t number, mb_time end, rec_zone *zone,
                 rate_text *texts)
{
    const sim_zones *all = &state->scenario->zones;
    const sim_zone *from = &all->zones[number];
    const sim_zone_bytes *bytes = &state->zones[number].sampled;
    zone->name = from->name;
    zone->parent = from->parent == SIM_ZONE_NONE ? NULL : all->zones[from->parent].name;
    zone->up = put_rate(texts[0], from->up);
    zone->down = put_rate(texts[1], from->down);
    zone->inside = put_rate(texts[2], from->inside);
    zone->out_bytes = bytes->out;
    zone->in_bytes = bytes->in;
    zone->inside_bytes = bytes->inside;
    zone->used[0] = used(state, from->up, bytes->out, end);
    zone->used[1] = used(state, from->down, bytes->in, end);
    zone->used[2] = used(state, from->inside, bytes->inside, end);
}

rec_zone *sim_zones_summary(const sim_recorder *recorder, mb_time end)
{
    const sim_recorder_state *state = recorder->state;
    const sim_zones *all = &state->scenario->zones;
    rec_zone *zones = calloc(1, ((size_t)all->count + 1) * (sizeof *zones + 3 * sizeof(rate_text)));
    rate_text *texts = (rate_text *)(void *)(zones + all->count + 1);
    if (!zones) return NULL;
    count_peers(recorder, zones);
    /* those in a zone come after it: what stays in them is known, and stays in it too */
    for (uint32_t i = all->count; i-- > 0;) {
        rec_zone *zone = &zones[i];
        fill(state, i, end, zone, texts + 3 * (size_t)i);
        zone->cross.denominator += zone->inside_bytes;
        uint32_t parent = all->zones[i].parent;
        if (parent != SIM_ZONE_NONE) {
            zones[parent].peers += zone->peers;
            zones[parent].cross.denominator += zone->cross.denominator;
        }
        zone->cross.numerator = zone->out_bytes + zone->in_bytes;
        zone->cross.denominator += zone->cross.numerator;
    }
    return zones;
}

void sim_zones_summary_free(rec_zone *zones)
{
    free(zones);
}
