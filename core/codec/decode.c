/*
 * Bytes to messages. The scanner has judged the form before cJSON sees a byte; here each key is
 * taken by name and kind, and valid.c judges the whole.
 */
#include <assert.h>
#include <cjson/cJSON.h>
#include <string.h>

#include "core/codec/arena.h"
#include "core/codec/base64.h"
#include "core/codec/codec_limits.h"
#include "core/codec/message.h"
#include "core/codec/scan.h"
#include "core/codec/valid.h"

/* Whether a key may be missing. */
typedef enum need { REQUIRED, OPTIONAL } need;

static const cJSON *find(const cJSON *object, const char *key)
{
    /* A key that the scanner does not know would have escaped its rule for numbers. */
    assert(mb_key_known(key));
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static int missing(need n)
{
    return n == REQUIRED ? MB_ERR_MESSAGE : MB_OK;
}

/* Whether any object in the tree has a key twice. The scanner bounds keys and depth. */
static bool has_duplicates(const cJSON *value)
{
    for (const cJSON *a = value->child; a; a = a->next) {
        if (has_duplicates(a)) return true;
        for (const cJSON *b = a->next; a->string && b; b = b->next) {
            if (strcmp(a->string, b->string) == 0) return true;
        }
    }
    return false;
}

/* A number of at most `max`; *number keeps its value if the key is missing and may be. */
static int get_number(const cJSON *object, const char *key, need n, uint64_t max, uint64_t *number)
{
    const cJSON *value = find(object, key);
    if (!value) return missing(n);
    if (!cJSON_IsNumber(value)) return MB_ERR_MESSAGE;
    /* Exact: the scanner lets no other number pass. */
    uint64_t told = (uint64_t)value->valuedouble;
    if (told > max) return MB_ERR_RANGE;
    *number = told;
    return MB_OK;
}

static int get_uint32(const cJSON *object, const char *key, need n, uint64_t max, uint32_t *number)
{
    uint64_t wide = *number;
    assert(max <= UINT32_MAX);
    int rc = get_number(object, key, n, max, &wide);
    *number = (uint32_t)wide;
    return rc;
}

static int get_flag(const cJSON *object, const char *key, bool *flag)
{
    const cJSON *value = find(object, key);
    if (!value) return MB_OK;
    if (!cJSON_IsBool(value)) return MB_ERR_MESSAGE;
    *flag = cJSON_IsTrue(value);
    return MB_OK;
}

/* A string; NULL if the key is missing or of another kind. Borrowed from the tree. */
static const char *string_of(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue((cJSON *)find(object, key));
}

static int get_string(mb_arena **arena, const cJSON *object, const char *key, const char **string)
{
    const char *told = string_of(object, key);
    if (!told) return MB_ERR_MESSAGE;
    size_t size = strlen(told) + 1;
    char *copy = mb_arena_take(arena, size);
    if (!copy) return MB_ERR_MEMORY;
    memcpy(copy, told, size);
    *string = copy;
    return MB_OK;
}

/* A list of block numbers. */
static int get_blocks(mb_arena **arena, const cJSON *object, const char *key, need n,
                      const uint32_t **blocks, uint32_t *count)
{
    const cJSON *list = find(object, key);
    if (!list) return missing(n);
    if (!cJSON_IsArray(list)) return MB_ERR_MESSAGE;
    uint32_t total = (uint32_t)cJSON_GetArraySize(list), i = 0;
    uint32_t *numbers = mb_arena_take(arena, total * sizeof *numbers);
    if (!numbers) return MB_ERR_MEMORY;
    for (const cJSON *item = list->child; item; item = item->next) {
        if (!cJSON_IsNumber(item)) return MB_ERR_MESSAGE;
        if (item->valuedouble >= MB_LIMIT_BLOCKS) return MB_ERR_RANGE;
        numbers[i++] = (uint32_t)item->valuedouble;
    }
    *blocks = numbers;
    *count = total;
    return MB_OK;
}

/* Bytes in base64, `limit` at most. */
static int get_base64(mb_arena **arena, const cJSON *object, const char *key, size_t limit,
                      const uint8_t **bytes, size_t *size)
{
    if (!find(object, key)) return MB_OK;
    const char *text = string_of(object, key);
    if (!text) return MB_ERR_MESSAGE;
    size_t text_size = strlen(text);
    int64_t told = mb_base64_decoded_size(text, text_size);
    if (told < 0) return MB_ERR_MESSAGE;
    if ((uint64_t)told > limit) return MB_ERR_RANGE;
    uint8_t *copy = mb_arena_take(arena, (size_t)told);
    if (!copy) return MB_ERR_MEMORY;
    if (mb_base64_decode(text, text_size, copy) != MB_OK) return MB_ERR_MESSAGE;
    *bytes = copy;
    *size = (size_t)told;
    return MB_OK;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

static int get_root(const cJSON *object, uint8_t root[MB_WIRE_ROOT_SIZE])
{
    const char *text = string_of(object, "root");
    if (!text || strlen(text) != 2 * MB_WIRE_ROOT_SIZE) return MB_ERR_MESSAGE;
    for (size_t i = 0; i < MB_WIRE_ROOT_SIZE; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return MB_ERR_MESSAGE;
        root[i] = (uint8_t)(high << 4 | low);
    }
    return MB_OK;
}

static int get_hashes(mb_arena **arena, const cJSON *object, mb_wire_file *file)
{
    size_t size = 0, due = (size_t)file->geometry.blocks * MB_WIRE_ROOT_SIZE;
    int rc = get_base64(arena, object, "hashes", due, &file->hashes, &size);
    if (rc != MB_OK) return rc;
    return file->hashes == NULL || size == due ? MB_OK : MB_ERR_MESSAGE;
}

static int get_file(mb_arena **arena, const cJSON *object, const mb_wire_file **out)
{
    uint64_t size = 0;
    uint32_t block_size = 0;
    const cJSON *told = find(object, "file");
    if (!told) return MB_OK;
    if (!cJSON_IsObject(told)) return MB_ERR_MESSAGE;
    mb_wire_file *file = mb_arena_take(arena, sizeof *file);
    if (!file) return MB_ERR_MEMORY;
    int rc = get_number(told, "size", REQUIRED, MB_LIMIT_NUMBER, &size);
    if (rc == MB_OK) {
        rc = get_uint32(told, "block_size", REQUIRED, MB_LIMIT_PAYLOAD_SIZE, &block_size);
    }
    if (rc == MB_OK) rc = mb_geometry_init(&file->geometry, size, block_size);
    if (rc == MB_ERR_ARGUMENT) rc = MB_ERR_MESSAGE;
    if (rc != MB_OK) return rc;
    const char *extension = string_of(told, "extension");
    if (!extension || strlen(extension) >= sizeof file->extension) return MB_ERR_MESSAGE;
    memcpy(file->extension, extension, strlen(extension));
    if (find(told, "name")) {
        const char *name = string_of(told, "name");
        if (!name || strlen(name) >= sizeof file->name) return MB_ERR_MESSAGE;
        if (!mb_wire_name_valid(name)) return MB_ERR_MESSAGE;
        memcpy(file->name, name, strlen(name));
    }
    rc = get_root(told, file->root);
    if (rc == MB_OK) rc = get_hashes(arena, told, file);
    *out = file;
    return rc;
}

/* The number of a name in one of the tables of message.c; 0 if the key is missing. */
static int get_name(const cJSON *object, const char *key, const char *(*name)(uint32_t),
                    uint32_t names, uint32_t *number)
{
    if (!find(object, key)) return MB_OK;
    const char *text = string_of(object, key);
    for (uint32_t i = 1; text && i < names; i++) {
        if (strcmp(text, name(i)) != 0) continue;
        *number = i;
        return MB_OK;
    }
    return MB_ERR_MESSAGE;
}

static const char *reason_name(uint32_t number)
{
    return mb_wire_reason_name((mb_wire_reason)number);
}

static const char *note_name(uint32_t number)
{
    return mb_wire_note_name((mb_wire_note)number);
}

static int get_names(const cJSON *told, mb_wire_extension *e)
{
    uint32_t reason = 0, note = 0;
    int rc = get_name(told, "refused", reason_name, MB_WIRE_REASON_COUNT, &reason);
    if (rc == MB_OK) rc = get_name(told, "note", note_name, MB_WIRE_NOTE_COUNT, &note);
    e->refused = (mb_wire_reason)reason;
    e->note = (mb_wire_note)note;
    return rc;
}

static int get_flags(const cJSON *told, mb_wire_extension *e)
{
    int rc;
#define GET_FLAG(NAME)                                                                             \
    if ((rc = get_flag(told, #NAME, &e->NAME)) != MB_OK) return rc;
    MB_WIRE_FLAGS(GET_FLAG)
#undef GET_FLAG
    return MB_OK;
}

static int get_numbers(const cJSON *told, mb_wire_extension *e)
{
    e->has_block = find(told, "block") != NULL;
    int rc = get_uint32(told, "version", REQUIRED, UINT32_MAX, &e->version);
    if (rc == MB_OK) rc = get_uint32(told, "block", OPTIONAL, MB_LIMIT_BLOCKS - 1, &e->block);
    if (rc == MB_OK) rc = get_uint32(told, "offset", OPTIONAL, MB_LIMIT_PAYLOAD_SIZE, &e->offset);
    if (rc == MB_OK) rc = get_uint32(told, "length", OPTIONAL, MB_LIMIT_PAYLOAD_SIZE, &e->length);
    uint32_t port = 0;
    if (rc == MB_OK) rc = get_uint32(told, "port", OPTIONAL, UINT16_MAX, &port);
    e->port = (uint16_t)port;
    if (rc == MB_OK) rc = get_number(told, "epoch", OPTIONAL, MB_LIMIT_NUMBER, &e->epoch);
    if (rc == MB_OK) rc = get_number(told, "count", OPTIONAL, MB_LIMIT_BLOCKS, &e->count);
    return rc;
}

static int get_sets(mb_arena **arena, const cJSON *told, mb_wire_extension *e)
{
    size_t size = 0;
    int rc = get_base64(arena, told, "set", MB_LIMIT_BLOCKS / 8, &e->set, &size);
    e->set_size = (uint32_t)size;
    if (rc == MB_OK) {
        rc = get_blocks(arena, told, "dealt", OPTIONAL, &e->dealt, &e->dealt_count);
    }
    if (rc == MB_OK) rc = get_blocks(arena, told, "have", OPTIONAL, &e->have, &e->have_count);
    return rc;
}

static int get_extension(mb_arena **arena, const cJSON *object, const mb_wire_extension **extension)
{
    const cJSON *told = find(object, "minibit");
    if (!told) return MB_OK;
    if (!cJSON_IsObject(told)) return MB_ERR_MESSAGE;
    mb_wire_extension *e = mb_arena_take(arena, sizeof *e);
    if (!e) return MB_ERR_MEMORY;
    int rc = get_flags(told, e);
    if (rc == MB_OK) rc = get_names(told, e);
    if (rc == MB_OK) rc = get_numbers(told, e);
    if (rc == MB_OK) rc = get_sets(arena, told, e);
    if (rc == MB_OK) rc = get_file(arena, told, &e->file);
    *extension = e;
    return rc;
}

static int get_peer(mb_arena **arena, const cJSON *object, mb_wire_peer *peer)
{
    uint32_t port = 0;
    if (!cJSON_IsObject(object)) return MB_ERR_MESSAGE;
    int rc = get_string(arena, object, "id", &peer->id);
    if (rc == MB_OK) rc = get_string(arena, object, "ip", &peer->ip);
    if (rc == MB_OK) rc = get_uint32(object, "port", REQUIRED, UINT16_MAX, &port);
    if (rc == MB_OK) {
        rc = get_blocks(arena, object, "blocks", REQUIRED, &peer->blocks, &peer->blocks_count);
    }
    if (rc == MB_OK) rc = get_extension(arena, object, &peer->extension);
    peer->port = (uint16_t)port;
    return rc;
}

static int get_peers(mb_arena **arena, const cJSON *list, mb_wire_message *message)
{
    uint32_t count = (uint32_t)cJSON_GetArraySize(list);
    mb_wire_peer *peer = mb_arena_take(arena, count * sizeof *peer);
    if (!peer) return MB_ERR_MEMORY;
    message->peers = peer;
    message->peers_count = count;
    for (const cJSON *item = list->child; item; item = item->next) {
        int rc = get_peer(arena, item, peer++);
        if (rc != MB_OK) return rc;
    }
    return MB_OK;
}

/* A request, a block or a notice. */
static int get_object(mb_arena **arena, const cJSON *object, mb_wire_message *message)
{
    int rc = MB_OK;
    if (message->type == MB_WIRE_REQUEST) {
        rc = get_uint32(object, "bloco", REQUIRED, MB_LIMIT_BLOCKS - 1, &message->block);
    }
    if (message->type != MB_WIRE_BLOCK) {
        if (rc == MB_OK) rc = get_string(arena, object, "peerId", &message->peer_id);
    } else {
        rc = get_uint32(object, "id", REQUIRED, MB_LIMIT_BLOCKS - 1, &message->block);
        if (rc == MB_OK) {
            rc = get_base64(arena, object, "data", MB_LIMIT_PAYLOAD_SIZE, &message->data,
                            &message->data_size);
        }
    }
    if (rc == MB_OK) rc = get_extension(arena, object, &message->extension);
    return rc;
}

/* Which of the types that may come this is: told by the one key that only it needs. */
static uint32_t type_of(const cJSON *root, uint32_t types)
{
    if (cJSON_IsArray(root)) return types & MB_WIRE_PEERS;
    types &= ~(uint32_t)MB_WIRE_PEERS;
    if ((types & (types - 1)) == 0) return types;
    if (find(root, "bloco")) return types & MB_WIRE_REQUEST;
    if (find(root, "port")) return types & MB_WIRE_ANNOUNCE;
    if (find(root, "id")) return types & MB_WIRE_BLOCK;
    return types & MB_WIRE_NOTICE;
}

/* Fills *message from the tree. */
static int read_tree(const cJSON *root, uint32_t types, mb_arena **arena, mb_wire_message *message)
{
    int rc;
    if (has_duplicates(root)) return MB_ERR_MESSAGE;
    uint32_t type = type_of(root, types);
    if (type == 0) return MB_ERR_MESSAGE;
    message->type = (mb_wire_type)type;
    if (type == MB_WIRE_ANNOUNCE)
        rc = get_peer(arena, root, &message->peer);
    else if (type == MB_WIRE_PEERS)
        rc = get_peers(arena, root, message);
    else
        rc = get_object(arena, root, message);
    if (rc != MB_OK) return rc;
    return mb_wire_valid(message) ? MB_OK : MB_ERR_MESSAGE;
}

int mb_wire_decode(const char *bytes, size_t size, uint32_t types, mb_wire_message *message)
{
    mb_arena *arena = NULL;
    *message = (mb_wire_message){0};
    if (size > mb_wire_size_limit(types)) return MB_ERR_RANGE;
    int rc = mb_scan(bytes, size);
    if (rc != MB_OK) return rc;
    /* The scanner has found strict JSON, so memory is all that can be wanting. */
    cJSON *root = cJSON_ParseWithLength(bytes, size);
    if (!root) return MB_ERR_MEMORY;
    rc = read_tree(root, types, &arena, message);
    cJSON_Delete(root);
    message->arena = arena;
    if (rc != MB_OK) mb_wire_clear(message);
    return rc;
}
