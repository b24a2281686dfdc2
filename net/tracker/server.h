/*
 * A tracker on a real network: one mb_tracker, driven. Announces go in, lists come out.
 *
 * The seeder beside it is an ordinary node (net/node/node.h) with a table of its own. To a peer
 * that shows the extension it tells the file, deals blocks and keeps the connection; to an original
 * it answers what an original can read and closes. It moves no blocks.
 */
#ifndef NET_TRACKER_SERVER_H
#define NET_TRACKER_SERVER_H

#include "core/file/manifest.h"
#include "core/tracker.h"
#include "net/io/conn.h"
#include "net/node/node.h"
#include "net/node/record.h"
#include "net/node/remote.h"

typedef struct net_tracker_server net_tracker_server;

typedef struct net_tracker_config {
    net_loop *loop;
    const mb_protocol *protocol;
    const mb_manifest *manifest;
    const char *name; /* of the file, as the wire has it; "" if it has none that the wire takes */
    const char *host; /* where the seeder is; a wildcard stands for where the asker came to */
    uint16_t port;    /* of the seeder */
    mb_told seeder;   /* what it holds */
    const net_node *node; /* the seeder */
    net_record *record;
    uint64_t seed;
    bool trust_ip; /* an announce's `ip` may be another than its sender's */
} net_tracker_config;

/* NULL where memory is out. All that the config points to outlives it. */
net_tracker_server *net_tracker_server_new(const net_tracker_config *config);
void net_tracker_server_free(net_tracker_server *server);

/* A connection waits at `listener`. */
void net_tracker_server_accept(net_tracker_server *server, uv_stream_t *listener);

/* Asserts every invariant, those of the table and of the core's books too. */
void net_tracker_server_check(const net_tracker_server *server);

/* Peers booked now. */
uint32_t net_tracker_server_booked(const net_tracker_server *server);

/* Announces answered so far. */
uint64_t net_tracker_server_answered(const net_tracker_server *server);

#endif
