/*
 * What the fuzz targets of the core's state machines share: settings and acquisition logs out of an
 * input's bytes.
 */
#ifndef TESTS_FUZZ_CORE_H
#define TESTS_FUZZ_CORE_H

#include "core/event.h"
#include "core/protocol.h"
#include "tests/fuzz/fuzz.h"

enum { FUZZ_NODES = 8, FUZZ_BLOCKS_MAX = 130 };

/* The logs of the others: each only grows, and a new life begins another. */
typedef struct fuzz_logs {
    mb_log *now[FUZZ_NODES];
    mb_log *old[256]; /* of lives before, which may have been told of */
    uint32_t old_count;
    uint32_t blocks;
} fuzz_logs;

/* A preset and some keys of the protocol's table, each of a value in its range. */
void fuzz_protocol(fuzz_bytes *in, mb_protocol *protocol);

void fuzz_logs_init(fuzz_logs *logs, uint32_t blocks);
void fuzz_logs_clear(fuzz_logs *logs);

/* What a message of `node` tells: nothing, all or part of its log, which may have grown or begun
 * anew, or more than there is. */
mb_told fuzz_told(fuzz_bytes *in, fuzz_logs *logs, mb_node node);

#endif
