/*
 * Fuzzes base64: what is decoded is spelled again as it was, what is encoded is decoded again, and
 * every text that GLib's reader and writer agree on is taken, and no other.
 */
#include "core/codec/base64.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

static void check_encoded(const uint8_t *data, size_t size)
{
    size_t text_size = 4 * ((size + 2) / 3);
    char *text = malloc(text_size + 1), *other = g_base64_encode(data, size);
    uint8_t *back = malloc(size + 1);
    assert(text && back);
    mb_base64_encode(data, size, text);
    assert(strlen(other) == text_size && memcmp(text, other, text_size) == 0);
    assert(mb_base64_decoded_size(text, text_size) == (int64_t)size);
    int rc = mb_base64_decode(text, text_size, back);
    assert(rc == MB_OK && memcmp(back, data, size) == 0);
    g_free(other);
    free(text);
    free(back);
}

/* Whether `text` is what GLib would write for what it reads in it. */
static bool is_canonical(const char *text, size_t size)
{
    char *copy = g_strndup(text, size);
    gsize decoded_size;
    guchar *decoded = g_base64_decode(copy, &decoded_size);
    char *again = g_base64_encode(decoded, decoded_size);
    bool same = strlen(copy) == size && strcmp(copy, again) == 0;
    g_free(copy);
    g_free(decoded);
    g_free(again);
    return same;
}

static void check_decoded(const char *text, size_t size)
{
    int64_t decoded_size = mb_base64_decoded_size(text, size);
    bool taken = false;
    if (decoded_size >= 0) {
        uint8_t *bytes = malloc((size_t)decoded_size + 1);
        assert(bytes);
        taken = mb_base64_decode(text, size, bytes) == MB_OK;
        free(bytes);
    }
    assert(taken == is_canonical(text, size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_encoded(data, size);
    check_decoded((const char *)data, size);
    return 0;
}
