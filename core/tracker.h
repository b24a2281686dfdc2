/*
 * The tracker: it registers newcomers, deals them their first blocks, keeps books of who holds
 * what, and answers announces with peers to know. It moves no data: the seeder beside it is an
 * ordinary peer.
 */
#ifndef MB_TRACKER_H
#define MB_TRACKER_H

#include "core/event.h"
#include "core/protocol.h"

typedef struct mb_tracker mb_tracker;

typedef struct mb_tracker_config {
    uint64_t seed;
    uint32_t blocks;             /* of the file */
    const mb_protocol *protocol; /* finished; outlives the tracker */
    mb_time announce_interval;   /* the longest of any peer's; 0: the protocol's */
} mb_tracker_config;

/* A new tracker; MB_ERR_MEMORY. The first seeder is booked by mb_tracker_seeder(). */
int mb_tracker_new(mb_tracker **tracker, const mb_tracker_config *config);

/* Frees it and the logs that it wrote; NULL is all right. */
void mb_tracker_free(mb_tracker *tracker);

/* Books `node` as the seeder, listed in every answer, with what it holds. MB_ERR_MEMORY. */
int mb_tracker_seeder(mb_tracker *tracker, mb_node node, mb_told told);

/*
 * Takes the announces of one instant: all are booked before any is answered. The lists that the
 * actions point to hold until the next step. MB_ERR_MESSAGE: an announce was refused (no such state
 * change, no answer); MB_ERR_MEMORY.
 */
int mb_tracker_step(mb_tracker *tracker, mb_time now, const mb_event *events, size_t count,
                    mb_actions *out);

/*
 * Frees logs that the tracker wrote and no longer books anybody with. For a driver that has done
 * with the last answers and has kept none of their logs, as what goes over a wire does not. O(logs)
 * now and then, O(1) over time: there are never more than twice the booked and 64 after it.
 */
void mb_tracker_trim(mb_tracker *tracker);

/* When it wants MB_EVENT_TIMER: the coarse tick on which silent peers go; MB_NEVER while nobody is
 * booked. */
mb_time mb_tracker_deadline(const mb_tracker *tracker);

/* Asserts every invariant. O(booked peers). */
void mb_tracker_check(const mb_tracker *tracker);

/* Peers booked now, the seeder not counted; whether `node` is, and what it is booked with. */
uint32_t mb_tracker_booked(const mb_tracker *tracker);
size_t mb_tracker_logs(const mb_tracker *tracker); /* that it wrote and has not freed */
bool mb_tracker_books(const mb_tracker *tracker, mb_node node, mb_told *told);

#endif
