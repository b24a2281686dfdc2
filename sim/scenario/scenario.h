/*
 * A scenario: a whole experiment, read from an INI file and resolved to numbers.
 *
 * The study (sim/study/study.h) resolves one for each run, and it goes, constant from then on, to
 * sim_run() or to the replay. Every preset, default, unit and path is resolved here; who runs a
 * scenario parses nothing. Reading creates and changes nothing on disk.
 *
 * Rates are in units of 2^-16 byte/s (MB_RATE_BYTE of core/units.h), times in nanoseconds.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include "core/geometry.h"
#include "core/protocol.h"
#include "core/types.h"
#include "core/units.h"
#include "record/words.h"
#include "sim/scenario/ini.h"
#include "sim/scenario/zones.h"

/* Runs of a study, values of a list, repetitions: each at most so many. */
#define SIM_STUDY_RUNS_MAX UINT32_C(1000000)

/* No scenario names a later time, so the sum of two times fits: 1,000,000 hours. */
#define SIM_TIME_MAX (INT64_C(1000000) * 3600 * MB_SECOND)
/* No key, row or table may say a longer latency. */
#define SIM_LATENCY_MAX (3600 * MB_SECOND)
/* Peers of a run, all groups together. */
#define SIM_PEERS_MAX (UINT32_C(1) << 24)
/* Zones of a scenario, all together. */
#define SIM_ZONES_MAX (UINT32_C(1) << 16)
/* A group's count where the file leaves it open: as many as arrive before `until`. */
#define SIM_COUNT_OPEN UINT32_MAX

/* Where the file's bytes come from. */
typedef enum sim_file_mode {
    SIM_FILE_SIZE,   /* a size alone; no bytes move */
    SIM_FILE_BLOCKS, /* a number of whole blocks; no bytes move */
    SIM_FILE_PATH,   /* a real file, whose bytes move and are verified */
} sim_file_mode;

typedef struct sim_file {
    sim_file_mode mode;
    mb_geometry geometry;
    char *path; /* SIM_FILE_PATH: as to be opened; else NULL */
} sim_file;

/* A node's access link: both rates, and its share of every path's delay. */
typedef struct sim_access {
    uint64_t up;
    uint64_t down;
    mb_time latency;
} sim_access;

/* A node that is at no place of [latency]'s table. */
#define SIM_PLACE_NONE UINT32_MAX

/* Where the nodes of a group, or the tracker, are. */
typedef enum sim_place_kind {
    SIM_PLACES_NONE,     /* nowhere: `latency` holds */
    SIM_PLACES_NAMED,    /* all at `place` */
    SIM_PLACES_RANDOM,   /* each at a random one */
    SIM_PLACES_IN_ORDER, /* in the order of the table, and round again */
} sim_place_kind;

typedef struct sim_places {
    sim_place_kind kind;
    uint32_t place;
    const char *name; /* of that; the table's */
} sim_places;

/* [latency]: how long a message takes between two places, as was measured. */
typedef struct sim_latency {
    char *path;      /* of the table; NULL: the scenario has no [latency] */
    bool one_way;    /* what the table says; else round trips */
    uint32_t unit;   /* of its numbers, in ns */
    char *missing;   /* the text that says besides that nothing was measured; "" for none */
    mb_time fill;    /* then it takes so long; MB_NEVER: it must be measured where it is needed */
    uint32_t count;  /* places */
    char **names;    /* of each */
    mb_time *ways;   /* [from * count + to], one way; MB_NEVER: not measured */
    uint64_t *rates; /* [2 * place] up, [2 * place + 1] down; NULL: the table has none */
} sim_latency;

/* In which zones the nodes of a group are, the tracker, a replay's node, or zones themselves. */
typedef enum sim_zoned_kind {
    SIM_ZONED_NONE,
    SIM_ZONED_NAMED,  /* all in the zone `first` */
    SIM_ZONED_SPREAD, /* one after the other in `count` zones from `first` on, and round again */
    SIM_ZONED_RANDOM, /* each in a random one of these */
} sim_zoned_kind;

typedef struct sim_zoned {
    sim_zoned_kind kind;
    uint32_t group; /* of the scenario's zone groups */
    uint32_t first, count;
    const char *name; /* of the zone, or of the group: theirs */
} sim_zoned;

/* A [zone NAME] group: one zone, or equal ones. */
typedef struct sim_zone_group {
    char *name;
    uint32_t count; /* NAME-1 and so on; 0: one, called NAME */
    uint32_t first; /* of the scenario's zones */
    uint64_t up, down, inside;
    mb_time latency;
    char *parent; /* as written; "" for none */
    sim_zoned in; /* the same; `first` counts from its group's first */
} sim_zone_group;

/* Node 0: the tracker and first seeder. */
typedef struct sim_tracker_plan {
    bool seeder;       /* it has the file; else it keeps the books alone, and gives nothing */
    sim_access access; /* without the file: no uplink */
    sim_places places;
    sim_zoned zoned;
    mb_time leave_at;     /* seeder and announces both end; MB_NEVER */
    mb_protocol protocol; /* [protocol]'s with the group's own seeder_slots */
} sim_tracker_plan;

typedef enum sim_arrival_kind {
    SIM_ARRIVE_AT,      /* all at arrival_time */
    SIM_ARRIVE_WITHIN,  /* each at random in [0, arrival_time) */
    SIM_ARRIVE_EVERY,   /* one each arrival_time, the first at 0 */
    SIM_ARRIVE_POISSON, /* arrival_rate / 10^9 of them each arrival_time, at random */
    SIM_ARRIVE_TRACE,   /* as the trace's rows say */
} sim_arrival_kind;

typedef enum sim_leave_kind {
    SIM_LEAVE_NEVER,
    SIM_LEAVE_WHEN_COMPLETE, /* in good order: tells its last block, serves out, goes */
    SIM_LEAVE_AT_ONCE,       /* gone at the instant of completion */
    SIM_LEAVE_AFTER,         /* leave_time after completion */
    SIM_LEAVE_EXPONENTIAL,   /* after completion, exponentially distributed with mean leave_time */
    SIM_LEAVE_AT,            /* at leave_time of the run, complete or not */
} sim_leave_kind;

/* When whoever has gone is there again. */
typedef enum sim_return_kind {
    SIM_RETURN_NEVER,
    SIM_RETURN_AFTER,       /* return_time after it began to leave */
    SIM_RETURN_EXPONENTIAL, /* exponentially distributed with mean return_time */
} sim_return_kind;

typedef enum sim_have_kind {
    SIM_HAVE_NONE,
    SIM_HAVE_ALL,
    SIM_HAVE_SOME,    /* have_blocks different blocks, drawn for each peer apart */
    SIM_HAVE_ALL_BUT, /* all but block have_blocks */
} sim_have_kind;

#define SIM_ROW_NONE UINT32_MAX

/* One row of an arrival trace. */
typedef struct sim_trace_row {
    mb_time arrived;
    mb_time leave_at;  /* MB_NEVER: what the group's `leave` says */
    uint64_t up, down; /* UINT64_MAX: as the group has it */
    mb_time latency;   /* MB_NEVER: likewise */
    char *peer;        /* its name; NULL: it has none but its group's and a number */
    uint32_t before;   /* the row of this peer's session before; SIM_ROW_NONE: it is the first */
    uint32_t line;     /* of the table */
} sim_trace_row;

/* A [peers NAME] group. */
typedef struct sim_group {
    char *name;
    uint32_t count; /* SIM_COUNT_OPEN only with every and poisson; trace: its rows */
    sim_access access;
    sim_places places;
    sim_zoned zoned;
    sim_arrival_kind arrival;
    mb_time arrival_time;
    int64_t arrival_rate; /* poisson: billionths of an arrival per arrival_time */
    char *trace_path;     /* SIM_ARRIVE_TRACE, else NULL */
    sim_trace_row *trace; /* `count` rows in order of arrival */
    bool own_lines;       /* some rows say how their line is */
    bool named;           /* some name their peer */
    sim_leave_kind leave;
    mb_time leave_time;
    bool sudden;             /* it goes at that moment, or at its row's, without a word */
    sim_return_kind returns; /* only of who has the whole file and leaves after a time */
    mb_time return_time;
    sim_have_kind have;
    uint32_t have_blocks;
    bool unreachable;     /* accepts no contact, only makes it */
    mb_protocol protocol; /* [protocol]'s with the group's own keys, finished */
} sim_group;

/* Who a fault strikes. */
typedef enum sim_whom_kind {
    SIM_WHOM_TRACKER, /* node 0 */
    SIM_WHOM_GROUP,   /* all of `group` that are there */
    SIM_WHOM_PEER,    /* its peer number `count`, from 1 */
    SIM_WHOM_COUNT,   /* `count` of those of `group` that are there, drawn each time */
    SIM_WHOM_SHARE,   /* `share` of them, in millionths of a per cent, rounded up */
} sim_whom_kind;

typedef struct sim_whom {
    sim_whom_kind kind;
    uint32_t group;
    const char *name; /* of that; the group's */
    uint32_t count;
    int64_t share;
} sim_whom;

typedef enum sim_when_kind {
    SIM_WHEN_AT,      /* at `time` */
    SIM_WHEN_EVERY,   /* at each multiple of `time`, not at 0 */
    SIM_WHEN_POISSON, /* rate / 10^9 times each `time`, at random */
} sim_when_kind;

typedef struct sim_when {
    sim_when_kind kind;
    mb_time time;
    int64_t rate;
} sim_when;

/* A [fault NAME] group. */
typedef struct sim_fault {
    char *name;
    rec_fault_kind kind;
    sim_whom whom;
    sim_when when;
    mb_time lasts;        /* MB_NEVER: to the end of the run */
    bool lasts_at_random; /* each time exponentially distributed with that mean */
} sim_fault;

/* [replay]: transfers of a trace over the links of named nodes, without protocol. */
typedef struct sim_named_node {
    char *name;
    sim_access access;
    uint32_t zone; /* or SIM_ZONE_NONE; which is */
    sim_zoned zoned;
} sim_named_node;

typedef struct sim_replay_plan {
    char *trace_path; /* NULL: the scenario has no [replay] */
    sim_named_node *nodes;
    uint32_t node_count;
} sim_replay_plan;

typedef enum sim_expect_kind {
    SIM_EXPECT_VALUE,        /* a scalar of summary.json equals `low` */
    SIM_EXPECT_RANGE,        /* it lies in low..high, either of which may be NULL */
    SIM_EXPECT_COMPLETE,     /* `low` peers complete; all of them where low is NULL */
    SIM_EXPECT_COMPLETED_BY, /* all complete by `by` */
} sim_expect_kind;

/* One key of [expect]. Numbers stay the decimal texts that they were, so that they stay exact. */
typedef struct sim_expectation {
    char *path;
    char *wanted; /* the value as written */
    sim_expect_kind kind;
    char *low;
    char *high;
    mb_time by;
    const char *file; /* that it stands in; interned */
    uint32_t line;    /* of that; 0: from an option */
} sim_expectation;

typedef struct sim_scenario {
    char *source; /* the file's path as given */
    char *name;   /* default: the file's name without folder and .ini */
    char *description;
    uint64_t seed;
    mb_time until;
    mb_time warmup;
    mb_time sample;
    sim_file file;
    mb_protocol protocol; /* finished */
    sim_latency latency;
    sim_zones zones;
    sim_zone_group *zone_groups; /* as in the file */
    uint32_t zone_group_count;
    sim_tracker_plan tracker;
    sim_group *groups;
    uint32_t group_count;
    bool open; /* some group's arrivals are open (every, poisson, trace) */
    sim_fault *faults;
    uint32_t fault_count;
    sim_replay_plan replay;
    sim_expectation *expect;
    uint32_t expect_count;
} sim_scenario;

/*
 * Applies `override_count` texts "group.key=value" over the keys that were read, in order. 0; or
 * MB_ERR_SYNTAX with one line in *error (free() it) that names `path` and the text.
 */
int sim_scenario_override(sim_ini *ini, const char *path, const char *const *overrides,
                          uint32_t override_count, char **error);

/*
 * Resolves a text without ${}: `path` names the scenario. *scenario is the caller's, to be freed by
 * sim_scenario_free(), and keeps nothing of `ini`. On failure *scenario is NULL and *error one line
 * without newline that names file, line, group, key and value (free() it): returns MB_ERR_SYNTAX,
 * whatever was wrong. O(size of the text + of the traces).
 */
int sim_scenario_resolve(const char *path, const sim_ini *ini, sim_scenario **scenario,
                         char **error);

/* All of this from `size` bytes in memory, without extends and ${}; `path` is what messages call
 * them and whose folder relative paths start from. For tests and fuzzing. */
int sim_scenario_parse(const char *path, const char *text, size_t size,
                       const char *const *overrides, uint32_t override_count,
                       sim_scenario **scenario, char **error);

/* Asserts what a run counts on. O(scenario). */
void sim_scenario_check(const sim_scenario *scenario);

/* Whether a node's line may differ from its group's: by its place, or by its row of a trace. */
bool sim_scenario_has_lines(const sim_scenario *scenario);

/* Frees a scenario and all it owns; NULL is all right. */
void sim_scenario_free(sim_scenario *scenario);

/* Peers that will arrive: exact but for poisson without count, where it is the expected number. */
uint64_t sim_scenario_peers_estimate(const sim_scenario *scenario);

#endif
