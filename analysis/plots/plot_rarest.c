/*
 * Copies of the rarest and of the mean block over time, among the nodes present, the tracker
 * included; from the timeline, and of a long one every few rows.
 */
#include <math.h>

#include "analysis/plots/plots.h"
#include "analysis/text/wording.h"

enum { ROWS = 2000, LOG_FROM = 30 };

static const res_moment *moment_at(const res_history *swarm, guint index)
{
    return &g_array_index(swarm->moments, res_moment, index);
}

/* Of the rows that one drawn row stands for, the fewest copies count: a dip is not lost. */
static uint64_t fewest(const res_history *swarm, guint from, guint to)
{
    uint64_t copies = UINT64_MAX;
    for (guint i = from; i < to; i++)
        copies = MIN(copies, moment_at(swarm, i)->min_copies);
    return copies;
}

static double write_rows(res_drawing *figure, const res_history *swarm, double unit_s, bool *zero)
{
    guint stride = swarm->moments->len / ROWS + 1;
    double most = 1;
    for (guint i = 0; i < swarm->moments->len; i += stride) {
        const res_moment *moment = moment_at(swarm, i);
        uint64_t copies = fewest(swarm, i, MIN(i + stride, swarm->moments->len));
        double row[] = {(double)moment->time_ns / 1e9 / unit_s, (double)copies,
                        moment->mean_copies};
        res_drawing_row(figure, row, G_N_ELEMENTS(row));
        *zero |= copies == 0;
        most = fmax(most, moment->mean_copies);
    }
    return most;
}

res_drawing *res_plot_rarest(const res_history *swarm, GError **error)
{
    if (!res_plot_has_blocks(swarm, error)) return NULL;
    if (swarm->moments->len < 2) {
        res_input_error(error, "the timeline has too few rows");
        return NULL;
    }
    res_drawing *figure = res_drawing_new("rarest");
    g_autofree char *title = g_strdup_printf("%s: copies of the rarest block", swarm->title);
    res_drawing_title(figure, title, "copies among the nodes present, the tracker included");
    int64_t last_ns = moment_at(swarm, swarm->moments->len - 1)->time_ns;
    double unit_s = res_plot_time_axis(figure, last_ns > 0 ? (double)last_ns / 1e9 : 1, "time");
    bool zero = false;
    double most = write_rows(figure, swarm, unit_s, &zero);
    bool logarithmic = most > LOG_FROM && !zero;
    res_drawing_number(figure, "logarithmic", logarithmic);
    res_drawing_number(figure, "most", most);
    res_drawing_text(figure, "y_label", logarithmic ? "copies (logarithmic)" : "copies");
    res_plot_legend(figure, 2, 2, 0);
    res_drawing_text_at(figure, "label", 0, "the rarest block");
    res_drawing_text_at(figure, "label", 1, "mean of all blocks");
    bool out = swarm->first_copy_ns != RES_NEVER;
    double first_s = out ? (double)swarm->first_copy_ns / 1e9 : 0;
    g_autofree char *time =
        res_time_words(first_s, res_time_unit_for(last_ns > 0 ? (double)last_ns / 1e9 : 1));
    g_autofree char *mark = g_strconcat("every block handed out once: ", time, NULL);
    res_drawing_number(figure, "bounded", out);
    res_drawing_number(figure, "bound", first_s / unit_s);
    res_drawing_text(figure, "bound_label", mark);
    return figure;
}
