#include "analysis/estimates/figure_text.h"

#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

bool res_figure_is_time(const char *path)
{
    if (g_str_has_suffix(path, ".count")) return false;
    const char *at = path;
    while ((at = strstr(at, "_s"))) {
        at += 2;
        if (*at == '\0' || *at == '.') return true;
    }
    return false;
}

/* The place of the first digit: 0 for 1 to 9.99, -2 for 0.01. */
static int magnitude(double value)
{
    return (int)floor(log10(fabs(value)));
}

int res_estimate_decimals(const res_estimate *estimate)
{
    double mean = estimate->mean;
    if (estimate->half_width > 0) return CLAMP(1 - magnitude(estimate->half_width), 0, 6);
    if (mean == floor(mean)) return 0;
    return CLAMP(3 - magnitude(mean), 0, 6);
}

const char *res_value_text(double value, int decimals, res_figure_text text)
{
    char format[16];
    snprintf(format, sizeof format, "%%.%df", CLAMP(decimals, 0, 9));
    g_ascii_formatd(text, RES_FIGURE_TEXT_SIZE, format, value);
    return text;
}

const char *res_time_text(double seconds, int decimals, res_figure_text text)
{
    double scale = pow(10, decimals);
    double units = round(fabs(seconds) * scale);
    /* Whole minutes come off after rounding, so that 59.96 s are 1:00.0 and never 0:60.0. */
    double minutes = floor(units / (60 * scale));
    const char *sign = seconds < 0 && units > 0 ? "-" : "";
    res_figure_text rest;
    res_value_text((units - minutes * 60 * scale) / scale, decimals, rest);
    const char *zero = rest[1] == '\0' || rest[1] == '.' ? "0" : "";
    if (minutes >= 60)
        snprintf(text, RES_FIGURE_TEXT_SIZE, "%s%.0f:%02.0f:%s%.40s", sign, floor(minutes / 60),
                 fmod(minutes, 60), zero, rest);
    else if (minutes >= 1)
        snprintf(text, RES_FIGURE_TEXT_SIZE, "%s%.0f:%s%.40s", sign, minutes, zero, rest);
    else
        snprintf(text, RES_FIGURE_TEXT_SIZE, "%s%.40s s", sign, rest);
    return text;
}

/* "3:41.7 ± 1.2 s": the unit stands once, behind, where both are seconds. */
static void time_interval(const res_estimate *estimate, int decimals, res_figure_text text)
{
    res_figure_text mean, half;
    res_time_text(estimate->mean, decimals, mean);
    res_time_text(estimate->half_width, decimals, half);
    if (g_str_has_suffix(mean, " s") && g_str_has_suffix(half, " s")) mean[strlen(mean) - 2] = '\0';
    snprintf(text, RES_FIGURE_TEXT_SIZE, "%.40s ± %.40s", mean, half);
}

static void append_missing(const res_estimate *estimate, res_figure_text text)
{
    size_t size = strlen(text);
    if (estimate->missing == 0) return;
    snprintf(text + size, RES_FIGURE_TEXT_SIZE - size, "%s(%zu of %zu)", size ? " " : "",
             estimate->count, estimate->count + estimate->missing);
}

static void append_survivors(const res_estimate *estimate, res_figure_text text)
{
    size_t size = strlen(text);
    if (estimate->peers == 0) return;
    snprintf(text + size, RES_FIGURE_TEXT_SIZE - size, " (%zu of %zu peers)", estimate->completed,
             estimate->peers);
}

const char *res_estimate_text(const res_estimate *estimate, bool is_time, int decimals,
                              res_figure_text text)
{
    text[0] = '\0';
    if (estimate->count > 0 && is_time && estimate->has_interval) {
        time_interval(estimate, decimals, text);
    } else if (estimate->count > 0 && is_time) {
        res_time_text(estimate->mean, decimals, text);
    } else if (estimate->count > 0) {
        res_figure_text half;
        res_value_text(estimate->mean, decimals, text);
        size_t size = strlen(text);
        if (estimate->has_interval)
            snprintf(text + size, RES_FIGURE_TEXT_SIZE - size, " ± %.40s",
                     res_value_text(estimate->half_width, decimals, half));
    }
    append_missing(estimate, text);
    append_survivors(estimate, text);
    return text;
}
