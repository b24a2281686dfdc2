/*
 * The coursework's plots: each table's, drawn from the very estimates that the table has.
 */
#include "analysis/coursework/coursework.h"
#include "analysis/data/error.h"
#include "analysis/plots/compare_draw.h"

#include <string.h>

/* What came out beside what was published: for the table that has no parameter. */
static res_drawing *draw_published(const res_course_table *spec, const res_estimates *table,
                                   GError **error)
{
    int column = res_estimates_figure(table, "completed_s");
    if (table->rows->len == 0 || column < 0) {
        res_input_error(error, "the study has no finished run");
        return NULL;
    }
    const res_estimates_row *row = res_estimates_at(table, 0);
    g_autoptr(res_estimates) both = res_estimates_new();
    res_estimates_add_key(both, "result");
    res_estimates_add_figure(both, "completed_s");
    char *published[] = {"published"}, *found[] = {"MiniBit"};
    res_estimates_add_row(both, published)->figures[0] =
        (res_estimate){.count = 1, .mean = RES_COURSE_PUBLISHED_S};
    res_estimates_add_row(both, found)->figures[0] = row->figures[column];
    res_estimates_entitle(both, "result", "");
    const res_compare_picture picture = {
        .figure_count = 1, .series = -1, .title = spec->question, .words = spec->plot.words};
    res_drawing *drawing;
    return res_compare_draw(both, &picture, &drawing, error) ? drawing : NULL;
}

static int key_of(const res_estimates *table, const char *name)
{
    for (guint i = 0; name && i < table->keys->len; i++)
        if (strcmp(g_array_index(table->keys, res_heading, i).name, name) == 0) return (int)i;
    g_assert(!name);
    return -1;
}

res_drawing *res_course_draw(const res_course_table *spec, const res_estimates *table,
                             GError **error)
{
    const res_course_plot *plot = &spec->plot;
    if (!plot->figures[0]) return draw_published(spec, table, error);
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
