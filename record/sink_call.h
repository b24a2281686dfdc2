/*
 * A sink that hands a run's tables, piece by piece, to a function: nothing is written anywhere.
 *
 * For who embeds the simulator (include/minibit/sim.h) and where there are no files at all.
 */
#ifndef REC_SINK_CALL_H
#define REC_SINK_CALL_H

#include "record/sink.h"

/* `size` bytes of the table `name`, whole rows, in order. 0; anything else ends the run: a negative
 * mb_error says why. */
typedef int rec_sink_take(void *context, const char *name, const char *bytes, size_t size);

/* A run has at most so many tables. */
#define REC_SINK_TABLES_MAX 8

typedef struct rec_sink_call {
    rec_sink sink; /* the first member */
    rec_sink_take *take;
    void *context;
    struct rec_sink_table *tables[REC_SINK_TABLES_MAX];
    uint32_t count;
} rec_sink_call;

/* A sink without tables, on the caller's memory; rec_sink_call_clear() frees what it holds. */
void rec_sink_call_init(rec_sink_call *sink, rec_sink_take *take, void *context);
void rec_sink_call_clear(rec_sink_call *sink);

#endif
