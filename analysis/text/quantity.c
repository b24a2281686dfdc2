#include "analysis/text/quantity.h"

#include <string.h>

static const struct {
    const char *name;
    int kind; /* units of one kind can be converted */
    double factor;
} units[] = {
    {"B", 0, 1},
    {"kB", 0, 1e3},
    {"MB", 0, 1e6},
    {"GB", 0, 1e9},
    {"KiB", 0, 1024},
    {"MiB", 0, 1048576},
    {"GiB", 0, 1073741824},
    {"bit", 1, 1},
    {"kbit", 1, 1e3},
    {"Mbit", 1, 1e6},
    {"Gbit", 1, 1e9},
    {"Kibit", 1, 1024},
    {"Mibit", 1, 1048576},
    {"Gibit", 1, 1073741824},
    {"ns", 2, 1e-9},
    {"us", 2, 1e-6},
    {"ms", 2, 1e-3},
    {"s", 2, 1},
    {"min", 2, 60},
    {"h", 2, 3600},
};

static int find_unit(const char *name)
{
    g_autofree char *bare = g_strdup(name);
    if (g_str_has_suffix(bare, "/s")) bare[strlen(bare) - 2] = '\0';
    for (guint i = 0; i < G_N_ELEMENTS(units); i++)
        if (strcmp(units[i].name, bare) == 0) return (int)i;
    return -1;
}

/* Splits "1.5 Mbit" into its number and what follows; false if it does not begin with digits. */
static bool split(const char *text, double *number, const char **unit)
{
    const char *end = text + (*text == '-');
    if (!g_ascii_isdigit(*end)) return false;
    end += strspn(end, "0123456789");
    if (*end == '.' && g_ascii_isdigit(end[1])) end += 1 + strspn(end + 1, "0123456789");
    g_autofree char *digits = g_strndup(text, (gsize)(end - text));
    *number = g_ascii_strtod(digits, NULL);
    *unit = end + strspn(end, " ");
    return strlen(*unit) <= 12 && !strpbrk(*unit, "0123456789,.");
}

/* Converts to the unit of the greatest value; false if one is of another kind. */
static bool convert(char *const *texts, guint count, double *values, char **unit)
{
    int greatest = -1;
    const char *greatest_name = "";
    double most = -1;
    for (guint i = 0; i < count; i++) {
        const char *name;
        split(texts[i], &values[i], &name);
        int found = find_unit(name);
        if (found < 0 || (greatest >= 0 && units[found].kind != units[greatest].kind)) return false;
        values[i] *= units[found].factor;
        if (values[i] <= most) continue;
        most = values[i];
        greatest = found;
        greatest_name = name;
    }
    for (guint i = 0; i < count; i++)
        values[i] /= units[greatest].factor;
    *unit = g_strdup(greatest_name);
    return true;
}

bool res_quantities(char *const *texts, guint count, double *values, char **unit)
{
    const char *first = NULL;
    bool same = true;
    for (guint i = 0; i < count; i++) {
        const char *name;
        if (!split(texts[i], &values[i], &name)) return false;
        if (!first) first = name;
        same = same && strcmp(first, name) == 0;
    }
    if (count == 0) return false;
    if (!same) return convert(texts, count, values, unit);
    *unit = g_strdup(first);
    return true;
}
