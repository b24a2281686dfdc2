/*
 * What encoding and decoding share: names, what ids look like, sets, and the fit to a file.
 */
#include "core/codec/message.h"

#include <assert.h>
#include <string.h>

#include "core/blockset.h"
#include "core/codec/arena.h"
#include "core/codec/codec_limits.h"

static const char *const reason_names[MB_WIRE_REASON_COUNT] = {
    [MB_WIRE_REASON_NONE] = "",
#define MB_REASON(ID, WIRE, ...) [MB_WIRE_REASON_##ID] = WIRE,
#include "core/messages.def"
#define MB_REFUSAL(ID, WIRE, ...) [MB_WIRE_REASON_##ID] = WIRE,
#include "core/messages.def"
};

static const uint8_t reasons_meant[MB_WIRE_REASON_COUNT] = {
#define MB_REASON(ID, ...) [MB_WIRE_REASON_##ID] = MB_REASON_##ID,
#include "core/messages.def"
#define MB_REFUSAL(ID, WIRE, AS, ...) [MB_WIRE_REASON_##ID] = MB_REASON_##AS,
#include "core/messages.def"
};

/* Of the messages, those alone that travel as notices. */
#define OWN(...)

#define NOTICE(ID, NOTE) [MB_WIRE_NOTE_##ID] = NOTE,
static const char *const note_names[MB_WIRE_NOTE_COUNT] = {
    [MB_WIRE_NOTE_NONE] = "",
#define MB_MESSAGE(ID, TRAVELS, NOTE, ...) TRAVELS(ID, NOTE)
#include "core/messages.def"
#define MB_NOTE(ID, NOTE, ...) NOTICE(ID, NOTE)
#include "core/messages.def"
};
#undef NOTICE

#define NOTICE(ID) [MB_MSG_##ID] = MB_WIRE_NOTE_##ID,
static const uint8_t notes[MB_MSG_COUNT] = {
#define MB_MESSAGE(ID, TRAVELS, ...) TRAVELS(ID)
#include "core/messages.def"
};
#undef NOTICE

#define NOTICE(ID) [MB_WIRE_NOTE_##ID] = MB_MSG_##ID,
static const uint8_t messages[MB_WIRE_NOTE_COUNT] = {
#define MB_MESSAGE(ID, TRAVELS, ...) TRAVELS(ID)
#include "core/messages.def"
};
#undef NOTICE
#undef OWN

const char *mb_wire_reason_name(mb_wire_reason reason)
{
    assert(reason < MB_WIRE_REASON_COUNT);
    return reason_names[reason];
}

const char *mb_wire_note_name(mb_wire_note note)
{
    assert(note < MB_WIRE_NOTE_COUNT);
    return note_names[note];
}

mb_wire_note mb_wire_note_of(mb_message message)
{
    assert(message != MB_MSG_NONE && (uint32_t)message < MB_MSG_COUNT);
    return (mb_wire_note)notes[message];
}

mb_message mb_wire_note_message(mb_wire_note note)
{
    assert(note < MB_WIRE_NOTE_COUNT);
    return (mb_message)messages[note];
}

mb_reason mb_wire_reason_meant(mb_wire_reason reason)
{
    assert(reason < MB_WIRE_REASON_COUNT);
    return (mb_reason)reasons_meant[reason];
}

/* Whether `text` has 1 to `limit` characters, each a letter, a digit or one of `others`. */
static bool text_valid(const char *text, size_t limit, const char *others)
{
    size_t size = 0;
    for (; text[size] != '\0'; size++) {
        char c = text[size];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && !strchr(others, c)) return false;
        if (size == limit) return false;
    }
    return size > 0;
}

bool mb_wire_id_valid(const char *text)
{
    return text_valid(text, MB_LIMIT_ID_SIZE, "_-");
}

bool mb_wire_host_valid(const char *text)
{
    return text_valid(text, MB_LIMIT_HOST_SIZE, "._:-");
}

bool mb_wire_name_valid(const char *text)
{
    return text[0] != '.' && text[0] != '-' && text_valid(text, MB_WIRE_NAME_SIZE - 1, "._-");
}

size_t mb_wire_size_limit(uint32_t types)
{
    size_t limit = 0;
    static const struct {
        mb_wire_type type;
        size_t limit;
    } limits[] = {
        {MB_WIRE_ANNOUNCE, MB_LIMIT_ANNOUNCE_SIZE}, {MB_WIRE_PEERS, MB_LIMIT_PEERS_SIZE},
        {MB_WIRE_REQUEST, MB_LIMIT_REQUEST_SIZE},   {MB_WIRE_BLOCK, MB_LIMIT_BLOCK_SIZE},
        {MB_WIRE_NOTICE, MB_LIMIT_NOTICE_SIZE},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        if ((types & limits[i].type) != 0 && limits[i].limit > limit) limit = limits[i].limit;
    }
    return limit;
}

uint32_t mb_wire_set_size(uint32_t blocks)
{
    return (uint32_t)(((uint64_t)blocks + 7) / 8);
}

void mb_wire_set_put(const uint64_t *words, uint32_t blocks, uint8_t *set)
{
    for (uint32_t i = 0; i < mb_wire_set_size(blocks); i++) {
        set[i] = (uint8_t)(words[i / 8] >> (i % 8 * 8));
    }
}

/* Whether a told set is that of a file of `blocks` blocks. */
static bool set_fits(const mb_wire_extension *extension, uint32_t blocks)
{
    if (extension->set_size != mb_wire_set_size(blocks)) return false;
    return blocks % 8 == 0 || extension->set[blocks / 8] >> (blocks % 8) == 0;
}

int mb_wire_set_get(const mb_wire_extension *extension, uint32_t blocks, uint64_t *words)
{
    if (!extension->set || !set_fits(extension, blocks)) return MB_ERR_MESSAGE;
    memset(words, 0, mb_blockset_words(blocks) * sizeof *words);
    for (uint32_t i = 0; i < extension->set_size; i++) {
        words[i / 8] |= (uint64_t)extension->set[i] << (i % 8 * 8);
    }
    return MB_OK;
}

static bool blocks_fit(const uint32_t *blocks, uint32_t count, uint32_t limit)
{
    for (uint32_t i = 0; i < count; i++) {
        if (blocks[i] >= limit) return false;
    }
    return true;
}

static bool same_geometry(const mb_geometry *a, const mb_geometry *b)
{
    return a->size == b->size && a->block_size == b->block_size;
}

static bool extension_fits(const mb_wire_extension *e, const mb_geometry *geometry)
{
    if (!e) return true;
    if (e->set && !set_fits(e, geometry->blocks)) return false;
    if (e->has_block && e->block >= geometry->blocks) return false;
    if (e->file && !same_geometry(&e->file->geometry, geometry)) return false;
    return blocks_fit(e->dealt, e->dealt_count, geometry->blocks) &&
           blocks_fit(e->have, e->have_count, geometry->blocks);
}

static bool peer_fits(const mb_wire_peer *peer, const mb_geometry *geometry)
{
    return blocks_fit(peer->blocks, peer->blocks_count, geometry->blocks) &&
           extension_fits(peer->extension, geometry);
}

/* A request must ask for bytes that the block has; an answer must carry all from there on. */
static bool transfer_fits(const mb_wire_message *message, const mb_geometry *geometry)
{
    if (message->block >= geometry->blocks) return false;
    uint32_t size = mb_geometry_block_size(geometry, message->block);
    const mb_wire_extension *e = message->extension;
    uint32_t offset = e != NULL ? e->offset : 0;
    if (offset >= size) return false;
    if (message->data) return message->data_size == size - offset;
    return e == NULL || e->length == 0 || e->length == size - offset;
}

int mb_wire_check_geometry(const mb_wire_message *message, const mb_geometry *geometry)
{
    bool transfer = message->type == MB_WIRE_REQUEST || message->type == MB_WIRE_BLOCK;
    bool announce = message->type == MB_WIRE_ANNOUNCE;
    if (!extension_fits(message->extension, geometry)) return MB_ERR_MESSAGE;
    if (transfer && !transfer_fits(message, geometry)) return MB_ERR_MESSAGE;
    if (announce && !peer_fits(&message->peer, geometry)) return MB_ERR_MESSAGE;
    for (uint32_t i = 0; i < message->peers_count; i++) {
        if (!peer_fits(&message->peers[i], geometry)) return MB_ERR_MESSAGE;
    }
    return MB_OK;
}

void mb_wire_clear(mb_wire_message *message)
{
    mb_arena_free(message->arena);
    *message = (mb_wire_message){0};
}
