/*
 * MiniBit's simulator for a program of your own: a scenario's text goes in, tables come out.
 *
 * A run is an object: what it simulates and whom it tells is set first, then mb_sim_run()
 * simulates, once; nothing can be set any more from then on. Nothing is written anywhere. Two runs
 * share nothing that decides anything, so they may run at the same time in two threads; one object
 * is for one thread, but for mb_sim_interrupt(). A callback may call anything but mb_sim_free().
 * Equal texts leave equal bytes, those that minibit-sim writes for the same scenario.
 *
 * Functions that return int return 0, or a negative number: then mb_sim_error() is one line that
 * says what was wrong. A broken invariant, which is a defect of MiniBit, ends the process; so does
 * memory that is out while a scenario is read.
 */
#ifndef MINIBIT_SIM_H
#define MINIBIT_SIM_H

#include <minibit/version.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MB_API __attribute__((visibility("default")))

/* The library's own version, "1.2.3". */
MB_API const char *mb_version(void);

typedef struct mb_sim mb_sim;

/* A run without a scenario; NULL if memory is out. mb_sim_free() ends it; NULL is all right. */
MB_API mb_sim *mb_sim_new(void);
MB_API void mb_sim_free(mb_sim *sim);

/* ---- before the run -------------------------------------------------------------------------- */

/*
 * The scenario: the text of a file as docs/scenarios.md has it, without `extends`, `${}` and
 * [replay]. `name` stands for it in messages, and files that it names are looked for from that
 * name's folder; of [file] path the size counts, no bytes move. What was read before is replaced.
 */
MB_API int mb_sim_scenario(mb_sim *sim, const char *name, const char *text);

/* A key in place of the scenario's, "group.key=value", as minibit-sim's --set has it. For the
 * scenarios read from now on. */
MB_API int mb_sim_set(mb_sim *sim, const char *assignment);

/* Besides completion.csv, timeline.csv, summary.json and config.ini: provenance.csv and events.csv,
 * which are as long as the run. Off at first. */
MB_API void mb_sim_tables(mb_sim *sim, int provenance, int events);

/*
 * Whom to hand the tables to: `size` bytes of the table `name`, whole rows, in the order of the
 * table; its first row is the header. Anything but 0 ends the run, which fails. Without it tables
 * are kept for mb_sim_table().
 */
typedef int mb_sim_rows(void *context, const char *name, const char *bytes, size_t size);
MB_API void mb_sim_on_rows(mb_sim *sim, mb_sim_rows *rows, void *context);

/* How far a run is. Times are in nanoseconds of simulated time. */
typedef struct mb_sim_state {
    int64_t now;
    int64_t until;
    uint64_t events;
    uint64_t blocks_delivered;
    uint64_t blocks_wanted; /* of all peers that may arrive; 0: not known */
    uint32_t peers_arrived;
    uint32_t peers_complete;
    uint32_t peers_expected; /* 0: not known */
} mb_sim_state;

/* Whom to tell, every few thousand events; `state` for the call. NULL: nobody. */
typedef void mb_sim_progress(void *context, const mb_sim_state *state);
MB_API void mb_sim_on_progress(mb_sim *sim, mb_sim_progress *progress, void *context);

/* ---- the run ---- */

/* Simulates. Also 0 where it was interrupted. */
MB_API int mb_sim_run(mb_sim *sim);

/* Ends the run within a few thousand events, with what has happened so far kept. From anywhere: a
 * callback, another thread, a signal's handler. */
MB_API void mb_sim_interrupt(mb_sim *sim);

/* ---- after it ---- */

/* What the last call that failed had to say; "" if none has. Holds until the next call. */
MB_API const char *mb_sim_error(const mb_sim *sim);

/* Whether the run was interrupted. */
MB_API int mb_sim_interrupted(const mb_sim *sim);

/* The text of summary.json (docs/formats.md); NULL without a run that succeeded. It holds until
 * the object's end, as do the tables. */
MB_API const char *mb_sim_summary(const mb_sim *sim);

/* A table's bytes, with a NUL after them; NULL where there is no such table, rows were handed on,
 * or no run has succeeded. `size` may be NULL. */
MB_API const char *mb_sim_table(const mb_sim *sim, const char *name, size_t *size);

#ifdef __cplusplus
}
#endif

#endif
