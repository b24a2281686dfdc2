#include "core/codec/valid.h"

#include <string.h>

#include "core/codec/codec_limits.h"

static bool blocks_valid(const uint32_t *blocks, uint32_t count)
{
    if (!blocks && count > 0) return false;
    for (uint32_t i = 0; i < count; i++) {
        if (blocks[i] >= MB_LIMIT_BLOCKS) return false;
    }
    return true;
}

/* An extension is letters and digits, zeros behind; none is all zeros. */
static bool name_valid(const char extension[MB_WIRE_EXTENSION_SIZE])
{
    const char *end = memchr(extension, '\0', MB_WIRE_EXTENSION_SIZE);
    if (!end) return false;
    if (end == extension) return true;
    return mb_wire_id_valid(extension) && strpbrk(extension, "_-") == NULL;
}

static bool file_valid(const mb_wire_file *file)
{
    mb_geometry g;
    const mb_geometry *told = &file->geometry;
    if (mb_geometry_init(&g, told->size, told->block_size) != MB_OK) return false;
    if (told->size > MB_LIMIT_NUMBER || told->blocks != g.blocks) return false;
    if (!memchr(file->name, '\0', sizeof file->name)) return false;
    if (file->name[0] != '\0' && !mb_wire_name_valid(file->name)) return false;
    return told->block_size <= MB_LIMIT_PAYLOAD_SIZE && name_valid(file->extension);
}

static bool extension_valid(const mb_wire_extension *e)
{
    if (!e) return true;
    if (e->version < 1 || e->refused >= MB_WIRE_REASON_COUNT || e->note >= MB_WIRE_NOTE_COUNT) {
        return false;
    }
    if (e->has_block ? e->block >= MB_LIMIT_BLOCKS : e->block != 0) return false;
    if (e->offset >= MB_LIMIT_PAYLOAD_SIZE || e->length > MB_LIMIT_PAYLOAD_SIZE) return false;
    if (!e->set && e->set_size > 0) return false;
    if (e->set_size > MB_LIMIT_BLOCKS / 8) return false;
    if (e->epoch > MB_LIMIT_NUMBER || e->count > MB_LIMIT_BLOCKS) return false;
    if (e->file && !file_valid(e->file)) return false;
    return blocks_valid(e->dealt, e->dealt_count) && blocks_valid(e->have, e->have_count);
}

static bool peer_valid(const mb_wire_peer *peer)
{
    if (!peer->id || !mb_wire_id_valid(peer->id)) return false;
    if (!peer->ip || !mb_wire_host_valid(peer->ip) || peer->port == 0) return false;
    return blocks_valid(peer->blocks, peer->blocks_count) && extension_valid(peer->extension);
}

static bool peers_valid(const mb_wire_message *message)
{
    if (!message->peers && message->peers_count > 0) return false;
    for (uint32_t i = 0; i < message->peers_count; i++) {
        if (!peer_valid(&message->peers[i])) return false;
    }
    return true;
}

static bool request_valid(const mb_wire_message *message)
{
    return message->peer_id && mb_wire_id_valid(message->peer_id) &&
           message->block < MB_LIMIT_BLOCKS;
}

/* Exactly one of three: the bytes in base64, raw bytes that follow, or a refusal. */
static bool block_valid(const mb_wire_message *message)
{
    const mb_wire_extension *e = message->extension;
    bool base64 = message->data != NULL;
    bool raw = e != NULL && e->length > 0;
    bool refused = e != NULL && e->refused != MB_WIRE_REASON_NONE;
    if (base64 + raw + refused != 1) return false;
    return message->block < MB_LIMIT_BLOCKS && message->data_size <= MB_LIMIT_PAYLOAD_SIZE;
}

/* The notices that are about a block. */
static bool needs_block(mb_wire_note note)
{
    enum { ANY = 0, HINT = 0, WHICH = 1 };
#define OWN(...)
#define NOTICE(ID, BLOCK) [MB_WIRE_NOTE_##ID] = BLOCK,
    static const bool needs[MB_WIRE_NOTE_COUNT] = {
#define MB_MESSAGE(ID, TRAVELS, NOTE, RECORDED, KIND, EVENT, DETAIL, TO, BLOCK, ...)               \
    TRAVELS(ID, BLOCK)
#include "core/messages.def"
    };
#undef OWN
#undef NOTICE
    return needs[note];
}

static bool notice_valid(const mb_wire_message *message)
{
    const mb_wire_extension *e = message->extension;
    if (!message->peer_id || !mb_wire_id_valid(message->peer_id)) return false;
    if (!e || e->note == MB_WIRE_NOTE_NONE) return false;
    if (needs_block(e->note) && !e->has_block) return false;
    return e->note != MB_WIRE_NOTE_HAVE || e->have != NULL || e->set != NULL;
}

bool mb_wire_valid(const mb_wire_message *message)
{
    if (!extension_valid(message->extension)) return false;
    switch (message->type) {
    case MB_WIRE_ANNOUNCE: return peer_valid(&message->peer);
    case MB_WIRE_PEERS: return peers_valid(message);
    case MB_WIRE_REQUEST: return request_valid(message);
    case MB_WIRE_BLOCK: return block_valid(message);
    case MB_WIRE_NOTICE: return notice_valid(message);
    }
    return false;
}
