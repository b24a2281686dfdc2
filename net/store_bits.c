#include "net/store_bits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/blockset.h"

#define HEAD_SIZE (8 + MB_HASH_SIZE + 8 + 4 + 4)

static const char magic[8] = {'M', 'i', 'n', 'i', 'B', 'i', 't', '1'};

static void put_le(uint8_t *to, uint64_t number, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t)(number >> (8 * i));
}

/* All but the epoch, which is the last four bytes. */
static void put_head(uint8_t head[HEAD_SIZE], const mb_manifest *manifest, uint32_t epoch)
{
    memcpy(head, magic, sizeof magic);
    memcpy(head + 8, manifest->root, MB_HASH_SIZE);
    put_le(head + 8 + MB_HASH_SIZE, manifest->geometry.size, 8);
    put_le(head + 16 + MB_HASH_SIZE, manifest->geometry.block_size, 4);
    put_le(head + 20 + MB_HASH_SIZE, epoch, 4);
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
    ssize_t put;

    do {
        put = pwrite(fd, bytes, size, at);
    } while (put < 0 && errno == EINTR);
    if (put >= 0 && (size_t)put < size) errno = ENOSPC;
    return put == (ssize_t)size ? MB_OK : io_error();
}

static uint8_t byte_of(const net_store_bits *bits, uint32_t index)
{
    return (uint8_t)(bits->set[index / 8] >> (index % 8 * 8));
}

/* Takes up what the file claims, if it is of this very file. */
static void read_claims(net_store_bits *bits, const mb_manifest *manifest)
{
    size_t size = HEAD_SIZE + set_size(bits);
    uint8_t *bytes = malloc(size + 1), head[HEAD_SIZE];
    const uint8_t *epoch = bytes + HEAD_SIZE - 4;

    if (!bytes) return;
    put_head(head, manifest, 0);
    if (pread(bits->fd, bytes, size + 1, 0) == (ssize_t)size &&
        memcmp(bytes, head, HEAD_SIZE - 4) == 0) {
        bits->found = true;
        bits->epoch = (uint32_t)epoch[0] | (uint32_t)epoch[1] << 8 | (uint32_t)epoch[2] << 16 |
                      (uint32_t)epoch[3] << 24;
        if (bits->epoch == 0 || bits->epoch > UINT32_C(0x7fffffff)) bits->epoch = 1;
        for (uint32_t i = 0; i < set_size(bits); i++)
            bits->set[i / 8] |= (uint64_t)bytes[HEAD_SIZE + i] << (i % 8 * 8);
        if (bits->blocks % 64)
            bits->set[bits->blocks / 64] &= (UINT64_C(1) << bits->blocks % 64) - 1;
    }
    free(bytes);
}

/* A file of its full size, so that a claim is one byte written in place. */
static int begin(net_store_bits *bits, const mb_manifest *manifest)
{
    uint8_t head[HEAD_SIZE];

    put_head(head, manifest, bits->epoch);
    if (ftruncate(bits->fd, 0) != 0) return io_error();
    if (ftruncate(bits->fd, (off_t)(HEAD_SIZE + set_size(bits))) != 0) return io_error();
    return write_at(bits->fd, head, sizeof head, 0);
}

int net_store_bits_open(net_store_bits *bits, const char *path, const mb_manifest *manifest,
                        uint32_t epoch)
{
    *bits = (net_store_bits){.fd = -1, .blocks = manifest->geometry.blocks, .epoch = epoch};
    bits->path = strdup(path);
    bits->set = calloc(mb_blockset_words(bits->blocks) + 1, sizeof *bits->set);
    if (!bits->path || !bits->set) return MB_ERR_MEMORY;
    bits->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (bits->fd < 0) return io_error();
    if (flock(bits->fd, LOCK_EX | LOCK_NB) != 0) return errno == EWOULDBLOCK ? MB_ERR_STATE : MB_OK;
    read_claims(bits, manifest);
    return bits->found ? MB_OK : begin(bits, manifest);
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
    uint8_t byte;

    if (bits->fd < 0 || mb_blockset_has(bits->set, block)) return MB_OK;
    mb_blockset_add(bits->set, block);
    byte = byte_of(bits, block / 8);
    return write_at(bits->fd, &byte, 1, (off_t)(HEAD_SIZE + block / 8));
}

int net_store_bits_settle(net_store_bits *bits, const uint64_t *held, bool lost)
{
    size_t size = set_size(bits);
    uint8_t *bytes, epoch[4];
    int error;

    if (bits->fd < 0) return MB_OK;
    if (lost && bits->found) bits->epoch++;
    memcpy(bits->set, held, mb_blockset_words(bits->blocks) * sizeof *held);
    bytes = malloc(size + 1);
    if (!bytes) return MB_ERR_MEMORY;
    for (uint32_t i = 0; i < size; i++)
        bytes[i] = byte_of(bits, i);
    put_le(epoch, bits->epoch, 4);
    error = write_at(bits->fd, epoch, 4, HEAD_SIZE - 4);
    if (!error) error = write_at(bits->fd, bytes, size, HEAD_SIZE);
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
