/*
 * The codec: the original's bytes exactly, round trips of every key, each refusal by name, and
 * the closed forms of sizes against what is really written.
 */
#include <cjson/cJSON.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/blockset.h"
#include "core/codec/arena.h"
#include "core/codec/base64.h"
#include "core/codec/codec_limits.h"
#include "core/codec/message.h"
#include "core/codec/scan.h"
#include "core/wire_size.h"
#include "tests/lib/failing_alloc.h"

#define ANY (MB_WIRE_ANNOUNCE | MB_WIRE_PEERS | MB_WIRE_REQUEST | MB_WIRE_BLOCK | MB_WIRE_NOTICE)

#define ROOT_HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff"

static void ok(int rc)
{
    g_assert_cmpint(rc, ==, MB_OK);
}

/* What the message encodes to; free with g_free(). */
static char *encoded(const mb_wire_message *message)
{
    mb_text text;
    mb_text_init(&text);
    ok(mb_wire_encode(message, &text));
    char *copy = g_strndup(text.bytes, text.size);
    mb_text_clear(&text);
    return copy;
}

static int decode(const char *json, uint32_t types, mb_wire_message *message)
{
    return mb_wire_decode(json, strlen(json), types, message);
}

/* Messages as Python's json.dumps writes them, which must come back to the byte. */
static const struct {
    mb_wire_type type;
    const char *json;
} golden[] = {
    {MB_WIRE_ANNOUNCE,
     "{\"id\": \"peer3\", \"ip\": \"192.168.0.62\", \"port\": 9001, \"blocks\": [0, 5, 9]}"},
    {MB_WIRE_ANNOUNCE, "{\"id\": \"p\", \"ip\": \"::1\", \"port\": 65535, \"blocks\": []}"},
    {MB_WIRE_PEERS, "[]"},
    {MB_WIRE_PEERS,
     "[{\"id\": \"tracker\", \"ip\": \"10.0.0.1\", \"port\": 9001, \"blocks\": [0, 1, 2]}, "
     "{\"id\": \"peer_1-x\", \"ip\": \"host.local\", \"port\": 1, \"blocks\": [2]}]"},
    {MB_WIRE_REQUEST, "{\"bloco\": 42, \"peerId\": \"peer3\"}"},
    {MB_WIRE_BLOCK, "{\"id\": 42, \"data\": \"QUJDRA==\"}"},
    {MB_WIRE_BLOCK, "{\"id\": 0, \"data\": \"\"}"},
    {MB_WIRE_ANNOUNCE,
     "{\"id\": \"a\", \"ip\": \"h\", \"port\": 7, \"blocks\": [], \"minibit\": {\"version\": 1, "
     "\"raw\": true, \"keep\": true, \"wants\": true, \"leaving\": true, \"set\": \"AwE=\", "
     "\"epoch\": 9007199254740992, \"count\": 3}}"},
    {MB_WIRE_PEERS,
     "[{\"id\": \"a\", \"ip\": \"h\", \"port\": 7, \"blocks\": [1], \"minibit\": {\"version\": 1, "
     "\"dealt\": [3, 1], \"file\": {\"size\": 33, \"block_size\": 32, \"extension\": \"mp4\", "
     "\"root\": \"" ROOT_HEX "\", \"hashes\": "
     "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\""
     "}}}]"},
    {MB_WIRE_PEERS,
     "[{\"id\": \"a\", \"ip\": \"h\", \"port\": 7, \"blocks\": [1], \"minibit\": {\"version\": 1, "
     "\"file\": {\"size\": 0, \"block_size\": 1, \"extension\": \"\", \"root\": \"" ROOT_HEX
     "\"}}}]"},
    {MB_WIRE_REQUEST,
     "{\"bloco\": 16777215, \"peerId\": \"x\", \"minibit\": {\"version\": 1, \"raw\": true, "
     "\"offset\": 131072, \"set\": \"\"}}"},
    {MB_WIRE_BLOCK,
     "{\"id\": 3, \"minibit\": {\"version\": 2, \"keep\": true, \"offset\": 1, \"length\": "
     "262143}}"},
    {MB_WIRE_BLOCK, "{\"id\": 3, \"minibit\": {\"version\": 1, \"refused\": \"choked\"}}"},
    {MB_WIRE_BLOCK, "{\"id\": 3, \"minibit\": {\"version\": 1, \"refused\": \"not-held\"}}"},
    {MB_WIRE_NOTICE, "{\"peerId\": \"x\", \"minibit\": {\"version\": 1, \"note\": \"alive\"}}"},
    {MB_WIRE_NOTICE,
     "{\"peerId\": \"x\", \"minibit\": {\"version\": 1, \"note\": \"have\", \"have\": [7, 8]}}"},
    {MB_WIRE_NOTICE,
     "{\"peerId\": \"x\", \"minibit\": {\"version\": 1, \"slot\": true, \"more\": true, "
     "\"open\": true, \"optimistic\": true, \"note\": \"unchoke\", \"block\": 9}}"},
    {MB_WIRE_NOTICE, "{\"peerId\": \"x\", \"minibit\": {\"version\": 1, \"note\": \"listed\"}}"},
    {MB_WIRE_NOTICE, "{\"peerId\": \"x\", \"minibit\": {\"version\": 1, \"note\": \"decline\"}}"},
    {MB_WIRE_REQUEST,
     "{\"bloco\": 1, \"peerId\": \"x\", \"minibit\": {\"version\": 1, \"endgame\": true}}"},
    {MB_WIRE_NOTICE,
     "{\"peerId\": \"x\", \"minibit\": {\"version\": 1, \"note\": \"cancel\", \"block\": 0}}"},
    {MB_WIRE_NOTICE,
     "{\"peerId\": \"x\", \"minibit\": {\"version\": 1, \"note\": \"hello\", \"set\": \"gA==\"}}"},
};

static void test_golden(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(golden); i++) {
        mb_wire_message alone, among;
        ok(decode(golden[i].json, golden[i].type, &alone));
        ok(decode(golden[i].json, ANY, &among));
        g_assert_cmpint(alone.type, ==, golden[i].type);
        g_assert_cmpint(among.type, ==, golden[i].type);
        g_autofree char *json = encoded(&alone);
        g_assert_cmpstr(json, ==, golden[i].json);
        mb_wire_clear(&alone);
        mb_wire_clear(&among);
        int rc = decode(golden[i].json, ANY & ~(uint32_t)golden[i].type, &among);
        g_assert_cmpint(rc, ==, MB_ERR_MESSAGE);
    }
}

static void test_fields(void)
{
    mb_wire_message m;
    ok(decode(golden[0].json, MB_WIRE_ANNOUNCE, &m));
    g_assert_cmpstr(m.peer.id, ==, "peer3");
    g_assert_cmpstr(m.peer.ip, ==, "192.168.0.62");
    g_assert_cmpuint(m.peer.port, ==, 9001);
    g_assert_cmpuint(m.peer.blocks_count, ==, 3);
    g_assert_cmpuint(m.peer.blocks[2], ==, 9);
    g_assert_null(m.peer.extension);
    mb_wire_clear(&m);
    g_assert_null(m.arena);
    mb_wire_clear(&m);
    ok(decode(golden[5].json, MB_WIRE_BLOCK, &m));
    g_assert_cmpmem(m.data, m.data_size, "ABCD", 4);
    mb_wire_clear(&m);
    ok(decode(golden[8].json, MB_WIRE_PEERS, &m));
    const mb_wire_extension *e = m.peers[0].extension;
    g_assert_cmpuint(e->dealt_count, ==, 2);
    g_assert_cmpuint(e->file->geometry.blocks, ==, 2);
    g_assert_cmpuint(e->file->root[31], ==, 255);
    g_assert_cmpstr(e->file->extension, ==, "mp4");
    mb_wire_clear(&m);
}

/* White space, unknown keys with anything in them, and any order of keys are all right. */
static void test_tolerance(void)
{
    static const char *const same[] = {
        " {\"peerId\":\"peer3\",\"bloco\":42}\r\n",
        "{\"bloco\": 42, \"peerId\": \"peer3\", \"x\": [1.5, -1, 1e400, null, {\"y\": false}]}",
        "{\"bl\\u006fco\": 42, \"peerId\": \"peer\\u0033\", \"\xc3\xa9\": \"\xf0\x9f\x98\x80\"}",
        "{\"\": \"\\n\\\"\\ud83d\\ude00\", \"bloco\": 42, \"peerId\": \"peer3\"}",
        "\t{\n\"bloco\" : 42 ,\n \"peerId\" : \"peer3\" }",
        "{\"bloco\": 42, \"peerId\": \"peer3\", \"a_very_long_key_that_nobody_knows\": 0.5}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(same); i++) {
        mb_wire_message m;
        ok(decode(same[i], ANY, &m));
        g_autofree char *json = encoded(&m);
        g_assert_cmpstr(json, ==, "{\"bloco\": 42, \"peerId\": \"peer3\"}");
        mb_wire_clear(&m);
    }
}

#define NUMBER(text) "{\"bloco\": " text ", \"peerId\": \"p\"}"
#define ID(text) "{\"bloco\": 1, \"peerId\": \"" text "\"}"
#define DATA(text) "{\"id\": 1, \"data\": \"" text "\"}"
#define PEER(ip, port, blocks)                                                                     \
    "{\"id\": \"p\", \"ip\": " ip ", \"port\": " port ", \"blocks\": " blocks "}"
#define MORE(text) "{\"bloco\": 1, \"peerId\": \"p\", \"minibit\": {\"version\": 1, " text "}}"
#define FILE_WITH(text) MORE("\"file\": {" text "}")
#define NOTICE(text) "{\"peerId\": \"p\", \"minibit\": {\"version\": 1" text "}}"
#define ID_64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
    int error;
    const char *json;
} refused[] = {
    /* no strict JSON */
    {MB_ERR_SYNTAX, ""},
    {MB_ERR_SYNTAX, "   "},
    {MB_ERR_SYNTAX, "42"},
    {MB_ERR_SYNTAX, "\"x\""},
    {MB_ERR_SYNTAX, "null"},
    {MB_ERR_SYNTAX, "{"},
    {MB_ERR_SYNTAX, "[}"},
    {MB_ERR_SYNTAX, "[1,]"},
    {MB_ERR_SYNTAX, "[,1]"},
    {MB_ERR_SYNTAX, "{\"bloco\": 1,}"},
    {MB_ERR_SYNTAX, "{\"bloco\"}"},
    {MB_ERR_SYNTAX, "{\"bloco\" 1}"},
    {MB_ERR_SYNTAX, "{bloco: 1}"},
    {MB_ERR_SYNTAX, "{'bloco': 1}"},
    {MB_ERR_SYNTAX, "\xef\xbb\xbf" NUMBER("1")},
    {MB_ERR_SYNTAX, NUMBER("1") "x"},
    {MB_ERR_SYNTAX, NUMBER("1") NUMBER("1")},
    {MB_ERR_SYNTAX, NUMBER("1") " ,"},
    {MB_ERR_SYNTAX, NUMBER("1/**/")},
    {MB_ERR_SYNTAX, NUMBER("nul")},
    {MB_ERR_SYNTAX, NUMBER("True")},
    /* numbers */
    {MB_ERR_SYNTAX, NUMBER("0042")},
    {MB_ERR_SYNTAX, NUMBER("00")},
    {MB_ERR_SYNTAX, NUMBER("-")},
    {MB_ERR_SYNTAX, NUMBER("+1")},
    {MB_ERR_SYNTAX, NUMBER(".5")},
    {MB_ERR_SYNTAX, NUMBER("1.")},
    {MB_ERR_SYNTAX, NUMBER("1e")},
    {MB_ERR_SYNTAX, NUMBER("0x10")},
    {MB_ERR_SYNTAX, NUMBER("NaN")},
    {MB_ERR_SYNTAX, NUMBER("Infinity")},
    {MB_ERR_SYNTAX, NUMBER("-Infinity")},
    {MB_ERR_SYNTAX, "{\"x\": 0042, \"bloco\": 1, \"peerId\": \"p\"}"},
    {MB_ERR_RANGE, NUMBER("1.5")},
    {MB_ERR_RANGE, NUMBER("1.0")},
    {MB_ERR_RANGE, NUMBER("1e0")},
    {MB_ERR_RANGE, NUMBER("1E2")},
    {MB_ERR_RANGE, NUMBER("1e400")},
    {MB_ERR_RANGE, NUMBER("-1")},
    {MB_ERR_RANGE, NUMBER("-0")},
    {MB_ERR_RANGE, NUMBER("9007199254740993")},
    {MB_ERR_RANGE, NUMBER("18446744073709551617")},
    {MB_ERR_RANGE, NUMBER("16777216")},
    {MB_ERR_RANGE, "{\"bl\\u006fco\": 1.5, \"peerId\": \"p\"}"},
    {MB_ERR_RANGE, "{\"x\": 0.00000000000000000000000000000001, \"bloco\": 1, \"peerId\": \"p\"}"},
    {MB_ERR_MESSAGE, NUMBER("\"1\"")},
    {MB_ERR_MESSAGE, NUMBER("null")},
    {MB_ERR_MESSAGE, NUMBER("[1]")},
    {MB_ERR_MESSAGE, NUMBER("true")},
    /* strings and UTF-8 */
    {MB_ERR_SYNTAX, ID("a\tb")},
    {MB_ERR_SYNTAX, ID("a\x01")},
    {MB_ERR_SYNTAX, ID("a\\u0000b")},
    {MB_ERR_SYNTAX, ID("a\\x")},
    {MB_ERR_SYNTAX, ID("a\\u12g4")},
    {MB_ERR_SYNTAX, ID("a\\ud800")},
    {MB_ERR_SYNTAX, ID("a\\ud800\\u0041")},
    {MB_ERR_SYNTAX, ID("a\\udc00")},
    {MB_ERR_SYNTAX, ID("\x80")},
    {MB_ERR_SYNTAX, ID("\xc0\xaf")},
    {MB_ERR_SYNTAX, ID("\xc3")},
    {MB_ERR_SYNTAX, ID("\xe0\x80\xaf")},
    {MB_ERR_SYNTAX, ID("\xed\xa0\x80")},
    {MB_ERR_SYNTAX, ID("\xf0\x80\x80\xaf")},
    {MB_ERR_SYNTAX, ID("\xf4\x90\x80\x80")},
    {MB_ERR_SYNTAX, ID("\xf5\x80\x80\x80")},
    {MB_ERR_SYNTAX, ID("\xff")},
    {MB_ERR_SYNTAX, "{\"x\": \"\xfe\", \"bloco\": 1, \"peerId\": \"p\"}"},
    {MB_ERR_SYNTAX, "{\"bloco\": 1, \"peerId\": \"p"},
    {MB_ERR_SYNTAX, "{\"bloco\": 1, \"peerId\": \"p\\"},
    /* depth, and what hides deep */
    {MB_ERR_RANGE, "[[[[[]]]]]"},
    {MB_ERR_RANGE, "{\"x\": [[[[0]]]], \"bloco\": 1, \"peerId\": \"p\"}"},
    {MB_ERR_RANGE, "[{\"minibit\": {\"file\": {\"size\": []}}}]"},
    /* keys twice */
    {MB_ERR_MESSAGE, "{\"bloco\": 1, \"bloco\": 1, \"peerId\": \"p\"}"},
    {MB_ERR_MESSAGE, "{\"bloco\": 1, \"peerId\": \"p\", \"x\": 1, \"x\": 2}"},
    {MB_ERR_MESSAGE, "{\"bloco\": 1, \"peerId\": \"p\", \"\\u0062loco\": 2}"},
    {MB_ERR_MESSAGE, "{\"bloco\": 1, \"peerId\": \"p\", \"x\": [{\"y\": 1, \"y\": 1}]}"},
    {MB_ERR_MESSAGE, MORE("\"raw\": true, \"raw\": true")},
    /* keys missing or of another case */
    {MB_ERR_MESSAGE, "{}"},
    {MB_ERR_MESSAGE, "{\"bloco\": 1}"},
    {MB_ERR_MESSAGE, "{\"peerId\": \"p\"}"},
    {MB_ERR_MESSAGE, "{\"Bloco\": 1, \"peerId\": \"p\"}"},
    {MB_ERR_MESSAGE, "{\"id\": 1}"},
    {MB_ERR_MESSAGE, "[1]"},
    {MB_ERR_MESSAGE, "[[]]"},
    {MB_ERR_MESSAGE, "[{}]"},
    {MB_ERR_MESSAGE, "[null]"},
    {MB_ERR_MESSAGE, "{\"id\": \"p\", \"port\": 1, \"blocks\": []}"},
    /* ids, hosts, ports, blocks */
    {MB_ERR_MESSAGE, ID("")},
    {MB_ERR_MESSAGE, ID("a b")},
    {MB_ERR_MESSAGE, ID("a/b")},
    {MB_ERR_MESSAGE, ID("../a")},
    {MB_ERR_MESSAGE, ID("a.b")},
    {MB_ERR_MESSAGE, ID("\xc3\xa9")},
    {MB_ERR_MESSAGE, ID("a\\n")},
    {MB_ERR_MESSAGE, ID(ID_64 "a")},
    {MB_ERR_MESSAGE, "{\"bloco\": 1, \"peerId\": 7}"},
    {MB_ERR_MESSAGE, PEER("\"\"", "1", "[]")},
    {MB_ERR_MESSAGE, PEER("\"a b\"", "1", "[]")},
    {MB_ERR_MESSAGE, PEER("7", "1", "[]")},
    {MB_ERR_MESSAGE, PEER("\"h\"", "0", "[]")},
    {MB_ERR_RANGE, PEER("\"h\"", "65536", "[]")},
    {MB_ERR_MESSAGE, PEER("\"h\"", "\"1\"", "[]")},
    {MB_ERR_MESSAGE, PEER("\"h\"", "1", "{}")},
    {MB_ERR_MESSAGE, PEER("\"h\"", "1", "[\"1\"]")},
    {MB_ERR_MESSAGE, PEER("\"h\"", "1", "[[1]]")},
    {MB_ERR_RANGE, PEER("\"h\"", "1", "[1.5]")},
    {MB_ERR_RANGE, PEER("\"h\"", "1", "[-1]")},
    {MB_ERR_RANGE, PEER("\"h\"", "1", "[16777216]")},
    {MB_ERR_RANGE, "[" PEER("\"h\"", "1", "[1e1]") "]"},
    /* base64 */
    {MB_ERR_MESSAGE, DATA("A")},
    {MB_ERR_MESSAGE, DATA("AA")},
    {MB_ERR_MESSAGE, DATA("AAA")},
    {MB_ERR_MESSAGE, DATA("A===")},
    {MB_ERR_MESSAGE, DATA("====")},
    {MB_ERR_MESSAGE, DATA("AAAA=")},
    {MB_ERR_MESSAGE, DATA("AA==AAAA")},
    {MB_ERR_MESSAGE, DATA("AA=A")},
    {MB_ERR_MESSAGE, DATA("AAAA====")},
    {MB_ERR_MESSAGE, DATA("AB==")}, /* spare bits */
    {MB_ERR_MESSAGE, DATA("AAB=")},
    {MB_ERR_MESSAGE, DATA("AA A")},
    {MB_ERR_MESSAGE, DATA(" AAAA")},
    {MB_ERR_MESSAGE, DATA("AAAA\\n")},
    {MB_ERR_MESSAGE, DATA("AA-_")},
    {MB_ERR_MESSAGE, DATA("AA\xc3\xa9")},
    {MB_ERR_MESSAGE, "{\"id\": 1, \"data\": null}"},
    {MB_ERR_MESSAGE, "{\"id\": 1, \"data\": 5}"},
    /* MiniBit's own keys */
    {MB_ERR_MESSAGE, "{\"bloco\": 1, \"peerId\": \"p\", \"minibit\": 1}"},
    {MB_ERR_MESSAGE, "{\"bloco\": 1, \"peerId\": \"p\", \"minibit\": {}}"},
    {MB_ERR_MESSAGE, "{\"bloco\": 1, \"peerId\": \"p\", \"minibit\": {\"version\": 0}}"},
    {MB_ERR_RANGE, "{\"bloco\": 1, \"peerId\": \"p\", \"minibit\": {\"version\": 4294967296}}"},
    {MB_ERR_MESSAGE, MORE("\"raw\": 1")},
    {MB_ERR_MESSAGE, MORE("\"keep\": null")},
    {MB_ERR_MESSAGE, MORE("\"note\": \"shout\"")},
    {MB_ERR_MESSAGE, MORE("\"note\": \"\"")},
    {MB_ERR_MESSAGE, MORE("\"refused\": 1")},
    {MB_ERR_RANGE, MORE("\"offset\": 16777217")},
    {MB_ERR_MESSAGE, MORE("\"offset\": 16777216")},
    {MB_ERR_RANGE, MORE("\"length\": 16777217")},
    {MB_ERR_RANGE, MORE("\"count\": 16777217")},
    {MB_ERR_RANGE, MORE("\"block\": 16777216")},
    {MB_ERR_MESSAGE, MORE("\"set\": \"A\"")},
    {MB_ERR_MESSAGE, MORE("\"set\": [1]")},
    {MB_ERR_MESSAGE, MORE("\"have\": 1")},
    {MB_ERR_RANGE, MORE("\"dealt\": [1.0]")},
    {MB_ERR_MESSAGE, MORE("\"file\": []")},
    {MB_ERR_MESSAGE, FILE_WITH("")},
    {MB_ERR_MESSAGE, FILE_WITH("\"size\": 1, \"block_size\": 0, \"extension\": \"\", \"root\": "
                               "\"" ROOT_HEX "\"")},
    {MB_ERR_RANGE, FILE_WITH("\"size\": 1, \"block_size\": 16777217")},
    {MB_ERR_RANGE, FILE_WITH("\"size\": 16777217, \"block_size\": 1")},
    {MB_ERR_RANGE, FILE_WITH("\"size\": 9007199254740993, \"block_size\": 1")},
    {MB_ERR_RANGE, FILE_WITH("\"size\": 1.5, \"block_size\": 1")},
    {MB_ERR_MESSAGE, FILE_WITH("\"size\": 1, \"block_size\": 1, \"extension\": \"../x\", "
                               "\"root\": \"" ROOT_HEX "\"")},
    {MB_ERR_MESSAGE, FILE_WITH("\"size\": 1, \"block_size\": 1, \"extension\": \"a-b\", "
                               "\"root\": \"" ROOT_HEX "\"")},
    {MB_ERR_MESSAGE, FILE_WITH("\"size\": 1, \"block_size\": 1, \"extension\": \"abcdefghijk\", "
                               "\"root\": \"" ROOT_HEX "\"")},
    {MB_ERR_MESSAGE, FILE_WITH("\"size\": 1, \"block_size\": 1, \"extension\": \"\", "
                               "\"root\": \"00\"")},
    {MB_ERR_MESSAGE, FILE_WITH("\"size\": 1, \"block_size\": 1, \"extension\": \"\", "
                               "\"root\": \"" ROOT_HEX "\", \"hashes\": \"AAAA\"")},
    {MB_ERR_RANGE, FILE_WITH("\"size\": 0, \"block_size\": 1, \"extension\": \"\", "
                             "\"root\": \"" ROOT_HEX "\", \"hashes\": \"AAAA\"")},
    {MB_ERR_MESSAGE, "{\"id\": 1, \"data\": \"\", \"minibit\": {\"version\": 1, "
                     "\"refused\": \"choked\"}}"},
    {MB_ERR_MESSAGE, "{\"id\": 1, \"data\": \"\", \"minibit\": {\"version\": 1, \"length\": 1}}"},
    {MB_ERR_MESSAGE, "{\"id\": 1, \"minibit\": {\"version\": 1}}"},
    {MB_ERR_MESSAGE, NOTICE("")},
    {MB_ERR_MESSAGE, NOTICE(", \"note\": \"cancel\"")},
    {MB_ERR_MESSAGE, NOTICE(", \"note\": \"have\"")},
    {MB_ERR_MESSAGE, "{\"minibit\": {\"version\": 1, \"note\": \"alive\"}}"},
};

static void test_refusals(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        mb_wire_message m;
        int rc = decode(refused[i].json, ANY, &m);
        if (rc != refused[i].error) {
            g_error("row %zu: %s, expected %s: %s", i, mb_strerror(rc),
                    mb_strerror(refused[i].error), refused[i].json);
        }
        g_assert_null(m.arena);
        g_assert_cmpint(m.type, ==, 0);
    }
}

/* No beginning of a message is a message; a zero byte or junk behind it spoils it. */
static void test_cuts(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(golden); i++) {
        mb_wire_message m;
        size_t size = strlen(golden[i].json);
        for (size_t cut = 0; cut < size; cut++) {
            int rc = mb_wire_decode(golden[i].json, cut, ANY, &m);
            g_assert_cmpint(rc, ==, MB_ERR_SYNTAX);
        }
        g_assert_cmpint(mb_wire_decode(golden[i].json, size + 1, ANY, &m), ==, MB_ERR_SYNTAX);
    }
}

static void test_limits(void)
{
    mb_wire_message m;
    g_assert_cmpint(mb_wire_decode("", MB_LIMIT_REQUEST_SIZE + 1, MB_WIRE_REQUEST, &m), ==,
                    MB_ERR_RANGE); /* refused by its size: not a byte is read */
    GString *keys = g_string_new("{\"bloco\": 1, \"peerId\": \"p\"");
    for (int i = 3; i <= MB_LIMIT_KEYS; i++)
        g_string_append_printf(keys, ", \"k%d\": 0", i);
    char *full = g_strconcat(keys->str, "}", NULL);
    char *over = g_strconcat(keys->str, ", \"k\": 0}", NULL);
    ok(decode(full, ANY, &m));
    mb_wire_clear(&m);
    g_assert_cmpint(decode(over, ANY, &m), ==, MB_ERR_RANGE);
    g_free(full);
    g_free(over);
    g_string_assign(keys, "[0");
    for (uint32_t i = 0; i < MB_LIMIT_VALUES; i++)
        g_string_append(keys, ",0");
    g_string_append_c(keys, ']');
    g_assert_cmpint(decode(keys->str, ANY, &m), ==, MB_ERR_RANGE);
    g_string_free(keys, TRUE);
    ok(decode(ID(ID_64), ANY, &m));
    mb_wire_clear(&m);
}

/* A copy of the text's bytes at the very end of their memory, for the sanitizer to watch. */
static void test_reads_no_byte_too_many(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        mb_wire_message m;
        size_t size = strlen(refused[i].json);
        char *exact = g_memdup2(refused[i].json, size);
        g_assert_cmpint(mb_wire_decode(exact, size, ANY, &m), ==, refused[i].error);
        g_free(exact);
    }
}

static void test_encoder_refuses(void)
{
    uint32_t high = MB_LIMIT_BLOCKS;
    const mb_wire_extension none = {0}, plain = {.version = 1};
    const mb_wire_message rows[] = {
        {0},
        {.type = MB_WIRE_REQUEST, .block = 1},
        {.type = MB_WIRE_REQUEST, .block = 1, .peer_id = "a b"},
        {.type = MB_WIRE_REQUEST, .block = MB_LIMIT_BLOCKS, .peer_id = "a"},
        {.type = MB_WIRE_REQUEST, .block = 1, .peer_id = "a", .extension = &none},
        {.type = MB_WIRE_ANNOUNCE, .peer = {.id = "a", .ip = "\"", .port = 1}},
        {.type = MB_WIRE_ANNOUNCE, .peer = {.id = "a", .ip = "h", .port = 0}},
        {.type = MB_WIRE_ANNOUNCE,
         .peer = {.id = "a", .ip = "h", .port = 1, .blocks = &high, .blocks_count = 1}},
        {.type = MB_WIRE_BLOCK, .block = 1},
        {.type = MB_WIRE_BLOCK, .block = 1, .extension = &plain},
        {.type = MB_WIRE_NOTICE, .peer_id = "a", .extension = &plain},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        mb_text text;
        mb_text_init(&text);
        g_assert_cmpint(mb_wire_encode(&rows[i], &text), ==, MB_ERR_ARGUMENT);
        g_assert_cmpuint(text.size, ==, 0);
        mb_text_clear(&text);
    }
}

static void test_base64(void)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) { /* RFC 4648, section 10 */
        char text[16] = {0};
        uint8_t bytes[16];
        size_t size = strlen(rows[i][0]);
        mb_base64_encode((const uint8_t *)rows[i][0], size, text);
        g_assert_cmpstr(text, ==, rows[i][1]);
        g_assert_cmpint(mb_base64_decoded_size(text, strlen(text)), ==, (int64_t)size);
        ok(mb_base64_decode(text, strlen(text), bytes));
        g_assert_cmpmem(bytes, size, rows[i][0], size);
    }
    for (size_t size = 0; size < 300; size++) {
        uint8_t bytes[300], back[300];
        char text[404];
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t)g_test_rand_int();
        mb_base64_encode(bytes, size, text);
        g_autofree char *theirs = g_base64_encode(bytes, size);
        g_assert_cmpmem(text, (size + 2) / 3 * 4, theirs, strlen(theirs));
        ok(mb_base64_decode(text, (size + 2) / 3 * 4, back));
        g_assert_cmpmem(back, size, bytes, size);
    }
}

/* Each of the 256 characters in each place: right exactly where the alphabet says so. */
static void test_base64_alphabet(void)
{
    for (int place = 0; place < 4; place++) {
        for (int c = 0; c < 256; c++) {
            char text[4] = {'A', 'A', 'A', 'A'};
            uint8_t bytes[3];
            text[place] = (char)c;
            bool right = g_ascii_isalnum(c) || c == '+' || c == '/' || (c == '=' && place == 3);
            g_assert_cmpint(mb_base64_decode(text, 4, bytes) == MB_OK, ==, right);
        }
    }
}

/* Every reason and note has a name of its own, which the golden messages cannot all show. */
static void test_names(void)
{
    for (unsigned i = 1; i < MB_WIRE_NOTE_COUNT; i++) {
        const char *name = mb_wire_note_name((mb_wire_note)i);
        g_assert_cmpuint(strlen(name), >, 0);
        for (unsigned j = 0; j < i; j++) {
            g_assert_cmpstr(name, !=, mb_wire_note_name((mb_wire_note)j));
        }
    }
    for (unsigned i = 1; i < MB_WIRE_REASON_COUNT; i++) {
        const char *name = mb_wire_reason_name((mb_wire_reason)i);
        g_assert_cmpuint(strlen(name), >, 0);
        for (unsigned j = 0; j < i; j++) {
            g_assert_cmpstr(name, !=, mb_wire_reason_name((mb_wire_reason)j));
        }
    }
}

static void test_sets(void)
{
    for (uint32_t blocks = 0; blocks <= 200; blocks++) {
        uint64_t words[4] = {0}, back[4] = {7, 7, 7, 7};
        uint8_t set[26] = {0};
        for (uint32_t b = 0; b < blocks; b += 3)
            mb_blockset_add(words, b);
        mb_wire_set_put(words, blocks, set);
        mb_wire_extension e = {.version = 1, .set = set, .set_size = mb_wire_set_size(blocks)};
        ok(mb_wire_set_get(&e, blocks, back));
        uint32_t count = mb_blockset_words(blocks);
        g_assert_cmpmem(back, count * sizeof *back, words, count * sizeof *words);
        g_assert_cmpint(mb_wire_set_get(&e, blocks + 8, back), ==, MB_ERR_MESSAGE);
        if (blocks % 8 == 0) continue;
        set[blocks / 8] |= (uint8_t)(1u << (blocks % 8));
        g_assert_cmpint(mb_wire_set_get(&e, blocks, back), ==, MB_ERR_MESSAGE);
    }
}

/* Blocks 0 to 2 of a file of 33 bytes in blocks of 16: only these, only so long. */
static void test_geometry_fit(void)
{
    static const struct {
        int rc;
        const char *json;
    } rows[] = {
        {MB_OK, NUMBER("2")},
        {MB_ERR_MESSAGE, NUMBER("3")},
        {MB_OK, "{\"id\": 2, \"data\": \"AA==\"}"},
        {MB_ERR_MESSAGE, "{\"id\": 1, \"data\": \"AA==\"}"},
        {MB_ERR_MESSAGE, "{\"id\": 2, \"data\": \"AAA=\"}"},
        {MB_ERR_MESSAGE, "{\"id\": 2, \"data\": \"\"}"},
        {MB_OK, "{\"id\": 1, \"minibit\": {\"version\": 1, \"length\": 16}}"},
        {MB_OK, "{\"id\": 1, \"minibit\": {\"version\": 1, \"length\": 6, \"offset\": 10}}"},
        {MB_ERR_MESSAGE,
         "{\"id\": 1, \"minibit\": {\"version\": 1, \"length\": 7, \"offset\": 10}}"},
        {MB_OK, "{\"id\": 1, \"data\": \"AA==\", \"minibit\": {\"version\": 1, \"offset\": 15}}"},
        {MB_ERR_MESSAGE, MORE("\"offset\": 16")},
        {MB_OK, MORE("\"set\": \"Bw==\"")},
        {MB_ERR_MESSAGE, MORE("\"set\": \"Dw==\"")},
        {MB_ERR_MESSAGE, MORE("\"set\": \"BwA=\"")},
        {MB_ERR_MESSAGE, MORE("\"have\": [3]")},
        {MB_OK, MORE("\"have\": [2], \"dealt\": [0, 0]")},
        {MB_ERR_MESSAGE, MORE("\"block\": 3")},
        {MB_OK, PEER("\"h\"", "1", "[0, 2]")},
        {MB_ERR_MESSAGE, PEER("\"h\"", "1", "[0, 3]")},
        {MB_ERR_MESSAGE, "[" PEER("\"h\"", "1", "[]") ", " PEER("\"h\"", "1", "[3]") "]"},
        {MB_ERR_MESSAGE, FILE_WITH("\"size\": 34, \"block_size\": 16, \"extension\": \"\", "
                                   "\"root\": \"" ROOT_HEX "\"")},
    };
    mb_geometry geometry;
    ok(mb_geometry_init(&geometry, 33, 16));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        mb_wire_message m;
        ok(decode(rows[i].json, ANY, &m));
        if (mb_wire_check_geometry(&m, &geometry) != rows[i].rc) g_error("%s", rows[i].json);
        mb_wire_clear(&m);
    }
}

static void test_frames(void)
{
    static const char stream[] = " {\"x\": \"}]\\\"\\\\\", \"y\": [{}]}\n[[1], \"[\"]";
    mb_frame frame = {0};
    size_t first = strlen(" {\"x\": \"}]\\\"\\\\\", \"y\": [{}]}");
    for (size_t size = 0; size < first; size++) {
        g_assert_cmpint(mb_frame_feed(&frame, stream, size), ==, 0);
    }
    g_assert_cmpint(mb_frame_feed(&frame, stream, sizeof stream - 1), ==, (int64_t)first);
    g_assert_cmpuint(frame.scanned, ==, 0);
    size_t rest = sizeof stream - 1 - first;
    g_assert_cmpint(mb_frame_feed(&frame, stream + first, rest), ==, (int64_t)rest);
    g_assert_cmpint(mb_frame_feed(&frame, "  ", 2), ==, 0);
    g_assert_cmpint(mb_frame_feed(&frame, "  x", 3), ==, MB_ERR_SYNTAX);
}

static void test_block_sizes(void)
{
    static const uint32_t blocks[] = {0, 9, 10, 99, 100, 255, 999, 1000, 99999, 100000, 16777215};
    uint8_t *payload = g_malloc0(262144);
    mb_text text;
    mb_text_init(&text);
    for (size_t i = 0; i < G_N_ELEMENTS(blocks); i++) {
        for (size_t size = 0; size <= 262144; size = size < 70 ? size + 1 : size * 3 + 1) {
            mb_wire_message m = {.type = MB_WIRE_BLOCK, .block = blocks[i], .data = payload};
            m.data_size = size;
            mb_text_reset(&text);
            ok(mb_wire_encode(&m, &text));
            g_assert_cmpuint(text.size, ==,
                             mb_wire_block_answer_size(blocks[i], size, MB_ENCODING_BASE64));
            g_assert_cmpuint(size, ==, mb_wire_block_answer_size(blocks[i], size, MB_ENCODING_RAW));
        }
    }
    mb_text_clear(&text);
    g_free(payload);
    g_assert_cmpuint(mb_wire_block_answer_size(42, 262144, MB_ENCODING_BASE64), ==, 349528 + 22);
}

static void test_digits(void)
{
    for (uint32_t n = 0; n < 20000; n++) {
        g_autofree char *text = g_strdup_printf("%u", n);
        g_assert_cmpuint(mb_wire_digits(n), ==, strlen(text));
    }
    g_assert_cmpuint(mb_wire_digits(UINT64_MAX), ==, 20);
    g_assert_cmpuint(mb_wire_digits(UINT64_C(9999999999999999999)), ==, 19);
    g_assert_cmpuint(mb_wire_digits(UINT64_C(10000000000000000000)), ==, 20);
}

/* cJSON's allocations fail like ours: it is given the malloc() that this file is linked with. */
static void test_each_allocation_fails(void)
{
    cJSON_Hooks hooks = {.malloc_fn = malloc, .free_fn = free};
    cJSON_InitHooks(&hooks);
    for (size_t i = 0; i < G_N_ELEMENTS(golden); i++) {
        int rc;
        mb_text text;
        mb_wire_message m, back;
        FAILING_ALLOC_EACH(rc = decode(golden[i].json, ANY, &m))
        {
            g_assert_cmpint(rc, ==, MB_ERR_MEMORY);
            g_assert_null(m.arena);
        }
        ok(rc);
        mb_text_init(&text);
        FAILING_ALLOC_EACH(rc = mb_wire_encode(&m, &text))
        {
            g_assert_cmpint(rc, ==, MB_ERR_MEMORY);
            mb_text_clear(&text);
        }
        ok(rc);
        ok(mb_wire_decode(text.bytes, text.size, ANY, &back));
        mb_wire_clear(&back);
        mb_text_clear(&text);
        mb_wire_clear(&m);
    }
    cJSON_InitHooks(NULL);
}

static void test_arena(void)
{
    mb_arena *arena = NULL;
    for (size_t size = 0; size < 5000; size += 7) {
        uint8_t *bytes = mb_arena_take(&arena, size);
        g_assert_nonnull(bytes);
        g_assert_cmpuint((uintptr_t)bytes % _Alignof(max_align_t), ==, 0);
        for (size_t i = 0; i < size; i++)
            g_assert_cmpuint(bytes[i], ==, 0);
        memset(bytes, 255, size);
    }
    g_assert_null(mb_arena_take(&arena, SIZE_MAX));
    mb_arena_free(arena);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/codec/golden", test_golden);
    g_test_add_func("/codec/fields", test_fields);
    g_test_add_func("/codec/tolerance", test_tolerance);
    g_test_add_func("/codec/refusals", test_refusals);
    g_test_add_func("/codec/cuts", test_cuts);
    g_test_add_func("/codec/limits", test_limits);
    g_test_add_func("/codec/reads-no-byte-too-many", test_reads_no_byte_too_many);
    g_test_add_func("/codec/encoder-refuses", test_encoder_refuses);
    g_test_add_func("/codec/base64", test_base64);
    g_test_add_func("/codec/base64-alphabet", test_base64_alphabet);
    g_test_add_func("/codec/names", test_names);
    g_test_add_func("/codec/sets", test_sets);
    g_test_add_func("/codec/geometry-fit", test_geometry_fit);
    g_test_add_func("/codec/frames", test_frames);
    g_test_add_func("/codec/block-sizes", test_block_sizes);
    g_test_add_func("/codec/digits", test_digits);
    g_test_add_func("/codec/each-allocation-fails", test_each_allocation_fails);
    g_test_add_func("/codec/arena", test_arena);
    return g_test_run();
}
