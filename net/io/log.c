#include "net/io/log.h"

#include <assert.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

/* Kinds that are counted apart; the programs have fewer. Those beyond share the last place. */
#define KINDS 128

typedef struct log_kind {
    const char *name; /* NULL: free */
    uint64_t began_ns;
    uint32_t written, counted;
    char last[160]; /* of those counted: how it began */
} log_kind;

static struct {
    const char *program;
    net_level most;
    atomic_bool failed; /* an error was told; asked on any thread */
    void (*before)(void);
    log_kind kinds[KINDS];
} state = {.program = "minibit", .most = NET_INFO};

void net_log_setup(const char *program, net_level most)
{
    state.program = program;
    state.most = most;
}

bool net_log_has_failed(void)
{
    return state.failed;
}

bool net_log_wanted(net_level level)
{
    return level <= state.most;
}

void net_log_hook(void (*before)(void))
{
    state.before = before;
}

static void put(const char *line)
{
    if (state.before) state.before();
    fprintf(stderr, "%s: %s\n", state.program, line);
}

static void sum_up(log_kind *k)
{
    char line[320];

    if (k->counted > 0) {
        snprintf(line, sizeof line, "%u more like this in %d s: %s", k->counted, NET_LOG_WINDOW_S,
                 k->last);
        put(line);
    }
    k->written = k->counted = 0;
}

/* Its place, with a window that is not over. */
static log_kind *find(const char *name)
{
    assert(name[0]);
    uint64_t now = uv_hrtime();
    log_kind *k = state.kinds;

    while (k < &state.kinds[KINDS - 1] && k->name && k->name != name)
        k++;
    if (k->name && now - k->began_ns < NET_LOG_WINDOW_S * UINT64_C(1000000000)) return k;
    sum_up(k);
    k->name = name;
    k->began_ns = now;
    return k;
}

void net_log_sum_up(bool all)
{
    uint64_t now = uv_hrtime();

    for (log_kind *k = state.kinds; k < &state.kinds[KINDS]; k++) {
        bool over = now - k->began_ns >= NET_LOG_WINDOW_S * UINT64_C(1000000000);

        if (k->counted > 0 && (all || over)) sum_up(k);
    }
}

/* What is not printable becomes an escape. */
static void make_safe(const char *line, char *safe, size_t size)
{
    assert(size > 1);
    size_t at = 0;

    for (const unsigned char *c = (const unsigned char *)line; *c && at + 5 < size; c++) {
        if (*c >= 0x20 && *c != 0x7f)
            safe[at++] = (char)*c;
        else
            at += (size_t)snprintf(safe + at, 5, "\\x%02x", *c);
    }
    safe[at] = '\0';
}

static void write_line(const char *name, net_level level, const char *format, va_list arguments)
{
    char line[1024], safe[2048];
    log_kind *k;

    if (level == NET_ERROR) state.failed = true;
    if (!net_log_wanted(level)) return;
    vsnprintf(line, sizeof line, format, arguments);
    make_safe(line, safe, sizeof safe);
    k = find(name);
    if (k->written < NET_LOG_BURST) {
        k->written++;
        put(safe);
        return;
    }
    k->counted++;
    snprintf(k->last, sizeof k->last, "%.*s", (int)sizeof k->last - 1, safe);
}

void net_log(net_level level, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    write_line(format, level, format, arguments);
    va_end(arguments);
}

void net_log_kind(const char *kind, net_level level, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    write_line(kind, level, format, arguments);
    va_end(arguments);
}
