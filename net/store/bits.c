#include "net/store/bits.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/blockset.h"

#define HEAD_SIZE NET_STORE_HEAD_SIZE

static const char magic[8] = {'M', 'i', 'n', 'i', 'B', 'i', 't', '1'};

static void put_le(uint8_t *to, uint64_t number, size_t size)
{
    assert(size <= 8);
    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t)(number >> (8 * i));
}

void net_store_bits_head(uint8_t head[NET_STORE_HEAD_SIZE], const mb_manifest *manifest,
                         const uint8_t *identity)
{
    memcpy(head, magic, sizeof magic);
    memcpy(head + 8, identity, MB_HASH_SIZE);
    put_le(head + 8 + MB_HASH_SIZE, manifest->geometry.size, 8);
    put_le(head + 16 + MB_HASH_SIZE, manifest->geometry.block_size, 4);
    put_le(head + 20 + MB_HASH_SIZE, 0, 4);
}

static size_t set_size(const net_store_bits *bits)
{
    return ((size_t)bits->blocks + 7) / 8;
}

static int io_error(void)
{
    return errno == ENOSPC || errno == EDQUOT ? MB_ERR_FULL : MB_ERR_IO;
}

static int write_at(int fd, const void *bytes, size_t size, off_t at)
{
    const uint8_t *from = bytes;

    assert(fd >= 0);
    while (size > 0) { /* a disk that fills up, or a signal, may end it early */
        ssize_t put = TEMP_FAILURE_RETRY(pwrite(fd, from, size, at));

        if (put == 0) errno = ENOSPC;
        if (put <= 0) return io_error();
        from += put;
        at += put;
        size -= (size_t)put;
    }
    return MB_OK;
}

static uint8_t byte_of(const net_store_bits *bits, uint32_t index)
{
    assert(index < set_size(bits));
    return (uint8_t)(bits->set[index / 8] >> (index % 8 * 8));
}

/* Takes up what the file claims: it is of this very file. */
static int read_claims(net_store_bits *bits)
{
    assert(bits->fd >= 0);
    size_t size = set_size(bits);
    size_t here = 0;
    ssize_t got = 1;
    uint8_t *bytes = calloc(1, size + 1);

    if (!bytes) return MB_ERR_MEMORY;
    while (here < size && got > 0) { /* one that was cut claims less */
        off_t at = HEAD_SIZE + (off_t)here;

        got = TEMP_FAILURE_RETRY(pread(bits->fd, bytes + here, size - here, at));
        if (got > 0) here += (size_t)got;
    }
    for (size_t i = 0; i < here; i++)
        bits->set[i / 8] |= (uint64_t)bytes[i] << (i % 8 * 8);
    if (bits->blocks % 64) bits->set[bits->blocks / 64] &= (UINT64_C(1) << bits->blocks % 64) - 1;
    free(bytes);
    bits->found = true;
    return MB_OK;
}

/* Moves a name, never onto another; 0, or -1 with errno. */
static int rename_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return -1;
    if (link(from, to) != 0) return -1;
    return unlink(from);
}

/* A file of its full size, so that a claim is one byte written in place. It gets its name when it
 * is whole: whoever sees it sees a header. */
static int begin(net_store_bits *bits, const uint8_t head[HEAD_SIZE])
{
    char *fresh = NULL;
    int error = MB_OK;

    if (asprintf(&fresh, "%s.new", bits->path) < 0) return MB_ERR_MEMORY;
    (void)unlink(fresh); /* of a program that was killed; it holds nothing */
    bits->fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (bits->fd < 0) error = io_error();
    if (!error) (void)flock(bits->fd, LOCK_EX | LOCK_NB);
    if (!error && TEMP_FAILURE_RETRY(ftruncate(bits->fd, (off_t)(HEAD_SIZE + set_size(bits)))) != 0)
        error = io_error();
    if (!error) error = write_at(bits->fd, head, HEAD_SIZE, 0);
    if (!error) (void)fdatasync(bits->fd); /* it is advice: without it nothing is lost */
    if (!error && rename_new(fresh, bits->path) != 0)
        error = errno == EEXIST ? MB_ERR_STATE : io_error(); /* another program was quicker */
    if (error && bits->fd >= 0) (void)unlink(fresh);
    free(fresh);
    return error;
}

int net_store_bits_open(net_store_bits *bits, const char *path, const mb_manifest *manifest,
                        const uint8_t *identity)
{
    uint8_t head[HEAD_SIZE];

    *bits = (net_store_bits){.fd = -1, .blocks = manifest->geometry.blocks};
    bits->path = strdup(path);
    bits->set = calloc(mb_blockset_words(bits->blocks) + 1, sizeof *bits->set);
    if (!bits->path || !bits->set) return MB_ERR_MEMORY;
    net_store_bits_head(head, manifest, identity);
    bits->fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (bits->fd < 0) return errno == ENOENT ? begin(bits, head) : io_error();
    if (flock(bits->fd, LOCK_EX | LOCK_NB) != 0) return errno == EWOULDBLOCK ? MB_ERR_STATE : MB_OK;
    return read_claims(bits);
}

void net_store_bits_claim_all(net_store_bits *bits)
{
    mb_blockset_fill(bits->set, bits->blocks);
}

void net_store_bits_claim_none(net_store_bits *bits)
{
    mb_blockset_clear(bits->set, mb_blockset_words(bits->blocks));
}

int net_store_bits_claim(net_store_bits *bits, uint32_t block)
{
    assert(block < bits->blocks);
    uint8_t byte;

    if (bits->fd < 0 || mb_blockset_has(bits->set, block)) return MB_OK;
    mb_blockset_add(bits->set, block);
    byte = byte_of(bits, block / 8);
    return write_at(bits->fd, &byte, 1, (off_t)(HEAD_SIZE + block / 8));
}

int net_store_bits_settle(net_store_bits *bits, const uint64_t *held)
{
    size_t size = set_size(bits);
    uint8_t *bytes;
    int error;

    if (bits->fd < 0) return MB_OK;
    memcpy(bits->set, held, mb_blockset_words(bits->blocks) * sizeof *held);
    bytes = malloc(size + 1);
    if (!bytes) return MB_ERR_MEMORY;
    for (uint32_t i = 0; i < size; i++)
        bytes[i] = byte_of(bits, i);
    error = write_at(bits->fd, bytes, size, HEAD_SIZE);
    free(bytes);
    return error;
}

void net_store_bits_remove(net_store_bits *bits)
{
    if (bits->fd < 0) return;
    (void)unlink(bits->path);
    close(bits->fd);
    bits->fd = -1;
}

void net_store_bits_close(net_store_bits *bits)
{
    if (bits->fd >= 0) close(bits->fd);
    free(bits->path);
    free(bits->set);
    *bits = (net_store_bits){.fd = -1};
}
