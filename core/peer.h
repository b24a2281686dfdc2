/*
 * A peer: everything that it decides, and nothing that it does.
 *
 * The driver tells it what happened (mb_event) and does what it says (mb_action). The tracker's
 * first seeder is a peer that starts with every block. A peer never looks at a clock, another peer,
 * or further into another's acquisition log than a message told it.
 */
#ifndef MB_PEER_H
#define MB_PEER_H

#include "core/event.h"
#include "core/geometry.h"
#include "core/protocol.h"
#include "core/types.h"

typedef struct mb_peer mb_peer;

typedef struct mb_peer_config {
    mb_node node;
    uint64_t seed;
    const mb_protocol *protocol; /* finished; outlives the peer */
    const mb_geometry *geometry; /* outlives the peer */
    const uint64_t *have;        /* a set of blocks held from the start, or NULL */
    uint32_t epoch;              /* of its log; 1, and one more after each loss of blocks */
    bool seeder; /* the tracker's first seeder: holds everything and never announces */
} mb_peer_config;

/* A new peer in *peer; MB_ERR_MEMORY, MB_ERR_ARGUMENT (a set with blocks that the file has not).
 * O(blocks); memory O(blocks + known peers x blocks / 8), growing with the peers that it gets to
 * know. */
int mb_peer_new(mb_peer **peer, const mb_peer_config *config);

/* Frees it and its log; NULL is all right. */
void mb_peer_free(mb_peer *peer);

/* Bytes that such a peer comes to take while it fetches blocks and knows `known` others, what its
 * allocator adds included: a guess for whoever plans. */
uint64_t mb_peer_bytes(const mb_protocol *protocol, uint32_t blocks, uint32_t known, bool seeder);

/*
 * Takes `count` events of the instant `now` (never earlier than the last step's) and appends to
 * `out` what is to be done. Returns MB_OK; MB_ERR_MESSAGE where an event was refused (it changed
 * nothing; the others took effect); MB_ERR_MEMORY (then the peer is only good for freeing).
 */
int mb_peer_step(mb_peer *peer, mb_time now, const mb_event *events, size_t count, mb_actions *out);

/*
 * The short way for the commonest message, MB_MSG_HAVE: true, and what `from`, which it lists at
 * `index`, told is noted, as mb_peer_step() would have it, which would do no more. False: nothing
 * has changed, and the message is to be given to mb_peer_step(). O(1).
 */
bool mb_peer_hear(mb_peer *peer, mb_node from, uint32_t index, mb_told told);

/* When it wants MB_EVENT_TIMER, no earlier than needed; MB_NEVER: not at all. A step may move it.
 * O(1). */
mb_time mb_peer_deadline(const mb_peer *peer);

/*
 * Hints for drivers of large swarms, with no effect but on the cache: what a step looks at first of
 * the peer itself, and, once that has come, of the known peer at `index` (whatever it is). Better
 * said some hundred ns before the step.
 */
void mb_peer_fetch(const mb_peer *peer);
void mb_peer_fetch_known(const mb_peer *peer, uint32_t index);

/* Asserts every invariant of the peer's state. O(known peers x blocks): for tests and checkers. */
void mb_peer_check(const mb_peer *peer);

/* ---- what drivers and recorders may look at; O(1) unless said ---- */

typedef struct mb_peer_view {
    uint32_t held;        /* blocks that it holds */
    uint32_t known;       /* peers that it knows */
    uint32_t interested;  /* of those, who by its knowledge lacks a block that it holds */
    uint32_t interesting; /* of those, who by its knowledge holds a block that it lacks */
    uint32_t unchoked;    /* of those, whom it has unchoked */
    uint32_t serves;      /* of those, whom it has unchoked, or all: not itself, whom it may list */
    uint32_t providers;   /* of those, who have told it that they serve it */
    uint32_t asked;       /* requests that it waits for */
    bool complete, open, leaving;
} mb_peer_view;

/* O(log known peers); of an incomplete peer O(known peers x blocks), for `interesting`. */
mb_peer_view mb_peer_look(const mb_peer *peer);

/* Its acquisition log; lives until mb_peer_free(). */
const mb_log *mb_peer_log(const mb_peer *peer);

/* What the tracker may tell others that it holds: all, or nothing where it withholds. Lives until
 * mb_peer_free(). */
mb_told mb_peer_listed(const mb_peer *peer);

/* Frees the peer but for its log, which others may have been told of: that is the caller's to
 * mb_log_free(). */
mb_log *mb_peer_free_but_log(mb_peer *peer);

/* Its blocks as a set of mb_blockset_words() words. */
const uint64_t *mb_peer_blocks(const mb_peer *peer);

/* How many entries its table has, oneself (books = redealt) included: no fewer than the walk
 * returns. */
uint32_t mb_peer_known_count(const mb_peer *peer);

/* Another number after any step that changed what mb_peer_known() returns. */
uint32_t mb_peer_known_version(const mb_peer *peer);

/* Walks the blocks of which it counts on the driver to hold the first `*bytes` bytes, from a
 * transfer that was cut: `*place` starts at 0; false at the end. */
bool mb_peer_partial(const mb_peer *peer, uint32_t *place, uint32_t *block, uint32_t *bytes);

/* Walks the known peers: `*index` starts at 0 and is moved past the one returned; false at the end.
 */
bool mb_peer_known(const mb_peer *peer, uint32_t *index, mb_node *node, uint32_t *remote);

/* Requests of others that wait with it for their turn (for the checker). O(known). */
uint32_t mb_peer_queued(const mb_peer *peer);

/* Whether it has unchoked `node` at index `index` (for the checker). */
bool mb_peer_has_unchoked(const mb_peer *peer, mb_node node, uint32_t index);

#endif
