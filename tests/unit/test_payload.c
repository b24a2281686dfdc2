/*
 * A real file's bytes through a swarm: the smallest files, spoilt bytes, full disks, names that are
 * taken, and each allocation failing once.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/file/manifest.h"
#include "sim/files/payload.h"
#include "tests/lib/failing_alloc.h"

#define BLOCK 16
#define SIZE 70 /* four whole blocks and one of 6 bytes */
#define ALL_BLOCKS 0x1f

static char *folder;
static const uint64_t all[] = {ALL_BLOCKS};

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

/* Writes a file of `size` bytes, no two blocks alike, and returns a scenario that moves it. */
static const sim_scenario *scenario_of(size_t size)
{
    static sim_scenario scenario;
    static char path[512];
    char bytes[256];
    g_assert_cmpuint(size, <=, sizeof bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(i * 7 + i / BLOCK + 3);
    g_snprintf(path, sizeof path, "%s/source.mp4", folder);
    g_assert_true(g_file_set_contents(path, bytes, (gssize)size, NULL));
    scenario = (sim_scenario){.file = {.mode = SIM_FILE_PATH, .path = path}};
    ok(mb_geometry_init(&scenario.file.geometry, size, BLOCK));
    return &scenario;
}

static sim_payload *payload_with(size_t size, uint32_t nodes, const char *payload_dir, bool force)
{
    sim_payload *payload;
    char error[256] = "";
    ok(sim_payload_new(&payload, scenario_of(size), nodes, payload_dir, force, error,
                       sizeof error));
    g_assert_cmpstr(error, ==, "");
    return payload;
}

static sim_payload *payload_of(size_t size, uint32_t nodes, const char *payload_dir)
{
    return payload_with(size, nodes, payload_dir, true);
}

static void assert_failed(sim_payload *payload, int rc, int expected, const char *text)
{
    g_assert_cmpint(rc, ==, expected);
    g_assert_cmpstr(sim_payload_error(payload), ==, text);
}

/* A file of any size passes from the seeder to a peer, and from that to another. */
static void test_sizes(gconstpointer data)
{
    size_t size = GPOINTER_TO_SIZE(data), kept_size;
    uint32_t blocks = (uint32_t)((size + BLOCK - 1) / BLOCK);
    sim_payload *payload = payload_of(size, 3, folder);
    g_autofree char *source = NULL, *kept = NULL;
    ok(sim_payload_add(payload, 0, NULL));
    ok(sim_payload_add(payload, 1, NULL));
    ok(sim_payload_add(payload, 2, NULL));
    for (uint32_t block = blocks; block-- > 0;) {
        ok(sim_payload_move(payload, 0, 1, block));
        ok(sim_payload_move(payload, 1, 2, block));
        g_assert_true(sim_payload_has(payload, 2, block));
    }
    g_assert_false(sim_payload_has(payload, 2, blocks));
    ok(sim_payload_complete(payload, 2, "group-2"));
    g_assert_true(g_file_get_contents(path_in_folder("group-2.mp4"), &kept, &kept_size, NULL));
    g_assert_true(g_file_get_contents(path_in_folder("source.mp4"), &source, NULL, NULL));
    g_assert_cmpmem(kept, kept_size, source, size);
    sim_payload_free(payload);
    g_unlink(path_in_folder("group-2.mp4"));
}

static void test_in_memory(void)
{
    sim_payload *payload = payload_of(SIZE, 2, NULL);
    ok(sim_payload_add(payload, 1, all));
    ok(sim_payload_complete(payload, 1, "a peer whose name would be no / file name"));
    sim_payload_free(payload);
    sim_payload_free(NULL);
}

/* What a peer has from the start comes verified from the file, and nothing more. */
static void test_have_and_given(void)
{
    sim_payload *payload = payload_of(SIZE, 2, NULL);
    const uint64_t have[] = {0x12};
    ok(sim_payload_add(payload, 1, have));
    for (uint32_t block = 0; block < 5; block++)
        g_assert_cmpint(sim_payload_has(payload, 1, block), ==, block == 1 || block == 4);
    assert_failed(payload, sim_payload_complete(payload, 1, "group-1"), MB_ERR_STATE,
                  "group-1: rebuilding its file: not possible now");
    for (uint32_t block = 0; block < 5; block++)
        ok(sim_payload_given(payload, 1, block));
    ok(sim_payload_complete(payload, 1, "group-1"));
    sim_payload_free(payload);
}

static void test_spoilt_giver(void)
{
    sim_payload *payload = payload_of(SIZE, 3, NULL);
    ok(sim_payload_add(payload, 1, all));
    ok(sim_payload_add(payload, 2, NULL));
    ok(mb_storage_write(sim_payload_storage(payload, 1), 2 * BLOCK + 5, "!", 1));
    ok(sim_payload_move(payload, 1, 2, 1));
    assert_failed(payload, sim_payload_move(payload, 1, 2, 2), MB_ERR_HASH,
                  "node 2: block 2 from node 1: hash does not match");
    g_assert_false(sim_payload_has(payload, 2, 2));
    ok(sim_payload_given(payload, 2, 2)); /* it may still come from another */
    assert_failed(payload, sim_payload_complete(payload, 1, "fibre-1"), MB_ERR_HASH,
                  "fibre-1: rebuilding its file: hash does not match");
    sim_payload_free(payload);
}

/* The file itself changes or shrinks while the swarm moves it. */
static void test_spoilt_source(void)
{
    sim_payload *payload = payload_of(SIZE, 2, NULL);
    ok(sim_payload_add(payload, 1, NULL));
    FILE *file = g_fopen(path_in_folder("source.mp4"), "r+");
    g_assert_nonnull(file);
    fputc('!', file);
    g_assert_cmpint(ftruncate(fileno(file), 40), ==, 0);
    fclose(file);
    g_assert_cmpint(sim_payload_given(payload, 1, 0), ==, MB_ERR_HASH);
    ok(sim_payload_given(payload, 1, 1));
    g_assert_cmpint(sim_payload_given(payload, 1, 4), ==, MB_ERR_RANGE);
    g_assert_cmpint(sim_payload_add(payload, 1, NULL), ==, MB_ERR_STATE);
    sim_payload_free(payload);
}

static void test_not_there(void)
{
    sim_payload *payload = payload_of(SIZE, 3, NULL);
    ok(sim_payload_add(payload, 1, NULL));
    assert_failed(payload, sim_payload_move(payload, 2, 1, 0), MB_ERR_STATE, "node 2: not there");
    assert_failed(payload, sim_payload_move(payload, 0, 3, 0), MB_ERR_STATE, "node 3: not there");
    g_assert_cmpint(sim_payload_move(payload, 1, 0, 0), ==, MB_ERR_STATE);
    g_assert_cmpint(sim_payload_move(payload, 0, 1, 5), ==, MB_ERR_ARGUMENT);
    g_assert_cmpint(sim_payload_add(payload, 3, NULL), ==, MB_ERR_STATE);
    g_assert_null(sim_payload_storage(payload, 2));
    sim_payload_remove(payload, 1);
    sim_payload_remove(payload, 1);
    sim_payload_remove(payload, 0);
    g_assert_false(sim_payload_has(payload, 1, 0));
    assert_failed(payload, sim_payload_complete(payload, 1, "g-1"), MB_ERR_STATE, "g-1: not there");
    ok(sim_payload_add(payload, 1, all)); /* after a restart */
    ok(sim_payload_complete(payload, 1, "g-1"));
    sim_payload_free(payload);
}

/* No file is replaced unasked, and no name leads out of the folder. */
static void test_names(void)
{
    static const char *const bad[] = {"", ".", "..", ".hidden", "../up", "a/b"};
    const char *kept = path_in_folder("kept"), *file = path_in_folder("kept/g-1.mp4");
    g_autofree char *text = NULL;
    sim_payload *payload = payload_with(SIZE, 2, kept, false);
    g_assert_false(g_file_test(kept, G_FILE_TEST_EXISTS)); /* until there is something for it */
    ok(sim_payload_add(payload, 1, all));
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_cmpint(sim_payload_complete(payload, 1, bad[i]), ==, MB_ERR_ARGUMENT);
    ok(sim_payload_complete(payload, 1, "g-1"));
    g_assert_true(g_file_set_contents(file, "mine", 4, NULL));
    g_assert_cmpint(sim_payload_complete(payload, 1, "g-1"), ==, MB_ERR_EXISTS);
    g_assert_true(g_str_has_prefix(sim_payload_error(payload), "g-1: rebuilding "));
    g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "mine");
    sim_payload_free(payload);
    payload = payload_with(SIZE, 2, kept, true);
    ok(sim_payload_add(payload, 1, all));
    ok(sim_payload_complete(payload, 1, "g-1"));
    sim_payload_free(payload);
    g_unlink(file);
    g_assert_cmpint(g_rmdir(kept), ==, 0); /* nothing else was left in it */
}

static void test_full_disk(void)
{
    struct rlimit old, small;
    sim_payload *payload = payload_of(SIZE, 2, folder);
    ok(sim_payload_add(payload, 1, all));
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &old), ==, 0);
    small = (struct rlimit){.rlim_cur = 40, .rlim_max = old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &small), ==, 0);
    int rc = sim_payload_complete(payload, 1, "dsl-1");
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &old), ==, 0);
    g_autofree char *line =
        g_strdup_printf("dsl-1: rebuilding %s/dsl-1.mp4: %s", folder, mb_strerror(MB_ERR_FULL));
    assert_failed(payload, rc, MB_ERR_FULL, line);
    g_assert_cmpint(g_access(path_in_folder("dsl-1.mp4"), F_OK), !=, 0);
    g_assert_cmpint(g_access(path_in_folder("dsl-1.mp4.part"), F_OK), !=, 0);
    ok(sim_payload_complete(payload, 1, "dsl-1")); /* with room again it goes on */
    sim_payload_free(payload);
    g_unlink(path_in_folder("dsl-1.mp4"));
}

static void assert_refused(const sim_scenario *scenario, const char *payload_dir, int expected,
                           const char *part)
{
    sim_payload *payload;
    char error[256] = "";
    int rc = sim_payload_new(&payload, scenario, 2, payload_dir, false, error, sizeof error);
    g_assert_cmpint(rc, ==, expected);
    g_assert_null(payload);
    if (!strstr(error, part)) g_error("\"%s\" does not say \"%s\"", error, part);
}

static void test_refusals(void)
{
    const sim_scenario *scenario = scenario_of(SIZE);
    sim_scenario other = *scenario;
    char missing[] = "/nonexistent/file.mp4";
    g_autofree char *beyond = NULL;
    other.file.path = missing;
    assert_refused(&other, NULL, MB_ERR_IO, "/nonexistent/file.mp4: No such file or directory");
    other = *scenario;
    other.file.geometry.size++;
    assert_refused(&other, NULL, MB_ERR_RANGE, "its size has changed");
    beyond = g_build_filename(scenario->file.path, "below", NULL);
    assert_refused(scenario, beyond, MB_ERR_ARGUMENT, "source.mp4/below: Not a directory");
    assert_refused(scenario, scenario->file.path, MB_ERR_ARGUMENT, "source.mp4: Not a directory");
    assert_refused(scenario, folder, MB_ERR_EXISTS, ": the folder holds something");
}

/* A short life, so that each of its allocations can fail. */
static int live(const sim_scenario *scenario, const char *payload_dir)
{
    sim_payload *payload;
    char error[256] = "";
    int rc = sim_payload_new(&payload, scenario, 2, payload_dir, true, error, sizeof error);
    if (rc != MB_OK) {
        g_assert_cmpstr(error, !=, "");
        return rc;
    }
    rc = sim_payload_add(payload, 1, all);
    if (rc == MB_OK) rc = sim_payload_complete(payload, 1, "g-1");
    if (rc != MB_OK) g_assert_cmpstr(sim_payload_error(payload), !=, "");
    sim_payload_free(payload);
    return rc;
}

static void test_each_allocation_fails(gconstpointer data)
{
    const sim_scenario *scenario = scenario_of(SIZE);
    const char *payload_dir = data ? folder : NULL;
    int rc, failures = 0;
    FAILING_ALLOC_EACH(rc = live(scenario, payload_dir))
    {
        g_assert_cmpint(rc, ==, MB_ERR_MEMORY);
        g_assert_cmpint(g_access(path_in_folder("g-1.mp4.part"), F_OK), !=, 0);
        g_unlink(path_in_folder("g-1.mp4"));
        failures++;
    }
    ok(rc);
    g_assert_cmpint(failures, >=, 10);
    g_unlink(path_in_folder("g-1.mp4"));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        size_t size;
    } sizes[] = {{"empty", 0},
                 {"a-byte", 1},
                 {"a-block", BLOCK},
                 {"one-more", BLOCK + 1},
                 {"short-end", SIZE}};
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("minibit-payload-XXXXXX", NULL);
    g_assert_nonnull(folder);
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *path = g_strdup_printf("/payload/sizes/%s", sizes[i].name);
        g_test_add_data_func(path, GSIZE_TO_POINTER(sizes[i].size), test_sizes);
    }
    g_test_add_func("/payload/in-memory", test_in_memory);
    g_test_add_func("/payload/have-and-given", test_have_and_given);
    g_test_add_func("/payload/spoilt-giver", test_spoilt_giver);
    g_test_add_func("/payload/spoilt-source", test_spoilt_source);
    g_test_add_func("/payload/not-there", test_not_there);
    g_test_add_func("/payload/names", test_names);
    g_test_add_func("/payload/full-disk", test_full_disk);
    g_test_add_func("/payload/refusals", test_refusals);
    g_test_add_data_func("/payload/each-allocation-fails/memory", NULL, test_each_allocation_fails);
    g_test_add_data_func("/payload/each-allocation-fails/disk", "", test_each_allocation_fails);
    int failed = g_test_run();
    g_unlink(path_in_folder("source.mp4"));
    g_assert_cmpint(g_rmdir(folder), ==, 0);
    g_free(folder);
    return failed;
}
