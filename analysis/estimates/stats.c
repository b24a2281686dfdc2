#include "analysis/estimates/stats.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

res_estimate res_estimate_make(const double *values, size_t count)
{
    res_estimate estimate = {.count = count, .has_interval = count > 1};
    if (count > 0) estimate.mean = gsl_stats_mean(values, 1, count);
    if (!estimate.has_interval) return estimate;
    double deviation = gsl_stats_sd_m(values, 1, count, estimate.mean);
    double quantile = gsl_cdf_tdist_Pinv(0.975, (double)(count - 1));
    estimate.half_width = quantile * deviation / sqrt((double)count);
    return estimate;
}
