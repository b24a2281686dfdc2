/*
 * An output file in the making: a buffer, written under a temporary name, that becomes a file of
 * its own name only when all of a run's files are whole.
 *
 * The recorder and the replay fill outputs; sim/output/results.h gathers a run's. Text is put
 * straight into the buffer, digits by hand: printf would cost more than the simulation. Writing
 * returns nothing: the first error sticks and names the file; what comes after it is dropped. It
 * never syncs to the disk.
 */
#ifndef SIM_OUTPUT_H
#define SIM_OUTPUT_H

#include "record/text.h"

/* The most that one sim_output_room() may ask for. */
#define SIM_OUTPUT_ROOM_MAX 65536
#define SIM_OUTPUT_BUFFER (UINT32_C(256) * 1024)
/* Hexadecimal digits of a SHA-256. */
#define SIM_OUTPUT_HASH_SIZE 64

/* Visible for the inlined calls alone: `next` is where the next byte goes, `end` the buffer's end.
 */
typedef struct sim_output {
    char *next;
    char *end;
    struct sim_output_file *file;
} sim_output;

/*
 * Opens FOLDER/NAME.tmp, replacing what has that name. `compressed`: what is written goes through
 * zstd; the hash and the size stay those of the text. On failure *output is NULL and `error` holds
 * a line that names the file: MB_ERR_IO or MB_ERR_MEMORY.
 */
int sim_output_open(sim_output **output, const char *folder, const char *name, bool compressed,
                    char *error, size_t error_size);

/* Passes the buffer on; sim_output_room() calls it. */
void sim_output_flush(sim_output *output);

/* Writes `size` bytes of any length. */
void sim_output_write(sim_output *output, const char *text, size_t size);

/* Writes what is buffered and closes the temporary file. 0, or the first error. */
int sim_output_finish(sim_output *output);

/* Gives a finished file its name. 0 or MB_ERR_IO. */
int sim_output_publish(sim_output *output);

/* Closes and frees; a file that was not published is removed. NULL is all right. */
void sim_output_free(sim_output *output);

/* The first error: 0 if there was none; its line, "" if none. */
int sim_output_error(const sim_output *output);
const char *sim_output_message(const sim_output *output);

/* The file's name without folder; bytes written to it before compression; after a finish, their
 * SHA-256 in hexadecimal. */
const char *sim_output_name(const sim_output *output);
uint64_t sim_output_bytes(const sim_output *output);
const char *sim_output_hash(const sim_output *output);

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
