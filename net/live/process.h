/*
 * A program started by minibit-live: its lines on standard output are told, its standard error
 * goes to a file, its end is told once.
 *
 * It lies in the memory of who starts it, which must stay where it is until the end was told.
 */
#ifndef NET_LIVE_PROCESS_H
#define NET_LIVE_PROCESS_H

#include <uv.h>

#include "core/types.h"

#define NET_LIVE_LINE_MAX 512

typedef struct net_live_process {
    uv_process_t process;
    uv_pipe_t out;
    char line[NET_LIVE_LINE_MAX];
    size_t line_size;
    bool running;
    uint32_t open; /* handles of libuv's not yet closed */
    int64_t exit_code;
    int exit_signal;
    /* What it has printed, without the newline; longer lines are cut. */
    void (*said)(struct net_live_process *process, const char *line);
    /* It has ended and all that it printed was told. */
    void (*ended)(struct net_live_process *process);
    void *owner;
} net_live_process;

/*
 * Starts `arguments` (ended by NULL, the first one the program's path). The caller has set `said`,
 * `ended` and `owner`. 0, or libuv's error: then nothing has been started, but `ended` is still
 * called, by the loop.
 */
int net_live_process_start(net_live_process *process, uv_loop_t *loop, char **arguments,
                           const char *log_path);

/* Sends a signal if it still runs. */
void net_live_process_signal(net_live_process *process, int number);

#endif
