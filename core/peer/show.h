/*
 * What I show to whom. Mostly that is all that I hold, told by my log. The tracker's seeder under
 * super_seed = withhold shows each known peer a log of its own, which grows by the block that it
 * may have next; what it has not shown it does not hold, for all that the other can see.
 *
 * learn.c reads what is shown, steer.c says what is shown next. It sends nothing.
 */
#ifndef MB_PEER_SHOW_H
#define MB_PEER_SHOW_H

#include "core/event.h"
#include "core/log.h"
#include "core/peer.h"

/* One known peer, where I withhold. */
typedef struct mb_shown {
    mb_log *log;      /* what it has been shown; NULL: nothing yet */
    uint32_t current; /* the block that it was shown last, or MB_BLOCK_NONE: it lacked none */
} mb_shown;

typedef struct mb_show {
    bool withholds;
    mb_shown *each;    /* of each entry; NULL: nobody is known, or I do not withhold */
    uint32_t *current; /* a block: to how many it is the current one */
    uint64_t *out;     /* the blocks that are current to anybody */
    mb_log *logs;      /* of peers that are known no more, and older ones: messages may tell them */
} mb_show;

int mb_show_init(mb_peer *peer);
void mb_show_free(mb_peer *peer);
bool mb_show_reserve(mb_peer *peer, uint32_t capacity);
void mb_show_meet(mb_peer *peer, uint32_t index);
void mb_show_forget(mb_peer *peer, uint32_t index);
/* `block` is what it may have next; false where memory is out. MB_BLOCK_NONE: nothing more. */
bool mb_show_next(mb_peer *peer, uint32_t index, uint32_t block);
/* Of the blocks that I show it, one that is not in `set`; MB_BLOCK_NONE. O(shown). */
uint32_t mb_show_missing(const mb_peer *peer, uint32_t index, const uint64_t *set);
uint32_t mb_show_count_missing(const mb_peer *peer, uint32_t index, const uint64_t *set);
/* Whether it may know that I hold `block`, which I do. O(1) for what was shown last. */
bool mb_show_has(const mb_peer *peer, uint32_t index, uint32_t block);
/* What it is told of my blocks; what the tracker may tell of them. */
mb_told mb_show_told(const mb_peer *peer, uint32_t index);
mb_told mb_show_listed(const mb_peer *peer);
/* Logs that others may have been told of are its caller's to free, with `log`. */
void mb_show_release(mb_peer *peer, mb_log *log);

#endif
