/*
 * An output that becomes a file: written under a temporary name, which it changes for its own only
 * when all of a run's files are whole.
 *
 * sim/files/results.h gathers a run's. It never syncs to the disk. A large one is hashed,
 * compressed and written on a thread of its own (record/output_file_thread.h): an error there is
 * told some buffers later, at the finish at the latest.
 */
#ifndef REC_OUTPUT_FILE_H
#define REC_OUTPUT_FILE_H

#include "record/output.h"

/* Hexadecimal digits of a SHA-256. */
#define REC_OUTPUT_HASH_SIZE 64

typedef struct rec_output_file rec_output_file;

/*
 * Opens FOLDER/NAME.tmp, replacing what has that name. `compressed`: what is written goes through
 * zstd; the hash and the size stay those of the text. On failure *file is NULL and `error` holds
 * a line that names the file: MB_ERR_IO or MB_ERR_MEMORY.
 */
int rec_output_file_open(rec_output_file **file, const char *folder, const char *name,
                         bool compressed, char *error, size_t error_size);

/* What to write to, and what to ask for errors and the size; the file's own. */
rec_output *rec_output_file_output(rec_output_file *file);

/* Writes what is buffered and closes the temporary file. 0, or the first error. */
int rec_output_file_finish(rec_output_file *file);

/* Gives a finished file its name. 0 or MB_ERR_IO. */
int rec_output_file_publish(rec_output_file *file);

/* Closes and frees; a file that was not published is removed. NULL is all right. */
void rec_output_file_free(rec_output_file *file);

/* The file's name without folder; after a finish, the SHA-256 of its text in hexadecimal. */
const char *rec_output_file_name(const rec_output_file *file);
const char *rec_output_file_hash(const rec_output_file *file);

#endif
