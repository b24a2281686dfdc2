#include "core/suggest.h"

#include <assert.h>
#include <string.h>

/* Longer words are nobody's slip of the finger. */
#define WORD_MAX 63
/* So many letters may stand for the whole name that they begin. */
#define PREFIX_MIN 3
/* The cost of a whole edit; another case costs half of it. */
#define EDIT 2

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static uint32_t replace_cost(char a, char b)
{
    if (a == b) return 0;
    return lower(a) == lower(b) ? EDIT / 2 : EDIT;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment, in half edits; both at most WORD_MAX letters. */
static uint32_t distance(const char *a, const char *b)
{
    assert(a && b);
    uint32_t rows[3][WORD_MAX + 1]; /* the rows i-2, i-1 and i, by i modulo 3 */
    size_t a_size = strlen(a), b_size = strlen(b);
    for (size_t j = 0; j <= b_size; j++)
        rows[0][j] = (uint32_t)j * EDIT;
    for (size_t i = 1; i <= a_size; i++) {
        uint32_t *row = rows[i % 3];
        const uint32_t *above = rows[(i - 1) % 3];
        row[0] = (uint32_t)i * EDIT;
        for (size_t j = 1; j <= b_size; j++) {
            row[j] = least(above[j] + EDIT, row[j - 1] + EDIT);
            row[j] = least(row[j], above[j - 1] + replace_cost(a[i - 1], b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], rows[(i - 2) % 3][j - 2] + EDIT);
        }
    }
    return rows[a_size % 3][b_size];
}

void mb_suggestion_init(mb_suggestion *suggestion, const char *word)
{
    assert(word);
    uint32_t size = (uint32_t)strnlen(word, WORD_MAX + 1);
    uint32_t limit = (size + 1) / 2;
    *suggestion = (mb_suggestion){.word = word, .distance = limit * EDIT + 1};
}

void mb_suggestion_offer(mb_suggestion *suggestion, const char *name)
{
    if (strlen(suggestion->word) > WORD_MAX || strlen(name) > WORD_MAX) return;
    uint32_t steps = distance(suggestion->word, name);
    size_t size = strlen(suggestion->word);
    bool cut_short = size >= PREFIX_MIN && strncmp(suggestion->word, name, size) == 0;
    if (cut_short) steps = least(steps, EDIT);
    /* Where no letter stands any more it is no slip but another word. */
    bool another = steps >= EDIT * size && steps >= EDIT * strlen(name);
    if (steps >= suggestion->distance || another) return;
    suggestion->best = name;
    suggestion->distance = steps;
}
