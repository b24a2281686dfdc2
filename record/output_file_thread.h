/*
 * A thread that takes the bytes of a file that is written, in their order, while who made them goes
 * on.
 *
 * record/output_file.c starts one for a file that grows large, for what costs time then: hashing,
 * compressing, writing. It holds a few buffers; who puts more waits until one is free. It decides
 * nothing and knows nothing of what the bytes are; and no signal comes to it.
 */
#ifndef REC_OUTPUT_FILE_THREAD_H
#define REC_OUTPUT_FILE_THREAD_H

#include <stdbool.h>
#include <stddef.h>

typedef struct rec_output_thread rec_output_thread;

/* Does the work on some of the bytes; false: it failed, and is not called any more. */
typedef bool rec_output_work(void *context, const char *bytes, size_t size);

/* NULL where memory or a thread cannot be had: then the caller does the work itself. */
rec_output_thread *rec_output_thread_new(rec_output_work *work, void *context);

/* Copies the bytes for the thread. False: the work has failed, and nothing is taken any more. */
bool rec_output_thread_put(rec_output_thread *thread, const char *bytes, size_t size);

/* Waits until the work is done, or has failed, and frees the thread. All that it wrote is seen.
 * NULL is all right. */
void rec_output_thread_end(rec_output_thread *thread);

#endif
