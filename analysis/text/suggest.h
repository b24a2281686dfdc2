/*
 * The nearest valid name to a misspelt one, for messages.
 *
 * Whoever refuses a name asks; it prints nothing.
 */
#ifndef ANALYSIS_SUGGEST_H
#define ANALYSIS_SUGGEST_H

#include <stddef.h>

/* The best name so far. */
typedef struct res_suggestion {
    const char *word;
    const char *best; /* NULL: none is near enough to be meant */
    size_t distance;  /* of the best; names must be nearer */
} res_suggestion;

/* Begins for `word`, borrowed: names that need more edits than half its letters are not taken. */
res_suggestion res_suggestion_begin(const char *word);

/*
 * Offers a name, borrowed; of equally near ones the first stays. Distance is Levenshtein's (insert,
 * delete, replace, letters of either case being equal); a part of the name's path, such as its end
 * after a dot, is near it. O(product of the lengths).
 */
void res_suggestion_offer(res_suggestion *suggestion, const char *name);

#endif
