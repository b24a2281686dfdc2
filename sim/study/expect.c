#include "sim/study/expect.h"

#include "core/units.h"
#include "sim/study/summary_read.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

static const char digits[] = "0123456789";

bool sim_decimal_valid(const char *text)
{
    size_t whole = strspn(text, digits);
    if (whole == 0) return false;
    if (text[whole] == '\0') return true;
    size_t part = text[whole] == '.' ? strspn(text + whole + 1, digits) : 0;
    return part > 0 && text[whole + 1 + part] == '\0';
}

/* Compares the digits after the point; what is not there counts as zeros. */
static int compare_parts(const char *a, const char *b)
{
    while (*a || *b) {
        char x = *a ? *a++ : '0';
        char y = *b ? *b++ : '0';
        if (x != y) return x < y ? -1 : 1;
    }
    return 0;
}

int sim_decimal_compare(const char *a, const char *b)
{
    assert(sim_decimal_valid(a) && sim_decimal_valid(b));
    a += strspn(a, "0");
    b += strspn(b, "0");
    size_t a_size = strspn(a, digits), b_size = strspn(b, digits);
    if (a_size != b_size) return a_size < b_size ? -1 : 1;
    int order = strncmp(a, b, a_size);
    if (order != 0) return order;
    a += a_size;
    b += b_size;
    return compare_parts(a + (*a == '.'), b + (*b == '.'));
}

static bool is_equal(const char *got, const char *wanted)
{
    if (!got) return strcmp(wanted, "null") == 0;
    if (sim_decimal_valid(got) && sim_decimal_valid(wanted))
        return sim_decimal_compare(got, wanted) == 0;
    return strcmp(got, wanted) == 0;
}

static bool is_within(const char *got, const char *low, const char *high)
{
    if (!got || !sim_decimal_valid(got)) return false;
    if (low && sim_decimal_compare(got, low) < 0) return false;
    return !high || sim_decimal_compare(got, high) <= 0;
}

static const char *or_null(const char *text)
{
    return text ? text : "null";
}

/* Whether it is met; *got is what came, in words, g_free(). */
static bool check_complete(const sim_expectation *expectation, const sim_summary *summary,
                           char **got)
{
    const char *peers = or_null(sim_summary_get(summary, "peers"));
    const char *complete = or_null(sim_summary_get(summary, "peers_complete"));
    const char *wanted = expectation->low ? expectation->low : peers;
    *got = g_strdup_printf("%s of %s peers", complete, peers);
    return is_equal(complete, wanted);
}

static bool check_completed_by(const sim_expectation *expectation, const sim_summary *summary,
                               char **got)
{
    char by[MB_UNITS_TEXT_MAX];
    const char *peers = or_null(sim_summary_get(summary, "peers"));
    const char *complete = or_null(sim_summary_get(summary, "peers_complete"));
    const char *last = sim_summary_get(summary, "completed_s");
    bool all = strcmp(peers, complete) == 0;
    if (all)
        *got = g_strdup_printf("all complete at %s s", or_null(last));
    else
        *got = g_strdup_printf("%s of %s peers complete", complete, peers);
    if (all && strcmp(peers, "0") == 0) return true;
    return all && is_within(last, NULL, mb_decimal_format(expectation->by, 9, by));
}

static bool check_one(const sim_expectation *expectation, const sim_summary *summary, char **got)
{
    if (expectation->kind == SIM_EXPECT_COMPLETE) return check_complete(expectation, summary, got);
    if (expectation->kind == SIM_EXPECT_COMPLETED_BY)
        return check_completed_by(expectation, summary, got);
    const char *value = sim_summary_get(summary, expectation->path);
    /* a pair of groups that moved no byte is not there */
    if (!value && g_str_has_prefix(expectation->path, "group_bytes.")) value = "0";
    *got = g_strdup(or_null(value));
    if (expectation->kind == SIM_EXPECT_RANGE)
        return is_within(value, expectation->low, expectation->high);
    return is_equal(value, expectation->low);
}

static char *unmet_line(const sim_expectation *expectation, const char *got)
{
    assert(expectation->wanted);
    char *where = expectation->line > 0
                      ? g_strdup_printf("%s:%u", expectation->file, expectation->line)
                      : g_strdup_printf("%s: --set", expectation->file);
    char *line = g_strdup_printf("%s: [expect] %s = %s: not met, got %s", where, expectation->path,
                                 expectation->wanted, got);
    g_free(where);
    return line;
}

int sim_expect_check(const sim_scenario *scenario, const char *summary_json,
                     sim_expect_result *result)
{
    *result = (sim_expect_result){.checked = scenario->expect_count};
    sim_summary *summary = sim_summary_parse(summary_json);
    if (!summary) return MB_ERR_SYNTAX;
    result->lines = g_new0(char *, scenario->expect_count + 1);
    for (uint32_t i = 0; i < scenario->expect_count; i++) {
        const sim_expectation *expectation = &scenario->expect[i];
        char *got;
        if (!check_one(expectation, summary, &got))
            result->lines[result->unmet++] = unmet_line(expectation, got);
        g_free(got);
    }
    sim_summary_free(summary);
    return 0;
}

void sim_expect_clear(sim_expect_result *result)
{
    g_strfreev(result->lines);
    *result = (sim_expect_result){0};
}
