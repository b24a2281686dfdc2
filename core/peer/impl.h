/*
 * The inside of a peer, put together of its rooms: for their C files and for nobody else.
 *
 * A room is a header and the C file of that name. It alone writes its part of struct mb_peer, its
 * fields of an entry and its groups; all may read. It calls rooms below it and never one above:
 * what it leaves to do it returns or marks, and the step, in peer.c, sees to it. From the lowest
 * up:
 *
 *   list       growable arrays
 *   own        what I hold
 *   find       which entry a node has
 *   known      the table of known peers
 *   show       what I show to whom
 *   learn      what they are known to hold, and how rare each block is
 *   send       messages out
 *   announce   what I tell the tracker
 *   pace       how fast blocks come, who is snubbed
 *   select     the selection strategy
 *   steer      super-seeding
 *   requests   what I have asked whom for
 *   partial    blocks whose beginning is here
 *   beside     what is asked of a second provider
 *   ask        asking
 *   serve      requests of others, uploads
 *   slots      who has a slot of mine and who waits
 *   lend       lent slots
 *   rotate     a complete peer's unchoke rounds
 *   view       what choking strategies see
 *   choke      unchoke rounds
 *   round      the pace of exchange rounds
 *   leave      leaving
 *   meet       who comes to be known and who is forgotten
 *   gain       blocks that are here, completion
 *   message    messages in
 *   peer       the step
 *
 * Beside them stand create.c (a peer's beginning and end), look.c (what drivers may look at) and
 * check.c (the invariants). tests/lint/rooms.py holds all of this.
 */
#ifndef MB_PEER_IMPL_H
#define MB_PEER_IMPL_H

#include "core/blockset.h"
#include "core/event.h"
#include "core/geometry.h"
#include "core/peer.h"
#include "core/peer/announce.h"
#include "core/peer/ask.h"
#include "core/peer/beside.h"
#include "core/peer/choke.h"
#include "core/peer/find.h"
#include "core/peer/gain.h"
#include "core/peer/known.h"
#include "core/peer/learn.h"
#include "core/peer/leave.h"
#include "core/peer/lend.h"
#include "core/peer/list.h"
#include "core/peer/meet.h"
#include "core/peer/message.h"
#include "core/peer/own.h"
#include "core/peer/pace.h"
#include "core/peer/partial.h"
#include "core/peer/requests.h"
#include "core/peer/rotate.h"
#include "core/peer/round.h"
#include "core/peer/select.h"
#include "core/peer/send.h"
#include "core/peer/serve.h"
#include "core/peer/show.h"
#include "core/peer/slots.h"
#include "core/peer/steer.h"
#include "core/peer/view.h"
#include "core/protocol.h"

/* An entry of the table; its columns (set of blocks, offers, and where a strategy wants them flows)
 * lie in arrays beside it. The table makes one new; from then on each room writes its own fields.
 */
typedef struct mb_known {
    mb_node node;        /* known */
    uint32_t remote;     /* known: where it lists me; MB_INDEX_NONE: not known yet */
    uint32_t epoch;      /* learn: of the log that it told me of; 0: none yet */
    uint32_t seen;       /* learn: entries of that log that I have read */
    uint32_t has;        /* learn: blocks that it is known to hold */
    uint32_t lacked;     /* learn: where it lacks a block that I hold, such a block */
    uint32_t told;       /* send: entries of my log that my last message to it told */
    uint32_t asked_head; /* requests: oldest first; MB_INDEX_NONE ends */
    uint32_t hint;       /* ask: the block that it steered me to, or MB_BLOCK_NONE */
    uint32_t queue_head; /* serve: of its requests that wait, oldest first */
    uint32_t upload;     /* serve: the block that I am sending it, or MB_BLOCK_NONE */
    uint32_t place;      /* slots: in the list of theirs that it stands in; MB_INDEX_NONE: none */
    uint8_t flags;       /* known: MB_KNOWN_ */
    uint8_t holding;     /* learn: MB_HOLDING_ */
    uint8_t asked;       /* requests: that it has */
    uint8_t giving;      /* ask: MB_GIVING_ */
    uint8_t queued;      /* serve: requests of its that wait with me */
    uint8_t slot;        /* slots: MB_SLOT_ */
    int16_t debt;        /* serve: blocks that I gave it less those that it gave me */
} mb_known;

/* What nearly every step looks at stands first, for in a large swarm each line of 64 bytes is a
 * cache miss. mb_peer_fetch() fetches what stands before `find`. */
struct mb_peer {
    const mb_protocol *protocol;
    const mb_geometry *geometry;
    mb_node node;
    uint32_t blocks, words;
    bool seeder;
    bool started;
    mb_meet meet;
    mb_time next_tick;

    mb_own own;
    mb_table known;
    mb_learn learn;
    mb_requests requests;
    mb_asking ask;
    mb_pace pace;
    mb_slots slots;
    mb_announcing announce;
    mb_leave leave;
    mb_choking choke;
    mb_rounds round;
    mb_partials partials;
    mb_select select;

    mb_find find;
    mb_serving serve;
    mb_table_room space;
    mb_flows flows;
    mb_steer steer;
    mb_show show;
    mb_rotation rotate;
    mb_round_plan plan;
    mb_rng slots_rng;         /* slots: for choosing whom to serve */
    mb_list last;             /* leave: who may ask for one last block */
    mb_time announced;        /* announce: when last */
    mb_time optimistic_since; /* choke: when the optimistic one was drawn */
    mb_time arrived;
};

/* ---- what is looked at in passing ----------------------------------------------------------- */

/* The words of `groups`, each MB_GROUPS wide. */
static inline uint32_t mb_group_words(const mb_peer *peer)
{
    return (peer->known.top + 63) / 64;
}
static inline uint64_t mb_group_word(const mb_peer *peer, uint32_t word, mb_group group)
{
    return peer->known.groups[(size_t)word * MB_GROUPS + group];
}
static inline bool mb_group_has(const mb_peer *peer, mb_group group, uint32_t index)
{
    return mb_group_word(peer, index / 64, group) >> index % 64 & 1;
}
/* The entry that the lowest bit of `bits`, a word of a group, stands for. */
static inline uint32_t mb_group_first(uint32_t word, uint64_t bits)
{
    return word * 64 + (uint32_t)__builtin_ctzll(bits);
}
/* Whether `index` stands for a peer that is known: what every room is called with. */
static inline bool mb_known_is_used(const mb_peer *peer, uint32_t index)
{
    /* GCOVR_EXCL_START: asked by assertions alone */
    return index < peer->known.top && peer->known.entries[index].flags & MB_KNOWN_USED;
    /* GCOVR_EXCL_STOP */
}
static inline uint64_t *mb_learn_set(const mb_peer *peer, uint32_t index)
{
    return peer->learn.sets + (size_t)index * peer->words;
}
static inline bool mb_learn_lacks(const mb_peer *peer, uint32_t index)
{
    return peer->known.entries[index].holding & MB_HOLDING_LACKS;
}
/* Whether I steer whom I serve, once I am complete. */
static inline bool mb_steers(const mb_peer *peer)
{
    return peer->protocol->super_seed == MB_SUPER_SEED_STEER;
}
/* Whether sets are kept: a complete peer needs them for super-seeding alone. */
static inline bool mb_learn_keeps_sets(const mb_peer *peer)
{
    return !peer->own.complete || mb_steers(peer) || peer->show.withholds;
}
static inline bool mb_pace_is_snubbed(const mb_peer *peer, uint32_t index)
{
    return peer->pace.snubbed > 0 && mb_group_has(peer, MB_GROUP_SNUBBED, index);
}
/* What my messages tell of my blocks; nothing where knowledge = tracker. */
static inline mb_told mb_own_told(const mb_peer *peer)
{
    if (peer->protocol->knowledge == MB_KNOWLEDGE_TRACKER) return (mb_told){0};
    return mb_log_told(peer->own.log);
}
/* MB_ERR_MESSAGE where the peer at `index` (MB_INDEX_NONE: a stranger) cannot hold what was told.
 * What could be held is found fast, and mostly could; news or not is seen only else. */
static inline int mb_learn_check(const mb_peer *peer, uint32_t index, mb_told told)
{
    if (!told.log || mb_told_fits(told, peer->blocks)) return MB_OK;
    return mb_learn_is_news(peer, index, told) ? MB_ERR_MESSAGE : MB_OK;
}
/* Reads what was told, and checked, and sees to what follows. Mostly nothing is new, or nothing
 * follows, and then nothing is called. */
static inline void mb_meet_learn(mb_peer *peer, uint32_t index, mb_told told, mb_actions *out)
{
    const mb_known *known = &peer->known.entries[index];
    uint32_t news = 0;

    if (told.log && (told.epoch != known->epoch || told.count > known->seen))
        news = mb_learn_told(peer, index, told, out);
    if (news & MB_NEWS_OFFERS &&
        (known->giving & (MB_GIVING_SERVES | MB_GIVING_OWED) || known->slot & MB_SLOT_UNCHOKED))
        mb_ask_mark(&peer->ask, index);
    if (news & ~(uint32_t)MB_NEWS_OFFERS) mb_meet_news(peer, index, news, out);
}
/* Whether slots are given for a block at a time. */
static inline bool mb_slots_are_lent(const mb_peer *peer)
{
    return peer->slots.mode == MB_MODE_SLOTS || peer->slots.mode == MB_MODE_QUEUE;
}
/* Whether it serves me, or (ask = mutual) I serve it. */
static inline bool mb_known_may_ask(const mb_peer *peer, uint32_t index, bool mutual)
{
    const mb_known *known = &peer->known.entries[index];

    return mutual ? known->slot & MB_SLOT_UNCHOKED : known->giving & MB_GIVING_SERVES;
}

#endif
