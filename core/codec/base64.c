#include "core/codec/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* A character's value plus one; 0 for what is none. */
static const uint8_t values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

void mb_base64_encode(const uint8_t *bytes, size_t size, char *text)
{
    for (; size > 0; bytes += 3, text += 4) {
        uint32_t bits = (uint32_t)bytes[0] << 16;
        if (size > 1) bits |= (uint32_t)bytes[1] << 8;
        if (size > 2) bits |= bytes[2];
        text[0] = alphabet[bits >> 18];
        text[1] = alphabet[bits >> 12 & 63];
        text[2] = size > 1 ? alphabet[bits >> 6 & 63] : '=';
        text[3] = size > 2 ? alphabet[bits & 63] : '=';
        if (size <= 3) break;
        size -= 3;
    }
}

/* How many '=' end the text: 0, 1 or 2. */
static size_t padding_size(const char *text, size_t text_size)
{
    if (text_size == 0 || text[text_size - 1] != '=') return 0;
    return text[text_size - 2] == '=' ? 2 : 1;
}

int64_t mb_base64_decoded_size(const char *text, size_t text_size)
{
    if (text_size % 4 != 0 || text_size > INT64_MAX / 3) return MB_ERR_SYNTAX;
    return (int64_t)(text_size / 4 * 3 - padding_size(text, text_size));
}

/* Four characters without padding; false if one is none of the alphabet. */
static bool decode_quad(const char *text, uint32_t *bits)
{
    *bits = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t value = values[(unsigned char)text[i]];
        if (value == 0) return false;
        *bits = *bits << 6 | (uint32_t)(value - 1);
    }
    return true;
}

/* The last four, with their padding read as zeros, which the spare bits must be too. */
static int decode_last(const char *text, size_t padding, uint8_t *bytes)
{
    uint32_t bits;
    char quad[4] = {text[0], text[1], padding == 2 ? 'A' : text[2], 'A'};
    if (!decode_quad(quad, &bits)) return MB_ERR_SYNTAX;
    bytes[0] = (uint8_t)(bits >> 16);
    if (padding == 1) bytes[1] = (uint8_t)(bits >> 8);
    uint32_t spare = padding == 2 ? bits & 0xffff : bits & 0xff;
    return spare == 0 ? MB_OK : MB_ERR_SYNTAX;
}

int mb_base64_decode(const char *text, size_t text_size, uint8_t *bytes)
{
    if (mb_base64_decoded_size(text, text_size) < 0) return MB_ERR_SYNTAX;
    size_t padding = padding_size(text, text_size);
    size_t whole = padding > 0 ? text_size - 4 : text_size;
    for (const char *end = text + whole; text < end; text += 4, bytes += 3) {
        uint32_t bits;
        if (!decode_quad(text, &bits)) return MB_ERR_SYNTAX;
        bytes[0] = (uint8_t)(bits >> 16);
        bytes[1] = (uint8_t)(bits >> 8);
        bytes[2] = (uint8_t)bits;
    }
    return padding > 0 ? decode_last(text, padding, bytes) : MB_OK;
}
