/*
 * Fuzzes the frame scanner, which finds where a message ends in what a connection has brought: fed
 * in two pieces cut at every byte, and byte by byte, it finds the same end as fed at once.
 */
#include "core/codec/scan.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

/* A longer input is not cut at every byte: that is quadratic. */
#define CUTS_MAX 512

/* Fed in pieces of `piece` bytes after the first `cut`. */
static int64_t feed(const char *bytes, size_t size, size_t cut, size_t piece)
{
    mb_frame frame = {0};
    int64_t end = 0;
    for (size_t at = cut; end == 0; at = at + piece < size ? at + piece : size) {
        end = mb_frame_feed(&frame, bytes, at);
        if (end == 0 && at == size) break;
    }
    if (end > 0) assert(frame.scanned == 0 && frame.depth == 0 && !frame.string);
    return end;
}

/* Where brackets outside strings close, found without the scanner. */
static int64_t end_of(const char *bytes, size_t size)
{
    size_t depth = 0;
    bool string = false;
    for (size_t i = 0; i < size; i++) {
        char c = bytes[i];
        if (string && c == '\\') {
            i++;
        } else if (c == '"') {
            if (depth == 0) return MB_ERR_SYNTAX;
            string = !string;
        } else if (!string && (c == '{' || c == '[')) {
            depth++;
        } else if (!string && (c == '}' || c == ']')) {
            if (depth == 0) return MB_ERR_SYNTAX;
            if (--depth == 0) return (int64_t)i + 1;
        } else if (depth == 0 && c != ' ' && c != '\t' && c != '\r' && c != '\n') {
            return MB_ERR_SYNTAX;
        }
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    int64_t end = feed(bytes, size, size, 1);
    assert(end <= (int64_t)size);
    assert(end == end_of(bytes, size));
    assert(end == feed(bytes, size, 0, 1));
    for (size_t cut = 0; cut < size && cut < CUTS_MAX; cut++)
        assert(end == feed(bytes, size, cut, size));
    /* What the decoder's scanner passes is framed: its end is that of the message. */
    if (mb_scan(bytes, size) == MB_OK) assert(end > 0 && mb_scan(bytes, (size_t)end) == MB_OK);
    return 0;
}
