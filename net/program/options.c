#include "net/program/options.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "core/codec/codec_limits.h"
#include "core/codec/message.h"
#include "core/suggest.h"
#include "core/units.h"
#include "net/io/address.h"
#include "net/limits.h"
#include "net/program/option_error.h"
#include "program/version.h"

/* What --memory must leave room for: an announce and an answer of the largest kind. */
#define MEMORY_LEAST ((uint64_t)16 << 20)

/* What GOption fills in, as texts that are read after it. */
typedef struct texts {
    char **set;
    char *preset, *seed, *up, *down, *latency, *origin, *seeder_port, *block_size, *seed_for,
        *memory;
    gboolean paranoid, quiet, verbose, version, help, trust_ip, force, exit_when_complete;
} texts;

static int usage_error(const char *format, ...) G_GNUC_PRINTF(1, 2);

static int usage_error(const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s: ", g_get_prgname());
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputs("; see --help\n", stderr);
    return 2;
}

/* ---- the nearest name ---- */

static int unknown_key(const char *set, const char *key)
{
    mb_suggestion suggestion;
    mb_key known;

    mb_suggestion_init(&suggestion, key);
    for (uint32_t i = 0; mb_key_at(i, &known); i++)
        mb_suggestion_offer(&suggestion, known.name);
    if (suggestion.best)
        return usage_error("--set %s: unknown key; did you mean %s?", set, suggestion.best);
    return usage_error("--set %s: unknown key; minibit-sim --help-keys lists them", set);
}

static int unknown_preset(const char *option, const char *name)
{
    mb_suggestion suggestion;

    mb_suggestion_init(&suggestion, name);
    for (unsigned i = 0; i < MB_PRESET_COUNT; i++)
        mb_suggestion_offer(&suggestion, mb_preset_name((mb_preset)i));
    if (!suggestion.best) return usage_error("%s %s: no such preset", option, name);
    return usage_error("%s %s: no such preset; did you mean %s?", option, name, suggestion.best);
}

/* ---- values --------------------------------------------------------------------------------- */

static int set_key(net_options *options, const char *set, const char *name, const char *value)
{
    mb_key key;
    int error;

    if (strcmp(name, "preset") == 0) return 0; /* it came first */
    if (!mb_key_find(name, &key)) return unknown_key(set, name);
    error = mb_protocol_set(&options->protocol, name, value);
    return error ? usage_error("--set %s: %s", set, mb_strerror(error)) : 0;
}

/* --set [protocol.]KEY=VALUE, each in turn, upon the preset. */
static int set_keys(net_options *options, const texts *t)
{
    mb_preset preset = MB_PRESET_MINIBIT;

    if (t->preset && mb_preset_find(t->preset, &preset))
        return unknown_preset("--preset", t->preset);
    for (char **set = t->set; set && *set; set++)
        if (g_str_has_prefix(*set, "protocol.preset=") &&
            mb_preset_find(*set + strlen("protocol.preset="), &preset))
            return unknown_preset("--set", *set + strlen("protocol.preset="));
    mb_protocol_init(&options->protocol, preset);
    for (char **set = t->set; set && *set; set++) {
        const char *key = g_str_has_prefix(*set, "protocol.") ? *set + strlen("protocol.") : *set;
        const char *equals = strchr(key, '=');
        char *name;
        int error;

        if (!equals) return usage_error("--set %s: KEY=VALUE is wanted", *set);
        name = g_strndup(key, (gsize)(equals - key));
        error = set_key(options, *set, name, equals + 1);
        g_free(name);
        if (error) return error;
    }
    /* no folder is shared on a real network: what is dealt has to be fetched */
    options->protocol.deal = MB_DEAL_FETCHED;
    if (options->protocol.super_seed >= MB_SUPER_SEED_WITHHOLD &&
        options->protocol.knowledge != MB_KNOWLEDGE_HAVE)
        return usage_error(
            "super_seed: who withholds needs knowledge = have, here and at all peers");
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
    if (net_address_parse(host, port, address)) return 0;
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
    options->paranoid = t->paranoid;
    options->quiet = t->quiet;
    options->verbose = t->verbose;
    return status;
}

/* ---- GOption -------------------------------------------------------------------------------- */

#define COMMON_ENTRIES 15 /* the end among them */

/* What both programs take. */
static void common_entries(GOptionEntry entries[COMMON_ENTRIES], net_options *o, texts *t)
{
    const GOptionEntry all[COMMON_ENTRIES] = {
        {"set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &t->set,
         "a key of the protocol, as in a scenario (repeatable)", "protocol.KEY=VALUE"},
        {"preset", 0, 0, G_OPTION_ARG_STRING, &t->preset,
         "minibit (default), coursework or bittorrent", "NAME"},
        {"record", 0, 0, G_OPTION_ARG_FILENAME, &o->record,
         "leave provenance.csv, completion.csv and summary.json here", "DIR"},
        {"group", 0, 0, G_OPTION_ARG_STRING, &o->group, "the column `group` of those", "NAME"},
        {"up-rate", 0, 0, G_OPTION_ARG_STRING, &t->up, "send blocks no faster, say 8Mbit", "RATE"},
        {"down-rate", 0, 0, G_OPTION_ARG_STRING, &t->down, "receive them no faster", "RATE"},
        {"latency", 0, 0, G_OPTION_ARG_STRING, &t->latency, "delay what comes and goes, say by 5ms",
         "TIME"},
        {"seed", 0, 0, G_OPTION_ARG_STRING, &t->seed,
         "of the random choices (default: another each time)", "N"},
        {"clock-origin", 0, 0, G_OPTION_ARG_STRING, &t->origin,
         "ns of CLOCK_MONOTONIC that are time 0 of the records", "NS"},
        {"paranoid", 0, 0, G_OPTION_ARG_NONE, &t->paranoid,
         "check all that it holds after each step; what is wrong ends it", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &t->quiet, "only warnings and errors", NULL},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &t->verbose, "tell of each connection's end too",
         NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &t->version, "print the version", NULL},
        {"help", 'h', 0, G_OPTION_ARG_NONE, &t->help, "print this help", NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };

    memcpy(entries, all, sizeof all);
}

static void texts_clear(texts *t)
{
    char **one[] = {&t->preset, &t->seed,        &t->up,         &t->down,     &t->latency,
                    &t->origin, &t->seeder_port, &t->block_size, &t->seed_for, &t->memory};

    g_strfreev(t->set);
    for (size_t i = 0; i < G_N_ELEMENTS(one); i++)
        g_free(*one[i]);
}

/* A command line and what it may have. */
typedef struct line {
    const char *arguments; /* their names */
    int wanted;            /* how many */
    const char *summary;   /* examples first */
    const GOptionEntry *own, *common;
} line;

static int show_help(GOptionContext *context)
{
    char *text = g_option_context_get_help(context, TRUE, NULL);

    fputs(text, stdout);
    g_free(text);
    return NET_OPTIONS_DONE;
}

/* 0, or what the program is to end with. */
static int parse(const line *l, const texts *t, int *argc, char ***argv)
{
    GOptionContext *context = g_option_context_new(l->arguments);
    GError *error = NULL;
    int status = 0;

    g_option_context_set_summary(context, l->summary);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_add_main_entries(context, l->own, NULL);
    g_option_context_add_main_entries(context, l->common, NULL);
    if (!g_option_context_parse(context, argc, argv, &error)) {
        char *said = net_option_error(error, l->own, l->common);

        status = usage_error("%s", said);
        g_free(said);
        g_error_free(error);
    } else if (t->help) {
        status = show_help(context);
    } else if (t->version) {
        mb_program_print_version(stdout, g_get_prgname());
        status = NET_OPTIONS_DONE;
    } else if (*argc != l->wanted + 1) {
        status =
            usage_error("%s: %d arguments are wanted, not %d", l->arguments, l->wanted, *argc - 1);
    }
    g_option_context_free(context);
    return status;
}

/* ---- the tracker ---------------------------------------------------------------------------- */

static const char tracker_summary[] =
    "Examples:\n"
    "  minibit-tracker 192.168.0.1 9000 film.mp4\n"
    "      share film.mp4; peers join at this address and port\n"
    "  minibit-tracker --seeder-port 9001 --up-rate 20Mbit 192.168.0.1 9000 film.mp4\n"
    "      serve blocks at that port, no faster than that\n"
    "  minibit-tracker --set protocol.seeder_slots=4 --record run 0.0.0.0 9000 film.mp4\n"
    "      at every address of this machine, 4 peers served at a time, tables left in run/\n"
    "  minibit-tracker --extension-file extensao.txt 192.168.0.1 9000 film.mp4\n"
    "      tell the classroom program's peers, which look there, that it ends in .mp4\n\n"
    "The tracker of FILE's swarm and its first seeder.\n"
    "Exit status: 0 told to stop; 1 failed; 2 wrong usage.";

/* What can be told of FILE before anything is started. */
static int check_file(const char *path)
{
    struct stat info;

    if (stat(path, &info) != 0) return usage_error("%s: %s", path, g_strerror(errno));
    return S_ISREG(info.st_mode) ? 0 : usage_error("%s is not a regular file", path);
}

static int read_tracker(net_options *options, const texts *t, char **argv)
{
    struct sockaddr_storage own;
    int status = 0;

    options->host = g_strdup(argv[1]);
    options->file = g_strdup(argv[3]);
    options->trust_ip = t->trust_ip;
    if (t->seeder_port) status = read_port(t->seeder_port, &options->seeder_port);
    if (!status && t->block_size &&
        (mb_size_parse(t->block_size, &options->block_size) || options->block_size == 0 ||
         options->block_size > MB_LIMIT_PAYLOAD_SIZE))
        status = usage_error("--block-size %s: 1B to 16MiB", t->block_size);
    if (!status && t->memory &&
        (mb_size_parse(t->memory, &options->memory) || options->memory < MEMORY_LEAST))
        status = usage_error("--memory %s: 16MiB or more", t->memory);
    if (!status) status = read_port(argv[2], &options->port);
    if (!status) status = read_address(options->host, options->port, &own);
    return status ? status : check_file(options->file);
}

int net_options_tracker(net_options *options, int argc, char **argv)
{
    texts t = {0};
    GOptionEntry common[COMMON_ENTRIES];
    const GOptionEntry own[] = {
        {"seeder-port", 0, 0, G_OPTION_ARG_STRING, &t.seeder_port,
         "where the first seeder takes requests (default: any free port)", "PORT"},
        {"block-size", 0, 0, G_OPTION_ARG_STRING, &t.block_size,
         "cut FILE into blocks of this size (default: 256KiB)", "SIZE"},
        {"extension-file", 0, 0, G_OPTION_ARG_FILENAME, &options->extension_file,
         "write FILE's ending there, if nothing is there yet", "PATH"},
        {"memory", 0, 0, G_OPTION_ARG_STRING, &t.memory,
         "what peers tell may take so much memory (default: 512MiB)", "SIZE"},
        {"trust-announced-ip", 0, 0, G_OPTION_ARG_NONE, &t.trust_ip,
         "take an announce whose address is not its sender's", NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    const line l = {"IP PORT FILE", 3, tracker_summary, own, common};
    int status;

    memset(options, 0, sizeof *options);
    options->memory = NET_LIMIT_MEMORY;
    options->block_size = MB_BLOCK_SIZE_DEFAULT;
    common_entries(common, options, &t);
    status = parse(&l, &t, &argc, &argv);
    if (!status) status = read_common(options, &t);
    if (!status) status = read_tracker(options, &t, argv);
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
    if (!status && tracker_port == 0) status = usage_error("port 0 is no tracker's");
    if (!status) status = read_address(argv[4], tracker_port, &options->tracker);
    if (!status && !net_address_is_any(options->host) &&
        own.ss_family != options->tracker.ss_family)
        status = usage_error("%s cannot be reached from %s: one is IPv4, the other IPv6", argv[4],
                             options->host);
    if (!status) status = read_time("--seed-for", t->seed_for, &options->seed_for);
    return status;
}

static const char peer_summary[] =
    "Examples:\n"
    "  minibit-peer anna 192.168.0.62 9001 192.168.0.1 9000\n"
    "      fetch the file of the tracker at 192.168.0.1 port 9000, then go on serving it\n"
    "  minibit-peer --output-dir films --exit-when-complete anna 192.168.0.62 9001 192.168.0.1 "
    "9000\n"
    "      put it into films/, and end\n"
    "  minibit-peer --seed-for 10min --record run anna 192.168.0.62 9001 192.168.0.1 9000\n"
    "      serve it for ten minutes more, leave tables of what came from whom in run/\n\n"
    "Joins a swarm as ID, reachable at MY_IP and MY_PORT (0: any free port), fetches the\n"
    "tracker's file and trades its blocks with the others. Started again, it goes on where it "
    "was.\n"
    "Exit status: 0 the file is whole; 1 failed; 2 wrong usage; 129, 130, 143 stopped before.";

int net_options_peer(net_options *options, int argc, char **argv)
{
    texts t = {0};
    GOptionEntry common[COMMON_ENTRIES];
    const GOptionEntry own[] = {
        {"output-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->output_dir,
         "where to put the file, made if missing (default: this folder)", "DIR"},
        {"name", 0, 0, G_OPTION_ARG_STRING, &options->name,
         "the file's name there (default: the tracker's)", "NAME"},
        {"force", 0, 0, G_OPTION_ARG_NONE, &t.force, "replace a file of that name", NULL},
        {"exit-when-complete", 0, 0, G_OPTION_ARG_NONE, &t.exit_when_complete,
         "leave once the file is whole", NULL},
        {"seed-for", 0, 0, G_OPTION_ARG_STRING, &t.seed_for, "leave so long after that, say 10min",
         "TIME"},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    const line l = {"ID MY_IP MY_PORT TRACKER_IP TRACKER_PORT", 5, peer_summary, own, common};
    int status;

    memset(options, 0, sizeof *options);
    options->memory = NET_LIMIT_MEMORY;
    options->seed_for = MB_NEVER;
    common_entries(common, options, &t);
    status = parse(&l, &t, &argc, &argv);
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
    g_free(options->extension_file);
    g_free(options->id);
    g_free(options->output_dir);
    g_free(options->name);
    g_free(options->host);
}
