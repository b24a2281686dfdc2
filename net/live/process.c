#include "net/live/process.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void closed(uv_handle_t *handle)
{
    net_live_process *process = handle->data;
    assert(process->open > 0);
    if (--process->open == 0) process->ended(process);
}

static void allocate(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer)
{
    (void)handle, (void)wanted;
    static char bytes[4096]; /* one thread, and each read is taken before the next */
    *buffer = uv_buf_init(bytes, sizeof bytes);
}

static void take(net_live_process *process, char letter)
{
    assert(process->line_size < NET_LIVE_LINE_MAX);
    if (letter != '\n') {
        if (process->line_size < NET_LIVE_LINE_MAX - 1)
            process->line[process->line_size++] = letter;
        return;
    }
    process->line[process->line_size] = '\0';
    process->line_size = 0;
    process->said(process, process->line);
}

static void took(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    net_live_process *process = stream->data;
    for (ssize_t i = 0; i < size; i++)
        take(process, buffer->base[i]);
    if (size < 0) uv_close((uv_handle_t *)stream, closed);
}

static void exited(uv_process_t *handle, int64_t code, int number)
{
    assert(((net_live_process *)handle->data)->running);
    net_live_process *process = handle->data;
    process->running = false;
    process->exit_code = code;
    process->exit_signal = number;
    uv_close((uv_handle_t *)handle, closed);
}

int net_live_process_start(net_live_process *process, uv_loop_t *loop, char **arguments,
                           const char *log_path)
{
    assert(!process->running && arguments[0]);
    int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&process->out},
        {.flags = log >= 0 ? UV_INHERIT_FD : UV_IGNORE, .data.fd = log},
    };
    const uv_process_options_t options = {
        .file = arguments[0],
        .args = arguments,
        .stdio = stdio,
        .stdio_count = 3,
        .exit_cb = exited,
    };
    uv_pipe_init(loop, &process->out, 0);
    process->out.data = process->process.data = process;
    process->open = 2;
    int error = uv_spawn(loop, &process->process, &options);
    if (log >= 0) close(log);
    process->running = error == 0;
    if (error == 0) return uv_read_start((uv_stream_t *)&process->out, allocate, took);
    uv_close((uv_handle_t *)&process->out, closed);
    uv_close((uv_handle_t *)&process->process, closed);
    return error;
}

void net_live_process_signal(net_live_process *process, int number)
{
    assert(number > 0);
    if (process->running) uv_process_kill(&process->process, number);
}
