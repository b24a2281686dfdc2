/*
 * A peer's file on disk while it comes: NAME.part, written in place, and NAME.part.blocks beside
 * it, which says which blocks to look at after a restart.
 *
 * A block's bit goes into NAME.part.blocks before its bytes go into NAME.part, and both before
 * anybody is told of the block; so after a kill at any instant all that was told is found again,
 * and what is whole on disk is not fetched again. The bits are advice only: at the start each
 * block that they claim is hashed. NAME appears by a rename once every block of the whole file has
 * been read back and hashed. The tracker's file goes through the same store, read-only.
 *
 * The calls marked "thread" may run on any threads at once; the others belong to the loop's. It
 * decides nothing and knows no peers.
 */
#ifndef NET_STORE_H
#define NET_STORE_H

#include "core/file/manifest.h"
#include "core/types.h"

typedef struct net_store net_store;

typedef struct net_store_config {
    const char *folder;
    const char *name;            /* of the file, without folder */
    const mb_manifest *manifest; /* outlives the store */
    const char *origin; /* the tracker, in words; where it tells no hashes, parts of an earlier run
                           are taken up only if they are from there; may be NULL */
    bool force;         /* an existing file of another content is replaced */
} net_store_config;

/*
 * Opens the parts of an earlier run, or begins anew: makes NAME.part at its full size and locks it
 * against a second peer. Where NAME exists already it is taken up if its size is right, to be
 * hashed by net_store_resume(). On failure `error` holds one line: MB_ERR_EXISTS (NAME is there
 * with another content and force is off), MB_ERR_STATE (another program has it), MB_ERR_FULL,
 * MB_ERR_IO, MB_ERR_MEMORY.
 */
int net_store_open(net_store **store, const net_store_config *config, char *error,
                   size_t error_size);

/* Opens a whole file to be served and reads and hashes it: *manifest is the caller's, and outlives
 * the store. Errors as above. O(file). */
int net_store_open_seed(net_store **store, const char *path, uint32_t block_size,
                        mb_manifest **manifest, char *error, size_t error_size);

/* Whether an earlier run left something that net_store_resume() has to hash. O(blocks / 64). */
bool net_store_has_claims(const net_store *store);

/* Reads and hashes each claimed block; those that are right are held. On several threads. 0 or an
 * error of reading. O(claimed bytes). */
int net_store_resume(net_store *store, char *error, size_t error_size);

/* The file's: the manifest's, but for the length of a last block that nobody told before it
 * came. */
const mb_geometry *net_store_geometry(const net_store *store);

/* The blocks held, words of the file's blocks; how many; the epoch of the acquisition log,
 * drawn anew each time it is opened. */
const uint64_t *net_store_held(const net_store *store);
uint32_t net_store_held_count(const net_store *store);
uint32_t net_store_epoch(const net_store *store);

/* Thread: checks a block and writes it; MB_ERR_HASH, MB_ERR_ARGUMENT (its length), MB_ERR_FULL,
 * MB_ERR_IO, MB_ERR_MEMORY. One that is held is left alone. */
int net_store_put(net_store *store, uint32_t block, const void *bytes, uint32_t size);

/* Thread: reads a block from `offset` to its end. Where somebody has touched a file that has its
 * name since it was hashed, the whole block is hashed first: MB_ERR_HASH if it no longer fits. */
int net_store_get(net_store *store, uint32_t block, uint32_t offset, void *bytes);

/* Thread: whether somebody has touched the file, so that net_store_recheck() is called for; or,
 * where blocks are lost, another file has its name. */
bool net_store_is_doubted(net_store *store);

/* Thread, one at a time: hashes all of the file that is served and notes what no longer fits. Where
 * more fits of the file that has the name now, that one is served. Writes nothing. O(file). */
void net_store_recheck(net_store *store);

/* Thread: how many blocks do not fit any more; takes these out of a set of the wire. */
uint32_t net_store_lost_count(net_store *store);
void net_store_hide_lost(net_store *store, uint8_t *set);

/* Thread: what was put is on the medium when it returns. */
int net_store_sync(net_store *store);

/* Thread: hashes the whole file once more, syncs it, and gives it its name. MB_ERR_HASH,
 * MB_ERR_EXISTS, MB_ERR_IO… Blocks stay to be served in any case. */
int net_store_publish(net_store *store);

/* Without a manifest of hashes: the last block turned out to be `size` bytes long. To be called
 * before that is put, on the loop's thread. */
int net_store_set_last(net_store *store, uint32_t size);

/* What was found at its names and done about it, for the log; "" if nothing. */
const char *net_store_said(const net_store *store);

/* The file's final path; whether it has it. */
const char *net_store_path(const net_store *store);
bool net_store_is_published(const net_store *store);

/* One line about an error that the store's last failing call returned. */
void net_store_describe(const net_store *store, int error, char *text, size_t size);

/* Thread: asserts every invariant. O(blocks). */
void net_store_check(net_store *store);

/* Syncs and closes; NULL is allowed. The parts stay for the next run. */
void net_store_close(net_store *store);

#endif
