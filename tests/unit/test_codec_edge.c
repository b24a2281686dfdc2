/*
 * The codec at its edges: each character beside the ones that are allowed, each field of a message
 * just past what it may be, from both directions.
 */
#include <glib.h>
#include <stddef.h>
#include <string.h>

#include "core/codec/base64.h"
#include "core/codec/codec_limits.h"
#include "core/codec/message.h"
#include "core/codec/scan.h"

#define ANY (MB_WIRE_ANNOUNCE | MB_WIRE_PEERS | MB_WIRE_REQUEST | MB_WIRE_BLOCK | MB_WIRE_NOTICE)
#define ROOT "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define FILE_WITH(text)                                                                            \
    "{\"bloco\": 1, \"peerId\": \"p\", \"minibit\": {\"version\": 1, \"file\": {\"size\": 33, "    \
    "\"block_size\": 16, " text "}}}"
#define NAMED(name) FILE_WITH("\"extension\": \"\", \"name\": " name ", \"root\": \"" ROOT "\"")
#define TEN "aaaaaaaaaa"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static int decode(const char *json, mb_wire_message *message)
{
    return mb_wire_decode(json, strlen(json), ANY, message);
}

static void assert_decodes(const char *json, int error)
{
    mb_wire_message m;
    int rc = decode(json, &m);
    if (rc != error) g_error("%s, not %s: %s", mb_strerror(rc), mb_strerror(error), json);
    mb_wire_clear(&m);
}

/* ---- characters ---- */

/* Names hold the characters of docs/protocol.md and no other, whatever lies beside these. */
static void test_alphabets(void)
{
    for (int c = 1; c < 256; c++) {
        const char text[] = {'a', (char)c, '\0'}, first[] = {(char)c, 'a', '\0'};
        bool plain = strchr(LETTERS DIGITS, c) != NULL;
        g_assert_cmpint(mb_wire_id_valid(text), ==, plain || strchr("_-", c) != NULL);
        g_assert_cmpint(mb_wire_host_valid(text), ==, plain || strchr("._:-", c) != NULL);
        g_assert_cmpint(mb_wire_name_valid(text), ==, plain || strchr("._-", c) != NULL);
        g_assert_cmpint(mb_wire_name_valid(first), ==, plain || c == '_');
    }
    g_assert_false(mb_wire_id_valid(""));
    g_assert_false(mb_wire_name_valid(""));
    g_assert_true(mb_wire_name_valid(HUNDRED));
    g_assert_false(mb_wire_name_valid(HUNDRED "a"));
}

/* A root is lower-case hexadecimal in each place. */
static void test_root_digits(void)
{
    static const size_t places[] = {0, 1, 62, 63};
    for (size_t p = 0; p < G_N_ELEMENTS(places); p++) {
        for (char c = ' '; c < 0x7f; c++) {
            g_autofree char *json =
                g_strdup(FILE_WITH("\"extension\": \"\", \"root\": \"" ROOT "\""));
            if (c == '"' || c == '\\') continue;
            strstr(json, ROOT)[places[p]] = c;
            assert_decodes(json, strchr(DIGITS "abcdef", c) ? MB_OK : MB_ERR_MESSAGE);
        }
    }
}

/* An escape's four digits are hexadecimal, of either case. */
static void test_escape_digits(void)
{
    for (int place = 0; place < 4; place++) {
        for (int c = 1; c < 256; c++) {
            char json[] = "[\"\\u0041\"]";
            json[4 + place] = (char)c;
            int wanted = strchr(DIGITS "abcdefABCDEF", c) ? MB_OK : MB_ERR_SYNTAX;
            g_assert_cmpint(mb_scan(json, strlen(json)), ==, wanted);
        }
    }
}

static void test_scan_edges(void)
{
    static const struct {
        int error;
        const char *json;
    } rows[] = {
        {MB_OK, "[\"\\ud7ff\"]"},
        {MB_OK, "[\"\\ue000\"]"},
        {MB_OK, "[\"\\ud800\\udc00\"]"},
        {MB_OK, "[\"\\udbff\\udfff\"]"},
        {MB_ERR_SYNTAX, "[\"\\udc00\"]"},
        {MB_ERR_SYNTAX, "[\"\\udfff\"]"},
        {MB_ERR_SYNTAX, "[\"\\ud800x\"]"},
        {MB_ERR_SYNTAX, "[\"\\ud800\\n\"]"},
        {MB_ERR_SYNTAX, "[\"\\ud800\\udbff\"]"},
        {MB_ERR_SYNTAX, "[\"\\ud800\\ue000\"]"},
        {MB_OK, "{\"x\": 1e+5}"},
        {MB_OK, "{\"x\": 1E-5}"},
        {MB_ERR_SYNTAX, "{\"x\": 1e+}"},
        {MB_ERR_SYNTAX, "{\"x\": 1e-+5}"},
        {MB_ERR_SYNTAX, "[\"\xc3"},
        {MB_ERR_SYNTAX, "[\"\xf0\x9f\x98"},
        {MB_OK, "[\"\xc3\xa9\"]"},
        {MB_OK, "[\"\xed\x9f\xbf\xee\x80\x80\"]"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        int rc = mb_scan(rows[i].json, strlen(rows[i].json));
        if (rc != rows[i].error) g_error("%s: %s", rows[i].json, mb_strerror(rc));
    }
    static const char zero[] = "[\"\\\0\"]";
    g_assert_cmpint(mb_scan(zero, sizeof zero - 1), ==, MB_ERR_SYNTAX);
}

static void test_frame_spaces(void)
{
    mb_frame frame = {0};
    g_assert_cmpint(mb_frame_feed(&frame, " \t\r\n{}", 6), ==, 6);
    g_assert_cmpint(mb_frame_feed(&frame, "\v{}", 3), ==, MB_ERR_SYNTAX);
}

static void test_base64_sizes(void)
{
    uint8_t bytes[3];
    g_assert_cmpint(mb_base64_decode("AAA", 3, bytes), ==, MB_ERR_SYNTAX);
    /* refused by its size: not a byte is read */
    g_assert_cmpint(mb_base64_decoded_size("", SIZE_MAX - 3), ==, MB_ERR_SYNTAX);
}

/* ---- what is decoded ---- */

static void test_file_keys(void)
{
    static const char *const refused[] = {
        FILE_WITH("\"extension\": \"\""),
        FILE_WITH("\"root\": \"" ROOT "\""),
        FILE_WITH("\"extension\": 7, \"root\": \"" ROOT "\""),
        FILE_WITH("\"extension\": \"\", \"root\": 7"),
        NAMED("7"),
        NAMED("\"\""),
        NAMED("\".film\""),
        NAMED("\"-film\""),
        NAMED("\"../film\""),
        NAMED("\"" HUNDRED "a\""),
        "{\"id\": \"x\", \"data\": \"\"}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++)
        assert_decodes(refused[i], MB_ERR_MESSAGE);
    static const char *const names[] = {"film.mp4", "_", HUNDRED};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        mb_wire_message m;
        mb_text text;
        g_autofree char *json = g_strdup_printf(NAMED("\"%s\""), names[i]);
        g_assert_cmpint(decode(json, &m), ==, MB_OK);
        g_assert_cmpstr(m.extension->file->name, ==, names[i]);
        mb_text_init(&text);
        g_assert_cmpint(mb_wire_encode(&m, &text), ==, MB_OK);
        g_assert_cmpmem(text.bytes, text.size, json, strlen(json));
        mb_text_clear(&text);
        mb_wire_clear(&m);
    }
}

#define MORE(text) "{\"bloco\": 1, \"peerId\": \"p\", \"minibit\": {\"version\": 1, " text "}}"
#define FILE_OF(size, block)                                                                       \
    MORE("\"file\": {\"size\": " size ", \"block_size\": " block ", \"extension\": \"\", "         \
         "\"root\": \"" ROOT "\"}")
#define PEER(blocks, more)                                                                         \
    "{\"id\": \"p\", \"ip\": \"h\", \"port\": 1, \"blocks\": " blocks                              \
    ", \"minibit\": {\"version\": 1" more "}}"

/* Against a file of 33 bytes in blocks of 16. */
static void test_geometry(void)
{
    static const struct {
        int rc;
        const char *json;
    } rows[] = {
        {MB_OK, FILE_OF("33", "16")},
        {MB_ERR_MESSAGE, FILE_OF("33", "17")},
        {MB_ERR_MESSAGE, FILE_OF("32", "16")},
        {MB_OK, MORE("\"block\": 2")},
        {MB_ERR_MESSAGE, MORE("\"dealt\": [3]")},
        {MB_ERR_MESSAGE, MORE("\"dealt\": [0], \"have\": [3]")},
        {MB_OK, PEER("[2]", ", \"have\": [1]")},
        {MB_ERR_MESSAGE, PEER("[2]", ", \"have\": [3]")},
        {MB_ERR_MESSAGE, "[" PEER("[2]", ", \"block\": 3") "]"},
        {MB_OK, "[" PEER("[2]", "") ", " PEER("[0]", ", \"set\": \"BQ==\"") "]"},
    };
    mb_geometry geometry;
    g_assert_cmpint(mb_geometry_init(&geometry, 33, 16), ==, MB_OK);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        mb_wire_message m;
        g_assert_cmpint(decode(rows[i].json, &m), ==, MB_OK);
        if (mb_wire_check_geometry(&m, &geometry) != rows[i].rc) g_error("%s", rows[i].json);
        mb_wire_clear(&m);
    }
    uint64_t words[1] = {7};
    mb_wire_extension untold = {.version = 1};
    g_assert_cmpint(mb_wire_set_get(&untold, 33, words), ==, MB_ERR_MESSAGE);
    g_assert_cmpuint(words[0], ==, 7);
}

/* ---- what is encoded ---- */

/* The encoder adds nothing of what could not be decoded again. */
static void assert_encodes(const mb_wire_message *message, int error)
{
    mb_text text;
    mb_text_init(&text);
    mb_text_add(&text, "before");
    g_assert_cmpint(mb_wire_encode(message, &text), ==, error);
    if (error != MB_OK) g_assert_cmpmem(text.bytes, text.size, "before", 6);
    if (error == MB_OK) {
        mb_wire_message back;
        int rc = mb_wire_decode(text.bytes + 6, text.size - 6, message->type, &back);
        g_assert_cmpint(rc, ==, MB_OK);
        mb_wire_clear(&back);
    }
    mb_text_clear(&text);
}

static void assert_extension(const mb_wire_extension *extension, int error)
{
    const mb_wire_message m = {
        .type = MB_WIRE_REQUEST, .block = 1, .peer_id = "a", .extension = extension};
    assert_encodes(&m, error);
}

static void test_extensions(void)
{
    static const uint32_t most = MB_LIMIT_BLOCKS - 1, over = MB_LIMIT_BLOCKS;
    static const uint8_t set[1];
    const mb_wire_extension right[] = {
        {.version = 1},
        {.version = UINT32_MAX, .refused = MB_WIRE_REASON_COUNT - 1},
        {.version = 1, .note = MB_WIRE_NOTE_COUNT - 1},
        {.version = 1, .has_block = true, .block = most},
        {.version = 1, .offset = MB_LIMIT_PAYLOAD_SIZE - 1, .length = MB_LIMIT_PAYLOAD_SIZE},
        {.version = 1, .epoch = MB_LIMIT_NUMBER, .count = MB_LIMIT_BLOCKS},
        {.version = 1, .set = set, .set_size = 0},
        {.version = 1, .dealt = &most, .dealt_count = 1, .have = &most, .have_count = 1},
    };
    const mb_wire_extension wrong[] = {
        {.version = 0},
        {.version = 1, .refused = MB_WIRE_REASON_COUNT},
        {.version = 1, .note = MB_WIRE_NOTE_COUNT},
        {.version = 1, .has_block = true, .block = over},
        {.version = 1, .block = 1},
        {.version = 1, .offset = MB_LIMIT_PAYLOAD_SIZE},
        {.version = 1, .length = MB_LIMIT_PAYLOAD_SIZE + 1},
        {.version = 1, .set_size = 1},
        {.version = 1, .set = set, .set_size = MB_LIMIT_BLOCKS / 8 + 1},
        {.version = 1, .epoch = MB_LIMIT_NUMBER + 1},
        {.version = 1, .count = MB_LIMIT_BLOCKS + 1},
        {.version = 1, .dealt = &over, .dealt_count = 1},
        {.version = 1, .have = &over, .have_count = 1},
        {.version = 1, .dealt_count = 1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(right); i++)
        assert_extension(&right[i], MB_OK);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        assert_extension(&wrong[i], MB_ERR_ARGUMENT);
}

static void test_files(void)
{
    const mb_geometry g = {.size = 33, .block_size = 16, .blocks = 3};
    mb_wire_file endless_name = {.geometry = g}, endless_extension = {.geometry = g};
    memset(endless_name.name, 'a', sizeof endless_name.name);
    memset(endless_extension.extension, 'a', sizeof endless_extension.extension);
    const mb_wire_file right[] = {
        {.geometry = g},
        {.geometry = g, .extension = "mp4", .name = "film.mp4"},
        {.geometry = {.size = 1, .block_size = MB_LIMIT_PAYLOAD_SIZE, .blocks = 1}},
    };
    const mb_wire_file wrong[] = {
        {.geometry = {.size = 33, .block_size = 0, .blocks = 3}},
        {.geometry = {.size = 33, .block_size = 16, .blocks = 2}},
        {.geometry = {.size = MB_LIMIT_NUMBER + 1, .block_size = 1 << 30, .blocks = (1 << 23) + 1}},
        {.geometry = {.size = 1, .block_size = MB_LIMIT_PAYLOAD_SIZE + 1, .blocks = 1}},
        {.geometry = g, .name = "../film"},
        {.geometry = g, .extension = "a-b"},
        {.geometry = g, .extension = "a_b"},
        {.geometry = g, .extension = "a.b"},
        endless_name,
        endless_extension,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(right); i++)
        assert_extension(&(mb_wire_extension){.version = 1, .file = &right[i]}, MB_OK);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        assert_extension(&(mb_wire_extension){.version = 1, .file = &wrong[i]}, MB_ERR_ARGUMENT);
}

static void test_peers(void)
{
    const mb_wire_extension none = {0};
    const mb_wire_peer right = {.id = "a", .ip = "h", .port = 1};
    const mb_wire_peer wrong[] = {
        {.ip = "h", .port = 1},
        {.id = "", .ip = "h", .port = 1},
        {.id = "a", .port = 1},
        {.id = "a", .ip = "h/", .port = 1},
        {.id = "a", .ip = "h"},
        {.id = "a", .ip = "h", .port = 1, .blocks_count = 1},
        {.id = "a", .ip = "h", .port = 1, .extension = &none},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        const mb_wire_peer list[] = {right, wrong[i]};
        assert_encodes(&(mb_wire_message){.type = MB_WIRE_ANNOUNCE, .peer = wrong[i]},
                       MB_ERR_ARGUMENT);
        assert_encodes(&(mb_wire_message){.type = MB_WIRE_PEERS, .peers = list, .peers_count = 2},
                       MB_ERR_ARGUMENT);
        assert_encodes(&(mb_wire_message){.type = MB_WIRE_PEERS, .peers = list, .peers_count = 1},
                       MB_OK);
    }
    assert_encodes(&(mb_wire_message){.type = MB_WIRE_PEERS, .peers_count = 1}, MB_ERR_ARGUMENT);
    assert_encodes(&(mb_wire_message){.type = MB_WIRE_PEERS}, MB_OK);
}

static void test_blocks_and_notices(void)
{
    static const uint8_t data[1];
    static const uint32_t block = 1;
    const mb_wire_extension cancel = {.version = 1, .note = MB_WIRE_NOTE_CANCEL};
    const mb_wire_extension have = {.version = 1, .note = MB_WIRE_NOTE_HAVE};
    const mb_wire_extension have_set = {.version = 1, .note = MB_WIRE_NOTE_HAVE, .set = data};
    const mb_wire_extension have_list = {
        .version = 1, .note = MB_WIRE_NOTE_HAVE, .have = &block, .have_count = 1};
    const mb_wire_message right[] = {
        {.type = MB_WIRE_BLOCK, .block = MB_LIMIT_BLOCKS - 1, .data = data, .data_size = 1},
        {.type = MB_WIRE_NOTICE, .peer_id = "a", .extension = &have_set},
        {.type = MB_WIRE_NOTICE, .peer_id = "a", .extension = &have_list},
    };
    const mb_wire_message wrong[] = {
        {.type = MB_WIRE_BLOCK, .block = MB_LIMIT_BLOCKS, .data = data, .data_size = 1},
        {.type = MB_WIRE_BLOCK, .data = data, .data_size = MB_LIMIT_PAYLOAD_SIZE + 1},
        {.type = MB_WIRE_NOTICE, .peer_id = NULL, .extension = &have_set},
        {.type = MB_WIRE_NOTICE, .peer_id = "a b", .extension = &have_set},
        {.type = MB_WIRE_NOTICE, .peer_id = "a"},
        {.type = MB_WIRE_NOTICE, .peer_id = "a", .extension = &cancel},
        {.type = MB_WIRE_NOTICE, .peer_id = "a", .extension = &have},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(right); i++)
        assert_encodes(&right[i], MB_OK);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        assert_encodes(&wrong[i], MB_ERR_ARGUMENT);
}

/* An announce longer than may be received is not sent: 10 bytes a block, 4 MiB in all. */
static void test_too_long(void)
{
    enum { OVER = 420000, UNDER = 419000 };
    uint32_t *blocks = g_new(uint32_t, OVER);
    for (uint32_t i = 0; i < OVER; i++)
        blocks[i] = MB_LIMIT_BLOCKS - 1;
    mb_wire_message m = {
        .type = MB_WIRE_ANNOUNCE,
        .peer = {.id = "a", .ip = "h", .port = 1, .blocks = blocks, .blocks_count = OVER}};
    assert_encodes(&m, MB_ERR_ARGUMENT);
    m.peer.blocks_count = UNDER;
    assert_encodes(&m, MB_OK);
    g_free(blocks);
}

static void test_text_too_long(void)
{
    mb_text text;
    mb_text_init(&text);
    mb_text_add(&text, "a");
    g_assert_null(mb_text_extend(&text, SIZE_MAX / 4));
    g_assert_cmpint(text.error, ==, MB_ERR_MEMORY);
    mb_text_add(&text, "b"); /* dropped: the error sticks */
    g_assert_cmpmem(text.bytes, text.size, "a", 1);
    mb_text_clear(&text);
}

/* ---- words ---- */

/* Each flag is read where it stands, and true or false alone. */
static void test_flags(void)
{
    static const struct {
        const char *name;
        size_t place;
    } flags[] = {
#define FLAG(NAME) {#NAME, offsetof(mb_wire_extension, NAME)},
        MB_WIRE_FLAGS(FLAG)
#undef FLAG
    };
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        g_autofree char *set = g_strdup_printf(
            "{\"bloco\": 1, \"peerId\": \"p\", \"minibit\": {\"version\": 1, \"%s\": true}}",
            flags[i].name);
        g_autofree char *wrong = g_strdup_printf(
            "{\"bloco\": 1, \"peerId\": \"p\", \"minibit\": {\"version\": 1, \"%s\": 1}}",
            flags[i].name);
        mb_wire_message m;
        g_assert_cmpint(decode(set, &m), ==, MB_OK);
        for (size_t k = 0; k < G_N_ELEMENTS(flags); k++)
            g_assert_cmpint(*((const char *)m.extension + flags[k].place), ==, k == i);
        mb_wire_clear(&m);
        assert_decodes(wrong, MB_ERR_MESSAGE);
    }
}

/* A peer's message that goes as a notice is the message of that notice, and of no other; what goes
 * in JSON of its own has none. A refusal of the wire alone is one that the peer knows. */
static void test_words(void)
{
    uint32_t notices = 0;
    for (uint32_t message = MB_MSG_NONE + 1; message < MB_MSG_COUNT; message++) {
        mb_wire_note note = mb_wire_note_of((mb_message)message);
        bool own = message == MB_MSG_REQUEST || message == MB_MSG_REFUSE;
        g_assert_cmpint(note == MB_WIRE_NOTE_NONE, ==, own);
        if (!own) g_assert_cmpuint(mb_wire_note_message(note), ==, message);
        notices += !own;
    }
    g_assert_cmpuint(notices, ==, MB_MSG_COUNT - 3);
    g_assert_cmpuint(mb_wire_note_message(MB_WIRE_NOTE_ALIVE), ==, MB_MSG_NONE);
    g_assert_cmpstr(mb_wire_note_name(mb_wire_note_of(MB_MSG_HELLO_ACK)), ==, "listed");
    g_assert_cmpuint(mb_wire_reason_meant(MB_WIRE_REASON_UNKNOWN), ==, MB_REASON_CHOKED);
    g_assert_cmpuint(mb_wire_reason_meant(MB_WIRE_REASON_NOT_HELD), ==, MB_REASON_NOT_HELD);
    g_assert_cmpuint(mb_wire_reason_meant(MB_WIRE_REASON_NONE), ==, MB_REASON_NONE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/codec-edge/alphabets", test_alphabets);
    g_test_add_func("/codec-edge/root-digits", test_root_digits);
    g_test_add_func("/codec-edge/escape-digits", test_escape_digits);
    g_test_add_func("/codec-edge/scan", test_scan_edges);
    g_test_add_func("/codec-edge/frame-spaces", test_frame_spaces);
    g_test_add_func("/codec-edge/base64-sizes", test_base64_sizes);
    g_test_add_func("/codec-edge/file-keys", test_file_keys);
    g_test_add_func("/codec-edge/geometry", test_geometry);
    g_test_add_func("/codec-edge/extensions", test_extensions);
    g_test_add_func("/codec-edge/files", test_files);
    g_test_add_func("/codec-edge/peers", test_peers);
    g_test_add_func("/codec-edge/blocks-and-notices", test_blocks_and_notices);
    g_test_add_func("/codec-edge/too-long", test_too_long);
    g_test_add_func("/codec-edge/text-too-long", test_text_too_long);
    g_test_add_func("/codec-edge/flags", test_flags);
    g_test_add_func("/codec-edge/words", test_words);
    return g_test_run();
}
