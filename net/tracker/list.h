/*
 * The text of a tracker's answer, for those who show the extension and for originals.
 *
 * The tracker's server alone uses it.
 */
#ifndef NET_TRACKER_LIST_H
#define NET_TRACKER_LIST_H

#include "core/codec/message.h"
#include "core/event.h"
#include "core/file/manifest.h"
#include "core/protocol.h"
#include "net/io/conn.h"
#include "net/node/node.h"
#include "net/node/remote.h"

typedef struct net_list_config {
    net_remotes *remotes;
    const mb_manifest *manifest;
    const mb_protocol *protocol;
    const char *name;
    const char *host; /* of the seeder; a wildcard: where the asker came to */
    uint16_t port;
    mb_told seeder;
    const net_node *node; /* the seeder */
} net_list_config;

/* The core's answer, an MB_ACTION_ANSWER, for who came over `conn`: the others, and the asker's own
 * entry with the file, its hashes if it `wants` them, and what it is dealt. */
void net_list_write(const net_list_config *config, const net_conn *conn, const mb_action *action,
                    bool wants, bool keep, mb_text *text);

/* The same as an original reads it: at most NET_LIMIT_PLAIN_LIST bytes, the tracker first, the
 * others' lists of blocks cut to what fits. */
void net_list_write_plain(const net_list_config *config, const net_conn *conn,
                          const mb_action *action, mb_text *text);

#endif
