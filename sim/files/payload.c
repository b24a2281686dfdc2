#include "sim/files/payload.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/blockset.h"
#include "core/file/file.h"
#include "sim/files/folder.h"

enum { SEEDER = 0 };

typedef struct copy {
    mb_file file; /* file.storage NULL: the node is not there */
} copy;

struct sim_payload {
    mb_hasher *hasher;
    mb_manifest *manifest;
    mb_storage *source;
    copy *copies;
    uint32_t nodes;
    uint8_t *block; /* room for one */
    char *folder;   /* of rebuilt files, or NULL */
    bool force;     /* rebuilt files replace what has their names */
    char error[512];
};

/* Notes what went wrong, and returns `rc`. */
__attribute__((format(printf, 3, 4))) static int failed(sim_payload *payload, int rc,
                                                        const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(payload->error, sizeof payload->error, format, arguments);
    va_end(arguments);
    return rc;
}

static copy *copy_of(const sim_payload *payload, uint32_t node)
{
    if (node >= payload->nodes || !payload->copies[node].file.storage) return NULL;
    return &payload->copies[node];
}

/* ---- the file itself -------------------------------------------------------------------- */

static int source_open(sim_payload *payload, const sim_file *file)
{
    char extension[MB_EXTENSION_SIZE], text[400];
    uint64_t size = file->geometry.size;
    int rc = mb_storage_disk_open(file->path, MB_STORAGE_READ, &payload->source);

    if (rc != MB_OK) {
        const char *why = rc == MB_ERR_IO ? strerror(errno) : mb_strerror(rc);
        return failed(payload, rc, "%s: %s", file->path, why);
    }
    mb_extension_of(file->path, extension);
    rc = mb_manifest_build(payload->source, file->geometry.block_size, extension, payload->hasher,
                           &payload->manifest);
    if (rc == MB_OK && payload->manifest->geometry.size != size) rc = MB_ERR_RANGE;
    if (rc == MB_ERR_RANGE)
        return failed(payload, rc, "%s: its size has changed since it was read first", file->path);
    if (rc == MB_OK) return MB_OK;
    mb_storage_describe(payload->source, rc, text, sizeof text);
    return failed(payload, rc, "%s", text);
}

/* The seeder's copy is the file itself, which has just been split. */
static int seeder_add(sim_payload *payload)
{
    mb_file *file = &payload->copies[SEEDER].file;
    int rc = mb_file_init(file, payload->manifest, payload->source);

    if (rc == MB_OK) mb_file_adopt(file);
    return rc;
}

/* The folder is made when the first file is whole; that it can be is seen to now. */
static int folder_take(sim_payload *payload, const char *folder, bool force)
{
    if (!folder) return MB_OK;
    payload->force = force;
    payload->folder = strdup(folder);
    if (!payload->folder) return MB_ERR_MEMORY;
    return sim_folder_check(folder, force, payload->error, sizeof payload->error);
}

static int payload_fill(sim_payload *payload, const sim_scenario *scenario, const char *folder,
                        bool force)
{
    int rc;

    payload->hasher = mb_hasher_new();
    payload->copies = calloc(payload->nodes, sizeof *payload->copies);
    payload->block = malloc(scenario->file.geometry.block_size);
    if (!payload->hasher || !payload->copies || !payload->block) return MB_ERR_MEMORY;
    rc = source_open(payload, &scenario->file);
    if (rc == MB_OK) rc = seeder_add(payload);
    if (rc == MB_OK) rc = folder_take(payload, folder, force);
    return rc;
}

int sim_payload_new(sim_payload **result, const sim_scenario *scenario, uint32_t nodes,
                    const char *payload_dir, bool force, char *error, size_t error_size)
{
    sim_payload *payload = calloc(1, sizeof *payload);
    int rc = MB_ERR_MEMORY;

    assert(scenario->file.mode == SIM_FILE_PATH && nodes > 0);
    *result = NULL;
    if (payload) {
        payload->nodes = nodes;
        rc = payload_fill(payload, scenario, payload_dir, force);
    }
    if (rc == MB_OK) {
        *result = payload;
        return MB_OK;
    }
    if (payload && payload->error[0])
        snprintf(error, error_size, "%s", payload->error);
    else
        snprintf(error, error_size, "%s: %s", scenario->file.path, mb_strerror(rc));
    sim_payload_free(payload);
    return rc;
}

/* ---- copies ----------------------------------------------------------------------------- */

static void copy_clear(sim_payload *payload, uint32_t node)
{
    assert(node < payload->nodes);
    copy *c = copy_of(payload, node);
    mb_storage *storage = c ? c->file.storage : NULL;

    if (!c) return;
    mb_file_clear(&c->file);
    if (storage != payload->source) mb_storage_close(storage);
}

void sim_payload_free(sim_payload *payload)
{
    if (!payload) return;
    for (uint32_t node = 0; payload->copies && node < payload->nodes; node++)
        copy_clear(payload, node);
    mb_storage_close(payload->source);
    mb_manifest_free(payload->manifest);
    mb_hasher_free(payload->hasher);
    free(payload->copies);
    free(payload->block);
    free(payload->folder);
    free(payload);
}

static int copy_init(sim_payload *payload, uint32_t node)
{
    assert(node < payload->nodes);
    mb_storage *storage;
    mb_file *file = &payload->copies[node].file;
    int rc = mb_storage_memory_new(&storage);

    if (rc != MB_OK) return rc;
    rc = mb_file_init(file, payload->manifest, storage);
    if (rc == MB_OK) rc = mb_file_reserve(file);
    if (rc != MB_OK) {
        mb_file_clear(file); /* all zero where init failed */
        mb_storage_close(storage);
    }
    return rc;
}

int sim_payload_add(sim_payload *payload, uint32_t node, const uint64_t *have)
{
    uint32_t blocks = payload->manifest->geometry.blocks;
    int rc;

    if (node == SEEDER) return MB_OK;
    if (node >= payload->nodes || copy_of(payload, node))
        return failed(payload, MB_ERR_STATE, "node %u: there already, or not of this run", node);
    rc = copy_init(payload, node);
    if (rc != MB_OK) return failed(payload, rc, "node %u: %s", node, mb_strerror(rc));
    for (uint32_t block = 0; have && block < blocks; block++) {
        if (!mb_blockset_has(have, block)) continue;
        rc = sim_payload_given(payload, node, block);
        if (rc == MB_OK) continue;
        copy_clear(payload, node);
        return rc;
    }
    return MB_OK;
}

int sim_payload_move(sim_payload *payload, uint32_t from, uint32_t to, uint32_t block)
{
    assert(from != to);
    copy *giver = copy_of(payload, from), *receiver = copy_of(payload, to);
    uint32_t room = payload->manifest->geometry.block_size;
    size_t size;
    int rc;

    if (!giver || !receiver)
        return failed(payload, MB_ERR_STATE, "node %u: not there", giver ? to : from);
    rc = mb_file_read(&giver->file, block, payload->block, room, &size);
    if (rc == MB_OK)
        rc = mb_file_store(&receiver->file, payload->hasher, block, payload->block, size);
    if (rc == MB_OK) return MB_OK;
    return failed(payload, rc, "node %u: block %u from node %u: %s", to, block, from,
                  mb_strerror(rc));
}

int sim_payload_given(sim_payload *payload, uint32_t node, uint32_t block)
{
    return sim_payload_move(payload, SEEDER, node, block);
}

void sim_payload_remove(sim_payload *payload, uint32_t node)
{
    assert(node < payload->nodes);
    if (node != SEEDER) copy_clear(payload, node);
}

/* ---- rebuilding ------------------------------------------------------------------------- */

static int rebuild_in_memory(sim_payload *payload, mb_file *file)
{
    mb_storage *target;
    int rc = mb_storage_memory_new(&target);

    if (rc != MB_OK) return rc;
    rc = mb_file_rebuild(file, payload->hasher, target);
    if (rc == MB_OK) rc = mb_manifest_compare(payload->manifest, payload->hasher, target);
    mb_storage_close(target);
    return rc;
}

/* What has just been written, read back from where it lies. */
static int compare_path(sim_payload *payload, const char *path)
{
    mb_storage *written;
    int rc = mb_storage_disk_open(path, MB_STORAGE_READ, &written);

    if (rc != MB_OK) return rc;
    rc = mb_manifest_compare(payload->manifest, payload->hasher, written);
    mb_storage_close(written);
    return rc;
}

/* FOLDER/NAME.EXTENSION on the heap; NULL where memory is out. */
static char *target_path(const sim_payload *payload, const char *name)
{
    size_t size = strlen(payload->folder) + 1 + strlen(name) + 1 + MB_EXTENSION_SIZE;
    char *path = malloc(size);
    int length;

    if (!path) return NULL;
    length = snprintf(path, size, "%s/", payload->folder);
    if (mb_extension_name(name, payload->manifest->extension, path + length,
                          size - (size_t)length) == MB_OK)
        return path;
    free(path); /* not reached: the extension is the manifest's, and the room is counted */
    return NULL;
}

static int rebuild_on_disk(sim_payload *payload, mb_file *file, const char *name)
{
    char *path = target_path(payload, name);
    size_t made_from;
    int rc, code;

    if (!path) return failed(payload, MB_ERR_MEMORY, "%s: %s", name, mb_strerror(MB_ERR_MEMORY));
    errno = sim_folder_make(payload->folder, &made_from);
    rc = errno ? MB_ERR_IO : mb_file_rebuild_path(file, payload->hasher, path, payload->force);
    code = errno;
    if (rc == MB_OK) {
        rc = compare_path(payload, path);
        if (rc != MB_OK) unlink(path);
    }
    if (rc != MB_OK) {
        const char *why = rc == MB_ERR_IO && code ? strerror(code) : mb_strerror(rc);
        failed(payload, rc, "%s: rebuilding %s: %s", name, path, why);
    }
    free(path);
    return rc;
}

int sim_payload_complete(sim_payload *payload, uint32_t node, const char *name)
{
    copy *c = copy_of(payload, node);
    int rc;

    if (!c) return failed(payload, MB_ERR_STATE, "%s: not there", name);
    if (!payload->folder) {
        rc = rebuild_in_memory(payload, &c->file);
        if (rc == MB_OK) return MB_OK;
        return failed(payload, rc, "%s: rebuilding its file: %s", name, mb_strerror(rc));
    }
    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/'))
        return failed(payload, MB_ERR_ARGUMENT, "%s: no name for a file", name);
    return rebuild_on_disk(payload, &c->file, name);
}

/* ---- looking ---------------------------------------------------------------------------- */

const char *sim_payload_error(const sim_payload *payload)
{
    return payload->error;
}

bool sim_payload_has(const sim_payload *payload, uint32_t node, uint32_t block)
{
    const copy *c = copy_of(payload, node);

    return c && mb_file_has(&c->file, block);
}

mb_storage *sim_payload_storage(sim_payload *payload, uint32_t node)
{
    copy *c = copy_of(payload, node);

    return c ? c->file.storage : NULL;
}
