/*
 * One node's copy of the file: which blocks it holds, and their bytes in a storage.
 *
 * A seeder fills it by splitting a file, a peer block by block. No bytes enter it that do not
 * match the manifest. The driver (a simulated or a real one) calls it when a block has arrived or
 * is to be served; the file manager knows no peers and decides nothing.
 *
 * The state is small (some pointers, a count and a bit per block). Manifest and storage are
 * borrowed: the caller keeps them until after mb_file_clear(). One thread uses a file at a time,
 * unless its driver lends it what threads need (mb_file_driver): then the calls marked "thread" may
 * run on any number of them at once.
 */
#ifndef MB_FILE_H
#define MB_FILE_H

#include "core/file/manifest.h"
#include "core/file/storage.h"

/* What a driver with threads lends a file; every function gets `owner`. */
typedef struct mb_file_driver {
    void *owner;
    /* Around the few instructions that look at, or change, what threads share. Not nested. */
    void (*lock)(void *owner);
    void (*unlock)(void *owner);
    /* A hasher for one thread, until it is given back; NULL where memory is out. */
    mb_hasher *(*take_hasher)(void *owner);
    void (*give_hasher)(void *owner, mb_hasher *hasher);
    /* Calls work(arg) on one thread or on several at once; returns when all have. */
    void (*spread)(void *owner, void (*work)(void *arg), void *arg);
    /* A block that is right is about to be written (`written` false), and has been: what is noted
     * beside the file. An error ends the storing. */
    int (*claim)(void *owner, uint32_t block, bool written);
} mb_file_driver;

typedef struct mb_file {
    const mb_manifest *manifest;
    mb_geometry geometry; /* the manifest's, but for a last block that only time tells */
    mb_storage *storage;
    const mb_file_driver *driver; /* NULL: one thread at a time */
    uint64_t *held;               /* block set, mb_blockset_words() words */
    uint32_t held_count;
} mb_file;

/* Begins a copy that holds nothing yet. Neither reads nor changes the storage, which may be NULL
 * until mb_file_move(). MB_ERR_MEMORY. */
int mb_file_init(mb_file *file, const mb_manifest *manifest, mb_storage *storage);

/* The driver, which outlives the file; before any other thread uses that. Where there is one, the
 * calls that take a hasher may be given NULL: it lends one. */
void mb_file_lend(mb_file *file, const mb_file_driver *driver);

/* Puts another storage in the place of the one it has, which is returned and stays open: threads
 * may still read it. What is held stays as it was. */
mb_storage *mb_file_move(mb_file *file, mb_storage *storage);

/* Thread: its present storage. */
mb_storage *mb_file_storage(mb_file *file);

/* Without hashes in the manifest: the last block turned out to be `size` bytes long.
 * MB_ERR_ARGUMENT where it cannot be. Before that block is stored; no other thread may use the
 * file. */
int mb_file_set_last(mb_file *file, uint32_t size);

/* Frees what mb_file_init() took; the storage stays open and the bytes stay in it. */
void mb_file_clear(mb_file *file);

/* Reserves the whole file's room in the storage, so that a full disk shows at once. Errors of
 * mb_storage_resize(). Needed before no other call. */
int mb_file_reserve(mb_file *file);

/* Declares every block held without reading it: for the seeder that has just split this storage,
 * and for a storage that keeps nothing. */
void mb_file_adopt(mb_file *file);

/*
 * Takes up a copy left by an earlier run: of the blocks in the set `claimed` (NULL: all) those
 * whose bytes are there and match are held from now on, the others are not. MB_ERR_STATE if
 * something is held already or the storage keeps nothing; an error of reading other than a file
 * that is too short; MB_ERR_MEMORY; then nothing is held. Reads and hashes every claimed block, on
 * as many threads as the driver has. Without hashes in the manifest only the presence of the bytes
 * can be checked.
 */
int mb_file_resume(mb_file *file, mb_hasher *hasher, const uint64_t *claimed);

/*
 * Thread: checks a block and stores it; then it is held. A block that is held already is left alone
 * (MB_OK, whatever the bytes). MB_ERR_ARGUMENT for a block or length that the file does not have,
 * MB_ERR_HASH for wrong bytes, or an error of writing: then it is not held. Bytes reach the medium
 * at the next mb_file_sync(). On a storage that keeps nothing `bytes` may be NULL: then there is
 * nothing to check but the length.
 */
int mb_file_store(mb_file *file, mb_hasher *hasher, uint32_t block, const void *bytes, size_t size);

/* The same for bytes that mb_manifest_check_block() has just found right. */
int mb_file_store_checked(mb_file *file, uint32_t block, const void *bytes, size_t size);

/* Thread: reads a held block from `offset` to its end into `bytes`, which has room for that.
 * MB_ERR_ARGUMENT if there is no such byte, MB_ERR_STATE if it is not held or the storage keeps
 * nothing, or an error of reading. Does not hash. */
int mb_file_read_rest(mb_file *file, uint32_t block, uint32_t offset, void *bytes);

/* Thread: reads a whole block of `storage` (NULL: the file's), held or not, and hashes it.
 * MB_ERR_HASH where it is not what the manifest says, where the storage ends before it does, and
 * where the manifest has no hashes, so that nothing can be proven. */
int mb_file_read_proven(mb_file *file, mb_hasher *hasher, mb_storage *storage, uint32_t block,
                        void *bytes);

/* Marks in `lost` (a set of the file's blocks) which of them mb_file_read_proven() does not find in
 * `storage` (NULL: the file's); *count gets how many. MB_ERR_MEMORY, and nothing is marked; else
 * its first error other than MB_ERR_HASH, and all have been looked at. O(file). */
int mb_file_find_lost(mb_file *file, mb_hasher *hasher, mb_storage *storage, uint64_t *lost,
                      uint32_t *count);

/*
 * Reads a held block, all of it, into `bytes` of `size` bytes; *read gets its length.
 * MB_ERR_ARGUMENT if there is no such block, MB_ERR_RANGE if it does not fit, MB_ERR_STATE if it
 * is not held or the storage keeps nothing, or an error of reading. Does not hash.
 */
int mb_file_read(mb_file *file, uint32_t block, void *bytes, size_t size, size_t *read);

/* Makes all that was stored durable. Dear on a disk: call it for many blocks. */
int mb_file_sync(mb_file *file);

/*
 * Writes the whole file to `target`, checking each block once more on the way, and syncs it.
 * MB_ERR_STATE if a block is missing, MB_ERR_HASH if the storage no longer gives the bytes that
 * were stored, or an error of reading or writing. `target` is another storage than the file's.
 */
int mb_file_rebuild(mb_file *file, mb_hasher *hasher, mb_storage *target);

/*
 * The same into the disk file `path`, which appears whole or not at all: it is written as
 * PATH.part and then renamed. An existing file is replaced only with `replace`, else
 * MB_ERR_EXISTS; an existing PATH.part is always MB_ERR_EXISTS. After an error nothing new is
 * left; errno tells the cause of MB_ERR_IO and MB_ERR_FULL.
 */
int mb_file_rebuild_path(mb_file *file, mb_hasher *hasher, const char *path, bool replace);

/* Whether `block` is held; false for a block that the file does not have. */
bool mb_file_has(const mb_file *file, uint32_t block);

/* Whether every block is held; true for an empty file. */
bool mb_file_complete(const mb_file *file);

/* Asserts every invariant. O(blocks/64). */
void mb_file_check(const mb_file *file);

#endif
