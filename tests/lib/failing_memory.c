/*
 * Lets memory run out in a program: loaded before the C library (LD_PRELOAD), it makes allocations
 * fail that the program's own code asks for, or the code of one of its shared libraries. All else
 * is left alone: GLib ends the program where it gets none, and says so. Threads may ask at once.
 *
 * FAILING_ALLOCATION  the number of the first that fails, from 1
 * FAILING_FOR_GOOD    set: all that follow fail too; else only that one
 * FAILING_LIBRARY     whose code: a shared library, by a part of its path; else the program's own
 * FAILING_PROGRAM     only in the program of this name, not in others that have this environment
 * COUNTED_ALLOCATIONS a file that gets their number at the end
 */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static atomic_ulong count;
static unsigned long fail_at;
static bool for_good;
static ElfW(Addr) text_begin, text_end; /* of the code whose allocations fail */

/* The program is the first object of all. */
static int find_code(struct dl_phdr_info *info, size_t size, void *library)
{
    (void)size;
    if (library && !strstr(info->dlpi_name, library)) return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];

        if (header->p_type != PT_LOAD || !(header->p_flags & PF_X)) continue;
        text_begin = info->dlpi_addr + header->p_vaddr;
        text_end = text_begin + header->p_memsz;
    }
    return 1;
}

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("FAILING_ALLOCATION"), *only = getenv("FAILING_PROGRAM");

    if (only && strcmp(only, program_invocation_short_name) != 0) return;
    fail_at = at ? strtoul(at, NULL, 10) : 0;
    for_good = getenv("FAILING_FOR_GOOD") != NULL;
    dl_iterate_phdr(find_code, getenv("FAILING_LIBRARY"));
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("COUNTED_ALLOCATIONS");
    FILE *file = path && text_end > 0 ? fopen(path, "w") : NULL;

    if (!file) return;
    fprintf(file, "%lu\n", atomic_load(&count));
    fclose(file);
}

/* Whether the allocation that `caller` asks for is to fail. */
static bool fails(const void *caller)
{
    ElfW(Addr) from = (ElfW(Addr))caller;

    if (from < text_begin || from >= text_end) return false;
    unsigned long number = atomic_fetch_add(&count, 1) + 1;
    if (fail_at == 0 || number < fail_at || (number > fail_at && !for_good)) return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t items, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(items, size);
}

void *realloc(void *old, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    if (fails(__builtin_return_address(0))) return ENOMEM;
    *memory = __libc_memalign(alignment, size);
    return *memory ? 0 : ENOMEM;
}

char *strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);

    return copy ? memcpy(copy, text, size) : NULL;
}

char *strndup(const char *text, size_t most)
{
    size_t size = strnlen(text, most);
    char *copy = fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size + 1);

    if (!copy) return NULL;
    copy[size] = '\0';
    return memcpy(copy, text, size);
}

int asprintf(char **text, const char *format, ...)
{
    va_list arguments;
    int size = -1;

    if (fails(__builtin_return_address(0))) return size;
    va_start(arguments, format);
    size = vasprintf(text, format, arguments);
    va_end(arguments);
    return size;
}
