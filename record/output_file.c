#include "record/output_file.h"

#include "record/output_file_thread.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

/* Provenance shrinks to a sixth at level 1, to little less at any level that keeps pace. */
#define ZSTD_LEVEL 1
/* A file that grows beyond this has a thread of its own; a smaller one is done before that pays. */
#define THREAD_FROM (4 * REC_OUTPUT_BUFFER)

struct rec_output_file {
    rec_output output; /* the first member */
    char *path;        /* the final name, */
    char *temporary;   /* the one it has until then, */
    const char *name;  /* and the former without its folder */
    char *packed;      /* room for what zstd gives back; NULL: not compressed */
    size_t packed_size;
    ZSTD_CCtx *zstd;
    EVP_MD_CTX *hash;
    int fd;                    /* -1: closed */
    bool created;              /* the temporary file is there */
    bool was_alone;            /* no thread could be had */
    rec_output_thread *thread; /* NULL: what is taken is written at once */
    /* The first error of the work on the bytes, the thread's while there is one; settle() hands it
     * to the output. */
    int error;
    char message[sizeof((rec_output *)NULL)->message];
    char digest[REC_OUTPUT_HASH_SIZE + 1];
};

/* Notes the first error, with the file's name and what the system says. */
static void output_fail(rec_output_file *file, int error, const char *reason)
{
    assert(error < 0);
    if (file->error) return;
    file->error = error;
    snprintf(file->message, sizeof file->message, "%s: %s", file->path, reason);
}

/* Where no thread is at work: the output has its error. */
static void settle(rec_output_file *file)
{
    assert(!file->thread);
    if (file->error) rec_output_fail(&file->output, file->error, "%s", file->message);
}

static void end_thread(rec_output_file *file)
{
    rec_output_thread_end(file->thread);
    file->thread = NULL;
    settle(file);
}

static void output_fail_errno(rec_output_file *file, int number)
{
    bool full = number == ENOSPC || number == EDQUOT || number == EFBIG;
    output_fail(file, full ? MB_ERR_FULL : MB_ERR_IO, strerror(number));
}

static void output_write_bytes(rec_output_file *file, const char *bytes, size_t size)
{
    while (size > 0 && !file->error) {
        ssize_t written = write(file->fd, bytes, size);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) {
            output_fail_errno(file, errno);
            return;
        }
        bytes += written;
        size -= (size_t)written;
    }
}

static void output_compress(rec_output_file *file, const char *bytes, size_t size,
                            ZSTD_EndDirective end)
{
    assert(file->zstd && file->packed);
    ZSTD_inBuffer in = {bytes, size, 0};
    bool more = true;
    while (more && !file->error) {
        ZSTD_outBuffer out = {file->packed, file->packed_size, 0};
        size_t left = ZSTD_compressStream2(file->zstd, &out, &in, end);
        if (ZSTD_isError(left)) {
            output_fail(file, MB_ERR_IO, ZSTD_getErrorName(left));
            return;
        }
        output_write_bytes(file, file->packed, out.pos);
        more = end == ZSTD_e_end ? left != 0 : in.pos < in.size;
    }
}

/* The work on the bytes, on whichever thread: hashed, compressed, written. False: it failed. */
static bool output_work(void *context, const char *bytes, size_t size)
{
    rec_output_file *file = context;
    assert(file->fd >= 0);
    if (EVP_DigestUpdate(file->hash, bytes, size) != 1)
        output_fail(file, MB_ERR_MEMORY, "cannot be hashed");
    else if (file->zstd)
        output_compress(file, bytes, size, ZSTD_e_continue);
    else
        output_write_bytes(file, bytes, size);
    return !file->error;
}

static void output_take(rec_output *output, const char *bytes, size_t size)
{
    rec_output_file *file = (rec_output_file *)output;
    if (!file->thread && !file->was_alone && output->taken > THREAD_FROM) {
        file->thread = rec_output_thread_new(output_work, file);
        file->was_alone = !file->thread;
    }
    if (file->thread) {
        if (!rec_output_thread_put(file->thread, bytes, size)) end_thread(file);
        return;
    }
    output_work(file, bytes, size);
    settle(file);
}

static char *join(const char *folder, const char *name, const char *suffix)
{
    size_t size = strlen(folder) + strlen(name) + strlen(suffix) + 2;
    char *text = malloc(size);
    if (text) snprintf(text, size, "%s/%s%s", folder, name, suffix);
    return text;
}

static bool output_allocate(rec_output_file *file, const char *folder, const char *name,
                            bool compressed)
{
    file->path = join(folder, name, "");
    file->temporary = join(folder, name, ".tmp");
    file->hash = EVP_MD_CTX_new();
    if (!rec_output_init(&file->output, output_take)) return false;
    if (!file->path || !file->temporary || !file->hash) return false;
    file->name = strrchr(file->path, '/') + 1;
    if (EVP_DigestInit_ex(file->hash, EVP_sha256(), NULL) != 1) return false;
    if (!compressed) return true;
    file->packed_size = ZSTD_CStreamOutSize();
    file->packed = malloc(file->packed_size);
    file->zstd = ZSTD_createCCtx();
    if (!file->packed || !file->zstd) return false;
    ZSTD_CCtx_setParameter(file->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
    ZSTD_CCtx_setParameter(file->zstd, ZSTD_c_checksumFlag, 1);
    return true;
}

static int output_create(rec_output_file *file)
{
    file->fd = open(file->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file->fd < 0) {
        output_fail(file, MB_ERR_IO, strerror(errno));
        settle(file);
        return MB_ERR_IO;
    }
    file->created = true;
    return MB_OK;
}

int rec_output_file_open(rec_output_file **file, const char *folder, const char *name,
                         bool compressed, char *error, size_t error_size)
{
    *file = NULL;
    rec_output_file *made = calloc(1, sizeof *made);
    if (made) made->fd = -1;
    if (!made || !output_allocate(made, folder, name, compressed)) {
        snprintf(error, error_size, "%s/%s: out of memory", folder, name);
        rec_output_file_free(made);
        return MB_ERR_MEMORY;
    }
    int result = output_create(made);
    if (result) {
        snprintf(error, error_size, "%s", made->output.message);
        rec_output_file_free(made);
        return result;
    }
    *file = made;
    return MB_OK;
}

rec_output *rec_output_file_output(rec_output_file *file)
{
    return &file->output;
}

static void output_finish_hash(rec_output_file *file)
{
    assert(file->hash);
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (EVP_DigestFinal_ex(file->hash, bytes, &size) != 1) {
        output_fail(file, MB_ERR_MEMORY, "cannot be hashed");
        return;
    }
    for (unsigned i = 0; i < size && 2 * i < REC_OUTPUT_HASH_SIZE; i++) {
        file->digest[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        file->digest[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
}

int rec_output_file_finish(rec_output_file *file)
{
    if (file->fd < 0) return file->output.error;
    rec_output_flush(&file->output);
    end_thread(file);
    if (file->zstd) output_compress(file, NULL, 0, ZSTD_e_end);
    output_finish_hash(file);
    /* A signal that comes with the end leaves the file closed all the same. */
    if (close(file->fd) != 0 && errno != EINTR) output_fail_errno(file, errno);
    file->fd = -1;
    settle(file);
    return file->output.error;
}

int rec_output_file_publish(rec_output_file *file)
{
    assert(file->fd < 0 && !file->output.error);
    if (rename(file->temporary, file->path) != 0) {
        output_fail_errno(file, errno);
        settle(file);
        return file->output.error;
    }
    file->created = false;
    return MB_OK;
}

void rec_output_file_free(rec_output_file *file)
{
    if (!file) return;
    rec_output_thread_end(file->thread);
    if (file->fd >= 0) close(file->fd);
    if (file->created) unlink(file->temporary);
    ZSTD_freeCCtx(file->zstd);
    EVP_MD_CTX_free(file->hash);
    rec_output_clear(&file->output);
    free(file->packed);
    free(file->temporary);
    free(file->path);
    free(file);
}

const char *rec_output_file_name(const rec_output_file *file)
{
    return file->name;
}

const char *rec_output_file_hash(const rec_output_file *file)
{
    return file->digest;
}
