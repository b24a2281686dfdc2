/*
 * The strict scanner: what stands between a stranger's bytes and cJSON.
 *
 * cJSON takes more than JSON allows (numbers such as 0042, control characters, any UTF-8) and
 * turns every number into a double. The scanner passes only what RFC 8259 allows, within
 * codec_limits.h, and under the keys that the protocol knows only whole numbers that a double holds
 * exactly; so nothing that cJSON then makes of it can differ from what was sent.
 * The decoder calls it first; it allocates nothing and keeps nothing.
 */
#ifndef MB_SCAN_H
#define MB_SCAN_H

#include "core/types.h"

/*
 * Scans one message of `size` bytes: a JSON array or object, with white space around it at most.
 * MB_ERR_SYNTAX if it is no strict JSON in UTF-8, holds a zero character or something after its
 * end; MB_ERR_RANGE if a number is no whole number in [0, 2^53], or something exceeds
 * codec_limits.h.
 */
int mb_scan(const char *bytes, size_t size);

/* Where the reading of a connection is within a message; all zero at first. */
typedef struct mb_frame {
    size_t scanned; /* bytes looked at so far */
    uint32_t depth;
    bool string;
    bool escaped;
} mb_frame;

/*
 * Finds the end of a message in what a connection has brought so far: `bytes` is all of it, from
 * the message's first byte on. 0 if more must come; the message's size if it is whole (then
 * *frame is zero again); MB_ERR_SYNTAX if it is not the beginning of a message.
 * For the original's messages, which nothing frames. O(new bytes) a call.
 */
int64_t mb_frame_feed(mb_frame *frame, const char *bytes, size_t size);

/* Whether `text` is one of the protocol's keys. */
bool mb_key_known(const char *text);

#endif
