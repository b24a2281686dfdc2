/*
 * The peers that a program knows by name: ids and addresses on one side, the core's dense handles
 * and logs on the other.
 *
 * A program has one table; a tracker's books and its seeder share it. A remote keeps its handle for
 * as long as it is in the table, and but for a tracker's a handle is never given twice. Its log is
 * what its messages have told of its blocks, in the order in which that was heard, as the core
 * wants it: only growing within an epoch. Epochs here are the table's own: a new one begins when
 * what is told no longer contains what was. The epochs of the wire only tell the lives of a
 * remote's program apart: each draws its own. What the latest of its connections tells is believed,
 * whatever was told before; what comes late over an older one, or from others, does not undo it.
 *
 * Blame sticks to an id together with an address, and ends: whoever takes an absent peer's id
 * neither inherits what that was known for nor leaves it anything.
 */
#ifndef NET_REMOTE_H
#define NET_REMOTE_H

#include "core/log.h"
#include "core/types.h"
#include "net/io/loop.h"

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
    char host[NET_HOST_SIZE];   /* its numeric address; "" if not known */
    uint16_t port;              /* where it accepts requests; 0 if not known */
    uint8_t speech;             /* net_speech */
    char listed[NET_HOST_SIZE]; /* its address as a tracker lists it; "" if it does not */
    bool doubted;     /* it sent a part of a wrong block; none is made of its and others' */
    bool booked;      /* by the tracker */
    uint32_t waiting; /* tracker: its announces that the core has not had yet */
    mb_node node;
    mb_log *log;   /* NULL as long as nothing was told */
    uint64_t *set; /* tracker: what the log has; NULL where that is nothing, or every block */
    uint64_t remote_epoch; /* that its own messages name */
    uint64_t told_conn;    /* the latest connection (net_conn.id) that has told a set; 0: none */
    mb_time announced;     /* tracker: when last */
    char *entry;           /* tracker: how it was listed last; NULL: not since it has changed */
    uint32_t entry_size;
    void *announcer;       /* tracker: the kept connection that it announces over, or NULL */
    struct net_link *link; /* node: the traffic with it, or NULL */
    struct net_remote *hash_next;
} net_remote;

/* What somebody did, who said he was `id` at that address. */
typedef struct net_blame {
    char id[NET_ID_SIZE], host[NET_HOST_SIZE];
    mb_time until; /* of the loop; nothing follows from it afterwards */
    uint32_t times;
    bool ban; /* a whole block was wrong; else a part of one */
} net_blame;

/* What a message tells of its sender's blocks: its epoch and count (0, 0: a plain message), and the
 * connection (net_conn.id) that it came over; 0: it is hearsay, from a tracker's list. */
typedef struct net_state {
    uint64_t epoch, count, conn;
} net_state;

typedef struct net_remotes {
    net_remote **buckets; /* by id */
    net_remote **by_node;
    uint32_t bucket_count, node_capacity, count;
    mb_node next_node;
    uint32_t blocks;       /* of the file: what a log can hold */
    uint32_t entries_size; /* bytes of all entries that are kept */
    bool sets;             /* it is a tracker's: no order is kept, see net_remotes_init_sets() */
    mb_node *unused;       /* handles of whom it has forgotten, given again (sets) */
    uint32_t unused_count, unused_capacity;
    net_budget *memory; /* what it may take, shared; or NULL */
    uint64_t salt;
    net_blame *blames; /* the last NET_LIMIT_BLAMES */
    uint32_t blame_count, blame_next;
} net_remotes;

/* `first` is the handle that the first remote gets, but for the id `tracker`, which is node 0. */
void net_remotes_init(net_remotes *remotes, uint32_t blocks, mb_node first);
void net_remotes_clear(net_remotes *remotes);

/* The same for a tracker's books, which need no order: a log has a count and an epoch, but no
 * entries, and what it stands for is a set, an eighth of a byte a block instead of four. Handles
 * of whom nobody needs any more are given again. */
void net_remotes_init_sets(net_remotes *remotes, uint32_t blocks, mb_node first);

/* Asserts every invariant. O(remotes x blocks). */
void net_remotes_check(const net_remotes *remotes);

/* Whether there is memory for `remote` (NULL: one more) to tell of any blocks; makes some by
 * forgetting whom nobody needs. */
bool net_remotes_have_room(net_remotes *remotes, const net_remote *remote);

/* Forgets it, if nobody needs it: it is not booked, has no link, and does not announce. */
void net_remotes_release(net_remotes *remotes, net_remote *remote);

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
 * It has told that it holds the blocks of `set` (words of remotes->blocks bits). Out-of-date sets
 * are passed over. O(words).
 */
void net_remote_tell_set(const net_remotes *remotes, net_remote *remote, const uint64_t *set,
                         const net_state *state);

/* Nothing that was told of it counts any more, nor its address: somebody else may come as `id`. */
void net_remote_forget_told(const net_remotes *remotes, net_remote *remote);

/* Whoever says he is `id` at `host` sent a wrong block (`ban`), or a part of one. It counts for
 * NET_BLAME_FIRST_MS from `now`, each time twice as long, up to NET_BLAME_LAST_MS. Returns the end.
 */
mb_time net_remotes_blame(net_remotes *remotes, const char *id, const char *host, bool ban,
                          mb_time now);

/* Whether that still counts against him. O(blames), O(1) where there are none. */
bool net_remotes_is_blamed(const net_remotes *remotes, const char *id, const char *host, bool ban,
                           mb_time now);

/* It holds `block` besides. */
void net_remote_tell_block(const net_remotes *remotes, net_remote *remote, uint32_t block);

/* What the core is to be told of it now. */
mb_told net_remote_told(const net_remote *remote);

/* A tracker's core has been told of it anew: its entry is to be written anew. */
void net_remote_settle(net_remotes *remotes, net_remote *remote);

/* Keeps a copy of its entry in a list, as long as there is room (NET_LIMIT_ENTRIES). */
void net_remote_keep_entry(net_remotes *remotes, net_remote *remote, const char *entry,
                           size_t size);

/* Whether it has told of `block`: O(log); of every block: O(1). */
bool net_remote_complete(const net_remotes *remotes, const net_remote *remote);

/* The blocks that it told, as a set. O(log), O(words) of a tracker's. */
void net_remote_set(const net_remotes *remotes, const net_remote *remote, uint64_t *set);

#endif
