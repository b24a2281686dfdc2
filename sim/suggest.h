/*
 * The nearest valid name to a misspelt one, for messages.
 *
 * The scenario reader and the options ask; it prints nothing.
 */
#ifndef SIM_SUGGEST_H
#define SIM_SUGGEST_H

#include "core/types.h"

/* The best name so far; begin with sim_suggestion_init(). */
typedef struct sim_suggestion {
    const char *word;
    const char *best; /* NULL: no name is near enough to be meant */
    uint32_t distance;
} sim_suggestion;

void sim_suggestion_init(sim_suggestion *suggestion, const char *word);

/*
 * Offers a name, borrowed; of equally near ones the first stays. Distance is Damerau and
 * Levenshtein's (insert, delete, replace, swap two neighbours), letters of either case being half
 * equal, and a beginning of the name being near it; names further off than half the word's letters
 * (rounded up) are not taken. O(product of the lengths).
 */
void sim_suggestion_offer(sim_suggestion *suggestion, const char *name);

#endif
