#include "analysis/coursework/course_words.h"

#include "analysis/estimates/figure_text.h"

#include <math.h>
#include <string.h>

static bool lacks(const char *const *values, const char *figure, GError **error)
{
    g_autofree char *point = g_strjoinv(", ", (char **)values);
    return res_input_error(error, "the study has no %s of '%s'; run it again", figure, point);
}

bool res_course_get(const res_estimates *table, const char *figure, const char *const *values,
                    res_estimate *estimate, GError **error)
{
    int column = res_estimates_figure(table, figure);
    const res_estimates_row *row = res_estimates_find(table, values);
    if (column < 0 || !row || row->figures[column].count == 0) return lacks(values, figure, error);
    *estimate = row->figures[column];
    return true;
}

bool res_course_differ(const res_estimate *a, const res_estimate *b)
{
    bool known = a->has_interval && b->has_interval;
    return known && fabs(a->mean - b->mean) > a->half_width + b->half_width;
}

void res_course_percent(GString *out, const res_estimate *share)
{
    res_figure_text text;
    g_string_append_printf(out, "%s %%", res_value_text(100 * share->mean, 1, text));
}

void res_course_time(GString *out, const res_estimate *time)
{
    res_figure_text text;
    g_string_append(out, res_time_text(time->mean, time->mean < 60, text));
}

char **res_course_values(const res_estimates *table, guint key)
{
    GPtrArray *values = g_ptr_array_new();
    for (guint i = 0; i < table->rows->len; i++) {
        char *value = res_estimates_at(table, i)->values[key];
        /* Interned texts are equal where their addresses are. */
        if (value && !g_ptr_array_find(values, value, NULL)) g_ptr_array_add(values, value);
    }
    g_ptr_array_add(values, NULL);
    return (char **)g_ptr_array_free(values, FALSE);
}

void res_course_list(GString *out, const GPtrArray *texts)
{
    for (guint i = 0; i < texts->len; i++) {
        const char *before = i == 0 ? "" : i + 1 == texts->len ? " and " : ", ";
        g_string_append_printf(out, "%s%s", before, (const char *)texts->pdata[i]);
    }
}

void res_course_compare_times(GString *out, const res_estimate *a, const res_estimate *b)
{
    double ratio = a->mean / b->mean;
    res_figure_text text;
    if (ratio >= 2)
        g_string_append_printf(out, "%s times as long", res_value_text(ratio, ratio < 20, text));
    else
        g_string_append_printf(out, "%s %% %s", res_value_text(100 * fabs(ratio - 1), 0, text),
                               ratio > 1 ? "longer" : "less time");
}
