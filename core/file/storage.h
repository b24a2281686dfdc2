/*
 * Where a file's bytes lie: on a disk, in memory, or nowhere.
 *
 * The file manager reads and writes through this interface alone, so that a simulated peer and a
 * real one run the same code. A storage is used by one thread at a time; two storages share
 * nothing. It knows nothing of blocks and hashes.
 */
#ifndef MB_STORAGE_H
#define MB_STORAGE_H

#include "core/types.h"

typedef struct mb_storage mb_storage;

/* One row for each kind of storage. Functions return MB_OK or an mb_error. */
struct mb_storage_ops {
    const char *kind; /* "disk", "memory", "none" */
    bool keeps;       /* whether what was written can be read again */
    int (*read)(mb_storage *storage, uint64_t offset, void *bytes, size_t size);
    int (*write)(mb_storage *storage, uint64_t offset, const void *bytes, size_t size);
    int (*size)(mb_storage *storage, uint64_t *size);
    int (*resize)(mb_storage *storage, uint64_t size);
    int (*sync)(mb_storage *storage);
    int (*close)(mb_storage *storage);
};

/* What every kind begins with; the rest belongs to the kind. */
struct mb_storage {
    const struct mb_storage_ops *ops;
    const char *path; /* for messages; NULL where there is none */
    int system_error; /* errno of the last call that failed with MB_ERR_IO or MB_ERR_FULL */
};

typedef enum mb_storage_mode {
    MB_STORAGE_READ,   /* a regular file that exists; writing fails with MB_ERR_IO */
    MB_STORAGE_CREATE, /* a new file; MB_ERR_EXISTS if anything has that name */
    MB_STORAGE_OPEN,   /* read and write; what the file holds stays; made if missing; a symbolic
                          link by that name is not followed: MB_ERR_IO */
} mb_storage_mode;

/*
 * Opens the file `path` on disk; the path is copied. On success *storage is the caller's, to
 * mb_storage_close(). On MB_ERR_IO, MB_ERR_FULL and MB_ERR_EXISTS errno tells the cause.
 */
int mb_storage_disk_open(const char *path, mb_storage_mode mode, mb_storage **storage);

/* What of a file on disk changes whenever somebody writes it, or only touches it. */
typedef struct mb_storage_stamp {
    uint64_t device, inode, size;
    int64_t modified_ns, changed_ns;
} mb_storage_stamp;

/* The stamp of a disk storage's file, of the one that is open, whatever has its name now; of
 * whatever is at `path`. MB_ERR_IO with errno. */
int mb_storage_disk_stamp(mb_storage *storage, mb_storage_stamp *stamp);
int mb_storage_path_stamp(const char *path, mb_storage_stamp *stamp);

/*
 * Gives a disk storage the name `path`, after its bytes have reached the disk: how NAME.part
 * becomes NAME. Without `replace` an existing file of that name is left alone and the call fails
 * with MB_ERR_EXISTS. After an error the file keeps its old name.
 */
int mb_storage_disk_rename(mb_storage *storage, const char *path, bool replace);

/* A storage in memory, empty at first; grows when resized or written past its end. */
int mb_storage_memory_new(mb_storage **storage);

/* The bytes of a memory storage, until its next resize; NULL while it is empty. */
const uint8_t *mb_storage_memory_bytes(const mb_storage *storage);

/* A storage that keeps nothing: writes succeed, reads fail with MB_ERR_STATE. It has no state, so
 * any number of files may share one. */
int mb_storage_none_new(mb_storage **storage);

/*
 * Reads exactly `size` bytes at `offset`. MB_ERR_RANGE if the storage ends before, MB_ERR_STATE if
 * it keeps nothing, MB_ERR_IO if the system fails; then what `bytes` holds is undefined.
 */
int mb_storage_read(mb_storage *storage, uint64_t offset, void *bytes, size_t size);

/*
 * Writes exactly `size` bytes at `offset`, enlarging the storage where it must. MB_ERR_FULL if
 * there is no room, MB_ERR_IO if the system fails, MB_ERR_MEMORY; then a part may be written.
 */
int mb_storage_write(mb_storage *storage, uint64_t offset, const void *bytes, size_t size);

/* The storage's present size in bytes. MB_ERR_STATE if it keeps nothing. */
int mb_storage_size(mb_storage *storage, uint64_t *size);

/* Makes the storage `size` bytes large. Growing it reserves the room where the file system can,
 * so that a full disk shows here (MB_ERR_FULL) and not in the middle of a download. */
int mb_storage_resize(mb_storage *storage, uint64_t size);

/* Returns when what was written is on the medium. Dear on a disk: call it for many blocks. */
int mb_storage_sync(mb_storage *storage);

/* Ends the storage; NULL is allowed. It is gone even if this returns an error, which tells of
 * bytes that could not be written. */
int mb_storage_close(mb_storage *storage);

/* Writes what went wrong into `text` (`size` bytes, always ended): "PATH: No space left on device"
 * for an `error` that a call on this storage returned. */
void mb_storage_describe(const mb_storage *storage, int error, char *text, size_t size);

#endif
