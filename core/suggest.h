/*
 * The nearest valid name to a misspelt one, for messages.
 *
 * Readers of scenarios and of command lines ask; it prints nothing.
 */
#ifndef MB_SUGGEST_H
#define MB_SUGGEST_H

#include "core/types.h"

/* The best name so far; begin with mb_suggestion_init(). */
typedef struct mb_suggestion {
    const char *word;
    const char *best; /* NULL: no name is near enough to be meant */
    uint32_t distance;
} mb_suggestion;

void mb_suggestion_init(mb_suggestion *suggestion, const char *word);

/*
 * Offers a name, borrowed; of equally near ones the first stays. Distance is Damerau and
 * Levenshtein's (insert, delete, replace, swap two neighbours), letters of either case being half
 * equal, and a beginning of the name being near it; names further off than half the word's letters
 * (rounded up) are not taken. O(product of the lengths).
 */
void mb_suggestion_offer(mb_suggestion *suggestion, const char *name);

#endif
