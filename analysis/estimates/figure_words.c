#include "analysis/estimates/figure_words.h"

#include <glib.h>
#include <string.h>

static const struct {
    const char *path, *words;
} figures[] = {
    {"blocks", "blocks of the file"},
    {"blocks_transferred", "blocks gained over a link"},
    {"block_bytes", "size of a block"},
    {"bound_ratio", "time until all are done / lower bound"},
    {"completed_s", "time until all are done"},
    {"download_s.count", "peers that downloaded the file"},
    {"download_s.max", "longest download time"},
    {"download_s.mean", "mean download time"},
    {"download_s.median", "median download time"},
    {"download_s.min", "shortest download time"},
    {"download_s.p95", "95th percentile download time"},
    {"download_s.restricted_mean", "restricted mean download time"},
    {"end_s", "time until the run's end"},
    {"events", "events simulated"},
    {"file_bytes", "size of the file"},
    {"first_copy_s", "time to first copy"},
    {"jain_index", "Jain's index of what peers gave"},
    {"leecher_share", "leechers' share of blocks"},
    {"little_error", "how far off Little's law"},
    {"lower_bound_s", "lower bound of the time"},
    {"max_served_files", "most files given by a peer"},
    {"mean_active", "peers downloading on average"},
    {"peers", "peers"},
    {"peers_complete", "peers complete"},
    {"refusals", "refusals sent"},
    {"requests", "requests sent"},
    {"rerated_flows_per_event", "transfers re-rated per change of load"},
    {"seeder_copies", "copies that the tracker gave"},
    {"seeder_share", "seeders' share of blocks"},
    {"share_ratio.count", "peers that downloaded anything"},
    {"share_ratio.max", "greatest share ratio"},
    {"share_ratio.mean", "mean share ratio"},
    {"share_ratio.median", "median share ratio"},
    {"share_ratio.min", "least share ratio"},
    {"share_ratio.p95", "95th percentile share ratio"},
    {"trace_records", "records of the trace"},
    {"tracker_share", "tracker's share of blocks"},
    {"uplink_utilization", "uplink utilization"},
    {"wasted_bytes", "waste"},
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
