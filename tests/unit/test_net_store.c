/*
 * The store: what it keeps over kills, what it refuses, and how a file gets its name.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/blockset.h"
#include "net/store/store.h"

#define BLOCKS 24
#define BLOCK_SIZE 4096
#define SIZE ((BLOCKS - 1) * BLOCK_SIZE + 100)

typedef struct fixture {
    char *folder, *path, *part, *bits;
    uint8_t *bytes;
    mb_manifest *manifest;
    char error[600];
} fixture;

static mb_manifest *make_manifest(const uint8_t *bytes, bool hashed)
{
    mb_geometry geometry;
    mb_manifest *manifest;
    mb_hasher *hasher = mb_hasher_new();
    uint8_t hashes[BLOCKS * MB_HASH_SIZE];

    g_assert_cmpint(mb_geometry_init(&geometry, SIZE, BLOCK_SIZE), ==, 0);
    g_assert_cmpint(mb_manifest_new(&geometry, "avi", &manifest), ==, 0);
    for (uint32_t b = 0; b < BLOCKS; b++)
        mb_hasher_hash(hasher, bytes + b * BLOCK_SIZE, mb_geometry_block_size(&geometry, b),
                       hashes + b * MB_HASH_SIZE);
    if (hashed) g_assert_cmpint(mb_manifest_set_hashes(manifest, hasher, hashes, NULL), ==, 0);
    mb_hasher_free(hasher);
    return manifest;
}

static void set_up(fixture *f, gconstpointer data)
{
    (void)data;
    f->folder = g_dir_make_tmp("minibit-store.XXXXXX", NULL);
    f->path = g_build_filename(f->folder, "film.avi", NULL);
    f->part = g_build_filename(f->folder, "film.avi.part", NULL);
    f->bits = g_build_filename(f->folder, "film.avi.part.blocks", NULL);
    f->bytes = g_malloc(SIZE);
    for (size_t i = 0; i < SIZE; i++)
        f->bytes[i] = (uint8_t)(i * 2654435761u >> 13);
    f->manifest = make_manifest(f->bytes, true);
}

static void unlink_with(const char *path, const char *ending)
{
    char *whole = g_strconcat(path, ending, NULL);

    g_unlink(whole);
    g_free(whole);
}

static void tear_down(fixture *f, gconstpointer data)
{
    (void)data;
    g_unlink(f->path);
    g_unlink(f->part);
    g_unlink(f->bits);
    unlink_with(f->part, ".old");
    unlink_with(f->bits, ".old");
    unlink_with(f->path, ".minibit");
    g_assert_cmpint(g_rmdir(f->folder), ==, 0);
    mb_manifest_free(f->manifest);
    g_free(f->folder);
    g_free(f->path);
    g_free(f->part);
    g_free(f->bits);
    g_free(f->bytes);
}

static int try_open(fixture *f, bool force, net_store **store)
{
    const net_store_config config = {
        .folder = f->folder, .name = "film.avi", .manifest = f->manifest, .force = force};
    int error = net_store_open(store, &config, f->error, sizeof f->error);

    if (error) return error;
    error = net_store_resume(*store, f->error, sizeof f->error);
    if (error) net_store_close(*store);
    return error;
}

static net_store *open_store(fixture *f)
{
    net_store *store = NULL;
    int error = try_open(f, false, &store);

    if (error) g_error("%s", f->error);
    return store;
}

static int put(fixture *f, net_store *store, uint32_t block)
{
    uint32_t size = mb_geometry_block_size(&f->manifest->geometry, block);

    return net_store_put(store, block, f->bytes + block * BLOCK_SIZE, size);
}

static void put_all(fixture *f, net_store *store)
{
    for (uint32_t b = 0; b < BLOCKS; b++)
        g_assert_cmpint(put(f, store, b), ==, 0);
}

static void check_file(fixture *f)
{
    char *content;
    gsize size;

    g_assert_true(g_file_get_contents(f->path, &content, &size, NULL));
    g_assert_cmpmem(content, size, f->bytes, SIZE);
    g_free(content);
    g_assert_false(g_file_test(f->part, G_FILE_TEST_EXISTS));
    g_assert_false(g_file_test(f->bits, G_FILE_TEST_EXISTS));
}

static void test_whole(fixture *f, gconstpointer data)
{
    (void)data;
    net_store *store = open_store(f);
    uint8_t block[BLOCK_SIZE];

    g_assert_cmpuint(net_store_held_count(store), ==, 0);
    put_all(f, store);
    g_assert_cmpint(net_store_sync(store), ==, 0);
    g_assert_false(g_file_test(f->path, G_FILE_TEST_EXISTS));
    g_assert_cmpint(net_store_publish(store), ==, 0);
    check_file(f);
    g_assert_cmpint(net_store_get(store, 3, 96, block), ==, 0); /* it goes on being served */
    g_assert_cmpmem(block, BLOCK_SIZE - 96, f->bytes + 3 * BLOCK_SIZE + 96, BLOCK_SIZE - 96);
    net_store_close(store);

    store = open_store(f); /* and is taken up when the program starts again */
    g_assert_true(net_store_is_published(store));
    g_assert_cmpuint(net_store_held_count(store), ==, BLOCKS);
    net_store_close(store);
}

static void test_wrong_bytes(fixture *f, gconstpointer data)
{
    (void)data;
    net_store *store = open_store(f);
    uint8_t wrong[BLOCK_SIZE] = {1};

    g_assert_cmpint(net_store_put(store, 0, wrong, BLOCK_SIZE), ==, MB_ERR_HASH);
    g_assert_cmpint(net_store_put(store, 0, f->bytes, BLOCK_SIZE - 1), ==, MB_ERR_ARGUMENT);
    g_assert_cmpint(net_store_put(store, BLOCKS, f->bytes, BLOCK_SIZE), ==, MB_ERR_ARGUMENT);
    g_assert_cmpuint(net_store_held_count(store), ==, 0);
    net_store_close(store);
}

static void test_spoilt_on_disk(fixture *f, gconstpointer data)
{
    (void)data;
    net_store *store = open_store(f);
    uint32_t epoch = net_store_epoch(store);
    FILE *file;

    put_all(f, store);
    net_store_close(store);
    file = fopen(f->part, "r+");
    fseek(file, 5 * BLOCK_SIZE + 7, SEEK_SET);
    fputc(f->bytes[5 * BLOCK_SIZE + 7] ^ 1, file);
    fclose(file);

    store = open_store(f);
    g_assert_cmpuint(net_store_held_count(store), ==, BLOCKS - 1);
    g_assert_false(mb_blockset_has(net_store_held(store), 5));
    g_assert_cmpuint(net_store_epoch(store), !=, epoch); /* another life, another log */
    g_assert_cmpint(put(f, store, 5), ==, 0);
    g_assert_cmpint(net_store_publish(store), ==, 0);
    net_store_close(store);
    check_file(f);
}

static void test_spoilt_before_publishing(fixture *f, gconstpointer data)
{
    (void)data;
    net_store *store = open_store(f);
    FILE *file;

    put_all(f, store);
    file = fopen(f->part, "r+");
    fputc(f->bytes[0] ^ 1, file);
    fclose(file);
    g_assert_cmpint(net_store_publish(store), ==, MB_ERR_HASH);
    g_assert_false(g_file_test(f->path, G_FILE_TEST_EXISTS));
    net_store_close(store);
}

/* Without its bits every block of the parts is looked at. */
static void test_bits_lost(fixture *f, gconstpointer data)
{
    (void)data;
    net_store *store = open_store(f);

    for (uint32_t b = 0; b < BLOCKS; b += 2)
        g_assert_cmpint(put(f, store, b), ==, 0);
    net_store_close(store);
    g_unlink(f->bits);
    store = open_store(f);
    g_assert_cmpuint(net_store_held_count(store), ==, BLOCKS / 2);
    net_store_close(store);
}

/* Bits of another file, or garbage, are not believed. */
static void test_bits_of_another(fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_true(g_file_set_contents(f->bits, "MiniBit1 but not really", -1, NULL));
    net_store *store = open_store(f);
    g_assert_cmpuint(net_store_held_count(store), ==, 0);
    g_assert_nonnull(strstr(net_store_said(store), "kept as"));
    net_store_close(store);
}

static void test_in_use(fixture *f, gconstpointer data)
{
    (void)data;
    net_store *store = open_store(f), *other;

    g_assert_cmpint(try_open(f, false, &other), ==, MB_ERR_STATE);
    g_assert_nonnull(strstr(f->error, "in use"));
    net_store_close(store);
}

static void test_never_over_another_file(fixture *f, gconstpointer data)
{
    (void)data;
    char *other = g_strndup("something else", 14);
    net_store *store;

    g_assert_true(g_file_set_contents(f->path, other, 14, NULL));
    g_assert_cmpint(try_open(f, false, &store), ==, MB_ERR_EXISTS);
    g_assert_false(g_file_test(f->part, G_FILE_TEST_EXISTS));
    g_assert_cmpint(try_open(f, true, &store), ==, 0);
    put_all(f, store);
    g_assert_cmpint(net_store_publish(store), ==, 0);
    net_store_close(store);
    check_file(f);
    g_free(other);
}

/* A file of the right size but of other bytes is another file too; so is one that appears late. */
static void test_same_size_and_late(fixture *f, gconstpointer data)
{
    (void)data;
    char *other = g_malloc0(SIZE);
    net_store *store;

    g_assert_true(g_file_set_contents(f->path, other, SIZE, NULL));
    g_assert_cmpint(try_open(f, false, &store), ==, MB_ERR_EXISTS);
    g_unlink(f->path);
    store = open_store(f);
    put_all(f, store);
    g_assert_true(g_file_set_contents(f->path, other, SIZE, NULL));
    g_assert_cmpint(net_store_publish(store), ==, MB_ERR_EXISTS);
    net_store_close(store);
    g_free(other);
}

/* Nobody told the size: the last block's length is known when it comes, and after a restart. */
static void test_without_hashes(fixture *f, gconstpointer data)
{
    (void)data;
    mb_geometry whole;
    net_store *store;

    mb_manifest_free(f->manifest);
    mb_geometry_init(&whole, BLOCKS * BLOCK_SIZE, BLOCK_SIZE);
    g_assert_cmpint(mb_manifest_new(&whole, "avi", &f->manifest), ==, 0);
    store = open_store(f);
    g_assert_cmpint(net_store_set_last(store, 100), ==, 0);
    g_assert_cmpint(net_store_put(store, BLOCKS - 1, f->bytes + (BLOCKS - 1) * BLOCK_SIZE, 100), ==,
                    0);
    net_store_close(store);
    store = open_store(f);
    g_assert_cmpuint(net_store_held_count(store), ==, 1);
    g_assert_cmpuint(net_store_geometry(store)->size, ==, SIZE);
    for (uint32_t b = 0; b + 1 < BLOCKS; b++)
        g_assert_cmpint(put(f, store, b), ==, 0);
    g_assert_cmpint(net_store_publish(store), ==, 0);
    net_store_close(store);
    check_file(f);
}

/* ---- kills ---------------------------------------------------------------------------------- */

/* Puts blocks from `first` on and acknowledges each over the pipe, until it is killed. */
static void child(fixture *f, int pipe_fd)
{
    net_store *store = open_store(f);

    for (uint32_t b = 0; b < BLOCKS; b++) {
        uint8_t acknowledged = (uint8_t)b;

        if (mb_blockset_has(net_store_held(store), b)) continue;
        if (put(f, store, b) != 0 || write(pipe_fd, &acknowledged, 1) != 1) _exit(1);
    }
    _exit(0);
}

/* Lets a child work for a while and kills it; what it acknowledged goes into `told`. */
static void kill_once(fixture *f, uint64_t *told, guint microseconds)
{
    int fds[2], status;
    uint8_t block;
    pid_t pid;

    g_assert_cmpint(pipe(fds), ==, 0);
    pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) child(f, fds[1]);
    close(fds[1]);
    g_usleep(microseconds);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    while (read(fds[0], &block, 1) == 1)
        mb_blockset_add(told, block);
    close(fds[0]);
}

static void test_kills(fixture *f, gconstpointer data)
{
    (void)data;
    GRand *random = g_rand_new_with_seed(1);
    uint64_t told = 0, before;

    for (int i = 0; i < 40; i++) {
        net_store *store;

        kill_once(f, &told, (guint)g_rand_int_range(random, 0, 2500));
        before = told;
        store = open_store(f);
        g_assert_cmphex(before & ~net_store_held(store)[0], ==, 0);
        net_store_close(store);
        if (mb_blockset_count(&told, 1) < BLOCKS) continue;
        g_unlink(f->part); /* all came through: begin anew */
        g_unlink(f->bits);
        told = 0;
    }
    g_rand_free(random);
}

#define ADD(name, test) g_test_add("/store/" name, fixture, NULL, set_up, test, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("whole", test_whole);
    ADD("wrong-bytes", test_wrong_bytes);
    ADD("spoilt-on-disk", test_spoilt_on_disk);
    ADD("spoilt-before-publishing", test_spoilt_before_publishing);
    ADD("bits-lost", test_bits_lost);
    ADD("bits-of-another", test_bits_of_another);
    ADD("in-use", test_in_use);
    ADD("never-over-another-file", test_never_over_another_file);
    ADD("same-size-and-late", test_same_size_and_late);
    ADD("without-hashes", test_without_hashes);
    ADD("kills", test_kills);
    return g_test_run();
}
