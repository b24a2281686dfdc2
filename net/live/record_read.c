#include "net/live/record_read.h"

#include "core/units.h"
#include "net/io/memory.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fields of a row, by their columns. */
enum {
#define REC_PROVENANCE(NAME, ...) GAIN_##NAME,
#include "record/columns.def"
    GAIN_FIELDS
};
enum {
#define REC_COMPLETION(NAME, ...) ROW_##NAME,
#include "record/columns.def"
    ROW_FIELDS
};
#define NUMBER_MAX ((uint64_t)INT64_MAX)
/* The largest number of a JSON text that is taken: all up to it are exact. */
#define WHOLE_MAX (UINT64_C(1) << 53)
/* No link is faster, in bytes a second, so that its rate fits its type. */
#define RATE_MAX (UINT64_C(1) << 47)

uint32_t net_csv_split(char *line, char **fields, uint32_t max)
{
    assert(max > 0);
    uint32_t count = 0;
    char *at = line;
    while (count < max) {
        char *to = at;
        bool quoted = *at == '"';
        fields[count++] = to;
        if (quoted) at++;
        while (*at && (quoted || *at != ',')) {
            if (quoted && *at == '"' && *++at != '"') {
                quoted = false;
                continue;
            }
            *to++ = *at++;
        }
        bool last = *at == '\0';
        *to = '\0';
        if (last) break;
        at++;
    }
    return count;
}

static char *text_of(const char *folder, const char *name)
{
    char *path = g_build_filename(folder, name, NULL), *text;
    if (!g_file_get_contents(path, &text, NULL, NULL)) text = NULL;
    g_free(path);
    return text;
}

/* The lines of a file after its header; those without an end are left out. g_strfreev() them. */
static char **lines_of(const char *folder, const char *name)
{
    char *text = text_of(folder, name);
    char **lines = g_strsplit(text ? text : "", "\n", -1);
    guint count = g_strv_length(lines);
    g_free(text);
    if (count > 0) g_clear_pointer(&lines[count - 1], g_free); /* what is behind the last end */
    if (count < 2) return lines;
    g_free(lines[0]);
    memmove(lines, lines + 1, (count - 1) * sizeof *lines);
    return lines;
}

static uint32_t name_index(net_recorded *recorded, const char *name)
{
    assert(name);
    gpointer found = g_hash_table_lookup(recorded->index, name);
    if (found) return GPOINTER_TO_UINT(found) - 1;
    char *kept = g_strdup(name);
    g_ptr_array_add(recorded->names, kept);
    g_hash_table_insert(recorded->index, kept, GUINT_TO_POINTER(recorded->names->len));
    return recorded->names->len - 1;
}

/* ---- provenance ---------------------------------------------------------------------------- */

static bool read_gain(net_recorded *recorded, char *line, const mb_geometry *geometry,
                      net_gain *gain)
{
    char *fields[GAIN_FIELDS];
    uint64_t block;
    if (net_csv_split(line, fields, GAIN_FIELDS) != GAIN_FIELDS) return false;
    int via = rec_word_find(rec_via_words, MB_VIA_COUNT, fields[GAIN_via]);
    bool initial = via == MB_VIA_INITIAL;
    int role = initial ? REC_ROLE_LEECHER
                       : rec_word_find(rec_role_words, REC_ROLE_COUNT, fields[GAIN_from_role]);
    if (via < 0 || role < 0 || !*fields[GAIN_peer] || (!initial && !*fields[GAIN_from]) ||
        mb_decimal_parse(fields[GAIN_time_s], 9, &gain->time) ||
        mb_decimal_parse(fields[GAIN_started_s], 9, &gain->started) ||
        mb_count_parse(fields[GAIN_bytes], NUMBER_MAX, &gain->bytes) ||
        mb_count_parse(fields[GAIN_block], geometry->blocks, &block) || block >= geometry->blocks)
        return false;
    gain->peer = name_index(recorded, fields[GAIN_peer]);
    if (initial)
        gain->from = NET_FROM_NONE;
    else if (strcmp(fields[GAIN_from], "tracker") == 0)
        gain->from = NET_FROM_TRACKER;
    else
        gain->from = name_index(recorded, fields[GAIN_from]);
    gain->block = (uint32_t)block;
    gain->role = (uint8_t)role;
    gain->via = (uint8_t)via;
    return true;
}

static void read_provenance(net_recorded *recorded, const char *folder, const char *whose,
                            const mb_geometry *geometry)
{
    char **lines = lines_of(folder, "provenance.csv");
    for (char **line = lines; *line; line++) {
        net_gain gain = {0};
        char *kept = g_strdup(*line);
        for (char *at = kept; *at; at++)
            if (g_ascii_iscntrl(*at)) *at = '?';
        if (read_gain(recorded, *line, geometry, &gain))
            g_array_append_val(recorded->gains, gain);
        else
            fprintf(stderr, "minibit-live: %s: a row of its record is left out: %s\n", whose, kept);
        g_free(kept);
    }
    g_strfreev(lines);
}

/* ---- completion ---------------------------------------------------------------------------- */

/* A time of the record; MB_NEVER where the field is empty or no time. */
static mb_time field_time(const char *field)
{
    mb_time time;
    return mb_decimal_parse(field, 9, &time) ? MB_NEVER : time;
}

static uint64_t field_number(const char *field)
{
    uint64_t number;
    return mb_count_parse(field, NUMBER_MAX, &number) ? 0 : number;
}

static void read_row(net_recorded *recorded, char *line)
{
    char *fields[ROW_FIELDS];
    if (net_csv_split(line, fields, ROW_FIELDS) != ROW_FIELDS) return;
    uint32_t name = name_index(recorded, fields[ROW_peer]);
    int status = rec_word_find(rec_status_words, REC_STATUS_COUNT, fields[ROW_status]);
    net_peer_row row = {
        .name = g_ptr_array_index(recorded->names, name),
        .arrived = field_time(fields[ROW_arrived_s]),
        .first_block = MB_NEVER,
        .completed = field_time(fields[ROW_completed_s]),
        .left = field_time(fields[ROW_left_s]),
        .uploaded_bytes = field_number(fields[ROW_uploaded_bytes]),
        .downloaded_bytes = field_number(fields[ROW_downloaded_bytes]),
        .wasted_bytes = field_number(fields[ROW_wasted_bytes]),
        .refusals = (uint32_t)field_number(fields[ROW_refusals]),
        .status = status < 0 ? REC_STATUS_INCOMPLETE : (rec_status)status,
    };
    g_array_append_val(recorded->rows, row);
}

static void read_completion(net_recorded *recorded, const char *folder)
{
    char **lines = lines_of(folder, "completion.csv");
    for (char **line = lines; *line; line++)
        read_row(recorded, *line);
    g_strfreev(lines);
}

/* ---- summary ------------------------------------------------------------------------------- */

static uint64_t whole_number(const cJSON *object, const char *key)
{
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(object, key);
    bool fits = cJSON_IsNumber(number) && number->valuedouble >= 0 &&
                number->valuedouble <= (double)WHOLE_MAX;
    return fits ? (uint64_t)number->valuedouble : 0;
}

/* NULL: no text, or no JSON. Without memory it ends: what cannot be read now is not damaged. */
static cJSON *parse(const char *text)
{
    cJSON_Hooks hooks = {.malloc_fn = net_alloc, .free_fn = free};

    cJSON_InitHooks(&hooks);
    return text ? cJSON_Parse(text) : NULL;
}

static void read_summary(net_recorded *recorded, const char *folder)
{
    char *text = text_of(folder, "summary.json");
    cJSON *summary = parse(text);
    recorded->ended = summary != NULL;
    recorded->requests = whole_number(summary, "requests");
    recorded->refusals = whole_number(summary, "refusals");
    cJSON_Delete(summary);
    g_free(text);
}

/* ---- the whole ----------------------------------------------------------------------------- */

net_recorded *net_record_read(const char *folder, const char *whose, const mb_geometry *geometry)
{
    net_recorded *recorded = g_new0(net_recorded, 1);
    recorded->names = g_ptr_array_new_with_free_func(g_free);
    recorded->index = g_hash_table_new(g_str_hash, g_str_equal);
    recorded->rows = g_array_new(FALSE, FALSE, sizeof(net_peer_row));
    recorded->gains = g_array_new(FALSE, FALSE, sizeof(net_gain));
    read_completion(recorded, folder);
    read_provenance(recorded, folder, whose, geometry);
    read_summary(recorded, folder);
    return recorded;
}

void net_recorded_free(net_recorded *recorded)
{
    if (!recorded) return;
    g_hash_table_destroy(recorded->index);
    g_array_free(recorded->rows, TRUE);
    g_array_free(recorded->gains, TRUE);
    g_ptr_array_free(recorded->names, TRUE);
    g_free(recorded);
}

/* ---- the head ------------------------------------------------------------------------------ */

static const char *string_at(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static bool take_head(const cJSON *json, net_record_head *head)
{
    const char *started = string_at(json, "started"), *encoding = string_at(json, "encoding");
    uint64_t size = whole_number(json, "file_bytes"), block = whole_number(json, "block_bytes");
    if (!string_at(json, "id") || !string_at(json, "group") || !started || !encoding) return false;
    if (mb_decimal_parse(started, 9, &head->started) || block == 0 || block > UINT32_MAX)
        return false;
    if (mb_geometry_init(&head->geometry, size, (uint32_t)block)) return false;
    uint64_t up = whole_number(json, "up_bytes_per_s");
    uint64_t down = whole_number(json, "down_bytes_per_s");
    if (up > RATE_MAX || down > RATE_MAX) return false;
    head->id = g_strdup(string_at(json, "id"));
    head->group = g_strdup(string_at(json, "group"));
    head->root = g_strdup(string_at(json, "root"));
    head->up = up << 16;
    head->down = down << 16;
    head->encoding = strcmp(encoding, "raw") == 0 ? MB_ENCODING_RAW : MB_ENCODING_BASE64;
    return true;
}

bool net_record_head_read(const char *folder, net_record_head *head, char **error)
{
    char *text = text_of(folder, "record.json"), *manifest = text_of(folder, "manifest.json");
    cJSON *json = parse(text);
    bool right = json && take_head(json, head);
    if (!g_file_test(folder, G_FILE_TEST_IS_DIR))
        *error = g_strdup_printf("%s: no such folder", folder);
    else if (!text && manifest)
        *error = g_strdup_printf("%s: a run's results, not one program's record", folder);
    else if (!text)
        *error = g_strdup_printf(
            "%s: no record of minibit-peer or minibit-tracker (no record.json)", folder);
    else if (!right)
        *error = g_strdup_printf("%s/record.json is damaged", folder);
    cJSON_Delete(json);
    g_free(manifest);
    g_free(text);
    return right;
}

void net_record_head_clear(net_record_head *head)
{
    g_free(head->id);
    g_free(head->group);
    g_free(head->root);
}
