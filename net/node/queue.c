/*
 * What the core is to hear: events that wait for the next step, and those that the latency keeps.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/node/impl.h"

net_event net_event_make(mb_event_type type, const net_remote *from)
{
    net_event made;

    memset(&made, 0, sizeof made);
    made.event = mb_event_make(type, from ? from->node : MB_NODE_NONE);
    return made;
}

static net_event *queue_add(net_node *node, const net_event *event)
{
    assert(node->queue_count <= node->queue_capacity);
    if (node->queue_count == node->queue_capacity) {
        node->queue_capacity = node->queue_capacity ? node->queue_capacity * 2 : 16;
        node->queue = net_realloc(node->queue, node->queue_capacity * sizeof *node->queue);
    }
    node->queue[node->queue_count] = *event;
    return &node->queue[node->queue_count++];
}

net_event *net_node_push(net_node *node, mb_event_type type, const net_remote *from)
{
    net_event event = net_event_make(type, from);

    return queue_add(node, &event);
}

typedef struct heard {
    net_node *node;
    net_event event;
} heard;

static void hear_late(void *arg)
{
    heard *h = arg;

    queue_add(h->node, &h->event);
    free(h);
}

static void drop_heard(void *arg)
{
    heard *h = arg;

    free(h->event.owned);
    free(h);
}

void net_node_hear(net_node *node, const net_event *event)
{
    heard *late;

    if (node->loop->latency == 0) {
        queue_add(node, event);
        return;
    }
    late = net_alloc(sizeof *late);
    *late = (heard){node, *event};
    net_loop_delay(node->loop, hear_late, drop_heard, late);
}
