/*
 * A study's runs as text: index.csv, the table of --list-runs, and the numbers of --run.
 *
 * For the study's runner and the command line. It writes nothing.
 */
#ifndef SIM_STUDY_TABLE_H
#define SIM_STUDY_TABLE_H

#include "sim/study/folder.h"
#include "sim/study/study.h"

#include <stdio.h>

/* A run of the plan, resolved: what every table says of it beside its parameters. */
typedef struct sim_study_row {
    uint32_t run;
    uint64_t seed;
    bool expects; /* it has expectations */
    sim_study_key key;
} sim_study_row;

/* `count` rows as index.csv has them, RFC 4180; NUL-ended, free(). */
char *sim_study_index(const sim_study *study, const sim_study_row *rows, uint32_t count);

/* Prints the rows in aligned columns, for a reader. */
void sim_study_print(FILE *out, const sim_study *study, const sim_study_row *rows, uint32_t count);

/*
 * The runs that "7", "10..19" or "3,7,10..19" names, of `runs` there are: in rising order, each
 * once, *count of them; NULL stands for all. 0 with *chosen to be free()d; or MB_ERR_ARGUMENT with
 * one line in *error (free() it).
 */
int sim_study_choose(const char *text, uint32_t runs, uint32_t **chosen, uint32_t *count,
                     char **error);

#endif
