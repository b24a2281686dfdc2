#include "core/heap.h"
#include "sim/engine/links_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/pages.h"

enum {
    ROOM_LINKS_MIN = 64,
    ROOM_FLOWS_MIN = 64,
    FETCH_MIN = 512 /* fewer links than this are in cache anyway */
};

sim_links *sim_links_new(void)
{
    sim_links *links = calloc(1, sizeof *links);
    if (!links) return NULL;
    sim_dates_init(&links->due, NULL, NULL);
    links->flow_free = SIM_FLOW_NONE;
    links->step_bound = UINT64_MAX;
    links->crowd_from = SIM_CROWD_FROM;
    links->settled = true;
    return links;
}

void sim_links_free(sim_links *links)
{
    if (!links) return;
    for (uint32_t i = 0; i < links->link_count; i++)
        free(links->link[i].ids);
    free(links->link);
    free(links->dropped);
    free(links->touched);
    free(links->region);
    free(links->dirty);
    free(links->flow);
    free(links->hop);
    free(links->done);
    free(links->share);
    sim_dates_clear(&links->due);
    free(links);
}

/* Grows an array that has no alignment of its own; false leaves it. */
static bool grow(void *array_pointer, size_t room, size_t size)
{
    void *old;
    memcpy(&old, array_pointer, sizeof old);
    void *at = realloc(old, room * size);
    if (!at) return false;
    memcpy(array_pointer, &at, sizeof at);
    return true;
}

static bool links_reserve(sim_links *links)
{
    if (links->link_count < links->link_room) return true;
    if (links->link_room > UINT32_MAX / 4) return false; /* GCOVR_EXCL_BR_LINE: no memory */
    uint32_t room = links->link_room ? links->link_room * 2 : ROOM_LINKS_MIN;
    if (!grow(&links->dropped, room, sizeof *links->dropped)) return false;
    if (!grow(&links->touched, room, sizeof *links->touched)) return false;
    if (!grow(&links->region, room, sizeof *links->region)) return false;
    if (!grow(&links->dirty, room, sizeof *links->dirty)) return false;
    void *link = sim_pages_grow(links->link, links->link_count * sizeof *links->link,
                                room * sizeof *links->link);
    if (!link) return false;
    links->link = link;
    links->link_room = room;
    return true;
}

int sim_links_add(sim_links *links, uint64_t rate)
{
    assert(links->link_count < UINT32_MAX / 2);
    assert(rate <= SIM_RATE_MAX);
    if (!links_reserve(links)) return MB_ERR_MEMORY;
    uint32_t id = links->link_count++;
    links->dropped[id] = 0;
    links->link[id] = (struct sim_link){
        .capacity = rate,
        .level = SIM_LEVEL_NONE,
        .v_time = links->now,
        .due = MB_NEVER,
    };
    return MB_OK;
}

void sim_links_set_step_bound(sim_links *links, uint64_t bound)
{
    links->step_bound = bound;
}

void sim_links_set_crowd_from(sim_links *links, uint32_t from)
{
    assert(links->active == 0);
    links->crowd_from = from;
}

/* ---- a link's clock ---- */

void sim_link_touch(sim_links *links, uint32_t id)
{
    assert(id < links->link_count);
    if (links->settled) {
        links->settled = false;
        links->touched_count = 0;
    }
    struct sim_link *link = &links->link[id];
    if (link->flags & SIM_LINK_TOUCHED) return;
    link->flags |= SIM_LINK_TOUCHED;
    links->touched[links->touched_count++] = id;
}

void sim_link_advance(sim_links *links, uint32_t id)
{
    assert(links->link[id].v_time <= links->now);
    struct sim_link *link = &links->link[id];
    if (link->v_time == links->now) return;
    assert(link->v_time < links->now);
    if (link->attached > 0) {
        link->v += (sim_work)link->level * (uint64_t)(links->now - link->v_time);
    }
    link->v_time = links->now;
}

/* ---- time ---- */

static void move_on(sim_links *links, mb_time now)
{
    assert(now == links->now || (now > links->now && links->settled && links->done_count == 0));
    links->now = now;
}

/* ---- starting ---- */

static bool flows_reserve(sim_links *links)
{
    if (links->flow_free != SIM_FLOW_NONE || links->flow_used < links->flow_room) return true;
    if (links->flow_room > UINT32_MAX / 4) return false; /* GCOVR_EXCL_BR_LINE: no memory */
    uint32_t room = links->flow_room ? links->flow_room * 2 : ROOM_FLOWS_MIN;
    if (!grow(&links->done, room, sizeof *links->done)) return false;
    if (links->hop && !sim_hops_reserve(links, links->hop_room, room)) return false;
    void *flow = sim_pages_grow(links->flow, links->flow_used * sizeof *links->flow,
                                room * sizeof *links->flow);
    if (!flow) return false;
    links->flow = flow;
    links->flow_room = room;
    return true;
}

static bool share_reserve(sim_links *links, uint32_t count)
{
    if (count <= links->share_room) return true;
    uint32_t room = count < 32 ? 64 : count * 2;
    if (!grow(&links->share, room, sizeof *links->share)) return false;
    links->share_room = room;
    return true;
}

static bool start_reserve(sim_links *links, const sim_path *path)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < path->count; i++) {
        struct sim_link *link = &links->link[path->link[i]];
        if (!sim_link_reserve(links, link)) return false;
        if (link->count > most) most = link->count;
    }
    if (!flows_reserve(links) || !share_reserve(links, most + 1)) return false;
    return path->count == 2 || sim_hops_reserve(links, path->count, links->flow_room);
}

static uint32_t flow_take(sim_links *links)
{
    uint32_t flow = links->flow_free;
    if (flow == SIM_FLOW_NONE) return links->flow_used++;
    links->flow_free = links->flow[flow].link[0];
    return flow;
}

static void flow_release(sim_links *links, uint32_t flow)
{
    assert(flow < links->flow_used);
    links->flow[flow].state = SIM_FLOW_FREE;
    links->flow[flow].link[0] = links->flow_free;
    links->flow_free = flow;
}

static bool done_before(const sim_links *links, uint32_t a, uint32_t b)
{
    const struct sim_flow *fa = &links->flow[a];
    const struct sim_flow *fb = &links->flow[b];
    if (fa->link[SIM_UP] != fb->link[SIM_UP]) return fa->link[SIM_UP] < fb->link[SIM_UP];
    return fa->seq < fb->seq;
}

MB_HEAP_DEFINE(done_heap, const sim_links, uint32_t, 2, done_before, MB_HEAP_PUT)

static void done_push(sim_links *links, uint32_t flow)
{
    assert(flow < links->flow_used);
    links->flow[flow].state = SIM_FLOW_DONE;
    done_heap_push(links, links->done, links->done_count++, flow);
}

static uint32_t done_pop(sim_links *links)
{
    assert(links->done_count > 0);
    return done_heap_pop(links, links->done, links->done_count--);
}

/* What a link that limits nobody has left becomes its level, to be refilled. */
static void level_try(sim_links *links, uint32_t id)
{
    struct sim_link *link = &links->link[id];
    if (link->flags & SIM_LINK_BOOKED) sim_crowd_exact(links, id);
    link->level = link->capacity > link->sum ? link->capacity - (uint64_t)link->sum : 0;
    link->flags |= SIM_LINK_REFILL;
}

/* As flow_join(). Where no link limits anybody it is the narrowest that tries. */
static void flow_join_long(sim_links *links, uint32_t flow)
{
    const struct sim_flow *f = &links->flow[flow];
    const struct sim_hop *hops = sim_flow_hops(links, f);
    uint32_t id = hops[sim_hops_least(links, f, SIM_LINK_NO)].link;
    if (links->link[id].level == SIM_LEVEL_NONE) id = hops[sim_hops_narrowest(links, f)].link;
    struct sim_link *here = &links->link[id];
    sim_link_advance(links, id);
    if (here->level == SIM_LEVEL_NONE) level_try(links, id);
    sim_link_attach(links, id, flow, here->v + f->bytes * MB_WORK_BYTE);
    sim_hops_change(links, flow, &(struct sim_hops_but){id, id}, here->level, here->level);
}

/*
 * Attaches a new flow where the lower level is: if that leaves both shares as they are (a flow
 * that replaces another), nothing more is to do. Where neither end limits anybody, the uplink
 * tries what it has left and is refilled.
 */
static void flow_join(sim_links *links, uint32_t flow)
{
    assert(links->flow[flow].link[SIM_UP] != links->flow[flow].link[SIM_DOWN]);
    struct sim_flow *f = &links->flow[flow];
    if (sim_flow_is_long(f)) {
        flow_join_long(links, flow);
        return;
    }
    struct sim_link *up = &links->link[f->link[SIM_UP]];
    struct sim_link *down = &links->link[f->link[SIM_DOWN]];
    unsigned side = down->level < up->level ? SIM_DOWN : SIM_UP;
    struct sim_link *here = side == SIM_UP ? up : down;
    struct sim_link *other = side == SIM_UP ? down : up;
    sim_link_advance(links, f->link[side]);
    if (here->level == SIM_LEVEL_NONE) level_try(links, f->link[side]);
    sim_link_attach(links, f->link[side], flow, here->v + f->bytes * MB_WORK_BYTE);
    other->sum += here->level;
    sim_link_tell(links, f->link[!side], flow, here->level);
}

static void crowds_begin(sim_links *links, const sim_path *path)
{
    for (uint32_t i = 0; i < path->count; i++) {
        const struct sim_link *link = &links->link[path->link[i]];
        if (link->count > links->crowd_from && !(link->flags & SIM_LINK_CROWD))
            sim_crowd_begin(links, path->link[i]);
    }
}

static bool is_path(const sim_links *links, const sim_path *path)
{
    bool is = path->count >= 2 && path->count <= SIM_PATH_MAX;
    for (uint32_t i = 0; is && i < path->count; i++) {
        is = path->link[i] < links->link_count;
        for (uint32_t k = 0; k < i; k++)
            is &= path->link[k] != path->link[i];
    }
    return is;
}

int sim_links_start(sim_links *links, const sim_path *path, uint64_t bytes, mb_time now,
                    uint32_t *flow)
{
    assert(is_path(links, path) && bytes <= SIM_FLOW_BYTES_MAX);
    if (!start_reserve(links, path)) return MB_ERR_MEMORY;
    move_on(links, now);
    *flow = flow_take(links);
    links->flow[*flow] = (struct sim_flow){
        .bytes = bytes,
        .seq = links->seq++,
        .link = {path->link[0], path->link[path->count - 1]},
        .state = SIM_FLOW_ACTIVE,
    };
    if (path->count > 2) sim_hops_take(links, &links->flow[*flow], path);
    links->active++;
    links->stats.started++;
    if (bytes == 0) {
        done_push(links, *flow);
        return MB_OK;
    }
    for (uint32_t i = 0; i < path->count; i++) {
        uint32_t id = path->link[i];
        sim_link_touch(links, id);
        links->link[id].started += bytes;
        sim_link_append(links, id, *flow);
    }
    flow_join(links, *flow);
    crowds_begin(links, path);
    return MB_OK;
}

/* ---- ending ---- */

/* Takes a flow off all its links. The levels stay until the settle, for who takes its place. */
static void flow_part(sim_links *links, uint32_t flow, uint64_t carried)
{
    assert(carried <= links->flow[flow].bytes);
    struct sim_flow *f = &links->flow[flow];
    uint32_t here = sim_flow_limit(links, f);
    uint64_t level = links->link[here].level;
    sim_link_advance(links, here);
    sim_link_detach(links, here, flow);
    if (sim_flow_is_long(f))
        sim_hops_change(links, flow, &(struct sim_hops_but){here, here}, -(sim_work)level, level);
    else
        links->link[f->link[!f->side]].sum -= level;
    for (unsigned side = 0; side < sim_flow_length(f); side++) {
        uint32_t id = sim_flow_link(links, f, side);
        sim_link_touch(links, id);
        sim_link_remove(links, id, flow);
        links->link[id].carried += carried;
        if (carried < f->bytes) links->dropped[id] += f->bytes - carried;
    }
}

uint64_t sim_links_cut(sim_links *links, uint32_t flow, mb_time now)
{
    assert(flow < links->flow_used);
    struct sim_flow *f = &links->flow[flow];
    assert(f->state == SIM_FLOW_ACTIVE || f->state == SIM_FLOW_DONE);
    move_on(links, now);
    uint64_t carried = sim_flow_carried(links, f, now);
    links->active--;
    links->stats.ended++;
    if (f->state == SIM_FLOW_DONE) {
        f->state = SIM_FLOW_CUT; /* its id is freed when its turn in `done` comes */
        return carried;
    }
    flow_part(links, flow, carried);
    flow_release(links, flow);
    return carried;
}

/* Ends what a link has completed by now. Its next date is set by the settle. */
static void link_complete(sim_links *links, uint32_t id)
{
    struct sim_link *link = &links->link[id];
    sim_link_advance(links, id);
    sim_link_touch(links, id);
    while (link->attached > 0) {
        uint32_t flow = sim_link_ids(link)[0];
        if (links->flow[flow].finish > link->v) break;
        flow_part(links, flow, links->flow[flow].bytes);
        done_push(links, flow);
    }
}

static void fetch_flows(const sim_links *links, uint32_t id)
{
    const struct sim_link *link = &links->link[id];
    const uint32_t *ids = sim_link_ids_const(link);
    for (uint32_t i = 0; i < link->attached && i < SIM_LINK_INLINE; i++) {
        __builtin_prefetch(&links->flow[ids[i]]);
    }
}

/* Fetches what a completion will need: the link, some events later the flows that it limits, and
 * then the other end of the first of them. Returns that flow. */
static uint32_t fetch_step(const sim_links *links, uint32_t id, uint32_t steps)
{
    const struct sim_link *link = &links->link[id];
    if (steps == 2) {
        sim_link_fetch(links, id);
        return SIM_FLOW_NONE;
    }
    if (link->attached == 0) return SIM_FLOW_NONE;
    uint32_t first = sim_link_ids_const(link)[0];
    if (steps == 1) fetch_flows(links, id);
    if (steps == 0) sim_link_fetch(links, links->flow[first].link[!links->flow[first].side]);
    return first;
}

/* With each date taken those that are looked at are one further on, and each comes by all steps. */
static void fetch_ahead(sim_links *links)
{
    static const size_t places[SIM_LINKS_STEPS] = {1, 3, 6};
    links->ahead_count = 0;
    if (links->link_count < FETCH_MIN) return;
    for (uint32_t steps = 0; steps < SIM_LINKS_STEPS; steps++) {
        const sim_date *date = sim_dates_ahead(&links->due, places[steps]);
        if (!date) return;
        uint32_t id = date->rank, flow = fetch_step(links, id, steps);
        links->ahead[links->ahead_count++] = (sim_link_ahead){id, flow, steps};
    }
}

static void complete_due(sim_links *links)
{
    while (sim_dates_next(&links->due) <= links->now) {
        const sim_date date = sim_dates_pop(&links->due);
        uint32_t id = date.rank;
        if (links->link[id].due != date.time) continue; /* an earlier one took over */
        links->link[id].due = MB_NEVER;
        fetch_ahead(links);
        link_complete(links, id);
    }
}

bool sim_links_pop(sim_links *links, mb_time now, uint32_t *flow)
{
    move_on(links, now);
    complete_due(links);
    while (links->done_count > 0) {
        *flow = done_pop(links);
        bool cut = links->flow[*flow].state == SIM_FLOW_CUT;
        flow_release(links, *flow);
        if (cut) continue;
        links->active--;
        links->stats.ended++;
        return true;
    }
    return false;
}

mb_time sim_links_next(sim_links *links)
{
    if (links->done_count > 0) return links->now;
    return sim_dates_next(&links->due);
}

const sim_link_ahead *sim_links_ahead(const sim_links *links, size_t *count)
{
    *count = links->ahead_count;
    return links->ahead;
}

/* ---- what one may set ---- */

void sim_links_set_rate(sim_links *links, uint32_t link, uint64_t rate, mb_time now)
{
    assert(link < links->link_count && rate <= SIM_RATE_MAX);
    move_on(links, now);
    sim_link_touch(links, link);
    links->link[link].capacity = rate;
}

void sim_links_watch(sim_links *links, bool watched)
{
    links->watched = watched;
    for (uint32_t id = 0; watched && id < links->link_count; id++)
        if (links->link[id].flags & SIM_LINK_CROWD) sim_crowd_unpark_all(links, id);
}
