/*
 * The types that every part of MiniBit shares: time, node handles and errors.
 *
 * Everybody includes this file; it holds no state and calls nothing.
 */
#ifndef MB_TYPES_H
#define MB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Nanoseconds since the start of the run (simulated) or of the process (real). */
typedef int64_t mb_time;

#define MB_NEVER INT64_MAX
#define MB_US ((mb_time)1000)
#define MB_MS ((mb_time)1000000)
#define MB_SECOND ((mb_time)1000000000)

/* A dense handle that the driver hands out for another node; a second one never gets it while
 * anything may still be meant for the first. */
typedef uint32_t mb_node;

#define MB_NODE_NONE UINT32_MAX
#define MB_NODE_TRACKER ((mb_node)0)

/* No such block, no such index. */
#define MB_BLOCK_NONE UINT32_MAX
#define MB_INDEX_NONE UINT32_MAX

/* Functions that can fail return 0 or one of these; mb_strerror() names them. */
typedef enum mb_error {
    MB_OK = 0,
    MB_ERR_MEMORY = -1,   /* an allocation failed */
    MB_ERR_ARGUMENT = -2, /* an argument is outside what the function accepts */
    MB_ERR_RANGE = -3,    /* a number is outside its range */
    MB_ERR_SYNTAX = -4,   /* a text or message does not parse */
    MB_ERR_UNIT = -5,     /* a unit is missing or of the wrong kind */
    MB_ERR_UNKNOWN = -6,  /* a name that nothing goes by */
    MB_ERR_MESSAGE = -7,  /* a message that the protocol does not allow here */
    MB_ERR_IO = -8,       /* reading or writing failed */
    MB_ERR_FULL = -9,     /* no space left on the storage */
    MB_ERR_HASH = -10,    /* bytes do not match their hash */
    MB_ERR_EXISTS = -11,  /* the target exists already */
    MB_ERR_STATE = -12,   /* not possible in the object's present state */
} mb_error;

/* A short English text for an mb_error; static, never NULL, also for numbers that are no error. */
const char *mb_strerror(int error);

#endif
