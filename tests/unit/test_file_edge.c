/*
 * The file manager at its edges: files without hashes, blocks that are none, disks and hashes that
 * fail on the way, drivers that refuse.
 */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "core/file/file.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/failing_calls.h"

#define BLOCK 16
#define SIZE 70 /* four whole blocks and one of 6 bytes */
#define BLOCKS 5

static mb_hasher *hasher;
static char *path, *target_path;

static void ok(int rc)
{
    g_assert_cmpint(rc, ==, MB_OK);
}

static const uint8_t *our_bytes(void)
{
    static uint8_t bytes[SIZE];
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 16 + 3);
    return bytes;
}

static mb_storage *disk_with(const char *name, const void *bytes, size_t size)
{
    mb_storage *storage;
    g_unlink(name);
    ok(mb_storage_disk_open(name, MB_STORAGE_CREATE, &storage));
    ok(mb_storage_write(storage, 0, bytes, size));
    return storage;
}

/* A whole file on disk, its manifest, and a copy that holds nothing yet in the same storage. */
typedef struct copy {
    mb_storage *storage;
    mb_manifest *manifest;
    mb_file file;
} copy;

static void copy_init(copy *c, bool hashed)
{
    c->storage = disk_with(path, our_bytes(), SIZE);
    ok(mb_manifest_build(c->storage, BLOCK, "mp4", hasher, &c->manifest));
    if (!hashed) {
        mb_geometry geometry = c->manifest->geometry;
        mb_manifest_free(c->manifest);
        ok(mb_manifest_new(&geometry, NULL, &c->manifest));
    }
    ok(mb_file_init(&c->file, c->manifest, c->storage));
}

static void copy_clear(copy *c)
{
    mb_file_check(&c->file);
    mb_file_clear(&c->file);
    mb_manifest_free(c->manifest);
    ok(mb_storage_close(c->storage));
}

/* ---- without hashes ---- */

/* Only the length can be checked, and nothing is proven. */
static void test_unhashed(void)
{
    copy c;
    uint8_t bytes[BLOCK] = {0};
    uint64_t lost[1];
    uint32_t count;
    copy_init(&c, false);
    g_assert_cmpstr(c.manifest->extension, ==, "");
    g_assert_cmpint(mb_file_store(&c.file, NULL, 0, bytes, BLOCK - 1), ==, MB_ERR_ARGUMENT);
    ok(mb_file_store(&c.file, NULL, 0, bytes, BLOCK));
    g_assert_cmpint(mb_file_read_proven(&c.file, hasher, NULL, 0, bytes), ==, MB_ERR_HASH);
    ok(mb_file_find_lost(&c.file, hasher, NULL, lost, &count));
    g_assert_cmpuint(count, ==, BLOCKS);
    g_assert_cmpint(mb_manifest_compare(c.manifest, hasher, c.storage), ==, MB_ERR_STATE);
    copy_clear(&c);
}

/* The last block's length, which only time tells: 1 to a whole block. */
static void test_set_last(void)
{
    copy c;
    uint8_t bytes[BLOCK] = {0};
    copy_init(&c, false);
    g_assert_cmpint(mb_file_set_last(&c.file, 0), ==, MB_ERR_ARGUMENT);
    g_assert_cmpint(mb_file_set_last(&c.file, BLOCK + 1), ==, MB_ERR_ARGUMENT);
    ok(mb_file_set_last(&c.file, BLOCK));
    g_assert_cmpuint(c.file.geometry.size, ==, BLOCKS * BLOCK);
    ok(mb_file_set_last(&c.file, 1));
    g_assert_cmpuint(c.file.geometry.size, ==, (BLOCKS - 1) * BLOCK + 1);
    g_assert_cmpuint(c.file.geometry.blocks, ==, BLOCKS);
    g_assert_cmpint(mb_file_store(&c.file, NULL, 4, bytes, 6), ==, MB_ERR_ARGUMENT);
    ok(mb_file_store(&c.file, NULL, 4, bytes, 1));
    copy_clear(&c);
    copy_init(&c, true);
    g_assert_cmpint(mb_file_set_last(&c.file, 3), ==, MB_ERR_ARGUMENT); /* the hashes know it */
    copy_clear(&c);
    mb_geometry none;
    mb_file empty;
    ok(mb_geometry_init(&none, 0, BLOCK));
    ok(mb_manifest_new(&none, "", &c.manifest));
    ok(mb_file_init(&empty, c.manifest, NULL));
    g_assert_cmpint(mb_file_set_last(&empty, 1), ==, MB_ERR_ARGUMENT); /* it has no last block */
    mb_file_clear(&empty);
    mb_manifest_free(c.manifest);
}

/* An empty file has hashes too: none, and a root that says so. */
static void test_empty_hashes(void)
{
    mb_geometry none;
    mb_manifest *whole, *told;
    mb_storage *empty;
    ok(mb_storage_memory_new(&empty));
    ok(mb_geometry_init(&none, 0, BLOCK));
    ok(mb_manifest_build(empty, BLOCK, NULL, hasher, &whole));
    ok(mb_manifest_new(&none, NULL, &told));
    g_assert_cmpint(mb_manifest_set_hashes(told, hasher, NULL, whole->hashes), ==, MB_OK);
    g_assert_cmpmem(told->root, MB_HASH_SIZE, whole->root, MB_HASH_SIZE);
    ok(mb_manifest_compare(told, hasher, empty));
    mb_manifest_free(told);
    mb_manifest_free(whole);
    ok(mb_storage_close(empty));
}

/* ---- what there is not ---- */

static void test_no_such_block(void)
{
    copy c;
    uint8_t bytes[BLOCK];
    size_t read = 99;
    copy_init(&c, true);
    g_assert_false(mb_file_has(&c.file, BLOCKS));
    g_assert_false(mb_file_has(&c.file, UINT32_MAX));
    int rc = mb_file_store_checked(&c.file, BLOCKS, our_bytes(), BLOCK);
    g_assert_cmpint(rc, ==, MB_ERR_ARGUMENT);
    rc = mb_manifest_check_block(c.manifest, hasher, BLOCKS, our_bytes(), BLOCK);
    g_assert_cmpint(rc, ==, MB_ERR_ARGUMENT);
    rc = mb_file_read(&c.file, BLOCKS, bytes, BLOCK, &read);
    g_assert_cmpint(rc, ==, MB_ERR_ARGUMENT);
    g_assert_cmpint(mb_file_read_rest(&c.file, BLOCKS, 0, bytes), ==, MB_ERR_ARGUMENT);
    g_assert_cmpint(mb_file_read_rest(&c.file, 4, 5, bytes), ==, MB_ERR_STATE); /* not held */
    mb_file_adopt(&c.file);
    g_assert_cmpint(mb_file_read_rest(&c.file, 4, 6, bytes), ==, MB_ERR_ARGUMENT);
    ok(mb_file_read_rest(&c.file, 4, 5, bytes));
    g_assert_cmpuint(bytes[0], ==, our_bytes()[SIZE - 1]);
    g_assert_cmpint(mb_file_read(&c.file, 0, bytes, BLOCK - 1, &read), ==, MB_ERR_RANGE);
    g_assert_cmpuint(read, ==, 99);
    ok(mb_file_read(&c.file, 4, bytes, 6, &read));
    g_assert_cmpuint(read, ==, 6);
    copy_clear(&c);
}

/* Nothing is rebuilt of a part, nor of a storage that keeps nothing; blocks held stay held. */
static void test_not_to_be_rebuilt(void)
{
    copy c;
    mb_storage *none, *target;
    copy_init(&c, true);
    ok(mb_storage_memory_new(&target));
    ok(mb_file_store(&c.file, hasher, 0, our_bytes(), BLOCK));
    g_assert_cmpint(mb_file_rebuild(&c.file, hasher, target), ==, MB_ERR_STATE);
    mb_file_adopt(&c.file);
    g_assert_cmpuint(c.file.held_count, ==, BLOCKS);
    ok(mb_storage_none_new(&none));
    mb_storage *disk = mb_file_move(&c.file, none);
    g_assert_cmpint(mb_file_rebuild(&c.file, hasher, target), ==, MB_ERR_STATE);
    int rc = mb_file_rebuild_path(&c.file, hasher, target_path, false);
    g_assert_cmpint(rc, ==, MB_ERR_STATE);
    g_assert_cmpint(g_access(target_path, F_OK), !=, 0);
    g_assert_cmpint(mb_manifest_compare(c.manifest, hasher, none), ==, MB_ERR_STATE);
    g_assert_true(mb_file_move(&c.file, disk) == none);
    ok(mb_storage_close(none));
    ok(mb_storage_close(target));
    copy_clear(&c);
}

static void test_extension_characters(void)
{
    for (int c = 1; c < 256; c++) {
        const char text[] = {'a', (char)c, '\0'};
        g_assert_cmpint(mb_extension_valid(text), ==, g_ascii_isalnum(c));
    }
    char name[5];
    ok(mb_extension_name("film", NULL, name, sizeof name));
    g_assert_cmpstr(name, ==, "film");
}

/* ---- disks that fail ---- */

/* What is told of reading is the first failure, and nothing is taken for held, or for found. */
static void test_reading_fails(void)
{
    copy c;
    uint64_t lost[1];
    uint32_t count;
    mb_manifest *manifest;
    copy_init(&c, true);
    failing_call("pread", 2, 1, EIO);
    g_assert_cmpint(mb_file_resume(&c.file, hasher, NULL), ==, MB_ERR_IO);
    g_assert_cmpuint(failing_calls_end(), ==, 1);
    g_assert_cmpuint(c.file.held_count, ==, 0);
    g_assert_false(mb_file_has(&c.file, 0));
    failing_call("pread", 1, 2, EIO);
    g_assert_cmpint(mb_file_find_lost(&c.file, hasher, NULL, lost, &count), ==, MB_ERR_IO);
    g_assert_cmpuint(failing_calls_end(), ==, 2);
    g_assert_cmpuint(count, ==, 2);
    g_assert_cmphex(lost[0], ==, 0x6);
    failing_call("pread", 1, 1, EIO);
    int rc = mb_manifest_build(c.storage, BLOCK, NULL, hasher, &manifest);
    g_assert_cmpint(rc, ==, MB_ERR_IO);
    failing_call("pread", 0, 1, EIO);
    g_assert_cmpint(mb_manifest_compare(c.manifest, hasher, c.storage), ==, MB_ERR_IO);
    g_assert_cmpuint(failing_calls_end(), ==, 2);
    ok(mb_manifest_compare(c.manifest, hasher, c.storage));
    ok(mb_file_resume(&c.file, hasher, NULL));
    g_assert_true(mb_file_complete(&c.file));
    copy_clear(&c);
}

static void test_rebuilding_fails(void)
{
    static const struct {
        const char *call;
        int code, error;
    } rows[] = {{"fallocate", ENOSPC, MB_ERR_FULL},
                {"pread", EIO, MB_ERR_IO},
                {"pwrite", ENOSPC, MB_ERR_FULL},
                {"fdatasync", EIO, MB_ERR_IO},
                {"renameat2", EACCES, MB_ERR_IO}};
    copy c;
    g_autofree char *part = g_strconcat(target_path, ".part", NULL);
    copy_init(&c, true);
    mb_file_adopt(&c.file);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        failing_call(rows[i].call, 0, 1, rows[i].code);
        int rc = mb_file_rebuild_path(&c.file, hasher, target_path, false), code = errno;
        g_assert_cmpuint(failing_calls_end(), ==, 1);
        g_assert_cmpint(rc, ==, rows[i].error);
        g_assert_cmpint(code, ==, rows[i].code);
        g_assert_cmpint(g_access(part, F_OK), !=, 0);
        g_assert_cmpint(g_access(target_path, F_OK), !=, 0);
        c.storage->system_error = 0;
    }
    ok(mb_file_rebuild_path(&c.file, hasher, target_path, false));
    g_unlink(target_path);
    copy_clear(&c);
}

/* ---- drivers ---- */

typedef struct owner {
    int written_fails; /* the error that a claim of what is written ends with */
    bool poor;         /* it has no hasher left */
} owner;

static void no_lock(void *of)
{
    (void)of;
}

static mb_hasher *take(void *of)
{
    return ((owner *)of)->poor ? NULL : hasher;
}

static void give(void *of, mb_hasher *lent)
{
    (void)of;
    g_assert_true(lent == hasher);
}

static int claim(void *of, uint32_t block, bool written)
{
    (void)block;
    return written ? ((owner *)of)->written_fails : MB_OK;
}

/* Two threads' work, one after the other: the second finds no memory. */
static void spread(void *of, void (*work)(void *arg), void *arg)
{
    (void)of;
    work(arg);
    failing_alloc_set(1);
    work(arg);
    g_assert_true(failing_alloc_ended());
}

static void test_driver_refuses(void)
{
    copy c;
    owner o = {.written_fails = MB_ERR_FULL, .poor = true};
    const mb_file_driver driver = {.owner = &o,
                                   .lock = no_lock,
                                   .unlock = no_lock,
                                   .take_hasher = take,
                                   .give_hasher = give,
                                   .spread = spread,
                                   .claim = claim};
    copy_init(&c, true);
    g_assert_cmpint(mb_file_store(&c.file, NULL, 0, our_bytes(), BLOCK), ==, MB_ERR_MEMORY);
    mb_file_lend(&c.file, &driver);
    g_assert_cmpint(mb_file_store(&c.file, NULL, 0, our_bytes(), BLOCK), ==, MB_ERR_MEMORY);
    o.poor = false;
    g_assert_cmpint(mb_file_store(&c.file, NULL, 0, our_bytes(), BLOCK), ==, MB_ERR_FULL);
    g_assert_false(mb_file_has(&c.file, 0)); /* nobody would know of it after a crash */
    failing_call("pread", 0, 1, EIO);
    g_assert_cmpint(mb_file_resume(&c.file, NULL, NULL), ==, MB_ERR_IO); /* what failed first */
    g_assert_cmpuint(failing_calls_end(), ==, 1);
    g_assert_cmpint(mb_file_resume(&c.file, NULL, NULL), ==, MB_ERR_MEMORY);
    g_assert_cmpuint(c.file.held_count, ==, 0);
    o.written_fails = MB_OK;
    ok(mb_file_store(&c.file, NULL, 0, our_bytes(), BLOCK));
    copy_clear(&c);
}

/* ---- hashes that fail ---- */

/* All that is ever hashed in a copy's life; an error ends it. */
static int hashing_life(void)
{
    mb_storage *storage = disk_with(path, our_bytes(), SIZE);
    mb_manifest *manifest = NULL, *told = NULL;
    mb_hasher *own = mb_hasher_new();
    mb_file file = {0};
    int rc = own != NULL ? MB_OK : MB_ERR_MEMORY;
    if (rc == MB_OK) rc = mb_manifest_build(storage, BLOCK, "mp4", own, &manifest);
    if (rc == MB_OK) rc = mb_manifest_new(&manifest->geometry, "mp4", &told);
    if (rc == MB_OK) rc = mb_manifest_set_hashes(told, own, manifest->hashes, manifest->root);
    if (rc == MB_OK) rc = mb_file_init(&file, told, storage);
    for (uint32_t block = 0; rc == MB_OK && block < BLOCKS; block++) {
        uint32_t size = mb_geometry_block_size(&told->geometry, block);
        rc = mb_file_store(&file, own, block, our_bytes() + BLOCK * block, size);
        g_assert_cmpint(mb_file_has(&file, block), ==, rc == MB_OK);
    }
    if (rc == MB_OK) rc = mb_manifest_compare(told, own, storage);
    mb_file_clear(&file);
    mb_manifest_free(told);
    mb_manifest_free(manifest);
    mb_hasher_free(own);
    ok(mb_storage_close(storage));
    return rc;
}

static void test_hashing_fails(void)
{
    static const struct {
        const char *call;
        unsigned calls; /* so often it is called */
    } rows[] = {{"EVP_MD_fetch", 1},
                {"EVP_MD_CTX_new", 1},
                {"EVP_DigestInit_ex2", 18},
                {"EVP_DigestUpdate", 21},
                {"EVP_DigestFinal_ex", 18}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        unsigned failures = 0;
        for (;; failures++) {
            failing_call(rows[i].call, failures, 1, 0);
            int rc = hashing_life();
            if (failing_calls_end() == 0) break;
            g_assert_cmpint(rc, ==, MB_ERR_MEMORY);
        }
        g_assert_cmpuint(failures, ==, rows[i].calls);
    }
    ok(hashing_life());
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    char *folder = g_dir_make_tmp("minibit-file-edge-XXXXXX", NULL);
    hasher = mb_hasher_new();
    g_assert_nonnull(folder);
    path = g_build_filename(folder, "file", NULL);
    target_path = g_build_filename(folder, "rebuilt", NULL);
    g_test_add_func("/file-edge/unhashed", test_unhashed);
    g_test_add_func("/file-edge/set-last", test_set_last);
    g_test_add_func("/file-edge/empty-hashes", test_empty_hashes);
    g_test_add_func("/file-edge/no-such-block", test_no_such_block);
    g_test_add_func("/file-edge/not-to-be-rebuilt", test_not_to_be_rebuilt);
    g_test_add_func("/file-edge/extension-characters", test_extension_characters);
    g_test_add_func("/file-edge/reading-fails", test_reading_fails);
    g_test_add_func("/file-edge/rebuilding-fails", test_rebuilding_fails);
    g_test_add_func("/file-edge/driver-refuses", test_driver_refuses);
    g_test_add_func("/file-edge/hashing-fails", test_hashing_fails);
    int failed = g_test_run();
    g_unlink(path);
    g_unlink(target_path);
    g_rmdir(folder);
    g_free(path);
    g_free(target_path);
    g_free(folder);
    mb_hasher_free(hasher);
    return failed;
}
