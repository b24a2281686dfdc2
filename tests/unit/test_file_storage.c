/*
 * A storage whose system calls fail, one after the other: what each is told as, what is left, and
 * that a call which a signal interrupts is made again.
 */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "core/file/storage.h"
#include "tests/lib/failing_calls.h"

static char *path, *other; /* two names in a folder of this test's own */

static void ok(int rc)
{
    g_assert_cmpint(rc, ==, MB_OK);
}

/* A file of 8 bytes, open. */
static mb_storage *storage_new(void)
{
    mb_storage *storage;
    g_unlink(path);
    g_unlink(other);
    ok(mb_storage_disk_open(path, MB_STORAGE_CREATE, &storage));
    ok(mb_storage_write(storage, 0, "abcdefgh", 8));
    return storage;
}

static void assert_holds(const char *name, const char *text)
{
    g_autofree char *held = NULL;
    g_assert_true(g_file_get_contents(name, &held, NULL, NULL));
    g_assert_cmpstr(held, ==, text);
}

/* ---- what can be done with a storage ---- */

static char bytes[8];

static int do_read(mb_storage *storage)
{
    return mb_storage_read(storage, 0, bytes, 8);
}

static int do_write(mb_storage *storage)
{
    return mb_storage_write(storage, 0, "abcdefgh", 8);
}

static int do_size(mb_storage *storage)
{
    uint64_t size;
    return mb_storage_size(storage, &size);
}

static int do_grow(mb_storage *storage)
{
    return mb_storage_resize(storage, 100);
}

static int do_shrink(mb_storage *storage)
{
    return mb_storage_resize(storage, 3);
}

static int do_sync(mb_storage *storage)
{
    return mb_storage_sync(storage);
}

static int do_stamp(mb_storage *storage)
{
    mb_storage_stamp stamp;
    return mb_storage_disk_stamp(storage, &stamp);
}

static int do_rename(mb_storage *storage)
{
    return mb_storage_disk_rename(storage, other, false);
}

static int do_replace(mb_storage *storage)
{
    return mb_storage_disk_rename(storage, other, true);
}

/* ---- failing calls ---- */

static void test_calls_fail(void)
{
    static const struct {
        int (*act)(mb_storage *);
        const char *call;
        int code, error;
    } rows[] = {
        {do_read, "pread", EIO, MB_ERR_IO},          {do_write, "pwrite", EIO, MB_ERR_IO},
        {do_write, "pwrite", ENOSPC, MB_ERR_FULL},   {do_write, "pwrite", EDQUOT, MB_ERR_FULL},
        {do_write, "pwrite", EFBIG, MB_ERR_FULL},    {do_write, "pwrite", ENOMEM, MB_ERR_MEMORY},
        {do_size, "fstat", EIO, MB_ERR_IO},          {do_grow, "fstat", EIO, MB_ERR_IO},
        {do_grow, "fallocate", ENOSPC, MB_ERR_FULL}, {do_shrink, "ftruncate", EIO, MB_ERR_IO},
        {do_sync, "fdatasync", EIO, MB_ERR_IO},      {do_stamp, "fstat", EIO, MB_ERR_IO},
        {do_rename, "fdatasync", EIO, MB_ERR_IO},    {do_replace, "fdatasync", ENOSPC, MB_ERR_FULL},
        {do_rename, "renameat2", EACCES, MB_ERR_IO},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        mb_storage *storage = storage_new();
        char text[600];
        g_autofree char *wanted = g_strdup_printf("%s: %s", path, g_strerror(rows[i].code));
        failing_call(rows[i].call, 0, 1, rows[i].code);
        g_assert_cmpint(rows[i].act(storage), ==, rows[i].error);
        g_assert_cmpuint(failing_calls_end(), ==, 1);
        g_assert_cmpint(storage->system_error, ==, rows[i].code);
        mb_storage_describe(storage, rows[i].error, text, sizeof text);
        if (rows[i].error != MB_ERR_MEMORY) g_assert_cmpstr(text, ==, wanted);
        assert_holds(path, "abcdefgh"); /* under its old name */
        g_assert_cmpint(g_access(other, F_OK), !=, 0);
        ok(rows[i].act(storage)); /* it goes on when the system does */
        ok(mb_storage_close(storage));
    }
}

/* A write that does nothing, and says that nothing is wrong, would go on for ever. */
static void test_nothing_written(void)
{
    mb_storage *storage = storage_new();
    failing_call("pwrite", 0, 1, 0);
    g_assert_cmpint(do_write(storage), ==, MB_ERR_FULL);
    g_assert_cmpuint(failing_calls_end(), ==, 1);
    g_assert_cmpint(storage->system_error, ==, ENOSPC);
    ok(mb_storage_close(storage));
}

/* Two signals in a row, and the call is made a third time. */
static void test_interrupted(void)
{
    static const struct {
        int (*act)(mb_storage *);
        const char *call, *name;
        uint64_t size;
    } rows[] = {
        {do_read, "pread", "path", 8},       {do_write, "pwrite", "path", 8},
        {do_grow, "fallocate", "path", 100}, {do_shrink, "ftruncate", "path", 3},
        {do_sync, "fdatasync", "path", 8},   {do_rename, "fdatasync", "other", 8},
        {do_rename, "fsync", "other", 8},    {do_replace, "fsync", "other", 8},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        mb_storage *storage = storage_new();
        uint64_t size;
        memset(bytes, 0, sizeof bytes);
        failing_call(rows[i].call, 0, 2, EINTR);
        ok(rows[i].act(storage));
        g_assert_cmpuint(failing_calls_end(), ==, 2);
        ok(mb_storage_size(storage, &size));
        g_assert_cmpuint(size, ==, rows[i].size);
        if (rows[i].act == do_read) g_assert_cmpmem(bytes, 8, "abcdefgh", 8);
        g_assert_cmpstr(storage->path, ==, strcmp(rows[i].name, "path") == 0 ? path : other);
        ok(mb_storage_close(storage));
    }
}

/* Where a file system reserves nothing, a file is made longer without. */
static void test_grows_unreserved(void)
{
    static const int codes[] = {EOPNOTSUPP, ENOSYS};
    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
        mb_storage *storage = storage_new();
        uint64_t size;
        failing_call("fallocate", 0, 1, codes[i]);
        failing_call("ftruncate", 0, 1, EINTR);
        ok(do_grow(storage));
        g_assert_cmpuint(failing_calls_end(), ==, 2);
        ok(mb_storage_size(storage, &size));
        g_assert_cmpuint(size, ==, 100);
        ok(do_shrink(storage));
        failing_call("fallocate", 0, 1, codes[i]);
        failing_call("ftruncate", 0, 1, EFBIG);
        g_assert_cmpint(do_grow(storage), ==, MB_ERR_FULL);
        g_assert_cmpuint(failing_calls_end(), ==, 2);
        assert_holds(path, "abc");
        ok(mb_storage_close(storage));
    }
}

/* What could not be written is told at the end; a signal at the end is no such thing. */
static void test_close(void)
{
    static const int rows[][2] = {
        {EINTR, MB_OK}, {EIO, MB_ERR_IO}, {ENOSPC, MB_ERR_FULL}, {EDQUOT, MB_ERR_FULL}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        mb_storage *storage = storage_new();
        failing_call("close", 0, 1, rows[i][0]);
        g_assert_cmpint(mb_storage_close(storage), ==, rows[i][1]);
        g_assert_cmpuint(failing_calls_end(), ==, 1);
    }
}

static void test_opening_fails(void)
{
    static const struct {
        const char *call;
        int code, error;
    } rows[] = {
        {"open", EMFILE, MB_ERR_IO},
        {"open", ENOMEM, MB_ERR_MEMORY},
        {"fstat", EIO, MB_ERR_IO},
    };
    ok(mb_storage_close(storage_new()));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        mb_storage *storage = NULL;
        failing_call(rows[i].call, 0, 1, rows[i].code);
        int rc = mb_storage_disk_open(path, MB_STORAGE_READ, &storage), code = errno;
        g_assert_cmpuint(failing_calls_end(), ==, 1);
        g_assert_cmpint(rc, ==, rows[i].error);
        g_assert_cmpint(code, ==, rows[i].code);
        g_assert_null(storage);
    }
}

/* ---- names ---- */

/* A file system that cannot rename without replacing gets a second name and loses the first. */
static void test_renames_by_linking(void)
{
    static const int codes[] = {EINVAL, ENOSYS};
    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
        mb_storage *storage = storage_new();
        failing_call("renameat2", 0, 1, codes[i]);
        ok(do_rename(storage));
        g_assert_cmpuint(failing_calls_end(), ==, 1);
        assert_holds(other, "abcdefgh");
        g_assert_cmpint(g_access(path, F_OK), !=, 0);
        g_assert_cmpstr(storage->path, ==, other);
        ok(mb_storage_close(storage));
    }
}

static void test_linking_fails(void)
{
    static const struct {
        const char *call;
        int code, error;
    } rows[] = {{"link", EPERM, MB_ERR_IO}, {"unlink", EROFS, MB_ERR_IO}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        mb_storage *storage = storage_new();
        failing_call("renameat2", 0, 1, ENOSYS);
        failing_call(rows[i].call, 0, 1, rows[i].code);
        g_assert_cmpint(do_rename(storage), ==, rows[i].error);
        g_assert_cmpuint(failing_calls_end(), ==, 2);
        g_assert_cmpint(storage->system_error, ==, rows[i].code);
        g_assert_cmpstr(storage->path, ==, path);
        assert_holds(path, "abcdefgh");
        g_assert_cmpint(g_access(other, F_OK), !=, 0); /* nor is it there under two names */
        ok(mb_storage_close(storage));
    }
    mb_storage *storage = storage_new();
    g_assert_true(g_file_set_contents(other, "mine", 4, NULL));
    failing_call("renameat2", 0, 1, ENOSYS);
    g_assert_cmpint(do_rename(storage), ==, MB_ERR_EXISTS);
    g_assert_cmpuint(failing_calls_end(), ==, 1);
    assert_holds(other, "mine");
    assert_holds(path, "abcdefgh");
    ok(mb_storage_close(storage));
}

/* A folder that cannot be synced keeps no file from its name. */
static void test_folder_unsynced(void)
{
    static const struct {
        const char *call;
        int code;
    } rows[] = {{"open", EACCES}, {"fsync", EINVAL}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        mb_storage *storage = storage_new();
        failing_call(rows[i].call, 0, 1, rows[i].code);
        ok(do_rename(storage));
        g_assert_cmpuint(failing_calls_end(), ==, 1);
        assert_holds(other, "abcdefgh");
        ok(mb_storage_close(storage));
    }
}

/* A stamp is of the file that is open, whatever has its name now, and tells of every write. */
static void test_stamps(void)
{
    mb_storage *storage = storage_new();
    mb_storage_stamp open, named, later;
    ok(mb_storage_disk_stamp(storage, &open));
    ok(mb_storage_path_stamp(path, &named));
    g_assert_cmpmem(&open, sizeof open, &named, sizeof named);
    g_assert_cmpuint(open.size, ==, 8);
    ok(mb_storage_write(storage, 8, "i", 1));
    ok(mb_storage_disk_stamp(storage, &later));
    g_assert_cmpuint(later.size, ==, 9);
    g_assert_cmpuint(later.inode, ==, open.inode);
    g_assert_cmpint(later.modified_ns, >=, open.modified_ns);
    g_unlink(path);
    g_assert_cmpint(mb_storage_path_stamp(path, &named), ==, MB_ERR_IO);
    g_assert_cmpint(errno, ==, ENOENT);
    g_assert_true(g_file_set_contents(path, "new", 3, NULL));
    ok(mb_storage_path_stamp(path, &named));
    g_assert_cmpuint(named.inode, !=, open.inode);
    ok(mb_storage_disk_stamp(storage, &later));
    g_assert_cmpuint(later.inode, ==, open.inode);
    ok(mb_storage_close(storage));
}

/* ---- positions, and what is told ---- */

/* No file reaches past 2^63 - 1 bytes. */
static void test_far_positions(void)
{
    mb_storage *storage = storage_new();
    static const uint64_t far[] = {INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX};
    for (size_t i = 0; i < G_N_ELEMENTS(far); i++) {
        g_assert_cmpint(mb_storage_read(storage, far[i], bytes, 1), ==, MB_ERR_RANGE);
        g_assert_cmpint(mb_storage_write(storage, far[i], "x", 1), ==, MB_ERR_FULL);
        g_assert_cmpint(storage->system_error, ==, EFBIG);
    }
    g_assert_cmpint(mb_storage_resize(storage, UINT64_MAX), ==, MB_ERR_FULL);
    ok(mb_storage_resize(storage, 8)); /* which it is */
    assert_holds(path, "abcdefgh");
    ok(mb_storage_close(storage));
}

/* Without a path the kind, without a cause of the system's our own words. */
static void test_described(void)
{
    char text[600];
    mb_storage *memory, *disk = storage_new();
    ok(mb_storage_memory_new(&memory));
    mb_storage_describe(memory, MB_ERR_RANGE, text, sizeof text);
    g_autofree char *in_memory = g_strdup_printf("memory: %s", mb_strerror(MB_ERR_RANGE));
    g_assert_cmpstr(text, ==, in_memory);
    mb_storage_describe(memory, MB_ERR_FULL, text, sizeof text);
    g_autofree char *full = g_strdup_printf("memory: %s", mb_strerror(MB_ERR_FULL));
    g_assert_cmpstr(text, ==, full);
    mb_storage_describe(disk, MB_ERR_IO, text, sizeof text);
    g_autofree char *untold = g_strdup_printf("%s: %s", path, mb_strerror(MB_ERR_IO));
    g_assert_cmpstr(text, ==, untold);
    ok(mb_storage_close(memory));
    ok(mb_storage_close(disk));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    char *folder = g_dir_make_tmp("minibit-storage-XXXXXX", NULL);
    g_assert_nonnull(folder);
    path = g_build_filename(folder, "one", NULL);
    other = g_build_filename(folder, "two", NULL);
    g_test_add_func("/storage/calls-fail", test_calls_fail);
    g_test_add_func("/storage/nothing-written", test_nothing_written);
    g_test_add_func("/storage/interrupted", test_interrupted);
    g_test_add_func("/storage/grows-unreserved", test_grows_unreserved);
    g_test_add_func("/storage/close", test_close);
    g_test_add_func("/storage/opening-fails", test_opening_fails);
    g_test_add_func("/storage/renames-by-linking", test_renames_by_linking);
    g_test_add_func("/storage/linking-fails", test_linking_fails);
    g_test_add_func("/storage/folder-unsynced", test_folder_unsynced);
    g_test_add_func("/storage/stamps", test_stamps);
    g_test_add_func("/storage/far-positions", test_far_positions);
    g_test_add_func("/storage/described", test_described);
    int failed = g_test_run();
    g_unlink(path);
    g_unlink(other);
    g_rmdir(folder);
    g_free(path);
    g_free(other);
    g_free(folder);
    return failed;
}
