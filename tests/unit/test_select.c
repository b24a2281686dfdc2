/*
 * Block selection, drawn: a row of '#' and '.' for each known peer, the provider first, and one for
 * what I hold. The expectation is the set of blocks that ever get picked.
 */
#include "core/blockset.h"
#include "core/strategy.h"

#include <glib.h>
#include <string.h>

#define BLOCKS_MAX 128
#define WORDS_MAX 2
#define DRAWS 200

typedef struct picture {
    const char *name;
    const char *selector;
    int64_t params[MB_STRATEGY_PARAMS_MAX]; /* rarest_ties, random_first */
    bool rounds;                            /* hand over what anyone has */
    const char *known[6];                   /* the provider, then the others; NULL ends */
    const char *mine;
    const char *picks; /* '#': picked now and then; '.': never */
} picture;

/* clang-format off */
static const picture pictures[] = {
    {"rarest of the provider's", "rarest-first", {0, 0}, false,
     {"####",
      "##.#",
      "#..#"},
     "....",
     "..#."},
    {"ties at random", "rarest-first", {0, 0}, false,
     {"######",
      "..##..",
      "..##.."},
     "......",
     "##..##"},
    {"ties to the lowest", "rarest-first", {1, 0}, false,
     {"######",
      "#.##..",
      "#.##.."},
     "......",
     ".#...."},
    {"what I hold is left out", "rarest-first", {0, 0}, false,
     {"#####",
      "#..##",
      "....#"},
     ".##..",
     "#..#."},
    {"what others alone have is left out", "rarest-first", {0, 0}, false,
     {"..##",
      "####",
      "..##"},
     "....",
     "..##"},
    {"one candidate", "rarest-first", {0, 0}, false,
     {"#.",
      "##",
      "##"},
     "..",
     "#."},
    {"random while I hold few", "rarest-first", {0, 3}, false,
     {"#####",
      "##...",
      "##..."},
     "#...#",
     ".###."},
    {"rarest once I hold enough", "rarest-first", {0, 2}, false,
     {"#####",
      "##...",
      "##..."},
     "#...#",
     "..##."},
    {"random first, ties first", "rarest-first", {1, 1}, false,
     {"####",
      "##..",
      "##.."},
     "....",
     "####"},
    /* In rounds: block 0 is first of the rarest and the provider lacks it: any other will do. */
    {"rounds: provider lacks the rarest", "rarest-first", {1, 0}, true,
     {".###",
      "#.##",
      "..##"},
     "....",
     ".###"},
    {"rounds: provider has the rarest", "rarest-first", {1, 0}, true,
     {".###",
      "#..#",
      "#.##"},
     "....",
     ".#.."},
    {"rounds: ties to the first counted, which others have", "rarest-first", {1, 0}, true,
     {".##.",
      "#..."},
     "....",
     ".##."},
    {"rounds: ties at random, some with others", "rarest-first", {0, 0}, true,
     {".##.",
      "#..#"},
     "....",
     ".##."},
    {"rounds: only what I lack counts", "rarest-first", {1, 0}, true,
     {".###",
      "#.##",
      "..##"},
     "#...",
     ".#.."},
    {"random knows no rarity", "random", {0}, false,
     {"####.",
      "##..#",
      "##..#"},
     ".#...",
     "#.##."},
    {"random in rounds", "random", {0}, true,
     {"##..",
      "..##"},
     "....",
     "##.."},
    {"sequential takes the lowest", "sequential", {0}, false,
     {".####",
      "#...#"},
     ".#...",
     "..#.."},
    {"sequential in rounds", "sequential", {0}, true,
     {"..##",
      "####"},
     "....",
     "..#."},
    {"across words", "rarest-first", {0, 0}, false,
     {"################################################################################",
      "###############################################################.################",
      "######################.########################################.#########.######"},
     "................................................................................",
     "...............................................................#................"},
};
/* clang-format on */

static void read_row(const char *row, uint64_t *set)
{
    mb_blockset_clear(set, WORDS_MAX);
    for (uint32_t b = 0; row[b] != '\0'; b++) {
        if (row[b] == '#') mb_blockset_add(set, b);
    }
}

/* The view that the peer would hand over for this picture; the caller clears *rarity. */
static mb_select_view view_of(const picture *p, mb_rarity *rarity, uint64_t (*sets)[WORDS_MAX])
{
    uint64_t *mine = sets[0], *candidates = sets[1], *anyone = sets[2], *scratch = sets[3];
    g_assert_cmpint(mb_rarity_init(rarity, WORDS_MAX, 6), ==, MB_OK);
    read_row(p->mine, mine);
    read_row(p->known[0], candidates);
    mb_blockset_clear(anyone, WORDS_MAX);
    for (int k = 0; k < 6 && p->known[k] != NULL; k++) {
        uint64_t has[WORDS_MAX];
        read_row(p->known[k], has);
        mb_rarity_add(rarity, has);
        for (int w = 0; w < WORDS_MAX; w++)
            anyone[w] |= has[w] & ~mine[w];
    }
    for (int w = 0; w < WORDS_MAX; w++)
        candidates[w] &= ~mine[w];
    memset(scratch, 0x5a, WORDS_MAX * sizeof *scratch);
    return (mb_select_view){.candidates = candidates,
                            .anyone = p->rounds ? anyone : NULL,
                            .rarity = rarity,
                            .scratch = scratch,
                            .words = WORDS_MAX,
                            .blocks = (uint32_t)strlen(p->mine),
                            .held = mb_blockset_count(mine, WORDS_MAX)};
}

static void picks_as_drawn(gconstpointer data)
{
    const picture *p = data;
    const mb_selector *selector = mb_selector_find(p->selector);
    uint64_t sets[4][WORDS_MAX];
    char picked[BLOCKS_MAX + 1] = "";
    mb_rarity rarity;
    mb_rng rng;
    g_assert_nonnull(selector);
    mb_rng_init(&rng, 1, 0, MB_PURPOSE_SELECTION);
    memset(picked, '.', strlen(p->mine));
    mb_select_view view = view_of(p, &rarity, sets);
    for (int i = 0; i < DRAWS; i++) {
        uint32_t block = selector->pick(p->params, &view, &rng);
        g_assert_cmpuint(block, <, view.blocks);
        picked[block] = '#';
    }
    g_assert_cmpstr(picked, ==, p->picks);
    mb_rarity_clear(&rarity);
}

/* Each of n tied blocks equally often, to five standard deviations. */
static void ties_are_fair(void)
{
    static const picture p = {
        "", "rarest-first", {0, 0}, false, {"########", "#.#.#.#."}, "........", NULL};
    uint64_t sets[4][WORDS_MAX];
    int counts[8] = {0};
    mb_rarity rarity;
    mb_rng rng;
    mb_rng_init(&rng, 1, 0, MB_PURPOSE_SELECTION);
    mb_select_view view = view_of(&p, &rarity, sets);
    for (int i = 0; i < 4000; i++) {
        counts[mb_selector_find("rarest-first")->pick(p.params, &view, &rng)]++;
    }
    for (int b = 0; b < 8; b++) {
        if (b % 2 == 0) g_assert_cmpint(counts[b], ==, 0);
        if (b % 2 == 1) g_assert_cmpint(ABS(counts[b] - 1000), <, 137);
    }
    mb_rarity_clear(&rarity);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(pictures); i++) {
        char *path = g_strdup_printf("/select/%s/%s", pictures[i].selector, pictures[i].name);
        g_test_add_data_func(path, &pictures[i], picks_as_drawn);
        g_free(path);
    }
    g_test_add_func("/select/rarest-first/ties-are-fair", ties_are_fair);
    return g_test_run();
}
