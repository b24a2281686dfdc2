/*
 * SHA-256 of whole buffers, by OpenSSL.
 *
 * One hasher serves any number of buffers one after another and saves the set-up that would cost
 * more than the hash of a short one. A thread that hashes has a hasher of its own.
 */
#ifndef MB_HASHER_H
#define MB_HASHER_H

#include "core/types.h"

#define MB_HASH_SIZE 32

typedef struct mb_hasher mb_hasher;

/* NULL if memory is out or the system's libcrypto offers no SHA-256. */
mb_hasher *mb_hasher_new(void);

/* NULL is allowed. */
void mb_hasher_free(mb_hasher *hasher);

/*
 * Writes the SHA-256 of `size` bytes to `hash`. MB_ERR_MEMORY if libcrypto fails; no other error
 * is possible. O(size), about 1.5 GB/s where the processor has the instructions.
 */
int mb_hasher_hash(mb_hasher *hasher, const void *bytes, size_t size, uint8_t hash[MB_HASH_SIZE]);

/* The same in pieces: begin, any number of adds, end. */
int mb_hasher_begin(mb_hasher *hasher);
int mb_hasher_add(mb_hasher *hasher, const void *bytes, size_t size);
int mb_hasher_end(mb_hasher *hasher, uint8_t hash[MB_HASH_SIZE]);

#endif
