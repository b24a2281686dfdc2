/*
 * A driver of its own for MiniBit's core: a tracker and a few peers in memory, where whatever is
 * sent arrives at once. Time passes only where nobody has anything to do: it goes on to the next
 * deadline.
 *
 *   cc driver.c -o driver $(pkg-config --cflags --libs minibit) && ./driver
 */
#include <minibit/core.h>
#include <stdio.h>
#include <stdlib.h>

enum { PEERS = 6, SEEDER = 0, NODES = PEERS + 1, BLOCKS = 64, POST = 4096, DEALT_MAX = 16 };

/* An event on its way; what the tracker lists lasts until the tracker's next step, so it is copied.
 */
typedef struct letter {
    bool to_tracker;
    mb_node to;
    mb_event event;
    mb_listing list[NODES];
    uint32_t dealt[DEALT_MAX];
} letter;

static letter post[POST]; /* a ring: everything is delivered in the order in which it was sent */
static unsigned first, waiting;
static mb_peer *peers[NODES];
static mb_tracker *tracker;
static mb_time now;
static unsigned complete, transfers, messages;

static letter *send(mb_node to, mb_event event)
{
    if (waiting == POST) exit(1);
    letter *sent = &post[(first + waiting++) % POST];
    *sent = (letter){.to = to, .event = event};
    return sent;
}

/* What the tracker does: it answers. */
static void do_for_tracker(const mb_action *a)
{
    letter *sent = send(a->to, mb_event_make(MB_EVENT_LISTED, MB_NODE_NONE));
    for (uint32_t i = 0; i < a->answer.list_count; i++)
        sent->list[i] = a->answer.list[i];
    for (uint32_t i = 0; i < a->answer.dealt_count; i++)
        sent->dealt[i] = a->answer.dealt[i];
    sent->event.listed =
        (mb_event_listed){sent->list, sent->dealt, a->answer.list_count, a->answer.dealt_count};
}

static void say(mb_node from, mb_node to, const mb_action *a, uint32_t index, uint32_t remote)
{
    mb_event event = mb_event_make(MB_EVENT_MESSAGE, from);
    event.index = remote;         /* where the receiver lists the sender, */
    event.message.remote = index; /* and the sender the receiver */
    event.message.said = a->said;
    messages++;
    send(to, event);
}

/* A block goes over: a real driver moves its bytes and checks them. */
static void upload(mb_node from, const mb_action *a)
{
    mb_event block = mb_event_make(MB_EVENT_BLOCK, from),
             sent = mb_event_make(MB_EVENT_SENT, a->to);
    block.block = (mb_event_block){a->upload.block, a->upload.told, ++transfers};
    sent.sent.block = a->upload.block;
    send(a->to, block);
    send(from, sent);
}

/* What a peer wants done; true where it wants to hear how far its transfers are. */
static bool do_for_peer(mb_node node, const mb_action *a)
{
    uint32_t index = 0, remote;
    mb_node other;
    mb_event event;
    switch (a->type) {
    case MB_ACTION_ANNOUNCE:
        event = mb_event_make(MB_EVENT_ANNOUNCE, node);
        event.announce = (mb_event_announce){a->announce.what, a->announce.told, MB_TAG_NONE};
        send(MB_NODE_TRACKER, event)->to_tracker = true;
        break;
    case MB_ACTION_SEND:
        if (!(a->said.flags & MB_FLAG_QUIET)) say(node, a->to, a, a->index, a->remote);
        break;
    case MB_ACTION_BROADCAST:
        while (mb_peer_known(peers[node], &index, &other, &remote))
            say(node, other, a, MB_INDEX_NONE, remote);
        break;
    case MB_ACTION_UPLOAD: upload(node, a); break;
    case MB_ACTION_MEASURE: return true;
    case MB_ACTION_COMPLETE:
        if (node == SEEDER) break;
        printf("%7.3f s  peer %u has all %u blocks\n", (double)now / 1e9, node, BLOCKS);
        complete++;
        break;
    default: break; /* notes, and what cannot be: nothing is ever under way to be stopped */
    }
    return false;
}

static void step(bool to_tracker, mb_node node, const mb_event *event, mb_actions *actions)
{
    mb_event measured = mb_event_make(MB_EVENT_MEASURED, MB_NODE_NONE);
    actions->count = 0;
    if (to_tracker ? mb_tracker_step(tracker, now, event, 1, actions)
                   : mb_peer_step(peers[node], now, event, 1, actions))
        exit(1);
    bool measure = false;
    for (size_t i = 0; i < actions->count; i++) {
        if (to_tracker)
            do_for_tracker(&actions->items[i]);
        else
            measure |= do_for_peer(node, &actions->items[i]);
    }
    if (measure) step(false, node, &measured, actions);
}

/* Nothing is on its way: on to the first deadline. */
static void pass_time(mb_actions *actions)
{
    mb_event timer = mb_event_make(MB_EVENT_TIMER, MB_NODE_NONE);
    mb_time next = mb_tracker_deadline(tracker);
    for (mb_node node = 0; node < NODES; node++)
        next = mb_peer_deadline(peers[node]) < next ? mb_peer_deadline(peers[node]) : next;
    now = next;
    if (mb_tracker_deadline(tracker) == now) step(true, MB_NODE_TRACKER, &timer, actions);
    for (mb_node node = 0; node < NODES; node++)
        if (mb_peer_deadline(peers[node]) == now) step(false, node, &timer, actions);
}

int main(void)
{
    mb_protocol protocol;
    mb_geometry geometry;
    mb_actions actions;
    mb_protocol_init(&protocol, MB_PRESET_MINIBIT);
    mb_protocol_finish(&protocol);
    mb_actions_init(&actions);
    if (mb_geometry_init_blocks(&geometry, BLOCKS, MB_BLOCK_SIZE_DEFAULT)) return 1;
    mb_tracker_config books = {.seed = 1, .blocks = BLOCKS, .protocol = &protocol};
    if (mb_tracker_new(&tracker, &books)) return 1;
    for (mb_node node = 0; node < NODES; node++) {
        mb_peer_config config = {.node = node,
                                 .seed = 1,
                                 .protocol = &protocol,
                                 .geometry = &geometry,
                                 .epoch = 1,
                                 .seeder = node == SEEDER};
        if (mb_peer_new(&peers[node], &config)) return 1;
        send(node, mb_event_make(MB_EVENT_START, MB_NODE_NONE));
    }
    if (mb_tracker_seeder(tracker, SEEDER, mb_peer_listed(peers[SEEDER]))) return 1;
    while (complete < PEERS) {
        if (waiting == 0) {
            pass_time(&actions);
            continue;
        }
        letter *next = &post[first];
        step(next->to_tracker, next->to, &next->event, &actions);
        first = (first + 1) % POST;
        waiting--;
    }
    printf("%u blocks went over, and %u messages\n", transfers, messages);
    mb_tracker_free(tracker);
    for (mb_node node = 0; node < NODES; node++)
        mb_peer_free(peers[node]);
    mb_actions_clear(&actions);
    return 0;
}
