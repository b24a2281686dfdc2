/* The queue of links to refill: the lowest level first. */
#include <assert.h>

#include "core/heap.h"
#include "sim/engine/links_internal.h"

static bool dirty_before(const sim_links *links, struct sim_dirty a, struct sim_dirty b)
{
    (void)links;
    return a.key != b.key ? a.key < b.key : a.link < b.link;
}

MB_HEAP_DEFINE(dirty_heap, const sim_links, struct sim_dirty, 2, dirty_before, MB_HEAP_PUT)

void sim_dirty_push(sim_links *links, uint32_t id, uint64_t key)
{
    assert(id < links->link_count && links->dirty_count < links->link_room);
    assert(links->dirty_count < links->link_count);
    dirty_heap_push(links, links->dirty, links->dirty_count++,
                    (struct sim_dirty){.key = key, .link = id});
}

struct sim_dirty sim_dirty_pop(sim_links *links)
{
    assert(links->dirty_count > 0);
    return dirty_heap_pop(links, links->dirty, links->dirty_count--);
}
