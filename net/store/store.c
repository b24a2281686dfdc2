#include "net/store/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/blockset.h"
#include "core/file/file.h"
#include "core/log.h"
#include "net/store/bits.h"
#include "net/store/place.h"
#include "net/store/seal.h"

/* Threads that hash at the start. */
#define RESUME_THREADS 4
/* Files that may take the name of the one that is served, in one run. */
#define RETIRED_MAX 16

struct net_store {
    const mb_manifest *manifest;
    mb_file file; /* which blocks it holds, and their bytes */
    mb_file_driver driver;
    net_store_bits bits;
    char *path; /* the final one */
    uint32_t epoch;
    uint8_t identity[MB_HASH_SIZE];
    char said[NET_STORE_TEXT_SIZE]; /* what was found at its names; "" if nothing */
    bool force, seed;
    bool finished;            /* it had its name when it was opened, and is known to be whole */
    _Atomic bool published;   /* by a thread, while the loop's looks */
    mb_storage_stamp trusted; /* of the file with its name: as it was when it was hashed */
    mb_storage_stamp tried;   /* of what took its name: as it was when it was last looked at */
    mb_storage *retired[RETIRED_MAX]; /* that reading threads may still have */
    uint32_t retired_count, lost_count;
    uint64_t *lost;       /* of the blocks held, those that no longer fit; NULL: none yet */
    _Atomic bool doubted; /* its stamp is another than the trusted one */
    _Atomic int system_error;
    pthread_mutex_t lock;
    mb_hasher *hashers[16];
    uint32_t hasher_count;
};

/* What the storage said, if that is whose it is, goes with the error. */
static int fail(net_store *store, int error)
{
    int said = mb_file_storage(&store->file)->system_error;

    if (said) store->system_error = said;
    return error;
}

/* ---- what the file manager is lent ---- */

static void lock(void *owner)
{
    pthread_mutex_lock(&((net_store *)owner)->lock);
}

static void unlock(void *owner)
{
    pthread_mutex_unlock(&((net_store *)owner)->lock);
}

static mb_hasher *hasher_take(void *owner)
{
    net_store *store = owner;
    mb_hasher *hasher = NULL;

    lock(store);
    if (store->hasher_count > 0) hasher = store->hashers[--store->hasher_count];
    unlock(store);
    return hasher ? hasher : mb_hasher_new();
}

static void hasher_give(void *owner, mb_hasher *hasher)
{
    net_store *store = owner;

    lock(store);
    if (store->hasher_count < sizeof store->hashers / sizeof *store->hashers) {
        store->hashers[store->hasher_count++] = hasher;
        hasher = NULL;
    }
    unlock(store);
    mb_hasher_free(hasher);
}

typedef struct spread_work {
    void (*work)(void *arg);
    void *arg;
} spread_work;

static void *spread_thread(void *arg)
{
    const spread_work *w = arg;

    w->work(w->arg);
    return NULL;
}

static void spread(void *owner, void (*work)(void *arg), void *arg)
{
    pthread_t threads[RESUME_THREADS];
    spread_work w = {work, arg};
    uint32_t started = 0;

    (void)owner;
    while (started < RESUME_THREADS - 1 &&
           pthread_create(&threads[started], NULL, spread_thread, &w) == 0)
        started++;
    work(arg);
    while (started > 0)
        pthread_join(threads[--started], NULL);
}

/* A claim that comes too early costs a hash after a kill; without hashes it would be believed. */
static int claim(void *owner, uint32_t block, bool written)
{
    assert(((net_store *)owner)->file.geometry.blocks > block);
    net_store *store = owner;
    int error = MB_OK;

    if (store->manifest->hashed == written) return MB_OK;
    lock(store);
    error = net_store_bits_claim(&store->bits, block);
    if (error) store->system_error = errno;
    unlock(store);
    return error;
}

static int file_init(net_store *store, mb_storage *storage)
{
    int error = mb_file_init(&store->file, store->manifest, storage);

    store->driver = (mb_file_driver){.owner = store,
                                     .lock = lock,
                                     .unlock = unlock,
                                     .take_hasher = hasher_take,
                                     .give_hasher = hasher_give,
                                     .spread = spread,
                                     .claim = claim};
    if (!error) mb_file_lend(&store->file, &store->driver);
    return error;
}

/* ---- opening -------------------------------------------------------------------------------- */

/* Each life of a program has an epoch of its own: any number that the core takes. */
static uint32_t new_epoch(void)
{
    uint32_t drawn = 0;

    while (drawn == 0) {
        if (getrandom(&drawn, sizeof drawn, 0) != (ssize_t)sizeof drawn)
            drawn = (uint32_t)getpid() << 12 ^ (uint32_t)(uintptr_t)&drawn;
        drawn &= MB_EPOCH_DRAWN - 1;
    }
    return drawn;
}

static net_store *store_new(const mb_manifest *manifest)
{
    net_store *store = calloc(1, sizeof *store);

    if (!store) return NULL;
    store->bits.fd = -1;
    store->epoch = new_epoch();
    pthread_mutex_init(&store->lock, NULL);
    if (!manifest) return store;
    store->manifest = manifest;
    if (file_init(store, NULL) == MB_OK) return store;
    net_store_close(store);
    return NULL;
}

static char *join(const char *folder, const char *name, const char *suffix)
{
    char *path = NULL;

    if (asprintf(&path, "%s/%s%s", folder, name, suffix) < 0) return NULL;
    return path;
}

/* NAME.minibit; NULL where memory is out. */
static char *seal_path(const net_store *store)
{
    char *path = NULL;

    return asprintf(&path, "%s.minibit", store->path) < 0 ? NULL : path;
}

/* Without hashes: whether it is the file that was fetched from this tracker. */
static bool open_sealed(net_store *store, uint64_t size)
{
    const mb_geometry *g = &store->file.geometry;
    uint64_t before = (uint64_t)(g->blocks - 1) * g->block_size;
    char *path = seal_path(store);
    uint8_t head[NET_STORE_HEAD_SIZE];
    mb_storage *storage;

    net_store_bits_head(head, store->manifest, store->identity);
    if (path && g->blocks > 0 && size > before && size - before <= g->block_size &&
        mb_storage_disk_open(store->path, MB_STORAGE_READ, &storage) == MB_OK) {
        (void)mb_storage_disk_stamp(storage, &store->trusted);
        store->finished = net_store_seal_holds(path, head, storage);
        if (store->finished)
            mb_file_move(&store->file, storage);
        else
            mb_storage_close(storage);
    }
    free(path);
    if (!store->finished) return false;
    (void)mb_file_set_last(&store->file, (uint32_t)(size - before));
    store->published = true;
    mb_file_adopt(&store->file);
    return true;
}

/* The folder that the file's names are in: net_store_place_lock(). */
static int lock_folder(const net_store *store)
{
    char *folder = store->path ? strdup(store->path) : NULL;
    int held = folder ? net_store_place_lock(dirname(folder)) : -1;

    free(folder);
    return held;
}

/* A file that has the final name already: whole from an earlier run, or somebody else's. */
static int open_final(net_store *store, const net_store_config *config)
{
    struct stat info;

    if (stat(store->path, &info) != 0) return MB_OK;
    if (!S_ISREG(info.st_mode)) {
        snprintf(store->said, sizeof store->said,
                 "%s is there and is no regular file; choose another --name", store->path);
        return MB_ERR_EXISTS;
    }
    if ((uint64_t)info.st_size == store->file.geometry.size && store->manifest->hashed) {
        mb_storage *storage;
        int error = mb_storage_disk_open(store->path, MB_STORAGE_READ, &storage);

        if (error) return error;
        mb_file_move(&store->file, storage);
        error = mb_storage_disk_stamp(storage, &store->trusted);
        store->published = error == MB_OK;
        return error;
    }
    if (!store->manifest->hashed && open_sealed(store, (uint64_t)info.st_size)) return MB_OK;
    return config->force ? MB_OK : MB_ERR_EXISTS;
}

/* Where nobody tells the file's size, that of the parts tells how long the last block was, once it
 * is there. */
static void take_up_size(net_store *store)
{
    assert(store->bits.set);
    const mb_geometry *g = &store->file.geometry;
    uint64_t size, before = (uint64_t)(g->blocks - 1) * g->block_size;

    if (store->manifest->hashed || g->blocks == 0) return;
    if (!mb_blockset_has(store->bits.set, g->blocks - 1)) return;
    if (mb_storage_size(store->file.storage, &size) != MB_OK) return;
    if (size > before && size - before <= g->block_size)
        (void)mb_file_set_last(&store->file, (uint32_t)(size - before));
}

/* What the header of its state has: the root, or, as nothing proves the bytes, where they are from.
 */
static int make_identity(net_store *store, const char *origin)
{
    const mb_geometry *g = &store->manifest->geometry;
    mb_hasher *hasher;
    char text[200];
    int error;

    memcpy(store->identity, store->manifest->root, MB_HASH_SIZE);
    if (store->manifest->hashed || g->blocks == 0) return MB_OK;
    hasher = mb_hasher_new();
    if (!hasher) return MB_ERR_MEMORY;
    snprintf(text, sizeof text, "no hashes; %s; %u blocks of %u bytes", origin ? origin : "",
             g->blocks, g->block_size);
    error = mb_hasher_hash(hasher, text, strlen(text), store->identity);
    mb_hasher_free(hasher);
    return error;
}

/* NAME.part at its full size; the bits of an earlier run where they are of this very file. */
static int open_parts(net_store *store, const net_store_config *config)
{
    char *part = join(config->folder, config->name, ".part");
    char *bits = join(config->folder, config->name, ".part.blocks");
    net_store_place place = {.part = part,
                             .bits = bits,
                             .manifest = store->manifest,
                             .identity = store->identity,
                             .force = config->force};
    mb_storage *storage = NULL;
    int error = part && bits ? MB_OK : MB_ERR_MEMORY;

    if (!error) error = net_store_place_clear(&place);
    snprintf(store->said, sizeof store->said, "%s", place.said);
    if (!error) error = net_store_bits_open(&store->bits, bits, store->manifest, store->identity);
    if (!error) error = mb_storage_disk_open(part, MB_STORAGE_OPEN, &storage);
    if (error) store->system_error = errno;
    if (!error) mb_file_move(&store->file, storage);
    if (!error) take_up_size(store);
    if (!error && place.proven) net_store_bits_claim_all(&store->bits);
    if (!error && !place.has_parts) net_store_bits_claim_none(&store->bits);
    if (!error) {
        error = mb_storage_resize(storage, store->file.geometry.size);
        if (error) store->system_error = storage->system_error;
    }
    free(part);
    free(bits);
    return error;
}

static void explain(const net_store *store, int error, char *text, size_t size)
{
    if (error == MB_ERR_EXISTS && store->said[0])
        snprintf(text, size, "%s", store->said);
    else if (error == MB_ERR_STATE)
        snprintf(text, size, "%s.part is in use by another program; choose another --output-dir",
                 store->path);
    else
        net_store_describe(store, error, text, size);
}

int net_store_open(net_store **result, const net_store_config *config, char *error,
                   size_t error_size)
{
    net_store *store = store_new(config->manifest);
    int rc, held;

    if (!store) {
        snprintf(error, error_size, "out of memory");
        return MB_ERR_MEMORY;
    }
    store->force = config->force;
    store->path = join(config->folder, config->name, "");
    rc = store->path ? make_identity(store, config->origin) : MB_ERR_MEMORY;
    held = lock_folder(store);
    if (rc == MB_OK) rc = open_final(store, config);
    if (rc == MB_OK && !store->published) rc = open_parts(store, config);
    net_store_place_unlock(held);
    if (rc != MB_OK) {
        explain(store, rc, error, error_size);
        net_store_close(store);
        return rc;
    }
    *result = store;
    return MB_OK;
}

int net_store_open_seed(net_store **result, const char *path, uint32_t block_size,
                        mb_manifest **manifest, char *error, size_t error_size)
{
    net_store *store = store_new(NULL);
    char extension[MB_EXTENSION_SIZE];
    mb_hasher *hasher = mb_hasher_new();
    mb_storage *storage = NULL;
    int rc = store && hasher ? MB_OK : MB_ERR_MEMORY;

    if (!rc) {
        store->seed = true;
        store->path = strdup(path);
        if (!store->path) rc = MB_ERR_MEMORY;
    }
    if (!rc) rc = mb_storage_disk_open(path, MB_STORAGE_READ, &storage);
    if (rc && store) store->system_error = errno;
    if (!rc) rc = mb_storage_disk_stamp(storage, &store->trusted);
    mb_extension_of(path, extension);
    if (!rc) rc = mb_manifest_build(storage, block_size, extension, hasher, manifest);
    mb_hasher_free(hasher);
    if (!rc) {
        store->manifest = *manifest;
        store->published = true;
        rc = file_init(store, storage);
    }
    if (rc) {
        if (store && storage && storage->system_error) store->system_error = storage->system_error;
        mb_storage_close(storage);
        if (store)
            net_store_describe(store, rc, error, error_size);
        else
            snprintf(error, error_size, "out of memory");
        net_store_close(store);
        return rc;
    }
    mb_file_adopt(&store->file);
    *result = store;
    return MB_OK;
}

/* ---- taking up an earlier run ---------------------------------------------------------------- */

/* The file of the final name is not ours: parts beside it, if it may be replaced. */
static int resume_not_final(net_store *store)
{
    net_store_config config = {.manifest = store->manifest};
    char *folder, *name = strrchr(store->path, '/');
    int error, held;

    if (!store->force) return MB_ERR_EXISTS;
    mb_storage_close(store->file.storage);
    mb_file_clear(&store->file);
    store->published = false;
    error = file_init(store, NULL);
    if (error) return error;
    folder = strndup(store->path, (size_t)(name - store->path));
    if (!folder) return MB_ERR_MEMORY;
    config.folder = folder;
    config.name = name + 1;
    held = lock_folder(store);
    error = open_parts(store, &config);
    net_store_place_unlock(held);
    free(folder);
    return error;
}

bool net_store_has_claims(const net_store *store)
{
    if (store->published) return !store->finished;
    return mb_blockset_count(store->bits.set, mb_blockset_words(store->file.geometry.blocks)) > 0;
}

int net_store_resume(net_store *store, char *text, size_t text_size)
{
    mb_file *file = &store->file;
    int error;

    if (store->seed || store->finished) return MB_OK;
    error = mb_file_resume(file, NULL, store->published ? NULL : store->bits.set);
    if (!error && store->published && !mb_file_complete(file)) {
        error = resume_not_final(store);
        if (!error) error = mb_file_resume(file, NULL, store->bits.set);
    } else if (error) {
        error = fail(store, error);
    }
    if (!error && !store->published) error = net_store_bits_settle(&store->bits, file->held);
    if (error) explain(store, error, text, text_size);
    return error;
}

/* ---- blocks --------------------------------------------------------------------------------- */

const mb_geometry *net_store_geometry(const net_store *store)
{
    return &store->file.geometry;
}

const uint64_t *net_store_held(const net_store *store)
{
    return store->file.held;
}

uint32_t net_store_held_count(const net_store *store)
{
    return store->file.held_count;
}

uint32_t net_store_epoch(const net_store *store)
{
    return store->epoch;
}

int net_store_put(net_store *store, uint32_t block, const void *bytes, uint32_t size)
{
    int error = mb_file_store(&store->file, NULL, block, bytes, size);

    return error == MB_ERR_IO || error == MB_ERR_FULL ? fail(store, error) : error;
}

/* ---- files that change while they are served ---- */

/* Whether nobody has touched the file since it was hashed. */
static bool is_trusted(net_store *store)
{
    mb_storage_stamp now;
    bool same;

    if (mb_storage_disk_stamp(mb_file_storage(&store->file), &now) != MB_OK) return false;
    lock(store);
    same = memcmp(&now, &store->trusted, sizeof now) == 0;
    if (!same) store->doubted = true;
    unlock(store);
    return same;
}

/* Whether the last look at the whole file found that this block is not in it. */
static bool is_lost(net_store *store, uint32_t block)
{
    assert(block < store->file.geometry.blocks);
    bool lost;

    lock(store);
    lost = store->lost_count > 0 && mb_blockset_has(store->lost, block);
    unlock(store);
    return lost;
}

static int get_proven(net_store *store, uint32_t block, uint32_t offset, void *bytes)
{
    assert(offset < mb_geometry_block_size(&store->file.geometry, block));
    uint32_t size = mb_geometry_block_size(&store->file.geometry, block);
    uint8_t *whole = malloc(size + 1);
    int error = whole ? mb_file_read_proven(&store->file, NULL, NULL, block, whole) : MB_ERR_MEMORY;

    if (!error) memcpy(bytes, whole + offset, size - offset);
    free(whole);
    return error;
}

int net_store_get(net_store *store, uint32_t block, uint32_t offset, void *bytes)
{
    assert(block < store->file.geometry.blocks);
    bool watched = store->published;
    int error;

    if (!watched || is_trusted(store)) {
        if (is_lost(store, block)) return MB_ERR_HASH;
        error = mb_file_read_rest(&store->file, block, offset, bytes);
        if (!error && (!watched || is_trusted(store))) return MB_OK;
        if (error && (!watched || error != MB_ERR_RANGE)) return fail(store, error);
    }
    error = get_proven(store, block, offset, bytes);
    return error && error != MB_ERR_HASH ? fail(store, error) : error;
}

bool net_store_is_doubted(net_store *store)
{
    mb_storage_stamp there, open;

    if (!store->published) return false;
    if (!is_trusted(store) || store->doubted) return true;
    if (net_store_lost_count(store) == 0) return false;
    /* what has its name now may have what it lacks */
    if (mb_storage_path_stamp(store->path, &there) != MB_OK ||
        mb_storage_disk_stamp(mb_file_storage(&store->file), &open) != MB_OK)
        return false;
    return there.inode != open.inode && memcmp(&there, &store->tried, sizeof there) != 0;
}

/* The file that has the name now takes the place of the open one, if more of it fits. */
static void try_name(net_store *store, mb_storage_stamp *stamp, uint64_t *lost, uint32_t *count)
{
    assert(*count > 0);
    size_t size = mb_blockset_words(store->file.geometry.blocks) * sizeof *lost;
    uint64_t *other = malloc(size + sizeof *other);
    mb_storage *there = NULL;
    mb_storage_stamp seen;
    uint32_t others;

    if (!other || store->retired_count == RETIRED_MAX ||
        mb_storage_disk_open(store->path, MB_STORAGE_READ, &there) != MB_OK) {
        free(other);
        return;
    }
    (void)mb_storage_disk_stamp(there, &seen);
    store->tried = seen;
    if (seen.inode != stamp->inode &&
        mb_file_find_lost(&store->file, NULL, there, other, &others) != MB_ERR_MEMORY &&
        others < *count) {
        memcpy(lost, other, size);
        *stamp = seen;
        *count = others;
        store->retired[store->retired_count++] = mb_file_move(&store->file, there);
    } else {
        mb_storage_close(there);
    }
    free(other);
}

void net_store_recheck(net_store *store)
{
    uint64_t *lost =
        calloc(mb_blockset_words(store->file.geometry.blocks) + (size_t)1, sizeof *lost);
    mb_storage_stamp stamp;
    uint32_t count;

    store->doubted = false;
    if (!lost || mb_storage_disk_stamp(mb_file_storage(&store->file), &stamp) != MB_OK ||
        mb_file_find_lost(&store->file, NULL, NULL, lost, &count) == MB_ERR_MEMORY) {
        free(lost);
        return;
    }
    if (count > 0) try_name(store, &stamp, lost, &count);
    lock(store);
    free(store->lost);
    store->lost = lost;
    store->lost_count = count;
    store->trusted = stamp;
    unlock(store);
}

uint32_t net_store_lost_count(net_store *store)
{
    uint32_t count;

    lock(store);
    count = store->lost_count;
    unlock(store);
    return count;
}

void net_store_hide_lost(net_store *store, uint8_t *set)
{
    lock(store);
    for (uint32_t b = 0; store->lost_count > 0 && b < store->file.geometry.blocks; b++)
        if (mb_blockset_has(store->lost, b)) set[b / 8] &= (uint8_t) ~(1u << b % 8);
    unlock(store);
}

int net_store_sync(net_store *store)
{
    int error = store->published ? MB_OK : mb_file_sync(&store->file);

    return error ? fail(store, error) : MB_OK;
}

int net_store_set_last(net_store *store, uint32_t size)
{
    int error = mb_file_set_last(&store->file, size);

    return error ? error : mb_storage_resize(store->file.storage, store->file.geometry.size);
}

/* ---- the end -------------------------------------------------------------------------------- */

/* Whether what was fetched is still what was asked for, read back from the file. */
static int compare(net_store *store)
{
    assert(mb_file_complete(&store->file));
    uint64_t *lost;
    uint32_t count;
    int error;

    if (!store->manifest->hashed) return MB_OK;
    lost = malloc(((size_t)mb_blockset_words(store->file.geometry.blocks) + 1) * sizeof *lost);
    if (!lost) return MB_ERR_MEMORY;
    /* on this thread alone: the pool is shared */
    error = mb_file_find_lost(&store->file, NULL, NULL, lost, &count);
    free(lost);
    if (error) return error;
    return count > 0 ? MB_ERR_HASH : MB_OK;
}

static void *sync_thread(void *arg)
{
    net_store *store = arg;

    (void)mb_file_sync(&store->file); /* an error comes again with the rename */
    return NULL;
}

/* Nothing but its own hash, taken now, can tell later that the file is still what was fetched. */
static void seal(net_store *store)
{
    char *path = seal_path(store);
    uint8_t head[NET_STORE_HEAD_SIZE];

    net_store_bits_head(head, store->manifest, store->identity);
    if (path) net_store_seal_write(path, head, store->file.storage);
    free(path);
}

int net_store_publish(net_store *store)
{
    mb_storage_stamp before, after;
    pthread_t thread;
    bool syncing;
    int error, held;

    assert(mb_file_complete(&store->file));
    if (store->published) return MB_OK;
    /* the disk writes what is left while the processor reads and hashes */
    (void)mb_storage_disk_stamp(store->file.storage, &before);
    syncing = pthread_create(&thread, NULL, sync_thread, store) == 0;
    error = compare(store);
    if (syncing) pthread_join(thread, NULL);
    held = lock_folder(store);
    if (!error) error = mb_storage_disk_rename(store->file.storage, store->path, store->force);
    if (error) {
        net_store_place_unlock(held);
        return error == MB_ERR_HASH ? error : fail(store, error);
    }
    if (!store->manifest->hashed) seal(store);
    /* the new name has changed its stamp; nobody else may have */
    if (mb_storage_disk_stamp(store->file.storage, &after) == MB_OK)
        store->trusted = after.modified_ns == before.modified_ns ? after : before;
    store->published = true;
    net_store_bits_remove(&store->bits);
    net_store_place_unlock(held);
    return MB_OK;
}

const char *net_store_said(const net_store *store)
{
    return store->said;
}

const char *net_store_path(const net_store *store)
{
    return store->path;
}

bool net_store_is_published(const net_store *store)
{
    return store->published;
}

void net_store_describe(const net_store *store, int error, char *text, size_t size)
{
    bool system = error == MB_ERR_IO || error == MB_ERR_FULL;
    const char *why =
        system && store->system_error ? strerror(store->system_error) : mb_strerror(error);

    if (error == MB_ERR_EXISTS) {
        snprintf(text, size, "%s exists already and is another file; --force replaces it",
                 store->path);
        return;
    }
    snprintf(text, size, "%s%s: %s", store->path ? store->path : "file",
             store->published || store->seed ? "" : ".part", why);
}

/* Under the lock: threads may be storing. */
static void check_held(const net_store *store)
{
    const mb_file *file = &store->file;
    uint32_t words = mb_blockset_words(file->geometry.blocks), claimed = 0;

    assert(mb_blockset_count(file->held, words) == file->held_count);
    assert(file->held_count <= file->geometry.blocks);
    assert(store->lost_count <= file->geometry.blocks);
    assert(store->lost || store->lost_count == 0);
    if (store->lost) assert(mb_blockset_count(store->lost, words) == store->lost_count);
    if (store->bits.fd < 0) return;
    assert(store->bits.blocks == file->geometry.blocks);
    claimed = mb_blockset_count(store->bits.set, words);
    /* with hashes a block is claimed before it is written, without them afterwards */
    if (store->manifest->hashed)
        assert(!mb_blockset_any_missing(file->held, store->bits.set, words));
    if (!store->manifest->hashed) assert(claimed <= file->geometry.blocks);
}

void net_store_check(net_store *store)
{
    assert(store->path && store->manifest);
    assert(store->epoch > 0 && store->epoch < MB_EPOCH_DRAWN);
    assert(store->file.manifest == store->manifest && store->file.driver == &store->driver);
    assert(store->driver.owner == store);
    assert(store->retired_count <= RETIRED_MAX);
    assert(!store->seed || (store->published && store->bits.fd < 0));
    assert(!store->finished || store->published);
    assert(store->file.storage);
    lock(store);
    assert(store->hasher_count <= sizeof store->hashers / sizeof *store->hashers);
    check_held(store);
    unlock(store);
}

void net_store_close(net_store *store)
{
    if (!store) return;
    if (store->file.storage && !store->published) (void)mb_file_sync(&store->file);
    mb_storage_close(store->file.storage);
    while (store->retired_count > 0)
        mb_storage_close(store->retired[--store->retired_count]);
    free(store->lost);
    net_store_bits_close(&store->bits);
    while (store->hasher_count > 0)
        mb_hasher_free(store->hashers[--store->hasher_count]);
    pthread_mutex_destroy(&store->lock);
    mb_file_clear(&store->file);
    free(store->path);
    free(store);
}
