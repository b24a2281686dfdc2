/*
 * Fuzzes the reader of what one program on a real network recorded: record.json, provenance.csv,
 * completion.csv and summary.json, which a killed program may have left in any state. What is taken
 * fits the file and names only peers that are there.
 *
 * The input: the first line names one of these files, the rest is what it holds.
 */
#include "net/live/record_read.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char head_text[] =
    "{\"id\": \"p1\", \"group\": \"a\", \"started\": \"5.000000000\", \"file_bytes\": 1000,"
    " \"block_bytes\": 100, \"root\": null, \"encoding\": \"raw\","
    " \"up_bytes_per_s\": 0, \"down_bytes_per_s\": 0}";

static const char *const files[] = {"record.json", "provenance.csv", "completion.csv",
                                    "summary.json"};

static void check_rows(const net_recorded *recorded, const mb_geometry *geometry)
{
    for (guint i = 0; i < recorded->gains->len; i++) {
        const net_gain *gain = &g_array_index(recorded->gains, net_gain, i);
        assert(gain->block < geometry->blocks && gain->peer < recorded->names->len);
        assert(gain->time >= 0 && gain->started >= 0);
        assert(gain->from == NET_FROM_NONE || gain->from == NET_FROM_TRACKER ||
               gain->from < recorded->names->len);
    }
    for (guint i = 0; i < recorded->rows->len; i++)
        assert(g_array_index(recorded->rows, net_peer_row, i).name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    net_record_head head = {0};
    char *error = NULL;
    const uint8_t *end = memchr(data, '\n', size);
    size_t chosen = 0, name_size = end ? (size_t)(end - data) : 0;
    for (chosen = 0; chosen < G_N_ELEMENTS(files); chosen++)
        if (strlen(files[chosen]) == name_size && !memcmp(files[chosen], data, name_size)) break;
    if (chosen == G_N_ELEMENTS(files)) return 0;
    fuzz_clean();
    if (chosen > 0) fuzz_put(files[0], head_text, sizeof head_text - 1);
    fuzz_put(files[chosen], end + 1, size - name_size - 1);
    if (!net_record_head_read(fuzz_folder(), &head, &error)) {
        fuzz_check_error(error);
        g_free(error);
        return 0;
    }
    mb_geometry_check(&head.geometry);
    net_recorded *recorded = net_record_read(fuzz_folder(), "p1", &head.geometry);
    check_rows(recorded, &head.geometry);
    net_recorded_free(recorded);
    net_record_head_clear(&head);
    return 0;
}
