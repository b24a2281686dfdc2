#include "net/program.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net/address.h"
#include "net/net_limits.h"

/* Of so many lines of progress one is written where there is no terminal. */
#define LINES_APART 10

static void ready_system(void)
{
    struct rlimit limit;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

bool net_program_begin(const char *name, const net_options *options, net_loop *loop)
{
    ready_system();
    net_log_setup(name, options->quiet ? NET_WARN : options->verbose ? NET_DEBUG : NET_INFO);
    if (net_loop_init(loop, options->origin_ns) != 0) return false;
    loop->latency = options->latency;
    loop->shaper.up.rate = options->up;
    loop->shaper.down.rate = options->down;
    return true;
}

/* ---- listening ------------------------------------------------------------------------------ */

static void on_connection(uv_stream_t *server, int status)
{
    net_listener *listener = server->data;

    if (status < 0)
        net_log(NET_WARN, "a connection could not be accepted: %s", uv_strerror(status));
    else
        listener->accept(listener->owner, server);
}

/* What I open comes from where I listen, so that others see the address that I announce. */
static void set_source(net_loop *loop, const char *host)
{
    loop->source.ss_family = AF_UNSPEC;
    if (!net_address_is_any(host)) (void)net_address_parse(host, 0, &loop->source);
}

bool net_listener_open(net_listener *listener, net_loop *loop, const char *host, uint16_t *port)
{
    struct sockaddr_storage address;
    char shown_host[NET_ADDRESS_SIZE];
    int error = net_address_parse(host, *port, &address) ? 0 : UV_EINVAL;

    uv_tcp_init(&loop->uv, &listener->server);
    listener->server.data = listener;
    if (!error) error = uv_tcp_bind(&listener->server, (struct sockaddr *)&address, 0);
    if (!error)
        error = uv_listen((uv_stream_t *)&listener->server, NET_LIMIT_WAITING, on_connection);
    if (error) {
        net_log(NET_ERROR, "cannot listen at %s port %u: %s", host, *port, uv_strerror(error));
        return false;
    }
    set_source(loop, host);
    *port = net_address_here(&listener->server, shown_host);
    return true;
}

void net_listener_close(net_listener *listener)
{
    uv_handle_t *server = (uv_handle_t *)&listener->server;

    if (server->loop && !uv_is_closing(server)) uv_close(server, NULL);
}

/* ---- signals -------------------------------------------------------------------------------- */

static void on_signal(uv_signal_t *handle, int number)
{
    net_signals *signals = handle->data;

    signals->stop(signals->owner, ++signals->times, number);
}

void net_signals_start(net_signals *signals, net_loop *loop)
{
    uv_signal_init(&loop->uv, &signals->interrupt);
    uv_signal_init(&loop->uv, &signals->terminate);
    signals->interrupt.data = signals->terminate.data = signals;
    net_signals_go_on(signals);
}

void net_signals_pause(net_signals *signals)
{
    uv_signal_stop(&signals->interrupt);
    uv_signal_stop(&signals->terminate);
}

void net_signals_go_on(net_signals *signals)
{
    uv_signal_start(&signals->interrupt, on_signal, SIGINT);
    uv_signal_start(&signals->terminate, on_signal, SIGTERM);
}

/* ---- progress ------------------------------------------------------------------------------- */

static bool shown;

static void clear_line(void)
{
    if (shown) fputs("\r\033[K", stderr);
    shown = false;
}

void net_progress_show(const char *line, bool last)
{
    static unsigned calls = 1;

    if (!net_log_wanted(NET_INFO)) return;
    if (!isatty(STDERR_FILENO)) {
        if (last || calls++ % LINES_APART == 0) net_log(NET_INFO, "%s", line);
        return;
    }
    net_log_hook(clear_line);
    clear_line();
    fputs(line, stderr);
    if (last) fputc('\n', stderr);
    shown = !last;
    fflush(stderr);
}
