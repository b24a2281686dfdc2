/*
 * The file manager over its three storages: split, verified store, resume, rebuild, and what
 * happens when memory, disk or permission is wanting.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/blockset.h"
#include "core/file/file.h"
#include "tests/lib/failing_alloc.h"

#define BLOCK 16
#define SIZE 70 /* four whole blocks and one of 6 bytes */
#define BLOCKS 5

static mb_hasher *hasher;
static char *folder;

static const char *path_in_folder(const char *name)
{
    static char paths[4][512];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    g_snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void ok(int rc)
{
    g_assert_cmpint(rc, ==, MB_OK);
}

/* Bytes that differ from block to block. */
static void fill(uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 16 + 3);
}

static mb_storage *memory_with(const void *bytes, size_t size)
{
    mb_storage *storage;
    ok(mb_storage_memory_new(&storage));
    ok(mb_storage_write(storage, 0, bytes, size));
    return storage;
}

/* The manifest of the first `size` of our bytes. */
static mb_manifest *manifest_of(size_t size)
{
    uint8_t bytes[256];
    mb_manifest *manifest;
    fill(bytes, sizeof bytes);
    mb_storage *source = memory_with(bytes, size);
    ok(mb_manifest_build(source, BLOCK, "mp4", hasher, &manifest));
    ok(mb_storage_close(source));
    return manifest;
}

static void assert_hash(const uint8_t *hash, const char *hex)
{
    char text[2 * MB_HASH_SIZE + 1];
    for (int i = 0; i < MB_HASH_SIZE; i++)
        g_snprintf(text + 2 * i, 3, "%02x", hash[i]);
    g_assert_cmpstr(text, ==, hex);
}

/* FIPS 180-4's examples, and the million a's of the secure hash standard. */
static void test_sha256(void)
{
    uint8_t hash[MB_HASH_SIZE];
    g_autofree char *many = g_strnfill(1000000, 'a');
    ok(mb_hasher_hash(hasher, "", 0, hash));
    assert_hash(hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    ok(mb_hasher_hash(hasher, "abc", 3, hash));
    assert_hash(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ok(mb_hasher_hash(hasher, many, 1000000, hash));
    assert_hash(hash, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    ok(mb_hasher_begin(hasher));
    ok(mb_hasher_add(hasher, many, 999999));
    ok(mb_hasher_add(hasher, many, 1));
    ok(mb_hasher_end(hasher, hash));
    assert_hash(hash, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Roots computed apart with Python's hashlib by the definition in manifest.h. */
static void test_roots(void)
{
    static const struct {
        size_t size;
        const char *root;
    } rows[] = {
        {0, "bb9daf19439c53599476765a6b09e8069dccdbeed6e602b7a261625654e6405f"},
        {1, "bbcd4b0445b47533fba778f2c2b5c9e3b83d81e6c95b568a1cb562f3faae224d"},
        {16, "f96bc69262185254c705fa271e63fcde92d63ee6c955b969658ddf69a7908473"},
        {17, "88d325999769aa334e961a0661e8a46adc97fcc5bd9f93d0c93f5c48b92cb927"},
        {70, "8b62b64feae73901891f22e3c7a1255e29913ef3c6a14392c7cb81f286bf4a13"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        mb_manifest *manifest = manifest_of(rows[i].size);
        assert_hash(manifest->root, rows[i].root);
        g_assert_cmpuint(manifest->geometry.blocks, ==, (rows[i].size + BLOCK - 1) / BLOCK);
        mb_manifest_free(manifest);
    }
}

/* The example of docs/protocol.md: the file "abc" in blocks of 2 bytes. */
static void test_documented_root(void)
{
    mb_manifest *manifest;
    mb_storage *source = memory_with("abc", 3);
    ok(mb_manifest_build(source, 2, NULL, hasher, &manifest));
    assert_hash(manifest->root, "003fb02b405093a1e69cdf038e5a6d48da9c51f33263edabce5f35fb5d085700");
    mb_manifest_free(manifest);
    ok(mb_storage_close(source));
}

/* The parts of a peer's copy, on one of the storages. */
typedef struct copy {
    uint8_t bytes[256];
    mb_manifest *manifest;
    mb_storage *storage;
    mb_file file;
} copy;

static void copy_init(copy *c, size_t size, const char *kind)
{
    fill(c->bytes, sizeof c->bytes);
    c->manifest = manifest_of(size);
    if (strcmp(kind, "disk") == 0) {
        g_unlink(path_in_folder("copy.part"));
        ok(mb_storage_disk_open(path_in_folder("copy.part"), MB_STORAGE_CREATE, &c->storage));
    } else if (strcmp(kind, "memory") == 0) {
        ok(mb_storage_memory_new(&c->storage));
    } else {
        ok(mb_storage_none_new(&c->storage));
    }
    ok(mb_file_init(&c->file, c->manifest, c->storage));
}

static void copy_clear(copy *c)
{
    mb_file_check(&c->file);
    mb_file_clear(&c->file);
    ok(mb_storage_close(c->storage));
    mb_manifest_free(c->manifest);
}

/* Stores a block of our bytes. */
static int copy_store(copy *c, uint32_t block)
{
    const mb_geometry *g = &c->manifest->geometry;
    return mb_file_store(&c->file, hasher, block, c->bytes + mb_geometry_offset(g, block),
                         mb_geometry_block_size(g, block));
}

static void copy_store_all(copy *c)
{
    for (uint32_t b = 0; b < c->manifest->geometry.blocks; b++)
        ok(copy_store(c, b));
}

/* Stores in any order, checks what is held at each step, reads back, rebuilds, compares. */
static void store_and_rebuild(const char *kind, size_t size)
{
    copy c;
    copy_init(&c, size, kind);
    const mb_geometry *g = &c.manifest->geometry;
    bool keeps = c.storage->ops->keeps;
    ok(mb_file_reserve(&c.file));
    for (uint32_t i = 0; i < g->blocks; i++) {
        uint32_t block = (i * 3 + 1) % 5 % g->blocks;
        block = g->blocks == 5 ? block : i;
        uint8_t back[BLOCK];
        size_t read = 99;
        g_assert_false(mb_file_complete(&c.file));
        g_assert_cmpint(mb_file_read(&c.file, block, back, BLOCK, &read), ==, MB_ERR_STATE);
        ok(copy_store(&c, block));
        ok(copy_store(&c, block));
        g_assert_true(mb_file_has(&c.file, block));
        g_assert_cmpuint(c.file.held_count, ==, i + 1);
        mb_file_check(&c.file);
        int rc = mb_file_read(&c.file, block, back, BLOCK, &read);
        g_assert_cmpint(rc, ==, keeps ? MB_OK : MB_ERR_STATE);
        if (!keeps) continue;
        g_assert_cmpmem(back, read, c.bytes + mb_geometry_offset(g, block),
                        mb_geometry_block_size(g, block));
    }
    g_assert_true(mb_file_complete(&c.file));
    ok(mb_file_sync(&c.file));
    mb_storage *target;
    ok(mb_storage_memory_new(&target));
    g_assert_cmpint(mb_file_rebuild(&c.file, hasher, target), ==, keeps ? MB_OK : MB_ERR_STATE);
    if (keeps) {
        ok(mb_manifest_compare(c.manifest, hasher, target));
        if (size > 0)
            g_assert_cmpint(memcmp(mb_storage_memory_bytes(target), c.bytes, size), ==, 0);
    }
    ok(mb_storage_close(target));
    copy_clear(&c);
}

static void test_store_and_rebuild(gconstpointer kind)
{
    static const size_t sizes[] = {0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, SIZE};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
        store_and_rebuild(kind, sizes[i]);
}

static void test_wrong_bytes(gconstpointer kind)
{
    copy c;
    uint8_t bad[BLOCK];
    copy_init(&c, SIZE, kind);
    memcpy(bad, c.bytes + BLOCK, BLOCK);
    bad[7] ^= 1;
    g_assert_cmpint(mb_file_store(&c.file, hasher, 1, bad, BLOCK), ==, MB_ERR_HASH);
    g_assert_cmpint(mb_file_store(&c.file, hasher, 0, c.bytes + BLOCK, BLOCK), ==, MB_ERR_HASH);
    g_assert_cmpint(mb_file_store(&c.file, hasher, 1, bad, BLOCK - 1), ==, MB_ERR_ARGUMENT);
    g_assert_cmpint(mb_file_store(&c.file, hasher, 4, c.bytes, BLOCK), ==, MB_ERR_ARGUMENT);
    g_assert_cmpint(mb_file_store(&c.file, hasher, 5, c.bytes, BLOCK), ==, MB_ERR_ARGUMENT);
    g_assert_cmpint(mb_file_store(&c.file, hasher, 0, c.bytes, 0), ==, MB_ERR_ARGUMENT);
    g_assert_cmpuint(c.file.held_count, ==, 0);
    if (c.storage->ops->keeps) {
        uint64_t size;
        ok(mb_storage_size(c.storage, &size));
        g_assert_cmpuint(size, ==, 0); /* nothing was written */
        g_assert_cmpint(mb_file_store(&c.file, hasher, 1, NULL, BLOCK), ==, MB_ERR_ARGUMENT);
    } else {
        ok(mb_file_store(&c.file, hasher, 1, NULL, BLOCK));
        g_assert_true(mb_file_has(&c.file, 1));
        g_assert_cmpint(mb_file_store(&c.file, hasher, 2, NULL, 1), ==, MB_ERR_ARGUMENT);
    }
    copy_clear(&c);
}

static void test_resume(gconstpointer kind)
{
    copy c;
    uint64_t claimed = 0x1b; /* 0, 1, 3, 4; not 2 */
    copy_init(&c, SIZE, kind);
    ok(mb_storage_write(c.storage, 0, c.bytes, SIZE));
    ok(mb_storage_write(c.storage, BLOCK + 3, "!", 1));
    ok(mb_storage_resize(c.storage, SIZE - 1));
    ok(mb_file_resume(&c.file, hasher, &claimed));
    /* 1 is spoilt, 2 not claimed, 4 cut off */
    g_assert_cmpuint(c.file.held[0], ==, 0x09);
    g_assert_cmpint(mb_file_resume(&c.file, hasher, &claimed), ==, MB_ERR_STATE);
    ok(copy_store(&c, 1));
    ok(copy_store(&c, 2));
    ok(copy_store(&c, 4));
    g_assert_true(mb_file_complete(&c.file));
    ok(mb_manifest_compare(c.manifest, hasher, c.storage));
    copy_clear(&c);
}

static void test_resume_all(void)
{
    copy c;
    copy_init(&c, SIZE, "memory");
    ok(mb_storage_write(c.storage, 0, c.bytes, SIZE));
    ok(mb_file_resume(&c.file, hasher, NULL));
    g_assert_true(mb_file_complete(&c.file));
    copy_clear(&c);
    copy_init(&c, SIZE, "none");
    g_assert_cmpint(mb_file_resume(&c.file, hasher, NULL), ==, MB_ERR_STATE);
    mb_file_adopt(&c.file);
    g_assert_true(mb_file_complete(&c.file));
    copy_clear(&c);
}

/* A driver with threads: each hasher is one thread's, and claims are in order. */
typedef struct threads {
    pthread_mutex_t lock;
    gint taken; /* hashers that are out */
    GString *claims;
    int claim_fails; /* the error that claims end with */
} threads;

static void threads_lock(void *owner)
{
    pthread_mutex_lock(&((threads *)owner)->lock);
}

static void threads_unlock(void *owner)
{
    pthread_mutex_unlock(&((threads *)owner)->lock);
}

static mb_hasher *threads_take(void *owner)
{
    g_atomic_int_inc(&((threads *)owner)->taken);
    return mb_hasher_new();
}

static void threads_give(void *owner, mb_hasher *lent)
{
    g_atomic_int_add(&((threads *)owner)->taken, -1);
    mb_hasher_free(lent);
}

static int threads_claim(void *owner, uint32_t block, bool written)
{
    threads *t = owner;
    threads_lock(t);
    g_string_append_printf(t->claims, "%s%u ", written ? "+" : "", block);
    threads_unlock(t);
    return t->claim_fails;
}

typedef struct piece {
    void (*work)(void *arg);
    void *arg;
} piece;

static void *work_piece(void *arg)
{
    const piece *p = arg;
    p->work(p->arg);
    return NULL;
}

static void threads_spread(void *owner, void (*work)(void *arg), void *arg)
{
    pthread_t others[3];
    piece p = {work, arg};
    (void)owner;
    for (int i = 0; i < 3; i++)
        g_assert_cmpint(pthread_create(&others[i], NULL, work_piece, &p), ==, 0);
    for (int i = 0; i < 3; i++)
        pthread_join(others[i], NULL);
}

static void threads_init(threads *t, mb_file_driver *driver)
{
    *t = (threads){.claims = g_string_new(NULL)};
    pthread_mutex_init(&t->lock, NULL);
    *driver = (mb_file_driver){.owner = t,
                               .lock = threads_lock,
                               .unlock = threads_unlock,
                               .take_hasher = threads_take,
                               .give_hasher = threads_give,
                               .spread = threads_spread,
                               .claim = threads_claim};
}

static void threads_clear(threads *t)
{
    g_assert_cmpint(t->taken, ==, 0);
    pthread_mutex_destroy(&t->lock);
    g_string_free(t->claims, TRUE);
}

static void test_driver_claims(void)
{
    copy c;
    threads t;
    mb_file_driver driver;
    copy_init(&c, SIZE, "memory");
    threads_init(&t, &driver);
    mb_file_lend(&c.file, &driver);
    g_assert_cmpint(mb_file_store(&c.file, NULL, 1, c.bytes, BLOCK), ==, MB_ERR_HASH);
    g_assert_cmpstr(t.claims->str, ==, ""); /* what is wrong is not even claimed */
    ok(mb_file_store(&c.file, NULL, 1, c.bytes + BLOCK, BLOCK));
    g_assert_cmpstr(t.claims->str, ==, "1 +1 ");
    ok(mb_file_store(&c.file, NULL, 1, c.bytes + BLOCK, BLOCK)); /* held: left alone */
    g_assert_cmpstr(t.claims->str, ==, "1 +1 ");
    t.claim_fails = MB_ERR_FULL;
    g_assert_cmpint(mb_file_store(&c.file, NULL, 2, c.bytes + 2 * BLOCK, BLOCK), ==, MB_ERR_FULL);
    g_assert_false(mb_file_has(&c.file, 2));
    mb_file_check(&c.file);
    copy_clear(&c);
    threads_clear(&t);
}

typedef struct storing {
    copy *c;
    gint next;
} storing;

/* Each block twice, by whichever threads come first. */
static void store_some(void *arg)
{
    storing *s = arg;
    for (gint n; (n = g_atomic_int_add(&s->next, 1)) < 2 * BLOCKS;) {
        uint32_t block = (uint32_t)n / 2;
        size_t size = mb_geometry_block_size(&s->c->manifest->geometry, block);
        uint8_t read[BLOCK];
        ok(mb_file_store(&s->c->file, NULL, block, s->c->bytes + (size_t)block * BLOCK, size));
        ok(mb_file_read_rest(&s->c->file, block, 1, read));
        g_assert_cmpmem(read, size - 1, s->c->bytes + (size_t)block * BLOCK + 1, size - 1);
    }
}

static void test_driver_threads(void)
{
    for (int round = 0; round < 200; round++) {
        copy c;
        threads t;
        mb_file_driver driver;
        g_autofree char *path = g_strdup(path_in_folder("threads"));
        mb_storage *disk, *memory;
        copy_init(&c, SIZE, "memory");
        threads_init(&t, &driver);
        ok(mb_storage_disk_open(path, MB_STORAGE_CREATE, &disk)); /* any thread may use that */
        memory = mb_file_move(&c.file, disk);
        mb_file_lend(&c.file, &driver);
        ok(mb_file_reserve(&c.file));
        storing s = {&c, 0};
        threads_spread(&t, store_some, &s);
        mb_file_check(&c.file);
        g_assert_true(mb_file_complete(&c.file));
        mb_file_clear(&c.file);
        ok(mb_storage_write(disk, 3 * BLOCK, "!", 1));
        ok(mb_file_init(&c.file, c.manifest, disk));
        mb_file_lend(&c.file, &driver);
        ok(mb_file_resume(&c.file, NULL, NULL));
        mb_file_check(&c.file);
        g_assert_cmpuint(c.file.held_count, ==, BLOCKS - 1);
        g_assert_false(mb_file_has(&c.file, 3));
        g_assert_true(mb_file_move(&c.file, memory) == disk);
        ok(mb_storage_close(disk));
        g_unlink(path);
        copy_clear(&c);
        threads_clear(&t);
    }
}

static void test_proven(void)
{
    copy c;
    uint64_t lost[1];
    uint32_t count;
    uint8_t bytes[BLOCK];
    mb_storage *other;
    copy_init(&c, SIZE, "memory");
    copy_store_all(&c);
    ok(mb_storage_memory_new(&other));
    ok(mb_storage_write(other, 0, c.bytes, 40)); /* ends in block 2 */
    ok(mb_storage_write(other, 3, "!", 1));
    ok(mb_file_read_proven(&c.file, hasher, NULL, 2, bytes));
    g_assert_cmpmem(bytes, BLOCK, c.bytes + 2 * BLOCK, BLOCK);
    g_assert_cmpint(mb_file_read_proven(&c.file, hasher, other, 0, bytes), ==, MB_ERR_HASH);
    ok(mb_file_read_proven(&c.file, hasher, other, 1, bytes));
    g_assert_cmpint(mb_file_read_proven(&c.file, hasher, other, 2, bytes), ==, MB_ERR_HASH);
    ok(mb_file_find_lost(&c.file, hasher, NULL, lost, &count));
    g_assert_cmpuint(count, ==, 0);
    ok(mb_file_find_lost(&c.file, hasher, other, lost, &count));
    g_assert_cmpuint(count, ==, 4);
    g_assert_cmphex(lost[0], ==, 0x1d);
    g_assert_cmpint(mb_file_set_last(&c.file, 3), ==, MB_ERR_ARGUMENT); /* the hashes know it */
    ok(mb_storage_close(other));
    copy_clear(&c);
}

static void test_rebuild_finds_rot(void)
{
    copy c;
    mb_storage *target;
    copy_init(&c, SIZE, "memory");
    copy_store_all(&c);
    ok(mb_storage_memory_new(&target));
    ok(mb_storage_write(c.storage, 40, "!", 1));
    g_assert_cmpint(mb_file_rebuild(&c.file, hasher, target), ==, MB_ERR_HASH);
    g_assert_cmpint(mb_manifest_compare(c.manifest, hasher, c.storage), ==, MB_ERR_HASH);
    ok(mb_storage_resize(c.storage, SIZE + 1));
    g_assert_cmpint(mb_manifest_compare(c.manifest, hasher, c.storage), ==, MB_ERR_HASH);
    ok(mb_storage_resize(c.storage, 20));
    g_assert_cmpint(mb_file_rebuild(&c.file, hasher, target), ==, MB_ERR_RANGE);
    ok(mb_storage_close(target));
    copy_clear(&c);
}

static void test_rebuild_path(void)
{
    copy c;
    char name[64];
    copy_init(&c, SIZE, "memory");
    ok(mb_extension_name("peer3", c.manifest->extension, name, sizeof name));
    g_assert_cmpstr(name, ==, "peer3.mp4");
    const char *path = path_in_folder(name);
    g_assert_cmpint(mb_file_rebuild_path(&c.file, hasher, path, false), ==, MB_ERR_STATE);
    copy_store_all(&c);
    ok(mb_file_rebuild_path(&c.file, hasher, path, false));
    g_assert_cmpint(mb_file_rebuild_path(&c.file, hasher, path, false), ==, MB_ERR_EXISTS);
    ok(mb_file_rebuild_path(&c.file, hasher, path, true));
    g_autofree char *part = g_strconcat(path, ".part", NULL);
    g_assert_cmpint(g_access(part, F_OK), !=, 0);
    mb_storage *rebuilt;
    ok(mb_storage_disk_open(path, MB_STORAGE_READ, &rebuilt));
    ok(mb_manifest_compare(c.manifest, hasher, rebuilt));
    ok(mb_storage_close(rebuilt));
    int rc = mb_file_rebuild_path(&c.file, hasher, path_in_folder("no/such/file"), false);
    g_assert_cmpint(rc, ==, MB_ERR_IO);
    g_assert_cmpint(errno, ==, ENOENT);
    g_unlink(path);
    copy_clear(&c);
}

/* A name that somebody took while we wrote is left alone. */
static void test_rename_keeps_others(void)
{
    mb_storage *storage;
    const char *part = path_in_folder("a.part"), *name = path_in_folder("a");
    g_autofree char *text = NULL;
    ok(mb_storage_disk_open(part, MB_STORAGE_CREATE, &storage));
    g_assert_true(g_file_set_contents(name, "mine", 4, NULL));
    g_assert_cmpint(mb_storage_disk_rename(storage, name, false), ==, MB_ERR_EXISTS);
    g_assert_cmpstr(storage->path, ==, part);
    g_assert_true(g_file_get_contents(name, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "mine");
    ok(mb_storage_disk_rename(storage, name, true));
    g_assert_cmpstr(storage->path, ==, name);
    ok(mb_storage_close(storage));
    g_unlink(name);
}

static void test_extensions(void)
{
    static const struct {
        const char *path, *extension;
    } rows[] = {
        {"film.mp4", "mp4"},   {"/a/b.c/film.MP4", "MP4"},
        {"film", ""},          {".bashrc", ""},
        {"a/.bashrc", ""},     {"film.", ""},
        {"x.tar.gz", "gz"},    {"x.0123456789", "0123456789"},
        {"x.0123456789a", ""}, {"x.m p4", ""},
        {"x.\xc3\xa9", ""},    {"a.b/film", ""},
        {"x.mp4/", ""},        {"", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char extension[MB_EXTENSION_SIZE];
        mb_extension_of(rows[i].path, extension);
        g_assert_cmpstr(extension, ==, rows[i].extension);
    }
    char name[10];
    ok(mb_extension_name("film", "", name, sizeof name));
    g_assert_cmpstr(name, ==, "film");
    ok(mb_extension_name("film1", "mp4", name, sizeof name));
    g_assert_cmpstr(name, ==, "film1.mp4");
    g_assert_cmpint(mb_extension_name("film12", "mp4", name, sizeof name), ==, MB_ERR_RANGE);
    g_assert_cmpint(mb_extension_name("a", "../b", name, sizeof name), ==, MB_ERR_ARGUMENT);
}

static void test_manifest_from_the_wire(void)
{
    mb_manifest *source = manifest_of(SIZE), *told;
    uint8_t root[MB_HASH_SIZE];
    memcpy(root, source->root, sizeof root);
    g_assert_cmpint(mb_manifest_new(&source->geometry, "m/p", &told), ==, MB_ERR_ARGUMENT);
    ok(mb_manifest_new(&source->geometry, "mp4", &told));
    g_assert_false(told->hashed);
    ok(mb_manifest_check_block(told, hasher, 4, "123456", 6)); /* only the length is known */
    root[0] ^= 1;
    int rc = mb_manifest_set_hashes(told, hasher, source->hashes, root);
    g_assert_cmpint(rc, ==, MB_ERR_HASH);
    g_assert_false(told->hashed);
    ok(mb_manifest_set_hashes(told, hasher, source->hashes, source->root));
    rc = mb_manifest_set_hashes(told, hasher, source->hashes, NULL);
    g_assert_cmpint(rc, ==, MB_ERR_STATE);
    g_assert_cmpint(mb_manifest_check_block(told, hasher, 4, "123456", 6), ==, MB_ERR_HASH);
    mb_manifest_free(told);
    mb_manifest_free(source);
}

static void assert_described(mb_storage *storage, int rc, int expected, const char *text)
{
    char described[256];
    g_assert_cmpint(rc, ==, expected);
    mb_storage_describe(storage, rc, described, sizeof described);
    g_assert_cmpstr(described, ==, text);
}

static void test_full_device(void)
{
    mb_storage *storage;
    ok(mb_storage_disk_open("/dev/full", MB_STORAGE_OPEN, &storage));
    assert_described(storage, mb_storage_write(storage, 0, "x", 1), MB_ERR_FULL,
                     "/dev/full: No space left on device");
    ok(mb_storage_close(storage));
}

/* A limit on file sizes stands for a disk that fills while a file is written. */
static void test_full_while_writing(void)
{
    struct rlimit old, small = {.rlim_cur = 40, .rlim_max = RLIM_INFINITY};
    copy c;
    copy_init(&c, SIZE, "disk");
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &old), ==, 0);
    small.rlim_max = old.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &small), ==, 0);
    int reserved = mb_file_reserve(&c.file), first = copy_store(&c, 0);
    int cut = copy_store(&c, 2), beyond = copy_store(&c, 3);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &old), ==, 0);
    g_assert_cmpint(reserved, ==, MB_ERR_FULL);
    ok(first);
    g_assert_cmpint(cut, ==, MB_ERR_FULL);
    g_assert_cmpint(beyond, ==, MB_ERR_FULL);
    g_assert_cmpuint(c.file.held[0], ==, 1);
    copy_store_all(&c); /* with room again it goes on */
    ok(mb_manifest_compare(c.manifest, hasher, c.storage));
    copy_clear(&c);
}

static void test_full_while_rebuilding(void)
{
    struct rlimit old, small;
    copy c;
    const char *path = path_in_folder("full.mp4"), *part = path_in_folder("full.mp4.part");
    copy_init(&c, SIZE, "memory");
    copy_store_all(&c);
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &old), ==, 0);
    small = (struct rlimit){.rlim_cur = 40, .rlim_max = old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &small), ==, 0);
    int rc = mb_file_rebuild_path(&c.file, hasher, path, false), code = errno;
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &old), ==, 0);
    g_assert_cmpint(rc, ==, MB_ERR_FULL);
    g_assert_cmpint(code, ==, EFBIG);
    g_assert_cmpint(g_access(path, F_OK), !=, 0);
    g_assert_cmpint(g_access(part, F_OK), !=, 0);
    copy_clear(&c);
}

static void test_read_only(void)
{
    mb_storage *storage;
    char byte;
    const char *path = path_in_folder("read-only");
    g_assert_true(g_file_set_contents(path, "ab", 2, NULL));
    ok(mb_storage_disk_open(path, MB_STORAGE_READ, &storage));
    g_autofree char *text = g_strconcat(path, ": Bad file descriptor", NULL);
    assert_described(storage, mb_storage_write(storage, 0, "x", 1), MB_ERR_IO, text);
    ok(mb_storage_read(storage, 1, &byte, 1));
    g_assert_cmpint(byte, ==, 'b');
    g_assert_cmpint(mb_storage_read(storage, 2, &byte, 1), ==, MB_ERR_RANGE);
    g_assert_cmpint(mb_storage_read(storage, UINT64_MAX, &byte, 1), ==, MB_ERR_RANGE);
    ok(mb_storage_close(storage));
    g_unlink(path);
}

static void test_opening(void)
{
    mb_storage *storage;
    static const struct {
        const char *path;
        mb_storage_mode mode;
        int error, code;
    } rows[] = {
        {"/no/such/file", MB_STORAGE_READ, MB_ERR_IO, ENOENT},
        {"/no/such/file", MB_STORAGE_CREATE, MB_ERR_IO, ENOENT},
        {"/", MB_STORAGE_READ, MB_ERR_IO, EISDIR},
        {"/dev/null", MB_STORAGE_READ, MB_ERR_IO, EINVAL},
        {"/dev/null", MB_STORAGE_CREATE, MB_ERR_EXISTS, EEXIST},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        int rc = mb_storage_disk_open(rows[i].path, rows[i].mode, &storage);
        g_assert_cmpint(rc, ==, rows[i].error);
        g_assert_cmpint(errno, ==, rows[i].code);
    }
}

/* What a storage's read, write and size do is the same on disk and in memory. */
static void test_storages_agree(void)
{
    mb_storage *pair[2];
    uint8_t read[2][8];
    g_unlink(path_in_folder("agree"));
    ok(mb_storage_disk_open(path_in_folder("agree"), MB_STORAGE_CREATE, &pair[0]));
    ok(mb_storage_memory_new(&pair[1]));
    for (int i = 0; i < 2; i++) {
        uint64_t size;
        ok(mb_storage_write(pair[i], 3, "abc", 3));
        ok(mb_storage_resize(pair[i], 8));
        ok(mb_storage_size(pair[i], &size));
        g_assert_cmpuint(size, ==, 8);
        ok(mb_storage_read(pair[i], 0, read[i], 8));
        g_assert_cmpint(mb_storage_read(pair[i], 1, read[i], 8), ==, MB_ERR_RANGE);
        ok(mb_storage_resize(pair[i], 4));
        ok(mb_storage_resize(pair[i], 8));
        ok(mb_storage_read(pair[i], 0, read[i], 8));
        ok(mb_storage_sync(pair[i]));
        ok(mb_storage_resize(pair[i], 0));
        ok(mb_storage_read(pair[i], 0, read[i], 0));
        ok(mb_storage_close(pair[i]));
    }
    g_assert_cmpmem(read[0], 8, "\0\0\0a\0\0\0\0", 8);
    g_assert_cmpmem(read[1], 8, "\0\0\0a\0\0\0\0", 8);
    ok(mb_storage_close(NULL));
    g_unlink(path_in_folder("agree"));
}

static void test_split_of_bad_sources(void)
{
    mb_manifest *manifest;
    mb_storage *source = memory_with("abc", 3), *none;
    ok(mb_storage_none_new(&none));
    g_assert_cmpint(mb_manifest_build(source, 0, "", hasher, &manifest), ==, MB_ERR_ARGUMENT);
    g_assert_cmpint(mb_manifest_build(source, 1, "+", hasher, &manifest), ==, MB_ERR_ARGUMENT);
    g_assert_cmpint(mb_manifest_build(none, 1, "", hasher, &manifest), ==, MB_ERR_STATE);
    ok(mb_storage_close(none));
    ok(mb_storage_close(source));
}

/* All that a copy does in its life, with what it allocates on the way; an error ends it. */
static int whole_life(const char *kind)
{
    uint8_t bytes[SIZE];
    mb_storage *source = NULL, *storage = NULL, *target = NULL;
    mb_manifest *manifest = NULL, *told = NULL;
    mb_hasher *own = mb_hasher_new();
    mb_file file = {0};
    fill(bytes, SIZE);
    int rc = own != NULL ? mb_storage_memory_new(&source) : MB_ERR_MEMORY;
    if (rc == MB_OK) rc = mb_storage_write(source, 0, bytes, SIZE);
    if (rc == MB_OK) rc = mb_manifest_build(source, BLOCK, "mp4", own, &manifest);
    if (rc == MB_OK) rc = mb_manifest_new(&manifest->geometry, "mp4", &told);
    if (rc == MB_OK) rc = mb_manifest_set_hashes(told, own, manifest->hashes, manifest->root);
    if (rc == MB_OK && kind[0] == 'm') rc = mb_storage_memory_new(&storage);
    if (rc == MB_OK && kind[0] == 'n') rc = mb_storage_none_new(&storage);
    if (rc == MB_OK && kind[0] == 'd') {
        rc = mb_storage_disk_open(path_in_folder("life"), MB_STORAGE_OPEN, &storage);
    }
    if (rc == MB_OK) rc = mb_storage_write(storage, 0, bytes, BLOCK);
    if (rc == MB_OK) rc = mb_file_init(&file, told, storage);
    if (rc == MB_OK && kind[0] != 'n') rc = mb_file_resume(&file, own, NULL);
    for (uint32_t block = 0; rc == MB_OK && block < BLOCKS; block++) {
        uint32_t size = mb_geometry_block_size(&told->geometry, block);
        rc = mb_file_store(&file, own, block, bytes + BLOCK * block, size);
    }
    if (rc == MB_OK) rc = mb_storage_memory_new(&target);
    if (rc == MB_OK && kind[0] != 'n') rc = mb_file_rebuild(&file, own, target);
    if (rc == MB_OK && kind[0] != 'n') rc = mb_manifest_compare(told, own, target);
    if (rc == MB_OK && kind[0] != 'n') {
        rc = mb_file_rebuild_path(&file, own, path_in_folder("life.mp4"), true);
    }
    if (file.held != NULL) mb_file_check(&file);
    mb_file_clear(&file);
    mb_manifest_free(told);
    mb_manifest_free(manifest);
    mb_storage_close(source);
    mb_storage_close(storage);
    mb_storage_close(target);
    mb_hasher_free(own);
    return rc;
}

static void test_each_allocation_fails(gconstpointer kind)
{
    int rc, failures = 0;
    FAILING_ALLOC_EACH(rc = whole_life(kind))
    {
        g_assert_cmpint(rc, ==, MB_ERR_MEMORY);
        failures++;
    }
    ok(rc);
    g_assert_cmpint(failures, >=, 10);
    g_unlink(path_in_folder("life"));
    g_unlink(path_in_folder("life.mp4"));
}

static void add_for_storages(const char *name, GTestDataFunc test, bool none)
{
    static const char *const kinds[] = {"memory", "disk", "none"};
    for (size_t i = 0; i < (none ? 3 : 2); i++) {
        g_autofree char *path = g_strdup_printf("/file/%s/%s", name, kinds[i]);
        g_test_add_data_func(path, kinds[i], test);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    hasher = mb_hasher_new();
    folder = g_dir_make_tmp("minibit-file-XXXXXX", NULL);
    g_assert_nonnull(hasher);
    g_assert_nonnull(folder);
    g_test_add_func("/file/sha256", test_sha256);
    g_test_add_func("/file/roots", test_roots);
    g_test_add_func("/file/documented-root", test_documented_root);
    add_for_storages("store-and-rebuild", test_store_and_rebuild, true);
    add_for_storages("wrong-bytes", test_wrong_bytes, true);
    add_for_storages("resume", test_resume, false);
    g_test_add_func("/file/resume-all", test_resume_all);
    g_test_add_func("/file/driver-claims", test_driver_claims);
    g_test_add_func("/file/driver-threads", test_driver_threads);
    g_test_add_func("/file/proven", test_proven);
    g_test_add_func("/file/rebuild-finds-rot", test_rebuild_finds_rot);
    g_test_add_func("/file/rebuild-path", test_rebuild_path);
    g_test_add_func("/file/rename-keeps-others", test_rename_keeps_others);
    g_test_add_func("/file/extensions", test_extensions);
    g_test_add_func("/file/manifest-from-the-wire", test_manifest_from_the_wire);
    g_test_add_func("/file/full-device", test_full_device);
    g_test_add_func("/file/full-while-writing", test_full_while_writing);
    g_test_add_func("/file/full-while-rebuilding", test_full_while_rebuilding);
    g_test_add_func("/file/read-only", test_read_only);
    g_test_add_func("/file/opening", test_opening);
    g_test_add_func("/file/storages-agree", test_storages_agree);
    g_test_add_func("/file/split-of-bad-sources", test_split_of_bad_sources);
    add_for_storages("each-allocation-fails", test_each_allocation_fails, true);
    int failed = g_test_run();
    g_unlink(path_in_folder("copy.part"));
    g_rmdir(folder);
    g_free(folder);
    mb_hasher_free(hasher);
    return failed;
}
