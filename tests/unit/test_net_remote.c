/*
 * The table of remotes: names, handles, and what they told of their blocks.
 */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "core/blockset.h"
#include "net/net_limits.h"
#include "net/remote.h"

#define BLOCKS 70

static net_remotes table;

/* "x..x": blocks 0 and 3. */
static void tell(net_remote *remote, const char *drawn, uint64_t epoch, uint64_t count)
{
    uint64_t set[2] = {0, 0};

    for (uint32_t b = 0; drawn[b]; b++)
        if (drawn[b] == 'x') mb_blockset_add(set, b);
    net_remote_tell_set(&table, remote, set, epoch, count);
}

static void check_log(const net_remote *remote, uint32_t epoch, const char *log)
{
    GString *text = g_string_new(NULL);
    mb_told told = net_remote_told(remote);

    for (uint32_t i = 0; i < told.count; i++)
        g_string_append_printf(text, "%u ", told.log->blocks[i]);
    g_assert_cmpstr(text->str, ==, log);
    g_assert_cmpuint(told.epoch, ==, epoch);
    g_string_free(text, TRUE);
}

static void test_handles(void)
{
    net_remotes_init(&table, BLOCKS, 2);
    net_remote *a = net_remotes_get(&table, "a"), *tracker = net_remotes_get(&table, "tracker");

    g_assert_cmpuint(a->node, ==, 2);
    g_assert_cmpuint(tracker->node, ==, MB_NODE_TRACKER);
    g_assert_true(net_remotes_get(&table, "a") == a);
    g_assert_null(net_remotes_find(&table, "b"));
    g_assert_true(net_remotes_at(&table, 2) == a);
    g_assert_null(net_remotes_at(&table, 3));
    for (int i = 0; i < 5000; i++) {
        char id[16];

        snprintf(id, sizeof id, "p%d", i);
        net_remotes_get(&table, id);
    }
    g_assert_true(net_remotes_find(&table, "a") == a);
    g_assert_cmpuint(net_remotes_find(&table, "p4999")->node, ==, 5002);
    net_remotes_clear(&table);
}

/* Past the limit those that nobody needs go; their handles are not given again. */
static void test_room(void)
{
    net_remotes_init(&table, BLOCKS, 1);
    for (int i = 0; i <= NET_LIMIT_PEERS; i++) {
        char id[16];

        snprintf(id, sizeof id, "p%d", i);
        net_remote *remote = net_remotes_get(&table, id);
        g_assert_nonnull(remote);
        g_assert_cmpuint(remote->node, ==, i + 1);
        if (i < 10) remote->booked = true;
    }
    g_assert_nonnull(net_remotes_find(&table, "p3"));
    g_assert_null(net_remotes_find(&table, "p30"));
    g_assert_cmpuint(table.count, ==, 11);
    net_remotes_clear(&table);
}

static void test_logs(void)
{
    net_remotes_init(&table, BLOCKS, 1);
    net_remote *a = net_remotes_get(&table, "a");

    tell(a, "..x", 1, 1);
    check_log(a, 1, "2 ");
    tell(a, "x.xx", 1, 3);
    check_log(a, 1, "2 0 3 ");
    tell(a, "..x", 1, 1); /* an older state: passed over */
    check_log(a, 1, "2 0 3 ");
    net_remote_tell_block(&table, a, 69);
    net_remote_tell_block(&table, a, 0);
    check_log(a, 1, "2 0 3 69 ");
    tell(a, ".x", 2, 1); /* it lost what it had: a new log */
    check_log(a, 2, "1 ");
    tell(a, "xxxx", 1, 4); /* of the old one: out of date */
    check_log(a, 2, "1 ");
    tell(a, ".xx", 9, 2); /* another epoch, but nothing lost */
    check_log(a, 2, "1 2 ");
    net_remotes_clear(&table);
}

/* An original's tracker books blocks that come and go. */
static void test_plain_lists(void)
{
    net_remotes_init(&table, BLOCKS, 1);
    net_remote *a = net_remotes_get(&table, "a");

    tell(a, "xx", 0, 0);
    check_log(a, 1, "0 1 ");
    tell(a, "xxx", 0, 0);
    check_log(a, 1, "0 1 2 ");
    tell(a, "...x", 0, 0);
    check_log(a, 2, "3 ");
    tell(a, "x", 1, 1); /* it speaks for itself from now on */
    check_log(a, 3, "0 ");
    tell(a, "...x", 0, 0);
    check_log(a, 3, "0 ");
    net_remotes_clear(&table);
}

static void test_addresses(void)
{
    net_remotes_init(&table, BLOCKS, 1);
    net_remote *a = net_remotes_get(&table, "a");
    struct sockaddr_storage address;

    g_assert_false(net_remote_address(a, &address));
    g_assert_false(net_remote_place(a, "localhost", 5)); /* names are not looked up */
    g_assert_false(net_remote_place(a, "1.2.3", 5));
    g_assert_true(net_remote_place(a, "192.168.0.62", 9001));
    g_assert_true(net_remote_address(a, &address));
    g_assert_cmpint(address.ss_family, ==, AF_INET);
    g_assert_true(net_remote_place(a, "fe80::1", 9001));
    g_assert_cmpstr(a->host, ==, "fe80::1");
    net_remotes_clear(&table);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/remotes/handles", test_handles);
    g_test_add_func("/remotes/room", test_room);
    g_test_add_func("/remotes/logs", test_logs);
    g_test_add_func("/remotes/plain-lists", test_plain_lists);
    g_test_add_func("/remotes/addresses", test_addresses);
    return g_test_run();
}
