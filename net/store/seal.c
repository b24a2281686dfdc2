#include "net/store/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE ((size_t)1 << 20)
#define SEAL_SIZE (NET_STORE_HEAD_SIZE + MB_HASH_SIZE)

/* The SHA-256 of all of it; false where it cannot be read. */
static bool hash_all(mb_storage *storage, uint8_t hash[MB_HASH_SIZE])
{
    mb_hasher *hasher = mb_hasher_new();
    uint8_t *bytes = malloc(PIECE);
    uint64_t size = 0;
    bool done = hasher && bytes && mb_storage_size(storage, &size) == MB_OK &&
                mb_hasher_begin(hasher) == MB_OK;

    for (uint64_t at = 0; done && at < size; at += PIECE) {
        size_t piece = size - at < PIECE ? (size_t)(size - at) : PIECE;

        done = mb_storage_read(storage, at, bytes, piece) == MB_OK &&
               mb_hasher_add(hasher, bytes, piece) == MB_OK;
    }
    done = done && mb_hasher_end(hasher, hash) == MB_OK;
    free(bytes);
    mb_hasher_free(hasher);
    return done;
}

void net_store_seal_write(const char *path, const uint8_t head[NET_STORE_HEAD_SIZE],
                          mb_storage *storage)
{
    uint8_t seal[SEAL_SIZE];
    int fd;

    memcpy(seal, head, NET_STORE_HEAD_SIZE);
    if (!hash_all(storage, seal + NET_STORE_HEAD_SIZE)) return;
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0) return;
    if (TEMP_FAILURE_RETRY(write(fd, seal, sizeof seal)) != (ssize_t)sizeof seal)
        (void)unlink(path);
    (void)close(fd);
}

bool net_store_seal_holds(const char *path, const uint8_t head[NET_STORE_HEAD_SIZE],
                          mb_storage *storage)
{
    uint8_t seal[SEAL_SIZE + 1], hash[MB_HASH_SIZE];
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool whole;

    if (fd < 0) return false;
    whole = TEMP_FAILURE_RETRY(read(fd, seal, sizeof seal)) == SEAL_SIZE;
    (void)close(fd);
    return whole && !memcmp(seal, head, NET_STORE_HEAD_SIZE - 4) && hash_all(storage, hash) &&
           !memcmp(seal + NET_STORE_HEAD_SIZE, hash, MB_HASH_SIZE);
}
