/*
 * The trace digest: a 64-bit mix over a run's records, in order, that is the same on every machine.
 *
 * The recorder feeds it; two runs with equal digests did the same things at the same nanoseconds.
 * It keeps the digest as it was after every 65,536 records, so that the first difference between
 * two runs can be found. It tells apart, it does not authenticate.
 */
#ifndef SIM_DIGEST_H
#define SIM_DIGEST_H

#include "core/types.h"

/* Records between two checkpoints; a power of two. */
#define SIM_DIGEST_INTERVAL UINT64_C(65536)

/*
 * A record is 32 bytes: time (8), node (4), other (4), block (4), kind (4), value (8), each field
 * little-endian. The mix takes them as four little-endian words, so it never needs the bytes.
 */
typedef struct sim_digest_record {
    mb_time time;
    mb_node node;
    mb_node other;
    uint32_t block;
    uint32_t kind;
    uint64_t value;
} sim_digest_record;

typedef struct sim_digest {
    uint64_t state;
    uint64_t records;
    uint64_t *checkpoints; /* states after records 65,536, 131,072, … */
    size_t checkpoint_count;
    size_t checkpoint_room;
    bool failed; /* memory was short for a checkpoint: the list is cut, the digest is whole */
} sim_digest;

/* An empty digest; sim_digest_clear() frees its checkpoints. */
void sim_digest_init(sim_digest *digest);
void sim_digest_clear(sim_digest *digest);

/* Asserts that there is a checkpoint for each interval of records. */
void sim_digest_check(const sim_digest *digest);

/* Keeps the present state as a checkpoint; sim_digest_add() calls it when one is due. */
void sim_digest_checkpoint(sim_digest *digest);

/* The high and low halves of a 128-bit product, folded: each bit of either reaches all. */
static inline uint64_t sim_digest_fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/*
 * Mixes one record in; a few ns. The products of a record do not wait for the state (multiply and
 * fold as in wyhash; Wang Yi et al., "Modern non-cryptographic hash function and pseudorandom
 * number generator", 2019); what is done to the state itself can be undone, so no state is lost.
 */
static inline void sim_digest_add(sim_digest *digest, const sim_digest_record *record)
{
    uint64_t nodes = record->node | (uint64_t)record->other << 32;
    uint64_t what = record->block | (uint64_t)record->kind << 32;
    uint64_t a = sim_digest_fold((uint64_t)record->time ^ UINT64_C(0xa0761d6478bd642f),
                                 nodes ^ UINT64_C(0xe7037ed1a0b428db));
    uint64_t b = sim_digest_fold(what ^ UINT64_C(0x8ebc6af09c88c6e3),
                                 record->value ^ UINT64_C(0x589965cc75374cc3));
    uint64_t state = digest->state ^ a;
    state = (state << 29 | state >> 35) + b;
    state *= UINT64_C(0x9e3779b97f4a7c15);
    digest->state = state ^ state >> 32;
    if (++digest->records % SIM_DIGEST_INTERVAL == 0) sim_digest_checkpoint(digest);
}

#endif
