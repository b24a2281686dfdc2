/*
 * A file that is served is its user's: he may edit, move or delete it. What still fits is served.
 */
#include <assert.h>
#include <stdlib.h>

#include "net/node/impl.h"

/* Seconds between two looks at a file that nobody asks for. */
#define WATCH_S 5

typedef struct watch_work {
    net_work work;
    net_node *node;
    uint32_t lost; /* before */
    bool rechecked;
} watch_work;

static void on_watch(net_work *work)
{
    watch_work *w = (watch_work *)work;
    net_store *store = w->node->config.store;

    w->lost = net_store_lost_count(store);
    w->rechecked = net_store_is_doubted(store);
    if (w->rechecked) net_store_recheck(store);
}

static void tell(const net_node *node, uint32_t before)
{
    assert(net_store_lost_count(node->config.store) <= node->geometry->blocks);
    net_store *store = node->config.store;
    uint32_t lost = net_store_lost_count(store);

    if (lost > 0)
        net_log(NET_WARN, "%s has changed: %u of its %u blocks do not fit and are not served",
                net_store_path(store), lost, node->geometry->blocks);
    else
        net_log(NET_WARN, "%s has changed, but all of its blocks fit%s", net_store_path(store),
                before > 0 ? " again" : "");
}

static void on_watched(net_work *work)
{
    assert(((watch_work *)work)->node->watching);
    watch_work *w = (watch_work *)work;
    net_node *node = w->node;

    node->working--;
    node->watching = false;
    if (w->rechecked && !node->freeing) tell(node, w->lost);
    free(w);
}

void net_node_watch(net_node *node, bool now)
{
    watch_work *w;

    if (!now && ++node->unwatched_s < WATCH_S) return;
    if (node->watching || node->freeing || !node->published) return;
    node->unwatched_s = 0;
    node->watching = true;
    w = net_alloc_zero(sizeof *w);
    w->node = node;
    w->work.work = on_watch;
    w->work.done = on_watched;
    node->working++;
    net_work_start(node->loop, &w->work);
}
