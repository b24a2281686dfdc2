/*
 * Where a run's tables go: files, memory, or whoever asked for them.
 *
 * The recorder opens tables by name and writes rows (record/output.h); what becomes of them is the
 * sink's. sim/files/folder_sink.h makes a folder of them, record/sink_call.h hands them to a
 * function. A sink owns its tables: who made the sink ends it after the recorder, and then what was
 * not published is gone.
 */
#ifndef REC_SINK_H
#define REC_SINK_H

#include "record/output.h"

typedef struct rec_sink rec_sink;

/* The first member of what a sink's maker makes. Those that can fail return 0; or a negative
 * mb_error, with one line in `error`. */
struct rec_sink {
    /* Once, before the first table. */
    int (*begin)(rec_sink *sink, char *error, size_t error_size);
    /* A table begins: *output is what to write it to, the sink's own. */
    int (*open)(rec_sink *sink, const char *name, rec_output **output, char *error,
                size_t error_size);
    /* Whether some table has failed. O(tables). */
    bool (*failed)(const rec_sink *sink);
    /*
     * Once, after the last row: passes on what is buffered and makes all tables known, or none.
     * `complete`: the run came to its own end. The first error of any table is told here.
     */
    int (*publish)(rec_sink *sink, bool complete, char *error, size_t error_size);
};

#endif
