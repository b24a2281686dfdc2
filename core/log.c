#include "core/log.h"

#include <assert.h>
#include <stdlib.h>

mb_log *mb_log_new(uint32_t epoch, uint32_t capacity)
{
    mb_log *log = malloc(sizeof *log + (size_t)capacity * sizeof log->blocks[0]);
    if (!log) return NULL;
    log->epoch = epoch;
    log->count = log->bound = 0;
    log->capacity = capacity;
    log->set = NULL;
    log->older = NULL;
    return log;
}

void mb_log_free(mb_log *log)
{
    while (log) {
        mb_log *older = log->older;

        free(log);
        log = older;
    }
}

void mb_log_append(mb_log *log, uint32_t block)
{
    assert(log->count < log->capacity);
    assert(block != MB_BLOCK_NONE);
    log->blocks[log->count] = block;
    log->count++;
    if (block >= log->bound) log->bound = block + 1;
}
