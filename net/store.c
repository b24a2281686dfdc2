#include "net/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/blockset.h"
#include "net/store_bits.h"

/* Threads that hash at the start. */
#define RESUME_THREADS 4
/* Log epochs of a new file count seconds from here, so that one that was lost without a trace is
 * followed by a later one. */
#define EPOCH_ZERO INT64_C(1704067200)

struct net_store {
    const mb_manifest *manifest;
    mb_geometry geometry; /* the manifest's, but for a last block that only time tells */
    mb_storage *storage;
    net_store_bits bits;
    char *path; /* the final one */
    uint64_t *held;
    uint32_t held_count;
    bool force, seed;
    _Atomic bool published; /* by a thread, while the loop's looks */
    struct stat seen;       /* the tracker's file as it was when it was hashed */
    _Atomic int system_error;
    pthread_mutex_t lock;
    mb_hasher *hashers[16];
    uint32_t hasher_count;
};

/* What the storage said goes with the error. */
static int fail(net_store *store, int error)
{
    store->system_error = store->storage->system_error;
    return error;
}

/* ---- hashers, one per thread at a time ------------------------------------------------------- */

static mb_hasher *hasher_take(net_store *store)
{
    mb_hasher *hasher = NULL;

    pthread_mutex_lock(&store->lock);
    if (store->hasher_count > 0) hasher = store->hashers[--store->hasher_count];
    pthread_mutex_unlock(&store->lock);
    return hasher ? hasher : mb_hasher_new();
}

static void hasher_give(net_store *store, mb_hasher *hasher)
{
    pthread_mutex_lock(&store->lock);
    if (store->hasher_count < sizeof store->hashers / sizeof *store->hashers) {
        store->hashers[store->hasher_count++] = hasher;
        hasher = NULL;
    }
    pthread_mutex_unlock(&store->lock);
    mb_hasher_free(hasher);
}

/* MB_OK or MB_ERR_HASH, MB_ERR_MEMORY; without hashes in the manifest any bytes are right. */
static int check(net_store *store, uint32_t block, const void *bytes, uint32_t size)
{
    mb_hasher *hasher;
    int error;

    if (!store->manifest->hashed) return MB_OK;
    hasher = hasher_take(store);
    if (!hasher) return MB_ERR_MEMORY;
    error = mb_manifest_check_block(store->manifest, hasher, block, bytes, size);
    hasher_give(store, hasher);
    return error;
}

/* ---- opening -------------------------------------------------------------------------------- */

static net_store *store_new(const mb_manifest *manifest)
{
    net_store *store = calloc(1, sizeof *store);

    if (!store) return NULL;
    store->bits.fd = -1;
    pthread_mutex_init(&store->lock, NULL);
    if (!manifest) return store;
    store->manifest = manifest;
    store->geometry = manifest->geometry;
    store->held = calloc(mb_blockset_words(store->geometry.blocks) + 1, sizeof *store->held);
    if (store->held) return store;
    net_store_close(store);
    return NULL;
}

static char *join(const char *folder, const char *name, const char *suffix)
{
    char *path = NULL;

    if (asprintf(&path, "%s/%s%s", folder, name, suffix) < 0) return NULL;
    return path;
}

/* A file that has the final name already: whole from an earlier run, or somebody else's. */
static int open_final(net_store *store, const net_store_config *config)
{
    struct stat info;

    if (stat(store->path, &info) != 0) return MB_OK;
    if (S_ISREG(info.st_mode) && (uint64_t)info.st_size == store->geometry.size &&
        store->manifest->hashed) {
        int error = mb_storage_disk_open(store->path, MB_STORAGE_READ, &store->storage);

        store->published = error == MB_OK;
        return error;
    }
    return config->force ? MB_OK : MB_ERR_EXISTS;
}

static uint32_t new_epoch(void)
{
    int64_t now = (int64_t)time(NULL) - EPOCH_ZERO;

    return now > 0 ? (uint32_t)(now & 0x3fffffff) : 1;
}

/* Where nobody tells the file's size, that of the parts tells how long the last block was, once it
 * is there. */
static void take_up_size(net_store *store)
{
    const mb_geometry *g = &store->geometry;
    uint64_t size;
    mb_geometry shorter;

    if (store->manifest->hashed || g->blocks == 0) return;
    if (!mb_blockset_has(store->bits.set, g->blocks - 1)) return;
    if (mb_storage_size(store->storage, &size) != MB_OK) return;
    if (mb_geometry_init(&shorter, size, g->block_size) != MB_OK) return;
    if (shorter.blocks == g->blocks) store->geometry = shorter;
}

/* NAME.part at its full size; the bits of an earlier run where they are of this very file. */
static int open_parts(net_store *store, const net_store_config *config)
{
    char *part = join(config->folder, config->name, ".part");
    char *bits = join(config->folder, config->name, ".part.blocks");
    bool existed = part && access(part, F_OK) == 0;
    int error = part && bits ? MB_OK : MB_ERR_MEMORY;

    if (!error) error = net_store_bits_open(&store->bits, bits, store->manifest, new_epoch());
    if (!error) error = mb_storage_disk_open(part, MB_STORAGE_OPEN, &store->storage);
    if (error) store->system_error = errno;
    if (!error) take_up_size(store);
    if (!error && existed && !store->bits.found && store->manifest->hashed)
        net_store_bits_claim_all(&store->bits);
    if (!error && !existed) net_store_bits_claim_none(&store->bits);
    if (!error) {
        error = mb_storage_resize(store->storage, store->geometry.size);
        if (error) store->system_error = store->storage->system_error;
    }
    free(part);
    free(bits);
    return error;
}

static void explain(const net_store *store, int error, char *text, size_t size)
{
    if (error == MB_ERR_STATE)
        snprintf(text, size, "%s.part is in use by another program; choose another --output-dir",
                 store->path);
    else
        net_store_describe(store, error, text, size);
}

int net_store_open(net_store **result, const net_store_config *config, char *error,
                   size_t error_size)
{
    net_store *store = store_new(config->manifest);
    int rc;

    if (!store) {
        snprintf(error, error_size, "out of memory");
        return MB_ERR_MEMORY;
    }
    store->force = config->force;
    store->path = join(config->folder, config->name, "");
    rc = store->path ? open_final(store, config) : MB_ERR_MEMORY;
    if (rc == MB_OK && !store->published) rc = open_parts(store, config);
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
    int rc = store && hasher ? MB_OK : MB_ERR_MEMORY;

    if (!rc) {
        store->seed = true;
        store->path = strdup(path);
    }
    if (!rc) rc = mb_storage_disk_open(path, MB_STORAGE_READ, &store->storage);
    if (rc && store) store->system_error = errno;
    if (!rc && stat(path, &store->seen) != 0) rc = MB_ERR_IO;
    mb_extension_of(path, extension);
    if (!rc) rc = mb_manifest_build(store->storage, block_size, extension, hasher, manifest);
    mb_hasher_free(hasher);
    if (!rc) {
        store->manifest = *manifest;
        store->geometry = (*manifest)->geometry;
        store->published = true;
        store->held = calloc(mb_blockset_words(store->geometry.blocks) + 1, sizeof *store->held);
        rc = store->held ? MB_OK : MB_ERR_MEMORY;
    }
    if (rc) {
        if (store)
            net_store_describe(store, rc, error, error_size);
        else
            snprintf(error, error_size, "out of memory");
        net_store_close(store);
        return rc;
    }
    mb_blockset_fill(store->held, store->geometry.blocks);
    store->held_count = store->geometry.blocks;
    *result = store;
    return MB_OK;
}

/* ---- taking up an earlier run ---------------------------------------------------------------- */

typedef struct resume {
    net_store *store;
    const uint64_t *claimed; /* NULL: all */
    uint32_t next;
    bool lost;
    int error;
} resume;

/* The next block to look at, or MB_BLOCK_NONE. */
static uint32_t resume_next(resume *r)
{
    uint32_t block = MB_BLOCK_NONE;

    pthread_mutex_lock(&r->store->lock);
    while (r->next < r->store->geometry.blocks && !r->error) {
        uint32_t candidate = r->next++;

        if (r->claimed && !mb_blockset_has(r->claimed, candidate)) continue;
        block = candidate;
        break;
    }
    pthread_mutex_unlock(&r->store->lock);
    return block;
}

static void resume_note(resume *r, uint32_t block, int error)
{
    net_store *store = r->store;

    pthread_mutex_lock(&store->lock);
    if (error == MB_OK) {
        mb_blockset_add(store->held, block);
        store->held_count++;
    } else {
        r->lost = true;
        /* a block cut off or spoilt is fetched again; a failing disk ends it */
        if (error != MB_ERR_HASH && error != MB_ERR_RANGE) r->error = fail(store, error);
    }
    pthread_mutex_unlock(&store->lock);
}

static void *resume_thread(void *arg)
{
    resume *r = arg;
    const mb_geometry *geometry = &r->store->geometry;
    void *buffer = malloc(geometry->block_size);
    uint32_t block;

    while (buffer && (block = resume_next(r)) != MB_BLOCK_NONE) {
        uint32_t size = mb_geometry_block_size(geometry, block);
        int error =
            mb_storage_read(r->store->storage, mb_geometry_offset(geometry, block), buffer, size);

        if (!error) error = check(r->store, block, buffer, size);
        resume_note(r, block, error);
    }
    if (!buffer) r->error = MB_ERR_MEMORY;
    free(buffer);
    return NULL;
}

static void resume_run(resume *r)
{
    pthread_t threads[RESUME_THREADS];
    uint32_t started = 0;

    while (started < RESUME_THREADS - 1 &&
           pthread_create(&threads[started], NULL, resume_thread, r) == 0)
        started++;
    resume_thread(r);
    while (started > 0)
        pthread_join(threads[--started], NULL);
}

/* The file of the final name is not ours: parts beside it, if it may be replaced. */
static int resume_not_final(net_store *store)
{
    net_store_config config = {.manifest = store->manifest};
    char *folder, *name = strrchr(store->path, '/');
    int error;

    if (!store->force) return MB_ERR_EXISTS;
    mb_storage_close(store->storage);
    store->storage = NULL;
    store->published = false;
    memset(store->held, 0, mb_blockset_words(store->geometry.blocks) * sizeof *store->held);
    store->held_count = 0;
    folder = strndup(store->path, (size_t)(name - store->path));
    if (!folder) return MB_ERR_MEMORY;
    config.folder = folder;
    config.name = name + 1;
    error = open_parts(store, &config);
    free(folder);
    return error;
}

bool net_store_has_claims(const net_store *store)
{
    return store->published ||
           mb_blockset_count(store->bits.set, mb_blockset_words(store->geometry.blocks)) > 0;
}

int net_store_resume(net_store *store, char *error, size_t error_size)
{
    resume r = {.store = store};

    if (store->seed) return MB_OK;
    for (;;) {
        r.next = 0;
        r.lost = false;
        r.claimed = store->published ? NULL : store->bits.set;
        resume_run(&r);
        if (r.error || !store->published || store->held_count == store->geometry.blocks) break;
        r.error = resume_not_final(store);
        if (r.error) break;
    }
    if (!r.error && !store->published)
        r.error = net_store_bits_settle(&store->bits, store->held, r.lost);
    if (r.error) explain(store, r.error, error, error_size);
    return r.error;
}

/* ---- blocks --------------------------------------------------------------------------------- */

const mb_geometry *net_store_geometry(const net_store *store)
{
    return &store->geometry;
}

const uint64_t *net_store_held(const net_store *store)
{
    return store->held;
}

uint32_t net_store_held_count(const net_store *store)
{
    return store->held_count;
}

uint32_t net_store_epoch(const net_store *store)
{
    return store->bits.epoch ? store->bits.epoch : 1;
}

static int claim(net_store *store, uint32_t block)
{
    int error;

    pthread_mutex_lock(&store->lock);
    error = net_store_bits_claim(&store->bits, block);
    if (error) store->system_error = errno;
    pthread_mutex_unlock(&store->lock);
    return error;
}

int net_store_put(net_store *store, uint32_t block, const void *bytes, uint32_t size)
{
    int error;
    bool held;

    if (block >= store->geometry.blocks) return MB_ERR_ARGUMENT;
    if (size != mb_geometry_block_size(&store->geometry, block)) return MB_ERR_ARGUMENT;
    pthread_mutex_lock(&store->lock);
    held = mb_blockset_has(store->held, block);
    pthread_mutex_unlock(&store->lock);
    if (held) return MB_OK;
    error = check(store, block, bytes, size);
    if (error) return error;
    /* a claim that comes too early costs a hash after a kill; without hashes it would be believed
     */
    if (store->manifest->hashed) error = claim(store, block);
    if (error) return error;
    error =
        mb_storage_write(store->storage, mb_geometry_offset(&store->geometry, block), bytes, size);
    if (error) return fail(store, error);
    if (!store->manifest->hashed) error = claim(store, block);
    if (error) return error;
    pthread_mutex_lock(&store->lock);
    if (!mb_blockset_has(store->held, block)) {
        mb_blockset_add(store->held, block);
        store->held_count++;
    }
    pthread_mutex_unlock(&store->lock);
    return MB_OK;
}

/* Whether the tracker's file is still what was hashed; by its size and time, which is cheap. */
static bool is_unchanged(const net_store *store)
{
    struct stat now;

    if (!store->seed) return true;
    if (stat(store->path, &now) != 0 || now.st_ino != store->seen.st_ino)
        return true; /* its bytes are still there, without that name */
    return now.st_size == store->seen.st_size && now.st_mtim.tv_sec == store->seen.st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == store->seen.st_mtim.tv_nsec;
}

int net_store_get(net_store *store, uint32_t block, uint32_t offset, void *bytes)
{
    uint64_t at = mb_geometry_offset(&store->geometry, block) + offset;
    uint32_t size = mb_geometry_block_size(&store->geometry, block) - offset;
    int error;

    if (!is_unchanged(store)) return MB_ERR_STATE;
    error = mb_storage_read(store->storage, at, bytes, size);
    return error ? fail(store, error) : MB_OK;
}

int net_store_sync(net_store *store)
{
    int error = store->published ? MB_OK : mb_storage_sync(store->storage);

    return error ? fail(store, error) : MB_OK;
}

int net_store_set_last(net_store *store, uint32_t size)
{
    const mb_geometry *g = &store->geometry;
    mb_geometry shorter;
    int error;

    if (store->manifest->hashed || g->blocks == 0 || size > g->block_size) return MB_ERR_ARGUMENT;
    error =
        mb_geometry_init(&shorter, (uint64_t)(g->blocks - 1) * g->block_size + size, g->block_size);
    if (error || shorter.blocks != g->blocks) return MB_ERR_ARGUMENT;
    store->geometry = shorter;
    return mb_storage_resize(store->storage, shorter.size);
}

/* ---- the end -------------------------------------------------------------------------------- */

static int compare(net_store *store)
{
    resume r = {.store = store};
    uint32_t held = store->held_count;

    if (!store->manifest->hashed) return MB_OK;
    /* the same reading and hashing as at a start, on this thread alone: the pool is shared */
    resume_thread(&r);
    store->held_count = held;
    if (r.error) return fail(store, r.error);
    return r.lost ? MB_ERR_HASH : MB_OK;
}

static void *sync_thread(void *arg)
{
    net_store *store = arg;

    (void)mb_storage_sync(store->storage); /* an error comes again with the rename */
    return NULL;
}

int net_store_publish(net_store *store)
{
    pthread_t thread;
    bool syncing;
    int error;

    assert(store->held_count == store->geometry.blocks);
    if (store->published) return MB_OK;
    /* the disk writes what is left while the processor reads and hashes */
    syncing = pthread_create(&thread, NULL, sync_thread, store) == 0;
    error = compare(store);
    if (syncing) pthread_join(thread, NULL);
    if (!error) error = mb_storage_disk_rename(store->storage, store->path, store->force);
    if (error) return error == MB_ERR_HASH ? error : fail(store, error);
    store->published = true;
    net_store_bits_remove(&store->bits);
    return MB_OK;
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
    const char *why = system && store->system_error ? strerror(store->system_error)
                      : error == MB_ERR_STATE       ? "the file has changed while it was served"
                                                    : mb_strerror(error);

    if (error == MB_ERR_EXISTS) {
        snprintf(text, size, "%s exists already and is another file; --force replaces it",
                 store->path);
        return;
    }
    snprintf(text, size, "%s%s: %s", store->path ? store->path : "file",
             store->published || store->seed ? "" : ".part", why);
}

void net_store_close(net_store *store)
{
    if (!store) return;
    if (store->storage && !store->published) (void)mb_storage_sync(store->storage);
    mb_storage_close(store->storage);
    net_store_bits_close(&store->bits);
    while (store->hasher_count > 0)
        mb_hasher_free(store->hashers[--store->hasher_count]);
    pthread_mutex_destroy(&store->lock);
    free(store->held);
    free(store->path);
    free(store);
}
