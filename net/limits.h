/*
 * What the programs on a real network take from strangers, and what happens at each limit.
 *
 * One place, so that a reader can add them up. "Refused" means: one line in the log, the
 * connection closed, nothing else changed. The codec's own limits are in core/codec/codec_limits.h.
 */
#ifndef NET_LIMITS_H
#define NET_LIMITS_H

#include "core/geometry.h"
#include "core/types.h"

/*
 * Bytes of a message before it is parsed; longer ones are refused. Each kind may have
 * NET_LIMIT_ENVELOPE for everything but what depends on the file: a set of its blocks in base64, a
 * list of its block numbers, a block in base64. Before the file is known, the codec's limits hold.
 */
#define NET_LIMIT_ENVELOPE ((size_t)512)

/* Blocks that one message lists beside what was told before: what fits the envelope. More go as a
 * set; a longer list is refused. */
#define NET_LIMIT_HAVE 16

/* Milliseconds. Past each the connection is closed; of a block under way the rest is asked of
 * somebody else. */
#define NET_LIMIT_REQUEST_MS 10000 /* without a byte of the rest of a message */
#define NET_LIMIT_BLOCK_MS 60000   /* without a byte of a block, or of what I send being taken */
#define NET_LIMIT_IDLE_MS 120000   /* nothing at all in either direction */
#define NET_LIMIT_CONNECT_MS 10000 /* until a connection of mine stands */
#define NET_LIMIT_ANSWER_MS 60000  /* until the first byte of a plain answer, the tracker's too */

/* A message that has come at fewer bytes a second than this, but for its first NET_LIMIT_SLOW_MS,
 * is too slow: strangers must not hold a connection with a byte now and then. */
#define NET_LIMIT_SLOWEST 100
#define NET_LIMIT_SLOW_MS 20000

/* A block that goes out is cut where others wait for its slot and its receiver has for
 * NET_LIMIT_TAKE_MS taken less of it than an eighth of what blocks have been taken at lately, or,
 * before any has been, than NET_LIMIT_TAKEN bytes a second; my own rate, where that is limited, is
 * shared out first. Of a node that leaves, after NET_LIMIT_LEAVE_MS, whoever waits. */
#define NET_LIMIT_TAKE_MS 15000
#define NET_LIMIT_TAKEN 1000

/* How long a last announce may take before a peer that leaves goes without its answer. */
#define NET_LIMIT_LEAVE_MS 5000

/* How often a kept connection says `alive` when there is nothing else to say. */
#define NET_ALIVE_MS 30000

/* Bytes that wait to be sent on one connection, blocks apart; who does not read is closed. */
#define NET_LIMIT_BACKLOG ((size_t)1 << 20)

/* Peers that a tracker or peer keeps a name for. Past it, those that are neither booked nor
 * connected are forgotten; where there are none, newcomers are refused. */
#define NET_LIMIT_PEERS 65536

/* For how long who sent a wrong block is banned, and who sent a part of one is asked for whole
 * blocks only: the first time; at most. How many such are remembered; past it, the oldest is
 * forgotten. */
#define NET_BLAME_FIRST_MS 600000
#define NET_BLAME_LAST_MS 86400000
#define NET_LIMIT_BLAMES 1024

/* Bytes of peers' entries that a tracker keeps written; past it, the others are written for each
 * answer. */
#define NET_LIMIT_ENTRIES ((size_t)16 << 20)

/* Connections that one program keeps, where the system's limit on descriptors, raised as far as it
 * goes and less NET_RESERVED_DESCRIPTORS and those of its own, is not lower. Past it, the kept one
 * that has been idle for longest is closed for a new one: one that only announces, else one that
 * has said nothing for NET_LIMIT_ROOM_MS. Where there is none, who connects waits, and I connect to
 * nobody past NET_LIMIT_OWN_CONNECTIONS more: for these, idle ones are closed within a second. */
#define NET_LIMIT_CONNECTIONS 60000
#define NET_LIMIT_OWN_CONNECTIONS 8
#define NET_RESERVED_DESCRIPTORS 24
#define NET_LIMIT_ROOM_MS 5000

/* Bytes that all connections (what has come of messages, what waits to be sent) and all that peers
 * have told may take, where --memory says nothing else. Past it, newcomers and what is larger than
 * before are refused; who is known is served. */
#define NET_LIMIT_MEMORY ((uint64_t)512 << 20)

/* Connections that may wait to be accepted; past it, the system lets those who connect try again.
 */
#define NET_LIMIT_WAITING 1024

/* Blocks of a file that a tracker shares: the list of so many hashes fits its answer
 * (MB_LIMIT_PEERS_SIZE). Past it, it says so and ends: larger blocks are wanted. */
#define NET_LIMIT_BLOCKS 300000

/* Requests of one peer that wait with me: what the core may ask for and some more; past it the
 * connection is closed. */
#define NET_LIMIT_REQUESTS 32

/* Pauses between attempts to reach a tracker that does not answer: doubled from the first to the
 * last. */
#define NET_RETRY_FIRST_MS 1000
#define NET_RETRY_LAST_MS 60000

/* How long a plain peer that closed without an answer is left alone before it is asked again. */
#define NET_PLAIN_PAUSE_MS 5000

/* Bytes of a peers' list to an asker that shows no extension: the original reads no more. */
#define NET_LIMIT_PLAIN_LIST 8192

/* Bytes of what goes to an original in one go where it reads once: its announce. */
#define NET_LIMIT_PLAIN_ANNOUNCE 4096

/* Characters of a set of `blocks` blocks in base64. */
static inline size_t net_limit_set(uint32_t blocks)
{
    size_t bytes = ((size_t)blocks + 7) / 8;
    return (bytes + 2) / 3 * 4;
}

/* Characters of a list of all block numbers, ", " between them. */
static inline size_t net_limit_list(uint32_t blocks)
{
    size_t digits = 1;
    for (uint32_t rest = blocks; rest >= 10; rest /= 10)
        digits++;
    return (size_t)blocks * (digits + 2);
}

/* A request or a notice. */
static inline size_t net_limit_request(uint32_t blocks)
{
    return NET_LIMIT_ENVELOPE + net_limit_set(blocks);
}

static inline size_t net_limit_announce(uint32_t blocks)
{
    return NET_LIMIT_ENVELOPE + net_limit_set(blocks) + net_limit_list(blocks);
}

/* A block's answer: in base64, or the header line of a raw one. */
static inline size_t net_limit_answer(uint32_t blocks, uint32_t block_size)
{
    return net_limit_request(blocks) + ((size_t)block_size + 2) / 3 * 4;
}

#endif
