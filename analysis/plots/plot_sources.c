/*
 * Whence the blocks came: blocks delivered per second over time, stacked by the giver's role. From
 * provenance where it was recorded, else from the timeline, whose rows may be far apart.
 */
#include <math.h>
#include <string.h>

#include "analysis/plots/plots.h"
#include "analysis/text/wording.h"

enum { BINS = 120 };

typedef struct {
    double width_s;
    guint bins;
    double (*blocks)[RES_ROLES];
    double total[RES_ROLES];
} sources;

static void add(sources *all, double seconds, uint8_t role, double blocks)
{
    guint bin = (guint)fmax(ceil(seconds / all->width_s) - 1, 0);
    all->blocks[MIN(bin, all->bins - 1)][role] += blocks;
    all->total[role] += blocks;
}

static void add_gains(sources *all, const res_history *swarm)
{
    for (guint i = 0; i < swarm->gains->len; i++) {
        const res_gain *gain = res_history_gain(swarm, i);
        if (gain->from != RES_NOBODY) add(all, (double)gain->time_ns / 1e9, gain->role, 1);
    }
}

static void add_moments(sources *all, const res_history *swarm)
{
    for (guint i = 1; i < swarm->moments->len; i++) {
        const res_moment *before = &g_array_index(swarm->moments, res_moment, i - 1);
        const res_moment *now = &g_array_index(swarm->moments, res_moment, i);
        double middle_s = ((double)before->time_ns + (double)now->time_ns) / 2e9;
        for (uint8_t role = 0; role < RES_ROLES; role++)
            add(all, middle_s, role, (double)(now->from[role] - before->from[role]));
    }
}

/* Until the last transfer; what comes after it is empty. */
static double last_s(const res_history *swarm)
{
    int64_t last = 0;
    if (swarm->gains && swarm->gains->len > 0)
        last = res_history_gain(swarm, swarm->gains->len - 1)->time_ns;
    for (guint i = 1; !swarm->gains && i < swarm->moments->len; i++) {
        const res_moment *before = &g_array_index(swarm->moments, res_moment, i - 1);
        const res_moment *now = &g_array_index(swarm->moments, res_moment, i);
        if (memcmp(before->from, now->from, sizeof now->from) != 0) last = now->time_ns;
    }
    return last > 0 ? (double)last / 1e9 : 1;
}

/* Rows `start tracker seeders leechers`, blocks per second; steps, so the last bin is closed. */
static void write_rows(res_drawing *figure, const sources *all, double unit_s)
{
    double most = 0;
    for (guint bin = 0; bin <= all->bins; bin++) {
        const double *blocks = all->blocks[MIN(bin, all->bins - 1)];
        double row[] = {bin * all->width_s / unit_s, blocks[0] / all->width_s,
                        blocks[1] / all->width_s, blocks[2] / all->width_s};
        res_drawing_row(figure, row, G_N_ELEMENTS(row));
        most = fmax(most, row[1] + row[2] + row[3]);
    }
    res_drawing_number(figure, "most", most > 0 ? most : 1);
}

static void write_labels(res_drawing *figure, const sources *all)
{
    static const char *const names[RES_ROLES] = {"tracker", "peers that are complete (seeders)",
                                                 "peers that still lack blocks (leechers)"};
    guint shown = 0;
    double sum = all->total[0] + all->total[1] + all->total[2];
    for (guint role = 0; role < RES_ROLES; role++) {
        g_autofree char *share = res_share_words(sum > 0 ? all->total[role] / sum : 0);
        g_autofree char *label = g_strdup_printf("%s: %s of all", names[role], share);
        res_drawing_text_at(figure, "label", role, label);
        res_drawing_number_at(figure, "shown", role, all->total[role] > 0);
        shown += all->total[role] > 0;
    }
    res_plot_legend(figure, shown, 1, 0);
}

res_drawing *res_plot_sources(const res_history *swarm, GError **error)
{
    if (!res_plot_has_blocks(swarm, error)) return NULL;
    double span_s = last_s(swarm);
    sources all = {.width_s = res_time_step(span_s / BINS)};
    all.bins = (guint)ceil(span_s / all.width_s);
    all.blocks = g_malloc0_n(all.bins, sizeof *all.blocks);
    if (swarm->gains)
        add_gains(&all, swarm);
    else
        add_moments(&all, swarm);
    res_drawing *figure = res_drawing_new("sources");
    g_autofree char *title = g_strdup_printf("%s: whence the blocks come", swarm->title);
    bool minutes = all.width_s >= 60;
    g_autofree char *width = res_number_words(all.width_s / (minutes ? 60 : 1));
    g_autofree char *explanation =
        g_strdup_printf("blocks delivered per second, in steps of %s %s, by who gave them", width,
                        minutes ? "min" : "s");
    res_drawing_title(figure, title, explanation);
    double unit_s = res_plot_time_axis(figure, span_s, "time");
    res_drawing_text(figure, "y_label", "blocks delivered per second");
    write_labels(figure, &all);
    write_rows(figure, &all, unit_s);
    g_free(all.blocks);
    return figure;
}
