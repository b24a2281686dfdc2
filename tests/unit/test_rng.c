/* Random streams: published vectors, goldens of our own, and that the draws are fair. */
#include "core/rng.h"

#include <glib.h>

/* What the authors' xoshiro256** gives from the state 1, 2, 3, 4. */
static void published_vector(void)
{
    static const uint64_t expected[] = {
        UINT64_C(11520),
        UINT64_C(0),
        UINT64_C(1509978240),
        UINT64_C(1215971899390074240),
        UINT64_C(1216172134540287360),
        UINT64_C(607988272756665600),
        UINT64_C(16172922978634559625),
        UINT64_C(8476171486693032832),
        UINT64_C(10595114339597558777),
        UINT64_C(2904607092377533576),
    };
    mb_rng rng = {.state = {1, 2, 3, 4}};
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_assert_cmpuint(mb_rng_next(&rng), ==, expected[i]);
    }
}

/* Computed apart from this code, in another language, with SplitMix64's published vector held. */
static void golden_streams(void)
{
    static const struct {
        uint64_t seed;
        uint32_t node;
        mb_purpose purpose;
        uint64_t first[3];
    } rows[] = {
        {0, 0, 1, {0x6f0c221987108fb2, 0x068a99bcd127fe03, 0x35c925a786232a40}},
        {1, 0, 1, {0x0040b293030dc336, 0xa1e4967b50ae2534, 0x4cefc7e016b26cd0}},
        {1, 1, 1, {0xdadad47f75230c3c, 0xdcb324fa72c772a7, 0x6b14f46220085f92}},
        {1, 1, 2, {0x94f6d86980530813, 0x1d7d4fc599664e3d, 0x5c62d315746085f3}},
        {UINT64_MAX, UINT32_MAX, 9, {0xc8a9e4afe0f628c6, 0x8635290e6a9b8178, 0x3257f7d67af1c33a}},
    };
    for (size_t r = 0; r < G_N_ELEMENTS(rows); r++) {
        mb_rng rng;
        mb_rng_init(&rng, rows[r].seed, rows[r].node, rows[r].purpose);
        for (int i = 0; i < 3; i++) {
            g_assert_cmpuint(mb_rng_next(&rng), ==, rows[r].first[i]);
        }
    }
}

static void golden_draws(void)
{
    static const uint64_t below[] = {0, 63, 30, 67, 83, 83, 83, 3};
    static const mb_time exponential[] = {987206,     300533764,  831658853,
                                          2546745590, 1500073327, 352029736};
    static const mb_time phase[] = {9000000, 6323000000, 3005000000, 6700000000};
    mb_rng rng;

    mb_rng_init(&rng, 1, 0, MB_PURPOSE_PEER);
    for (size_t i = 0; i < G_N_ELEMENTS(below); i++) {
        g_assert_cmpuint(mb_rng_below(&rng, 100), ==, below[i]);
    }
    mb_rng_init(&rng, 1, 0, MB_PURPOSE_PEER);
    for (size_t i = 0; i < G_N_ELEMENTS(exponential); i++) {
        g_assert_cmpint(mb_rng_exponential(&rng, MB_SECOND), ==, exponential[i]);
    }
    mb_rng_init(&rng, 1, 0, MB_PURPOSE_PEER);
    for (size_t i = 0; i < G_N_ELEMENTS(phase); i++) {
        g_assert_cmpint(mb_rng_phase(&rng, 10 * MB_SECOND), ==, phase[i]);
    }
}

static int compare_words(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* 64 nodes x 9 purposes x 8 neighbouring seeds: no two streams begin alike. */
static void streams_differ(void)
{
    static uint64_t firsts[64 * 9 * 8];
    size_t count = 0;
    for (uint64_t seed = 0; seed < 8; seed++) {
        for (uint32_t node = 0; node < 64; node++) {
            for (int purpose = MB_PURPOSE_PEER; purpose <= MB_PURPOSE_PAYLOAD; purpose++) {
                mb_rng rng;
                mb_rng_init(&rng, seed, node, (mb_purpose)purpose);
                firsts[count++] = mb_rng_next(&rng);
            }
        }
    }
    g_assert_cmpuint(count, ==, G_N_ELEMENTS(firsts));
    qsort(firsts, count, sizeof *firsts, compare_words);
    for (size_t i = 1; i < count; i++) {
        g_assert_cmpuint(firsts[i - 1], !=, firsts[i]);
    }
}

/* Chi-square of `cells` counts against `each`: below cells + 5 sqrt(2 cells), or far from fair. */
static void assert_fair(const uint64_t *counts, uint32_t cells, uint64_t each)
{
    double chi = 0;
    for (uint32_t i = 0; i < cells; i++) {
        double off = (double)counts[i] - (double)each;
        chi += off * off / (double)each;
    }
    g_assert_cmpfloat((chi - cells) * (chi - cells), <, 25.0 * 2 * cells);
}

static void below_is_fair(void)
{
    static const uint32_t bounds[] = {2, 3, 7, 10, 64, 100};
    for (size_t b = 0; b < G_N_ELEMENTS(bounds); b++) {
        uint64_t counts[100] = {0};
        mb_rng rng;
        mb_rng_init(&rng, 7, bounds[b], MB_PURPOSE_PEER);
        for (uint32_t i = 0; i < bounds[b] * 2000; i++) {
            uint64_t drawn = mb_rng_below(&rng, bounds[b]);
            g_assert_cmpuint(drawn, <, bounds[b]);
            counts[drawn]++;
        }
        assert_fair(counts, bounds[b], 2000);
    }
}

/* With a bound of 3 x 2^62 a draw that never rejects would favour every third number. */
static void below_rejects(void)
{
    const uint64_t bound = UINT64_C(3) << 62;
    uint64_t counts[3] = {0};
    mb_rng rng;
    mb_rng_init(&rng, 7, 1, MB_PURPOSE_PEER);
    for (int i = 0; i < 30000; i++) {
        uint64_t drawn = mb_rng_below(&rng, bound);
        g_assert_cmpuint(drawn, <, bound);
        counts[drawn % 3]++;
    }
    assert_fair(counts, 3, 10000);
    g_assert_cmpuint(mb_rng_below(&rng, 1), ==, 0);
    g_assert_cmpuint(mb_rng_below(&rng, UINT64_MAX), <, UINT64_MAX);
}

static void exponential_quantiles(void)
{
    const mb_time mean = 10 * MB_SECOND;
    const int draws = 1000000;
    /* -ln(1-q) in millionths, for q = 10, 50, 90 and 99%. */
    static const int64_t millionths[] = {105361, 693147, 2302585, 4605170};
    static const int64_t expected[] = {100000, 500000, 900000, 990000};
    int64_t below[4] = {0};
    int64_t sum = 0;
    mb_rng rng;
    mb_rng_init(&rng, 3, 0, MB_PURPOSE_ARRIVAL);
    for (int i = 0; i < draws; i++) {
        mb_time value = mb_rng_exponential(&rng, mean);
        g_assert_cmpint(value, >=, 0);
        sum += value / 1000;
        for (int q = 0; q < 4; q++) {
            below[q] += value < mean / 1000000 * millionths[q];
        }
    }
    g_assert_cmpint(llabs(sum / draws - mean / 1000), <, mean / 1000 / 100);
    for (int q = 0; q < 4; q++) {
        g_assert_cmpint(llabs(below[q] - expected[q]), <, 2500); /* 5 standard deviations */
    }
}

static void exponential_saturates(void)
{
    mb_rng rng;
    mb_rng_init(&rng, 3, 0, MB_PURPOSE_ARRIVAL);
    int saturated = 0;
    for (int i = 0; i < 1000; i++) {
        mb_time value = mb_rng_exponential(&rng, MB_NEVER - 1);
        g_assert_cmpint(value, >=, 0);
        g_assert_cmpint(value, <, MB_NEVER);
        saturated += value == MB_NEVER - 1;
        g_assert_cmpint(mb_rng_exponential(&rng, 1), <, 64);
    }
    g_assert_cmpint(saturated, >, 300); /* e^-1 of them */
    g_assert_cmpint(saturated, <, 440);
}

static void phase_scales(void)
{
    static const mb_time intervals[] = {10 * MB_SECOND, 5 * MB_SECOND, 2 * 10000, MB_SECOND / 4};
    for (size_t i = 0; i < G_N_ELEMENTS(intervals); i++) {
        mb_rng whole, half;
        mb_rng_init(&whole, 1, (uint32_t)i, MB_PURPOSE_PEER);
        half = whole;
        for (int k = 0; k < 1000; k++) {
            mb_time point = mb_rng_phase(&whole, intervals[i]);
            g_assert_cmpint(point, >=, 0);
            g_assert_cmpint(point, <, intervals[i]);
            g_assert_cmpint(point, ==, 2 * mb_rng_phase(&half, intervals[i] / 2));
        }
    }
}

/* Intervals that 10,000 does not divide, short ones, and the longest. */
static void phase_of_odd_intervals(void)
{
    static const mb_time intervals[] = {1, 7, 9999, 10001, 123456789, MB_NEVER};
    mb_rng rng;
    mb_rng_init(&rng, 1, 0, MB_PURPOSE_PEER);
    g_assert_cmpint(mb_rng_phase(&rng, 0), ==, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(intervals); i++) {
        int upper = 0;
        for (int k = 0; k < 2000; k++) {
            mb_time point = mb_rng_phase(&rng, intervals[i]);
            g_assert_cmpint(point, >=, 0);
            g_assert_cmpint(point, <, intervals[i]);
            upper += point > (intervals[i] - 1) / 2;
        }
        if (intervals[i] < 9999) continue;
        g_assert_cmpint(upper, >, 880); /* 5 standard deviations around 1000 */
        g_assert_cmpint(upper, <, 1120);
    }
}

static void sample_is_distinct_and_fair(void)
{
    uint64_t counts[10] = {0};
    mb_rng rng;
    mb_rng_init(&rng, 5, 0, MB_PURPOSE_TRACKER);
    for (int i = 0; i < 10000; i++) {
        uint32_t out[4];
        mb_rng_sample(&rng, 10, 4, out);
        for (int a = 0; a < 4; a++) {
            g_assert_cmpuint(out[a], <, 10);
            counts[out[a]]++;
            for (int b = 0; b < a; b++) {
                g_assert_cmpuint(out[a], !=, out[b]);
            }
        }
    }
    assert_fair(counts, 10, 4000);
}

static void sample_of_all(void)
{
    uint32_t out[8];
    uint32_t seen = 0;
    mb_rng rng;
    mb_rng_init(&rng, 5, 0, MB_PURPOSE_TRACKER);
    mb_rng_sample(&rng, 8, 8, out);
    for (int i = 0; i < 8; i++) {
        seen |= 1U << out[i];
    }
    g_assert_cmpuint(seen, ==, 0xff);
    mb_rng_sample(&rng, 0, 0, out);
    mb_rng_sample(&rng, UINT32_MAX, 2, out);
    g_assert_cmpuint(out[0], !=, out[1]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rng/published-vector", published_vector);
    g_test_add_func("/rng/golden-streams", golden_streams);
    g_test_add_func("/rng/golden-draws", golden_draws);
    g_test_add_func("/rng/streams-differ", streams_differ);
    g_test_add_func("/rng/below-is-fair", below_is_fair);
    g_test_add_func("/rng/below-rejects", below_rejects);
    g_test_add_func("/rng/exponential-quantiles", exponential_quantiles);
    g_test_add_func("/rng/exponential-saturates", exponential_saturates);
    g_test_add_func("/rng/phase-scales", phase_scales);
    g_test_add_func("/rng/phase-of-odd-intervals", phase_of_odd_intervals);
    g_test_add_func("/rng/sample-is-distinct-and-fair", sample_is_distinct_and_fair);
    g_test_add_func("/rng/sample-of-all", sample_of_all);
    return g_test_run();
}
