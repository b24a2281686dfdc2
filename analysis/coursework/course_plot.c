/*
 * The coursework's plots: each table's, drawn from the very estimates that the table has.
 */
#include "analysis/coursework/coursework.h"
#include "analysis/plots/compare_draw.h"
#include "analysis/plots/plots.h"

#include <string.h>

/* The first run's sources over time: for the table that has no parameter. */
static res_drawing *draw_run(const res_runs *runs, GError **error)
{
    g_autoptr(res_history) history = res_history_read(runs, res_runs_at(runs, 0), true, error);
    if (!history) return NULL;
    if (history->gains) return res_plot_sources(history, error);
    res_input_error(error, "%s: the plot needs its provenance; run it with --provenance=csv",
                    res_runs_at(runs, 0)->folder);
    return NULL;
}

static int key_of(const res_estimates *table, const char *name)
{
    for (guint i = 0; name && i < table->keys->len; i++)
        if (strcmp(g_array_index(table->keys, res_heading, i).name, name) == 0) return (int)i;
    g_assert(!name);
    return -1;
}

res_drawing *res_course_draw(const res_course_table *spec, const res_estimates *table,
                             const res_runs *runs, GError **error)
{
    const res_course_plot *plot = &spec->plot;
    if (!plot->figures[0]) return draw_run(runs, error);
    res_compare_picture picture = {
        .axis = key_of(table, plot->axis),
        .series = key_of(table, plot->series),
        .title = spec->question,
        .words = plot->words,
        .look.log_y = plot->logarithmic,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(plot->figures) && plot->figures[i]; i++) {
        int column = res_estimates_figure(table, plot->figures[i]);
        g_assert(column >= 0);
        picture.legend[picture.figure_count] = plot->legend[i];
        picture.figures[picture.figure_count++] = (guint)column;
    }
    res_drawing *drawing;
    return res_compare_draw(table, &picture, &drawing, error) ? drawing : NULL;
}
