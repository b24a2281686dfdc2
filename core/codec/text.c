#include "core/codec/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/codec/base64.h"

void mb_text_init(mb_text *text)
{
    *text = (mb_text){0};
}

void mb_text_clear(mb_text *text)
{
    free(text->bytes);
    mb_text_init(text);
}

void mb_text_reset(mb_text *text)
{
    assert(text->size <= text->capacity);
    text->size = 0;
    text->error = MB_OK;
}

static bool text_grow(mb_text *text, size_t size)
{
    assert(text->size <= text->capacity && (text->bytes != NULL) == (text->capacity > 0));
    if (size <= text->capacity - text->size) return true;
    if (size > SIZE_MAX / 4 - text->size) return false;
    size_t capacity = text->capacity < 256 ? 256 : text->capacity;
    while (capacity < text->size + size)
        capacity *= 2;
    char *bytes = realloc(text->bytes, capacity);
    if (!bytes) return false;
    text->bytes = bytes;
    text->capacity = capacity;
    return true;
}

char *mb_text_extend(mb_text *text, size_t size)
{
    if (text->error != MB_OK) return NULL;
    if (!text_grow(text, size)) {
        text->error = MB_ERR_MEMORY;
        return NULL;
    }
    char *at = text->bytes + text->size;
    text->size += size;
    return at;
}

void mb_text_add(mb_text *text, const char *string)
{
    size_t size = strlen(string);
    char *at = mb_text_extend(text, size);
    if (at) memcpy(at, string, size);
}

void mb_text_add_number(mb_text *text, uint64_t number)
{
    char digits[21];
    char *at = digits + sizeof digits - 1;
    *at = '\0';
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    mb_text_add(text, at);
}

void mb_text_add_base64(mb_text *text, const uint8_t *bytes, size_t size)
{
    if (size == 0) return;
    char *at = mb_text_extend(text, (size + 2) / 3 * 4);
    if (at) mb_base64_encode(bytes, size, at);
}

void mb_text_add_hex(mb_text *text, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    char *at = mb_text_extend(text, 2 * size);
    for (size_t i = 0; at && i < size; i++) {
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
}
