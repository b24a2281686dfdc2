/*
 * How many bytes the protocol's messages take on the wire, as closed forms.
 *
 * The simulator charges these for what it sends and the core may plan with them; nothing is
 * encoded here. They describe the plain messages of docs/protocol.md, without extension keys, and
 * a unit test holds each equal to what the codec really writes.
 */
#ifndef MB_WIRE_SIZE_H
#define MB_WIRE_SIZE_H

#include "core/types.h"

/* How a block's bytes travel. */
typedef enum mb_encoding {
    MB_ENCODING_BASE64, /* inside a JSON message, 4 characters for 3 bytes */
    MB_ENCODING_RAW,    /* as they are; the header line before them is not charged */
} mb_encoding;

/* Decimal digits of `number`: 1 for 0. */
uint32_t mb_wire_digits(uint64_t number);

/* Decimal digits of 0, 1, … count-1 together: the digits of a full list of blocks. */
uint64_t mb_wire_digits_below(uint32_t count);

/* A block's answer carrying `payload` bytes: {"id": 42, "data": "…"}; raw, the payload alone. */
uint64_t mb_wire_block_answer_size(uint32_t block, uint64_t payload, mb_encoding encoding);

/* A block's request: {"bloco": 42, "peerId": "…"} by a peer whose id has `id_size` bytes. */
uint64_t mb_wire_block_request_size(uint32_t block, uint32_t id_size);

/*
 * An announce, which is also one entry of the announce's answer:
 * {"id": "…", "ip": "…", "port": 9001, "blocks": [0, 5, 9]} with `blocks` numbers that have
 * `digits` digits together.
 */
uint64_t mb_wire_announce_size(uint32_t id_size, uint32_t ip_size, uint16_t port, uint32_t blocks,
                               uint64_t digits);

/* An announce's answer of `entries` entries that take `entries_size` bytes together. */
uint64_t mb_wire_announce_answer_size(uint32_t entries, uint64_t entries_size);

#endif
