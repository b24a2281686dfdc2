/*
 * The peers that a program knows by name: ids and addresses on one side, the core's dense handles
 * and logs on the other.
 *
 * A program has one table; a tracker's books and its seeder share it. A remote keeps its handle for
 * as long as it is in the table, and a handle is never given twice. Its log is what its messages
 * have told of its blocks, in the order in which that was heard, as the core wants it: only
 * growing within an epoch. Epochs here are the table's own: a new one begins when the remote says
 * so, or when what is told no longer contains what was.
 */
#ifndef NET_REMOTE_H
#define NET_REMOTE_H

#include "core/log.h"
#include "core/types.h"

#include <netinet/in.h>

struct net_link;

/* What a remote understands. */
typedef enum net_speech {
    NET_SPEECH_UNKNOWN, /* not heard of yet: asked plainly, with the extension shown */
    NET_SPEECH_PLAIN,   /* an original */
    NET_SPEECH_MINIBIT,
} net_speech;

#define NET_ID_SIZE 65
#define NET_HOST_SIZE 64

typedef struct net_remote {
    char id[NET_ID_SIZE];
    char host[NET_HOST_SIZE]; /* its numeric address; "" if not known */
    uint16_t port;            /* where it accepts requests; 0 if not known */
    uint8_t speech;           /* net_speech */
    bool banned;              /* it sent a block of the wrong hash */
    bool doubted;             /* it sent a part of one; no block is made of its and others' parts */
    bool booked;              /* by the tracker */
    uint32_t waiting;         /* tracker: its announces that the core has not had yet */
    mb_node node;
    mb_log *log;       /* NULL as long as nothing was told */
    mb_log **old_logs; /* those that it has outgrown and somebody may still look at */
    uint32_t old_count;
    uint64_t remote_epoch; /* that its own messages name */
    mb_time announced;     /* tracker: when last */
    char *entry;           /* tracker: how it was listed last; NULL: not since it has changed */
    uint32_t entry_size;
    void *announcer;       /* tracker: the kept connection that it announces over, or NULL */
    struct net_link *link; /* node: the traffic with it, or NULL */
    struct net_remote *hash_next;
} net_remote;

typedef struct net_remotes {
    net_remote **buckets; /* by id */
    net_remote **by_node;
    uint32_t bucket_count, node_capacity, count;
    mb_node next_node;
    uint32_t blocks;       /* of the file: what a log can hold */
    uint32_t entries_size; /* bytes of all entries that are kept */
    bool keep_old;         /* logs that were outgrown stay until net_remote_settle() */
    uint64_t salt;
} net_remotes;

/* `first` is the handle that the first remote gets, but for the id `tracker`, which is node 0. */
void net_remotes_init(net_remotes *remotes, uint32_t blocks, mb_node first);
void net_remotes_clear(net_remotes *remotes);

/* By id, by handle; NULL if there is none. O(1). */
net_remote *net_remotes_find(const net_remotes *remotes, const char *id);
net_remote *net_remotes_at(const net_remotes *remotes, mb_node node);

/* The remote of that id, a new one if there was none; NULL past NET_LIMIT_PEERS. The id is valid.
 * O(1), but O(remotes) where room is made. */
net_remote *net_remotes_get(net_remotes *remotes, const char *id);

/* Sets its address; a host's name is not looked up: false for what is not numeric. */
bool net_remote_place(net_remote *remote, const char *host, uint16_t port);

/* Its address; false if none is known. */
bool net_remote_address(const net_remote *remote, struct sockaddr_storage *address);

/*
 * It has told that it holds the blocks of `set` (words of remotes->blocks bits), as of its epoch
 * `epoch` and `count` (0, 0: a plain message). Out-of-date sets are passed over. O(words).
 */
void net_remote_tell_set(const net_remotes *remotes, net_remote *remote, const uint64_t *set,
                         uint64_t epoch, uint64_t count);

/* It holds `block` besides. */
void net_remote_tell_block(const net_remotes *remotes, net_remote *remote, uint32_t block);

/* What the core is to be told of it now. */
mb_told net_remote_told(const net_remote *remote);

/* Whoever looked at an earlier log of it looks at the present one by now: a tracker's core keeps
 * what it was told (remotes->keep_old), and has been told anew. Its entry is to be written anew. */
void net_remote_settle(net_remotes *remotes, net_remote *remote);

/* Keeps a copy of its entry in a list, as long as there is room (NET_LIMIT_ENTRIES). */
void net_remote_keep_entry(net_remotes *remotes, net_remote *remote, const char *entry,
                           size_t size);

/* Whether it has told of `block`: O(log); of every block: O(1). */
bool net_remote_complete(const net_remotes *remotes, const net_remote *remote);

/* The blocks that it told, as a set. O(log). */
void net_remote_set(const net_remotes *remotes, const net_remote *remote, uint64_t *set);

#endif
