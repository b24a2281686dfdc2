#include "analysis/plots/plots.h"

#include "analysis/text/wording.h"

bool res_plot_has_blocks(const res_history *swarm, GError **error)
{
    return swarm->blocks > 0 || res_input_error(error, "the file has no blocks");
}

guint res_plot_groups(const res_history *swarm)
{
    return swarm->groups->len > RES_PLOT_GROUPS_MAX ? 1 : swarm->groups->len;
}

guint res_plot_group(const res_history *swarm, uint32_t node)
{
    return res_plot_groups(swarm) == 1 ? 0 : res_history_member(swarm, node)->group;
}

char *res_plot_group_name(const res_history *swarm, guint group)
{
    if (swarm->groups->len > RES_PLOT_GROUPS_MAX)
        return g_strdup_printf("all %u groups", swarm->groups->len);
    return g_strdup(g_ptr_array_index(swarm->groups, group));
}

void res_plot_title(res_drawing *figure, const res_history *swarm, const char *title,
                    const char *explanation)
{
    g_autofree char *together =
        g_strdup_printf("%s; %u groups are drawn as one", explanation, swarm->groups->len);
    res_drawing_title(figure, title,
                      swarm->groups->len > RES_PLOT_GROUPS_MAX ? together : explanation);
}

int res_plot_compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool slower(const res_group_times *times, guint a, guint b)
{
    guint of_a = times->times[a]->len, of_b = times->times[b]->len;
    if (of_a == 0 || of_b == 0) return of_a == 0 && of_b > 0;
    return res_group_times_percentile(times, a, 50) > res_group_times_percentile(times, b, 50);
}

/* Insertion keeps groups of equal medians in the scenario's order. */
static void order_groups(res_group_times *times)
{
    for (guint g = 0; g < times->groups; g++) {
        g_array_sort(times->times[g], res_plot_compare_times);
        guint at = g;
        for (; at > 0 && slower(times, times->order[at - 1], g); at--)
            times->order[at] = times->order[at - 1];
        times->order[at] = g;
    }
}

res_group_times *res_group_times_new(const res_history *swarm)
{
    res_group_times *times = g_new0(res_group_times, 1);
    times->groups = res_plot_groups(swarm);
    times->times = g_new0(GArray *, times->groups);
    times->order = g_new0(guint, times->groups);
    times->sizes = g_new0(guint, times->groups);
    for (guint g = 0; g < times->groups; g++)
        times->times[g] = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (guint p = 1; p < swarm->nodes->len; p++) {
        const res_member *peer = res_history_member(swarm, p);
        if (peer->completed_ns == peer->arrived_ns) continue;
        guint group = res_plot_group(swarm, p);
        times->sizes[group]++;
        if (peer->completed_ns == RES_NEVER) continue;
        int64_t download_ns = peer->completed_ns - peer->arrived_ns;
        g_array_append_val(times->times[group], download_ns);
    }
    order_groups(times);
    return times;
}

void res_group_times_free(res_group_times *times)
{
    if (!times) return;
    for (guint g = 0; g < times->groups; g++)
        g_array_unref(times->times[g]);
    g_free(times->times);
    g_free(times->order);
    g_free(times->sizes);
    g_free(times);
}

int64_t res_group_times_percentile(const res_group_times *times, guint group, guint percent)
{
    const GArray *sorted = times->times[group];
    guint rank = res_nearest_rank(times->sizes[group], percent);
    return rank < sorted->len ? g_array_index(sorted, int64_t, rank) : RES_NEVER;
}

double res_plot_time_axis(res_drawing *figure, double span_s, const char *label)
{
    res_time_unit unit = res_time_unit_for(span_s);
    g_autofree char *text = g_strdup_printf("%s (%s)", label, unit.name);
    res_drawing_text(figure, "x_label", text);
    res_drawing_number(figure, "span", span_s / unit.seconds);
    return unit.seconds;
}

void res_plot_bound(res_drawing *figure, const res_history *swarm, double unit_s)
{
    bool bounded = swarm->bound_ns != RES_NEVER;
    double seconds = bounded ? (double)swarm->bound_ns / 1e9 : 0;
    res_time_unit unit = {unit_s < 60 ? "s" : unit_s < 3600 ? "min" : "h", unit_s};
    g_autofree char *time = res_time_words(seconds, unit);
    g_autofree char *text = g_strconcat("lower bound for the last peer: ", time, NULL);
    res_drawing_number(figure, "bounded", bounded);
    res_drawing_number(figure, "bound", seconds / unit_s);
    res_drawing_text(figure, "bound_label", text);
}

void res_plot_legend(res_drawing *figure, guint entries, guint columns, glong longest)
{
    /* Characters to a line, and what a line's sample takes. */
    enum { LINE = 116, SAMPLE = 9 };
    columns = MAX(1, MIN(columns, (guint)(LINE / (longest + SAMPLE))));
    res_drawing_number(figure, "legend_columns", columns);
    res_drawing_number(figure, "legend_rows", (entries + columns - 1) / columns);
}

void res_plot_places(res_drawing *figure, const res_group_times *times)
{
    res_drawing_number(figure, "groups", times->groups);
    for (guint i = 0; i < times->groups; i++)
        res_drawing_number_at(figure, "place", i, times->order[i]);
}
