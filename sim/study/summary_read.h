/*
 * summary.json read back: figures by their path, each as the very text that was written.
 *
 * [expect] and the table printed after a run use it. cJSON turns numbers into floating point, so
 * they are put in quotes before it sees them.
 */
#ifndef SIM_SUMMARY_READ_H
#define SIM_SUMMARY_READ_H

#include "core/types.h"

typedef struct sim_summary sim_summary;

/* NULL if the text is no JSON object. */
sim_summary *sim_summary_parse(const char *json);

/* Frees it; NULL is all right. */
void sim_summary_free(sim_summary *summary);

/* The text of the scalar at `path`, keys joined by dots: a number's digits, a string's content,
 * true, false. NULL if it is null or not there. Borrowed. */
const char *sim_summary_get(const sim_summary *summary, const char *path);

#endif
