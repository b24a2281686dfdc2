#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64], path[400];

uint8_t fuzz_byte(fuzz_bytes *bytes)
{
    if (bytes->left == 0) return 0;
    bytes->left--;
    return *bytes->at++;
}

uint32_t fuzz_below(fuzz_bytes *bytes, uint32_t bound)
{
    uint32_t value = fuzz_byte(bytes);
    if (bound > 256) value = value << 8 | fuzz_byte(bytes);
    return value % bound;
}

static void remove_folder(void)
{
    fuzz_clean();
    (void)rmdir(folder);
}

const char *fuzz_folder(void)
{
    if (*folder) return folder;
    snprintf(folder, sizeof folder, "%s/minibit-fuzz.XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(folder)) {
        perror(folder);
        exit(1);
    }
    atexit(remove_folder);
    return folder;
}

const char *fuzz_path(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
    return path;
}

const char *fuzz_put(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(fuzz_path(name), "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file)) {
        perror(path);
        exit(1);
    }
    return path;
}

void fuzz_clean(void)
{
    DIR *all = opendir(fuzz_folder());
    struct dirent *entry;
    while (all && (entry = readdir(all)))
        if (entry->d_name[0] != '.') (void)unlink(fuzz_path(entry->d_name));
    if (all) closedir(all);
}

void fuzz_check_error(const char *error)
{
    bool fine = error && *error;
    for (const char *at = error; fine && *at; at++)
        fine = (unsigned char)*at >= 0x20 && *at != 0x7f;
    if (fine) return;
    fprintf(stderr, "no error of one line: %s\n", error ? error : "(none)");
    abort();
}

/* Bytes that mean something in one of the formats that are read here. */
static const char telling[] = "\0\n\r[]{}=.-+9#$,:;\"\\!% \x7f\x80\xff";
enum { TELLING = sizeof telling - 1, BITS = 8 };

/* A cut, a byte taken out, or another byte in its place: neighbour `number` of the input. */
typedef struct neighbours {
    const uint8_t *data;
    size_t size;
    bool all; /* every other value of each byte, not only the telling ones and flipped bits */
    uint64_t count;
} neighbours;

static uint64_t values_each(const neighbours *n)
{
    return n->all ? 255 : TELLING + BITS;
}

/* Each lies in memory of exactly its size, so that a sanitizer sees a byte read too many. */
static void run_neighbour(const neighbours *n, uint64_t number)
{
    uint64_t each = values_each(n) + 2, kind = number % each;
    size_t at = (size_t)(number / each);
    size_t size = kind == 0 ? at : kind == 1 ? n->size - 1 : n->size;
    uint8_t *copy = malloc(size > 0 ? size : 1);
    assert(copy);
    memcpy(copy, n->data, kind == 1 ? at : size);
    if (kind == 1) memcpy(copy + at, n->data + at + 1, n->size - at - 1);
    if (kind >= 2 && n->all) copy[at] = (uint8_t)(copy[at] + kind - 1);
    if (kind >= 2 && !n->all && kind < 2 + BITS) copy[at] ^= (uint8_t)(1 << (kind - 2));
    if (kind >= 2 + BITS && !n->all) copy[at] = (uint8_t)telling[kind - 2 - BITS];
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

uint64_t fuzz_run_around(const uint8_t *data, size_t size, uint64_t most)
{
    neighbours n = {.data = data, .size = size, .all = most == 0};
    uint64_t run = 0, count = size * (values_each(&n) + 2);
    /* An odd step that shares no factor with the values of a byte meets each kind of change. */
    uint64_t step = most > 0 && count > most ? count / most | 1 : 1;
    while (step > 1 && (values_each(&n) + 2) % step == 0)
        step += 2;
    LLVMFuzzerTestOneInput(data, size);
    for (uint64_t number = 0; number < count; number += step, run++)
        run_neighbour(&n, number);
    return run + 1;
}
