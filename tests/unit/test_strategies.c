/*
 * What every row of the registry owes: names, declared parameters in range, picks among the
 * candidates, results distinct and within the slots, the same answer for the same stream, and no
 * look at a column that it did not ask for.
 */
#include "core/blockset.h"
#include "core/protocol.h"
#include "core/strategy.h"

#include <glib.h>
#include <string.h>

#define WORDS 3
#define ROWS_MAX 40
#define CASES 3000

/* ---- names and parameters -------------------------------------------------------------------- */

static void check_name(const char *name)
{
    g_assert_nonnull(name);
    g_assert_cmpuint(strlen(name), >, 0);
    g_assert_cmpuint(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_"), ==, strlen(name));
}

static void check_choices(const mb_param *param)
{
    int64_t count = 0;
    g_assert_nonnull(param->choices);
    for (; param->choices[count] != NULL; count++) {
        check_name(param->choices[count]);
    }
    g_assert_cmpint(param->min, ==, 0);
    g_assert_cmpint(param->max, ==, count - 1);
}

static void check_params(const mb_param *const *params, uint32_t count)
{
    g_assert_cmpuint(count, <=, MB_STRATEGY_PARAMS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        const mb_param *param = params[i];
        check_name(param->name);
        g_assert_cmpuint(strlen(param->summary), >, 0);
        g_assert_cmpint(param->min, >=, 0);
        g_assert_cmpint(param->min, <=, param->value);
        g_assert_cmpint(param->value, <=, param->max);
        if (param->type == MB_PARAM_CHOICE) check_choices(param);
        if (param->type != MB_PARAM_CHOICE) g_assert_null(param->choices);
        for (uint32_t k = 0; k < i; k++) {
            g_assert_cmpstr(params[k]->name, !=, param->name);
        }
    }
}

static void selectors_declare_themselves(void)
{
    const mb_selector *row;
    for (uint32_t i = 0; (row = mb_selector_at(i)) != NULL; i++) {
        check_name(row->name);
        g_assert_nonnull(row->summary);
        g_assert_nonnull(row->pick);
        check_params(row->params, row->param_count);
        g_assert_true(mb_selector_find(row->name) == row); /* so names are unique */
    }
    g_assert_null(mb_selector_find("no-such-strategy"));
    g_assert_null(mb_selector_find(""));
    g_assert_null(mb_selector_at(UINT32_MAX));
}

static void chokers_declare_themselves(void)
{
    const mb_choker *row;
    for (uint32_t i = 0; (row = mb_choker_at(i)) != NULL; i++) {
        check_name(row->name);
        g_assert_nonnull(row->summary);
        g_assert_nonnull(row->rank);
        check_params(row->params, row->param_count);
        g_assert_true(mb_choker_find(row->name) == row);
    }
    g_assert_null(mb_choker_find("no-such-strategy"));
    g_assert_null(mb_choker_at(UINT32_MAX));
}

/* Rows of the protocol's table that go by `name`: a parameter has one, and no other key takes it.
 */
static uint32_t keys_named(const char *name)
{
    uint32_t count = 0;
    mb_key key;
    for (uint32_t row = 0; mb_key_at(row, &key); row++) {
        count += strcmp(key.name, name) == 0;
    }
    return count;
}

static void declare(GHashTable *declared, const mb_param *const *params, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const mb_param *before = g_hash_table_lookup(declared, params[i]->name);
        if (before != NULL) g_assert_true(before == params[i]);
        g_assert_cmpuint(keys_named(params[i]->name), ==, 1);
        g_hash_table_insert(declared, (char *)params[i]->name, (void *)params[i]);
    }
}

/* A parameter that two strategies take is one declaration that both point to, and one key. */
static void params_are_keys(void)
{
    GHashTable *declared = g_hash_table_new(g_str_hash, g_str_equal);
    for (uint32_t i = 0; mb_selector_at(i) != NULL; i++) {
        declare(declared, mb_selector_at(i)->params, mb_selector_at(i)->param_count);
    }
    for (uint32_t i = 0; mb_choker_at(i) != NULL; i++) {
        declare(declared, mb_choker_at(i)->params, mb_choker_at(i)->param_count);
    }
    g_assert_cmpuint(g_hash_table_size(declared), <=, MB_PROTOCOL_PARAMS_MAX);
    g_hash_table_destroy(declared);
}

/* Whoever is in the registry can be chosen in a scenario, parameters and all. */
static void strategies_can_be_chosen(void)
{
    mb_protocol protocol;
    mb_protocol_init(&protocol, MB_PRESET_MINIBIT);
    for (uint32_t i = 0; mb_selector_at(i) != NULL; i++) {
        const char *name = mb_selector_at(i)->name;
        g_assert_cmpint(mb_protocol_set(&protocol, "selection", name), ==, MB_OK);
        g_assert_true(protocol.selection == mb_selector_at(i));
        mb_protocol_finish(&protocol);
    }
    for (uint32_t i = 0; mb_choker_at(i) != NULL; i++) {
        const char *name = mb_choker_at(i)->name;
        g_assert_cmpint(mb_protocol_set(&protocol, "choke", name), ==, MB_OK);
        g_assert_true(protocol.choke == mb_choker_at(i));
        mb_protocol_finish(&protocol);
    }
}

/* A value that the parameter allows: an end, the default, or one not far from its lower end. */
static void draw_params(mb_rng *rng, const mb_param *const *params, uint32_t count, int64_t *values)
{
    memset(values, 0x55, MB_STRATEGY_PARAMS_MAX * sizeof *values);
    for (uint32_t i = 0; i < count; i++) {
        int64_t near = params[i]->min + (int64_t)mb_rng_below(rng, 40);
        uint64_t kind = mb_rng_below(rng, 4);
        values[i] = kind == 0   ? params[i]->min
                    : kind == 1 ? params[i]->max
                    : kind == 2 ? params[i]->value
                                : MIN(near, params[i]->max);
    }
}

/* ---- selection ------------------------------------------------------------------------------- */

typedef struct select_case {
    uint64_t candidates[WORDS], anyone[WORDS], scratch[WORDS];
    mb_rarity rarity;
    mb_select_view view;
} select_case;

static void select_case_init(select_case *c, mb_rng *rng)
{
    uint32_t blocks = 1 + (uint32_t)mb_rng_below(rng, WORDS * 64);
    uint64_t density = 1 + mb_rng_below(rng, 8);
    memset(c, 0, sizeof *c);
    g_assert_cmpint(mb_rarity_init(&c->rarity, WORDS, 20), ==, MB_OK);
    for (uint32_t b = 0; b < blocks; b++) {
        uint64_t copies = mb_rng_below(rng, 6);
        for (uint64_t k = 0; k < copies; k++)
            mb_rarity_add_block(&c->rarity, b);
        if (mb_rng_below(rng, density) == 0) mb_blockset_add(c->candidates, b);
        if (mb_rng_below(rng, 2) == 0) mb_blockset_add(c->anyone, b);
    }
    mb_blockset_add(c->candidates, (uint32_t)mb_rng_below(rng, blocks));
    for (int w = 0; w < WORDS; w++) {
        c->anyone[w] |= c->candidates[w];
        c->scratch[w] = mb_rng_next(rng);
    }
    c->view = (mb_select_view){.candidates = c->candidates,
                               .anyone = mb_rng_below(rng, 2) == 0 ? c->anyone : NULL,
                               .rarity = &c->rarity,
                               .scratch = c->scratch,
                               .words = WORDS,
                               .blocks = blocks,
                               .held = (uint32_t)mb_rng_below(rng, blocks)};
}

static void picks_are_candidates(gconstpointer data)
{
    const mb_selector *selector = data;
    mb_rng rng;
    mb_rng_init(&rng, 1, 0, MB_PURPOSE_SELECTION);
    for (int i = 0; i < CASES; i++) {
        int64_t params[MB_STRATEGY_PARAMS_MAX];
        select_case c;
        select_case_init(&c, &rng);
        draw_params(&rng, selector->params, selector->param_count, params);
        mb_rng again = rng;
        uint32_t block = selector->pick(params, &c.view, &rng);
        g_assert_cmpuint(block, <, c.view.blocks);
        g_assert_true(mb_blockset_has(c.candidates, block));

        memset(c.scratch, i, sizeof c.scratch); /* what lies in the scratch must not matter */
        g_assert_cmpuint(selector->pick(params, &c.view, &again), ==, block);
        g_assert_cmpmem(&rng, sizeof rng, &again, sizeof again);
        mb_rarity_clear(&c.rarity);
    }
}

/* ---- choking --------------------------------------------------------------------------------- */

typedef struct choke_case {
    mb_node handle[ROWS_MAX];
    uint32_t learned[ROWS_MAX], offers[ROWS_MAX], needs[ROWS_MAX];
    bool unchoked[ROWS_MAX], optimistic[ROWS_MAX];
    uint64_t score[ROWS_MAX], received[ROWS_MAX];
    int32_t debt[ROWS_MAX];
    mb_choke_view view;
} choke_case;

static void choke_rows_init(choke_case *c, uint32_t count, mb_rng *rng)
{
    mb_node handle = 0;
    uint64_t values = 1 + mb_rng_below(rng, 8); /* few: many ties */
    mb_rng_sample(rng, ROWS_MAX, ROWS_MAX, c->learned);
    for (uint32_t row = 0; row < count; row++) {
        handle += 1 + (mb_node)mb_rng_below(rng, 1000);
        c->handle[row] = handle;
        c->unchoked[row] = mb_rng_below(rng, 3) == 0;
        c->offers[row] = (uint32_t)mb_rng_below(rng, values);
        c->needs[row] = (uint32_t)mb_rng_below(rng, values);
        c->score[row] = mb_rng_below(rng, values) << 32;
        c->received[row] = mb_rng_below(rng, values);
        c->debt[row] = (int32_t)mb_rng_below(rng, 2 * values) - (int32_t)values;
    }
}

static void choke_case_init(choke_case *c, uint32_t columns, mb_rng *rng)
{
    uint32_t count = (uint32_t)mb_rng_below(rng, ROWS_MAX + 1);
    memset(c, 0, sizeof *c);
    choke_rows_init(c, count, rng);
    c->view = (mb_choke_view){.count = count,
                              .slots = (uint32_t)mb_rng_below(rng, 10),
                              .handle = c->handle,
                              .learned = c->learned,
                              .unchoked = c->unchoked,
                              .optimistic = c->optimistic,
                              .offers = columns & MB_COLUMN_OFFERS ? c->offers : NULL,
                              .needs = columns & MB_COLUMN_NEEDS ? c->needs : NULL,
                              .score = columns & MB_COLUMN_SCORE ? c->score : NULL,
                              .received = columns & MB_COLUMN_RECEIVED ? c->received : NULL,
                              .debt = columns & MB_COLUMN_DEBT ? c->debt : NULL,
                              .now = 1000 * MB_SECOND,
                              .optimistic_since = MB_NEVER};
    if (count > 0 && mb_rng_below(rng, 2) == 0) {
        uint32_t row = (uint32_t)mb_rng_below(rng, count);
        c->optimistic[row] = c->unchoked[row] = true;
        c->view.optimistic_since = c->view.now - (mb_time)mb_rng_below(rng, 60) * MB_SECOND;
    }
}

static void check_result(const choke_case *c, const mb_choke_result *result)
{
    bool seen[ROWS_MAX] = {false};
    g_assert_cmpuint(result->count, <=, MIN(c->view.count, c->view.slots + 1));
    for (uint32_t i = 0; i < result->count; i++) {
        g_assert_cmpuint(result->rows[i], <, c->view.count);
        g_assert_false(seen[result->rows[i]]);
        seen[result->rows[i]] = true;
    }
    if (result->count > c->view.slots) g_assert_cmpuint(result->optimistic, !=, MB_ROW_NONE);
    if (result->optimistic != MB_ROW_NONE) {
        g_assert_cmpuint(result->optimistic, <, c->view.count);
        g_assert_true(seen[result->optimistic]);
    }
}

/* Whether the strategy serves it no more, between rounds, and so not in one either. */
static bool may_not(const mb_choker *choker, const int64_t *params, const choke_case *c,
                    uint32_t row)
{
    return choker->ends && choker->ends(params, c->debt[row]);
}

static void ranks_within_slots(gconstpointer data)
{
    const mb_choker *choker = data;
    mb_rng rng;
    mb_rng_init(&rng, 1, 0, MB_PURPOSE_CHOKE);
    for (int i = 0; i < CASES; i++) {
        int64_t params[MB_STRATEGY_PARAMS_MAX];
        choke_case c;
        choke_case_init(&c, choker->columns, &rng);
        draw_params(&rng, choker->params, choker->param_count, params);

        /* Exactly as much room as promised, so that a sanitizer sees a write beyond it. */
        uint32_t room = MIN(c.view.count, c.view.slots + 1);
        mb_choke_result first = {.count = 999, .optimistic = 999, .rows = g_new(uint32_t, room)};
        mb_choke_result second = {.rows = g_new0(uint32_t, room)};
        mb_rng again = rng;
        choker->rank(choker, params, &c.view, &rng, &first);
        check_result(&c, &first);
        for (uint32_t k = 0; k < first.count; k++)
            g_assert_false(may_not(choker, params, &c, first.rows[k]));
        choker->rank(choker, params, &c.view, &again, &second);
        g_assert_cmpmem(&rng, sizeof rng, &again, sizeof again);
        g_assert_cmpuint(first.optimistic, ==, second.optimistic);
        g_assert_cmpmem(first.rows, first.count * sizeof(uint32_t), second.rows,
                        second.count * sizeof(uint32_t));
        g_free(first.rows);
        g_free(second.rows);
    }
}

static void fills_with_a_choked_one(gconstpointer data)
{
    const mb_choker *choker = data;
    mb_rng rng;
    if (choker->fill == NULL) return;
    mb_rng_init(&rng, 2, 0, MB_PURPOSE_CHOKE);
    for (int i = 0; i < CASES; i++) {
        int64_t params[MB_STRATEGY_PARAMS_MAX];
        choke_case c;
        choke_case_init(&c, choker->columns, &rng);
        draw_params(&rng, choker->params, choker->param_count, params);
        bool any_choked = false;
        for (uint32_t row = 0; row < c.view.count; row++)
            any_choked |= !c.unchoked[row] && !may_not(choker, params, &c, row);
        mb_rng again = rng;
        uint32_t row = choker->fill(choker, params, &c.view, &rng);
        g_assert_cmpint(row != MB_ROW_NONE, ==, any_choked);
        if (row != MB_ROW_NONE) {
            g_assert_cmpuint(row, <, c.view.count);
            g_assert_false(c.unchoked[row]);
        }
        g_assert_cmpuint(choker->fill(choker, params, &c.view, &again), ==, row);
        g_assert_cmpmem(&rng, sizeof rng, &again, sizeof again);
    }
}

static void add(const char *what, const char *name, const void *row, GTestDataFunc function)
{
    char *path = g_strdup_printf("/strategies/%s/%s", name, what);
    g_test_add_data_func(path, row, function);
    g_free(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/strategies/selectors-declare-themselves", selectors_declare_themselves);
    g_test_add_func("/strategies/chokers-declare-themselves", chokers_declare_themselves);
    g_test_add_func("/strategies/params-are-keys", params_are_keys);
    g_test_add_func("/strategies/can-be-chosen", strategies_can_be_chosen);
    for (uint32_t i = 0; mb_selector_at(i) != NULL; i++) {
        add("picks", mb_selector_at(i)->name, mb_selector_at(i), picks_are_candidates);
    }
    for (uint32_t i = 0; mb_choker_at(i) != NULL; i++) {
        add("ranks", mb_choker_at(i)->name, mb_choker_at(i), ranks_within_slots);
        add("fills", mb_choker_at(i)->name, mb_choker_at(i), fills_with_a_choked_one);
    }
    return g_test_run();
}
