/* Heaps against a count of what is in them: two, three and four children a node, places noted or
 * not. */
#include "core/heap.h"

#include <glib.h>

#include "core/rng.h"

enum { ITEMS = 300, DRAWS = 20000 };

struct places {
    size_t of[ITEMS];
};

static bool number_before(const void *unused, uint32_t a, uint32_t b)
{
    (void)unused;
    return a < b;
}

static void number_put(struct places *places, uint32_t *items, size_t at, uint32_t item)
{
    items[at] = item;
    places->of[item] = at;
}

static bool noted_before(const struct places *places, uint32_t a, uint32_t b)
{
    (void)places;
    return a < b;
}

MB_HEAP_DEFINE(two, const void, uint32_t, 2, number_before, MB_HEAP_PUT)
MB_HEAP_DEFINE(three, const void, uint32_t, 3, number_before, MB_HEAP_PUT)
MB_HEAP_DEFINE(four, const void, uint32_t, 4, number_before, MB_HEAP_PUT)
MB_HEAP_DEFINE(noted, struct places, uint32_t, 2, noted_before, number_put)

static uint32_t least(const bool *in)
{
    uint32_t item = 0;
    while (!in[item])
        item++;
    return item;
}

/* Draws numbers in and takes the least out, at random. */
static void against_a_set(const void *arity)
{
    mb_rng rng;
    bool in[ITEMS] = {false};
    uint32_t items[ITEMS];
    size_t count = 0, taken = 0;

    mb_rng_init(&rng, 7, 0, 1);
    for (int i = 0; i < DRAWS; i++) {
        uint32_t item = (uint32_t)mb_rng_below(&rng, ITEMS);
        if (in[item] || count == ITEMS) {
            uint32_t first = GPOINTER_TO_INT(arity) == 2   ? two_pop(NULL, items, count)
                             : GPOINTER_TO_INT(arity) == 3 ? three_pop(NULL, items, count)
                                                           : four_pop(NULL, items, count);
            g_assert_cmpuint(first, ==, least(in));
            in[first] = false;
            count--, taken++;
            continue;
        }
        in[item] = true;
        if (GPOINTER_TO_INT(arity) == 2) two_push(NULL, items, count++, item);
        if (GPOINTER_TO_INT(arity) == 3) three_push(NULL, items, count++, item);
        if (GPOINTER_TO_INT(arity) == 4) four_push(NULL, items, count++, item);
    }
    g_assert_cmpuint(taken, >, DRAWS / 3);
}

/* With its place known, an item is taken out of the middle: the last one takes its place. */
static void out_of_the_middle(void)
{
    mb_rng rng;
    struct places places;
    bool in[ITEMS] = {false};
    uint32_t items[ITEMS];
    size_t count = 0;

    mb_rng_init(&rng, 8, 0, 1);
    for (int i = 0; i < DRAWS; i++) {
        uint32_t item = (uint32_t)mb_rng_below(&rng, ITEMS);
        if (in[item]) {
            size_t at = places.of[item];
            g_assert_cmpuint(items[at], ==, item);
            in[item] = false;
            if (at == --count) continue;
            number_put(&places, items, at, items[count]);
            noted_move(&places, items, count, at);
        } else {
            in[item] = true;
            noted_push(&places, items, count++, item);
        }
        if (count > 0) g_assert_cmpuint(items[0], ==, least(in));
    }
    for (; count > 0; count--) {
        uint32_t first = noted_pop(&places, items, count);
        g_assert_cmpuint(first, ==, least(in));
        in[first] = false;
    }
}

/* Nothing is taken out of nothing, and the only one is left with no look at a second. */
static void of_one(void)
{
    uint32_t items[1];

    two_push(NULL, items, 0, 5);
    g_assert_cmpuint(items[0], ==, 5);
    g_assert_cmpuint(two_pop(NULL, items, 1), ==, 5);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/heap/two", GINT_TO_POINTER(2), against_a_set);
    g_test_add_data_func("/heap/three", GINT_TO_POINTER(3), against_a_set);
    g_test_add_data_func("/heap/four", GINT_TO_POINTER(4), against_a_set);
    g_test_add_func("/heap/middle", out_of_the_middle);
    g_test_add_func("/heap/one", of_one);
    return g_test_run();
}
