#include "analysis/data/tables.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const res_column completion[] = {
    {"peer", RES_TEXT},
    {"group", RES_TEXT},
    {"arrived_s", RES_REAL},
    {"first_block_s", RES_REAL},
    {"completed_s", RES_REAL},
    {"download_s", RES_REAL},
    {"blocks", RES_INTEGER},
    {"dealt", RES_INTEGER},
    {"from_tracker", RES_INTEGER},
    {"from_seeders", RES_INTEGER},
    {"from_leechers", RES_INTEGER},
    {"uploaded_blocks", RES_INTEGER},
    {"uploaded_bytes", RES_INTEGER},
    {"downloaded_bytes", RES_INTEGER},
    {"wasted_bytes", RES_INTEGER},
    {"refusals", RES_INTEGER},
    {"left_s", RES_REAL},
    {"status", RES_TEXT},
};

static const res_column provenance[] = {
    {"seq", RES_INTEGER},    {"time_s", RES_REAL},   {"peer", RES_TEXT},
    {"block", RES_INTEGER},  {"from", RES_TEXT},     {"from_role", RES_TEXT},
    {"started_s", RES_REAL}, {"bytes", RES_INTEGER}, {"via", RES_TEXT},
};

static const res_column timeline[] = {
    {"time_s", RES_REAL},
    {"arrived", RES_INTEGER},
    {"active", RES_INTEGER},
    {"complete", RES_INTEGER},
    {"left", RES_INTEGER},
    {"blocks_delivered", RES_INTEGER},
    {"from_tracker", RES_INTEGER},
    {"from_seeders", RES_INTEGER},
    {"from_leechers", RES_INTEGER},
    {"goodput_bytes_per_s", RES_INTEGER},
    {"uplink_utilization", RES_REAL},
    {"min_copies", RES_INTEGER},
    {"mean_copies", RES_REAL},
    {"rarest_blocks", RES_INTEGER},
    {"interest_ratio", RES_REAL},
    {"unchoked_pairs", RES_INTEGER},
};

static const res_column events[] = {
    {"seq", RES_INTEGER}, {"time_s", RES_REAL},   {"event", RES_TEXT},  {"node", RES_TEXT},
    {"other", RES_TEXT},  {"block", RES_INTEGER}, {"detail", RES_TEXT},
};

static const res_column transfers[] = {
    {"at_s", RES_REAL},     {"from", RES_TEXT},        {"to", RES_TEXT},
    {"bytes", RES_INTEGER}, {"completed_s", RES_REAL},
};

const res_table res_tables[] = {
    {"completion", completion, COUNT(completion)}, {"provenance", provenance, COUNT(provenance)},
    {"timeline", timeline, COUNT(timeline)},       {"events", events, COUNT(events)},
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
