/*
 * Unit tests of record/output.h, its files and sinks, record/json.h and sim/files/results.h: text,
 * failures, and who gets a name when.
 */
#include "record/json.h"
#include "record/output_file.h"
#include "record/sink_call.h"
#include "sim/files/results.h"
#include "tests/lib/recording.h"
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

static void assert_text(const char *start, const char *end, const char *expected)
{
    char *text = g_strndup(start, (size_t)(end - start));
    g_assert_cmpstr(text, ==, expected);
    g_free(text);
}

static void test_put_number(void)
{
    char text[32], expected[32];
    uint64_t number = 1;
    assert_text(text, rec_put_number(text, 0), "0");
    assert_text(text, rec_put_number(text, UINT64_MAX), "18446744073709551615");
    for (unsigned i = 0; i < 2000; i++) {
        number = number * UINT64_C(6364136223846793005) + 1442695040888963407;
        uint64_t cut = number >> i % 64;
        g_snprintf(expected, sizeof expected, "%" G_GUINT64_FORMAT, cut);
        assert_text(text, rec_put_number(text, cut), expected);
    }
}

static void test_put_time(void)
{
    char text[32];
    assert_text(text, rec_put_time(text, 0), "0.000000000");
    assert_text(text, rec_put_time(text, 1), "0.000000001");
    assert_text(text, rec_put_time(text, 12 * MB_SECOND + 345678901), "12.345678901");
    assert_text(text, rec_put_time(text, MB_NEVER - 1), "9223372036.854775806");
    assert_text(text, rec_put_time_if(text, MB_NEVER), "");
}

static void test_put_ratio(void)
{
    char text[32];
    assert_text(text, rec_put_millionths(text, 0), "0.000000");
    assert_text(text, rec_put_millionths(text, 7), "0.000007");
    assert_text(text, rec_put_millionths(text, 123456), "0.123456");
    assert_text(text, rec_put_millionths(text, 12000001), "12.000001");
}

static void test_fraction(void)
{
    unsigned __int128 huge = (unsigned __int128)1 << 120;
    g_assert_cmpuint(rec_fraction_millionths((rec_fraction){1, 3}), ==, 333333);
    g_assert_cmpuint(rec_fraction_millionths((rec_fraction){2, 3}), ==, 666667);
    g_assert_cmpuint(rec_fraction_millionths((rec_fraction){1, 2000000}), ==, 1);
    g_assert_cmpuint(rec_fraction_millionths((rec_fraction){0, 5}), ==, 0);
    g_assert_cmpuint(rec_fraction_millionths((rec_fraction){huge, 4 * huge}), ==, 250000);
    g_assert_cmpuint(rec_fraction_millionths((rec_fraction){huge, 1}), ==, UINT64_MAX);
}

static void test_json(void)
{
    rec_json json;
    rec_json_init(&json);
    rec_json_text(&json, "a \"b\"\\", "x\ny\x7f\xc3\xa9");
    rec_json_object(&json, "empty");
    rec_json_object_end(&json);
    rec_json_array(&json, "list");
    rec_json_number(&json, NULL, 1);
    rec_json_null(&json, NULL);
    rec_json_array_end(&json);
    rec_json_time(&json, "t", MB_NEVER);
    rec_json_ratio(&json, "r", (rec_fraction){1, 8});
    rec_json_ratio(&json, "none", (rec_fraction){1, 0});
    rec_json_hex(&json, "h", 0xabc);
    rec_json_text(&json, "nothing", NULL);
    rec_json_bool(&json, "yes", true);
    g_assert_cmpint(rec_json_finish(&json), ==, 0);
    g_assert_cmpstr(json.text, ==,
                    "{\n  \"a \\\"b\\\"\\\\\": \"x\\u000ay\\u007f\xc3\xa9\",\n  \"empty\": {},\n"
                    "  \"list\": [\n    1,\n    null\n  ],\n  \"t\": null,\n  \"r\": 0.125000,\n"
                    "  \"none\": null,\n  \"h\": \"0000000000000abc\",\n  \"nothing\": null,\n"
                    "  \"yes\": true\n}\n");
    g_assert_cmpuint(json.size, ==, strlen(json.text));
    rec_json_clear(&json);
}

/* A file of so many rows has a thread, and fills more buffers than that has. */
#define MANY 240000
#define FEW 60000

/* Rows of many sizes, the same each time, of more than one buffer. */
static GString *write_rows(rec_output *output, unsigned rows)
{
    GString *expected = g_string_new(NULL);
    for (unsigned i = 0; i < rows; i++) {
        char *start = rec_output_room(output, 64);
        char *to = rec_put_number(start, i * UINT64_C(2654435761));
        *to++ = '\n';
        rec_output_commit(output, to);
        g_string_append_len(expected, start, to - start);
    }
    char *large = g_strnfill(100000, 'x');
    rec_output_write(output, large, 100000);
    g_string_append_len(expected, large, 100000);
    g_free(large);
    return expected;
}

/* The file's text, through zstd if it is compressed. */
static GString *read_back(const struct recording *recording, const char *name, bool compressed)
{
    size_t size = 0;
    char *bytes = recording_read(recording, name, &size);
    g_assert_nonnull(bytes);
    GString *text = g_string_new_len(bytes, compressed ? 0 : (gssize)size);
    if (compressed) {
        g_string_set_size(text, 4 << 20);
        size_t whole = ZSTD_decompress(text->str, text->len, bytes, size);
        /* The size is not in the frame's header, but ZSTD_decompress() needs only the room. */
        g_assert_false(ZSTD_isError(whole));
        g_string_set_size(text, whole);
    }
    g_free(bytes);
    return text;
}

static void check_round_trip(bool compressed)
{
    struct recording recording;
    rec_output_file *file;
    recording_init(&recording, 1);
    recording_use_folder(&recording);
    g_assert_cmpint(rec_output_file_open(&file, recording.folder, "rows", compressed,
                                         recording.error, sizeof recording.error),
                    ==, 0);
    rec_output *output = rec_output_file_output(file);
    GString *expected = write_rows(output, MANY);
    g_assert_cmpint(rec_output_file_finish(file), ==, 0);
    g_assert_null(recording_read(&recording, "rows", NULL));
    g_assert_cmpint(rec_output_file_publish(file), ==, 0);
    GString *text = read_back(&recording, "rows", compressed);
    g_assert_cmpmem(text->str, text->len, expected->str, expected->len);
    char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text->str, (gssize)text->len);
    g_assert_cmpstr(rec_output_file_hash(file), ==, hash);
    g_assert_cmpuint(rec_output_bytes(output), ==, text->len);
    g_assert_cmpuint(recording_count_files(&recording), ==, 1);
    rec_output_file_free(file);
    g_free(hash);
    g_string_free(text, TRUE);
    g_string_free(expected, TRUE);
    recording_clear(&recording);
}

static void test_plain(void)
{
    check_round_trip(false);
}

static void test_zstd(void)
{
    check_round_trip(true);
}

/* One that is given up while its thread is at work leaves nothing. */
static void test_given_up(void)
{
    struct recording recording;
    rec_output_file *file;
    recording_init(&recording, 1);
    recording_use_folder(&recording);
    g_assert_cmpint(rec_output_file_open(&file, recording.folder, "rows", true, recording.error,
                                         sizeof recording.error),
                    ==, 0);
    g_string_free(write_rows(rec_output_file_output(file), MANY), TRUE);
    rec_output_file_free(file);
    g_assert_cmpuint(recording_count_files(&recording), ==, 0);
    recording_clear(&recording);
}

/* The first error sticks, names the file, and nothing stays. */
static void check_full(struct recording *recording, bool compressed, const char *reason)
{
    rec_output_file *file;
    g_assert_cmpint(rec_output_file_open(&file, recording->folder, "rows", compressed,
                                         recording->error, sizeof recording->error),
                    ==, 0);
    rec_output *output = rec_output_file_output(file);
    g_string_free(write_rows(output, MANY), TRUE);
    g_string_free(write_rows(output, MANY), TRUE);
    g_assert_cmpint(rec_output_file_finish(file), ==, MB_ERR_FULL);
    char *expected = g_strdup_printf("%s/rows: %s", recording->folder, reason);
    g_assert_cmpstr(rec_output_message(output), ==, expected);
    g_free(expected);
    rec_output_file_free(file);
    g_assert_cmpuint(recording_count_files(recording), ==, 0);
}

static void test_full_device(void)
{
    struct recording recording;
    recording_init(&recording, 1);
    recording_use_folder(&recording);
    char *name = g_build_filename(recording.folder, "rows.tmp", NULL);
    g_assert_cmpint(symlink("/dev/full", name), ==, 0);
    check_full(&recording, false, "No space left on device");
    g_assert_cmpint(symlink("/dev/full", name), ==, 0);
    check_full(&recording, true, "No space left on device");
    g_free(name);
    recording_clear(&recording);
}

static void test_size_limit(void)
{
    struct recording recording;
    struct rlimit before, small;
    recording_init(&recording, 1);
    recording_use_folder(&recording);
    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &before), ==, 0);
    small = before;
    /* Before there is a thread, on the thread, and compressed. */
    const rlim_t limits[] = {300000, 2500000, 300000};
    for (unsigned i = 0; i < 3; i++) {
        small.rlim_cur = limits[i];
        setrlimit(RLIMIT_FSIZE, &small);
        check_full(&recording, i == 2, "File too large");
    }
    setrlimit(RLIMIT_FSIZE, &before);
    recording_clear(&recording);
}

/* ---- handed to a function ------------------------------------------------------------------- */

struct taken {
    GString *text;
    unsigned pieces;
    unsigned refuse_at; /* this piece is refused; 0: none */
};

static int take(void *context, const char *name, const char *bytes, size_t size)
{
    struct taken *taken = context;
    g_assert_cmpstr(name, ==, "rows.csv");
    g_assert_true(bytes[size - 1] == '\n' || size == 100000);
    g_string_append_len(taken->text, bytes, (gssize)size);
    return ++taken->pieces == taken->refuse_at;
}

/* Whole rows, in order; after a refusal nothing more, and publishing says so. */
static void check_taken(unsigned refuse_at)
{
    struct taken taken = {g_string_new(NULL), 0, refuse_at};
    char error[512] = "";
    rec_sink_call call;
    rec_output *output, *other;
    rec_sink_call_init(&call, take, &taken);
    g_assert_cmpint(call.sink.begin(&call.sink, error, sizeof error), ==, 0);
    g_assert_cmpint(call.sink.open(&call.sink, "rows.csv", &output, error, sizeof error), ==, 0);
    g_assert_cmpint(call.sink.open(&call.sink, "none.csv", &other, error, sizeof error), ==, 0);
    GString *expected = write_rows(output, FEW);
    rec_output_write(output, "end\n", 4);
    g_string_append(expected, "end\n");
    g_assert_true(call.sink.failed(&call.sink) == (refuse_at > 0));
    int result = call.sink.publish(&call.sink, true, error, sizeof error);
    g_assert_cmpint(result, ==, refuse_at ? MB_ERR_IO : 0);
    g_assert_cmpstr(error, ==, refuse_at ? "rows.csv: not taken" : "");
    g_assert_cmpuint(taken.pieces, ==, refuse_at ? refuse_at : 6);
    if (!refuse_at) g_assert_cmpmem(taken.text->str, taken.text->len, expected->str, expected->len);
    rec_sink_call_clear(&call);
    g_string_free(expected, TRUE);
    g_string_free(taken.text, TRUE);
}

static void test_taken(void)
{
    check_taken(0);
    check_taken(1);
    check_taken(2);
}

/* ---- folders ------------------------------------------------------------------------------- */

static int open_results(sim_results **results, const char *folder, bool force)
{
    char error[512] = "";
    int result = sim_results_open(results, folder, force, false, error, sizeof error);
    if (result != 0) g_assert_true(g_str_has_prefix(error, folder));
    return result;
}

static void test_folder_made_and_unmade(void)
{
    struct recording recording;
    sim_results *results;
    recording_init(&recording, 1);
    recording_use_folder(&recording);
    char *deep = g_build_filename(recording.folder, "a", "b//c/", NULL);
    g_assert_cmpint(open_results(&results, deep, false), ==, 0);
    g_assert_true(g_file_test(deep, G_FILE_TEST_IS_DIR));
    sim_results_free(results);
    g_assert_cmpuint(recording_count_files(&recording), ==, 0);
    g_assert_true(g_file_test(recording.folder, G_FILE_TEST_IS_DIR));
    g_free(deep);
    recording_clear(&recording);
}

static void test_folder_refused(void)
{
    struct recording recording;
    sim_results *results;
    recording_init(&recording, 1);
    recording_use_folder(&recording);
    char *file = g_build_filename(recording.folder, "notes.txt", NULL);
    char *below = g_build_filename(file, "out", NULL);
    g_assert_true(g_file_set_contents(file, "mine", -1, NULL));
    g_assert_cmpint(open_results(&results, recording.folder, false), ==, MB_ERR_EXISTS);
    g_assert_null(results);
    g_assert_cmpint(open_results(&results, file, true), ==, MB_ERR_ARGUMENT);
    g_assert_cmpint(open_results(&results, below, true), ==, MB_ERR_ARGUMENT);
    g_assert_cmpuint(recording_count_files(&recording), ==, 1);
    g_free(below);
    g_free(file);
    recording_clear(&recording);
}

static void put_file(const struct recording *recording, const char *name)
{
    char *path = g_build_filename(recording->folder, name, NULL);
    g_assert_true(g_file_set_contents(path, "old", -1, NULL));
    g_free(path);
}

/* --force takes away what an earlier run left, half-written files too, and nobody else's. */
static void test_folder_forced(void)
{
    struct recording recording;
    sim_results *results;
    rec_output *output;
    const sim_manifest manifest = {.folder = "x"};
    recording_init(&recording, 1);
    recording_use_folder(&recording);
    put_file(&recording, "manifest.json");
    put_file(&recording, "events.csv.zst");
    put_file(&recording, "provenance.csv.tmp");
    put_file(&recording, "notes.txt");
    g_assert_cmpint(open_results(&results, recording.folder, true), ==, 0);
    g_assert_null(recording_read(&recording, "manifest.json", NULL));
    g_assert_cmpuint(recording_count_files(&recording), ==, 3);
    g_assert_cmpint(sim_results_add(results, "timeline.csv", false, &output, recording.error,
                                    sizeof recording.error),
                    ==, 0);
    g_assert_cmpint(
        sim_results_publish(results, &manifest, recording.error, sizeof recording.error), ==, 0);
    sim_results_free(results);
    g_assert_cmpuint(recording_count_files(&recording), ==, 3);
    char *notes = recording_read(&recording, "notes.txt", NULL);
    g_assert_cmpstr(notes, ==, "old");
    g_free(notes);
    recording_clear(&recording);
}

/* Where one file cannot have its name, none keeps its. */
static void test_publish_fails(void)
{
    struct recording recording;
    sim_results *results;
    rec_output *output;
    const sim_manifest manifest = {.folder = "x"};
    recording_init(&recording, 1);
    recording_use_folder(&recording);
    g_assert_cmpint(open_results(&results, recording.folder, false), ==, 0);
    sim_results_add(results, "timeline.csv", false, &output, recording.error,
                    sizeof recording.error);
    sim_results_add(results, "config.ini", false, &output, recording.error, sizeof recording.error);
    char *in_the_way = g_build_filename(recording.folder, "config.ini", NULL);
    g_assert_cmpint(g_mkdir(in_the_way, 0777), ==, 0);
    g_assert_cmpint(
        sim_results_publish(results, &manifest, recording.error, sizeof recording.error), ==,
        MB_ERR_IO);
    g_assert_nonnull(strstr(recording.error, "config.ini"));
    sim_results_free(results);
    g_assert_cmpuint(recording_count_files(&recording), ==, 1);
    g_rmdir(in_the_way);
    g_free(in_the_way);
    recording_clear(&recording);
}

/* RFC 4180: quoted where a comma, a quote or a line end is in it. */
static void test_fields(void)
{
    static const struct {
        const char *field, *put;
    } cases[] = {{"dsl-1", "dsl-1"},
                 {"", ""},
                 {"a,b", "\"a,b\""},
                 {"\"", "\"\"\"\""},
                 {"two\nlines", "\"two\nlines\""},
                 {"blank is plain", "blank is plain"}};
    char text[64];
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        *rec_put_field(text, cases[i].field) = '\0';
        g_assert_cmpstr(text, ==, cases[i].put);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/output/fields", test_fields);
    g_test_add_func("/output/put-number", test_put_number);
    g_test_add_func("/output/put-time", test_put_time);
    g_test_add_func("/output/put-ratio", test_put_ratio);
    g_test_add_func("/output/fraction", test_fraction);
    g_test_add_func("/output/json", test_json);
    g_test_add_func("/output/taken", test_taken);
    g_test_add_func("/output/plain", test_plain);
    g_test_add_func("/output/zstd", test_zstd);
    g_test_add_func("/output/given-up", test_given_up);
    g_test_add_func("/output/full-device", test_full_device);
    g_test_add_func("/output/size-limit", test_size_limit);
    g_test_add_func("/results/made-and-unmade", test_folder_made_and_unmade);
    g_test_add_func("/results/refused", test_folder_refused);
    g_test_add_func("/results/forced", test_folder_forced);
    g_test_add_func("/results/publish-fails", test_publish_fails);
    return g_test_run();
}
