/*
 * Fuzzes the codec: whatever bytes come, decoding must not crash, leak or read past them, and
 * what is decoded must be what docs/protocol.md allows, and survive encoding and decoding
 * unchanged.
 */
#include <assert.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/codec/message.h"
#include "core/codec/scan.h"
#include "tests/fuzz/fuzz.h"

#define ANY (MB_WIRE_ANNOUNCE | MB_WIRE_PEERS | MB_WIRE_REQUEST | MB_WIRE_BLOCK | MB_WIRE_NOTICE)

/* Decoded, encoded, decoded, encoded: the two texts must be the same. */
static void check_round_trip(const mb_wire_message *message)
{
    mb_text once, twice;
    mb_wire_message again;
    mb_geometry geometry;
    int rc = mb_geometry_init(&geometry, 33, 16);
    assert(rc == MB_OK);
    (void)mb_wire_check_geometry(message, &geometry);
    mb_text_init(&once);
    mb_text_init(&twice);
    rc = mb_wire_encode(message, &once);
    assert(rc == MB_OK);
    rc = mb_wire_decode(once.bytes, once.size, message->type, &again);
    assert(rc == MB_OK);
    rc = mb_wire_encode(&again, &twice);
    assert(rc == MB_OK);
    assert(once.size == twice.size && memcmp(once.bytes, twice.bytes, once.size) == 0);
    mb_wire_clear(&again);
    mb_text_clear(&once);
    mb_text_clear(&twice);
}

/* What docs/protocol.md allows in an id, asked without the codec. */
static void check_id(const char *id)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t size = strlen(id);
    assert(size >= 1 && size <= 64 && strspn(id, letters) == size);
}

/* A name becomes a file on the receiver's disk. */
static void check_file(const mb_wire_file *file)
{
    assert(file->name[0] != '.' && file->name[0] != '-' && !strchr(file->name, '/'));
    assert(!strchr(file->extension, '.') && !strchr(file->extension, '/'));
    mb_geometry_check(&file->geometry);
}

static void check_extension(const mb_wire_extension *extension)
{
    if (!extension) return;
    assert(extension->version >= 1 && extension->note < MB_WIRE_NOTE_COUNT);
    assert(extension->refused < MB_WIRE_REASON_COUNT);
    if (extension->file) check_file(extension->file);
}

static void check_peer(const mb_wire_peer *peer)
{
    check_id(peer->id);
    assert(peer->port > 0 && *peer->ip && strlen(peer->ip) <= 253);
    for (uint32_t i = 0; i < peer->blocks_count; i++)
        assert(peer->blocks[i] < MB_BLOCKS_MAX);
    check_extension(peer->extension);
}

/* What is taken is as the documented format has it. */
static void check_taken(const char *bytes, size_t size, const mb_wire_message *message)
{
    assert(g_utf8_validate_len(bytes, size, NULL)); /* no zero byte either */
    check_extension(message->extension);
    if (message->type == MB_WIRE_ANNOUNCE) check_peer(&message->peer);
    for (uint32_t i = 0; i < message->peers_count; i++)
        check_peer(&message->peers[i]);
    if (message->type == MB_WIRE_REQUEST || message->type == MB_WIRE_NOTICE)
        check_id(message->peer_id);
    if (message->type & (MB_WIRE_REQUEST | MB_WIRE_BLOCK)) assert(message->block < MB_BLOCKS_MAX);
}

/* A message that the scanner passes ends where the framing says, if nothing follows it. */
static void check_frame(const char *bytes, size_t size)
{
    mb_frame frame = {0};
    int64_t end = mb_frame_feed(&frame, bytes, size);
    if (mb_scan(bytes, size) != MB_OK) return;
    assert(end > 0 && (size_t)end <= size);
    assert(mb_scan(bytes, (size_t)end) == MB_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t accepted[] = {
        ANY, MB_WIRE_ANNOUNCE, MB_WIRE_PEERS, MB_WIRE_REQUEST, MB_WIRE_BLOCK, MB_WIRE_NOTICE};
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        mb_wire_message message;
        if (mb_wire_decode((const char *)data, size, accepted[i], &message) != MB_OK) continue;
        check_taken((const char *)data, size, &message);
        check_round_trip(&message);
        mb_wire_clear(&message);
    }
    check_frame((const char *)data, size);
    return 0;
}
