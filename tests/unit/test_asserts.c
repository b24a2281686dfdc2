/*
 * What is asserted in core/ and sim/ can fail: one thing is broken at a time, in what every
 * `_check()` looks at and at the boundaries.
 */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/geometry.h"
#include "core/peer/impl.h"
#include "core/tracker.h"
#include "core/units.h"
#include "core/wire_size.h"
#include "record/output.h"
#include "sim/engine/links_internal.h"
#include "sim/engine/queue.h"
#include "sim/output/digest.h"
#include "sim/output/recorder_internal.h"
#include "sim/swarm/internal.h"
#include "tests/lib/death.h"
#include "tests/lib/recording.h"

#define BLOCKS 70

/* ---- core ----------------------------------------------------------------------------------- */

static mb_protocol protocol;
static mb_geometry geometry;
static mb_log *log_of_other;

/* A peer that has met node 7, who holds two blocks. */
static mb_peer *make_peer(void)
{
    mb_peer *peer;
    mb_actions out;
    mb_listing listing = {.node = 7};
    mb_event events[] = {{.type = MB_EVENT_START}, {.type = MB_EVENT_LISTED}};
    const mb_peer_config config = {.node = 1, .protocol = &protocol, .geometry = &geometry};

    mb_protocol_init(&protocol, MB_PRESET_MINIBIT);
    mb_protocol_finish(&protocol);
    g_assert_cmpint(mb_geometry_init_blocks(&geometry, BLOCKS, 1000), ==, MB_OK);
    g_assert_cmpint(mb_peer_new(&peer, &config), ==, MB_OK);
    log_of_other = mb_log_new(1, BLOCKS);
    mb_log_append(log_of_other, 3);
    mb_log_append(log_of_other, 69);
    listing.told = mb_log_told(log_of_other);
    events[1].listed = (mb_event_listed){.list = &listing, .list_count = 1};
    mb_actions_init(&out);
    g_assert_cmpint(mb_peer_step(peer, 0, events, 2, &out), ==, MB_OK);
    g_assert_cmpuint(peer->known.count, ==, 1);
    mb_peer_check(peer);
    return peer;
}

#define BREAK_PEER(name, code)                                                                     \
    static void name(void)                                                                         \
    {                                                                                              \
        mb_peer *peer = make_peer();                                                               \
        code;                                                                                      \
        mb_peer_check(peer);                                                                       \
    }

BREAK_PEER(held, peer->own.held++)
BREAK_PEER(mine_beyond, peer->own.mine[1] |= UINT64_C(1) << 63)
BREAK_PEER(asked, peer->requests.count++)
BREAK_PEER(known_has, peer->known.entries[0].has++)
BREAK_PEER(group, mb_group_put(&peer->known, MB_GROUP_FULL, 0, true))
BREAK_PEER(interested, peer->slots.interested++)
BREAK_PEER(place, peer->known.entries[0].slot ^= MB_SLOT_UNCHOKED)
BREAK_PEER(copies, mb_rarity_add_block(&peer->learn.rarity, 5))

static void peer_index(void)
{
    mb_peer *peer = make_peer();

    mb_meet_forget(peer, 0, peer->known.top, NULL);
}

static void peer_time(void)
{
    mb_peer *peer = make_peer();
    mb_actions out;

    mb_actions_init(&out);
    mb_peer_step(peer, -1, NULL, 0, &out);
}

static void peer_gain_twice(void)
{
    mb_peer *peer = make_peer();
    mb_actions out;

    mb_actions_init(&out);
    mb_gain_hold(peer, 0, 3, &out);
    mb_gain_hold(peer, 0, 3, &out);
}

static void tracker_seeder(void)
{
    mb_tracker *tracker;
    const mb_tracker_config config = {.blocks = 1, .protocol = &protocol};

    free(make_peer());
    g_assert_cmpint(mb_tracker_new(&tracker, &config), ==, MB_OK);
    mb_tracker_check(tracker);
    mb_tracker_seeder(tracker, 0, mb_log_told(log_of_other)); /* two blocks of a file of one */
}

static void geometry_block(void)
{
    mb_geometry g;

    g_assert_cmpint(mb_geometry_init(&g, 5000, 1000), ==, MB_OK);
    mb_geometry_block_size(&g, 5);
}

static void geometry_count(void)
{
    mb_geometry g;

    g_assert_cmpint(mb_geometry_init(&g, 5000, 1000), ==, MB_OK);
    g.blocks = 6;
    mb_geometry_check(&g);
}

static void log_full(void)
{
    mb_log *log = mb_log_new(1, 1);

    mb_log_append(log, 0);
    mb_log_append(log, 1);
}

static void rng_bound(void)
{
    mb_rng rng;

    mb_rng_init(&rng, 1, 1, MB_PURPOSE_SELECTION);
    mb_rng_below(&rng, 0);
}

static const death core_deaths[] = {
    {"held", held, "== peer->own.held"},
    {"a block that the file has not", mine_beyond, "set[peer->words - 1] >> rest == 0"},
    {"asked", asked, "asked == peer->requests.count"},
    {"what is known of another", known_has, "== known->has"},
    {"a group", group, "mb_group_has(peer, MB_GROUP_FULL, index) == full"},
    {"interested", interested, "interested == peer->slots.interested"},
    {"a slot", place, "Assertion"},
    {"copies", copies, "mb_rarity_copies(&anew, block)"},
    {"an index that is not known", peer_index, "mb_known_is_used(peer, index)"},
    {"a time before all", peer_time, "now >= 0"},
    {"a block gained twice", peer_gain_twice, "!mb_blockset_has(own->mine, block)"},
    {"books of too many blocks", tracker_seeder, "told.count <= tracker->blocks"},
    {"a block behind the last", geometry_block, "block < geometry->blocks"},
    {"blocks and bytes", geometry_count, "geometry->block_size"},
    {"a log without room", log_full, "log->count < log->capacity"},
    {"a draw from nothing", rng_bound, "bound >= 1"},
    {0},
};

/* ---- sim ------------------------------------------------------------------------------------ */

static void digest_checkpoints(void)
{
    sim_digest digest;

    sim_digest_init(&digest);
    sim_digest_check(&digest);
    digest.records = SIM_DIGEST_INTERVAL;
    sim_digest_check(&digest);
}

static void queue_past(void)
{
    sim_queue *queue = sim_queue_new();

    sim_queue_push(queue, (sim_key){.time = 5});
    sim_queue_pop(queue);
    sim_queue_check(queue);
    sim_queue_push(queue, (sim_key){.time = 4});
}

/* Two links and a flow between them. */
static sim_links *make_links(uint32_t *flow)
{
    sim_links *links = sim_links_new();

    sim_links_add(links, 1000 * MB_RATE_BYTE);
    sim_links_add(links, 1000 * MB_RATE_BYTE);
    g_assert_cmpint(sim_links_start(links, SIM_PATH(0, 1), 5000, 0, flow), ==, 0);
    g_assert_cmpint(sim_links_settle(links, 0), ==, 0);
    sim_links_check(links);
    return links;
}

static void links_bytes(void)
{
    uint32_t flow;
    sim_links *links = make_links(&flow);

    links->link[0].started++;
    sim_links_check(links);
}

static void links_level(void)
{
    uint32_t flow;
    sim_links *links = make_links(&flow);

    links->link[0].level += 7;
    sim_links_check(links);
}

static void links_range(void)
{
    uint32_t flow;

    sim_links_flows(make_links(&flow), 2, &flow);
}

static void links_path(void)
{
    uint32_t flow;
    sim_links *links = make_links(&flow);

    sim_links_start(links, &(const sim_path){.count = 3, .link = {0, 1, 1}}, 1, 0, &flow);
}

#define BREAK_SCENARIO(name, code)                                                                 \
    static void name(void)                                                                         \
    {                                                                                              \
        static const char text[] = "[file]\nblocks = 4\n[tracker]\nup = 1MB\n"                     \
                                   "[peers a]\nup = 1MB\ndown = 1MB\n";                            \
        sim_scenario *scenario;                                                                    \
        char *error;                                                                               \
        g_assert_cmpint(                                                                           \
            sim_scenario_parse("a.ini", text, sizeof text - 1, NULL, 0, &scenario, &error), ==,    \
            0);                                                                                    \
        sim_scenario_check(scenario);                                                              \
        code;                                                                                      \
        sim_scenario_check(scenario);                                                              \
    }

BREAK_SCENARIO(scenario_sample, scenario->sample = 0)
BREAK_SCENARIO(scenario_warmup, scenario->warmup = scenario->until)
BREAK_SCENARIO(scenario_have, scenario->groups[0].have = SIM_HAVE_ALL_BUT;
               scenario->groups[0].have_blocks = 4)
BREAK_SCENARIO(scenario_count, scenario->groups[0].count = SIM_COUNT_OPEN)

static struct recording recorded;

/* A peer that has got a block of the tracker. */
static sim_recorder *make_recorder(void)
{
    recording_init(&recorded, 4);
    recording_add_group(&recorded, "a", 1, 1000, 1000);
    g_assert_cmpint(recording_open(&recorded), ==, 0);
    sim_recorder_arrive(recorded.recorder, 1, 0);
    sim_recorder_trace(recorded.recorder, REC_TRACE_DELIVER, 5, 1, 0, 2, 1000);
    recording_block(&recorded, 5, 1, 2, 0, REC_ROLE_TRACKER, MB_VIA_OPEN);
    sim_recorder_check(recorded.recorder);
    return recorded.recorder;
}

#define BREAK_RECORDER(name, code)                                                                 \
    static void name(void)                                                                         \
    {                                                                                              \
        sim_recorder *recorder = make_recorder();                                                  \
        code;                                                                                      \
        sim_recorder_check(recorder);                                                              \
    }

BREAK_RECORDER(recorder_bytes, recorder->stats[1].downloaded_bytes++)
BREAK_RECORDER(recorder_blocks, recorder->stats[1].from[2]++)
BREAK_RECORDER(recorder_life, recorder->life[1].status = REC_STATUS_COMPLETE)
BREAK_RECORDER(recorder_copies, recorder->state->copied_count++)
BREAK_RECORDER(recorder_waste,
               sim_recorder_waste(recorder, REC_TRACE_LOST, 5, 0, 1, 2, UINT64_C(1) << 40))

/* One that is not there any more, of a swarm of two nodes. */
static sim_swarm *make_swarm(void)
{
    static sim_scenario scenario = {.group_count = 1};
    static sim_node nodes[2] = {{.timer = MB_NEVER}, {.timer = MB_NEVER}};
    static sim_swarm swarm = {.scenario = &scenario, .nodes = nodes, .node_count = 2};

    sim_swarm_check_node(&swarm, 1);
    return &swarm;
}

#define BREAK_SWARM(name, code)                                                                    \
    static void name(void)                                                                         \
    {                                                                                              \
        sim_swarm *swarm = make_swarm();                                                           \
        code;                                                                                      \
        sim_swarm_check_node(swarm, 1);                                                            \
    }

BREAK_SWARM(swarm_latency, swarm->nodes[1].latency = 1)
BREAK_SWARM(swarm_group, swarm->nodes[1].group = 1)
BREAK_SWARM(swarm_timer, swarm->nodes[1].timer = 5)

static void swarm_time(void)
{
    sim_swarm *swarm = make_swarm();

    swarm->now = 5;
    sim_pending_push_plain(swarm, 4, 1, SIM_PENDING_TIMER);
}

static const death sim_deaths[] = {
    {"digest", digest_checkpoints, "digest->records / SIM_DIGEST_INTERVAL"},
    {"queue", queue_past, "Assertion"},
    {"bytes of a link", links_bytes, "bytes.started == bytes.carried"},
    {"level of a link", links_level, "sim_link_share(link) == link->level"},
    {"no such link", links_range, "link < links->link_count"},
    {"a link twice", links_path, "is_path(links, path)"},
    {"sample", scenario_sample, "scenario->sample > 0"},
    {"warmup", scenario_warmup, "scenario->warmup < scenario->until"},
    {"have", scenario_have, "group->have_blocks < blocks"},
    {"count", scenario_count, "group->count != SIM_COUNT_OPEN"},
    {"bytes up and down", recorder_bytes, "sums->uploaded == sums->downloaded"},
    {"blocks by role", recorder_blocks, "sums->uploaded_blocks"},
    {"status", recorder_life, "life->status == REC_STATUS_COMPLETE"},
    {"copied", recorder_copies, "== state->copied_count"},
    {"waste", recorder_waste, "taker->wasted_bytes <= taker->downloaded_bytes"},
    {"latency", swarm_latency, "node 1 is farther away than any"},
    {"group", swarm_group, "node 1 is of no group"},
    {"timer of one gone", swarm_timer, "node 1 is gone, but has a timer"},
    {"an event in the past", swarm_time, "time >= swarm->now"},
    {0},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    death_add("/core", core_deaths);
    death_add("/sim", sim_deaths);
    return g_test_run();
}
