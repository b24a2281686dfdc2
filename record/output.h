/*
 * A table in the making: a buffer that rows are put into, and that is passed on when it is full.
 *
 * The recorder and the replay fill outputs; whoever opens one (record/sink.h) says where the bytes
 * go: a file (record/output_file.h), memory or the caller (record/sink_call.h). Text is put
 * straight into the buffer, digits by hand: printf would cost more than the simulation. Writing
 * returns nothing: the first error sticks and says what failed; what comes after it is dropped.
 */
#ifndef REC_OUTPUT_H
#define REC_OUTPUT_H

#include "record/text.h"

/* The most that one rec_output_room() may ask for. */
#define REC_OUTPUT_ROOM_MAX 65536
#define REC_OUTPUT_BUFFER (UINT32_C(256) * 1024)

/*
 * The first member of what an opener makes. `next` is where the next byte goes, `end` the buffer's
 * end; the inlined calls alone touch them.
 */
typedef struct rec_output {
    char *next;
    char *end;
    char *buffer;
    /* Takes `size` > 0 bytes, whole rows unless one text is longer than a room; rec_output_fail()
     * says where it cannot. Not called any more after that. */
    void (*take)(struct rec_output *output, const char *bytes, size_t size);
    uint64_t taken; /* bytes so far */
    int error;      /* the first; 0: none */
    char message[512];
} rec_output;

/* An empty output with a buffer of its own; false if memory is short. */
bool rec_output_init(rec_output *output,
                     void (*take)(rec_output *output, const char *bytes, size_t size));

/* Frees the buffer. An output all of zeros is all right. */
void rec_output_clear(rec_output *output);

/* Notes the first error and its line (printf-like). */
void rec_output_fail(rec_output *output, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Passes the buffer on; rec_output_room() calls it. */
void rec_output_flush(rec_output *output);

/* Writes `size` bytes of any length. */
void rec_output_write(rec_output *output, const char *text, size_t size);

/* The first error: 0 if there was none; its line, "" if none. */
int rec_output_error(const rec_output *output);
const char *rec_output_message(const rec_output *output);

/* Bytes written to it so far. */
uint64_t rec_output_bytes(const rec_output *output);

/* Room for at least `size` <= REC_OUTPUT_ROOM_MAX bytes; what is put there counts once it is
 * committed. */
static inline char *rec_output_room(rec_output *output, size_t size)
{
    if ((size_t)(output->end - output->next) < size) rec_output_flush(output);
    return output->next;
}

/* Takes the bytes from the last room's start up to `end`. */
static inline void rec_output_commit(rec_output *output, char *end)
{
    output->next = end;
}

#endif
