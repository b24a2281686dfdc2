#include "sim/files/folder.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the path's next component ends, from `at` on, which is past the last one's. */
static size_t component_end(const char *path, size_t at)
{
    assert(at <= strlen(path));
    while (path[at] == '/')
        at++;
    while (path[at] != '\0' && path[at] != '/')
        at++;
    return at;
}

/* Where the path's last component but one ends; 0: there is none. A root is one. */
static size_t parent_end(const char *path, size_t end)
{
    assert(end <= strlen(path));
    while (end > 0 && path[end - 1] == '/')
        end--;
    while (end > 0 && path[end - 1] != '/')
        end--;
    while (end > 1 && path[end - 1] == '/')
        end--;
    return end;
}

void sim_folder_unmake(char *folder, size_t made_from)
{
    size_t end = strlen(folder);
    while (made_from != SIZE_MAX && end >= made_from && end > 0) {
        folder[end] = '\0';
        if (rmdir(folder) != 0) break;
        end = parent_end(folder, end);
    }
}

int sim_folder_make(char *folder, size_t *made_from)
{
    size_t size = strlen(folder);
    size_t end = 0;
    *made_from = SIZE_MAX;
    while (end < size) {
        end = component_end(folder, end);
        char kept = folder[end];
        folder[end] = '\0';
        int failure = mkdir(folder, 0777) == 0 ? 0 : errno;
        folder[end] = kept;
        if (failure && failure != EEXIST) return failure;
        if (!failure && *made_from == SIZE_MAX) *made_from = end;
    }
    return 0;
}

/* Whether the descriptor is of what now has that path. */
static bool is_at(int descriptor, const char *path)
{
    struct stat here, there;
    return fstat(descriptor, &here) == 0 && stat(path, &there) == 0 &&
           here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

/* Opens and locks the folder at `path`: *lock as of sim_folder_lock(). 0, or an errno: EWOULDBLOCK
 * if another process has it, ENOENT if it was unmade meanwhile. */
static int lock_open(const char *path, bool shared, int *lock)
{
    *lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*lock < 0) return errno;
    int failure = flock(*lock, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 ? 0 : errno;
    if (!failure && is_at(*lock, path)) return 0;
    close(*lock);
    *lock = -1;
    if (!failure) return ENOENT;
    return failure == EWOULDBLOCK ? failure : 0;
}

int sim_folder_lock(char *folder, bool shared, int *lock, size_t *made_from, char *error,
                    size_t error_size)
{
    int failure;
    *lock = -1;
    do {
        failure = sim_folder_make(folder, made_from);
        if (!failure) failure = lock_open(folder, shared, lock);
    } while (failure == ENOENT && *made_from != SIZE_MAX);
    if (!failure) return MB_OK;
    bool taken = failure == EWOULDBLOCK;
    if (taken) *made_from = SIZE_MAX; /* what was made is the other's too */
    snprintf(error, error_size, "%s: %s", folder,
             taken ? "another run is writing there now" : strerror(failure));
    return taken ? MB_ERR_EXISTS : MB_ERR_ARGUMENT;
}

/* Whether a folder holds anything; -1 with errno set if it cannot be read. */
static int holds_something(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder) return -1;
    int found = 0;
    const struct dirent *entry;
    while (!found && (entry = readdir(folder)) != NULL)
        found = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(folder);
    return found;
}

/* 0 if the innermost folder above `path` that is there could take a new one; else an errno. */
static int check_above(const char *path)
{
    char *above = strdup(path);
    if (!above) return ENOMEM;
    struct stat status;
    size_t end = strlen(above);
    int failure;
    do {
        end = parent_end(above, end);
        above[end] = '\0';
        failure = stat(end ? above : ".", &status) == 0 ? 0 : errno;
    } while (failure == ENOENT && end > 0);
    if (!failure && !S_ISDIR(status.st_mode)) failure = ENOTDIR;
    if (!failure && access(end ? above : ".", W_OK | X_OK) != 0) failure = errno;
    free(above);
    return failure;
}

int sim_folder_check(const char *folder, bool force, char *error, size_t error_size)
{
    assert(error_size > 0);
    int found = holds_something(folder);
    int failure = found < 0 ? errno : 0;
    if (found > 0 && !force) {
        snprintf(error, error_size, "%s: the folder holds something (--force replaces results)",
                 folder);
        return MB_ERR_EXISTS;
    }
    if (failure == ENOENT) failure = check_above(folder);
    if (!failure && found >= 0 && access(folder, W_OK | X_OK) != 0) failure = errno;
    if (!failure) return MB_OK;
    snprintf(error, error_size, "%s: %s", folder, strerror(failure));
    return failure == ENOMEM ? MB_ERR_MEMORY : MB_ERR_ARGUMENT;
}
