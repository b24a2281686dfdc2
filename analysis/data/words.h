/*
 * The words of a run's tables that more than one command reads, from the rows that they are written
 * from.
 */
#ifndef ANALYSIS_WORDS_H
#define ANALYSIS_WORDS_H

/* What a node is at the moment in question. */
typedef enum res_role {
#define REC_ROLE(ID, ...) RES_ROLE_##ID,
#include "record/words.def"
    RES_ROLES
} res_role;

extern const char *const res_role_words[RES_ROLES];

#endif
