/*
 * A table in a file that a key names, as lines of text: of a trace of arrivals, and of latencies.
 *
 * trace.c and matrix.c take its lines one after another and say what is wrong with one. What stands
 * in a line, and how its fields are kept apart, is theirs.
 */
#ifndef SIM_SCENARIO_TABLE_H
#define SIM_SCENARIO_TABLE_H

#include "sim/scenario/reader.h"

typedef struct sim_table {
    sim_reader *reader;
    const sim_ini_entry *entry; /* whose file it is */
    const char *path;
    char *text;
    char *next;    /* what has not been taken yet */
    uint32_t line; /* number of the one taken last, from 1 */
} sim_table;

/* Reads the file: a regular one, of UTF-8, 1 GiB at most. False: it is told, and there is still
 * something to close. */
bool sim_table_open(sim_table *table, sim_reader *reader, const sim_ini_entry *entry,
                    const char *path);

/* The next line without its end, the caller's to cut up; NULL behind the last. */
char *sim_table_line(sim_table *table);

/* Notes a fault of the line taken last; false. */
bool sim_table_fail(const sim_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A rate that a line says, above 0; else a fault. */
bool sim_table_rate(const sim_table *table, const char *text, uint64_t *rate);

void sim_table_close(sim_table *table);

#endif
