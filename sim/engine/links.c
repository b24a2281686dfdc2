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

uint32_t sim_links_flow_count(const sim_links *links)
{
    return links->active;
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

sim_links_stats sim_links_statistics(const sim_links *links)
{
    return links->stats;
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

static mb_time link_when(const struct sim_link *link, sim_work finish)
{
    if (finish <= link->v) return link->v_time;
    if (link->level == 0) return MB_NEVER;
    sim_work wait = sim_work_divide_up(finish - link->v, link->level);
    if (wait >= (sim_work)(MB_NEVER - link->v_time)) return MB_NEVER;
    return link->v_time + (mb_time)wait;
}

mb_time sim_link_due(const struct sim_link *link, const struct sim_flow *flows)
{
    if (link->attached == 0) return MB_NEVER;
    return link_when(link, flows[sim_link_ids_const(link)[0]].finish);
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

static bool start_reserve(sim_links *links, uint32_t up, uint32_t down)
{
    struct sim_link *u = &links->link[up];
    struct sim_link *d = &links->link[down];
    uint32_t most = u->count > d->count ? u->count : d->count;
    return flows_reserve(links) && sim_link_reserve(links, u) && sim_link_reserve(links, d) &&
           share_reserve(links, most + 1);
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

/*
 * Attaches a new flow where the lower level is: if that leaves both shares as they are (a flow
 * that replaces another), nothing more is to do. Where neither end limits anybody, the uplink
 * tries what it has left and is refilled.
 */
static void flow_join(sim_links *links, uint32_t flow)
{
    assert(links->flow[flow].link[SIM_UP] != links->flow[flow].link[SIM_DOWN]);
    struct sim_flow *f = &links->flow[flow];
    struct sim_link *up = &links->link[f->link[SIM_UP]];
    struct sim_link *down = &links->link[f->link[SIM_DOWN]];
    unsigned side = down->level < up->level ? SIM_DOWN : SIM_UP;
    struct sim_link *here = side == SIM_UP ? up : down;
    struct sim_link *other = side == SIM_UP ? down : up;
    sim_link_advance(links, f->link[side]);
    if (here->level == SIM_LEVEL_NONE) {
        if (here->flags & SIM_LINK_BOOKED) sim_crowd_exact(links, f->link[side]);
        here->level = here->capacity > here->sum ? here->capacity - (uint64_t)here->sum : 0;
        here->flags |= SIM_LINK_REFILL;
    }
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

int sim_links_start(sim_links *links, const sim_path *path, uint64_t bytes, mb_time now,
                    uint32_t *flow)
{
    assert(path->count == 2);
    uint32_t up = path->link[0], down = path->link[1];
    assert(up < links->link_count && down < links->link_count && up != down);
    assert(bytes <= SIM_FLOW_BYTES_MAX);
    if (!start_reserve(links, up, down)) return MB_ERR_MEMORY;
    move_on(links, now);
    *flow = flow_take(links);
    links->flow[*flow] = (struct sim_flow){
        .bytes = bytes,
        .seq = links->seq++,
        .link = {up, down},
        .state = SIM_FLOW_ACTIVE,
    };
    links->active++;
    links->stats.started++;
    if (bytes == 0) {
        done_push(links, *flow);
        return MB_OK;
    }
    for (unsigned side = 0; side < 2; side++) {
        uint32_t id = links->flow[*flow].link[side];
        sim_link_touch(links, id);
        links->link[id].started += bytes;
        sim_link_append(links, id, *flow);
    }
    flow_join(links, *flow);
    crowds_begin(links, path);
    return MB_OK;
}

/* ---- ending ---- */

static sim_work work_left(const sim_links *links, const struct sim_flow *f, mb_time now)
{
    assert(f->state == SIM_FLOW_ACTIVE && now >= links->now);
    const struct sim_link *link = &links->link[f->link[f->side]];
    sim_work v = link->v + (sim_work)link->level * (uint64_t)(now - link->v_time);
    return f->finish > v ? f->finish - v : 0;
}

static uint64_t bytes_carried(const sim_links *links, const struct sim_flow *f, mb_time now)
{
    if (f->state == SIM_FLOW_DONE) return f->bytes;
    sim_work left = work_left(links, f, now);
    return f->bytes - (uint64_t)((left + MB_WORK_BYTE - 1) / MB_WORK_BYTE);
}

/* Takes a flow off both its links. The levels stay until the settle, for who takes its place. */
static void flow_part(sim_links *links, uint32_t flow, uint64_t carried)
{
    assert(carried <= links->flow[flow].bytes);
    struct sim_flow *f = &links->flow[flow];
    uint32_t here = f->link[f->side];
    uint32_t other = f->link[!f->side];
    sim_link_advance(links, here);
    sim_link_detach(links, here, flow);
    links->link[other].sum -= links->link[here].level;
    for (unsigned side = 0; side < 2; side++) {
        sim_link_touch(links, f->link[side]);
        sim_link_remove(links, f->link[side], flow);
        links->link[f->link[side]].carried += carried;
        if (carried < f->bytes) links->dropped[f->link[side]] += f->bytes - carried;
    }
}

uint64_t sim_links_cut(sim_links *links, uint32_t flow, mb_time now)
{
    assert(flow < links->flow_used);
    struct sim_flow *f = &links->flow[flow];
    assert(f->state == SIM_FLOW_ACTIVE || f->state == SIM_FLOW_DONE);
    move_on(links, now);
    uint64_t carried = bytes_carried(links, f, now);
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

/* ---- what one may ask ---- */

static const struct sim_flow *flow_under_way(const sim_links *links, uint32_t flow)
{
    assert(flow < links->flow_used);
    const struct sim_flow *f = &links->flow[flow];
    assert(f->state == SIM_FLOW_ACTIVE || f->state == SIM_FLOW_DONE);
    return f;
}

uint64_t sim_links_carried(const sim_links *links, uint32_t flow, mb_time now)
{
    assert(now >= links->now);
    return bytes_carried(links, flow_under_way(links, flow), now);
}

uint64_t sim_links_flow_order(const sim_links *links, uint32_t flow)
{
    return flow_under_way(links, flow)->seq;
}

uint64_t sim_links_flow_rate(const sim_links *links, uint32_t flow)
{
    const struct sim_flow *f = flow_under_way(links, flow);
    return f->state == SIM_FLOW_DONE ? 0 : links->link[f->link[f->side]].level;
}

mb_time sim_links_flow_due(const sim_links *links, uint32_t flow)
{
    const struct sim_flow *f = flow_under_way(links, flow);
    if (f->state == SIM_FLOW_DONE) return links->now;
    return link_when(&links->link[f->link[f->side]], f->finish);
}

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

const uint32_t *sim_links_flows(const sim_links *links, uint32_t link, uint32_t *count)
{
    assert(link < links->link_count);
    *count = links->link[link].count;
    return sim_link_ids_const(&links->link[link]);
}

const uint32_t *sim_links_touched(const sim_links *links, uint32_t *count)
{
    *count = links->touched_count;
    return links->touched;
}

sim_link_bytes sim_links_bytes(const sim_links *links, uint32_t link)
{
    assert(link < links->link_count);
    const struct sim_link *l = &links->link[link];
    sim_link_bytes bytes = {
        .started = l->started,
        .carried = l->carried,
        .dropped = links->dropped[link],
    };
    const uint32_t *ids = sim_link_ids_const(l);
    for (uint32_t i = 0; i < l->count; i++)
        bytes.flying += links->flow[ids[i]].bytes;
    return bytes;
}

uint64_t sim_links_link_carried(const sim_links *links, uint32_t link, mb_time now)
{
    assert(link < links->link_count && now >= links->now);
    const struct sim_link *l = &links->link[link];
    const uint32_t *ids = sim_link_ids_const(l);
    uint64_t carried = l->carried;
    for (uint32_t i = 0; i < l->count; i++) {
        carried += bytes_carried(links, &links->flow[ids[i]], now);
    }
    return carried;
}
