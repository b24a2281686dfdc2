#include "net/options.h"

#include <arpa/inet.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "core/codec/message.h"
#include "core/units.h"

/* What GOption fills in, as texts that are read after it. */
typedef struct texts {
    char **set;
    char *preset, *seed, *up, *down, *latency, *origin, *seeder_port, *block_size, *seed_for;
    gboolean quiet, verbose, version, trust_ip, force, exit_when_complete;
} texts;

static int usage_error(const char *format, ...) G_GNUC_PRINTF(1, 2);

static int usage_error(const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s: ", g_get_prgname());
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputs("; --help shows how\n", stderr);
    return 2;
}

/* ---- values --------------------------------------------------------------------------------- */

/* --set [protocol.]KEY=VALUE, each in turn, upon the preset. */
static int set_keys(net_options *options, const texts *t)
{
    mb_preset preset = MB_PRESET_MINIBIT;

    if (t->preset && mb_preset_find(t->preset, &preset))
        return usage_error("--preset %s: no such preset", t->preset);
    for (char **set = t->set; set && *set; set++)
        if (g_str_has_prefix(*set, "protocol.preset=") &&
            mb_preset_find(*set + strlen("protocol.preset="), &preset))
            return usage_error("--set %s: no such preset", *set);
    mb_protocol_init(&options->protocol, preset);
    for (char **set = t->set; set && *set; set++) {
        const char *key = g_str_has_prefix(*set, "protocol.") ? *set + strlen("protocol.") : *set;
        const char *equals = strchr(key, '=');
        char *name;
        int error;

        if (!equals) return usage_error("--set %s: KEY=VALUE is wanted", *set);
        name = g_strndup(key, (gsize)(equals - key));
        error = strcmp(name, "preset") ? mb_protocol_set(&options->protocol, name, equals + 1) : 0;
        g_free(name);
        if (error)
            return usage_error("--set %s: %s (minibit-sim --help-keys lists the keys)", *set,
                               mb_strerror(error));
    }
    /* no folder is shared on a real network: what is dealt has to be fetched */
    options->protocol.deal = MB_DEAL_FETCHED;
    mb_protocol_finish(&options->protocol);
    return 0;
}

static int read_rate(const char *name, const char *text, uint64_t *rate)
{
    int error;

    if (!text || strcmp(text, "unlimited") == 0) return 0;
    error = mb_rate_parse(text, rate);
    if (!error && *rate == 0) error = MB_ERR_RANGE;
    return error ? usage_error("%s %s: %s", name, text, mb_strerror(error)) : 0;
}

static int read_time(const char *name, const char *text, mb_time *time)
{
    int error = text ? mb_time_parse(text, time) : 0;

    return error ? usage_error("%s %s: %s", name, text, mb_strerror(error)) : 0;
}

static int read_count(const char *name, const char *text, uint64_t max, uint64_t *count)
{
    int error = text ? mb_count_parse(text, max, count) : 0;

    return error ? usage_error("%s %s: %s", name, text, mb_strerror(error)) : 0;
}

static int read_port(const char *text, uint16_t *port)
{
    uint64_t number = 0;
    int error = mb_count_parse(text, UINT16_MAX, &number);

    if (error) return usage_error("%s is no port", text);
    *port = (uint16_t)number;
    return 0;
}

/* A numeric address: names are not looked up, so that nothing depends on who answers. */
static int read_address(const char *host, uint16_t port, struct sockaddr_storage *address)
{
    struct sockaddr_in *four = (struct sockaddr_in *)address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;

    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        return 0;
    }
    if (inet_pton(AF_INET6, host, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(port);
        return 0;
    }
    return usage_error("%s is no numeric IP address", host);
}

static int read_common(net_options *options, const texts *t)
{
    int status = set_keys(options, t);

    if (!status) status = read_rate("--up-rate", t->up, &options->up);
    if (!status) status = read_rate("--down-rate", t->down, &options->down);
    if (!status) status = read_time("--latency", t->latency, &options->latency);
    if (!status) status = read_count("--clock-origin", t->origin, INT64_MAX, &options->origin_ns);
    if (!t->seed && getrandom(&options->seed, sizeof options->seed, 0) < 0) options->seed = 1;
    if (!status) status = read_count("--seed", t->seed, INT64_MAX, &options->seed);
    options->quiet = t->quiet;
    options->verbose = t->verbose;
    return status;
}

/* ---- GOption -------------------------------------------------------------------------------- */

static void add_common(GOptionContext *context, net_options *o, texts *t)
{
    const GOptionEntry entries[] = {
        {"set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &t->set,
         "a key of the protocol, as in a scenario (repeatable)", "protocol.KEY=VALUE"},
        {"preset", 0, 0, G_OPTION_ARG_STRING, &t->preset,
         "minibit (default), coursework or bittorrent", "NAME"},
        {"record", 0, 0, G_OPTION_ARG_FILENAME, &o->record,
         "leave provenance.csv, completion.csv and summary.json in this folder", "DIR"},
        {"group", 0, 0, G_OPTION_ARG_STRING, &o->group, "the column `group` of those", "NAME"},
        {"up-rate", 0, 0, G_OPTION_ARG_STRING, &t->up, "send blocks no faster", "8Mbit"},
        {"down-rate", 0, 0, G_OPTION_ARG_STRING, &t->down, "receive them no faster", "8Mbit"},
        {"latency", 0, 0, G_OPTION_ARG_STRING, &t->latency, "delay what comes and goes", "5ms"},
        {"seed", 0, 0, G_OPTION_ARG_STRING, &t->seed, "of the random streams", "N"},
        {"clock-origin", 0, 0, G_OPTION_ARG_STRING, &t->origin,
         "ns of CLOCK_MONOTONIC that are time 0 of the records", "NS"},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &t->quiet, "only warnings and errors", NULL},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &t->verbose, "each connection's end too", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &t->version, "what this is", NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };

    g_option_context_add_main_entries(context, entries, NULL);
}

static void texts_clear(texts *t)
{
    char **one[] = {&t->preset, &t->seed,        &t->up,         &t->down,    &t->latency,
                    &t->origin, &t->seeder_port, &t->block_size, &t->seed_for};

    g_strfreev(t->set);
    for (size_t i = 0; i < G_N_ELEMENTS(one); i++)
        g_free(*one[i]);
}

/* 0, or what the program is to end with. `wanted` arguments must be left. */
static int parse(GOptionContext *context, texts *t, int *argc, char ***argv, int wanted)
{
    GError *error = NULL;
    int status = 0;

    if (!g_option_context_parse(context, argc, argv, &error)) {
        status = usage_error("%s", error->message);
        g_error_free(error);
    } else if (t->version) {
        printf("%s %s\n", g_get_prgname(), NET_VERSION);
        status = NET_OPTIONS_DONE;
    } else if (*argc != wanted + 1) {
        status = usage_error("%d arguments are wanted, not %d", wanted, *argc - 1);
    }
    g_option_context_free(context);
    return status;
}

/* ---- the tracker ---------------------------------------------------------------------------- */

int net_options_tracker(net_options *options, int argc, char **argv)
{
    texts t = {0};
    const GOptionEntry entries[] = {
        {"seeder-port", 0, 0, G_OPTION_ARG_STRING, &t.seeder_port,
         "where the first seeder accepts requests (default: any free port)", "PORT"},
        {"block-size", 0, 0, G_OPTION_ARG_STRING, &t.block_size, "default 256KiB", "SIZE"},
        {"trust-announced-ip", 0, 0, G_OPTION_ARG_NONE, &t.trust_ip,
         "take an announce whose address is not its sender's", NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    GOptionContext *context = g_option_context_new("IP PORT FILE");
    struct sockaddr_storage own;
    int status;

    memset(options, 0, sizeof *options);
    options->block_size = MB_BLOCK_SIZE_DEFAULT;
    g_option_context_set_summary(context,
                                 "Tracker and first seeder of FILE. Writes extensao.txt into the "
                                 "working folder. Example:\n"
                                 "  minibit-tracker 192.168.0.1 9000 film.mp4");
    g_option_context_add_main_entries(context, entries, NULL);
    add_common(context, options, &t);
    status = parse(context, &t, &argc, &argv, 3);
    if (!status) status = read_common(options, &t);
    if (!status && t.seeder_port) status = read_port(t.seeder_port, &options->seeder_port);
    if (!status && t.block_size) {
        int error = mb_size_parse(t.block_size, &options->block_size);

        if (error || options->block_size == 0 || options->block_size > (UINT32_C(1) << 24))
            status = usage_error("--block-size %s: 1B to 16MiB", t.block_size);
    }
    if (!status) {
        options->host = g_strdup(argv[1]);
        options->file = g_strdup(argv[3]);
        options->trust_ip = t.trust_ip;
        status = read_port(argv[2], &options->port);
    }
    if (!status) status = read_address(options->host, options->port, &own);
    if (!options->group) options->group = g_strdup("peer");
    texts_clear(&t);
    return status;
}

/* ---- the peer ------------------------------------------------------------------------------- */

static int read_peer(net_options *options, const texts *t, char **argv)
{
    uint16_t tracker_port = 0;
    struct sockaddr_storage own;
    int status;

    options->id = g_strdup(argv[1]);
    options->host = g_strdup(argv[2]);
    options->force = t->force;
    options->exit_when_complete = t->exit_when_complete;
    if (!mb_wire_id_valid(options->id) || strcmp(options->id, "tracker") == 0)
        return usage_error("%s: a peer's id is 1 to 64 of A-Z a-z 0-9 _ -, but not `tracker`",
                           options->id);
    if (options->name && !mb_wire_name_valid(options->name))
        return usage_error("--name %s: 1 to 100 of A-Z a-z 0-9 . _ -, no dot first", options->name);
    status = read_port(argv[3], &options->port);
    if (!status) status = read_address(options->host, options->port, &own);
    if (!status) status = read_port(argv[5], &tracker_port);
    if (!status) status = read_address(argv[4], tracker_port, &options->tracker);
    if (!status) status = read_time("--seed-for", t->seed_for, &options->seed_for);
    return status;
}

int net_options_peer(net_options *options, int argc, char **argv)
{
    texts t = {0};
    const GOptionEntry entries[] = {
        {"output-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->output_dir,
         "where the file is put, made if missing (default: the working folder)", "DIR"},
        {"name", 0, 0, G_OPTION_ARG_STRING, &options->name,
         "the file's name there (default: the tracker's)", "NAME"},
        {"force", 0, 0, G_OPTION_ARG_NONE, &t.force, "replace a file of that name", NULL},
        {"exit-when-complete", 0, 0, G_OPTION_ARG_NONE, &t.exit_when_complete,
         "leave once the file is whole", NULL},
        {"seed-for", 0, 0, G_OPTION_ARG_STRING, &t.seed_for, "leave so long after that", "10min"},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    GOptionContext *context = g_option_context_new("ID MY_IP MY_PORT TRACKER_IP TRACKER_PORT");
    int status;

    memset(options, 0, sizeof *options);
    options->seed_for = MB_NEVER;
    g_option_context_set_summary(
        context, "Fetches the tracker's file, trading with others, then seeds it. Example:\n"
                 "  minibit-peer anna 192.168.0.62 9001 192.168.0.1 9000");
    g_option_context_add_main_entries(context, entries, NULL);
    add_common(context, options, &t);
    status = parse(context, &t, &argc, &argv, 5);
    if (!status) status = read_common(options, &t);
    if (!status) status = read_peer(options, &t, argv);
    if (!options->group) options->group = g_strdup("peer");
    if (!options->output_dir) options->output_dir = g_strdup(".");
    texts_clear(&t);
    return status;
}

void net_options_clear(net_options *options)
{
    g_free(options->record);
    g_free(options->group);
    g_free(options->file);
    g_free(options->id);
    g_free(options->output_dir);
    g_free(options->name);
    g_free(options->host);
}
