#include "net/program/program.h"

#include <assert.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net/io/address.h"
#include "net/io/conn.h"
#include "net/limits.h"

/* Of so many lines of progress one is written where there is no terminal. */
#define LINES_APART 10

/* Descriptors that connections may have: what the system gives, less those for files and the rest.
 */
static uint32_t ready_system(void)
{
    const uint32_t kept = NET_RESERVED_DESCRIPTORS + NET_LIMIT_OWN_CONNECTIONS;
    struct rlimit limit;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return NET_LIMIT_CONNECTIONS;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max >= NET_LIMIT_CONNECTIONS + kept) return NET_LIMIT_CONNECTIONS;
    return limit.rlim_max > 2 * kept ? (uint32_t)limit.rlim_max - kept
                                     : NET_RESERVED_DESCRIPTORS / 2;
}

bool net_program_begin(const char *name, const net_options *options, net_loop *loop)
{
    uint32_t most = ready_system();

    net_log_setup(name, options->quiet ? NET_WARN : options->verbose ? NET_DEBUG : NET_INFO);
    int error = net_loop_init(loop, options->origin_ns);
    if (error) {
        net_log(NET_ERROR, "no event loop: %s", uv_strerror(error));
        return false;
    }
    loop->conn_most = most;
    loop->memory.most = options->memory;
    loop->paranoid = options->paranoid;
    loop->latency = options->latency;
    loop->shaper.up.rate = options->up;
    loop->shaper.down.rate = options->down;
    return true;
}

int net_program_end(int status)
{
    if (status == NET_OPTIONS_DONE) status = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    fprintf(stderr, "%s: standard output cannot be written\n", g_get_prgname());
    return status ? status : 1;
}

/* ---- listening ------------------------------------------------------------------------------ */

static void on_connection(uv_stream_t *server, int status)
{
    net_listener *listener = server->data;

    if (status < 0) {
        net_log(NET_WARN, "a connection could not be accepted: %s", uv_strerror(status));
    } else if (net_conn_make_room(listener->loop)) {
        listener->accept(listener->owner, server);
    } else { /* it waits, and those behind it in the system's queue */
        listener->next_full = listener->loop->full;
        listener->loop->full = listener;
    }
}

static void on_room(net_loop *loop)
{
    net_listener *listener = loop->full;

    if (!listener || loop->ending || !net_conn_make_room(loop)) return;
    loop->full = listener->next_full;
    if (!uv_is_closing((uv_handle_t *)&listener->server))
        listener->accept(listener->owner, (uv_stream_t *)&listener->server);
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
    listener->loop = loop;
    loop->room = on_room;
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
    assert(number > 0);
    net_signals *signals = handle->data;

    signals->stop(signals->owner, ++signals->times, number);
}

void net_signals_start(net_signals *signals, net_loop *loop)
{
    struct sigaction hangup;

    signals->hears_hangup = sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN;
    uv_signal_init(&loop->uv, &signals->interrupt);
    uv_signal_init(&loop->uv, &signals->hangup);
    signals->hangup.data = signals;
    uv_signal_init(&loop->uv, &signals->terminate);
    signals->interrupt.data = signals->terminate.data = signals;
    net_signals_go_on(signals);
}

void net_signals_pause(net_signals *signals)
{
    uv_signal_stop(&signals->interrupt);
    uv_signal_stop(&signals->terminate);
    uv_signal_stop(&signals->hangup);
}

void net_signals_go_on(net_signals *signals)
{
    uv_signal_start(&signals->interrupt, on_signal, SIGINT);
    uv_signal_start(&signals->terminate, on_signal, SIGTERM);
    if (signals->hears_hangup) uv_signal_start(&signals->hangup, on_signal, SIGHUP);
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
