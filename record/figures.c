#include "record/figures.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/units.h"

/* Sums of uploads are cut to so many bits, so that their squares fit. */
#define JAIN_BITS 51

typedef unsigned __int128 wide;

static mb_time later(mb_time a, mb_time b)
{
    return a > b ? a : b;
}

static mb_time earlier(mb_time a, mb_time b)
{
    return a < b ? a : b;
}

/* ---- sums over the peers ------------------------------------------------------------------- */

struct sums {
    uint64_t uploaded_max;
    wide uploaded;
    uint64_t counted; /* peers in the statistics, for Jain's index */
    wide uplinks;     /* of those that give: free riders' are not in */
    bool unlimited;   /* one of these is */
    wide dealt_bytes;
    mb_time receive_ns; /* the longest that a peer takes for what it lacks at its full downlink */
    wide active_ns;     /* time that peers were there and incomplete, from the warm-up on */
    uint64_t late_arrivals;    /* peers that came after the warm-up and were not complete at once */
    uint64_t late_completions; /* of these */
    wide late_download_ns;
};

/* How long `bytes` take at `rate` (2^-16 byte/s), rounded down; no time where it is unlimited;
 * MB_NEVER: for ever. */
static mb_time time_at_rate(wide bytes, wide rate)
{
    if (bytes == 0 || rate == MB_RATE_UNLIMITED) return 0;
    if (rate == 0 || bytes >> 82) return MB_NEVER;
    wide time = bytes * MB_WORK_BYTE / rate;
    return time < MB_NEVER ? (mb_time)time : MB_NEVER;
}

static void add_to_bound(struct sums *sums, const rec_run *run, uint32_t peer)
{
    assert(peer < run->peer_count);
    const rec_group *group = &run->groups[run->stats[peer].group];
    uint64_t dealt = run->life[peer].dealt_bytes;
    uint64_t up = run->rates ? run->rates[peer].up : group->up;
    uint64_t down = run->rates ? run->rates[peer].down : group->down;
    if (!group->free_rider && !run->life[peer].returns) {
        sums->uplinks += up;
        sums->unlimited |= up == MB_RATE_UNLIMITED;
    }
    sums->dealt_bytes += dealt;
    if (rec_came_complete(run, peer)) return;
    sums->receive_ns = later(sums->receive_ns, time_at_rate(run->wire_bytes - dealt, down));
}

static void add_to_flow(struct sums *sums, const rec_run *run, uint32_t peer)
{
    assert(peer < run->peer_count && run->end >= 0);
    const rec_life *life = &run->life[peer];
    mb_time until = earlier(earlier(life->completed, life->left), run->end);
    mb_time from = later(life->arrived, run->warmup);
    if (until > from) sums->active_ns += (uint64_t)(until - from);
    if (life->arrived < run->warmup || life->completed == life->arrived) return;
    sums->late_arrivals++;
    if (life->completed == MB_NEVER) return;
    sums->late_completions++;
    sums->late_download_ns += (uint64_t)(life->completed - life->arrived);
}

static void add_to_traffic(struct sums *sums, const rec_run *run, uint32_t peer)
{
    if (!rec_is_counted(run, peer)) return;
    uint64_t uploaded = run->stats[peer].uploaded_bytes;
    sums->counted++;
    sums->uploaded += uploaded;
    if (uploaded > sums->uploaded_max) sums->uploaded_max = uploaded;
}

static void count_peer(rec_figures *figures, uint32_t peer)
{
    const rec_run *run = figures->run;
    rec_part *group = &figures->groups[run->stats[peer].group];
    mb_time completed = run->life[peer].completed;
    group->peers++;
    figures->whole.peers++;
    figures->wasted_bytes += run->stats[peer].wasted_bytes;
    figures->incomplete += completed == MB_NEVER && run->life[peer].left == MB_NEVER;
    if (completed == MB_NEVER) return;
    group->complete++;
    figures->whole.complete++;
    bool first = figures->completed == MB_NEVER;
    figures->completed = first ? completed : later(figures->completed, completed);
}

static struct sums add_up(rec_figures *figures)
{
    const rec_run *run = figures->run;
    struct sums sums = {.uplinks = run->tracker_up,
                        .unlimited = run->tracker_up == MB_RATE_UNLIMITED};
    for (uint32_t peer = 0; peer < run->peer_count; peer++) {
        if (run->life[peer].arrived == MB_NEVER) continue;
        count_peer(figures, peer);
        add_to_bound(&sums, run, peer);
        add_to_flow(&sums, run, peer);
        add_to_traffic(&sums, run, peer);
    }
    return sums;
}

/* ---- single figures ------------------------------------------------------------------------ */

static bool is_open(const rec_run *run)
{
    for (uint32_t group = 0; group < run->group_count; group++)
        if (run->groups[group].open) return true;
    return false;
}

/* The soonest that any schedule could complete all who arrived; MB_NEVER where that says nothing.
 */
static mb_time lower_bound(const rec_figures *figures, const struct sums *sums)
{
    const rec_run *run = figures->run;
    if (is_open(run) || !run->rates_known) return MB_NEVER;
    wide wanted = (wide)figures->whole.peers * run->wire_bytes - sums->dealt_bytes;
    mb_time seeder = time_at_rate(run->unheld_bytes, run->tracker_up);
    mb_time shared = sums->unlimited ? 0 : time_at_rate(wanted, sums->uplinks);
    return later(later(seeder, sums->receive_ns), shared);
}

static rec_fraction bound_ratio(const rec_figures *figures)
{
    bool whole = figures->lower_bound != MB_NEVER && figures->completed != MB_NEVER &&
                 figures->whole.complete == figures->run->expected;
    if (!whole) return rec_fraction_of(0, 0);
    return rec_fraction_of((uint64_t)figures->completed, (uint64_t)figures->lower_bound);
}

static rec_fraction jain_index(const rec_run *run, const struct sums *sums)
{
    unsigned cut = 0;
    while (sums->uploaded >> cut >> JAIN_BITS)
        cut++;
    wide sum = 0, squares = 0;
    for (uint32_t peer = 0; peer < run->peer_count; peer++) {
        if (!rec_is_counted(run, peer)) continue;
        wide bytes = run->stats[peer].uploaded_bytes >> cut;
        sum += bytes;
        squares += bytes * bytes;
    }
    return rec_fraction_of(sum * sum, sums->counted * squares);
}

static void share_blocks(rec_figures *figures)
{
    const uint64_t *blocks = figures->run->blocks;
    uint64_t shares[REC_ROLE_COUNT] = {0};
    figures->transferred = blocks[0] + blocks[1] + blocks[2];
    mb_shares_split(blocks, 3, shares);
    for (unsigned role = 0; role < 3; role++)
        figures->shares[role] = rec_fraction_of(shares[role], figures->transferred ? 1000000 : 0);
}

/* Little's law: peers there = arrivals per second x time that each stays. */
static void make_flow(rec_figures *figures, const struct sums *sums)
{
    mb_time span = figures->run->end - figures->run->warmup;
    bool open = is_open(figures->run) && span > 0;
    figures->mean_active = rec_fraction_of(sums->active_ns, open ? (uint64_t)span : 0);
    wide there = sums->late_completions * sums->active_ns;
    wide expected = sums->late_arrivals * sums->late_download_ns;
    wide error = there > expected ? there - expected : expected - there;
    figures->little_error = rec_fraction_of(error, open ? there : 0);
}

static void make_parts(rec_figures *figures)
{
    figures->whole.downloads = rec_column_whole(&figures->downloads);
    figures->whole.ratios = rec_column_whole(&figures->ratios);
    for (uint32_t group = 0; group < figures->run->group_count; group++) {
        figures->groups[group].downloads = rec_column_group(&figures->downloads, group);
        figures->groups[group].ratios = rec_column_group(&figures->ratios, group);
    }
}

int rec_figures_make(rec_figures *figures, const rec_run *run)
{
    assert(run->end >= 0);
    *figures = (rec_figures){.run = run, .completed = MB_NEVER};
    figures->groups = calloc((size_t)run->group_count + 1, sizeof *figures->groups);
    if (!figures->groups) return MB_ERR_MEMORY;
    int result = rec_column_downloads(&figures->downloads, run);
    if (result == MB_OK) result = rec_column_ratios(&figures->ratios, run);
    if (result != MB_OK) return result;
    make_parts(figures);
    struct sums sums = add_up(figures);
    figures->lower_bound = lower_bound(figures, &sums);
    figures->bound_ratio = bound_ratio(figures);
    share_blocks(figures);
    figures->served_files = rec_fraction_of(sums.uploaded_max, sums.counted ? run->wire_bytes : 0);
    figures->jain_index = jain_index(run, &sums);
    make_flow(figures, &sums);
    return MB_OK;
}

void rec_figures_clear(rec_figures *figures)
{
    rec_column_clear(&figures->downloads);
    rec_column_clear(&figures->ratios);
    free(figures->groups);
}

/* ---- the rows ------------------------------------------------------------------------------ */

enum kind { NUMBER, TEXT, BOOL, TIME, RATIO, HEX, NOTHING };

struct value {
    enum kind kind;
    union {
        uint64_t number;
        const char *text;
        bool flag;
        mb_time time;
        rec_fraction fraction;
    } as;
};

#define IS_NUMBER(VALUE)                                                                           \
    {                                                                                              \
        NUMBER,                                                                                    \
        {                                                                                          \
            .number = VALUE                                                                        \
        }                                                                                          \
    }
#define IS_TEXT(VALUE)                                                                             \
    {                                                                                              \
        TEXT,                                                                                      \
        {                                                                                          \
            .text = VALUE                                                                          \
        }                                                                                          \
    }
#define IS_BOOL(VALUE)                                                                             \
    {                                                                                              \
        BOOL,                                                                                      \
        {                                                                                          \
            .flag = VALUE                                                                          \
        }                                                                                          \
    }
#define IS_TIME(VALUE)                                                                             \
    {                                                                                              \
        TIME,                                                                                      \
        {                                                                                          \
            .time = VALUE                                                                          \
        }                                                                                          \
    }
#define IS_RATIO(VALUE)                                                                            \
    {                                                                                              \
        RATIO,                                                                                     \
        {                                                                                          \
            .fraction = VALUE                                                                      \
        }                                                                                          \
    }
#define IS_HEX(VALUE)                                                                              \
    {                                                                                              \
        HEX,                                                                                       \
        {                                                                                          \
            .number = VALUE                                                                        \
        }                                                                                          \
    }

/* Who has a figure: the whole run, or each group as well; every run, or only a simulated one. */
#define OF_RUN false
#define OF_PART true
#define IN_ALL(run) true
#define IN_SIM(run) ((run)->engine != NULL)

static const struct row {
    const char *path;
    bool of_part;
} rows[] = {
#define REC_FIGURE(PATH, KIND, UNIT, OF, IN, VALUE, ...) {PATH, OF_##OF},
#include "record/figures.def"
};
#define ROW_COUNT (sizeof rows / sizeof *rows)

static bool has_row(const rec_figures *figures, const rec_part *part, bool of_part)
{
    return of_part || part == &figures->whole;
}

/* The value of each row that `part` has. */
static void take_values(struct value *values, const rec_figures *figures, const rec_part *part)
{
    const rec_run *run = figures->run;
    struct value *to = values;
#define REC_FIGURE(PATH, KIND, UNIT, OF, IN, VALUE, ...)                                           \
    if (has_row(figures, part, OF_##OF))                                                           \
        *to = IN_##IN(run) ? (struct value)IS_##KIND(VALUE) : (struct value){.kind = NOTHING};     \
    to++;
#include "record/figures.def"
    assert(to == values + ROW_COUNT);
}

static void put_value(rec_json *json, const char *key, const struct value *value)
{
    switch (value->kind) {
    case NUMBER: rec_json_number(json, key, value->as.number); return;
    case TEXT: rec_json_text(json, key, value->as.text); return;
    case BOOL: rec_json_bool(json, key, value->as.flag); return;
    case TIME: rec_json_time(json, key, value->as.time); return;
    case RATIO: rec_json_ratio(json, key, value->as.fraction); return;
    case HEX: rec_json_hex(json, key, value->as.number); return;
    case NOTHING: rec_json_null(json, key); return;
    }
}

/* The object that a path begins with, as far as the dot; 0: none. */
static size_t object_size(const char *path)
{
    const char *dot = strchr(path, '.');
    return dot ? (size_t)(dot - path) : 0;
}

/* An object of summary.json that is open: the first `size` bytes of a path; 0: none. */
struct object {
    const char *path;
    size_t size;
};

/* Ends the object that is open and begins that of `path`, if they are not the same. */
static void enter(rec_json *json, struct object *open, const char *path)
{
    struct object next = {path, object_size(path)};
    char name[64];
    assert(next.size < sizeof name);
    if (open->size == next.size && strncmp(open->path, path, next.size) == 0) return;
    if (open->size > 0) rec_json_object_end(json);
    *open = next;
    if (next.size == 0) return;
    memcpy(name, path, next.size);
    name[next.size] = '\0';
    rec_json_object(json, name);
}

static void put_part(rec_json *json, const rec_figures *figures, const rec_part *part)
{
    struct value values[ROW_COUNT];
    struct object open = {"", 0};
    take_values(values, figures, part);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (!has_row(figures, part, rows[i].of_part)) continue;
        enter(json, &open, rows[i].path);
        put_value(json, rows[i].path + open.size + (open.size > 0), &values[i]);
    }
    enter(json, &open, "");
}

/* ---- what is no single figure -------------------------------------------------------------- */

static void put_groups(rec_json *json, const rec_figures *figures)
{
    rec_json_object(json, "groups");
    for (uint32_t group = 0; group < figures->run->group_count; group++) {
        rec_json_object(json, figures->run->groups[group].name);
        put_part(json, figures, &figures->groups[group]);
        rec_json_object_end(json);
    }
    rec_json_object_end(json);
}

/* Nothing where the scenario has no faults. */
static void put_faults(rec_json *json, const rec_run *run)
{
    if (run->fault_count == 0) return;
    rec_json_object(json, "faults");
    for (uint32_t i = 0; i < run->fault_count; i++) {
        const rec_fault *fault = &run->faults[i];
        rec_json_object(json, fault->name);
#define REC_FAULT(PATH, KIND, UNIT, OF, IN, VALUE, ...)                                            \
    rec_json_number(json, PATH + strlen("faults.NAME."), VALUE);
#include "record/figures.def"
        rec_json_object_end(json);
    }
    rec_json_object_end(json);
}

/* Only pairs that moved bytes: all that there could be are the groups' square. */
static void put_group_bytes(rec_json *json, const rec_run *run)
{
    const rec_pairs *pairs = run->pairs;
    rec_json_object(json, "group_bytes");
    for (size_t i = 0; i < pairs->count;) {
        uint32_t from = (uint32_t)(pairs->slots[i].key >> 32);
        rec_json_object(json, from == 0 ? "tracker" : run->groups[from - 1].name);
        for (; i < pairs->count && pairs->slots[i].key >> 32 == from; i++)
            rec_json_number(json, run->groups[(uint32_t)pairs->slots[i].key].name,
                            pairs->slots[i].bytes);
        rec_json_object_end(json);
    }
    rec_json_object_end(json);
}

static void put_zone(rec_json *json, const rec_run *run, const rec_zone *zone)
{
    rec_json_object(json, zone->name);
#define REC_ZONE(PATH, KIND, UNIT, VALUE, ...)                                                     \
    put_value(json, PATH, &(const struct value)IS_##KIND((VALUE)));
#include "record/figures.def"
    rec_json_object_end(json);
}

/* Where there are any. */
static void put_zones(rec_json *json, const rec_run *run)
{
    if (!run->engine || run->engine->zone_count == 0) return;
    rec_json_object(json, "zones");
    for (uint32_t i = 0; i < run->engine->zone_count; i++)
        put_zone(json, run, &run->engine->zones[i]);
    rec_json_object_end(json);
}

static void put_checkpoints(rec_json *json, const rec_engine *engine)
{
    if (!engine) {
        rec_json_null(json, "trace_checkpoints");
        return;
    }
    rec_json_array(json, "trace_checkpoints");
    for (size_t i = 0; i < engine->checkpoint_count; i++)
        rec_json_hex(json, NULL, engine->checkpoints[i]);
    rec_json_array_end(json);
}

void rec_figures_write(rec_json *json, const rec_figures *figures)
{
    rec_json_init(json);
    put_part(json, figures, &figures->whole);
    put_groups(json, figures);
    put_faults(json, figures->run);
    put_group_bytes(json, figures->run);
    put_zones(json, figures->run);
    put_checkpoints(json, figures->run->engine);
}
