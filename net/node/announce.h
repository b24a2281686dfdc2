/*
 * A peer's side of the talk with the tracker: announces out, lists in, patience when nobody
 * answers.
 *
 * It first joins: its first announce brings what the file is, before there is a node. The answer
 * waits for the node's own first announce, which it answers. To a tracker that speaks MiniBit the
 * connection is kept; to an original it is made anew each time, and nothing longer is said than
 * an original reads. A tracker that is away is tried again with growing pauses; meanwhile the
 * core hears at once that it is not listed, and goes on with whom it knows.
 */
#ifndef NET_ANNOUNCE_H
#define NET_ANNOUNCE_H

#include "core/codec/message.h"
#include "net/node/node.h"

typedef struct net_announcer net_announcer;

/* What the tracker told of the file; without `known` only `blocks` is. */
typedef struct net_file_told {
    bool known;
    const mb_wire_file *file; /* lent for the call */
    uint32_t blocks;
    const mb_wire_message *list; /* lent until net_announcer_bind() or net_announcer_rejoin() */
} net_file_told;

typedef struct net_announcer_config {
    net_loop *loop;
    const char *id;
    const char *host; /* mine, as it is announced; a wildcard stands for what the tracker sees */
    uint16_t port;
    struct sockaddr_storage tracker;
    /* The first answer; false: nothing can be made of it, so another is asked for later. */
    bool (*joined)(void *owner, const net_file_told *told);
    void (*left)(void *owner); /* the last announce is out, or cannot be made */
    void *owner;
} net_announcer_config;

/* An announcer that does nothing yet; what the config points to outlives it. */
net_announcer *net_announcer_new(const net_announcer_config *config);
/* Asserts every invariant. */
void net_announcer_check(const net_announcer *announcer);
void net_announcer_free(net_announcer *announcer);

/* Announces without blocks until a tracker answers; then `joined`. */
void net_announcer_join(net_announcer *announcer);

/* The first answer was of no use after all: forgets it and asks anew after a pause. */
void net_announcer_rejoin(net_announcer *announcer);

/* From now on lists go to `node`, whose remotes and manifest they are held against. */
void net_announcer_bind(net_announcer *announcer, net_node *node, net_remotes *remotes,
                        const mb_manifest *manifest);

/* The core wants to announce; its answer follows. */
void net_announcer_announce(net_announcer *announcer, mb_announce kind, mb_told told);

#endif
