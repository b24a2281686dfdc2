/*
 * Unit tests of sim/output/digest.h: the mix is what it says, and every field and the order matter.
 */
#include "sim/output/digest.h"
#include <glib.h>
#include <string.h>

/* Bytes as the format has them, least first. */
static uint8_t *put_bytes(uint8_t *to, uint64_t number, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        *to++ = (uint8_t)(number >> 8 * i);
    return to;
}

static uint64_t get_word(const uint8_t *from)
{
    uint64_t word = 0;
    for (unsigned i = 0; i < 8; i++)
        word |= (uint64_t)from[i] << 8 * i;
    return word;
}

static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)(product ^ product >> 64);
}

/* The mix again, from the 32 bytes of the format. */
static uint64_t reference_mix(uint64_t state, const sim_digest_record *record)
{
    uint8_t bytes[32], *to = bytes;
    to = put_bytes(to, (uint64_t)record->time, 8);
    to = put_bytes(to, record->node, 4);
    to = put_bytes(to, record->other, 4);
    to = put_bytes(to, record->block, 4);
    to = put_bytes(to, record->kind, 4);
    put_bytes(to, record->value, 8);
    uint64_t a = fold(get_word(bytes) ^ UINT64_C(0xa0761d6478bd642f),
                      get_word(bytes + 8) ^ UINT64_C(0xe7037ed1a0b428db));
    uint64_t b = fold(get_word(bytes + 16) ^ UINT64_C(0x8ebc6af09c88c6e3),
                      get_word(bytes + 24) ^ UINT64_C(0x589965cc75374cc3));
    state ^= a;
    state = ((state << 29 | state >> 35) + b) * UINT64_C(0x9e3779b97f4a7c15);
    return state ^ state >> 32;
}

static sim_digest_record record_at(uint64_t i)
{
    return (sim_digest_record){(mb_time)(i * 1000), (mb_node)(i % 7),  (mb_node)(i % 11),
                               (uint32_t)(i % 13),  (uint32_t)(i % 9), i};
}

static void test_bytes(void)
{
    sim_digest digest;
    sim_digest_init(&digest);
    uint64_t state = digest.state;
    for (uint64_t i = 0; i < 1000; i++) {
        sim_digest_record record = record_at(i);
        sim_digest_add(&digest, &record);
        state = reference_mix(state, &record);
    }
    g_assert_cmpuint(digest.state, ==, state);
    g_assert_cmpuint(digest.records, ==, 1000);
    sim_digest_clear(&digest);
}

static void test_checkpoints(void)
{
    sim_digest digest;
    sim_digest_init(&digest);
    uint64_t first = 0;
    for (uint64_t i = 0; i < 2 * SIM_DIGEST_INTERVAL + 1; i++) {
        sim_digest_record record = record_at(i);
        sim_digest_add(&digest, &record);
        if (i + 1 == SIM_DIGEST_INTERVAL) first = digest.state;
    }
    g_assert_cmpuint(digest.checkpoint_count, ==, 2);
    g_assert_cmpuint(digest.checkpoints[0], ==, first);
    sim_digest_clear(&digest);
}

static uint64_t digest_of(const sim_digest_record *records, size_t count)
{
    sim_digest digest;
    sim_digest_init(&digest);
    for (size_t i = 0; i < count; i++)
        sim_digest_add(&digest, &records[i]);
    return digest.state;
}

static void test_fields(void)
{
    const sim_digest_record base = {5, 1, 2, 3, 4, 6};
    const sim_digest_record others[] = {{6, 1, 2, 3, 4, 6}, {5, 2, 2, 3, 4, 6}, {5, 1, 3, 3, 4, 6},
                                        {5, 1, 2, 4, 4, 6}, {5, 1, 2, 3, 5, 6}, {5, 1, 2, 3, 4, 7},
                                        {5, 2, 1, 3, 4, 6}, {5, 1, 2, 4, 3, 6}};
    uint64_t digest = digest_of(&base, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        g_assert_cmpuint(digest_of(&others[i], 1), !=, digest);
}

static void test_order(void)
{
    const sim_digest_record here[] = {{5, 1, 2, 3, 4, 6}, {5, 2, 1, 3, 4, 6}};
    const sim_digest_record there[] = {{5, 2, 1, 3, 4, 6}, {5, 1, 2, 3, 4, 6}};
    g_assert_cmpuint(digest_of(here, 2), !=, digest_of(there, 2));
    g_assert_cmpuint(digest_of(here, 2), !=, digest_of(here, 1));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/digest/bytes", test_bytes);
    g_test_add_func("/digest/checkpoints", test_checkpoints);
    g_test_add_func("/digest/fields", test_fields);
    g_test_add_func("/digest/order", test_order);
    return g_test_run();
}
