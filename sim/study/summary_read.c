#include "sim/study/summary_read.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <glib.h>
#include <string.h>

/* What is behind the pointer is cJSON's own tree. */

/* The end of the string that begins at `at` with its quote; the text's end if it has none. */
static const char *skip_string(const char *at)
{
    for (at++; *at && *at != '"'; at++) {
        if (*at == '\\' && at[1]) at++;
    }
    return *at ? at + 1 : at;
}

/* The JSON with each number as a string. */
static char *quote_numbers(const char *json)
{
    static const char number[] = "+-.0123456789eE";
    GString *text = g_string_sized_new(strlen(json) * 2);
    while (*json) {
        const char *end = json + 1;
        bool is_number = g_ascii_isdigit(*json) || *json == '-';
        if (*json == '"')
            end = skip_string(json);
        else if (is_number)
            end = json + strspn(json, number);
        if (is_number) g_string_append_c(text, '"');
        g_string_append_len(text, json, end - json);
        if (is_number) g_string_append_c(text, '"');
        json = end;
    }
    return g_string_free(text, FALSE);
}

sim_summary *sim_summary_parse(const char *json)
{
    char *quoted = quote_numbers(json);
    cJSON *tree = cJSON_Parse(quoted);
    g_free(quoted);
    if (tree && !cJSON_IsObject(tree)) {
        cJSON_Delete(tree);
        tree = NULL;
    }
    return (sim_summary *)tree;
}

void sim_summary_free(sim_summary *summary)
{
    cJSON_Delete((cJSON *)summary);
}

const char *sim_summary_get(const sim_summary *summary, const char *path)
{
    assert(path[0]);
    char **keys = g_strsplit(path, ".", -1);
    const cJSON *at = (const cJSON *)summary;
    for (char **key = keys; *key && at; key++)
        at = cJSON_GetObjectItemCaseSensitive(at, *key);
    g_strfreev(keys);
    if (cJSON_IsString(at)) return at->valuestring;
    if (cJSON_IsTrue(at)) return "true";
    return cJSON_IsFalse(at) ? "false" : NULL;
}
