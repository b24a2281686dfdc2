#include "core/rng.h"

#include <assert.h>

#define GOLDEN_RATIO UINT64_C(0x9e3779b97f4a7c15)
#define PHASE_STEPS 10000

__extension__ typedef unsigned __int128 wide;

/* SplitMix64's output function: a bijection of 64 bits. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static uint64_t rotate_left(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

void mb_rng_init(mb_rng *rng, uint64_t seed, uint32_t node, mb_purpose purpose)
{
    /* Every step is a bijection of (node, purpose), so no two streams of a seed begin alike; and
     * SplitMix64 never gives four zeros in a row, the one state that xoshiro must not have. */
    uint64_t key = mix(seed + GOLDEN_RATIO) ^ ((uint64_t)node << 32 | (uint32_t)purpose);
    uint64_t counter = mix(key + GOLDEN_RATIO);
    for (int i = 0; i < 4; i++) {
        counter += GOLDEN_RATIO;
        rng->state[i] = mix(counter);
    }
}

uint64_t mb_rng_next(mb_rng *rng)
{
    uint64_t *s = rng->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t mb_rng_below(mb_rng *rng, uint64_t bound)
{
    assert(bound >= 1);
    wide product = (wide)mb_rng_next(rng) * bound;
    if ((uint64_t)product < bound) {
        uint64_t threshold = -bound % bound; /* 2^64 mod bound: that many draws would be too many */
        while ((uint64_t)product < threshold)
            product = (wide)mb_rng_next(rng) * bound;
    }
    return (uint64_t)(product >> 64);
}

/*
 * Draws falling numbers from `first` on, and says whether the run had an odd length: given a first
 * number u in [0, 1), the chance of that is e^-u.
 */
static bool falling_run_is_odd(mb_rng *rng, uint64_t first)
{
    bool odd = true;
    uint64_t last = first;
    uint64_t next = mb_rng_next(rng);
    while (next < last) {
        odd = !odd;
        last = next;
        next = mb_rng_next(rng);
    }
    return odd;
}

mb_time mb_rng_exponential(mb_rng *rng, mb_time mean)
{
    assert(mean > 0);
    uint64_t whole = 0; /* means gone by: each further one has the chance 1/e */
    uint64_t fraction = mb_rng_next(rng);
    while (!falling_run_is_odd(rng, fraction)) {
        whole++;
        fraction = mb_rng_next(rng);
    }
    wide value = (wide)whole * (uint64_t)mean + ((wide)fraction * (uint64_t)mean >> 64);
    return value < (wide)MB_NEVER ? (mb_time)value : MB_NEVER - 1;
}

mb_time mb_rng_phase(mb_rng *rng, mb_time interval)
{
    assert(interval >= 0);
    uint64_t step = mb_rng_below(rng, PHASE_STEPS);
    return (mb_time)((wide)(uint64_t)interval * step / PHASE_STEPS);
}

static bool contains(const uint32_t *values, uint32_t count, uint32_t value)
{
    for (uint32_t i = 0; i < count; i++) {
        if (values[i] == value) return true;
    }
    return false;
}

void mb_rng_sample(mb_rng *rng, uint32_t bound, uint32_t count, uint32_t *out)
{
    assert(count <= bound);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t last = bound - count + i;
        uint32_t drawn = (uint32_t)mb_rng_below(rng, (uint64_t)last + 1);
        out[i] = contains(out, i, drawn) ? last : drawn;
    }
}
