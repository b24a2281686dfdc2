/*
 * How fast blocks come: of all, and of each known peer, and who gives far more slowly than others.
 *
 * Told of what comes by requests.c and ask.c; strategies see its windows through view.c. It asks
 * for measuring and never says what is to be done about a slow giver.
 *
 * Snubbing after BitTorrent's (Cohen 2003, section 2.4.4) and libtorrent's piece_timeout.
 */
#ifndef MB_PEER_PACE_H
#define MB_PEER_PACE_H

#include "core/event.h"
#include "core/peer.h"

/* So many times slower than others is snubbed, and who would take more than so many time-outs for a
 * block, whatever others do. */
#define MB_SNUB_FACTOR 64
#define MB_SNUB_TIMEOUTS 8

/* What measuring is waited for. */
enum { MB_MEASURE_ROUND = 1, MB_MEASURE_TICK = 2, MB_MEASURE_TURN = 4 };

/* What strategies want to know of the flow from a known peer; kept only where one does. */
typedef struct mb_flow {
    uint64_t received;     /* bytes of whole and kept partial blocks */
    mb_time last_delivery; /* of a block by it; MB_NEVER: none */
    mb_time block_time;    /* that its last block took; 0: not known */
} mb_flow;

typedef struct mb_pace {
    mb_time mean;     /* ns a KiB that blocks have come at lately; 0: none has yet */
    uint32_t snubbed; /* in MB_GROUP_SNUBBED */
    uint8_t measuring;
} mb_pace;

typedef struct mb_flows {
    mb_flow *each;       /* of each entry; NULL unless wanted */
    uint64_t *marks;     /* `received` at each round that rate_window spans: a ring an entry */
    uint32_t mark_count; /* rounds in the ring; 0: no strategy asks */
    uint32_t mark_at;    /* the oldest mark, where the next one goes */
} mb_flows;

void mb_pace_init(mb_peer *peer);
void mb_pace_free(mb_peer *peer);
bool mb_pace_reserve(mb_peer *peer, uint32_t capacity);
void mb_pace_meet(mb_peer *peer, uint32_t index);

/* `bytes` more have come from it. */
void mb_pace_receive(mb_peer *peer, uint32_t index, uint32_t bytes);
/* A block of it is here: `bytes` since it was asked at `since`, `fresh` of them not yet told of,
 * the last before it at `at`. It is snubbed no longer. */
void mb_pace_deliver(mb_peer *peer, mb_time now, uint32_t index, mb_time since, mb_time at,
                     uint32_t bytes, uint32_t fresh);
/* Whether `progress` bytes in `elapsed` are far slower than others. */
bool mb_pace_is_slow(const mb_peer *peer, mb_time elapsed, uint32_t progress);
void mb_pace_snub(mb_peer *peer, uint32_t index);
void mb_pace_forgive(mb_peer *peer, uint32_t index);

/* Bytes received from it over the window; the window moves on by a round. */
uint64_t mb_pace_window(const mb_peer *peer, uint32_t index);
void mb_pace_mark(mb_peer *peer);

/* Asks for the progress of all that is under way; `what` waits for it. */
void mb_pace_measure(mb_peer *peer, uint32_t what, mb_actions *out);
/* It has been told; what waited for it. */
uint32_t mb_pace_measured(mb_peer *peer);

#endif
