/*
 * A node on a real network: one mb_peer, driven. What comes over its connections, from its disk
 * and from its clock goes into the core as events; what the core wants done is done.
 *
 * A peer's program has one, the tracker's another for its seeder. Whoever owns it says how
 * announces travel (net/node/announce.h; the seeder announces nothing) and what follows when the
 * file is whole or the node is gone. It holds no policy: whom to serve and what to ask for is the
 * core's. Everything runs on the loop's thread but hashing and disk.
 */
#ifndef NET_NODE_H
#define NET_NODE_H

#include "core/codec/message.h"
#include "core/peer.h"
#include "net/io/conn.h"
#include "net/node/record.h"
#include "net/node/remote.h"
#include "net/store/store.h"

typedef struct net_node net_node;

/* What an owner is asked or told; never from within one of the functions below. */
typedef struct net_node_ops {
    /* Announce: `kind` as the core means it, `told` what to tell. The answer comes by
     * net_node_listed(). */
    void (*announce)(net_node *node, mb_announce kind, mb_told told);
    void (*complete)(net_node *node);                   /* it holds every block */
    void (*published)(net_node *node);                  /* and the file has its name */
    void (*left)(net_node *node);                       /* it has left in good order */
    void (*failed)(net_node *node, const char *reason); /* its disk failed: it must end */
} net_node_ops;

typedef struct net_node_config {
    net_loop *loop;
    const net_node_ops *ops;
    void *owner;
    const char *id; /* borrowed, as all the pointers here, until net_node_free() */
    const mb_protocol *protocol;
    const mb_manifest *manifest;
    net_store *store;
    net_remotes *remotes;
    net_record *record; /* may be NULL */
    uint64_t seed;
    bool seeder;   /* the tracker's: node 0, holds everything, never announces */
    uint16_t port; /* where it accepts requests */
} net_node_config;

/* Makes the node and its core; it accepts connections through net_node_accept() and does nothing
 * before net_node_start(). NULL where memory is out. */
net_node *net_node_new(const net_node_config *config);
void net_node_free(net_node *node);
void *net_node_owner(const net_node *node);

/* It is there: it registers. */
void net_node_start(net_node *node);

/* A connection waits at `server`. */
void net_node_accept(net_node *node, uv_stream_t *server);

/* One whom the tracker lists. */
typedef struct net_listing {
    mb_node node;
    bool seeder; /* the tracker's own */
    bool tell;   /* what the table has of its blocks is told with it */
} net_listing;

/* The tracker's answer: whom it lists, and the blocks dealt. Both are copied. */
void net_node_listed(net_node *node, const net_listing *list, uint32_t count, const uint32_t *dealt,
                     uint32_t dealt_count);

/* No tracker answered. */
void net_node_unlisted(net_node *node);

/* Leaves in good order: ops->left follows. */
void net_node_leave(net_node *node);

/* Takes those blocks out of a set of the wire that its file has lost since. */
void net_node_hide_lost(const net_node *node, uint8_t *set);

mb_peer_view net_node_look(const net_node *node);
/* What the tracker may list it with. */
mb_told net_node_shown(const net_node *node);

/* Bytes of blocks that went out and came in so far, for what is shown to people. */
void net_node_traffic(const net_node *node, uint64_t *sent, uint64_t *received);

#endif
