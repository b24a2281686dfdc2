/*
 * Expectations: whether a run's figures are what the scenario's [expect] group wants.
 *
 * The command line asks after a run, with the text of summary.json. Decimals are compared digit by
 * digit, so nothing is lost to floating point. It runs nothing and prints nothing.
 */
#ifndef SIM_EXPECT_H
#define SIM_EXPECT_H

#include "sim/scenario/scenario.h"

typedef struct sim_expect_result {
    uint32_t checked;
    uint32_t unmet;
    char **lines; /* one for each unmet: what was wanted and what came; `unmet` of them */
} sim_expect_result;

/*
 * Holds the scenario's expectations against `summary_json`. 0, with *result to be cleared; or
 * MB_ERR_SYNTAX if that is no JSON object. A figure that is null meets only `null`.
 */
int sim_expect_check(const sim_scenario *scenario, const char *summary_json,
                     sim_expect_result *result);

/* Frees the lines. */
void sim_expect_clear(sim_expect_result *result);

/* Below 0, 0 or above 0 as the decimal `a` is below, equal to or above `b`; both are digits, or
 * digits.digits, of any length. */
int sim_decimal_compare(const char *a, const char *b);

/* Whether the text is such a decimal. */
bool sim_decimal_valid(const char *text);

#endif
