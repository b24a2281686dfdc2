/* The table of the scenario's groups and keys; the protocol's keys have theirs in core/protocol.c.
 */
#include "sim/scenario/reader.h"

#define SCENARIO(field) .offset = offsetof(sim_scenario, field)
#define TRACKER(field) .offset = offsetof(sim_scenario, tracker.field)
#define PEERS(field) .offset = offsetof(sim_group, field)
#define LATENCY(field) .offset = offsetof(sim_scenario, latency.field)
#define ZONE(field) .offset = offsetof(sim_zone_group, field)
#define FAULT(field) .offset = offsetof(sim_fault, field)
#define NODE(field) .offset = offsetof(sim_named_node, field)

#define NOWHERE .offset = 0 /* the reader knows where */

/* How a kind of value is read, and how it is written. */
#define TEXT sim_read_text, sim_write_text
#define BOOL sim_read_bool, sim_write_bool
#define COUNT sim_read_count, sim_write_count
#define TIME sim_read_time, sim_write_time
#define RATE sim_read_rate, sim_write_rate

#define TIME_VALUES "a time: 10s, 1.5min, 4h"
#define RATE_VALUES "a rate: 20Mbit, 1.5MB, unlimited"
#define PLACE_VALUES "NAME | at random | in order"
#define ZONE_VALUES "NAME | NAME-3 | spread over NAME | at random in NAME"
#define PLACE_SUMMARY "of the table of [latency]; what that says wins"

/* How often is the study's business; here it is only a number or not. */
static bool read_repeat(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                        void *target)
{
    (void)target;
    uint32_t repeat;
    sim_key_row plain = *row;
    plain.offset = 0;
    return sim_read_count(reader, &plain, entry, &repeat);
}

/* What has been seen to before anything is resolved, where it stood in a file. */
static bool refuse_here(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                        void *target)
{
    (void)row, (void)target;
    return sim_reader_fail(reader, entry, "only a scenario file says this");
}

/* Keys that a function for the whole group reads (sim_read_file_group). */
static bool read_later(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                       void *target)
{
    (void)reader, (void)row, (void)entry, (void)target;
    return true;
}

static const sim_key_row scenario_rows[] = {
    {"name", "letters, digits, . _ -", "the file's name", "names the folder of results", TEXT,
     SCENARIO(name)},
    {"description", "text", "", "what the experiment is about", TEXT, SCENARIO(description)},
    {"extends", "FILE.ini", "", "another scenario, whose keys hold where this gives none",
     refuse_here, NULL, NOWHERE},
    {"without", "GROUP, GROUP.KEY", "", "what is not taken from that", refuse_here, NULL, NOWHERE},
    {"seed", "0 to 2^64 - 1", "1", "seed of all random streams", sim_read_seed, sim_write_seed,
     SCENARIO(seed)},
    {"until", TIME_VALUES, "4h", "the run ends here at the latest", TIME, SCENARIO(until), .min = 1,
     .max = SIM_TIME_MAX},
    {"warmup", TIME_VALUES, "0s", "open arrivals: statistics leave out who came before",
     sim_read_time, sim_write_swarm_time, SCENARIO(warmup), .min = 0, .max = SIM_TIME_MAX},
    {"repeat", "1 to 1000000", "1", "repetitions, each with a seed of its own", read_repeat, NULL,
     .min = 1, .max = SIM_STUDY_RUNS_MAX},
    {"sample", TIME_VALUES, "10s", "time between two rows of the timeline", sim_read_time,
     sim_write_swarm_time, SCENARIO(sample), .min = MB_MS, .max = SIM_TIME_MAX},
    {.name = NULL},
};

static const sim_key_row file_rows[] = {
    {"size", "a size: 100MiB, 64MB", "(one of these three)", "bytes of the file", read_later,
     sim_write_file_size, NOWHERE},
    {"blocks", "0 to 16777216", "(one of these three)", "its size in whole blocks", read_later,
     sim_write_file_blocks, NOWHERE},
    {"path", "FILE", "(one of these three)", "a real file, whose bytes move and are verified",
     read_later, sim_write_file_path, NOWHERE},
    {"block_size", "1B to 1GiB", "256KiB", "bytes of a block", read_later, sim_write_block_size,
     NOWHERE},
    {.name = NULL},
};

static const sim_key_row latency_rows[] = {
    {"matrix", "FILE", NULL, "a square table of what was measured between places", sim_read_text,
     sim_write_path, LATENCY(path)},
    {"measured", "round-trip | one-way", "round-trip", "what its numbers are", sim_read_measured,
     sim_write_measured, NOWHERE},
    {"unit", "ns | us | ms | s", "ms", "their unit", sim_read_unit, sim_write_unit, NOWHERE},
    {"missing", "text", "", "a number that says that nothing was measured", sim_read_text,
     sim_write_text, LATENCY(missing)},
    {"fill", "a time: 80ms", "(what is needed must be measured)", "what holds then, one way",
     sim_read_time, sim_write_fill, LATENCY(fill), .min = 0, .max = SIM_LATENCY_MAX},
    {.name = NULL},
};

static const sim_key_row zone_rows[] = {
    {"count", "1 to 65536", "(one zone, NAME)", "so many equal zones, NAME-1 to NAME-count",
     sim_read_count, sim_write_zone_count, ZONE(count), .min = 1, .max = SIM_ZONES_MAX},
    {"up", RATE_VALUES, "unlimited", "what all in it send out of it, together", RATE, ZONE(up),
     .is_silent = true},
    {"down", RATE_VALUES, "unlimited", "what they take in from outside", RATE, ZONE(down),
     .is_silent = true},
    {"inside", RATE_VALUES, "unlimited", "what goes between two in it: a switch, a wireless cell",
     RATE, ZONE(inside), .is_silent = true},
    {"latency", "a time: 2ms", "0ms", "what its border adds to a path that crosses it", TIME,
     ZONE(latency), .min = 0, .max = SIM_LATENCY_MAX},
    {"parent", "NAME | NAME-3 | spread over NAME", "", "the zone that it lies in", TEXT,
     ZONE(parent)},
    {.name = NULL},
};

static const sim_key_row tracker_rows[] = {
    {"seeder", "yes | no", "yes", "whether it has the file, and is the first seeder", BOOL,
     TRACKER(seeder), .is_silent = true},
    {"up", RATE_VALUES, "(must be given, but with seeder = no)", "uplink of the tracker's seeder",
     RATE, TRACKER(access.up)},
    {"down", RATE_VALUES, "unlimited", "its downlink", RATE, TRACKER(access.down)},
    {"latency", "a time: 20ms", "0ms", "its share of every path's delay", TIME,
     TRACKER(access.latency), .min = 0, .max = SIM_LATENCY_MAX},
    {"place", PLACE_VALUES, "", PLACE_SUMMARY, sim_read_place, sim_write_place, TRACKER(places)},
    {"zone", ZONE_VALUES, "", "whose links it shares", sim_read_zone, sim_write_zone,
     TRACKER(zoned)},
    {"leave", "never | at 10min", "never", "when seeder and announces end", sim_read_tracker_leave,
     sim_write_tracker_leave, TRACKER(leave_at)},
    {"seeder_slots", "0 to 16777216", "[protocol]'s", "peers that it serves; 0 = everybody",
     sim_read_slots, sim_write_slots, TRACKER(protocol)},
    {.name = NULL},
};

static const sim_key_row peers_rows[] = {
    {"count", "0 to 16777216", "1; every, poisson: no end", "number of peers", sim_read_count,
     sim_write_peer_count, PEERS(count), .min = 0, .max = SIM_PEERS_MAX},
    {"up", RATE_VALUES, NULL, "uplink of each", RATE, PEERS(access.up)},
    {"down", RATE_VALUES, NULL, "downlink of each", RATE, PEERS(access.down)},
    {"latency", "a time: 20ms", "0ms", "share of every path's delay", TIME, PEERS(access.latency),
     .min = 0, .max = SIM_LATENCY_MAX},
    {"place", PLACE_VALUES, "", PLACE_SUMMARY, sim_read_place, sim_write_place, PEERS(places)},
    {"zone", ZONE_VALUES, "", "whose links they share", sim_read_zone, sim_write_zone,
     PEERS(zoned)},
    {"arrival", "at 0s | within 10s | every 2s | poisson 0.5/s | trace FILE.csv", "at 0s",
     "when they come", sim_read_arrival, sim_write_arrival, NOWHERE},
    {"leave",
     "never | when-complete | at-once | after 10min | exponential 10min | at 20min, and of these "
     "three with \", at-once\"",
     "never", "when they go", sim_read_leave, sim_write_leave, NOWHERE},
    {"return", "never | after 50min | exponential 50min", "never",
     "when who has the whole file and has gone is there again", sim_read_return, sim_write_return,
     .offset = 0, .is_silent = true},
    {"have", "none | all | 40 blocks | 25% | all-but-block 0", "none", "what they bring along",
     sim_read_have, sim_write_have, NOWHERE},
    {"unreachable", "yes | no", "no", "accepts no contact, only makes it", BOOL, PEERS(unreachable),
     .is_silent = true},
    {.name = NULL},
};

static const sim_key_row protocol_rows[] = {
    {"preset", "minibit | coursework | bittorrent", "minibit", "sets every key below", read_later,
     NULL, NOWHERE},
    {.name = NULL},
};

static const sim_key_row fault_rows[] = {
    {"kind", "crash | tracker-outage | cut | lose-connection", NULL, "what happens",
     sim_read_fault_kind, sim_write_fault_kind, FAULT(kind)},
    {"targets", "GROUP | GROUP-7 | 3 of GROUP | 10% of GROUP | tracker",
     "tracker, if that is all "
     "there is",
     "to whom", sim_read_targets, sim_write_targets, FAULT(whom)},
    {"at", "30s | every 10min | poisson 1/min", NULL, "when", sim_read_when, sim_write_when,
     FAULT(when)},
    {"for", "20s | exponential 1min", "(to the end of the run)", "how long", sim_read_lasts,
     sim_write_lasts, NOWHERE},
    {.name = NULL},
};

static const sim_key_row replay_rows[] = {
    {"trace", "FILE.csv (columns at_s,from,to,bytes)", NULL, "transfers to play", sim_read_text,
     sim_write_path, SCENARIO(replay.trace_path)},
    {.name = NULL},
};

static const sim_key_row node_rows[] = {
    {"up", RATE_VALUES, NULL, "uplink", RATE, NODE(access.up)},
    {"down", RATE_VALUES, NULL, "downlink", RATE, NODE(access.down)},
    {"latency", "a time: 20ms", "0ms", "share of every path's delay", TIME, NODE(access.latency),
     .min = 0, .max = SIM_LATENCY_MAX},
    {"zone", "NAME | NAME-3", "", "whose links it shares", sim_read_node_zone, sim_write_zone,
     NODE(zoned)},
    {.name = NULL},
};

static const sim_key_row expect_rows[] = {
    {"complete", "all | N", "(default: any)", "so many peers complete", read_later, NULL, NOWHERE},
    {"completed_by", TIME_VALUES, "(default: any)", "all complete by then", read_later, NULL,
     NOWHERE},
    {"PATH", "12.5 | 10..20 | 10.. | ..20 | text", "(default: any)",
     "a figure of summary.json by its path, as download_s.mean", read_later, NULL, NOWHERE},
    {.name = NULL},
};

static const sim_key_group groups[] = {
    {"scenario", false, false, "the run as a whole", scenario_rows},
    {"file", false, false, "what is shared", file_rows},
    {"protocol", false, true, "how peers behave", protocol_rows},
    {"latency", false, false, "what was measured between places", latency_rows},
    {"zone", true, false, "links that all in one place share: [zone NAME]", zone_rows},
    {"tracker", false, false, "node 0: tracker and first seeder", tracker_rows},
    {"peers", true, true, "a group of equal peers: [peers NAME]", peers_rows},
    {"fault", true, false, "what breaks: [fault NAME]", fault_rows},
    {"replay", false, false, "plays given transfers; then no protocol and no peers", replay_rows},
    {"node", true, false, "a node of a replay: [node NAME]", node_rows},
    {"expect", false, false, "what must come out; unmet: exit 3", expect_rows},
};

const sim_key_group *sim_key_group_at(uint32_t index)
{
    return index < sizeof groups / sizeof *groups ? &groups[index] : NULL;
}
