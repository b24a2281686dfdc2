/*
 * What a file is: its geometry, its extension, the SHA-256 of each block, and the root, one hash
 * that stands for all of them.
 *
 * The tracker builds it when it splits the file; a peer makes it from what the tracker told.
 * Once made it is only read: any number of peers and threads share one. It holds no payload.
 *
 * The root is SHA-256 over: the 8 bytes "MiniBit1", the file's size as 8 bytes and the block size
 * as 4 bytes, both little-endian, then the blocks' hashes in order, 32 bytes each. Who knows the
 * root can thus check the sizes and every hash, wherever they came from.
 */
#ifndef MB_MANIFEST_H
#define MB_MANIFEST_H

#include "core/file/hasher.h"
#include "core/file/storage.h"
#include "core/geometry.h"

/* An extension: up to 10 letters and digits without the dot, and the ending zero byte. */
#define MB_EXTENSION_SIZE 11

typedef struct mb_manifest {
    mb_geometry geometry;
    bool hashed;     /* whether hashes and root are known; the original's peers tell none */
    uint8_t *hashes; /* MB_HASH_SIZE bytes per block; NULL if unknown or no blocks */
    uint8_t root[MB_HASH_SIZE];
    char extension[MB_EXTENSION_SIZE]; /* "" if the file has none */
} mb_manifest;

/*
 * A manifest without hashes, the caller's to mb_manifest_free(). `extension` may be NULL or "";
 * MB_ERR_ARGUMENT if it is no acceptable one, MB_ERR_MEMORY.
 */
int mb_manifest_new(const mb_geometry *geometry, const char *extension, mb_manifest **manifest);

/* NULL is allowed. */
void mb_manifest_free(mb_manifest *manifest);

/*
 * Gives the manifest its hashes, MB_HASH_SIZE bytes for each block, copied. With `root` not NULL
 * they must agree with it: MB_ERR_HASH if not. MB_ERR_STATE if it has hashes already,
 * MB_ERR_MEMORY. After an error it is as before. O(blocks).
 */
int mb_manifest_set_hashes(mb_manifest *manifest, mb_hasher *hasher, const uint8_t *hashes,
                           const uint8_t *root);

/*
 * Splits a file: reads all of `source` and hashes each block. Errors: those of
 * mb_geometry_init() for its size, MB_ERR_ARGUMENT for the extension, those of reading;
 * MB_ERR_RANGE also if the file shrinks meanwhile. One block is in memory at a time.
 */
int mb_manifest_build(mb_storage *source, uint32_t block_size, const char *extension,
                      mb_hasher *hasher, mb_manifest **manifest);

/*
 * Checks a block's bytes: MB_ERR_ARGUMENT if there is no such block or it has another length,
 * MB_ERR_HASH if they are others. Without hashes only the length is checked. Any thread may ask,
 * with a hasher of its own.
 */
int mb_manifest_check_block(const mb_manifest *manifest, mb_hasher *hasher, uint32_t block,
                            const void *bytes, size_t size);

/*
 * Compares a whole file with the manifest: MB_ERR_HASH if its size or any byte differs,
 * MB_ERR_STATE if the manifest has no hashes, or an error of reading. Reads it all once.
 */
int mb_manifest_compare(const mb_manifest *manifest, mb_hasher *hasher, mb_storage *storage);

/* The hash of one block; block < blocks, and the manifest has hashes. */
const uint8_t *mb_manifest_hash(const mb_manifest *manifest, uint32_t block);

/* Whether `text` is an extension that we accept: [A-Za-z0-9]{1,10}. */
bool mb_extension_valid(const char *text);

/* The extension of the file name `path`, or "" if it has none that we accept. */
void mb_extension_of(const char *path, char extension[MB_EXTENSION_SIZE]);

/*
 * Writes "STEM.EXTENSION" (or "STEM") into `name`, the name under which a file is rebuilt.
 * MB_ERR_RANGE if it does not fit in `size` bytes, MB_ERR_ARGUMENT for a bad extension.
 */
int mb_extension_name(const char *stem, const char *extension, char *name, size_t size);

#endif
