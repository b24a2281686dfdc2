#include "net/live/launch.h"

#include "core/blockset.h"
#include "core/rng.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK ((size_t)1 << 20)
/* Peers of a run share the scenario's seed; each gets one of its own made from it. */
#define SEED_STRIDE UINT64_C(1000003)

static void add(GPtrArray *arguments, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void add(GPtrArray *arguments, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    g_ptr_array_add(arguments, g_strdup_vprintf(format, values));
    va_end(values);
}

static void add_option(GPtrArray *arguments, const char *option, const char *value)
{
    assert(option[0] == '-' || value);
    add(arguments, "%s", option);
    add(arguments, "%s", value);
}

/* ---- the shared file ----------------------------------------------------------------------- */

static bool write_all(int file, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, bytes, size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

/* Bytes that no compression or hole makes lighter, the same for the same seed. */
static bool write_made_up(int file, uint64_t size, uint64_t seed)
{
    assert(file >= 0);
    uint64_t *words = g_malloc(CHUNK);
    bool right = true;
    mb_rng rng;
    mb_rng_init(&rng, seed, 0, MB_PURPOSE_PAYLOAD);
    while (size > 0 && right) {
        size_t part = MIN(size, CHUNK);
        for (size_t i = 0; i < CHUNK / sizeof *words; i++)
            words[i] = mb_rng_next(&rng);
        right = write_all(file, (const char *)words, part);
        size -= part;
    }
    g_free(words);
    return right;
}

static char *file_name(const net_live_plan *plan)
{
    return plan->path ? g_path_get_basename(plan->path) : g_strdup("live.bin");
}

/* The file to share: the scenario's, or one made in the work folder. */
static char *file_path(const net_live_plan *plan, const char *work)
{
    return plan->path ? g_strdup(plan->path) : g_strdup_printf("%s/live.bin", work);
}

static bool make_file(const net_live_plan *plan, const char *path, char **error)
{
    if (plan->path) return true;
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool right = file >= 0 && write_made_up(file, plan->geometry.size, plan->seed);
    int code = errno;
    if (file >= 0 && close(file) != 0) right = false;
    if (!right) *error = g_strdup_printf("%s: %s", path, g_strerror(code));
    return right;
}

/* ---- what a peer brings -------------------------------------------------------------------- */

static bool copy_block(int from, int to, const mb_geometry *geometry, uint32_t block)
{
    assert(from >= 0 && to >= 0 && block < geometry->blocks);
    size_t size = mb_geometry_block_size(geometry, block);
    off_t offset = (off_t)mb_geometry_offset(geometry, block);
    char *bytes = g_malloc(size);
    bool right = pread(from, bytes, size, offset) == (ssize_t)size &&
                 pwrite(to, bytes, size, offset) == (ssize_t)size;
    g_free(bytes);
    return right;
}

/* Leaves NAME.part as an earlier run would have left it, with the blocks of the set `have`. */
static bool make_part(const net_live_plan *plan, const char *work, const char *folder,
                      const uint64_t *have, char **error)
{
    char *source = file_path(plan, work), *name = file_name(plan);
    char *path = g_strdup_printf("%s/%s.part", folder, name);
    int from = open(source, O_RDONLY | O_CLOEXEC);
    int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool right = from >= 0 && to >= 0 && ftruncate(to, (off_t)plan->geometry.size) == 0;
    for (uint32_t block = 0; right && block < plan->geometry.blocks; block++) {
        if (mb_blockset_has(have, block)) right = copy_block(from, to, &plan->geometry, block);
    }
    if (!right) *error = g_strdup_printf("%s: %s", path, g_strerror(errno));
    if (from >= 0) close(from);
    if (to >= 0) close(to);
    g_free(source);
    g_free(name);
    g_free(path);
    return right;
}

/* ---- command lines ------------------------------------------------------------------------- */

static void add_program(GPtrArray *arguments, const net_live_place *place, uint32_t node,
                        const char *program)
{
    assert(place->setup->programs[0]);
    /* however this program ends, those that it has started do not stay */
    add_option(arguments, "setpriv", "--pdeathsig=TERM");
    net_live_netns_prefix(place->netns, node, arguments);
    add(arguments, "%s/%s", place->setup->programs, program);
}

/* Rates go to the programs' buckets, or, in namespaces, to the kernel's. */
static void add_access(GPtrArray *arguments, const net_live_place *place,
                       const net_live_access *access)
{
    if (!place->netns && strcmp(access->up, "unlimited") != 0)
        add_option(arguments, "--up-rate", access->up);
    if (!place->netns && strcmp(access->down, "unlimited") != 0)
        add_option(arguments, "--down-rate", access->down);
    if (access->latency > 0) add_option(arguments, "--latency", access->latency_text);
}

static void add_common(GPtrArray *arguments, const net_live_plan *plan, const net_live_place *place,
                       const GPtrArray *settings, int64_t number)
{
    char *record = net_live_record_path(plan, place->setup->work, number);
    add_option(arguments, "--record", record);
    if (place->setup->paranoid) add(arguments, "--paranoid");
    add(arguments, "--clock-origin");
    add(arguments, "%" G_GUINT64_FORMAT, place->origin_ns);
    add(arguments, "--seed");
    add(arguments, "%" G_GUINT64_FORMAT,
        (plan->seed * SEED_STRIDE + (uint64_t)(number + 1)) & INT64_MAX);
    for (guint i = 0; i < settings->len; i++)
        add_option(arguments, "--set", settings->pdata[i]);
    g_free(record);
}

GPtrArray *net_live_tracker_arguments(const net_live_plan *plan, const net_live_place *place,
                                      char **error)
{
    char *path = file_path(plan, place->setup->work);
    GPtrArray *arguments = NULL;
    if (make_file(plan, path, error)) {
        arguments = g_ptr_array_new_with_free_func(g_free);
        add_program(arguments, place, 0, "minibit-tracker");
        add(arguments, "--block-size");
        add(arguments, "%uB", plan->geometry.block_size);
        add_access(arguments, place, &plan->tracker);
        add_common(arguments, plan, place, plan->tracker_settings, -1);
        add(arguments, "%s", net_live_address(place->netns, 0));
        add(arguments, "0");
        add(arguments, "%s", path);
        g_ptr_array_add(arguments, NULL);
    }
    g_free(path);
    return arguments;
}

static void add_peer(GPtrArray *arguments, const net_live_plan *plan, const net_live_place *place,
                     uint32_t number, const char *folder)
{
    assert(number < plan->peer_count);
    const net_live_peer *peer = &plan->peers[number];
    const net_live_group *group = &plan->groups[peer->group];
    add_program(arguments, place, number + 1, "minibit-peer");
    add_option(arguments, "--output-dir", folder);
    add_option(arguments, "--group", group->name);
    add_access(arguments, place, &group->access);
    add_common(arguments, plan, place, group->settings, number);
    add(arguments, "%s", peer->id);
    add(arguments, "%s", net_live_address(place->netns, number + 1));
    add(arguments, "0");
    add(arguments, "%s", place->tracker_ip);
    add(arguments, "%u", place->tracker_port);
    g_ptr_array_add(arguments, NULL);
}

GPtrArray *net_live_peer_arguments(const net_live_plan *plan, const net_live_place *place,
                                   uint32_t number, char **error)
{
    const net_live_peer *peer = &plan->peers[number];
    char *folder = g_strdup_printf("%s/%s", place->setup->work, peer->id);
    GPtrArray *arguments = NULL;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        *error = g_strdup_printf("%s: %s", folder, g_strerror(errno));
    } else if (!peer->have || make_part(plan, place->setup->work, folder, peer->have, error)) {
        arguments = g_ptr_array_new_with_free_func(g_free);
        add_peer(arguments, plan, place, number, folder);
    }
    g_free(folder);
    return arguments;
}

char *net_live_record_path(const net_live_plan *plan, const char *work, int64_t number)
{
    assert(number < (int64_t)plan->peer_count);
    const char *id = number < 0 ? "tracker" : plan->peers[number].id;
    return g_strdup_printf("%s/%s/record", work, id);
}
