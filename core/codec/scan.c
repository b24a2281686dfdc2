#include "core/codec/scan.h"

#include <assert.h>
#include <string.h>

#include "core/codec/codec_limits.h"
#include "core/codec/message.h"

typedef struct scanner {
    const unsigned char *at;
    const unsigned char *end;
    uint32_t values;
} scanner;

/* A key as it reads once its escapes are undone. Only known keys matter, and these are short and
 * plain: longer ones are cut and other characters replaced, so that they can equal none. */
typedef struct key_text {
    char text[24];
    size_t size;
} key_text;

#define KEY_OTHER '\x7f'

#define KEY(NAME) #NAME,
/* clang-format off */
static const char *const known_keys[] = {
    MB_WIRE_FLAGS(KEY)
    "id", "ip", "port", "blocks", "bloco", "peerId", "data", "minibit", "version", "note", "offset",
    "length", "refused", "set", "epoch", "count", "dealt", "have", "file", "size", "name", "root",
    "block", "block_size", "hashes", "extension",
};
/* clang-format on */
#undef KEY

bool mb_key_known(const char *text)
{
    for (size_t i = 0; i < sizeof known_keys / sizeof *known_keys; i++) {
        if (strcmp(text, known_keys[i]) == 0) return true;
    }
    return false;
}

static void key_put(key_text *key, char c)
{
    assert(!key || key->size <= sizeof key->text);
    if (!key) return;
    if (key->size + 1 < sizeof key->text) key->text[key->size++] = c;
    key->text[key->size] = '\0';
}

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

/* The next byte without taking it; -1 at the end. */
static int peek(const scanner *s)
{
    return s->at < s->end ? *s->at : -1;
}

static bool take(scanner *s, char c)
{
    if (peek(s) != (unsigned char)c) return false;
    s->at++;
    return true;
}

static void skip_space(scanner *s)
{
    while (s->at < s->end && strchr(" \t\r\n", *s->at) && *s->at != '\0')
        s->at++;
}

static bool take_word(scanner *s, const char *word)
{
    assert(s->at <= s->end);
    size_t size = strlen(word);
    if ((size_t)(s->end - s->at) < size || memcmp(s->at, word, size) != 0) return false;
    s->at += size;
    return true;
}

/* Four hexadecimal digits, or -1. */
static int32_t take_hex4(scanner *s)
{
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        int c = peek(s);
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
        s->at++;
    }
    return value;
}

/* What follows \u: one code unit, or a pair of surrogates that belong together; never zero. */
static int scan_unicode_escape(scanner *s, key_text *key)
{
    int32_t unit = take_hex4(s);
    if (unit <= 0 || (unit >= 0xdc00 && unit <= 0xdfff)) return MB_ERR_SYNTAX;
    if (unit >= 0xd800 && unit <= 0xdbff) {
        if (!take(s, '\\') || !take(s, 'u')) return MB_ERR_SYNTAX;
        int32_t low = take_hex4(s);
        if (low < 0xdc00 || low > 0xdfff) return MB_ERR_SYNTAX;
    }
    key_put(key, unit < 0x7f ? (char)unit : KEY_OTHER);
    return MB_OK;
}

static int scan_escape(scanner *s, key_text *key)
{
    int c = peek(s);
    if (c < 0) return MB_ERR_SYNTAX;
    s->at++;
    if (c == 'u') return scan_unicode_escape(s, key);
    if (c == '\0' || !strchr("\"\\/bfnrt", c)) return MB_ERR_SYNTAX;
    key_put(key, KEY_OTHER);
    return MB_OK;
}

/* One character outside ASCII in UTF-8: no overlong form, no surrogate, nothing past 10FFFF. */
static int scan_utf8(scanner *s)
{
    assert(s->at < s->end && *s->at >= 0x80);
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char lead = *s->at++;
    size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || (size_t)(s->end - s->at) < size - 1) return MB_ERR_SYNTAX;
    uint32_t code = lead & (0xffu >> (size + 1));
    for (size_t i = 1; i < size; i++, s->at++) {
        if ((*s->at & 0xc0) != 0x80) return MB_ERR_SYNTAX;
        code = code << 6 | (*s->at & 0x3f);
    }
    if (code < least[size] || code > 0x10ffff) return MB_ERR_SYNTAX;
    return code >= 0xd800 && code <= 0xdfff ? MB_ERR_SYNTAX : MB_OK;
}

/* Skips what stands for itself, most of a block's answer, as fast as it can be looked at. */
static void skip_plain(scanner *s)
{
    const unsigned char *at = s->at;
    while (at < s->end && *at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\')
        at++;
    s->at = at;
}

/* One character of a string, or its end: then *ended. */
static int scan_character(scanner *s, key_text *key, bool *ended)
{
    unsigned char c = *s->at;
    if (c < 0x20) return MB_ERR_SYNTAX;
    if (c >= 0x80) {
        key_put(key, KEY_OTHER);
        return scan_utf8(s);
    }
    s->at++;
    *ended = c == '"';
    if (c == '\\') return scan_escape(s, key);
    if (!*ended) key_put(key, (char)c);
    return MB_OK;
}

/* A string, its opening quote included; what it reads goes to `key` if that is not NULL. */
static int scan_string(scanner *s, key_text *key)
{
    bool ended = false;
    if (!take(s, '"')) return MB_ERR_SYNTAX;
    while (s->at < s->end && !ended) {
        if (!key) skip_plain(s);
        if (s->at == s->end) break;
        int rc = scan_character(s, key, &ended);
        if (rc != MB_OK) return rc;
    }
    return ended ? MB_OK : MB_ERR_SYNTAX;
}

static bool take_digits(scanner *s)
{
    const unsigned char *start = s->at;
    while (s->at < s->end && is_digit(*s->at))
        s->at++;
    return s->at > start;
}

/* A number as JSON has it, which says nothing yet of its value. */
static int scan_number_form(scanner *s)
{
    take(s, '-');
    if (take(s, '0')) {
        if (s->at < s->end && is_digit(*s->at)) return MB_ERR_SYNTAX;
    } else if (!take_digits(s)) {
        return MB_ERR_SYNTAX;
    }
    if (take(s, '.') && !take_digits(s)) return MB_ERR_SYNTAX;
    if (take(s, 'e') || take(s, 'E')) {
        if (!take(s, '+')) take(s, '-');
        if (!take_digits(s)) return MB_ERR_SYNTAX;
    }
    return MB_OK;
}

/* `strict`: only whole numbers in [0, MB_LIMIT_NUMBER], written plainly. */
static int scan_number(scanner *s, bool strict)
{
    const unsigned char *start = s->at;
    uint64_t value = 0;
    int rc = scan_number_form(s);
    if (rc != MB_OK) return rc;
    if (s->at - start > MB_LIMIT_NUMBER_SIZE) return MB_ERR_RANGE;
    for (const unsigned char *at = start; strict && at < s->at; at++) {
        if (!is_digit(*at)) return MB_ERR_RANGE;
        value = value * 10 + (uint64_t)(*at - '0');
        if (value > MB_LIMIT_NUMBER) return MB_ERR_RANGE;
    }
    return MB_OK;
}

static int scan_value(scanner *s, uint32_t depth, bool strict);

static int scan_array(scanner *s, uint32_t depth, bool strict)
{
    skip_space(s);
    if (take(s, ']')) return MB_OK;
    for (;;) {
        int rc = scan_value(s, depth, strict);
        if (rc != MB_OK) return rc;
        skip_space(s);
        if (take(s, ']')) return MB_OK;
        if (!take(s, ',')) return MB_ERR_SYNTAX;
    }
}

static int scan_member(scanner *s, uint32_t depth, bool strict)
{
    key_text key = {0};
    skip_space(s);
    int rc = scan_string(s, &key);
    if (rc != MB_OK) return rc;
    skip_space(s);
    if (!take(s, ':')) return MB_ERR_SYNTAX;
    return scan_value(s, depth, strict && mb_key_known(key.text));
}

static int scan_object(scanner *s, uint32_t depth, bool strict)
{
    skip_space(s);
    if (take(s, '}')) return MB_OK;
    for (uint32_t keys = 1;; keys++) {
        if (keys > MB_LIMIT_KEYS) return MB_ERR_RANGE;
        int rc = scan_member(s, depth, strict);
        if (rc != MB_OK) return rc;
        skip_space(s);
        if (take(s, '}')) return MB_OK;
        if (!take(s, ',')) return MB_ERR_SYNTAX;
    }
}

/* A value inside `depth` arrays and objects. Recursion ends at MB_LIMIT_DEPTH. */
static int scan_value(scanner *s, uint32_t depth, bool strict)
{
    assert(depth <= MB_LIMIT_DEPTH);
    skip_space(s);
    int c = peek(s);
    if (c < 0) return MB_ERR_SYNTAX;
    if (++s->values > MB_LIMIT_VALUES) return MB_ERR_RANGE;
    if (c == '"') return scan_string(s, NULL);
    if (c == '-' || is_digit((unsigned char)c)) return scan_number(s, strict);
    if (c == '[' || c == '{') {
        if (depth == MB_LIMIT_DEPTH) return MB_ERR_RANGE;
        s->at++;
        return c == '[' ? scan_array(s, depth + 1, strict) : scan_object(s, depth + 1, strict);
    }
    bool word = take_word(s, "true") || take_word(s, "false") || take_word(s, "null");
    return word ? MB_OK : MB_ERR_SYNTAX;
}

int mb_scan(const char *bytes, size_t size)
{
    if (size == 0) return MB_ERR_SYNTAX; /* `bytes` may be NULL then */
    scanner s = {.at = (const unsigned char *)bytes, .end = (const unsigned char *)bytes + size};
    skip_space(&s);
    if (peek(&s) != '{' && peek(&s) != '[') return MB_ERR_SYNTAX;
    int rc = scan_value(&s, 0, true);
    if (rc != MB_OK) return rc;
    skip_space(&s);
    return s.at == s.end ? MB_OK : MB_ERR_SYNTAX;
}

/* Takes one byte within a message; true if it was the last. */
static bool frame_step(mb_frame *frame, char c)
{
    if (frame->escaped) {
        frame->escaped = false;
    } else if (frame->string) {
        frame->escaped = c == '\\';
        frame->string = c != '"';
    } else if (c == '"') {
        frame->string = true;
    } else if (c == '{' || c == '[') {
        frame->depth++;
    } else if (c == '}' || c == ']') {
        frame->depth--;
        return frame->depth == 0;
    }
    return false;
}

int64_t mb_frame_feed(mb_frame *frame, const char *bytes, size_t size)
{
    assert(frame->scanned <= size);
    while (frame->scanned < size) {
        char c = bytes[frame->scanned++];
        bool begins = c == '{' || c == '[';
        bool space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
        if (frame->depth == 0 && space) continue;
        if (frame->depth == 0 && !begins) return MB_ERR_SYNTAX;
        if (!frame_step(frame, c)) continue;
        int64_t end = (int64_t)frame->scanned;
        *frame = (mb_frame){0};
        return end;
    }
    return 0;
}
