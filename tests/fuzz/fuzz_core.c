#include "tests/fuzz/fuzz_core.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/strategy.h"

/* A value of the key's range: one of its choices, or a small, a middling or the largest number. */
static void set_key(fuzz_bytes *in, mb_protocol *protocol, const mb_key *key)
{
    char text[MB_KEY_TEXT_MAX];
    uint32_t draw = fuzz_byte(in), count = 0;
    if (key->type == MB_KEY_CHOICE) {
        while (key->choices[count])
            count++;
        (void)mb_protocol_set(protocol, key->name, key->choices[draw % count]);
        return;
    }
    if (key->type == MB_KEY_SELECTOR || key->type == MB_KEY_CHOKER) {
        static const char *const names[] = {"rarest-first", "random",   "sequential", "complement",
                                            "rarity-tft",   "rate-tft", "none"};
        (void)mb_protocol_set(protocol, key->name, names[draw % 7]);
        return;
    }
    if (key->type == MB_KEY_BOOL) snprintf(text, sizeof text, "%s", draw & 1 ? "yes" : "no");
    if (key->type == MB_KEY_COUNT) snprintf(text, sizeof text, "%u", draw % 32);
    if (key->type == MB_KEY_TIME) snprintf(text, sizeof text, "%us", draw);
    (void)mb_protocol_set(protocol, key->name, text); /* what is out of range changes nothing */
}

void fuzz_protocol(fuzz_bytes *in, mb_protocol *protocol)
{
    uint32_t rows = 0, count;
    mb_key key;
    while (mb_key_at(rows, &key))
        rows++;
    mb_protocol_init(protocol, (mb_preset)fuzz_below(in, MB_PRESET_COUNT));
    count = fuzz_below(in, 8);
    for (uint32_t i = 0; i < count; i++) {
        bool there = mb_key_at(fuzz_below(in, rows), &key);
        assert(there);
        set_key(in, protocol, &key);
    }
    mb_protocol_finish(protocol);
}

void fuzz_logs_init(fuzz_logs *logs, uint32_t blocks)
{
    memset(logs, 0, sizeof *logs);
    logs->blocks = blocks;
    for (uint32_t node = 0; node < FUZZ_NODES; node++) {
        logs->now[node] = mb_log_new(1, blocks);
        assert(logs->now[node]);
    }
}

void fuzz_logs_clear(fuzz_logs *logs)
{
    for (uint32_t node = 0; node < FUZZ_NODES; node++)
        free(logs->now[node]);
    for (uint32_t i = 0; i < logs->old_count; i++)
        free(logs->old[i]);
}

/* The first block from `from` on that the log has not; it is appended. */
static void grow(mb_log *log, uint32_t blocks, uint32_t from)
{
    for (uint32_t i = 0; i < blocks && log->count < blocks; i++) {
        uint32_t block = (from + i) % blocks;
        bool there = false;
        for (uint32_t j = 0; j < log->count && !there; j++)
            there = log->blocks[j] == block;
        if (there) continue;
        mb_log_append(log, block);
        return;
    }
}

static void begin_anew(fuzz_logs *logs, mb_node node)
{
    mb_log *log = mb_log_new(logs->now[node]->epoch + 1, logs->blocks);
    assert(log);
    if (logs->old_count == sizeof logs->old / sizeof *logs->old) {
        free(log);
        return;
    }
    logs->old[logs->old_count++] = logs->now[node];
    logs->now[node] = log;
}

mb_told fuzz_told(fuzz_bytes *in, fuzz_logs *logs, mb_node node)
{
    uint8_t kind = fuzz_byte(in);
    mb_told told;
    if (logs->blocks == 0 || kind < 64) return (mb_told){0};
    if (kind >= 250) begin_anew(logs, node);
    if (kind >= 245 && kind < 250)
        while (logs->now[node]->count < logs->blocks)
            grow(logs->now[node], logs->blocks, 0);
    if (kind & 1) grow(logs->now[node], logs->blocks, fuzz_byte(in));
    told = mb_log_told(logs->now[node]);
    if (kind % 16 == 2 && told.count > 0) told.count -= fuzz_below(in, told.count);
    if (kind % 32 == 4) told.count += 1 + fuzz_byte(in);
    if (kind % 64 == 8) told.epoch += fuzz_byte(in);
    return told;
}
