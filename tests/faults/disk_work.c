/*
 * What a peer does with its disk, without a network and in few steps, for faults to be injected.
 *
 *     disk_work store FOLDER    fetches a file of eight blocks into FOLDER, where it may have been
 *                               begun before, and gives it its name
 *     disk_work record FOLDER   leaves in FOLDER what --record leaves
 *
 * 0; or 1 and one line on stderr. Run again it goes on where it was.
 */
#include "core/blockset.h"
#include "net/io/log.h"
#include "net/node/record.h"
#include "net/store/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { BLOCK_SIZE = 4096, BLOCKS = 8, SIZE = (BLOCKS - 1) * BLOCK_SIZE + 100 };

static uint8_t file[SIZE];

static mb_manifest *make_manifest(void)
{
    mb_geometry geometry;
    mb_manifest *manifest = NULL;
    mb_hasher *hasher = mb_hasher_new();
    uint8_t hashes[BLOCKS * MB_HASH_SIZE];

    for (size_t i = 0; i < SIZE; i++)
        file[i] = (uint8_t)(i * 2654435761u >> 13);
    if (!hasher || mb_geometry_init(&geometry, SIZE, BLOCK_SIZE)) return NULL;
    for (uint32_t b = 0; b < BLOCKS; b++)
        if (mb_hasher_hash(hasher, file + b * BLOCK_SIZE, mb_geometry_block_size(&geometry, b),
                           hashes + b * MB_HASH_SIZE))
            return NULL;
    if (mb_manifest_new(&geometry, "bin", &manifest) ||
        mb_manifest_set_hashes(manifest, hasher, hashes, NULL))
        return NULL;
    mb_hasher_free(hasher);
    return manifest;
}

static int fail(const char *what)
{
    fprintf(stderr, "disk_work: %s\n", what);
    return 1;
}

/* Puts what is not held, and publishes. 0 or the store's error. */
static int fetch(net_store *store, const mb_manifest *manifest)
{
    int error = 0;

    for (uint32_t b = 0; b < BLOCKS && !error; b++) {
        if (mb_blockset_has(net_store_held(store), b)) continue;
        error = net_store_put(store, b, file + b * BLOCK_SIZE,
                              mb_geometry_block_size(&manifest->geometry, b));
        if (!error && b % 3 == 2) error = net_store_sync(store);
    }
    return error || net_store_is_published(store) ? error : net_store_publish(store);
}

static int store(const char *folder)
{
    mb_manifest *manifest = make_manifest();
    const net_store_config config = {.folder = folder, .name = "film.bin", .manifest = manifest};
    net_store *store;
    char text[700];

    if (!manifest) return fail("out of memory");
    if (net_store_open(&store, &config, text, sizeof text)) return fail(text);
    int error = net_store_resume(store, text, sizeof text);
    if (!error) {
        error = fetch(store, manifest);
        if (error) net_store_describe(store, error, text, sizeof text);
    }
    net_store_close(store);
    mb_manifest_free(manifest);
    return error ? fail(text) : 0;
}

static int record(const char *folder)
{
    static const uint8_t root[MB_HASH_SIZE] = {1, 2, 3};
    mb_geometry geometry;
    char text[700];

    if (mb_geometry_init(&geometry, SIZE, BLOCK_SIZE)) return fail("geometry");
    const net_record_config config = {.folder = folder,
                                      .id = "anna",
                                      .group = "peers",
                                      .geometry = &geometry,
                                      .root = root,
                                      .started = 5 * MB_SECOND};
    net_record *record = net_record_new(&config, text, sizeof text);
    if (!record) return fail(text);
    for (uint32_t b = 0; b < BLOCKS; b++) {
        const net_gain gain = {.time = b * MB_SECOND, .block = b, .bytes = BLOCK_SIZE};
        net_record_gain(record, &gain, "tracker");
    }
    net_record_complete(record, BLOCKS * MB_SECOND);
    return net_record_finish(record, 10 * MB_SECOND, true) ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc != 3) return fail("disk_work store|record FOLDER");
    if (mkdir(argv[2], 0777) != 0 && errno != EEXIST) return fail(strerror(errno));
    net_log_setup("disk_work", NET_ERROR);
    return strcmp(argv[1], "store") == 0 ? store(argv[2]) : record(argv[2]);
}
