/*
 * Mean and confidence interval of a figure over repetitions; GSL does the statistics.
 *
 * Tables and plots of studies call it. It knows nothing of where values come from.
 */
#ifndef ANALYSIS_STATS_H
#define ANALYSIS_STATS_H

#include <stdbool.h>
#include <stddef.h>

/* What repetitions say of a figure. */
typedef struct res_estimate {
    size_t count;      /* values there are */
    size_t missing;    /* runs without one: what did not happen */
    size_t peers;      /* of all runs; 0 where it is of all peers, or all completed */
    size_t completed;  /* of `peers`: the figure is of these alone */
    double mean;       /* of the values; 0 if there are none */
    bool has_interval; /* at least two values */
    double half_width; /* of the 95 % confidence interval about the mean; 0 without one */
} res_estimate;

/*
 * The estimate from `count` finite values: the interval is mean -+ t s / sqrt(n), t being Student's
 * quantile of 97.5 % with n - 1 degrees of freedom and s the sample's standard deviation. It takes
 * the values for independent and about normal, as means over a swarm are. O(count).
 */
res_estimate res_estimate_make(const double *values, size_t count);

#endif
