#include "tests/lib/failing_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

static struct {
    const char *name;
    unsigned skip, times;
    int code;
} rules[4];
static unsigned rule_count, failed;

void failing_call(const char *name, unsigned skip, unsigned times, int code)
{
    if (rule_count == sizeof rules / sizeof *rules) abort();
    rules[rule_count].name = name;
    rules[rule_count].skip = skip;
    rules[rule_count].times = times;
    rules[rule_count++].code = code;
}

unsigned failing_calls_end(void)
{
    unsigned count = failed;
    rule_count = failed = 0;
    return count;
}

/* Whether this call fails; then *result is what it returns. */
static bool fails(const char *name, int *result)
{
    for (unsigned i = 0; i < rule_count; i++) {
        if (strcmp(rules[i].name, name) != 0) continue;
        if (rules[i].skip > 0) {
            rules[i].skip--;
        } else if (rules[i].times > 0) {
            rules[i].times--;
            failed++;
            if (rules[i].code != 0) errno = rules[i].code;
            *result = rules[i].code != 0 ? -1 : 0;
            return true;
        }
    }
    return false;
}

/* A call NAME that is SYMBOL to the linker. */
#define WRAP(result, name, symbol, parameters, arguments)                                          \
    result __real_##symbol parameters;                                                             \
    result __wrap_##symbol parameters;                                                             \
    result __wrap_##symbol parameters                                                              \
    {                                                                                              \
        int rc;                                                                                    \
        return fails(name, &rc) ? rc : __real_##symbol arguments;                                  \
    }

WRAP(ssize_t, "pread", pread64, (int fd, void *to, size_t size, off_t at), (fd, to, size, at))
WRAP(ssize_t, "pwrite", pwrite64, (int fd, const void *from, size_t size, off_t at),
     (fd, from, size, at))
WRAP(int, "fstat", fstat64, (int fd, struct stat *info), (fd, info))
WRAP(int, "ftruncate", ftruncate64, (int fd, off_t size), (fd, size))
WRAP(int, "fallocate", fallocate64, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size))
WRAP(int, "fdatasync", fdatasync, (int fd), (fd))
WRAP(int, "fsync", fsync, (int fd), (fd))
WRAP(int, "link", link, (const char *from, const char *to), (from, to))
WRAP(int, "unlink", unlink, (const char *path), (path))
WRAP(int, "renameat2", renameat2,
     (int from, const char *old, int to, const char *new, unsigned flags),
     (from, old, to, new, flags))

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
    int rc, closed = __real_close(fd);
    return fails("close", &rc) ? rc : closed;
}

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
    va_list rest;
    int rc;
    va_start(rest, flags);
    int mode = flags & O_CREAT ? va_arg(rest, int) : 0;
    va_end(rest);
    return fails("open", &rc) ? rc : __real_open64(path, flags, mode);
}

/* OpenSSL's calls return 1, or what they made; 0 or NULL where they fail. */
#define WRAP_EVP(result, symbol, parameters, arguments)                                            \
    result __real_##symbol parameters;                                                             \
    result __wrap_##symbol parameters;                                                             \
    result __wrap_##symbol parameters                                                              \
    {                                                                                              \
        int rc;                                                                                    \
        return fails(#symbol, &rc) ? 0 : __real_##symbol arguments;                                \
    }

WRAP_EVP(EVP_MD *, EVP_MD_fetch, (OSSL_LIB_CTX * ctx, const char *name, const char *properties),
         (ctx, name, properties))
WRAP_EVP(EVP_MD_CTX *, EVP_MD_CTX_new, (void), ())
WRAP_EVP(int, EVP_DigestInit_ex2,
         (EVP_MD_CTX * ctx, const EVP_MD *method, const OSSL_PARAM parameters[]),
         (ctx, method, parameters))
WRAP_EVP(int, EVP_DigestUpdate, (EVP_MD_CTX * ctx, const void *from, size_t size),
         (ctx, from, size))
WRAP_EVP(int, EVP_DigestFinal_ex, (EVP_MD_CTX * ctx, unsigned char *hash, unsigned *size),
         (ctx, hash, size))
