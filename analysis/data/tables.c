#include "analysis/data/tables.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What the kinds of record/columns.def are in a database. */
enum {
    KIND_NODE = RES_TEXT,
    KIND_GROUP = RES_TEXT,
    KIND_TEXT = RES_TEXT,
    KIND_WORD = RES_TEXT,
    KIND_DETAIL = RES_TEXT,
    KIND_NUMBER = RES_INTEGER,
    KIND_NUMBER_IF = RES_INTEGER,
    KIND_TIME = RES_REAL,
    KIND_TIME_IF = RES_REAL,
    KIND_RATIO = RES_REAL,
};

#define COLUMN(NAME, KIND, ...) {#NAME, (res_column_kind)KIND_##KIND},

static const res_column completion[] = {
#define REC_COMPLETION COLUMN
#include "record/columns.def"
};

static const res_column provenance[] = {
#define REC_PROVENANCE COLUMN
#include "record/columns.def"
};

static const res_column timeline[] = {
#define REC_TIMELINE COLUMN
#include "record/columns.def"
};

static const res_column events[] = {
#define REC_EVENTS COLUMN
#include "record/columns.def"
};

static const res_column nodes[] = {
#define REC_NODES COLUMN
#include "record/columns.def"
};

static const res_column paths[] = {
#define REC_PATHS COLUMN
#include "record/columns.def"
};

static const res_column zones[] = {
#define REC_ZONES COLUMN
#include "record/columns.def"
};

static const res_column faults[] = {
#define REC_STRIKES COLUMN
#include "record/columns.def"
};

static const res_column transfers[] = {
#define REC_TRANSFERS COLUMN
#include "record/columns.def"
};

const res_table res_tables[] = {
    {"completion", completion, COUNT(completion)},
    {"provenance", provenance, COUNT(provenance)},
    {"timeline", timeline, COUNT(timeline)},
    {"events", events, COUNT(events)},
    {"nodes", nodes, COUNT(nodes)},
    {"paths", paths, COUNT(paths)},
    {"zones", zones, COUNT(zones)},
    {"faults", faults, COUNT(faults)},
    {"transfers", transfers, COUNT(transfers)},
};

const size_t res_table_count = COUNT(res_tables);

const char *res_column_type(res_column_kind kind)
{
    switch (kind) {
    case RES_TEXT: return "TEXT";
    case RES_INTEGER: return "INTEGER";
    case RES_REAL: return "REAL";
    }
    return "TEXT";
}
