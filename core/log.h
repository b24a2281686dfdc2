/*
 * A node's acquisition log: the blocks that it holds, in the order in which it got them.
 *
 * What a node holds only grows, so a prefix of its log is immutable and can be shared: a message
 * passes (log, epoch, count) and the receiver reads what is new to it. A loss of blocks opens a
 * new log with the next epoch; the old one stays as it was. The owner appends; everybody else reads
 * no further than the count that a message told it, though more may lie behind.
 */
#ifndef MB_LOG_H
#define MB_LOG_H

#include "core/types.h"

/* Epochs from here on are those of logs that the tracker drew (books = redealt), and not of a
 * node's own: what a node says itself counts for more. */
#define MB_EPOCH_DRAWN (UINT32_C(1) << 31)

typedef struct mb_log {
    uint32_t epoch;
    uint32_t count;
    uint32_t capacity;
    uint32_t bound;       /* above every block in it */
    const uint64_t *set;  /* of all its blocks, its owner's; NULL where nobody keeps one */
    struct mb_log *older; /* another of its owner's that lives as long as it; NULL: none */
    uint32_t blocks[];
} mb_log;

/* What a message tells of its sender's blocks: a prefix of its log. `log` NULL: nothing. */
typedef struct mb_told {
    const mb_log *log;
    uint32_t epoch;
    uint32_t count;
} mb_told;

/* A new empty log with room for `capacity` blocks; NULL where memory is out. */
mb_log *mb_log_new(uint32_t epoch, uint32_t capacity);

/* Frees it and all older ones; NULL is all right. */
void mb_log_free(mb_log *log);

/* Appends `block`; there must be room. */
void mb_log_append(mb_log *log, uint32_t block);

/* The prefix that tells everything in `log` now. */
static inline mb_told mb_log_told(const mb_log *log)
{
    return (mb_told){log, log->epoch, log->count};
}

/* Whether what was told, with a log, can be held of a file of `blocks` blocks. */
static inline bool mb_told_fits(mb_told told, uint32_t blocks)
{
    return told.count <= blocks && told.count <= told.log->count && told.log->bound <= blocks;
}

#endif
