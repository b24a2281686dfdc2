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

/* A block's answer carrying `payload` bytes: {"id": 42, "data": "…"}; raw, the payload alone. */
uint64_t mb_wire_block_answer_size(uint32_t block, uint64_t payload, mb_encoding encoding);

#endif
