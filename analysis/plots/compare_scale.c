#include "analysis/plots/compare_scale.h"

#include <string.h>

#include "analysis/text/quantity.h"

const char *res_scale_value(const res_estimates_row *row, int key)
{
    if (key < 0) return "";
    return row->values[key] ? row->values[key] : "(none)";
}

static int find_value(const res_scale *scale, const char *value)
{
    for (guint i = 0; i < scale->values->len; i++)
        if (strcmp(g_ptr_array_index(scale->values, i), value) == 0) return (int)i;
    return -1;
}

static void sort_by_number(res_scale *scale)
{
    for (guint i = 1; i < scale->values->len; i++)
        for (guint at = i; at > 0 && scale->numbers[at - 1] > scale->numbers[at]; at--) {
            double number = scale->numbers[at];
            gpointer value = scale->values->pdata[at];
            scale->numbers[at] = scale->numbers[at - 1];
            scale->values->pdata[at] = scale->values->pdata[at - 1];
            scale->numbers[at - 1] = number;
            scale->values->pdata[at - 1] = value;
        }
}

/* "Mbit/s": bits are those of rates, and so are bytes of a link. */
static char *rate_unit(char *unit, const char *key)
{
    const char *dot = strrchr(key, '.');
    bool link = strcmp(dot ? dot + 1 : key, "up") == 0 || strcmp(dot ? dot + 1 : key, "down") == 0;
    bool rate = g_str_has_suffix(unit, "bit") || (link && g_str_has_suffix(unit, "B"));
    if (!rate) return unit;
    char *with = g_strconcat(unit, "/s", NULL);
    g_free(unit);
    return with;
}

void res_scale_init(res_scale *scale, const res_estimates *table, int key)
{
    scale->key = key;
    scale->title = key < 0 ? "" : g_array_index(table->keys, res_heading, (guint)key).title;
    scale->values = g_ptr_array_new();
    scale->unit = NULL;
    for (guint i = 0; i < table->rows->len; i++) {
        const char *value = res_scale_value(res_estimates_at(table, i), key);
        if (find_value(scale, value) < 0) g_ptr_array_add(scale->values, (char *)value);
    }
    scale->numbers = g_new0(double, scale->values->len + 1);
    if (key >= 0 && res_quantities((char **)scale->values->pdata, scale->values->len,
                                   scale->numbers, &scale->unit)) {
        sort_by_number(scale);
        scale->unit =
            rate_unit(scale->unit, g_array_index(table->keys, res_heading, (guint)key).name);
    } else {
        g_free(scale->numbers);
        scale->numbers = NULL;
    }
}

void res_scale_clear(res_scale *scale)
{
    g_ptr_array_unref(scale->values);
    g_free(scale->numbers);
    g_free(scale->unit);
}

glong res_scale_letters(const res_scale *axis)
{
    glong longest = 0;
    for (guint x = 0; x < axis->values->len; x++)
        longest = MAX(longest, g_utf8_strlen(g_ptr_array_index(axis->values, x), -1));
    return longest;
}

res_scale_kind res_scale_of_key(const res_estimates *table, int key, guint *values)
{
    res_scale scale;
    res_scale_init(&scale, table, key);
    *values = scale.values->len;
    res_scale_kind kind = scale.numbers ? RES_SCALE_QUANTITIES : RES_SCALE_NAMES;
    res_scale_clear(&scale);
    return kind;
}
