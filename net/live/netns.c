#include "net/live/netns.h"

#include "core/units.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Bytes on the wire for the payload of a full segment: Ethernet 14, IP 20, TCP 32. */
#define SEGMENT_WIRE 1514
#define SEGMENT_PAYLOAD 1448
/* A bucket holds this long a burst, and what is queued before it waits at most so long. */
#define BURST_MS 4
#define BURST_BYTES_MIN 16384
#define QUEUE_MS 50

struct net_live_netns {
    char *hub; /* the namespace of the bridge */
    uint32_t nodes;
    uint32_t made; /* namespaces of nodes that exist */
};

static char *node_name(uint32_t node)
{
    return g_strdup_printf("mbl-%d-%u", (int)getpid(), node);
}

/* Runs a command line of blanks and words; false and *error where it fails. */
static bool run(char **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool run(char **error, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *line = g_strdup_vprintf(format, values);
    va_end(values);
    char **words = g_strsplit(line, " ", -1), *said = NULL;
    GError *reason = NULL;
    int status = 0;
    bool right = g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, &said,
                              &status, &reason) &&
                 status == 0;
    if (!right && error && !*error)
        *error = g_strdup_printf("%s: %s", line, reason ? reason->message : g_strstrip(said));
    if (reason) g_error_free(reason);
    g_strfreev(words);
    g_free(said);
    g_free(line);
    return right;
}

/* The token bucket for a rate of payload; nothing for what is in effect unlimited. */
static bool shape(char **error, const char *space, const char *device, uint64_t rate)
{
    uint64_t bytes_per_s = rate / MB_RATE_BYTE;
    if (bytes_per_s >= UINT64_C(10000000000)) return true;
    uint64_t wire = bytes_per_s * SEGMENT_WIRE / SEGMENT_PAYLOAD;
    uint64_t burst = MAX(wire * BURST_MS / 1000, BURST_BYTES_MIN);
    return run(error,
               "tc -n %s qdisc add dev %s root tbf rate %" PRIu64 "bit burst %" PRIu64
               "b latency %dms",
               space, device, wire * 8, burst, QUEUE_MS);
}

static bool make_node(net_live_netns *netns, uint32_t node, const net_live_access *access,
                      char **error)
{
    assert(node < netns->nodes && node == netns->made);
    char *name = node_name(node);
    bool right = run(error, "ip netns add %s", name);
    if (right) netns->made = node + 1;
    right = right &&
            run(error, "ip link add h%u netns %s type veth peer name eth0 netns %s", node,
                netns->hub, name) &&
            run(error, "ip -n %s addr add %s/16 dev eth0", name, net_live_address(netns, node)) &&
            run(error, "ip -n %s link set lo up", name) &&
            run(error, "ip -n %s link set eth0 up", name) &&
            run(error, "ip -n %s link set h%u master br0 up", netns->hub, node);
    char *end = g_strdup_printf("h%u", node);
    right = right && shape(error, name, "eth0", access->up_rate) &&
            shape(error, netns->hub, end, access->down_rate);
    g_free(end);
    g_free(name);
    return right;
}

net_live_netns *net_live_netns_new(const net_live_plan *plan, char **error)
{
    net_live_netns *netns = g_new0(net_live_netns, 1);
    netns->hub = g_strdup_printf("mbl-%d-hub", (int)getpid());
    netns->nodes = plan->peer_count + 1;
    *error = NULL;
    bool right = run(error, "ip netns add %s", netns->hub) &&
                 run(error, "ip -n %s link add br0 type bridge", netns->hub) &&
                 run(error, "ip -n %s link set br0 up", netns->hub) &&
                 make_node(netns, 0, &plan->tracker, error);
    for (uint32_t i = 0; right && i < plan->peer_count; i++)
        right = make_node(netns, i + 1, &plan->groups[plan->peers[i].group].access, error);
    if (right) return netns;
    net_live_netns_free(netns);
    return NULL;
}

void net_live_netns_free(net_live_netns *netns)
{
    if (!netns) return;
    for (uint32_t i = 0; i < netns->made; i++) {
        char *name = node_name(i);
        run(NULL, "ip netns del %s", name);
        g_free(name);
    }
    run(NULL, "ip netns del %s", netns->hub);
    g_free(netns->hub);
    g_free(netns);
}

const char *net_live_address(const net_live_netns *netns, uint32_t node)
{
    static char text[32];
    if (!netns) return "127.0.0.1";
    snprintf(text, sizeof text, "10.98.%u.%u", (node + 1) >> 8 & 255, (node + 1) & 255);
    return text;
}

void net_live_netns_prefix(const net_live_netns *netns, uint32_t node, GPtrArray *arguments)
{
    if (!netns) return;
    char *program = g_find_program_in_path("ip");
    g_ptr_array_add(arguments, program ? program : g_strdup("/sbin/ip"));
    g_ptr_array_add(arguments, g_strdup("netns"));
    g_ptr_array_add(arguments, g_strdup("exec"));
    g_ptr_array_add(arguments, node_name(node));
}
