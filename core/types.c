#include "core/types.h"

static const char *const texts[] = {
    [0] = "success",
    [-MB_ERR_MEMORY] = "out of memory",
    [-MB_ERR_ARGUMENT] = "unacceptable argument",
    [-MB_ERR_RANGE] = "number out of range",
    [-MB_ERR_SYNTAX] = "malformed text",
    [-MB_ERR_UNIT] = "missing or wrong unit",
    [-MB_ERR_UNKNOWN] = "unknown name",
    [-MB_ERR_MESSAGE] = "message not allowed here",
    [-MB_ERR_IO] = "input or output failed",
    [-MB_ERR_FULL] = "no space left",
    [-MB_ERR_HASH] = "hash does not match",
    [-MB_ERR_EXISTS] = "exists already",
    [-MB_ERR_STATE] = "not possible now",
};

const char *mb_strerror(int error)
{
    if (error > 0 || error <= -(int)(sizeof texts / sizeof *texts)) return "unknown error";
    return texts[-error];
}
