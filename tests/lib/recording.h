/*
 * What the recorder's tests and benchmark share: a scenario made by hand, a scratch folder, and its
 * files' contents. It asserts by g_assert, so it serves test programs alone.
 */
#ifndef TESTS_LIB_RECORDING_H
#define TESTS_LIB_RECORDING_H

#include "sim/files/folder_sink.h"
#include "sim/output/recorder.h"
#include <glib.h>

#define RECORDING_GROUPS_MAX 4

/* A recorder with all that it borrows. */
struct recording {
    sim_scenario scenario;
    sim_lines lines;
    sim_group groups[RECORDING_GROUPS_MAX];
    sim_run_options options;
    sim_folder_sink sink;
    sim_arrival *arrivals;
    uint32_t arrival_count;
    char *folder; /* a new, empty one in the folder for temporary files */
    sim_recorder *recorder;
    char error[512];
};

/* A scenario "small" of `blocks` blocks of 1000 bytes, raw, the tracker at 1000 byte/s, no peers.
 */
void recording_init(struct recording *recording, uint32_t blocks);

/* Adds a group of `count` peers at up / down byte/s, after the peers of those before. */
void recording_add_group(struct recording *recording, const char *name, uint32_t count, uint64_t up,
                         uint64_t down);

/* Makes the scratch folder and has results written to it. */
void recording_use_folder(struct recording *recording);

/* sim_recorder_open() with all that. */
int recording_open(struct recording *recording);

/* Ends the run at `end`: a last sample, then sim_recorder_finish(). */
int recording_finish(struct recording *recording, mb_time end);

/* Ends the recorder and its sink: what was not finished is gone. */
void recording_close(struct recording *recording);

/* Frees all, and removes the scratch folder with what is in it. */
void recording_clear(struct recording *recording);

/* The bytes of FOLDER/NAME, to be freed by g_free(); NULL if there is no such file. `size` may be
 * NULL. */
char *recording_read(const struct recording *recording, const char *name, size_t *size);

/* How many entries the folder has. */
unsigned recording_count_files(const struct recording *recording);

/* Shorthands for calls of the recorder. */
void recording_initial(struct recording *recording, mb_time now, mb_node peer, uint32_t block);
void recording_block(struct recording *recording, mb_time now, mb_node peer, uint32_t block,
                     mb_node from, rec_role role, mb_via via);

#endif
