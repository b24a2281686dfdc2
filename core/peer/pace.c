#include "core/peer/impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The window of received bytes spans at most so many unchoke rounds. */
#define MARKS_MAX 64

/* ---- creation ------------------------------------------------------------------------------- */

/* Unchoke rounds that the window of received bytes spans; 0: nobody asks for them. */
static uint32_t marks_in_window(const mb_protocol *p)
{
    mb_time rounds;

    if (!(p->choke->columns & MB_COLUMN_RECEIVED)) return 0;
    rounds = (mb_protocol_param(p, "rate_window") + p->unchoke_interval - 1) / p->unchoke_interval;
    assert(rounds >= 1);
    return rounds < MARKS_MAX ? (uint32_t)rounds : MARKS_MAX;
}

static bool wants_flows(const mb_peer *peer)
{
    const mb_protocol *p = peer->protocol;

    return p->endgame || (p->choke->columns & MB_COLUMN_RECEIVED);
}

void mb_pace_init(mb_peer *peer)
{
    peer->flows.mark_count = marks_in_window(peer->protocol);
}

void mb_pace_free(mb_peer *peer)
{
    free(peer->flows.each);
    free(peer->flows.marks);
}

bool mb_pace_reserve(mb_peer *peer, uint32_t capacity)
{
    mb_flows *flows = &peer->flows;
    size_t ring = sizeof *flows->marks * flows->mark_count;

    if (wants_flows(peer) && !mb_list_widen(&flows->each, sizeof *flows->each, capacity))
        return false;
    return ring == 0 || mb_list_widen(&flows->marks, ring, capacity);
}

static uint64_t *marks_of(const mb_peer *peer, uint32_t index)
{
    return peer->flows.marks + (size_t)index * peer->flows.mark_count;
}

void mb_pace_meet(mb_peer *peer, uint32_t index)
{
    mb_flows *flows = &peer->flows;

    if (flows->each) flows->each[index] = (mb_flow){.last_delivery = MB_NEVER};
    if (flows->mark_count)
        memset(marks_of(peer, index), 0, flows->mark_count * sizeof *flows->marks);
}

/* ---- what comes ----------------------------------------------------------------------------- */

void mb_pace_receive(mb_peer *peer, uint32_t index, uint32_t bytes)
{
    if (peer->flows.each) peer->flows.each[index].received += bytes;
}

/* `bytes` in `elapsed`, as ns a KiB. */
static mb_time pace_of(mb_time elapsed, uint32_t bytes)
{
    mb_time per_byte = elapsed / (bytes > 0 ? bytes : 1);

    if (elapsed < MB_NEVER / 1024) return elapsed * 1024 / (bytes > 0 ? bytes : 1);
    return per_byte < MB_NEVER / 1024 ? per_byte * 1024 : MB_NEVER;
}

/* Keeps the pace at which blocks come: a mean that forgets. Short ones tell of latency only. */
static void mean_move(mb_peer *peer, mb_time elapsed, uint32_t bytes)
{
    mb_time pace = pace_of(elapsed, bytes), mean = peer->pace.mean;

    if (bytes < peer->geometry->block_size / 2) return;
    if (mean > 0) pace = mean + (pace - mean) / 8;
    peer->pace.mean = pace > 0 ? pace : 1;
}

/* What the flow from it was like, for strategies that ask. */
static void flow_move(mb_peer *peer, mb_time now, uint32_t index, mb_time at, uint32_t fresh)
{
    mb_flow *flow = peer->flows.each ? &peer->flows.each[index] : NULL;

    if (!flow) return;
    flow->received += fresh;
    if (flow->last_delivery != MB_NEVER && flow->last_delivery > at) at = flow->last_delivery;
    flow->block_time = now > at ? now - at : 1;
    flow->last_delivery = now;
}

void mb_pace_deliver(mb_peer *peer, mb_time now, uint32_t index, mb_time since, mb_time at,
                     uint32_t bytes, uint32_t fresh)
{
    assert(since <= now);
    mb_pace_forgive(peer, index);
    mb_group_put(&peer->known, MB_GROUP_GAVE, index, true);
    mean_move(peer, now - since, bytes);
    flow_move(peer, now, index, at, fresh);
}

/* ---- snubbed -------------------------------------------------------------------------------- */

/* The longest that a KiB may take: what has come lately may have come from slow ones too. */
static mb_time slowest_pace(const mb_peer *peer)
{
    mb_time least = pace_of(peer->protocol->request_timeout, peer->geometry->block_size);

    least = least < MB_NEVER / MB_SNUB_TIMEOUTS ? least * MB_SNUB_TIMEOUTS : MB_NEVER;
    if (peer->pace.mean == 0 || peer->pace.mean > least / MB_SNUB_FACTOR) return least;
    return peer->pace.mean * MB_SNUB_FACTOR;
}

bool mb_pace_is_slow(const mb_peer *peer, mb_time elapsed, uint32_t progress)
{
    return pace_of(elapsed, progress) > slowest_pace(peer);
}

void mb_pace_snub(mb_peer *peer, uint32_t index)
{
    assert(!mb_group_has(peer, MB_GROUP_SNUBBED, index));
    mb_group_put(&peer->known, MB_GROUP_SNUBBED, index, true);
    peer->pace.snubbed++;
}

void mb_pace_forgive(mb_peer *peer, uint32_t index)
{
    assert(index < peer->known.top);
    if (!mb_pace_is_snubbed(peer, index)) return;
    mb_group_put(&peer->known, MB_GROUP_SNUBBED, index, false);
    peer->pace.snubbed--;
}

/* ---- the window that strategies see --------------------------------------------------------- */

uint64_t mb_pace_window(const mb_peer *peer, uint32_t index)
{
    const mb_flows *flows = &peer->flows;

    assert(flows->mark_count > 0 && flows->mark_at < flows->mark_count);
    return flows->each[index].received - marks_of(peer, index)[flows->mark_at];
}

/* What was received by now becomes the mark that the window of later rounds starts from. */
void mb_pace_mark(mb_peer *peer)
{
    mb_flows *flows = &peer->flows;

    if (flows->mark_count == 0) return;
    for (uint32_t i = 0; i < peer->known.top; i++) {
        if (!(peer->known.entries[i].flags & MB_KNOWN_USED)) continue;
        marks_of(peer, i)[flows->mark_at] = flows->each[i].received;
    }
    flows->mark_at = (flows->mark_at + 1) % flows->mark_count;
}

/* ---- measuring ------------------------------------------------------------------------------ */

void mb_pace_measure(mb_peer *peer, uint32_t what, mb_actions *out)
{
    if (!peer->pace.measuring)
        mb_actions_add(out, MB_ACTION_MEASURE)->measure.uploads = what & MB_MEASURE_TURN;
    peer->pace.measuring |= (uint8_t)what;
}

uint32_t mb_pace_measured(mb_peer *peer)
{
    assert(peer->pace.measuring <= (MB_MEASURE_ROUND | MB_MEASURE_TICK | MB_MEASURE_TURN));
    uint32_t measuring = peer->pace.measuring;

    peer->pace.measuring = 0;
    return measuring;
}
