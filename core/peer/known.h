/*
 * The table of known peers: who is known, and in which entry.
 *
 * A known peer keeps its index for as long as it is known. Who comes and goes is for meet.c to say,
 * which tells the other rooms; the table itself tells nobody.
 */
#ifndef MB_PEER_KNOWN_H
#define MB_PEER_KNOWN_H

#include "core/event.h"
#include "core/peer.h"

enum {
    MB_KNOWN_USED = 1,   /* the entry is in use */
    MB_KNOWN_SEEDER = 2, /* the tracker's seeder: not counted in max_known */
    MB_KNOWN_SELF = 4,   /* myself, as the tracker lists me (books = redealt) */
    MB_KNOWN_HEARD = 8,  /* it has greeted me, or answered my greeting: it can be reached */
};

/*
 * Sets of entries, a bit each: who is looked for is found without a walk over the table, of which
 * every entry would be a cache miss. The sets' words for 64 entries lie side by side. Each is kept
 * by the room named first; an entry that is free is in none.
 */
typedef enum mb_group {
    MB_GROUP_LACKS,    /* learn: lacks a block that I hold: it is interested */
    MB_GROUP_SATED,    /* learn: does not, and is not known to hold every block */
    MB_GROUP_FULL,     /* learn: is known to hold every block */
    MB_GROUP_ASKED,    /* requests: has requests of mine */
    MB_GROUP_OFFERS,   /* learn: may have a block that I lack; who is not in it has none */
    MB_GROUP_UNCHOKED, /* slots: has MB_SLOT_UNCHOKED */
    MB_GROUP_SNUBBED,  /* pace: gives far more slowly than others: until it has given a block */
    MB_GROUP_GAVE,     /* pace: has given me a block */
    MB_GROUPS,
} mb_group;

struct mb_known;

typedef struct mb_table {
    struct mb_known *entries;
    uint64_t *groups; /* [entry / 64][mb_group] */
    uint32_t top;     /* entries from here on have never been used */
    uint32_t count;
} mb_table;

/* What is looked at as entries come and go. */
typedef struct mb_table_room {
    uint32_t *where;         /* of each entry, as events tell; NULL as long as none has */
    uint32_t capacity, free; /* free entries chain through `node` */
    uint32_t version;        /* changes with who is known and where they list me */
    uint32_t apart;          /* known, but not counted in max_known: the seeder, and oneself */
} mb_table_room;

static inline void mb_group_put(mb_table *known, mb_group group, uint32_t index, bool in)
{
    uint64_t *word = &known->groups[(size_t)(index / 64) * MB_GROUPS + group];
    uint64_t bit = UINT64_C(1) << index % 64;

    *word = in ? *word | bit : *word & ~bit;
}

void mb_known_init(mb_peer *peer);
void mb_known_free(mb_peer *peer);
/* The entry that an event or a message names by index, else by search; MB_INDEX_NONE. */
uint32_t mb_known_lookup(const mb_peer *peer, mb_node node, uint32_t index);
bool mb_known_has_room(const mb_peer *peer, uint32_t flags);
/* How many entries there shall be room for before the next one; 0: there is. */
uint32_t mb_known_wants(const mb_peer *peer);
bool mb_known_reserve(mb_peer *peer, uint32_t capacity);
/* A new entry, where there is room; MB_INDEX_NONE where memory is out. */
uint32_t mb_known_add(mb_peer *peer, mb_node node, uint32_t flags);
void mb_known_remove(mb_peer *peer, uint32_t index);
/* It has greeted me or answered my greeting, and says where it lists me. */
void mb_known_remote(mb_peer *peer, uint32_t index, uint32_t remote);
/* Notes the address that it is at, as its driver names them; not 0. */
void mb_known_address(mb_peer *peer, uint32_t index, uint32_t where, mb_actions *out);

#endif
