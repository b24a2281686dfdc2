/*
 * What the codec takes from a stranger at most. One place, so that a reader can add them up:
 * a message costs at most about 100 times its size in memory while it is decoded.
 */
#ifndef MB_CODEC_LIMITS_H
#define MB_CODEC_LIMITS_H

#include "core/geometry.h"

/* Bytes of one message, by type; refused before anything is parsed. */
#define MB_LIMIT_ANNOUNCE_SIZE ((size_t)4 << 20)
#define MB_LIMIT_PEERS_SIZE ((size_t)16 << 20)
#define MB_LIMIT_REQUEST_SIZE ((size_t)4 << 20)
#define MB_LIMIT_BLOCK_SIZE ((size_t)24 << 20)
#define MB_LIMIT_NOTICE_SIZE ((size_t)4 << 20)

/* Bytes of a block that travels; in base64 it fits MB_LIMIT_BLOCK_SIZE with room to spare. */
#define MB_LIMIT_PAYLOAD_SIZE (UINT32_C(1) << 24)

/* Arrays and objects within one another. */
#define MB_LIMIT_DEPTH 4

/* Values in one message; each costs the parser some 100 bytes. */
#define MB_LIMIT_VALUES (UINT32_C(1) << 20)

/* Keys of one object, known and unknown. */
#define MB_LIMIT_KEYS 64

/* Characters of a number under a key that we do not know. */
#define MB_LIMIT_NUMBER_SIZE 32

/* The largest number: what a double, which other implementations use, holds exactly. */
#define MB_LIMIT_NUMBER (UINT64_C(1) << 53)

/* Block numbers are below this. */
#define MB_LIMIT_BLOCKS MB_BLOCKS_MAX

/* Characters of a peer's id and of a host. */
#define MB_LIMIT_ID_SIZE 64
#define MB_LIMIT_HOST_SIZE 253

#endif
