#include "analysis/report/report.h"

#include <glib.h>
#include <string.h>

#include "analysis/report/html_parts.h"
#include "analysis/report/remarks.h"
#include "analysis/report/replay_data.h"
#include "analysis/report/report_internal.h"
#include "analysis/text/escape.h"

/* ---- the template --------------------------------------------------------------------------- */

/* The page's places and what fills them: names as keys, HTML as values. */
static void fill(GHashTable *places, const char *name, char *html)
{
    g_hash_table_insert(places, (gpointer)name, html);
}

static void fill_text(GHashTable *places, const char *name, const char *text)
{
    fill(places, name, res_escape_html(text));
}

/* The template with each {{name}} replaced; what stands in a value is not looked at again. */
static GString *fill_template(const char *template, GHashTable *places)
{
    GString *page = g_string_new(NULL);
    const char *open;
    while ((open = strstr(template, "{{")) != NULL) {
        const char *close = strstr(open, "}}");
        g_assert(close);
        g_autofree char *name = g_strndup(open + 2, (gsize)(close - open - 2));
        const char *value = g_hash_table_lookup(places, name);
        g_assert(value);
        g_string_append_len(page, template, open - template);
        g_string_append(page, value);
        template = close + 2;
    }
    g_string_append(page, template);
    return page;
}

/* The page's script, and its hash: the policy lets no other run. */
static void fill_script(GHashTable *places)
{
    g_autofree char *replay = res_html_resource("replay.js");
    g_autofree char *scene = res_html_resource("scene.js");
    g_autofree char *player = res_html_resource("player.js");
    g_autofree char *video = res_html_resource("video.js");
    char *script = g_strconcat("\n", replay, scene, video, player, NULL);
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, (const guchar *)script, -1);
    guint8 digest[32];
    gsize size = sizeof digest;
    g_checksum_get_digest(checksum, digest, &size);
    fill(places, "script", script);
    fill(places, "script_hash", g_base64_encode(digest, size));
    fill(places, "style", res_html_resource("report.css"));
}

/* ---- the scenario --------------------------------------------------------------------------- */

static const cJSON *volatile_of(const res_run *run, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(run->manifest, "volatile"), key);
}

/* The scenario file, if it is still where it was and is still called so; else NULL. */
static char *scenario_text(const res_run *run)
{
    const cJSON *source = volatile_of(run, "source");
    g_autofree char *text = NULL;
    g_autoptr(GKeyFile) scenario = g_key_file_new();
    if (!cJSON_IsString(source) || !g_file_get_contents(source->valuestring, &text, NULL, NULL) ||
        !g_utf8_validate(text, -1, NULL) ||
        !g_key_file_load_from_data(scenario, text, (gsize)-1, G_KEY_FILE_NONE, NULL))
        return NULL;
    g_autofree char *name = g_key_file_get_string(scenario, "scenario", "name", NULL);
    return !name || strcmp(name, run->scenario) == 0 ? g_steal_pointer(&text) : NULL;
}

/* The comment with which the file opens, as it stands; what follows names no figures to look at. */
static char *opening_comment(const char *text)
{
    GString *comment = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] && (*lines[i] == '#' || *lines[i] == ';'); i++)
        if (g_str_has_prefix(lines[i], "# Try"))
            break;
        else
            g_string_append_printf(comment, "%s\n", lines[i]);
    return g_string_free(comment, FALSE);
}

static char *config_text(const res_run *run)
{
    g_autofree char *path = res_run_path(run, "config.ini");
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? text : g_strdup("");
}

/* The scenario's description as this run has it. */
static char *description_of(const res_run *run)
{
    g_autofree char *text = config_text(run);
    g_autoptr(GKeyFile) config = g_key_file_new();
    char *words = NULL;
    if (g_key_file_load_from_data(config, text, (gsize)-1, G_KEY_FILE_NONE, NULL))
        words = g_key_file_get_string(config, "scenario", "description", NULL);
    return words ? words : g_strdup("");
}

static const res_run *shown(const res_report *report, guint index)
{
    return g_ptr_array_index(report->shown, index);
}

/* A study's description is none of its runs' unless all have the same: that may name a value. */
static char *common_description(const res_report *report)
{
    g_autofree char *first = description_of(res_runs_at(report->runs, 0));
    for (guint i = 1; i < report->runs->runs->len; i++) {
        g_autofree char *other = description_of(res_runs_at(report->runs, i));
        if (strcmp(first, other) != 0) return g_strdup("");
    }
    return g_steal_pointer(&first);
}

static void fill_scenario(GHashTable *places, const res_report *report)
{
    g_autofree char *description = common_description(report);
    fill_text(places, "description", description);
    g_autofree char *text = scenario_text(shown(report, 0));
    GString *remarks = g_string_new(NULL);
    if (text) res_remarks_write(text, remarks);
    fill(places, "remarks", g_string_free(remarks, FALSE));
}

static const char *string_of(const cJSON *object, const char *key)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(value) ? value->valuestring : "";
}

static void write_origin(GString *html, const char *name, const char *value)
{
    g_autofree char *safe = res_escape_html(value);
    g_string_append_printf(html, "<div><dt>%s</dt><dd>%s</dd></div>\n", name, safe);
}

static void fill_origins(GHashTable *places, const res_report *report, const GPtrArray *histories)
{
    GString *html = g_string_new(NULL);
    for (guint i = 0; i < report->shown->len; i++) {
        const res_run *run = shown(report, i);
        const res_history *history = g_ptr_array_index(histories, i);
        g_autofree char *config = config_text(run);
        g_autofree char *safe = res_escape_html(config);
        g_autofree char *title = res_escape_html(report->shown->len > 1 ? history->title : "");
        g_string_append_printf(html,
                               "<details>\n<summary>Every key as it was used%s%s; "
                               "<code>minibit-sim</code> runs this file as it is</summary>\n"
                               "<pre class=\"config\" tabindex=\"0\">%s</pre>\n</details>\n"
                               "<dl class=\"origin\">\n",
                               *title ? " by " : "", title, safe);
        write_origin(html, "seed", run->seed);
        write_origin(html, "version", string_of(run->manifest, "version"));
        write_origin(html, "commit", string_of(run->manifest, "commit"));
        write_origin(html, "SHA-256 of the scenario", string_of(run->manifest, "config_sha256"));
        g_string_append(html, "</dl>\n");
    }
    fill(places, "origins", g_string_free(html, FALSE));
}

/* ---- the parts ------------------------------------------------------------------------------ */

static bool compares(const res_report *report)
{
    return report->runs->runs->len > 1;
}

static bool fill_comparison(GHashTable *places, const res_report *report, GError **error)
{
    GString *html = g_string_new(NULL);
    if (compares(report)) {
        g_string_append_printf(html,
                               "<section aria-labelledby=\"comparison\">\n"
                               "<h2 id=\"comparison\">%u runs compared</h2>\n",
                               report->runs->runs->len);
        if (!res_report_comparison(report, html, error)) {
            g_string_free(html, TRUE);
            return false;
        }
        g_string_append(html, "</section>\n");
    }
    fill(places, "comparison", g_string_free(html, FALSE));
    return true;
}

/* Of runs that were replayed side by side all on one clock. */
static void fill_replay(GHashTable *places, const GPtrArray *histories)
{
    GString *json = g_string_new("[");
    int64_t end_ns = 0;
    for (guint i = 0; i < histories->len; i++)
        end_ns = MAX(end_ns, ((const res_history *)g_ptr_array_index(histories, i))->end_ns);
    for (guint i = 0; i < histories->len; i++) {
        const res_history *history = g_ptr_array_index(histories, i);
        if (!history->gains) continue;
        if (json->len > 1) g_string_append_c(json, ',');
        res_replay_write(history, end_ns, json);
    }
    g_string_append_c(json, ']');
    fill(places, "replay", g_string_free(json, FALSE));
}

static bool fill_figures(GHashTable *places, const GPtrArray *histories, GError **error)
{
    GString *html = g_string_new(NULL);
    bool right = res_report_figures(histories, html, error);
    fill(places, "figures", g_string_free(html, FALSE));
    return right;
}

/* Which run the part is of, where there are two. */
static void write_run_title(const res_report *report, const res_history *history, GString *html)
{
    g_autofree char *title = res_escape_html(history->title);
    if (compares(report)) g_string_append_printf(html, "<h3>%s</h3>\n", title);
}

static bool fill_runs(GHashTable *places, const res_report *report, const GPtrArray *histories,
                      GError **error)
{
    GString *facts = g_string_new(NULL), *groups = g_string_new(NULL);
    g_autofree char *text = scenario_text(shown(report, 0));
    g_autofree char *remarks = text ? opening_comment(text) : NULL;
    bool right = true;
    for (guint i = 0; i < histories->len && right; i++) {
        const res_history *history = g_ptr_array_index(histories, i);
        write_run_title(report, history, facts);
        g_string_append(facts, "<dl class=\"facts\">\n");
        res_report_facts(history, remarks, facts);
        g_string_append(facts, "</dl>\n");
        write_run_title(report, history, groups);
        right = res_report_groups(report, shown(report, i), groups, error);
    }
    fill(places, "facts", g_string_free(facts, FALSE));
    fill(places, "groups", g_string_free(groups, FALSE));
    fill_text(places, "title", shown(report, 0)->scenario);
    fill_text(places, "run_title",
              histories->len > 1 ? "Two of the runs"
              : compares(report) ? "One of the runs"
                                 : "The run");
    fill_replay(places, histories);
    return right && fill_figures(places, histories, error);
}

/* The runs that are shown; where folders were given, each says from which it is. */
static GPtrArray *read_histories(const res_report *report, GError **error)
{
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)res_history_free);
    for (guint i = 0; i < report->shown->len; i++) {
        const res_run *run = shown(report, i);
        res_history *history = res_history_read(report->runs, run, true, error);
        if (!history) {
            g_ptr_array_unref(all);
            return NULL;
        }
        if (report->runs->folders > 1) {
            g_autofree char *title = history->title;
            history->title = g_strdup_printf("%s: %s", run->study, title);
        }
        g_ptr_array_add(all, history);
    }
    return all;
}

GString *res_report_write(const res_report *report, GError **error)
{
    g_autoptr(GPtrArray) histories = read_histories(report, error);
    if (!histories) return NULL;
    g_autoptr(GHashTable) places = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    if (!fill_runs(places, report, histories, error) || !fill_comparison(places, report, error))
        return NULL;
    fill_script(places);
    fill_scenario(places, report);
    fill_origins(places, report, histories);
    g_autofree char *template = res_html_resource("report.html");
    return fill_template(template, places);
}
