/* The CSV reader on files of every shape, plain and compressed; and the quoting of writers. */
#include "analysis/data/csv.h"

#include <glib/gstdio.h>
#include <string.h>
#include <zstd.h>

static char *folder;

/* Writes `text` as t.csv or t.csv.zst; the path without .zst. The caller frees it. */
static char *write_table(const char *text, gssize size, bool compressed)
{
    g_autofree char *plain = g_build_filename(folder, "t.csv", NULL);
    g_autofree char *packed = g_build_filename(folder, "t.csv.zst", NULL);
    gsize length = size < 0 ? strlen(text) : (gsize)size;
    g_unlink(plain);
    g_unlink(packed);
    if (!compressed) {
        g_assert_true(g_file_set_contents(plain, text, (gssize)length, NULL));
        return g_steal_pointer(&plain);
    }
    gsize bound = ZSTD_compressBound(length);
    g_autofree char *buffer = g_malloc(bound);
    gsize used = ZSTD_compress(buffer, bound, text, length, 1);
    g_assert_true(g_file_set_contents(packed, buffer, (gssize)used, NULL));
    return g_steal_pointer(&plain);
}

/* All fields, with '|' between them and a '/' after each row; or the error's message. */
static char *read_all(const char *path)
{
    GError *error = NULL;
    GString *out = g_string_new(NULL);
    g_autoptr(res_csv) csv = res_csv_open(path, &error);
    while (csv && res_csv_next(csv, &error)) {
        for (size_t i = 0; i < res_csv_column_count(csv); i++)
            g_string_append_printf(out, "%s%s", i ? "|" : "", res_csv_field(csv, i));
        g_string_append_c(out, '/');
    }
    if (error) {
        g_string_assign(out, strstr(error->message, "t.csv"));
        g_error_free(error);
    }
    return g_string_free(out, FALSE);
}

static void test_shapes(void)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"a,b\n", ""},
        {"a,b\n1,2\n", "1|2/"},
        {"a,b\r\n1,2\r\n", "1|2/"},
        {"a,b\n,\n", "|/"},
        {"a\n\n", "/"},
        {"a,b\n\"x,y\",\"say \"\"hi\"\"\"\n", "x,y|say \"hi\"/"},
        {"a,b\n\"two\nlines\",2\n3,4\n", "two\nlines|2/3|4/"},
        {"a,b\n\"\",\"\"\n", "|/"},
        {"", "t.csv: empty, without even a header"},
        {"a,b", "t.csv, line 1: the file is cut off within this line"},
        {"a,b\n1,2\n3", "t.csv, line 3: the file is cut off within this line"},
        {"a,b\n\"x\n\n1,2\n", "t.csv, line 2: the file is cut off within this line"},
        {"a,b\n1\n", "t.csv, line 2: 1 fields where the header has 2"},
        {"a,b\n1,2,3\n", "t.csv, line 2: 3 fields where the header has 2"},
        {"a,b\n\n", "t.csv, line 2: 1 fields where the header has 2"},
        {"a,b\nx\"y,2\n", "t.csv, line 2: a quotation mark within a field that has none at its "
                          "start"},
        {"a,b\n\"x\"y,2\n", "t.csv, line 2: text after a quoted field"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = write_table(cases[i].text, -1, false);
        g_autofree char *found = read_all(path);
        g_assert_cmpstr(found, ==, cases[i].wanted);
    }
}

static void test_nul(void)
{
    g_autofree char *path = write_table("a\nx\0y\n", 6, false);
    g_autofree char *found = read_all(path);
    g_assert_cmpstr(found, ==, "t.csv, line 2: a NUL byte");
}

/* More than a chunk of either kind, so that rows lie across their borders. */
static void test_long(void)
{
    GString *text = g_string_new("n,text\n");
    for (int i = 0; i < 60000; i++)
        g_string_append_printf(text, "%d,\"row, %d\"\n", i, i * 7919 % 60000);
    for (int compressed = 0; compressed < 2; compressed++) {
        g_autofree char *path = write_table(text->str, (gssize)text->len, compressed);
        g_autoptr(res_csv) csv = res_csv_open(path, NULL);
        GError *error = NULL;
        int rows = 0;
        for (; res_csv_next(csv, &error); rows++) {
            g_autofree char *wanted = g_strdup_printf("row, %d", rows * 7919 % 60000);
            g_assert_cmpstr(res_csv_field(csv, 1), ==, wanted);
            g_assert_cmpuint(res_csv_line(csv), ==, (guint64)rows + 2);
        }
        g_assert_no_error(error);
        g_assert_cmpint(rows, ==, 60000);
    }
    g_string_free(text, TRUE);
}

/* Wherever the file is cut, that is told: never fewer rows without a word. */
static void test_cut(void)
{
    static const char text[] = "a,b\n1,\"x\ny\"\n2,z\n";
    for (gssize size = 0; size < (gssize)strlen(text); size++) {
        g_autofree char *path = write_table(text, size, false);
        g_autoptr(res_csv) csv = res_csv_open(path, NULL);
        GError *error = NULL;
        if (!csv) continue;
        res_csv_expect_size(csv, strlen(text));
        while (res_csv_next(csv, &error)) {
        }
        g_assert_error(error, RES_ERROR, (int)RES_ERROR_INPUT);
        g_error_free(error);
    }
}

static void test_columns(void)
{
    g_autofree char *path = write_table("a,b\n", -1, false);
    g_autoptr(res_csv) csv = res_csv_open(path, NULL);
    GError *error = NULL;
    g_assert_cmpint(res_csv_column(csv, "b", NULL), ==, 1);
    g_assert_cmpint(res_csv_column(csv, "c", &error), ==, -1);
    g_assert_nonnull(strstr(error->message, "t.csv: no column c"));
    g_error_free(error);
}

static void test_append(void)
{
    static const struct {
        const char *field, *wanted;
    } cases[] = {
        {"", ""},       {"plain", "plain"},       {"a,b", "\"a,b\""}, {"\"", "\"\"\"\""},
        {"a b", "a b"}, {"two\nl", "\"two\nl\""}, {"<|&%>", "<|&%>"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) out = g_string_new(NULL);
        res_csv_append(out, cases[i].field);
        g_assert_cmpstr(out->str, ==, cases[i].wanted);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("minibit-csv.XXXXXX", NULL);
    g_test_add_func("/results/csv/shapes", test_shapes);
    g_test_add_func("/results/csv/nul", test_nul);
    g_test_add_func("/results/csv/long", test_long);
    g_test_add_func("/results/csv/cut", test_cut);
    g_test_add_func("/results/csv/columns", test_columns);
    g_test_add_func("/results/csv/append", test_append);
    int status = g_test_run();
    g_autofree char *plain = g_build_filename(folder, "t.csv", NULL);
    g_autofree char *packed = g_build_filename(folder, "t.csv.zst", NULL);
    g_unlink(plain);
    g_unlink(packed);
    g_rmdir(folder);
    g_free(folder);
    return status;
}
