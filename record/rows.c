#include "record/rows.h"

/* ---- headers ------------------------------------------------------------------------------- */

/* Each name with the comma before it: the first comma is skipped. */
#define NAMED(NAME, ...) "," #NAME

static const char completion[] =
#define REC_COMPLETION NAMED
#include "record/columns.def"
    "\n";
static const char provenance[] =
#define REC_PROVENANCE NAMED
#include "record/columns.def"
    "\n";
static const char timeline[] =
#define REC_TIMELINE NAMED
#include "record/columns.def"
    "\n";
static const char events[] =
#define REC_EVENTS NAMED
#include "record/columns.def"
    "\n";
static const char nodes[] =
#define REC_NODES NAMED
#include "record/columns.def"
    "\n";
static const char paths[] =
#define REC_PATHS NAMED
#include "record/columns.def"
    "\n";
static const char zones[] =
#define REC_ZONES NAMED
#include "record/columns.def"
    "\n";
static const char strikes[] =
#define REC_STRIKES NAMED
#include "record/columns.def"
    "\n";
static const char transfers[] =
#define REC_TRANSFERS NAMED
#include "record/columns.def"
    "\n";

const char *const rec_completion_header = completion + 1;
const char *const rec_provenance_header = provenance + 1;
const char *const rec_timeline_header = timeline + 1;
const char *const rec_events_header = events + 1;
const char *const rec_nodes_header = nodes + 1;
const char *const rec_paths_header = paths + 1;
const char *const rec_zones_header = zones + 1;
const char *const rec_strikes_header = strikes + 1;
const char *const rec_transfers_header = transfers + 1;

/* ---- completion.csv ------------------------------------------------------------------------ */

char *rec_put_completion(char *to, mb_node node, const rec_stats *stats, const rec_life *life,
                         const rec_names *names)
{
    assert(life->status < REC_STATUS_COUNT);
#define REC_COMPLETION(NAME, KIND, UNIT, IN, VALUE, ...) REC_PUT_COLUMN(KIND, (VALUE))
#include "record/columns.def"
    REC_PUT_END();
    return to;
}

/* ---- timeline.csv -------------------------------------------------------------------------- */

/* Bytes per second since the row before, rounded to the nearest; none where there was no time. */
static uint64_t rec_goodput(const rec_moment *moment)
{
    if (moment->span <= 0) return REC_NONE;
    uint64_t span = (uint64_t)moment->span;
    unsigned __int128 work = (unsigned __int128)moment->payload * (uint64_t)MB_SECOND + span / 2;
    return (uint64_t)(work / span);
}

#define IN_ALL true
#define IN_SIM moment->simulated

char *rec_put_timeline(char *to, const rec_moment *moment)
{
    assert(moment->rarest_blocks <= moment->block_count);
    assert(moment->interested_pairs <= moment->known_pairs);
#define REC_TIMELINE(NAME, KIND, UNIT, IN, VALUE, ...)                                             \
    if (IN_##IN) REC_PUT_##KIND((VALUE));                                                          \
    *to++ = ',';
#include "record/columns.def"
    REC_PUT_END();
    return to;
}
