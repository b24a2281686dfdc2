/*
 * Fuzzes the codec: whatever bytes come, decoding must not crash, leak or read past them, and
 * what is decoded must survive encoding and decoding unchanged.
 *
 * With clang: -fsanitize=fuzzer,address,undefined, and a folder for the corpus. Without, main()
 * below runs each file that it is given, and each of its cuts and single-bit changes, once.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/codec/message.h"
#include "core/codec/scan.h"

#define ANY (MB_WIRE_ANNOUNCE | MB_WIRE_PEERS | MB_WIRE_REQUEST | MB_WIRE_BLOCK | MB_WIRE_NOTICE)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Decoded, encoded, decoded, encoded: the two texts must be the same. */
static void check_round_trip(const mb_wire_message *message)
{
    mb_text once, twice;
    mb_wire_message again;
    mb_geometry geometry;
    int rc = mb_geometry_init(&geometry, 33, 16);
    assert(rc == MB_OK);
    (void)mb_wire_check_geometry(message, &geometry);
    mb_text_init(&once);
    mb_text_init(&twice);
    rc = mb_wire_encode(message, &once);
    assert(rc == MB_OK);
    rc = mb_wire_decode(once.bytes, once.size, message->type, &again);
    assert(rc == MB_OK);
    rc = mb_wire_encode(&again, &twice);
    assert(rc == MB_OK);
    assert(once.size == twice.size && memcmp(once.bytes, twice.bytes, once.size) == 0);
    mb_wire_clear(&again);
    mb_text_clear(&once);
    mb_text_clear(&twice);
}

/* A message that the scanner passes ends where the framing says, if nothing follows it. */
static void check_frame(const char *bytes, size_t size)
{
    mb_frame frame = {0};
    int64_t end = mb_frame_feed(&frame, bytes, size);
    if (mb_scan(bytes, size) != MB_OK) return;
    assert(end > 0 && (size_t)end <= size);
    assert(mb_scan(bytes, (size_t)end) == MB_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t accepted[] = {
        ANY, MB_WIRE_ANNOUNCE, MB_WIRE_PEERS, MB_WIRE_REQUEST, MB_WIRE_BLOCK, MB_WIRE_NOTICE};
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        mb_wire_message message;
        if (mb_wire_decode((const char *)data, size, accepted[i], &message) != MB_OK) continue;
        check_round_trip(&message);
        mb_wire_clear(&message);
    }
    check_frame((const char *)data, size);
    return 0;
}

#ifndef MB_LIBFUZZER

/* The input, all its beginnings, and all its neighbours at one bit's distance. Each lies in
 * memory of exactly its size, so that a sanitizer sees a byte read too many. */
static void run_around(const uint8_t *data, size_t size)
{
    for (size_t cut = 0; cut <= size; cut++) {
        uint8_t *copy = malloc(cut > 0 ? cut : 1);
        assert(copy != NULL);
        memcpy(copy, data, cut);
        LLVMFuzzerTestOneInput(copy, cut);
        for (int bit = 0; cut == size && bit < (int)(8 * size); bit++) {
            copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
            LLVMFuzzerTestOneInput(copy, cut);
            copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        free(copy);
    }
}

int main(int argc, char **argv)
{
    static uint8_t data[65536];
    printf("1..%d\n", argc - 1);
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (file == NULL) {
            printf("not ok %d - %s cannot be read\n", i, argv[i]);
            return 1;
        }
        run_around(data, fread(data, 1, sizeof data, file));
        fclose(file);
        printf("ok %d - %s\n", i, argv[i]);
    }
    return 0;
}

#endif
