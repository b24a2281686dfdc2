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

/* Is it a number of bytes? */
static bool is_bytes(const char *path)
{
    if (g_str_has_prefix(path, "group_bytes.")) return true;
    const char *at = strstr(path, "_bytes");
    return at && (at[6] == '\0' || at[6] == '.');
}

static res_figure_style bytes_style(double greatest)
{
    static const res_figure_style styles[] = {{.unit = "GB", .factor = 1e9},
                                              {.unit = "MB", .factor = 1e6},
                                              {.unit = "kB", .factor = 1e3},
                                              {.unit = "bytes", .factor = 1}};
    guint i = 0;
    while (i + 1 < G_N_ELEMENTS(styles) && greatest < styles[i].factor)
        i++;
    return styles[i];
}

res_figure_style res_figure_style_for(const char *path, double greatest, bool seconds)
{
    if (is_bytes(path)) return bytes_style(greatest);
    if (!res_figure_is_time(path)) return (res_figure_style){.unit = "", .factor = 1};
    if (seconds || greatest < 60) return (res_figure_style){.unit = "s", .factor = 1};
    if (greatest < 3600) return (res_figure_style){RES_CLOCK, "min:s", 1, 0, false};
    return (res_figure_style){RES_LONG_CLOCK, "h:min:s", 1, 0, false};
}

/* The place of the first digit: 0 for 1 to 9.99, -2 for 0.01. */
static int magnitude(double value)
{
    return (int)floor(log10(fabs(value)));
}

int res_estimate_decimals(const res_estimate *estimate, double factor)
{
    double mean = estimate->mean / factor;
    if (estimate->half_width > 0) return CLAMP(1 - magnitude(estimate->half_width / factor), 0, 6);
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

/* "41.7 s", or from `least` on "0:41.7" (RES_CLOCK) or "0:00:41.7": the highest unit that is
 * written although it is 0. */
static const char *clock_text(double seconds, int decimals, res_notation least,
                              res_figure_text text)
{
    double scale = pow(10, decimals);
    double units = round(fabs(seconds) * scale);
    /* Whole minutes come off after rounding, so that 59.96 s are 1:00.0 and never 0:60.0. */
    double minutes = floor(units / (60 * scale));
    const char *sign = seconds < 0 && units > 0 ? "-" : "";
    res_figure_text rest;
    res_value_text((units - minutes * 60 * scale) / scale, decimals, rest);
    const char *zero = rest[1] == '\0' || rest[1] == '.' ? "0" : "";
    if (minutes >= 60 || least == RES_LONG_CLOCK)
        snprintf(text, RES_FIGURE_TEXT_SIZE, "%s%.0f:%02.0f:%s%.40s", sign, floor(minutes / 60),
                 fmod(minutes, 60), zero, rest);
    else if (minutes >= 1 || least == RES_CLOCK)
        snprintf(text, RES_FIGURE_TEXT_SIZE, "%s%.0f:%s%.40s", sign, minutes, zero, rest);
    else
        snprintf(text, RES_FIGURE_TEXT_SIZE, "%s%.40s s", sign, rest);
    return text;
}

const char *res_time_text(double seconds, int decimals, res_figure_text text)
{
    return clock_text(seconds, decimals, RES_PLAIN, text);
}

static void append_number(double value, const res_figure_style *style, res_figure_text text)
{
    res_figure_text number;
    size_t size = strlen(text);
    if (style->notation == RES_PLAIN)
        res_value_text(value / style->factor, style->decimals, number);
    else
        clock_text(value, style->decimals, style->notation, number);
    snprintf(text + size, RES_FIGURE_TEXT_SIZE - size, "%.40s", number);
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

const char *res_estimate_text(const res_estimate *estimate, const res_figure_style *style,
                              res_figure_text text)
{
    text[0] = '\0';
    if (estimate->count > 0) {
        if (style->is_signed && estimate->mean > 0) strcpy(text, "+");
        append_number(estimate->mean, style, text);
    }
    if (estimate->count > 0 && estimate->has_interval) {
        strcat(text, " ± ");
        append_number(estimate->half_width, style, text);
    }
    append_missing(estimate, text);
    append_survivors(estimate, text);
    return text;
}

char *res_with_unit(const char *words, const char *unit)
{
    return *unit && !g_str_has_suffix(words, ")") ? g_strdup_printf("%s (%s)", words, unit)
                                                  : g_strdup(words);
}
