#include "analysis/text/suggest.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

/* Longer words are nobody's slip of the finger. */
#define WORD_MAX 127

static size_t distance(const char *a, const char *b)
{
    size_t row[WORD_MAX + 1];
    size_t b_size = strlen(b);
    for (size_t j = 0; j <= b_size; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            bool same = g_ascii_tolower(a[i - 1]) == g_ascii_tolower(b[j - 1]);
            size_t replaced = diagonal + !same;
            diagonal = row[j];
            row[j] = MIN(replaced, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[b_size];
}

res_suggestion res_suggestion_begin(const char *word)
{
    return (res_suggestion){.word = word, .distance = (strlen(word) + 1) / 2 + 1};
}

/* Is the word a key within the name, "mean" or "download_s" of download_s.mean? */
static bool is_part(const char *word, const char *name)
{
    size_t size = strlen(word);
    for (const char *at = name; size > 2 && (at = strstr(at, word)); at++) {
        bool begins = at == name || at[-1] == '.';
        bool ends = at[size] == '\0' || at[size] == '.';
        if (begins && ends) return true;
    }
    return false;
}

void res_suggestion_offer(res_suggestion *suggestion, const char *name)
{
    if (strlen(suggestion->word) > WORD_MAX || strlen(name) > WORD_MAX) return;
    size_t steps = is_part(suggestion->word, name) ? 1 : distance(suggestion->word, name);
    /* Where no letter stands any more it is no slip but another word. */
    if (steps >= suggestion->distance || steps >= MAX(strlen(name), strlen(suggestion->word)))
        return;
    suggestion->best = name;
    suggestion->distance = steps;
}
