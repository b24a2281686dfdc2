#include "analysis/report/report.h"

#include <gio/gio.h>
#include <string.h>

#include "analysis/report/page.h"
#include "analysis/report/remarks.h"
#include "analysis/report/replay_data.h"
#include "analysis/report/report_internal.h"
#include "analysis/text/escape.h"

#define RESOURCES "/minibit/report/"

/* ---- the template --------------------------------------------------------------------------- */

static char *resource(const char *name)
{
    g_autofree char *path = g_strconcat(RESOURCES, name, NULL);
    g_autoptr(GBytes) bytes =
        g_resource_lookup_data(res_page_get_resource(), path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    g_assert(bytes);
    gsize size;
    const char *text = g_bytes_get_data(bytes, &size);
    return g_strndup(text, size);
}

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
    g_autofree char *replay = resource("replay.js");
    g_autofree char *scene = resource("scene.js");
    g_autofree char *player = resource("player.js");
    char *script = g_strconcat("\n", replay, scene, player, NULL);
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, (const guchar *)script, -1);
    guint8 digest[32];
    gsize size = sizeof digest;
    g_checksum_get_digest(checksum, digest, &size);
    fill(places, "script", script);
    fill(places, "script_hash", g_base64_encode(digest, size));
    fill(places, "style", resource("report.css"));
}

/* ---- the scenario --------------------------------------------------------------------------- */

static const cJSON *volatile_of(const res_run *run, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(run->manifest, "volatile"), key);
}

/* The comment of the scenario file, if it is still where it was and is still called so. */
static void write_remarks(const res_run *run, GString *html)
{
    const cJSON *source = volatile_of(run, "source");
    g_autofree char *text = NULL;
    g_autoptr(GKeyFile) scenario = g_key_file_new();
    if (!cJSON_IsString(source) || !g_file_get_contents(source->valuestring, &text, NULL, NULL) ||
        !g_utf8_validate(text, -1, NULL) ||
        !g_key_file_load_from_data(scenario, text, (gsize)-1, G_KEY_FILE_NONE, NULL))
        return;
    g_autofree char *name = g_key_file_get_string(scenario, "scenario", "name", NULL);
    if (!name || strcmp(name, run->scenario) == 0) res_remarks_write(text, html);
}

static void fill_scenario(GHashTable *places, const res_run *run)
{
    g_autofree char *path = res_run_path(run, "config.ini");
    g_autofree char *text = NULL;
    g_autofree char *description = NULL;
    g_autoptr(GKeyFile) config = g_key_file_new();
    if (g_file_get_contents(path, &text, NULL, NULL) &&
        g_key_file_load_from_data(config, text, (gsize)-1, G_KEY_FILE_NONE, NULL))
        description = g_key_file_get_string(config, "scenario", "description", NULL);
    fill_text(places, "description", description ? description : "");
    fill_text(places, "config", text ? text : "");
    GString *remarks = g_string_new(NULL);
    write_remarks(run, remarks);
    fill(places, "remarks", g_string_free(remarks, FALSE));
}

static const char *string_of(const cJSON *object, const char *key)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(value) ? value->valuestring : "";
}

static void fill_origin(GHashTable *places, const res_run *run)
{
    fill_text(places, "seed", run->seed);
    fill_text(places, "version", string_of(run->manifest, "version"));
    fill_text(places, "commit", string_of(run->manifest, "commit"));
    fill_text(places, "config_sha256", string_of(run->manifest, "config_sha256"));
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

typedef bool part_writer(const res_history *history, GString *html, GError **error);

static bool fill_part(GHashTable *places, const char *name, const res_history *history,
                      part_writer *write, GError **error)
{
    GString *html = g_string_new(NULL);
    bool right = write(history, html, error);
    fill(places, name, g_string_free(html, FALSE));
    return right;
}

static void fill_replay(GHashTable *places, const res_history *history)
{
    GString *json = g_string_new(NULL);
    if (history->gains)
        res_replay_write(history, json);
    else
        g_string_append(json, "null");
    fill(places, "replay", g_string_free(json, FALSE));
}

static bool fill_run(GHashTable *places, const res_report *report, const res_history *history,
                     GError **error)
{
    GString *groups = g_string_new(NULL);
    bool right = res_report_groups(report, groups, error);
    fill(places, "groups", g_string_free(groups, FALSE));
    fill_text(places, "title", report->run->scenario);
    g_autofree char *one = g_strdup_printf("One run: %s", history->title);
    fill_text(places, "run_title", compares(report) ? one : "The run");
    fill_replay(places, history);
    return right && fill_part(places, "facts", history, res_report_facts, error) &&
           fill_part(places, "figures", history, res_report_figures, error);
}

GString *res_report_write(const res_report *report, GError **error)
{
    g_autoptr(res_history) history = res_history_read(report->runs, report->run, true, error);
    if (!history) return NULL;
    g_autoptr(GHashTable) places = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    if (!fill_run(places, report, history, error) || !fill_comparison(places, report, error))
        return NULL;
    fill_script(places);
    fill_scenario(places, report->run);
    fill_origin(places, report->run);
    g_autofree char *template = resource("report.html");
    return fill_template(template, places);
}
