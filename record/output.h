/*
 * A table in the making: a buffer that rows are put into, and that is passed on when it is full.
 *
 * The recorder and the replay fill outputs; whoever opens one (record/sink.h) says where the bytes
 * go: a file (record/output_file.h), memory or the caller (record/sink_call.h). Text is put
 * straight into the buffer, digits by hand: printf would cost more than the simulation. Writing
 * returns nothing: the first error sticks and says what failed; what comes after it is dropped.
 */
#ifndef SIM_OUTPUT_H
#define SIM_OUTPUT_H

#include "record/text.h"

/* The most that one sim_output_room() may ask for. */
#define SIM_OUTPUT_ROOM_MAX 65536
#define SIM_OUTPUT_BUFFER (UINT32_C(256) * 1024)

/*
 * The first member of what an opener makes. `next` is where the next byte goes, `end` the buffer's
 * end; the inlined calls alone touch them.
 */
typedef struct sim_output {
    char *next;
    char *end;
    char *buffer;
    /* Takes `size` > 0 bytes, whole rows unless one text is longer than a room; sim_output_fail()
     * says where it cannot. Not called any more after that. */
    void (*take)(struct sim_output *output, const char *bytes, size_t size);
    uint64_t taken; /* bytes so far */
    int error;      /* the first; 0: none */
    char message[512];
} sim_output;

/* An empty output with a buffer of its own; false if memory is short. */
bool sim_output_init(sim_output *output,
                     void (*take)(sim_output *output, const char *bytes, size_t size));

/* Frees the buffer. An output all of zeros is all right. */
void sim_output_clear(sim_output *output);

/* Notes the first error and its line (printf-like). */
void sim_output_fail(sim_output *output, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Passes the buffer on; sim_output_room() calls it. */
void sim_output_flush(sim_output *output);

/* Writes `size` bytes of any length. */
void sim_output_write(sim_output *output, const char *text, size_t size);

/* The first error: 0 if there was none; its line, "" if none. */
int sim_output_error(const sim_output *output);
const char *sim_output_message(const sim_output *output);

/* Bytes written to it so far. */
uint64_t sim_output_bytes(const sim_output *output);

/* Room for at least `size` <= SIM_OUTPUT_ROOM_MAX bytes; what is put there counts once it is
 * committed. */
static inline char *sim_output_room(sim_output *output, size_t size)
{
    if ((size_t)(output->end - output->next) < size) sim_output_flush(output);
    return output->next;
}

/* Takes the bytes from the last room's start up to `end`. */
static inline void sim_output_commit(sim_output *output, char *end)
{
    output->next = end;
}

#endif
