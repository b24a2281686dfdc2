/*
 * Choking, as tables: a line per case with the known peers' values, who is unchoked now, and who
 * may come out. Where chance has a part, what must hold is checked over many draws.
 */
#include "core/strategy.h"

#include <glib.h>
#include <string.h>

#define ROWS_MAX 16
#define DRAWS 400

/* A view with its columns: every row's handle is 10 x (row + 1), learned in the order of rows. */
typedef struct table {
    mb_choke_view view;
    mb_node handle[ROWS_MAX];
    uint32_t learned[ROWS_MAX];
    bool unchoked[ROWS_MAX];
    bool optimistic[ROWS_MAX];
    uint64_t value[ROWS_MAX];
    uint32_t offers[ROWS_MAX];
    uint32_t needs[ROWS_MAX];
    uint32_t rows[ROWS_MAX + 1];
    mb_choke_result result;
} table;

/* `state` has a letter a row: '.' choked, 'u' unchoked, 'o' unchoked as optimistic. */
static void table_init(table *t, const char *state, uint32_t slots, const uint64_t *values)
{
    *t = (table){.view = {.count = (uint32_t)strlen(state),
                          .slots = slots,
                          .now = 100 * MB_SECOND,
                          .optimistic_since = MB_NEVER}};
    for (uint32_t row = 0; row < t->view.count; row++) {
        t->handle[row] = 10 * (row + 1);
        t->learned[row] = row;
        t->unchoked[row] = state[row] != '.';
        t->optimistic[row] = state[row] == 'o';
        t->value[row] = values[row];
        if (state[row] == 'o') t->view.optimistic_since = t->view.now - 10 * MB_SECOND;
    }
    t->view.handle = t->handle;
    t->view.learned = t->learned;
    t->view.unchoked = t->unchoked;
    t->view.optimistic = t->optimistic;
    t->view.score = t->value;
    t->view.received = t->value;
    t->result.rows = t->rows;
}

static bool in_result(const table *t, uint32_t row)
{
    for (uint32_t i = 0; i < t->result.count; i++) {
        if (t->result.rows[i] == row) return true;
    }
    return false;
}

/* The result as letters by row: '.' choked, '#' unchoked, 'o' the optimistic one. */
static const char *result_text(const table *t)
{
    static char text[ROWS_MAX + 1];
    for (uint32_t row = 0; row < t->view.count; row++) {
        text[row] = !in_result(t, row) ? '.' : row == t->result.optimistic ? 'o' : '#';
    }
    text[t->view.count] = '\0';
    return text;
}

static const int64_t ties_random[MB_STRATEGY_PARAMS_MAX] = {MB_TIES_RANDOM};
static const int64_t ties_learned[MB_STRATEGY_PARAMS_MAX] = {MB_TIES_LEARNED};
static const int64_t rate_params[MB_STRATEGY_PARAMS_MAX] = {30 * MB_SECOND, 20 * MB_SECOND};

/* ---- rarity-tft, by which row is drawn as optimistic ----------------------------------------- */

typedef struct tft_case {
    const char *name;
    uint32_t slots;
    const int64_t *params;
    const char *state;
    uint64_t values[ROWS_MAX];
    const char *outcomes[ROWS_MAX]; /* with row r drawn as optimistic */
} tft_case;

static const tft_case tft_cases[] = {
    {"promoted takes the last place of a full top",
     3,
     ties_random,
     "......",
     {9, 8, 7, 6, 5, 4},
     {"o##...", "#o#...", "##o...", "##.o..", "##..o.", "##...o"}},
    {"worthless is beside the top",
     2,
     ties_random,
     ".....",
     {9, 8, 7, 0, 0},
     {"o#...", "#o...", "#.o..", "##.o.", "##..o"}},
    {"promoted joins a top that is not full",
     4,
     ties_random,
     "...",
     {3, 2, 1},
     {"o##", "#o#", "##o"}},
    {"worthless beside a top that is not full",
     4,
     ties_random,
     "...",
     {3, 0, 0},
     {"o##", "#o#", "##o"}},
    {"exactly as many others as slots", 2, ties_random, "...", {3, 2, 1}, {"o#.", "#o.", "#.o"}},
    {"ties: who is unchoked now",
     2,
     ties_random,
     ".u.u.",
     {5, 5, 5, 5, 0},
     {NULL, NULL, NULL, NULL, ".#.#o"}},
    {"ties in the order learned",
     2,
     ties_learned,
     "...uu",
     {5, 5, 5, 5, 5},
     {"o#...", "#o...", "#.o..", "#..o.", "#...o"}},
    {"one peer of worth", 4, ties_random, ".", {1}, {"o"}},
    {"one peer of none", 4, ties_random, ".", {0}, {"o"}},
    {"no slot but the optimistic one", 0, ties_random, "...", {3, 2, 0}, {"o..", ".o.", "..o"}},
    {"one slot", 1, ties_random, "...", {3, 2, 0}, {"o..", ".o.", "#.o"}},
};

/* Every row is drawn as optimistic now and then, and each time the outcome is the table's. */
static void tft_outcomes(gconstpointer data)
{
    const tft_case *c = data;
    int drawn[ROWS_MAX] = {0};
    table t;
    mb_rng rng;
    table_init(&t, c->state, c->slots, c->values);
    mb_rng_init(&rng, 1, 0, MB_PURPOSE_CHOKE);
    for (int i = 0; i < DRAWS; i++) {
        mb_choker_find("rarity-tft")
            ->rank(mb_choker_find("rarity-tft"), c->params, &t.view, &rng, &t.result);
        uint32_t optimistic = t.result.optimistic;
        g_assert_cmpuint(optimistic, <, t.view.count);
        drawn[optimistic]++;
        if (c->outcomes[optimistic] == NULL) continue;
        g_assert_cmpstr(result_text(&t), ==, c->outcomes[optimistic]);
    }
    for (uint32_t row = 0; row < t.view.count; row++) {
        g_assert_cmpint(drawn[row], >, DRAWS / (int)t.view.count / 2);
    }
}

/* Tied peers come in equally often, and in any order. */
static void ties_are_fair(void)
{
    const uint64_t values[7] = {1, 1, 1, 1, 1, 1, 1};
    int counts[7] = {0};
    table t;
    mb_rng rng;
    table_init(&t, ".......", 3, values);
    mb_rng_init(&rng, 1, 0, MB_PURPOSE_CHOKE);
    for (int i = 0; i < 7000; i++) {
        mb_choker_find("rarity-tft")
            ->rank(mb_choker_find("rarity-tft"), ties_random, &t.view, &rng, &t.result);
        for (uint32_t k = 0; k < t.result.count; k++) {
            counts[t.result.rows[k]]++;
        }
    }
    for (int row = 0; row < 7; row++) {
        g_assert_cmpint(ABS(counts[row] - 3000), <, 207); /* 5 standard deviations */
    }
}

/* ---- complement ------------------------------------------------------------------------------ */

static void complement_ranks_by_the_smaller(void)
{
    const uint64_t unused[5] = {0};
    table t;
    mb_rng rng;
    table_init(&t, ".....", 2, unused);
    t.view.score = t.view.received = NULL;
    t.view.offers = t.offers;
    t.view.needs = t.needs;
    memcpy(t.offers, (uint32_t[]){100, 5, 3, 0, 4}, 5 * sizeof(uint32_t));
    memcpy(t.needs, (uint32_t[]){1, 5, 80, 90, 4}, 5 * sizeof(uint32_t));
    static const char *const outcomes[] = {"o#...", ".o..#", ".#o..", ".#.o#", ".#..o"};
    mb_rng_init(&rng, 1, 0, MB_PURPOSE_CHOKE);
    for (int i = 0; i < DRAWS; i++) {
        mb_choker_find("complement")
            ->rank(mb_choker_find("complement"), ties_random, &t.view, &rng, &t.result);
        g_assert_cmpstr(result_text(&t), ==, outcomes[t.result.optimistic]);
    }
    t.unchoked[1] = true;
    g_assert_cmpuint(mb_choker_find("complement")
                         ->fill(mb_choker_find("complement"), ties_random, &t.view, &rng),
                     ==, 4);
}

/* ---- rate-tft -------------------------------------------------------------------------------- */

typedef struct rate_case {
    const char *name;
    uint32_t slots;
    const char *state;
    mb_time optimistic_age_s; /* of the one marked 'o' */
    uint64_t values[ROWS_MAX];
    const char *allowed[4]; /* each of these comes, and no other */
} rate_case;

static const rate_case rate_cases[] = {
    {"the optimistic one stays", 2, ".uuo..", 29, {9, 8, 1, 0, 0, 0}, {"##.o.."}},
    {"its time is up: a choked one", 2, "uu.o.", 30, {9, 8, 0, 0, 0}, {"##o..", "##..o"}},
    {"it climbed into the top: a new one", 2, "uuo..", 10, {1, 9, 8, 0, 0}, {".##o.", ".##.o"}},
    {"it left: a new one", 2, "uu..", 0, {9, 8, 0, 0}, {"##o.", "##.o"}},
    {"never promoted, whatever it gave", 2, "....", 0, {9, 8, 7, 7}, {"##o.", "##.o"}},
    {"all outside the top are unchoked: one of them", 1, "uuo", 40, {9, 0, 0}, {"#o.", "#.o"}},
    {"ties: who is unchoked now", 2, "..u.u", 0, {0, 0, 0, 0, 0}, {"o.#.#", ".o#.#", "..#o#"}},
    {"fewer than slots: no optimistic", 4, "...", 0, {1, 2, 3}, {"###"}},
    {"as many as slots", 3, "..o", 5, {1, 2, 3}, {"###"}},
    {"no slot", 0, "u.", 0, {1, 2}, {".o"}},
};

static void rate_outcomes(gconstpointer data)
{
    const rate_case *c = data;
    bool seen[4] = {false};
    table t;
    mb_rng rng;
    table_init(&t, c->state, c->slots, c->values);
    if (strchr(c->state, 'o') != NULL) {
        t.view.optimistic_since = t.view.now - c->optimistic_age_s * MB_SECOND;
    }
    mb_rng_init(&rng, 1, 0, MB_PURPOSE_CHOKE);
    for (int i = 0; i < DRAWS; i++) {
        int found = -1;
        mb_choker_find("rate-tft")
            ->rank(mb_choker_find("rate-tft"), rate_params, &t.view, &rng, &t.result);
        for (int k = 0; k < 4 && c->allowed[k] != NULL; k++) {
            if (strcmp(result_text(&t), c->allowed[k]) == 0) found = k;
        }
        if (found < 0) g_test_message("got %s", result_text(&t));
        g_assert_cmpint(found, >=, 0);
        seen[found] = true;
    }
    for (int k = 0; k < 4 && c->allowed[k] != NULL; k++) {
        g_assert_true(seen[k]);
    }
}

/* ---- barter ---------------------------------------------------------------------------------- */

/* Who owes `credit` blocks is not served, whatever slots are free; else who owes least is. */
static void barter_outcomes(void)
{
    static const struct {
        int64_t credit;
        const char *state;
        int32_t debt[ROWS_MAX];
        const char *outcome;
        uint32_t filled; /* what fill then takes */
    } rows[] = {
        {1, "....", {1, 0, 1, 2}, ".#..", 1},  {1, "uu..", {1, 1, 1, 1}, "....", MB_ROW_NONE},
        {2, "u...", {1, 0, -3, 2}, ".##.", 2}, {3, ".u.u", {2, 0, 2, 0}, ".#.#", 0},
        {1, "", {0}, "", MB_ROW_NONE},
    };
    const mb_choker *barter = mb_choker_find("barter");
    mb_rng rng;
    mb_rng_init(&rng, 1, 0, MB_PURPOSE_CHOKE);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const int64_t params[MB_STRATEGY_PARAMS_MAX] = {rows[i].credit};
        const uint64_t none[ROWS_MAX] = {0};
        table t;
        table_init(&t, rows[i].state, 2, none);
        t.view.debt = rows[i].debt;
        barter->rank(barter, params, &t.view, &rng, &t.result);
        g_assert_cmpstr(result_text(&t), ==, rows[i].outcome);
        uint32_t filled = barter->fill(barter, params, &t.view, &rng);
        if (rows[i].credit == 3)
            g_assert_true(filled == 0 || filled == 2);
        else
            g_assert_cmpuint(filled, ==, rows[i].filled);
    }
    g_assert_true(barter->ends((int64_t[]){2}, 2) && !barter->ends((int64_t[]){2}, 1));
}

/* ---- filling a slot between rounds ----------------------------------------------------------- */

static void fill_takes_the_best_choked(void)
{
    static const struct {
        const char *state;
        uint64_t values[ROWS_MAX];
        uint32_t best;
    } rows[] = {
        {"uu...", {9, 8, 1, 3, 2}, 3},
        {"uuu", {1, 2, 3}, MB_ROW_NONE},
        {"u.o", {1, 0, 3}, 1},
        {"", {0}, MB_ROW_NONE},
    };
    mb_rng rng;
    mb_rng_init(&rng, 1, 0, MB_PURPOSE_CHOKE);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        table t;
        table_init(&t, rows[i].state, 4, rows[i].values);
        uint32_t by_score = mb_choker_find("rarity-tft")
                                ->fill(mb_choker_find("rarity-tft"), ties_random, &t.view, &rng);
        uint32_t by_rate = mb_choker_find("rate-tft")
                               ->fill(mb_choker_find("rate-tft"), rate_params, &t.view, &rng);
        g_assert_cmpuint(by_score, ==, rows[i].best);
        g_assert_cmpuint(by_rate, ==, rows[i].best);
    }
}

static void fill_ties(void)
{
    const uint64_t values[4] = {1, 5, 5, 5};
    int counts[4] = {0};
    table t;
    mb_rng rng;
    table_init(&t, "....", 4, values);
    mb_rng_init(&rng, 1, 0, MB_PURPOSE_CHOKE);
    for (int i = 0; i < 3000; i++) {
        g_assert_cmpuint(mb_choker_find("rarity-tft")
                             ->fill(mb_choker_find("rarity-tft"), ties_learned, &t.view, &rng),
                         ==, 1);
        counts[mb_choker_find("rarity-tft")
                   ->fill(mb_choker_find("rarity-tft"), ties_random, &t.view, &rng)]++;
    }
    g_assert_cmpint(counts[0], ==, 0);
    for (int row = 1; row < 4; row++) {
        g_assert_cmpint(ABS(counts[row] - 1000), <, 130);
    }
}

/* ---- the ranking itself ---------------------------------------------------------------------- */

static uint64_t value_of(const int64_t *params, const mb_choke_view *view, uint32_t row)
{
    (void)params;
    return view->score[row];
}

/* Against a plain selection sort, in every number of wanted rows; the order counts. */
static void ranking_is_sorted(void)
{
    mb_rng rng;
    mb_rng_init(&rng, 1, 0, MB_PURPOSE_CHOKE);
    for (int i = 0; i < 2000; i++) {
        uint64_t values[ROWS_MAX];
        for (int row = 0; row < ROWS_MAX; row++) {
            values[row] = mb_rng_below(&rng, 6);
        }
        table t;
        table_init(&t, "................", 0, values);
        uint32_t skip = (uint32_t)mb_rng_below(&rng, ROWS_MAX + 1);
        uint32_t want = (uint32_t)mb_rng_below(&rng, ROWS_MAX + 2);
        const mb_ranking ranking = {.value = value_of, .ties = MB_TIES_LEARNED, .skip = skip};
        uint32_t count = mb_rank_best(&t.view, &ranking, want, &rng, t.rows);
        g_assert_cmpuint(count, ==, MIN(want, ROWS_MAX - (skip < ROWS_MAX)));
        bool taken[ROWS_MAX] = {false};
        for (uint32_t k = 0; k < count; k++) {
            uint32_t best = MB_ROW_NONE;
            for (uint32_t row = 0; row < ROWS_MAX; row++) {
                if (taken[row] || row == skip) continue;
                if (best == MB_ROW_NONE || values[row] > values[best]) best = row;
            }
            g_assert_cmpuint(t.rows[k], ==, best);
            taken[best] = true;
        }
    }
}

static uint64_t distance(const int64_t *params, const mb_choke_view *view, uint32_t row)
{
    return (uint64_t)ABS((int64_t)view->score[row] - params[0]);
}

/* What rows are worth may hang on the strategy's parameters, adapted tit-for-tat's as well. */
static void ranking_knows_the_parameters(void)
{
    const uint64_t values[3] = {1, 5, 7};
    const struct {
        int64_t param;
        uint32_t best;
    } cases[] = {{0, 2}, {7, 0}, {9, 0}, {3, 2}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        table t;
        mb_rng rng;
        table_init(&t, "...", 1, values);
        mb_rng_init(&rng, 1, 0, MB_PURPOSE_CHOKE);
        const mb_ranking ranking = {.value = distance,
                                    .params = &cases[i].param,
                                    .ties = MB_TIES_LEARNED,
                                    .skip = MB_ROW_NONE};
        g_assert_cmpuint(mb_rank_best(&t.view, &ranking, 1, &rng, t.rows), ==, 1);
        g_assert_cmpuint(t.rows[0], ==, cases[i].best);
    }
}

/* Ties in the order learned go to who was learned of first, whatever the handles. */
static void ranking_knows_who_came_first(void)
{
    static const uint32_t learned[5] = {4, 2, 0, 3, 1}, best[5] = {2, 4, 1, 3, 0};
    const uint64_t values[5] = {1, 1, 1, 1, 1};
    table t;
    mb_rng rng;
    table_init(&t, ".u..u", 5, values);
    memcpy(t.learned, learned, sizeof learned);
    mb_rng_init(&rng, 1, 0, MB_PURPOSE_CHOKE);
    const mb_ranking ranking = {.value = value_of, .ties = MB_TIES_LEARNED, .skip = MB_ROW_NONE};
    g_assert_cmpuint(mb_rank_best(&t.view, &ranking, 5, &rng, t.rows), ==, 5);
    g_assert_cmpmem(t.rows, sizeof best, best, sizeof best);
    memset(t.learned, 0, sizeof learned); /* all at once: the lower handle */
    g_assert_cmpuint(mb_rank_best(&t.view, &ranking, 2, &rng, t.rows), ==, 2);
    g_assert_cmpuint(t.rows[0], ==, 0);
    g_assert_cmpuint(t.rows[1], ==, 1);
}

/* However many rows and ties: one draw, so that the stream's later draws do not shift. */
static void ranking_takes_one_draw(void)
{
    const uint64_t values[3] = {1, 1, 1};
    table t;
    mb_rng rng, once;
    table_init(&t, "...", 2, values);
    mb_rng_init(&rng, 1, 0, MB_PURPOSE_CHOKE);
    once = rng;
    mb_rng_next(&once);
    const mb_ranking ranking = {.value = value_of, .skip = MB_ROW_NONE};
    mb_rank_best(&t.view, &ranking, 2, &rng, t.rows);
    g_assert_cmpmem(&rng, sizeof rng, &once, sizeof once);
    mb_rank_best(&t.view, &ranking, 0, &rng, t.rows);
    mb_rng_next(&once);
    g_assert_cmpmem(&rng, sizeof rng, &once, sizeof once);
}

static void none_unchokes_nobody(void)
{
    const uint64_t values[3] = {1, 2, 3};
    table t;
    mb_rng rng;
    table_init(&t, "uu.", 4, values);
    mb_rng_init(&rng, 1, 0, MB_PURPOSE_CHOKE);
    mb_choker_find("none")->rank(mb_choker_find("none"), NULL, &t.view, &rng, &t.result);
    g_assert_cmpuint(t.result.count, ==, 0);
    g_assert_cmpuint(t.result.optimistic, ==, MB_ROW_NONE);
    g_assert_null(mb_choker_find("none")->fill);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tft_cases); i++) {
        char *path = g_strdup_printf("/choke/rarity-tft/%s", tft_cases[i].name);
        g_test_add_data_func(path, &tft_cases[i], tft_outcomes);
        g_free(path);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(rate_cases); i++) {
        char *path = g_strdup_printf("/choke/rate-tft/%s", rate_cases[i].name);
        g_test_add_data_func(path, &rate_cases[i], rate_outcomes);
        g_free(path);
    }
    g_test_add_func("/choke/barter", barter_outcomes);
    g_test_add_func("/choke/ties-are-fair", ties_are_fair);
    g_test_add_func("/choke/complement/the-smaller", complement_ranks_by_the_smaller);
    g_test_add_func("/choke/fill/best-choked", fill_takes_the_best_choked);
    g_test_add_func("/choke/fill/ties", fill_ties);
    g_test_add_func("/choke/ranking/sorted", ranking_is_sorted);
    g_test_add_func("/choke/ranking/learned", ranking_knows_who_came_first);
    g_test_add_func("/choke/ranking/one-draw", ranking_takes_one_draw);
    g_test_add_func("/choke/ranking/parameters", ranking_knows_the_parameters);
    g_test_add_func("/choke/none", none_unchokes_nobody);
    return g_test_run();
}
