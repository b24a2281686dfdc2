/*
 * Fuzzes what analysis reads of a run: the first line of the input names a file of tests/fuzz/run,
 * the rest takes its place. What is read holds together, the report's replay of it is JSON that
 * decodes again to as many gains and peers, and what is refused is told in one line.
 */
#include "analysis/data/tables.h"
#include "analysis/explain/events.h"
#include "analysis/report/replay_data.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <glib/gstdio.h>
#include <string.h>

static const char *const files[] = {"manifest.json",  "config.ini",     "summary.json",
                                    "completion.csv", "provenance.csv", "timeline.csv",
                                    "events.csv"};
#define FILES G_N_ELEMENTS(files)

/* A run of more peers or rows than this is another program's test. */
enum { NUMBERS_MAX = 1 << 16 };

static void take_error(GError **error)
{
    assert(*error);
    fuzz_check_error((*error)->message);
    g_clear_error(error);
}

/* ---- the folder ----------------------------------------------------------------------------- */

/* The manifest with the right size of the table that was put, so that its rows are looked at. */
static void put_manifest(const char *text, const char *name, size_t size)
{
    cJSON *json = cJSON_Parse(text), *file;
    assert(json);
    file = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(json, "files"), name);
    if (file) cJSON_SetNumberValue(cJSON_GetObjectItemCaseSensitive(file, "bytes"), (double)size);
    char *changed = cJSON_Print(json);
    fuzz_put(files[0], changed, strlen(changed));
    cJSON_free(changed);
    cJSON_Delete(json);
}

/* Puts the run's files, one of them replaced; -1 where the input names none. */
static int put_run(const uint8_t *data, size_t size)
{
    static char *texts[FILES];
    static gsize sizes[FILES];
    static int last = -1; /* that was replaced before */
    int chosen = -1;
    const uint8_t *end = memchr(data, '\n', size);
    size_t name_size = end ? (size_t)(end - data) : 0;
    for (size_t i = 0; i < FILES; i++) {
        char *path = g_build_filename(MB_FUZZ_RUN, files[i], NULL);
        if (!texts[i] && !g_file_get_contents(path, &texts[i], &sizes[i], NULL))
            g_error("%s", path);
        if (strlen(files[i]) == name_size && memcmp(files[i], data, name_size) == 0)
            chosen = (int)i;
        g_free(path);
    }
    if (chosen < 0) return -1;
    size_t rest = size - name_size - 1;
    for (size_t i = 0; i < FILES; i++)
        if ((int)i == last || last < 0) fuzz_put(files[i], texts[i], sizes[i]);
    last = chosen;
    fuzz_put(files[chosen], end + 1, rest);
    if (chosen > 0) put_manifest(texts[0], files[chosen], rest);
    return chosen;
}

/* ---- the report's data ---------------------------------------------------------------------- */

/* The numbers of a packed column, added up in *sum. */
static uint64_t unpack(const cJSON *json, const char *name, uint64_t *sum)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
    gsize size;
    uint64_t count = 0, value = 0;
    int shift = 0;
    assert(text);
    guchar *bytes = g_base64_decode(text, &size);
    for (gsize i = 0; i < size; i++) {
        value |= (uint64_t)(bytes[i] & 0x7f) << shift;
        shift += 7;
        if (bytes[i] & 0x80) continue;
        *sum += value;
        count++;
        value = 0;
        shift = 0;
    }
    assert(shift == 0);
    g_free(bytes);
    return count;
}

static void check_replay(const res_history *history)
{
    GString *text = g_string_new(NULL);
    int64_t latest = 0;
    uint64_t at = 0, unused = 0;
    res_replay_write(history, history->end_ns, text);
    assert(!strpbrk(text->str, "<>&\n"));
    cJSON *json = cJSON_Parse(text->str);
    assert(json);
    uint64_t unit = (uint64_t)cJSON_GetObjectItemCaseSensitive(json, "unit_ns")->valuedouble;
    assert((guint)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "peers")) ==
           res_history_peers(history));
    for (guint i = 0; i < history->gains->len; i++)
        latest = MAX(latest, res_history_gain(history, i)->time_ns);
    uint64_t gains = unpack(json, "time", &at);
    assert(gains <= history->gains->len);
    assert(unpack(json, "to", &unused) == gains);
    assert(gains < history->gains->len || (unsigned __int128)at * unit >= (uint64_t)latest);
    assert(unpack(json, "giver", &unused) == gains && unpack(json, "block", &unused) == gains);
    assert(unpack(json, "took", &unused) == gains);
    cJSON_Delete(json);
    g_string_free(text, TRUE);
}

static void check_history(const res_runs *runs)
{
    GError *error = NULL;
    g_autoptr(res_history) history = res_history_read(runs, res_runs_at(runs, 0), true, &error);
    if (!history) {
        take_error(&error);
        return;
    }
    for (guint i = 0; history->gains && i < history->gains->len; i++) {
        const res_gain *gain = res_history_gain(history, i);
        assert(gain->to < history->nodes->len && gain->block < MAX(history->blocks, 1));
        assert(gain->from == RES_NOBODY || gain->from < history->nodes->len);
        assert(gain->time_ns >= 0 && gain->started_ns >= 0 && gain->role < RES_ROLES);
    }
    if (history->gains && res_history_peers(history) < NUMBERS_MAX) check_replay(history);
}

/* ---- events ---------------------------------------------------------------------------------- */

static void check_events(const res_run *run)
{
    GError *error = NULL;
    res_event event;
    g_autoptr(res_facts) facts = res_facts_read(run, &error);
    if (!facts) {
        take_error(&error);
        return;
    }
    for (guint node = 0; node < facts->nodes->len; node++)
        assert(res_facts_node(facts, node)->group < facts->groups->len);
    g_autoptr(res_events) events = res_events_open(run, facts, &error);
    if (!events) {
        take_error(&error);
        return;
    }
    while (res_events_next(events, &event, &error)) {
        assert(event.node < facts->nodes->len && event.time >= 0 && event.kind < RES_EVENT_KINDS);
        assert(event.other == RES_NODE_NONE || event.other < facts->nodes->len);
        assert(event.block == RES_BLOCK_NONE || event.block < facts->blocks);
    }
    if (error) take_error(&error);
}

/* Every row of every table, as many fields as columns, none with a zero byte. */
static void check_tables(const res_run *run)
{
    for (size_t t = 0; t < res_table_count; t++) {
        GError *error = NULL;
        g_autoptr(res_csv) csv = res_run_table(run, res_tables[t].name, &error);
        if (!csv) {
            take_error(&error);
            continue;
        }
        uint64_t line = res_csv_line(csv);
        while (res_csv_next(csv, &error)) {
            assert(res_csv_line(csv) > line);
            line = res_csv_line(csv);
            for (size_t c = 0; c < res_csv_column_count(csv); c++)
                assert(res_csv_field(csv, c));
        }
        if (error) take_error(&error);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    GError *error = NULL;
    if (put_run(data, size) < 0) return 0;
    char *folders[] = {(char *)fuzz_folder(), NULL};
    g_autoptr(res_runs) runs = res_runs_open(folders, &error);
    if (!runs) {
        take_error(&error);
        return 0;
    }
    check_tables(res_runs_at(runs, 0));
    check_history(runs);
    check_events(res_runs_at(runs, 0));
    return 0;
}
