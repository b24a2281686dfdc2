/* Units: exact both ways, and a table of everything that is refused. */
#include "core/units.h"

#include <glib.h>
#include <string.h>

struct good {
    const char *text;
    uint64_t value;
};

struct bad {
    const char *text;
    int error;
};

static void test_sizes(void)
{
    static const struct good good[] = {
        {"0B", 0},
        {"1B", 1},
        {"100MiB", 104857600},
        {"64MB", 64000000},
        {"1.5KiB", 1536},
        {"256 KiB", 262144},
        {"1.25kB", 1250},
        {"2GiB", UINT64_C(2147483648)},
        {"9223372036854775807B", INT64_MAX},
        {" 7B ", 7},
        {"0001B", 1},
        {"3.000kB", 3000},
        {"0.5000000000000000000000kB", 500},
    };
    static const struct bad bad[] = {
        {"", MB_ERR_SYNTAX},
        {"100", MB_ERR_UNIT},
        {"100Mb", MB_ERR_UNIT},
        {"100mib", MB_ERR_UNIT},
        {"1.5B", MB_ERR_RANGE},
        {"0.000000001B", MB_ERR_RANGE}, /* the least that can fall away */
        {"9223372036854775808B", MB_ERR_RANGE},
        {"18446744073709551616B", MB_ERR_RANGE},
        {"99999999999999999999GiB", MB_ERR_RANGE},
        {"-1B", MB_ERR_RANGE},
        {"+1B", MB_ERR_SYNTAX},
        {"0x10B", MB_ERR_UNIT},
        {"1e3B", MB_ERR_UNIT},
        {"NaN", MB_ERR_SYNTAX},
        {"inf", MB_ERR_SYNTAX},
        {"1..5MB", MB_ERR_SYNTAX},
        {"1.5.2MB", MB_ERR_SYNTAX},
        {"1.MB", MB_ERR_SYNTAX},
        {".5MB", MB_ERR_SYNTAX},
        {"MiB", MB_ERR_SYNTAX},
        {"5 MiB MiB", MB_ERR_UNIT},
        {"5MiB/s", MB_ERR_UNIT},
        {"1,5MB", MB_ERR_UNIT},
        {"-", MB_ERR_SYNTAX},
        {"0.0000000000000000001GiB", MB_ERR_RANGE},
        {"\t1B", MB_ERR_SYNTAX},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        uint64_t bytes = 1;
        g_assert_cmpint(mb_size_parse(good[i].text, &bytes), ==, 0);
        g_assert_cmpuint(bytes, ==, good[i].value);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        uint64_t bytes = 42;
        g_test_message("%s", bad[i].text);
        g_assert_cmpint(mb_size_parse(bad[i].text, &bytes), ==, bad[i].error);
        g_assert_cmpuint(bytes, ==, 42);
    }
}

static void test_shares(void)
{
    static const struct {
        uint64_t parts[3], shares[3];
    } cases[] = {
        {{1, 1, 1}, {333334, 333333, 333333}}, {{0, 5, 0}, {0, 1000000, 0}},
        {{2, 2, 2}, {333334, 333333, 333333}}, {{1, 2, 3}, {166667, 333333, 500000}},
        {{1, 3, 3}, {142857, 428572, 428571}}, {{1, 1, UINT32_MAX}, {0, 0, 1000000}},
    };
    uint64_t shares[3] = {7, 7, 7};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        mb_shares_split(cases[i].parts, 3, shares);
        for (size_t part = 0; part < 3; part++)
            g_assert_cmpuint(shares[part], ==, cases[i].shares[part]);
    }
}

static void test_rates(void)
{
    static const struct good good[] = {
        {"8bit", 65536},
        {"1bit", 8192},
        {"1B", 65536},
        {"1.5Mbit", UINT64_C(12288000000)},
        {"1Mibit/s", UINT64_C(8589934592)},
        {"1kB/s", 65536000},
        {"2MiB", UINT64_C(137438953472)},
        {"0bit", 0},
        {"0.0001220703125bit", 1},
        {"0.125bit", 1024},
        {"122.1bit", 1000243}, /* 1000243.2: the one place where something is rounded */
        {"1Gibit", UINT64_C(8796093022208)},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        uint64_t rate = 1;
        g_assert_cmpint(mb_rate_parse(good[i].text, &rate), ==, 0);
        g_assert_cmpuint(rate, ==, good[i].value);
    }
    static const struct bad bad[] = {
        {"10", MB_ERR_UNIT},        {"10mbit", MB_ERR_UNIT},          {"10Mbps", MB_ERR_UNIT},
        {"10Mbit/", MB_ERR_UNIT},   {"10Mbit/h", MB_ERR_UNIT},        {"0.00001bit", MB_ERR_RANGE},
        {"-1bit", MB_ERR_RANGE},    {"9999999999Gbit", MB_ERR_RANGE}, {"/s", MB_ERR_SYNTAX},
        {"1/s", MB_ERR_UNIT},       {"1 Mbit /s", MB_ERR_UNIT},       {"0.1bit", MB_ERR_RANGE},
        {"0.001bit", MB_ERR_RANGE}, /* 819.2, 8.192 */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        uint64_t rate = 42;
        g_test_message("%s", bad[i].text);
        g_assert_cmpint(mb_rate_parse(bad[i].text, &rate), ==, bad[i].error);
        g_assert_cmpuint(rate, ==, 42);
    }
}

static void test_times(void)
{
    static const struct good good[] = {
        {"0s", 0},
        {"1ns", 1},
        {"1.5us", 1500},
        {"20ms", 20000000},
        {"10s", 10000000000},
        {"1.5min", UINT64_C(90000000000)},
        {"4h", UINT64_C(14400000000000)},
        {"0.000000001s", 1},
        {"9223372036854775806ns", INT64_MAX - 1},
    };
    static const struct bad bad[] = {
        {"10", MB_ERR_UNIT},
        {"10sec", MB_ERR_UNIT},
        {"10 S", MB_ERR_UNIT},
        {"0.1ns", MB_ERR_RANGE},
        {"0.000000001ns", MB_ERR_RANGE}, /* the least that can fall away */
        {"9223372036854775807ns", MB_ERR_RANGE},
        {"9223372036854775808ns", MB_ERR_RANGE},
        {"2562048h", MB_ERR_RANGE},
        {"-1s", MB_ERR_RANGE},
        {"1h30min", MB_ERR_UNIT},
        {"s", MB_ERR_SYNTAX},
        {"1s/s", MB_ERR_UNIT},
        {"1.5", MB_ERR_UNIT},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        mb_time time = 1;
        g_assert_cmpint(mb_time_parse(good[i].text, &time), ==, 0);
        g_assert_cmpint(time, ==, (int64_t)good[i].value);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        mb_time time = 42;
        g_test_message("%s", bad[i].text);
        g_assert_cmpint(mb_time_parse(bad[i].text, &time), ==, bad[i].error);
        g_assert_cmpint(time, ==, 42);
    }
}

static void test_counts(void)
{
    uint64_t count = 42;
    g_assert_cmpint(mb_count_parse("18446744073709551615", UINT64_MAX, &count), ==, 0);
    g_assert_cmpuint(count, ==, UINT64_MAX);
    g_assert_cmpint(mb_count_parse(" 007 ", 7, &count), ==, 0);
    g_assert_cmpuint(count, ==, 7);
    g_assert_cmpint(mb_count_parse("18446744073709551616", UINT64_MAX, &count), ==, MB_ERR_RANGE);
    g_assert_cmpint(mb_count_parse("8", 7, &count), ==, MB_ERR_RANGE);
    g_assert_cmpint(mb_count_parse("-8", 7, &count), ==, MB_ERR_RANGE);
    static const char *const bad[] = {"",    " ",  "x",   "1x",  "0x1", "1e3",
                                      "1.0", "+1", "1 2", "--1", "NaN", "1s"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_cmpint(mb_count_parse(bad[i], 100, &count), ==, MB_ERR_SYNTAX);
    g_assert_cmpuint(count, ==, 7);
}

static void test_decimals(void)
{
    int64_t scaled = 0;
    g_assert_cmpint(mb_decimal_parse("0.5", 9, &scaled), ==, 0);
    g_assert_cmpint(scaled, ==, 500000000);
    g_assert_cmpint(mb_decimal_parse("12", 0, &scaled), ==, 0);
    g_assert_cmpint(scaled, ==, 12);
    g_assert_cmpint(mb_decimal_parse("9.223372036854775807", 18, &scaled), ==, 0);
    g_assert_cmpint(scaled, ==, INT64_MAX);
    g_assert_cmpint(mb_decimal_parse("9.223372036854775808", 18, &scaled), ==, MB_ERR_RANGE);
    g_assert_cmpint(mb_decimal_parse("0.0000000001", 9, &scaled), ==, MB_ERR_RANGE);
    g_assert_cmpint(mb_decimal_parse("1s", 9, &scaled), ==, MB_ERR_SYNTAX);
    g_assert_cmpint(mb_decimal_parse("1.", 9, &scaled), ==, MB_ERR_SYNTAX);
}

static void test_bools(void)
{
    static const char *const texts[] = {"yes", "no", "true", "false", "on", "off"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        bool value = i % 2 == 1;
        g_assert_cmpint(mb_bool_parse(texts[i], &value), ==, 0);
        g_assert_true(value == (i % 2 == 0));
    }
    bool value = true;
    g_assert_cmpint(mb_bool_parse("Yes", &value), ==, MB_ERR_SYNTAX);
    g_assert_cmpint(mb_bool_parse("1", &value), ==, MB_ERR_SYNTAX);
    g_assert_cmpint(mb_bool_parse("", &value), ==, MB_ERR_SYNTAX);
}

static void test_shortest_texts(void)
{
    char text[MB_UNITS_TEXT_MAX];
    uint64_t rate;
    g_assert_cmpstr(mb_size_format(0, text), ==, "0B");
    g_assert_cmpstr(mb_size_format(104857600, text), ==, "100MiB");
    g_assert_cmpstr(mb_size_format(64000000, text), ==, "64MB");
    g_assert_cmpstr(mb_size_format(1001, text), ==, "1001B");
    g_assert_cmpstr(mb_time_format(0, text), ==, "0s");
    g_assert_cmpstr(mb_time_format(90 * MB_SECOND, text), ==, "90s");
    g_assert_cmpstr(mb_time_format(3600 * MB_SECOND, text), ==, "1h");
    g_assert_cmpstr(mb_time_format(1500 * MB_US, text), ==, "1500us");
    g_assert_cmpstr(mb_rate_format(0, text), ==, "0bit");
    g_assert_cmpint(mb_rate_parse("1.5Mbit", &rate), ==, 0);
    g_assert_cmpstr(mb_rate_format(rate, text), ==, "1500kbit");
    g_assert_cmpstr(mb_rate_format(1, text), ==, "0.0001220703125bit");
    g_assert_cmpstr(mb_count_format(UINT64_MAX, text), ==, "18446744073709551615");
    g_assert_cmpstr(mb_decimal_format(500000000, 9, text), ==, "0.5");
    g_assert_cmpstr(mb_decimal_format(1000000001, 9, text), ==, "1.000000001");
    g_assert_cmpstr(mb_decimal_format(3000000000, 9, text), ==, "3");
}

/* Whatever a format writes is read back as the same value. */
static void test_round_trip(void)
{
    GRand *rand = g_rand_new_with_seed(1);
    for (int i = 0; i < 20000; i++) {
        char text[MB_UNITS_TEXT_MAX];
        uint64_t value = (uint64_t)g_rand_int(rand) << 32 | g_rand_int(rand);
        value >>= 1 + g_rand_int_range(rand, 0, 62);
        uint64_t bytes, rate;
        mb_time time;
        int64_t scaled;
        g_assert_cmpint(mb_size_parse(mb_size_format(value, text), &bytes), ==, 0);
        g_assert_cmpuint(bytes, ==, value);
        g_assert_cmpint(mb_rate_parse(mb_rate_format(value, text), &rate), ==, 0);
        g_assert_cmpuint(rate, ==, value);
        g_assert_cmpint(mb_time_parse(mb_time_format((mb_time)value, text), &time), ==, 0);
        g_assert_cmpuint((uint64_t)time, ==, value);
        uint32_t places = (uint32_t)g_rand_int_range(rand, 0, 19);
        mb_decimal_format((int64_t)value, places, text);
        g_assert_cmpint(mb_decimal_parse(text, places, &scaled), ==, 0);
        g_assert_cmpuint((uint64_t)scaled, ==, value);
    }
    g_rand_free(rand);
}

/* Every error has a text, and what is none is said to be none. */
static void test_error_texts(void)
{
    g_assert_cmpstr(mb_strerror(MB_OK), ==, "success");
    g_assert_cmpstr(mb_strerror(MB_ERR_STATE), ==, "not possible now");
    g_assert_cmpstr(mb_strerror(1), ==, "unknown error");
    g_assert_cmpstr(mb_strerror(-1000), ==, "unknown error");
    for (int error = MB_OK; strcmp(mb_strerror(error), "unknown error") != 0; error--)
        g_assert_cmpuint(strlen(mb_strerror(error)), >, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/units/sizes", test_sizes);
    g_test_add_func("/units/rates", test_rates);
    g_test_add_func("/units/shares", test_shares);
    g_test_add_func("/units/times", test_times);
    g_test_add_func("/units/counts", test_counts);
    g_test_add_func("/units/decimals", test_decimals);
    g_test_add_func("/units/bools", test_bools);
    g_test_add_func("/units/shortest-texts", test_shortest_texts);
    g_test_add_func("/units/round-trip", test_round_trip);
    g_test_add_func("/units/error-texts", test_error_texts);
    return g_test_run();
}
