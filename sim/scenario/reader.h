/*
 * What the files of the scenario reader share, and the study's that read values likewise; nobody
 * else includes it but sim/command/help.c, for the table of keys.
 *
 * Every function that reads returns whether all is well; the first that finds a fault leaves one
 * line in reader->error that names file, line, group, key and value.
 */
#ifndef SIM_SCENARIO_READER_H
#define SIM_SCENARIO_READER_H

#include "core/suggest.h"
#include "sim/scenario/ini.h"
#include "sim/scenario/inputs.h"
#include "sim/scenario/scenario.h"

#include <glib.h>

typedef struct sim_reader {
    const char *path;
    const sim_ini *ini;
    sim_scenario *scenario;
    GHashTable *zones; /* the place of each [zone NAME] by its name, from 1 */
    GHashTable *names; /* those of the groups [peers NAME], [fault NAME], [node NAME] so far */
    char *error;
} sim_reader;

typedef struct sim_key_row sim_key_row;

/* Appends a key's value as a resolved scenario has it, read from where its reader put it; false,
 * with nothing appended, where the line is left out. `inputs` as of sim_config_text(). */
typedef bool sim_key_write(GString *value, const sim_key_row *row, const void *target,
                           const sim_inputs *inputs);

/* A key of a scenario group: what --help-keys prints, how it is read, and how it is written. */
struct sim_key_row {
    const char *name;
    const char *values;   /* what may be written */
    const char *fallback; /* what holds if it is not; NULL: it must be */
    const char *summary;
    bool (*read)(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                 void *target);
    sim_key_write *write; /* NULL: never, or by the writer of the whole group */
    size_t offset;        /* of the field in the target */
    int64_t min, max;     /* of counts and times */
    bool is_silent;       /* not written where it is what holds without it */
};

/* A kind of group: [NAME], or [NAME anything]. */
typedef struct sim_key_group {
    const char *name;
    bool named;         /* a name of its own follows */
    bool protocol_keys; /* and the keys of core/protocol.h that a group may set */
    const char *summary;
    const sim_key_row *rows; /* ended by a NULL name */
} sim_key_group;

/* The kinds of groups, in the order in which they are read; NULL past the end. */
const sim_key_group *sim_key_group_at(uint32_t index);

/* ---- error.c ---- */

/* Notes a fault of a key, of a group, or of the file; false. */
bool sim_reader_fail(sim_reader *reader, const sim_ini_entry *entry, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool sim_reader_fail_group(sim_reader *reader, const sim_ini_group *group, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool sim_reader_fail_file(sim_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What a number should have been. */
typedef struct sim_number_kind {
    const char *what;
    const char *example;
    const char *units; /* NULL: none */
} sim_number_kind;

extern const sim_number_kind sim_number_count, sim_number_size, sim_number_rate, sim_number_time;

/* Notes why core/units.h refused `text`, the entry's value or a part of it. */
bool sim_reader_fail_number(sim_reader *reader, const sim_ini_entry *entry, const char *text,
                            int error, const sim_number_kind *kind);

/* "; did you mean "X"?", or "" if nothing is near; g_free(). */
char *sim_suggestion_text(const mb_suggestion *suggestion);

/* ---- values.c: readers of one value, for rows of the table -------------------------- */

bool sim_read_text(sim_reader *, const sim_key_row *, const sim_ini_entry *, void *target);
bool sim_read_bool(sim_reader *, const sim_key_row *, const sim_ini_entry *, void *target);
bool sim_read_seed(sim_reader *, const sim_key_row *, const sim_ini_entry *, void *target);
bool sim_read_count(sim_reader *, const sim_key_row *, const sim_ini_entry *, void *target);
bool sim_read_time(sim_reader *, const sim_key_row *, const sim_ini_entry *, void *target);
bool sim_read_rate(sim_reader *, const sim_key_row *, const sim_ini_entry *, void *target);
bool sim_read_slots(sim_reader *, const sim_key_row *, const sim_ini_entry *, void *target);

/* A time inside a longer value: `text` is the part of the entry's value that says it. */
bool sim_read_time_part(sim_reader *reader, const sim_ini_entry *entry, const char *text,
                        mb_time *time);

/* "0.5/s" likewise: so many billionths in each `time`. */
bool sim_read_poisson_part(sim_reader *reader, const sim_ini_entry *entry, const char *text,
                           int64_t *rate, mb_time *time);

/* "unlimited", or what core/units.h takes for a rate; its errors. */
int sim_rate_parse(const char *text, uint64_t *rate);

/* The text after `word` and blanks, if the value begins with that word; else NULL. */
const char *sim_after_word(const char *value, const char *word);

/* Sets a key of the protocol. */
bool sim_read_protocol_key(sim_reader *reader, const sim_ini_entry *entry, mb_protocol *protocol);

/* Bytes of a name. */
#define SIM_NAME_SIZE_MAX 64

/* Whether a name may have the character: a letter or digit of any script, or one of these marks. */
bool sim_is_plain(gunichar c, const char *marks);
/* Whether it is a name of letters and digits of any script, and of these ASCII marks, that begins
 * with none, and is short enough. */
bool sim_is_plain_name(const char *name, const char *marks);

/* The path of a file that the entry names: relative ones start from the folder of the file that the
 * entry stands in. g_free(). */
char *sim_reader_path(const sim_ini_entry *entry, const char *path);

/* Whether the entry's file is a regular one that can be read (not a pipe or a device, which might
 * never end); its size goes to *size, in bytes. */
bool sim_reader_check_file(sim_reader *reader, const sim_ini_entry *entry, const char *path,
                           uint64_t *size);

/* ---- writers.c: writers of one value, for rows of the table ---- */

sim_key_write sim_write_text, sim_write_bool, sim_write_seed, sim_write_count, sim_write_time,
    sim_write_rate, sim_write_slots, sim_write_path;
/* Those of one key each. The swarm's times are left out where transfers are replayed. */
sim_key_write sim_write_swarm_time, sim_write_file_size, sim_write_file_blocks, sim_write_file_path,
    sim_write_block_size, sim_write_tracker_leave, sim_write_peer_count, sim_write_arrival,
    sim_write_leave, sim_write_return, sim_write_fault_kind, sim_write_targets, sim_write_when,
    sim_write_lasts, sim_write_have, sim_write_measured, sim_write_unit, sim_write_fill,
    sim_write_place, sim_write_zone, sim_write_zone_count;

/* ---- faults.c ---- */

bool sim_read_fault_kind(sim_reader *, const sim_key_row *, const sim_ini_entry *, void *target);
bool sim_read_targets(sim_reader *, const sim_key_row *, const sim_ini_entry *, void *target);
bool sim_read_when(sim_reader *, const sim_key_row *, const sim_ini_entry *, void *target);
bool sim_read_lasts(sim_reader *, const sim_key_row *, const sim_ini_entry *, void *target);
/* What only the keys of a [fault] group together can show; after they are read. */
bool sim_check_fault(sim_reader *reader, const sim_ini_group *ini, sim_fault *fault);

/* ---- file.c, places.c, zoning.c, matrix.c, peers.c, trace.c, study/expect_read.c
 * ---------------------- */

bool sim_read_file_group(sim_reader *reader, const sim_ini_group *group);
bool sim_read_arrival(sim_reader *, const sim_key_row *, const sim_ini_entry *, void *target);
bool sim_read_leave(sim_reader *, const sim_key_row *, const sim_ini_entry *, void *target);
bool sim_read_return(sim_reader *, const sim_key_row *, const sim_ini_entry *, void *target);
bool sim_read_tracker_leave(sim_reader *, const sim_key_row *, const sim_ini_entry *, void *target);
bool sim_read_have(sim_reader *, const sim_key_row *, const sim_ini_entry *, void *target);
bool sim_read_measured(sim_reader *, const sim_key_row *, const sim_ini_entry *, void *target);
bool sim_read_unit(sim_reader *, const sim_key_row *, const sim_ini_entry *, void *target);
bool sim_read_place(sim_reader *, const sim_key_row *, const sim_ini_entry *, void *target);
bool sim_read_zone(sim_reader *, const sim_key_row *, const sim_ini_entry *, void *target);
bool sim_read_node_zone(sim_reader *, const sim_key_row *, const sim_ini_entry *, void *target);
/* Makes the tree of zones, once all [zone NAME] are read and before anybody's zone is. */
bool sim_make_zones(sim_reader *reader);
/* Whether each has somebody in it; once all groups are read. */
bool sim_check_zones(sim_reader *reader);
/* Reads the table that [latency] names; after its keys. */
bool sim_read_matrix(sim_reader *reader, const sim_ini_group *group);
/* Whether all that the swarm's places need was measured; once all groups are read. */
bool sim_check_places(sim_reader *reader);
/* What only the keys of a [peers] group together can show; after they are read. */
bool sim_check_group(sim_reader *reader, const sim_ini_group *ini, sim_group *group);
bool sim_read_trace(sim_reader *reader, const sim_ini_entry *entry, const char *path,
                    sim_group *group);
bool sim_read_expectation(sim_reader *reader, const sim_ini_entry *entry);
/* What only the whole scenario can show; last. */
bool sim_check_scenario(sim_reader *reader);

#endif
