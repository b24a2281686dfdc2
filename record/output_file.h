/*
 * An output that becomes a file: written under a temporary name, which it changes for its own only
 * when all of a run's files are whole.
 *
 * sim/files/results.h gathers a run's. It never syncs to the disk.
 */
#ifndef SIM_OUTPUT_FILE_H
#define SIM_OUTPUT_FILE_H

#include "record/output.h"

/* Hexadecimal digits of a SHA-256. */
#define SIM_OUTPUT_HASH_SIZE 64

typedef struct sim_output_file sim_output_file;

/*
 * Opens FOLDER/NAME.tmp, replacing what has that name. `compressed`: what is written goes through
 * zstd; the hash and the size stay those of the text. On failure *file is NULL and `error` holds
 * a line that names the file: MB_ERR_IO or MB_ERR_MEMORY.
 */
int sim_output_file_open(sim_output_file **file, const char *folder, const char *name,
                         bool compressed, char *error, size_t error_size);

/* What to write to, and what to ask for errors and the size; the file's own. */
sim_output *sim_output_file_output(sim_output_file *file);

/* Writes what is buffered and closes the temporary file. 0, or the first error. */
int sim_output_file_finish(sim_output_file *file);

/* Gives a finished file its name. 0 or MB_ERR_IO. */
int sim_output_file_publish(sim_output_file *file);

/* Closes and frees; a file that was not published is removed. NULL is all right. */
void sim_output_file_free(sim_output_file *file);

/* The file's name without folder; after a finish, the SHA-256 of its text in hexadecimal. */
const char *sim_output_file_name(const sim_output_file *file);
const char *sim_output_file_hash(const sim_output_file *file);

#endif
