/*
 * Runs a fuzz target over files and their neighbours, and prints TAP: for where no fuzzer is.
 *
 *     fuzz_NAME [--most N] FILE|FOLDER...
 *
 * A neighbour is the file cut off somewhere, without one of its bytes, or with another byte in the
 * place of one: a flipped bit or one of some two dozen bytes that formats give a meaning. `--most`
 * runs about so many of them for each file, spread evenly (2000); 0 runs all, with every value of
 * every byte. A fuzzer does the same with -around=N before its other options.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_MAX_READ = 1 << 20, FILES_MAX = 4096 };

static uint64_t inputs;
static uint64_t most = 2000;
static char *files[FILES_MAX];
static int file_count;

static void add_file(const char *path)
{
    if (file_count < FILES_MAX) files[file_count++] = strdup(path);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A file, or all files of a folder. */
static void add(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    int first = file_count;
    if (!folder) {
        add_file(path);
        return;
    }
    while ((entry = readdir(folder))) {
        char whole[4096];
        snprintf(whole, sizeof whole, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.') add_file(whole);
    }
    closedir(folder);
    qsort(files + first, (size_t)(file_count - first), sizeof *files, by_name);
}

static int run_file(const char *path)
{
    static uint8_t data[SIZE_MAX_READ];
    FILE *file = fopen(path, "rb");
    if (!file) return 1;
    size_t size = fread(data, 1, sizeof data, file);
    fclose(file);
    inputs += fuzz_run_around(data, size, most);
    return 0;
}

static int run_files(void)
{
    int failed = file_count == 0;
    printf("1..%d\n", file_count);
    for (int i = 0; i < file_count; i++) {
        int wrong = run_file(files[i]);
        const char *name = strrchr(files[i], '/');
        printf("%s %d - %s\n", wrong ? "not ok" : "ok", i + 1, name ? name + 1 : files[i]);
        fflush(stdout);
        failed |= wrong;
    }
    printf("# %llu inputs\n", (unsigned long long)inputs);
    return failed;
}

#ifdef MB_FUZZER
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    if (*argc < 3 || strncmp((*argv)[1], "-around=", 8) != 0) return 0;
    most = strtoull((*argv)[1] + 8, NULL, 10);
    for (int i = 2; i < *argc; i++)
        add((*argv)[i]);
    exit(run_files());
}
#else
int main(int argc, char **argv)
{
    int first = 1;
    if (argc > 2 && strcmp(argv[1], "--most") == 0) {
        most = strtoull(argv[2], NULL, 10);
        first = 3;
    }
    for (int i = first; i < argc; i++)
        add(argv[i]);
    return run_files();
}
#endif
