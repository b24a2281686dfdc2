#include "record/pairs.h"

#include <assert.h>
#include <stdlib.h>

#define FIRST_ROOM 16

void rec_pairs_clear(rec_pairs *table)
{
    free(table->slots);
    *table = (rec_pairs){0};
}

/* The pair's slot, or the free one that it is to have. At least one slot is free. */
static rec_pair *slot_of(const rec_pairs *table, uint64_t key)
{
    assert(table->room > 0 && (table->room & (table->room - 1)) == 0);
    uint64_t mixed = key * UINT64_C(0x9e3779b97f4a7c15);
    size_t mask = table->room - 1, at = (size_t)(mixed >> 32) & mask;
    while (table->slots[at].bytes > 0 && table->slots[at].key != key)
        at = (at + 1) & mask;
    return &table->slots[at];
}

/* Doubles the room. */
static bool grow(rec_pairs *table)
{
    assert(table->count <= table->room);
    rec_pairs grown = {.room = table->room ? 2 * table->room : FIRST_ROOM, .count = table->count};
    grown.slots = calloc(grown.room, sizeof *grown.slots);
    if (!grown.slots) return false;
    for (size_t i = 0; i < table->room; i++) {
        const rec_pair *pair = &table->slots[i];
        if (pair->bytes > 0) *slot_of(&grown, pair->key) = *pair;
    }
    free(table->slots);
    *table = grown;
    return true;
}

void rec_pairs_add(rec_pairs *table, uint32_t from, uint32_t to, uint64_t bytes)
{
    uint64_t key = (uint64_t)from << 32 | to;
    if (bytes == 0 || table->failed) return;
    /* At most half are taken, so that a look is short. */
    if (2 * table->count >= table->room && !grow(table)) {
        table->failed = true;
        return;
    }
    rec_pair *slot = slot_of(table, key);
    if (slot->bytes == 0) table->count++;
    slot->key = key;
    slot->bytes += bytes;
}

static int compare_keys(const void *a, const void *b)
{
    uint64_t x = ((const rec_pair *)a)->key, y = ((const rec_pair *)b)->key;
    return (x > y) - (x < y);
}

void rec_pairs_sort(rec_pairs *table)
{
    size_t kept = 0;
    for (size_t i = 0; i < table->room; i++) {
        if (table->slots[i].bytes > 0) table->slots[kept++] = table->slots[i];
    }
    assert(kept == table->count);
    if (kept > 0) qsort(table->slots, kept, sizeof *table->slots, compare_keys);
}
