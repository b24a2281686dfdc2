/*
 * The inside of a peer, shared by the peer's own source files and by nobody else.
 *
 *   peer.c         creation, the step's dispatch, what drivers may look at
 *   known.c   the table of known peers and what they are known to hold
 *   choke.c   whom to serve: unchoke rounds, slots that fall free, seeders' slots
 *   serve.c   serving: requests, queues, uploads, leaving
 *   ask.c     asking: which block of whom, answers, partial blocks, endgame
 *   round.c   the pace of rounds
 *   check.c   the invariants
 *
 * A known peer keeps its index in the table for as long as it is known; its columns (set of blocks,
 * offers, needs, and where a strategy wants them flows) lie in arrays beside the table.
 */
#ifndef MB_PEER_IMPL_H
#define MB_PEER_IMPL_H

#include "core/blockset.h"
#include "core/event.h"
#include "core/geometry.h"
#include "core/peer.h"
#include "core/protocol.h"
#include "core/rarity.h"
#include "core/rng.h"

enum {
    MB_KNOWN_USED = 1,        /* the entry is in use */
    MB_KNOWN_SEEDER = 2,      /* the tracker's seeder: not counted in max_known */
    MB_KNOWN_SELF = 4,        /* myself, as the tracker lists me (books = redealt) */
    MB_KNOWN_UNCHOKED = 8,    /* I have unchoked it */
    MB_KNOWN_OPTIMISTIC = 16, /* it was drawn as optimistic when it got its slot */
    MB_KNOWN_BESIDE = 32,     /* it is unchoked beside the regular slots */
    MB_KNOWN_SERVING = 64,    /* it has told me that it serves me */
    MB_KNOWN_ONE = 128,       /* it serves me one block only */
    MB_KNOWN_REFUSED = 256, /* it refused me: not to be asked before my next round (ask = mutual) */
    MB_KNOWN_DECLINED = 512, /* it has no use for a slot until it says so */
    MB_KNOWN_OWED = 1024,    /* I declined its slot: I owe it a word when I could use one */
    MB_KNOWN_FULL =
        2048, /* counted in rarity.everywhere: it was complete when I first heard of it */
    MB_KNOWN_GRANTED = 4096, /* a slot that waits to be used; looked at on the tick */
    MB_KNOWN_LAST = 8192,    /* I am leaving and serve it one last block */
    MB_KNOWN_MORE = 16384,   /* it serves me by a slot that goes on while I use it */
    MB_KNOWN_LACKS = 32768,  /* it is known to lack a block that I hold: it is interested */
};

/* Which list of indices an entry stands in as a taker of slots. */
typedef struct mb_known {
    mb_node node;
    uint32_t remote; /* where it lists me; MB_INDEX_NONE: not known yet */
    uint32_t epoch;  /* of the log that it told me of; 0: none yet */
    uint32_t seen;   /* entries of that log that I have read */
    uint32_t told;   /* entries of mine that my last message to it told */
    uint32_t has;    /* blocks that it is known to hold */
    uint16_t flags;
    uint8_t asked;       /* requests of mine that it has */
    uint8_t queued;      /* requests of its that wait with me */
    uint32_t asked_head; /* of the requests, oldest first; MB_INDEX_NONE ends */
    uint32_t queue_head;
    uint32_t upload; /* the block that I am sending it, or MB_BLOCK_NONE */
    uint32_t place;  /* in `unchoked` where it is unchoked, else in `waiting`; MB_INDEX_NONE */
    uint32_t hint;   /* the block that one of us steered the other to, or MB_BLOCK_NONE */
} mb_known;

/* Where a known peer stands: nodes side by side cost fewer misses than their entries would. */
typedef struct mb_place {
    mb_node node;
    uint32_t index;
    uint32_t learned; /* rank in the order in which I learned of my known peers */
} mb_place;

/*
 * Sets of entries, a bit each: who is looked for is found without a walk over the table, of which
 * every entry would be a cache miss. The sets' words for 64 entries lie side by side.
 */
typedef enum mb_group {
    MB_GROUP_LACKS,    /* has MB_KNOWN_LACKS */
    MB_GROUP_SATED,    /* in use, not MB_KNOWN_LACKS, and not known to hold every block */
    MB_GROUP_FULL,     /* in use, known to hold every block */
    MB_GROUP_ASKED,    /* has requests of mine */
    MB_GROUP_OFFERS,   /* may have a block that I lack; who is not in it has none */
    MB_GROUP_UNCHOKED, /* has MB_KNOWN_UNCHOKED */
    MB_GROUP_SNUBBED,  /* gives far more slowly than others: until it has given a block */
    MB_GROUP_GAVE,     /* has given me a block */
    MB_GROUPS,
} mb_group;

/* What strategies want to know of the flow from a known peer; kept only where one does. */
typedef struct mb_flow {
    uint64_t received;     /* bytes of whole and kept partial blocks */
    mb_time last_delivery; /* of a block by it; MB_NEVER: none */
    mb_time block_time;    /* that its last block took; 0: not known */
} mb_flow;

/* A request, mine or another's: a node of the pool. */
typedef struct mb_request {
    uint32_t block;
    uint32_t offset;   /* from this byte on */
    uint32_t progress; /* bytes of the block that have come, as last measured */
    uint32_t carried;  /* and of the whole answer, as mb_event_progress has them */
    uint32_t next;
    uint32_t flags; /* MB_FLAG_ENDGAME */
    mb_time since;  /* when asked, or when it became the oldest */
    mb_time at;     /* the same, or when bytes last came */
} mb_request;

typedef struct mb_partial {
    uint32_t block;
    uint32_t bytes; /* from its start that are here */
} mb_partial;

/* A growable array of indices. */
typedef struct mb_list {
    uint32_t *items;
    uint32_t count, capacity;
} mb_list;

typedef enum mb_mode {
    MB_MODE_NEVER,  /* free rider: serves nobody */
    MB_MODE_CHOKER, /* unchokes in rounds by its strategy */
    MB_MODE_QUEUE,  /* choke = none: slots to whoever asks, first come first served */
    MB_MODE_SLOTS,  /* complete: slots of one block, at random */
    MB_MODE_OPEN,   /* complete: everybody, always */
} mb_mode;

/* So many times slower than others is snubbed, and who would take more than so many time-outs for a
 * block, whatever others do. */
#define MB_SNUB_FACTOR 64
#define MB_SNUB_TIMEOUTS 8

enum { MB_MEASURE_ROUND = 1, MB_MEASURE_TICK = 2 };

/* More than so many that may be asked at once: all providers are gone through. */
#define MB_FREE_MAX 6

/* What nearly every step looks at stands first, a line of 64 bytes a paragraph, for in a large
 * swarm each line is a cache miss. mb_peer_fetch() fetches what stands before `by_node`. */
struct mb_peer {
    mb_known *known;
    uint64_t *sets; /* `words` words an entry: what it is known to hold */
    mb_log *log;
    const mb_protocol *protocol;
    mb_node node;
    uint32_t blocks, words;
    uint32_t known_top;
    uint8_t mode, measuring;
    bool started, listed, announcing, complete, leaving, left, seeder;
    bool failed;          /* an allocation failed where no buffer was at hand to say so */
    bool dirty;           /* blocks are free to be asked for: of anybody */
    bool slots_dirty;     /* a slot may be free */
    bool tidy;            /* I am complete and so may be some that I know */
    bool refused;         /* some entries may have MB_KNOWN_REFUSED */
    bool round_listing;   /* the round waits for the tracker's list */
    bool round_unchoking; /* the round waits for its unchoking */
    bool round_open;      /* the round asks its providers */

    uint64_t *mine;  /* blocks that I hold */
    uint64_t *asked; /* blocks that I have asked for, not yet here */
    uint64_t *dealt; /* dealt blocks not yet here */
    const mb_geometry *geometry;
    mb_request *requests;
    uint32_t request_capacity, request_free;
    uint32_t held, asked_count, dealt_count, owed_count;
    uint32_t snubbed_count; /* in MB_GROUP_SNUBBED */
    mb_time pace;           /* ns a KiB that blocks have come at lately; 0: none has yet */

    mb_time next_unchoke, next_announce, next_tick, next_round;
    uint32_t known_count, interested, unchoked_interested;
    uint32_t complete_known;      /* known peers that are known to hold every block */
    uint32_t uploads, last_count; /* transfers of mine under way; last blocks offered on leaving */
    uint32_t partial_count, free_count;

    uint32_t free_to_serve[MB_FREE_MAX]; /* who has turned free to serve me, or has news for me */
    mb_rarity rarity;
    mb_list providers; /* who serves me */

    mb_list unchoked; /* whom I serve */
    mb_list waiting;  /* who could use a slot of mine (MB_MODE_SLOTS; MB_MODE_QUEUE in order) */
    mb_rng selection_rng;

    mb_place *by_node;   /* the entries in use in rising order of their nodes; not for a seeder */
    uint64_t *groups;    /* [entry / 64][mb_group] */
    mb_flow *flows;      /* NULL unless wanted */
    uint64_t *marks;     /* `received` at each round that rate_window spans: a ring an entry */
    uint32_t mark_count; /* rounds in the ring; 0: no strategy asks */
    uint32_t mark_at;    /* the oldest mark, where the next one goes */
    uint32_t known_capacity, known_free; /* free entries chain through `node` */
    uint32_t learned_count;
    uint32_t apart_count; /* known, but not counted in max_known: the seeder, and oneself */
    uint32_t *where;      /* of each entry, as events tell; NULL as long as none has */
    uint32_t *map;        /* node -> index + 1, for large tables */
    uint32_t map_size;
    uint32_t waiting_first; /* MB_MODE_QUEUE: the head in `waiting` */
    mb_list order;          /* exchange = rounds: whom to ask in this round */
    mb_partial *partials;
    uint32_t partial_capacity;
    uint32_t round_at;
    mb_rarity served; /* super_seed: how often I steered to or served each block */
    mb_rng rng, choke_rng;
    mb_time arrived, last_announce, optimistic_since;
    mb_time round_start;   /* rounds: when the next one begins, jitter apart */
    mb_time round_nominal; /* when the present one began, jitter apart */
    mb_time round_unchoke; /* the first round from then on unchokes */
};

/* ---- peer.c ---- */

/* Sends `message` to the peer at `index`, with what I hold where messages carry it; what else it is
 * to say may be filled in until the next action. */
mb_said *mb_peer_send(mb_peer *peer, mb_actions *out, uint32_t index, mb_message message);
/* What my messages tell of my blocks; nothing where knowledge = tracker. */
mb_told mb_peer_told(const mb_peer *peer);
void mb_peer_announce(mb_peer *peer, mb_time now, mb_announce kind, mb_actions *out);
/* Books a block as held: log, sets, columns, completion. */
void mb_peer_gain(mb_peer *peer, mb_time now, uint32_t block, mb_actions *out);
void mb_peer_turn_complete(mb_peer *peer, mb_time now, mb_actions *out);
int mb_list_add(mb_list *list, uint32_t item);
void mb_list_remove_at(mb_list *list, uint32_t place); /* the last takes its place */
void mb_list_remove(mb_list *list, uint32_t item);     /* which is in it; O(count) */

/* ---- known.c ---- */

/* The words of `groups`, each MB_GROUPS wide. */
static inline uint32_t mb_group_words(const mb_peer *peer)
{
    return (peer->known_top + 63) / 64;
}
static inline uint64_t mb_group_word(const mb_peer *peer, uint32_t word, mb_group group)
{
    return peer->groups[(size_t)word * MB_GROUPS + group];
}
static inline bool mb_group_has(const mb_peer *peer, mb_group group, uint32_t index)
{
    return mb_group_word(peer, index / 64, group) >> index % 64 & 1;
}
static inline void mb_group_put(mb_peer *peer, mb_group group, uint32_t index, bool in)
{
    uint64_t *word = &peer->groups[(size_t)(index / 64) * MB_GROUPS + group];
    uint64_t bit = UINT64_C(1) << index % 64;

    *word = in ? *word | bit : *word & ~bit;
}
/* The entry that the lowest bit of `bits`, a word of a group, stands for. */
static inline uint32_t mb_group_first(uint32_t word, uint64_t bits)
{
    return word * 64 + (uint32_t)__builtin_ctzll(bits);
}
/* Whether `index` stands for a peer that is known: what every function below is called with. */
static inline bool mb_known_is_used(const mb_peer *peer, uint32_t index)
{
    /* GCOVR_EXCL_START: asked by assertions alone */
    return index < peer->known_top && peer->known[index].flags & MB_KNOWN_USED;
    /* GCOVR_EXCL_STOP */
}
/* Brings SATED and FULL up to date for one entry. */
void mb_known_regroup(mb_peer *peer, uint32_t index);

uint32_t mb_known_find(const mb_peer *peer, mb_node node);
/* The entry that an event or a message names by index, else by search; MB_INDEX_NONE. */
uint32_t mb_known_lookup(const mb_peer *peer, mb_node node, uint32_t index);
bool mb_known_has_room(const mb_peer *peer, uint32_t flags);
/* A new entry; MB_INDEX_NONE where memory is out. */
uint32_t mb_known_add(mb_peer *peer, mb_node node, uint32_t flags, mb_actions *out);
/* Notes the address that it is at, as its driver names them. */
void mb_known_at(mb_peer *peer, uint32_t index, uint32_t where, mb_actions *out);
/* Forgets it: its blocks are no longer counted, what I asked of it is free, its slot too. */
void mb_known_remove(mb_peer *peer, mb_time now, uint32_t index, mb_actions *out);
/* A complete peer takes its leave of those that are complete too. O(known). */
void mb_known_tidy(mb_peer *peer, mb_time now, mb_actions *out);
/* MB_ERR_MESSAGE where the peer at `index` (MB_INDEX_NONE: a stranger) cannot hold what was told.
 */
int mb_known_check(const mb_peer *peer, uint32_t index, mb_told told);
/* Reads what is new in what was told, and checked. */
void mb_known_learn(mb_peer *peer, uint32_t index, mb_told told, mb_actions *out);
/* I hold `block` now: who lacks it is interested. O(known), O(1) where all are already. */
void mb_known_gained(mb_peer *peer, uint32_t block);
/* It does not hold `block` after all. */
void mb_known_correct(mb_peer *peer, uint32_t index, uint32_t block);
static inline uint64_t *mb_known_set(const mb_peer *peer, uint32_t index)
{
    return peer->sets + (size_t)index * peer->words;
}
static inline uint64_t *mb_known_marks(const mb_peer *peer, uint32_t index)
{
    return peer->marks + (size_t)index * peer->mark_count;
}
/* Blocks that it has and I lack; that I have and it lacks: by what it told. O(words). Whether it
 * lacks any at all is the flag MB_KNOWN_LACKS: counts kept for each known peer would cost a walk
 * over all of them at every block that I gain. */
uint32_t mb_known_offers(const mb_peer *peer, uint32_t index);
uint32_t mb_known_needs(const mb_peer *peer, uint32_t index);
static inline bool mb_known_lacks(const mb_peer *peer, uint32_t index)
{
    return peer->known[index].flags & MB_KNOWN_LACKS;
}

/* ---- choke.c ---- */

mb_mode mb_choke_mode(const mb_peer *peer);
void mb_choke_start(mb_peer *peer, mb_time now);
void mb_choke_round(mb_peer *peer, mb_time now, mb_actions *out); /* measures first where it must */
void mb_choke_round_measured(mb_peer *peer, mb_time now, mb_actions *out);
/* Keeps MB_KNOWN_LACKS, and what follows from it, as `lacks` says. */
void mb_choke_interest(mb_peer *peer, uint32_t index, bool lacks);
/* Gives the slots that are free to who may have them. */
void mb_choke_fill(mb_peer *peer, mb_time now, mb_actions *out);
void mb_choke_unchoke(mb_peer *peer, uint32_t index, uint32_t flags, mb_actions *out);
void mb_choke_choke(mb_peer *peer, uint32_t index, bool tell, mb_actions *out);
/* It leaves the takers' lists without a word (it is being forgotten). */
void mb_choke_forget(mb_peer *peer, uint32_t index);
void mb_choke_complete(mb_peer *peer, mb_time now, mb_actions *out);
/* A slot of MB_MODE_SLOTS or _QUEUE has served its block. */
void mb_choke_pass_on(mb_peer *peer, uint32_t index, uint32_t block, mb_actions *out);
void mb_choke_wait(mb_peer *peer, uint32_t index);
void mb_choke_declined(mb_peer *peer, uint32_t index, mb_actions *out);
void mb_choke_tick(mb_peer *peer, mb_actions *out);

/* ---- serve.c ---- */

void mb_serve_request(mb_peer *peer, mb_time now, uint32_t index, const mb_said *said,
                      mb_actions *out);
void mb_serve_sent(mb_peer *peer, mb_time now, uint32_t index, uint32_t block, mb_actions *out);
/* Stops the upload to it; `keep`: it keeps what has come. What comes after is the caller's to see
 * to. */
void mb_serve_abort(mb_peer *peer, uint32_t index, bool keep, mb_actions *out);
void mb_serve_cancel(mb_peer *peer, mb_time now, uint32_t index, uint32_t block, mb_actions *out);
void mb_serve_refuse_queue(mb_peer *peer, uint32_t index, mb_reason reason, mb_actions *out);
bool mb_serve_next(mb_peer *peer, uint32_t index,
                   mb_actions *out); /* the next queued request starts */
uint32_t mb_serve_steer(mb_peer *peer, uint32_t index,
                        mb_actions *out); /* super_seed: the block to ask for */
/* A steer that came to nothing no longer counts as served. */
void mb_serve_unsteer(mb_peer *peer, uint32_t index);
/* Sends `message`, which says besides whether I serve everybody, and what to ask for. */
void mb_serve_greet(mb_peer *peer, uint32_t index, mb_message message, mb_actions *out);
void mb_serve_leave(mb_peer *peer, mb_time now, mb_actions *out);
void mb_serve_try_leaving(mb_peer *peer, mb_time now, mb_actions *out);
uint32_t mb_request_new(mb_peer *peer, mb_actions *out);
void mb_request_free(mb_peer *peer, uint32_t request);

/* ---- ask.c ---- */

/* Asks whoever is free to serve me: all providers if `dirty`, else those marked. */
void mb_ask_free(mb_peer *peer, mb_time now, mb_actions *out);
/* The peer at `index` may be free to serve me. */
static inline void mb_ask_mark(mb_peer *peer, uint32_t index)
{
    if (peer->free_count < MB_FREE_MAX)
        peer->free_to_serve[peer->free_count++] = index;
    else
        peer->dirty = true;
}
bool mb_ask_one(mb_peer *peer, mb_time now, uint32_t index,
                mb_actions *out); /* whether it was asked */
void mb_ask_unchoked(mb_peer *peer, mb_time now, uint32_t index, const mb_said *said,
                     mb_actions *out);
/* I am complete: whoever serves me may serve others. */
void mb_ask_complete(mb_peer *peer, mb_actions *out);
/* The block is here: whoever else was asked for it need not send it. O(known). */
void mb_ask_cancel(mb_peer *peer, mb_time now, uint32_t block, mb_actions *out);
void mb_ask_choked(mb_peer *peer, uint32_t index);
void mb_ask_refused(mb_peer *peer, mb_time now, uint32_t index, const mb_said *said,
                    mb_actions *out);
int mb_ask_block(mb_peer *peer, mb_time now, uint32_t index, const mb_event_block *event,
                 mb_actions *out);
int mb_ask_cut(mb_peer *peer, mb_time now, uint32_t index, const mb_event_cut *event,
               mb_actions *out);
void mb_ask_dropped(mb_peer *peer, uint32_t block); /* nothing of its beginning is kept any more */
void mb_ask_progress(mb_peer *peer, mb_time now, uint32_t index, const mb_event_progress *event);
void mb_ask_drop(mb_peer *peer, mb_time now, uint32_t index); /* what I asked of it is free again */
void mb_ask_tick(mb_peer *peer, mb_time now, mb_actions *out);
void mb_ask_tick_measured(mb_peer *peer, mb_time now, mb_actions *out);
uint64_t mb_ask_received(const mb_peer *peer,
                         uint32_t index); /* bytes in all, what is under way included */

/* ---- round.c ---- */

void mb_round_begin(mb_peer *peer, mb_time now, mb_actions *out);
void mb_round_listed(mb_peer *peer, mb_time now, mb_actions *out);   /* the announce is answered */
void mb_round_unchoked(mb_peer *peer, mb_time now, mb_actions *out); /* the unchoking is done */
void mb_round_next(mb_peer *peer, mb_time now, mb_actions *out);     /* the next provider */
void mb_round_forget(mb_peer *peer, uint32_t index);

#endif
