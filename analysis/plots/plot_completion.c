/*
 * The distribution of completion times: of each group, the share of its peers that completed within
 * a time of their arrival. Peers that arrived complete are left out; a group of such keeps its
 * place in the legend, so that colours agree with the curves'.
 */
#include <math.h>

#include "analysis/plots/plots.h"
#include "analysis/text/wording.h"

enum { POINTS = 1000 };

static double seconds_at(const res_group_times *times, guint group, guint index)
{
    return (double)g_array_index(times->times[group], int64_t, index) / 1e9;
}

static bool has_peer(const res_history *swarm, guint group)
{
    for (guint p = 1; p < swarm->nodes->len; p++)
        if (res_plot_group(swarm, p) == group) return true;
    return false;
}

/* "12.4 s", or that so many of all its peers did not complete. */
static char *percentile_words(const res_group_times *times, guint group, guint percent,
                              res_time_unit unit)
{
    int64_t time_ns = res_group_times_percentile(times, group, percent);
    return time_ns == RES_NEVER ? g_strdup("not reached")
                                : res_time_words((double)time_ns / 1e9, unit);
}

static char *label_of(const res_history *swarm, const res_group_times *times, guint group,
                      res_time_unit unit)
{
    g_autofree char *name = res_plot_group_name(swarm, group);
    guint done = times->times[group]->len;
    if (times->sizes[group] == 0)
        return g_strconcat(name, has_peer(swarm, group) ? ": complete on arrival" : ": no peer",
                           NULL);
    g_autofree char *part = res_part_words(done, times->sizes[group]);
    if (done == 0) return g_strdup_printf("%s: %s", name, part);
    g_autofree char *median = percentile_words(times, group, 50, unit);
    g_autofree char *p95 = percentile_words(times, group, 95, unit);
    return g_strdup_printf("%s: %s, median %s, p95 %s", name, part, median, p95);
}

/* Rows `time percent`; of many peers every few, and the last in any case. */
static void write_steps(res_drawing *figure, const res_group_times *times, guint group,
                        double unit_s)
{
    guint done = times->times[group]->len;
    guint stride = done / POINTS + 1;
    double start[] = {done > 0 ? seconds_at(times, group, 0) / unit_s : 0, 0};
    res_drawing_row(figure, start, 2);
    for (guint i = 0; i < done; i = i + 1 < done ? MIN(i + stride, done - 1) : done) {
        double row[] = {seconds_at(times, group, i) / unit_s,
                        100.0 * (i + 1) / times->sizes[group]};
        res_drawing_row(figure, row, 2);
    }
    res_drawing_next_index(figure);
}

/* Rows `time percent place` of the median and the 95th percentile. */
static void write_marks(res_drawing *figure, const res_group_times *times, guint place,
                        double unit_s)
{
    static const guint percents[] = {50, 95};
    guint group = times->order[place];
    for (guint i = 0; i < G_N_ELEMENTS(percents); i++) {
        bool reached = times->sizes[group] > 0 &&
                       res_group_times_percentile(times, group, percents[i]) != RES_NEVER;
        guint rank = reached ? res_nearest_rank(times->sizes[group], percents[i]) : 0;
        double row[] = {reached ? seconds_at(times, group, rank) / unit_s : 0,
                        reached ? 100.0 * (rank + 1) / times->sizes[group] : -1, place};
        res_drawing_row(figure, row, 3);
    }
}

static double longest_s(const res_history *swarm, const res_group_times *times)
{
    double longest = 0;
    for (guint g = 0; g < times->groups; g++)
        if (times->times[g]->len > 0)
            longest = fmax(longest, seconds_at(times, g, times->times[g]->len - 1));
    if (longest <= 0) longest = swarm->end_ns > 0 ? (double)swarm->end_ns / 1e9 : 1;
    return swarm->bound_ns == RES_NEVER ? longest : fmax(longest, (double)swarm->bound_ns / 1e9);
}

static void set_title(res_drawing *figure, const res_history *swarm, const res_group_times *times)
{
    guint done = 0, peers = 0;
    for (guint g = 0; g < times->groups; g++) {
        done += times->times[g]->len;
        peers += times->sizes[g];
    }
    g_autofree char *part = res_part_words(done, peers);
    g_autofree char *title = g_strdup_printf("%s: completion times, %s", swarm->title, part);
    res_plot_title(
        figure, swarm, title,
        "peers complete within a time of their arrival; dots: median and 95th percentile (p95)");
}

res_drawing *res_plot_completion(const res_history *swarm, GError **error)
{
    g_autoptr(res_group_times) times = res_group_times_new(swarm);
    guint peers = 0;
    for (guint g = 0; g < times->groups; g++)
        peers += times->sizes[g];
    if (peers == 0) {
        res_input_error(error, "no peer had anything to download");
        return NULL;
    }
    res_drawing *figure = res_drawing_new("completion");
    set_title(figure, swarm, times);
    double span_s = longest_s(swarm, times);
    double unit_s = res_plot_time_axis(figure, span_s, "download time");
    res_drawing_text(figure, "y_label", "peers complete (%)");
    res_plot_bound(figure, swarm, unit_s);
    res_plot_places(figure, times);
    res_plot_legend(figure, times->groups, 1, 0);
    for (guint i = 0; i < times->groups; i++) {
        g_autofree char *label = label_of(swarm, times, times->order[i], res_time_unit_for(span_s));
        res_drawing_text_at(figure, "label", i, label);
        write_steps(figure, times, times->order[i], unit_s);
    }
    for (guint i = 0; i < times->groups; i++)
        write_marks(figure, times, i, unit_s);
    return figure;
}
