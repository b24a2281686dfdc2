/*
 * Messages to bytes. The order of keys and the blanks are those of the original's json.dumps.
 */
#include <assert.h>
#include <string.h>

#include "core/codec/message.h"
#include "core/codec/valid.h"

/* Writes `"key": ` into an object, with ", " before all but the first. */
static void add_key(mb_text *text, const char *key, bool *first)
{
    mb_text_add(text, *first ? "\"" : ", \"");
    mb_text_add(text, key);
    mb_text_add(text, "\": ");
    *first = false;
}

/* Only for texts that need no escapes, which valid.c has seen to. */
static void add_string(mb_text *text, const char *key, const char *value, bool *first)
{
    add_key(text, key, first);
    mb_text_add(text, "\"");
    mb_text_add(text, value);
    mb_text_add(text, "\"");
}

static void add_number(mb_text *text, const char *key, uint64_t value, bool *first)
{
    add_key(text, key, first);
    mb_text_add_number(text, value);
}

/* A number that is left out when it is 0. */
static void add_optional(mb_text *text, const char *key, uint64_t value, bool *first)
{
    if (value != 0) add_number(text, key, value, first);
}

static void add_flag(mb_text *text, const char *key, bool value, bool *first)
{
    if (!value) return;
    add_key(text, key, first);
    mb_text_add(text, "true");
}

static void add_base64(mb_text *text, const char *key, const uint8_t *bytes, size_t size,
                       bool *first)
{
    add_key(text, key, first);
    mb_text_add(text, "\"");
    mb_text_add_base64(text, bytes, size);
    mb_text_add(text, "\"");
}

static void add_blocks(mb_text *text, const char *key, const uint32_t *blocks, uint32_t count,
                       bool *first)
{
    add_key(text, key, first);
    mb_text_add(text, "[");
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) mb_text_add(text, ", ");
        mb_text_add_number(text, blocks[i]);
    }
    mb_text_add(text, "]");
}

static void add_file(mb_text *text, const mb_wire_file *file, bool *first_outside)
{
    bool first = true;
    add_key(text, "file", first_outside);
    mb_text_add(text, "{");
    add_number(text, "size", file->geometry.size, &first);
    add_number(text, "block_size", file->geometry.block_size, &first);
    add_string(text, "extension", file->extension, &first);
    if (file->name[0] != '\0') add_string(text, "name", file->name, &first);
    add_key(text, "root", &first);
    mb_text_add(text, "\"");
    mb_text_add_hex(text, file->root, sizeof file->root);
    mb_text_add(text, "\"");
    if (file->hashes) {
        size_t size = (size_t)file->geometry.blocks * MB_WIRE_ROOT_SIZE;
        add_base64(text, "hashes", file->hashes, size, &first);
    }
    mb_text_add(text, "}");
}

static void add_flags(mb_text *text, const mb_wire_extension *e, bool *first)
{
#define ADD_FLAG(NAME) add_flag(text, #NAME, e->NAME, first);
    MB_WIRE_FLAGS(ADD_FLAG)
#undef ADD_FLAG
}

static void add_extension(mb_text *text, const mb_wire_extension *e, bool *first_outside)
{
    bool first = true;
    if (!e) return;
    add_key(text, "minibit", first_outside);
    mb_text_add(text, "{");
    add_number(text, "version", e->version, &first);
    add_flags(text, e, &first);
    if (e->note != MB_WIRE_NOTE_NONE) {
        add_string(text, "note", mb_wire_note_name(e->note), &first);
    }
    if (e->refused != MB_WIRE_REASON_NONE) {
        add_string(text, "refused", mb_wire_reason_name(e->refused), &first);
    }
    if (e->has_block) add_number(text, "block", e->block, &first);
    add_optional(text, "offset", e->offset, &first);
    add_optional(text, "length", e->length, &first);
    if (e->set) add_base64(text, "set", e->set, e->set_size, &first);
    add_optional(text, "port", e->port, &first);
    add_optional(text, "epoch", e->epoch, &first);
    add_optional(text, "count", e->count, &first);
    if (e->dealt) add_blocks(text, "dealt", e->dealt, e->dealt_count, &first);
    if (e->have) add_blocks(text, "have", e->have, e->have_count, &first);
    if (e->file) add_file(text, e->file, &first);
    mb_text_add(text, "}");
}

static void add_peer(mb_text *text, const mb_wire_peer *peer)
{
    bool first = true;
    mb_text_add(text, "{");
    add_string(text, "id", peer->id, &first);
    add_string(text, "ip", peer->ip, &first);
    add_number(text, "port", peer->port, &first);
    add_blocks(text, "blocks", peer->blocks, peer->blocks_count, &first);
    add_extension(text, peer->extension, &first);
    mb_text_add(text, "}");
}

static void add_peers(mb_text *text, const mb_wire_message *message)
{
    mb_text_add(text, "[");
    for (uint32_t i = 0; i < message->peers_count; i++) {
        if (i > 0) mb_text_add(text, ", ");
        add_peer(text, &message->peers[i]);
    }
    mb_text_add(text, "]");
}

/* A request, a block or a notice. */
static void add_object(mb_text *text, const mb_wire_message *message)
{
    bool first = true;
    mb_text_add(text, "{");
    if (message->type == MB_WIRE_REQUEST) add_number(text, "bloco", message->block, &first);
    if (message->type == MB_WIRE_BLOCK) {
        add_number(text, "id", message->block, &first);
        if (message->data) {
            add_base64(text, "data", message->data, message->data_size, &first);
        }
    } else {
        add_string(text, "peerId", message->peer_id, &first);
    }
    add_extension(text, message->extension, &first);
    mb_text_add(text, "}");
}

int mb_wire_encode(const mb_wire_message *message, mb_text *text)
{
    if (!mb_wire_valid(message)) return MB_ERR_ARGUMENT;
    size_t size = text->size;
    if (message->type == MB_WIRE_ANNOUNCE)
        add_peer(text, &message->peer);
    else if (message->type == MB_WIRE_PEERS)
        add_peers(text, message);
    else
        add_object(text, message);
    if (text->error == MB_OK && text->size - size > mb_wire_size_limit(message->type)) {
        text->size = size;
        return MB_ERR_ARGUMENT;
    }
    return text->error;
}
