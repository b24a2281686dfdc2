#include "analysis/estimates/figure_words.h"

#include <glib.h>
#include <string.h>

static const struct {
    const char *path, *words;
} figures[] = {
    {"download_s.restricted_mean", "restricted mean download time"},
#define REC_FIGURE(PATH, KIND, UNIT, OF, IN, VALUE, WORDS, ...) {PATH, WORDS},
#include "record/figures.def"
};

static const struct {
    const char *path, *words;
} zone_figures[] = {
#define REC_ZONE(PATH, KIND, UNIT, VALUE, WORDS, ...) {PATH, WORDS},
#include "record/figures.def"
};

static const struct {
    const char *path, *words; /* "faults.NAME.strikes" */
} fault_figures[] = {
#define REC_FAULT(PATH, KIND, UNIT, OF, IN, VALUE, WORDS, ...) {PATH, WORDS},
#include "record/figures.def"
};

static const char *find(const char *path)
{
    for (guint i = 0; i < G_N_ELEMENTS(figures); i++)
        if (strcmp(figures[i].path, path) == 0) return figures[i].words;
    return NULL;
}

/* A group's name may have any letters but ends before the figure: the longest figure is it. */
static char *group_words(const char *path)
{
    const char *name = path + strlen("groups.");
    for (const char *dot = strchr(name, '.'); dot; dot = strchr(dot + 1, '.'))
        if (find(dot + 1))
            return g_strdup_printf("%s of %.*s", find(dot + 1), (int)(dot - name), name);
    return NULL;
}

/* "bytes in of rack-3"; a zone's name has no dot. */
static char *zone_words(const char *path)
{
    const char *name = path + strlen("zones."), *dot = strchr(name, '.');
    for (guint i = 0; dot && i < G_N_ELEMENTS(zone_figures); i++)
        if (strcmp(zone_figures[i].path, dot + 1) == 0 && zone_figures[i].words)
            return g_strdup_printf("%s of %.*s", zone_figures[i].words, (int)(dot - name), name);
    return NULL;
}

/* "nodes hurt by night"; a fault's name may have dots: the figure is what follows the last. */
static char *fault_words(const char *path)
{
    const char *name = path + strlen("faults."), *dot = strrchr(name, '.');
    for (guint i = 0; dot && i < G_N_ELEMENTS(fault_figures); i++)
        if (strcmp(fault_figures[i].path + strlen("faults.NAME"), dot) == 0)
            return g_strdup_printf("%s by %.*s", fault_figures[i].words, (int)(dot - name), name);
    return NULL;
}

/* "bytes from dsl to fibre"; NULL where a group's name has a dot, which could be either's. */
static char *pair_words(const char *path)
{
    g_auto(GStrv) names = g_strsplit(path + strlen("group_bytes."), ".", -1);
    if (g_strv_length(names) != 2) return NULL;
    return g_strdup_printf("bytes from %s to %s", names[0], names[1]);
}

char *res_figure_words(const char *path)
{
    char *words = g_strdup(find(path));
    if (!words && g_str_has_prefix(path, "groups.")) words = group_words(path);
    if (!words && g_str_has_prefix(path, "zones.")) words = zone_words(path);
    if (!words && g_str_has_prefix(path, "faults.")) words = fault_words(path);
    if (!words && g_str_has_prefix(path, "group_bytes.")) words = pair_words(path);
    return words ? words : g_strdup(path);
}

/* The last part of a key in words: "regular slots", "uplink". */
static char *name_words(const char *name)
{
    if (strcmp(name, "up") == 0) return g_strdup("uplink");
    if (strcmp(name, "down") == 0) return g_strdup("downlink");
    return g_strdelimit(g_strdup(name), "_", ' ');
}

char *res_key_words(const char *key)
{
    const char *dot = strrchr(key, '.');
    if (strcmp(key, "group") == 0) return g_strdup("group");
    if (!dot || dot == key || !dot[1]) return g_strdup(key);
    g_autofree char *section = g_strndup(key, (gsize)(dot - key));
    g_autofree char *name = name_words(dot + 1);
    if (g_str_has_prefix(section, "peers "))
        return g_strdup_printf("%s of %s", name, section + strlen("peers "));
    if (strcmp(section, "tracker") == 0) return g_strdup_printf("%s of the tracker", name);
    if (strcmp(section, "file") == 0) return g_strdup_printf("%s of the file", name);
    return g_steal_pointer(&name);
}
