/*
 * A value with ${...} in it, taken apart into text, references and lists.
 *
 *     ${100, 1000, 10000}   a list without a name        ${N=100, 1000}   a list named N
 *     ${1..10 step 3}       a range, 1 4 7 10            ${N}             N's value again
 *     ${a, b, c ! N}        a list that goes along with N instead of being crossed with it
 *
 * The study reader calls it for each value; it knows nothing of keys, runs, or other values. The
 * notation is OMNeT++'s (Simulation Manual, "Parameter Studies"), with CSV's quotes: a value in
 * "..." is taken as it is, commas and blanks included, and "" in it is one quote.
 */
#ifndef SIM_STUDY_VALUE_H
#define SIM_STUDY_VALUE_H

#include "core/types.h"

typedef enum sim_study_piece_kind {
    SIM_STUDY_TEXT,
    SIM_STUDY_REFERENCE,
    SIM_STUDY_LIST,
} sim_study_piece_kind;

typedef struct sim_study_piece {
    sim_study_piece_kind kind;
    char *text;    /* TEXT: as it is; REFERENCE: the name; LIST: its name, NULL without */
    char *along;   /* LIST: the name that it goes along with; NULL: none */
    char **values; /* LIST: `count` of them, NULL behind the last */
    uint32_t count;
} sim_study_piece;

/*
 * Takes `text` apart. 0 with *pieces, to be freed by sim_study_pieces_free(); or MB_ERR_SYNTAX with
 * one line in *error (free() it) that says what is wrong, not where. A list has at most
 * SIM_STUDY_RUNS_MAX values, all different but where it goes along. O(length of the text + values).
 */
int sim_study_value_parse(const char *text, sim_study_piece **pieces, uint32_t *count,
                          char **error);

void sim_study_pieces_free(sim_study_piece *pieces, uint32_t count);

#endif
