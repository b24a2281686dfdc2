/*
 * The disk: synced now and then, and what comes of it where it fails.
 */
#include <assert.h>
#include <stdlib.h>

#include "net/node/impl.h"

/* Blocks stored between two syncs of the file. */
#define SYNC_BLOCKS 64

void net_node_fail(net_node *node, int error)
{
    assert(error != MB_OK);
    char text[512];

    if (node->failed) return;
    node->failed = true;
    net_store_describe(node->config.store, error, text, sizeof text);
    node->config.ops->failed(node, text);
}

typedef struct sync_work {
    net_work work;
    net_node *node;
    int error;
} sync_work;

static void on_sync(net_work *work)
{
    sync_work *s = (sync_work *)work;

    s->error = net_store_sync(s->node->config.store);
}

static void on_synced(net_work *work)
{
    assert(((sync_work *)work)->node->syncing);
    sync_work *s = (sync_work *)work;

    s->node->working--;
    s->node->syncing = false;
    if (s->error) net_node_fail(s->node, s->error);
    free(s);
}

static void see_to_sync(net_node *node)
{
    sync_work *s;

    if (node->syncing || node->unsynced < SYNC_BLOCKS || node->published) return;
    s = net_alloc_zero(sizeof *s);
    s->node = node;
    s->work.work = on_sync;
    s->work.done = on_synced;
    node->syncing = true;
    node->unsynced = 0;
    node->working++;
    net_work_start(node->loop, &s->work);
}

void net_node_stored(net_node *node)
{
    assert(node->unsynced < UINT32_MAX);
    node->unsynced++;
    see_to_sync(node);
}
