/*
 * What choking strategies see of the known peers (core/strategy.h), built for one call of one.
 * choke.c calls it; it decides nothing.
 */
#ifndef MB_PEER_VIEW_H
#define MB_PEER_VIEW_H

#include "core/event.h"
#include "core/peer.h"
#include "core/strategy.h"

/* The columns of a view, in one piece of scratch. */
typedef struct mb_columns {
    uint64_t *score, *received, *classes;
    uint32_t *index; /* table index of each row */
    mb_node *handle;
    uint32_t *learned, *offers, *needs, *rows;
    int32_t *debt;
    bool *unchoked, *optimistic;
} mb_columns;

/* False where memory is out. Both live until the scratch is used again. */
bool mb_view_build(mb_peer *peer, mb_time now, mb_columns *c, mb_choke_view *view, mb_actions *out);
/* The same for a slot that fell free, where the strategy goes by the score alone: of those choked
 * now, the ones of the highest score. False: nobody has one above 0, or all are to be looked at. */
bool mb_view_best(mb_peer *peer, mb_time now, mb_columns *c, mb_choke_view *view, mb_actions *out);

#endif
