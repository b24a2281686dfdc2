#include "analysis/data/same_bytes.h"

#include "analysis/data/sha256.h"
#include "analysis/data/source.h"

#include <string.h>

/* So much of a line that differs is shown. */
#define SHOWN_MAX 60

/* ---- the manifest -------------------------------------------------------------------------- */

static const cJSON *files_of(const res_run *run)
{
    return cJSON_GetObjectItemCaseSensitive(run->manifest, "files");
}

/* SHA-256 of what the source has left, as hexadecimal digits, or with an error. */
static char *hash_source(res_source *source, GError **error)
{
    const uint8_t *data;
    size_t got;
    GError *failure = NULL;
    EVP_MD_CTX *hash = res_sha256_begin();
    while ((got = res_source_chunk(source, &data, &failure)) > 0)
        EVP_DigestUpdate(hash, data, got);
    if (failure) g_propagate_error(error, failure);
    return res_sha256_end(hash);
}

static bool check_file(const res_run *run, const cJSON *entry, GError **error)
{
    const cJSON *wanted = cJSON_GetObjectItemCaseSensitive(entry, "sha256");
    g_autofree char *path = res_run_path(run, entry->string);
    if (!cJSON_IsString(wanted))
        return res_input_error(error, "%s/manifest.json: no sha256 of %s", run->folder,
                               entry->string);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return res_input_error(error, "%s: missing, though the manifest names it", path);
    g_autoptr(res_source) source = res_source_open(path, error);
    GError *failure = NULL;
    g_autofree char *found = source ? hash_source(source, &failure) : NULL;
    if (failure) g_propagate_error(error, failure);
    if (!source || failure) return false;
    if (strcmp(found, wanted->valuestring) == 0) return true;
    return res_input_error(error, "%s: changed since the run (its SHA-256 is not the manifest's)",
                           path);
}

bool res_same_as_manifest(const res_run *run, GError **error)
{
    const cJSON *entry = NULL;
    if (!cJSON_IsObject(files_of(run)) || !files_of(run)->child)
        return res_input_error(error, "%s/manifest.json: names no files", run->folder);
    cJSON_ArrayForEach(entry, files_of(run))
    {
        if (!check_file(run, entry, error)) return false;
    }
    return true;
}

/* ---- line by line -------------------------------------------------------------------------- */

/* One of two files that are read line by line. */
struct side {
    res_source *source;
    const char *folder;
    GString *line;
    bool ended; /* there is no such line any more */
    bool open;  /* the line has no end */
};

/* Reads the next line, without its end; false with an error. */
static bool read_line(struct side *side, GError **error)
{
    int byte = 0;
    g_string_truncate(side->line, 0);
    while ((byte = res_source_byte(side->source, error)) >= 0 && byte != '\n')
        g_string_append_c(side->line, (char)byte);
    side->open = byte == RES_SOURCE_END;
    side->ended = side->open && side->line->len == 0;
    return byte != RES_SOURCE_FAILED;
}

/* A key of config.ini whose value is a path as seen from the run's folder: the path itself. */
static char *resolved_path(const struct side *side)
{
    static const char *const keys[] = {"path = ", "trace = ", "arrival = trace "};
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (!g_str_has_prefix(side->line->str, keys[i])) continue;
        g_autofree char *folder = g_canonicalize_filename(side->folder, NULL);
        return g_canonicalize_filename(side->line->str + strlen(keys[i]), folder);
    }
    return NULL;
}

static bool same_line(const struct side *a, const struct side *b, bool is_config)
{
    if (a->ended || b->ended) return a->ended == b->ended;
    if (g_string_equal(a->line, b->line)) return a->open == b->open;
    g_autofree char *a_path = is_config ? resolved_path(a) : NULL;
    g_autofree char *b_path = is_config ? resolved_path(b) : NULL;
    return a_path && b_path && strcmp(a_path, b_path) == 0;
}

/* Bytes that both lines begin with. */
static size_t common_size(const GString *a, const GString *b)
{
    size_t size = 0;
    while (size < a->len && size < b->len && a->str[size] == b->str[size])
        size++;
    return size;
}

/* A line in quotes from shortly before byte `at`, cut short, or that there is none. */
static char *shown(const struct side *side, size_t at)
{
    if (side->ended) return g_strdup("nothing");
    size_t start = at > SHOWN_MAX / 2 ? at - SHOWN_MAX / 2 : 0;
    size_t size = MIN(side->line->len - start, SHOWN_MAX);
    g_autofree char *valid = g_utf8_make_valid(side->line->str + start, (gssize)size);
    return g_strdup_printf("'%s%s%s'%s", start ? "…" : "", valid,
                           start + size < side->line->len ? "…" : "",
                           side->open ? " without a line end" : "");
}

static bool compare_lines(struct side *a, struct side *b, bool is_config, GError **error)
{
    for (uint64_t number = 1; read_line(a, error) && read_line(b, error); number++) {
        if (!same_line(a, b, is_config)) {
            size_t at = common_size(a->line, b->line);
            g_autofree char *before = shown(a, at);
            g_autofree char *after = shown(b, at);
            return res_failure(error, "%s: line %" G_GUINT64_FORMAT " is %s, run again %s",
                               res_source_path(a->source), number, before, after);
        }
        if (a->ended) return true;
    }
    return false;
}

static bool compare_file(const res_run *run, const res_run *again, const char *name, GError **error)
{
    g_autofree char *a_path = res_run_path(run, name);
    g_autofree char *b_path = res_run_path(again, name);
    g_autoptr(res_source) a_source = res_source_open(a_path, error);
    g_autoptr(res_source) b_source = a_source ? res_source_open(b_path, error) : NULL;
    if (!b_source) return false;
    struct side a = {a_source, run->folder, g_string_new(NULL), false, false};
    struct side b = {b_source, again->folder, g_string_new(NULL), false, false};
    bool same = compare_lines(&a, &b, strcmp(name, "config.ini") == 0, error);
    g_string_free(a.line, TRUE);
    g_string_free(b.line, TRUE);
    return same;
}

/* What the manifest says of the file is the quick way to know that both are equal. */
static bool same_hash(const cJSON *a, const cJSON *b)
{
    const cJSON *a_hash = cJSON_GetObjectItemCaseSensitive(a, "sha256");
    const cJSON *b_hash = cJSON_GetObjectItemCaseSensitive(b, "sha256");
    return cJSON_IsString(a_hash) && cJSON_IsString(b_hash) &&
           strcmp(a_hash->valuestring, b_hash->valuestring) == 0;
}

/* The first file that `other` has and `run` has not; NULL if there is none. */
static const char *only_there(const res_run *run, const res_run *other)
{
    const cJSON *entry = NULL;
    cJSON_ArrayForEach(entry, files_of(other))
    {
        if (!cJSON_GetObjectItemCaseSensitive(files_of(run), entry->string)) return entry->string;
    }
    return NULL;
}

bool res_same_again(const res_run *run, const res_run *again, GError **error)
{
    const char *gone = only_there(again, run), *new = only_there(run, again);
    if (gone) return res_failure(error, "%s/%s: not there when run again", run->folder, gone);
    if (new) return res_failure(error, "%s/%s: there only when run again", run->folder, new);
    const cJSON *entry = NULL;
    cJSON_ArrayForEach(entry, files_of(run))
    {
        const cJSON *other = cJSON_GetObjectItemCaseSensitive(files_of(again), entry->string);
        bool same = same_hash(entry, other) || compare_file(run, again, entry->string, error);
        if (!same) return false;
    }
    return true;
}
