/*
 * The tree of zones, a row each: how full its fullest link was over time, and beside it how many
 * copies of the file came in and what share of its bytes crossed its border. Of many zones those
 * are drawn whose links were the fullest.
 */
#include <math.h>

#include "analysis/plots/plots.h"
#include "analysis/text/wording.h"

enum { ROWS_MAX = 40, BINS = 150, NAME_CUT = 22 };

/* A zone, and how full its fullest link was in the mean over time. */
typedef struct {
    guint zone;
    double mean;
} ranked;

static int64_t time_at(const res_history *swarm, guint moment)
{
    return g_array_index(swarm->moments, res_moment, moment).time_ns;
}

/* The mean share from one moment to another, by time; NAN where the zone has no rate. */
static double mean_share(const res_history *swarm, const res_zone *zone, guint from, guint to)
{
    double sum = 0, span = 0;
    for (guint i = from + 1; i <= to; i++) {
        double step = (double)(time_at(swarm, i) - time_at(swarm, i - 1));
        if (isnan(zone->shares[i])) continue;
        sum += step * (double)zone->shares[i];
        span += step;
    }
    return span > 0 ? sum / span : NAN;
}

static int fullest_first(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    double of_x = isnan(x->mean) ? -1 : x->mean, of_y = isnan(y->mean) ? -1 : y->mean;
    if (of_x != of_y) return of_x < of_y ? 1 : -1;
    return (x->zone > y->zone) - (x->zone < y->zone);
}

/* Which zones are drawn, as flags. */
static bool *choose(const res_history *swarm)
{
    guint count = swarm->zones->len;
    g_autofree ranked *all = g_new(ranked, count);
    bool *chosen = g_new0(bool, count);
    for (guint i = 0; i < count; i++)
        all[i] =
            (ranked){i, mean_share(swarm, res_history_zone(swarm, i), 0, swarm->moments->len - 1)};
    qsort(all, count, sizeof *all, fullest_first);
    for (guint i = 0; i < MIN(count, ROWS_MAX); i++)
        chosen[all[i].zone] = true;
    return chosen;
}

/* Rows `from to row share`: one for each step of time, of several moments where there are many. */
static void write_row(res_drawing *figure, const res_history *swarm, const res_zone *zone,
                      guint row, double unit_s)
{
    guint last = swarm->moments->len - 1, stride = last / BINS + 1;
    for (guint from = 0; from < last; from += stride) {
        guint to = MIN(from + stride, last);
        double share = mean_share(swarm, zone, from, to);
        if (isnan(share)) continue;
        double values[] = {(double)time_at(swarm, from) / 1e9 / unit_s,
                           (double)time_at(swarm, to) / 1e9 / unit_s, row, fmin(100 * share, 100)};
        res_drawing_row(figure, values, G_N_ELEMENTS(values));
    }
}

/* The zone's name, behind what it lies in; and what came in, and crossed. */
static void write_words(res_drawing *figure, const res_zone *zone, guint row)
{
    g_autofree char *indent = g_strnfill(3 * (gsize)zone->depth, ' ');
    bool cut = g_utf8_strlen(zone->name, -1) > NAME_CUT;
    g_autofree char *start = g_utf8_substring(zone->name, 0, cut ? NAME_CUT - 1 : -1);
    g_autofree char *name = g_strconcat(indent, start, cut ? "…" : "", NULL);
    g_autofree char *copies = isnan(zone->copies) ? g_strdup("") : res_number_words(zone->copies);
    g_autofree char *crossed = isnan(zone->crossed) ? g_strdup("") : res_share_words(zone->crossed);
    res_drawing_text_at(figure, "name", row, name);
    res_drawing_text_at(figure, "copies", row, copies);
    res_drawing_text_at(figure, "crossed", row, crossed);
}

static guint write_rows(res_drawing *figure, const res_history *swarm, double unit_s)
{
    g_autofree bool *chosen = choose(swarm);
    guint rows = 0;
    glong longest = 0;
    for (guint i = 0; i < swarm->zones->len; i++) {
        const res_zone *zone = res_history_zone(swarm, i);
        if (!chosen[i]) continue;
        longest = MAX(longest, MIN(g_utf8_strlen(zone->name, -1), NAME_CUT) + 2 * zone->depth);
        write_row(figure, swarm, zone, rows, unit_s);
        write_words(figure, zone, rows++);
    }
    double nothing[] = {-9, -8, -9, 0};
    res_drawing_row(figure, nothing, G_N_ELEMENTS(nothing));
    res_drawing_number(figure, "longest_name", (double)longest);
    res_drawing_number(figure, "rows", rows);
    return rows;
}

res_drawing *res_plot_zones(const res_history *swarm, GError **error)
{
    if (swarm->zones->len == 0 || swarm->moments->len < 2) {
        res_input_error(error, swarm->zones->len ? "the timeline has too few rows"
                                                 : "the run has no zones");
        return NULL;
    }
    res_drawing *figure = res_drawing_new("zones");
    int64_t last_ns = time_at(swarm, swarm->moments->len - 1);
    double unit_s = res_plot_time_axis(figure, last_ns > 0 ? (double)last_ns / 1e9 : 1, "time");
    guint rows = write_rows(figure, swarm, unit_s);
    g_autofree char *title = g_strdup_printf("%s: links that zones share", swarm->title);
    g_autofree char *some =
        rows == swarm->zones->len
            ? g_strdup("")
            : g_strdup_printf("; the %u fullest of %u zones", rows, swarm->zones->len);
    g_autofree char *explanation = g_strdup_printf(
        "how much of each zone's fullest link is used, white where none has a rate%s", some);
    res_drawing_title(figure, title, explanation);
    res_drawing_text(figure, "y_label", "");
    res_drawing_text(figure, "box_label", "used of its fullest link (%)");
    res_drawing_text(figure, "copies_label", "copies in");
    res_drawing_text(figure, "crossed_label", "crossed");
    res_plot_legend(figure, 0, 1, 0);
    return figure;
}
