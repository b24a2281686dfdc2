/*
 * Fuzzes the reader of compressed tables: it hands out byte by byte what it hands out in pieces,
 * takes exactly the files that zstd's simple decoder takes whole, and a cut file is an error.
 *
 * The input is the file. Where its first byte is 'Z', the rest is compressed first, and the file
 * must come back as it was.
 */
#include "analysis/data/source.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

/* More than this of one file is not looked at: some bytes of zstd make gigabytes. */
#define PLAIN_MAX (1 << 20)

/* What streams refuse and the simple decoder takes: a window of more than 128 MiB. */
static bool is_too_wide(const GError *error)
{
    return strstr(error->message, "too much memory") != NULL;
}

/* All that the source gives, in pieces or byte by byte; false where it failed. */
static bool read_all(const char *path, bool bytes, GByteArray *out, bool *wide)
{
    GError *error = NULL;
    g_autoptr(res_source) source = res_source_open(path, &error);
    assert(source);
    while (out->len <= PLAIN_MAX) {
        const uint8_t *data;
        guint8 byte;
        if (bytes) {
            int got = res_source_byte(source, &error);
            if (got < 0) break;
            byte = (guint8)got;
            g_byte_array_append(out, &byte, 1);
        } else {
            size_t size = res_source_chunk(source, &data, &error);
            if (size == 0) break;
            g_byte_array_append(out, data, (guint)size);
        }
    }
    if (out->len <= PLAIN_MAX) assert(res_source_size(source) == out->len);
    if (!error) return true;
    fuzz_check_error(error->message);
    *wide = is_too_wide(error);
    g_error_free(error);
    return false;
}

/* Whether the simple decoder takes frame after frame, with nothing over; unknown sizes apart. */
static bool is_whole(const uint8_t *data, size_t size, bool *known)
{
    static uint8_t plain[PLAIN_MAX];
    size_t got = ZSTD_decompress(plain, sizeof plain, data, size);
    *known = !ZSTD_isError(got) || ZSTD_getErrorCode(got) != ZSTD_error_dstSize_tooSmall;
    return !ZSTD_isError(got);
}

static void check_file(const uint8_t *data, size_t size, const uint8_t *wanted, size_t wanted_size)
{
    char *path = g_strdup(fuzz_put("table.zst", data, size));
    GByteArray *pieces = g_byte_array_new(), *bytes = g_byte_array_new();
    bool known, wide = false;
    bool fine = read_all(path, false, pieces, &wide), again = read_all(path, true, bytes, &wide);
    bool whole = is_whole(data, size, &known);
    assert(fine == again);
    if (pieces->len <= PLAIN_MAX) {
        assert(pieces->len == bytes->len);
        assert(bytes->len == 0 || memcmp(pieces->data, bytes->data, bytes->len) == 0);
        if (known) assert(!whole || fine || wide);
    }
    if (wanted) {
        assert(fine && bytes->len == wanted_size);
        assert(wanted_size == 0 || memcmp(bytes->data, wanted, wanted_size) == 0);
    }
    g_byte_array_unref(pieces);
    g_byte_array_unref(bytes);
    g_free(path);
}

/* Compressed, and cut at some places: each cut is told. */
static void check_compressed(const uint8_t *data, size_t size)
{
    size_t room = ZSTD_compressBound(size);
    uint8_t *file = g_malloc(room);
    size_t packed = ZSTD_compress(file, room, data, size, 1);
    assert(!ZSTD_isError(packed));
    check_file(file, packed, data, size);
    for (size_t cut = 1; cut < packed; cut += 1 + packed / 16) {
        GByteArray *out = g_byte_array_new();
        char *path = g_strdup(fuzz_put("cut.zst", file, cut));
        bool wide, fine = read_all(path, false, out, &wide);
        assert(!fine);
        g_byte_array_unref(out);
        g_free(path);
    }
    g_free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == 'Z')
        check_compressed(data + 1, size - 1);
    else
        check_file(data, size, NULL, 0);
    return 0;
}
