#include "net/store/place.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "net/store/bits.h"

enum {
    LOCK_TRIES = 500,
    LOCK_PAUSE_NS = 10000000,
};

typedef enum stands {
    STANDS_NOTHING,
    STANDS_OURS,
    STANDS_OF_ANOTHER, /* MiniBit's, of another file or tracker */
    STANDS_UNKNOWN,    /* a regular file that says nothing of itself */
    STANDS_FOREIGN,    /* what no download of MiniBit's is: a link, a folder, another's header */
} stands;

static stands look_at_part(const char *path)
{
    struct stat info;

    if (lstat(path, &info) != 0) return STANDS_NOTHING;
    return S_ISREG(info.st_mode) ? STANDS_UNKNOWN : STANDS_FOREIGN;
}

/* *locked: another program holds it. */
static stands look_at_bits(const net_store_place *place, bool *locked)
{
    uint8_t head[NET_STORE_HEAD_SIZE], wanted[NET_STORE_HEAD_SIZE];
    struct stat info;
    stands found = STANDS_FOREIGN;
    ssize_t got;
    int fd;

    if (lstat(place->bits, &info) != 0) return STANDS_NOTHING;
    if (!S_ISREG(info.st_mode)) return STANDS_FOREIGN;
    fd = open(place->bits, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return STANDS_FOREIGN;
    got = TEMP_FAILURE_RETRY(pread(fd, head, sizeof head, 0));
    net_store_bits_head(wanted, place->manifest, place->identity);
    if (got == (ssize_t)sizeof head && !memcmp(head, wanted, NET_STORE_HEAD_SIZE - 4))
        found = STANDS_OURS;
    else if (got >= 8 && !memcmp(head, wanted, 8))
        found = STANDS_OF_ANOTHER;
    *locked = found != STANDS_FOREIGN && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    (void)close(fd); /* and the lock with it */
    return found;
}

/* ---- making way ---- */

static int refuse(net_store_place *place, const char *path, const char *what)
{
    assert(what[0]);
    snprintf(place->said, sizeof place->said,
             "%s is there and %s; remove it, choose another --output-dir or --name, or let --force "
             "replace it",
             path, what);
    return MB_ERR_EXISTS;
}

static int take_away(net_store_place *place, const char *path, const char *what)
{
    if (!place->force) return refuse(place, path, what);
    if (unlink(path) == 0 || errno == ENOENT) return MB_OK;
    snprintf(place->said, sizeof place->said, "%s cannot be replaced: %s", path, strerror(errno));
    return MB_ERR_EXISTS;
}

/* Gives it the ending `.old`; what has that name already is in the way. */
static int keep_aside(net_store_place *place, const char *path)
{
    char *old = NULL;
    int error = MB_OK;

    if (asprintf(&old, "%s.old", path) < 0) return MB_ERR_MEMORY;
    if (renameat2(AT_FDCWD, path, AT_FDCWD, old, RENAME_NOREPLACE) != 0 && errno != ENOENT)
        error =
            errno == EEXIST ? take_away(place, path, "of another file, as is its .old") : MB_ERR_IO;
    free(old);
    return error;
}

static int move_aside(net_store_place *place)
{
    int error = keep_aside(place, place->part);

    if (!error) error = keep_aside(place, place->bits);
    if (!error)
        snprintf(place->said, sizeof place->said,
                 "%s held parts of another file, or from another tracker: they are kept as %s.old",
                 place->part, place->part);
    return error;
}

/* Whether it has the file's size and at least one block that the manifest knows. O(its bytes). */
static bool is_proven(const net_store_place *place)
{
    const mb_geometry *g = &place->manifest->geometry;
    mb_hasher *hasher = mb_hasher_new();
    uint8_t *bytes = malloc(g->block_size);
    struct stat info;
    int fd = open(place->part, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool proven = false,
         sized = fd >= 0 && fstat(fd, &info) == 0 && (uint64_t)info.st_size == g->size;

    for (uint32_t b = 0; hasher && bytes && sized && !proven && b < g->blocks; b++) {
        uint32_t size = mb_geometry_block_size(g, b);

        off_t at = (off_t)mb_geometry_offset(g, b);

        if (TEMP_FAILURE_RETRY(pread(fd, bytes, size, at)) != (ssize_t)size) break;
        proven = mb_manifest_check_block(place->manifest, hasher, b, bytes, size) == MB_OK;
    }
    if (fd >= 0) (void)close(fd);
    free(bytes);
    mb_hasher_free(hasher);
    return proven;
}

/* There is no header: parts that the manifest proves are as good as those that have one. */
static int clear_unknown(net_store_place *place)
{
    place->proven = place->manifest->hashed && is_proven(place);
    place->has_parts = place->proven;
    if (place->proven) return MB_OK;
    return take_away(place, place->part, "is not MiniBit's, or not of this file");
}

int net_store_place_clear(net_store_place *place)
{
    assert(place->part && place->bits && place->manifest);
    bool locked = false;
    stands bits = look_at_bits(place, &locked), part = look_at_part(place->part);
    int error = MB_OK;

    place->said[0] = '\0';
    place->has_parts = bits == STANDS_OURS && part == STANDS_UNKNOWN;
    if (locked) return MB_ERR_STATE;
    if (bits == STANDS_FOREIGN) error = take_away(place, place->bits, "is not MiniBit's");
    if (!error && part == STANDS_FOREIGN)
        error = take_away(place, place->part, "is no regular file");
    if (error) return error;
    if (bits == STANDS_OF_ANOTHER) return move_aside(place);
    if (bits != STANDS_OURS && part == STANDS_UNKNOWN) return clear_unknown(place);
    return MB_OK;
}

int net_store_place_lock(const char *folder)
{
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    for (int i = 0; fd >= 0 && i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
        if (errno != EWOULDBLOCK) break;
        (void)nanosleep(&pause, NULL);
    }
    if (fd >= 0) (void)close(fd);
    return -1;
}

void net_store_place_unlock(int lock)
{
    if (lock >= 0) (void)close(lock);
}
