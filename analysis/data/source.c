#include "analysis/data/source.h"

#include "analysis/data/interrupt.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdbool.h>
#include <stdio.h>
#include <zstd.h>
#include <zstd_errors.h>

#define CHUNK ((size_t)1 << 17)

struct res_source {
    FILE *file;
    char *path;
    ZSTD_DStream *zstd;  /* NULL: the file is not compressed */
    ZSTD_inBuffer input; /* compressed bytes not yet used, in `raw` */
    bool in_frame;       /* a frame has begun and not ended */
    uint8_t *raw;        /* bytes of the file */
    uint8_t *plain;      /* decompressed bytes; `raw` where nothing is compressed */
    size_t at, filled;   /* of `plain`: handed out, there */
    uint64_t past;       /* bytes of chunks before this one */
};

/* Opens `path` or what stands for it; *chosen is the path opened, or NULL. */
static FILE *open_either(const char *path, char **chosen)
{
    *chosen = g_strdup(path);
    FILE *file = g_fopen(path, "rbe");
    if (file || errno != ENOENT) return file;
    g_free(*chosen);
    *chosen = g_strconcat(path, ".zst", NULL);
    return g_fopen(*chosen, "rbe");
}

res_source *res_source_open(const char *path, GError **error)
{
    char *chosen;
    FILE *file = open_either(path, &chosen);
    if (!file || g_file_test(chosen, G_FILE_TEST_IS_DIR)) {
        int code = file ? EISDIR : errno;
        if (code == ENOENT)
            res_input_error(error, "%s: no such file", path);
        else
            res_input_error(error, "%s: %s", chosen, g_strerror(code));
        if (file) fclose(file);
        g_free(chosen);
        return NULL;
    }
    res_source *source = g_new0(res_source, 1);
    source->file = file;
    source->path = chosen;
    source->raw = g_malloc(CHUNK);
    source->input.src = source->raw;
    bool compressed = g_str_has_suffix(chosen, ".zst");
    source->plain = compressed ? g_malloc(CHUNK) : source->raw;
    if (compressed) source->zstd = ZSTD_createDStream();
    if (!compressed || source->zstd) return source;
    res_failure(error, "%s: out of memory", chosen);
    res_source_close(source);
    return NULL;
}

const char *res_source_path(const res_source *source)
{
    return source->path;
}

/* The next bytes of the file itself into `raw`. Whatever reads for long ends here when it is
 * interrupted. */
static size_t read_raw(res_source *source, GError **error)
{
    if (res_interrupted()) return res_interrupt_error(error);
    size_t got = fread(source->raw, 1, CHUNK, source->file);
    if (got == 0 && ferror(source->file)) res_failure(error, "%s: cannot be read", source->path);
    return got;
}

/* Reads compressed bytes where none are left; *ended tells that the file has no more. */
static bool refill(res_source *source, bool *ended, GError **error)
{
    *ended = false;
    if (source->input.pos < source->input.size) return true;
    GError *failure = NULL;
    source->input.size = read_raw(source, &failure);
    source->input.pos = 0;
    *ended = source->input.size == 0;
    if (failure) g_propagate_error(error, failure);
    return !failure;
}

/* Decompresses until something comes out or nothing is left; false on failure. */
static bool decompress(res_source *source, GError **error)
{
    ZSTD_outBuffer output = {.dst = source->plain, .size = CHUNK};
    bool ended = false;
    while (output.pos == 0 && !ended) {
        if (!refill(source, &ended, error)) return false;
        if (ended && !source->in_frame) break;
        /* Even at the end of the file: zstd may hold output that did not fit before. */
        size_t left = ZSTD_decompressStream(source->zstd, &output, &source->input);
        if (ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation)
            return res_failure(error, "%s: out of memory", source->path);
        if (ZSTD_isError(left))
            return res_input_error(error, "%s: not a whole zstd file (%s)", source->path,
                                   ZSTD_getErrorName(left));
        source->in_frame = left != 0;
    }
    if (ended && source->in_frame && output.pos == 0)
        return res_input_error(error, "%s: the zstd file is cut off", source->path);
    source->filled = output.pos;
    return true;
}

/* Fills `plain` anew; false on failure. `filled` is 0 at the end. */
static bool fill(res_source *source, GError **error)
{
    source->past += source->filled;
    source->at = source->filled = 0;
    if (source->zstd) return decompress(source, error);
    GError *failure = NULL;
    source->filled = read_raw(source, &failure);
    if (failure) g_propagate_error(error, failure);
    return !failure;
}

int res_source_byte(res_source *source, GError **error)
{
    if (G_UNLIKELY(source->at == source->filled)) {
        if (!fill(source, error)) return RES_SOURCE_FAILED;
        if (source->filled == 0) return RES_SOURCE_END;
    }
    return source->plain[source->at++];
}

size_t res_source_chunk(res_source *source, const uint8_t **data, GError **error)
{
    if (source->at == source->filled && !fill(source, error)) return 0;
    size_t size = source->filled - source->at;
    *data = source->plain + source->at;
    source->at = source->filled;
    return size;
}

uint64_t res_source_size(const res_source *source)
{
    return source->past + source->at;
}

void res_source_close(res_source *source)
{
    if (!source) return;
    fclose(source->file);
    ZSTD_freeDStream(source->zstd);
    if (source->plain != source->raw) g_free(source->plain);
    g_free(source->raw);
    g_free(source->path);
    g_free(source);
}
