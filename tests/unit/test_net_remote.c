/*
 * The table of remotes: names, handles, and what they told of their blocks.
 */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "core/blockset.h"
#include "net/limits.h"
#include "net/node/remote.h"

#define BLOCKS 70

static net_remotes table;

/* "x..x": blocks 0 and 3; over its connection `conn`, 0: by a tracker's list. */
static void tell(net_remote *remote, const char *drawn, uint64_t epoch, uint64_t count,
                 uint64_t conn)
{
    const net_state state = {.epoch = epoch, .count = count, .conn = conn};
    uint64_t set[2] = {0, 0};

    for (uint32_t b = 0; drawn[b]; b++)
        if (drawn[b] == 'x') mb_blockset_add(set, b);
    net_remote_tell_set(&table, remote, set, &state);
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

    tell(a, "..x", 70, 1, 5);
    check_log(a, 1, "2 ");
    tell(a, "x.xx", 70, 3, 5);
    check_log(a, 1, "2 0 3 ");
    tell(a, "..x", 70, 1, 6); /* an older state, over another connection: passed over */
    check_log(a, 1, "2 0 3 ");
    net_remote_tell_block(&table, a, 69);
    net_remote_tell_block(&table, a, 0);
    check_log(a, 1, "2 0 3 69 ");
    net_remotes_clear(&table);
}

/* Lives of its program: numbers that follow no order. The latest connection is believed. */
static void test_lives(void)
{
    net_remotes_init(&table, BLOCKS, 1);
    net_remote *a = net_remotes_get(&table, "a");

    tell(a, "xxxx", 70, 4, 5);
    tell(a, ".x", 3, 1, 6); /* back, with less: a new log */
    check_log(a, 2, "1 ");
    tell(a, "xxxx", 70, 4, 5); /* late, over the old connection */
    check_log(a, 2, "1 ");
    tell(a, ".xx", 99, 2, 7); /* back again, nothing lost */
    check_log(a, 2, "1 2 ");
    tell(a, "xxxxx", 1, 5, 8); /* back with a whole copy */
    check_log(a, 2, "1 2 0 3 4 ");
    tell(a, "", 1, 0, 8); /* nothing is a state like another, of the same life an older one */
    tell(a, "", 55, 0, 9);
    check_log(a, 3, "");
    net_remotes_clear(&table);
}

/* A tracker's list is hearsay: it counts where nobody speaks for himself. */
static void test_hearsay(void)
{
    net_remotes_init(&table, BLOCKS, 1);
    net_remote *a = net_remotes_get(&table, "a");

    tell(a, "xx", 70, 2, 0);
    tell(a, "x", 71, 1, 0);
    check_log(a, 2, "0 ");
    tell(a, ".x", 72, 1, 4);
    check_log(a, 3, "1 ");
    a->link = (struct net_link *)&table; /* it is there */
    tell(a, "xx", 70, 2, 0);
    check_log(a, 3, "1 ");
    a->link = NULL;
    tell(a, "xx", 73, 2, 0); /* it has gone, and come back elsewhere */
    check_log(a, 3, "1 0 ");
    net_remotes_clear(&table);
}

/* An original's tracker books blocks that come and go. */
static void test_plain_lists(void)
{
    net_remotes_init(&table, BLOCKS, 1);
    net_remote *a = net_remotes_get(&table, "a");

    tell(a, "xx", 0, 0, 0);
    check_log(a, 1, "0 1 ");
    tell(a, "xxx", 0, 0, 0);
    check_log(a, 1, "0 1 2 ");
    tell(a, "...x", 0, 0, 0);
    check_log(a, 2, "3 ");
    tell(a, "x", 1, 1, 3); /* it speaks for itself from now on */
    check_log(a, 3, "0 ");
    tell(a, "...x", 0, 0, 0);
    check_log(a, 3, "0 ");
    net_remotes_clear(&table);
}

/* Blame is of an id at an address, grows, and ends; the oldest goes where there are too many. */
static void test_blame(void)
{
    const mb_time first = NET_BLAME_FIRST_MS * MB_MS, last = NET_BLAME_LAST_MS * MB_MS;
    mb_time end;

    net_remotes_init(&table, BLOCKS, 1);
    g_assert_false(net_remotes_is_blamed(&table, "a", "1.2.3.4", true, 0));
    g_assert_cmpint(net_remotes_blame(&table, "a", "1.2.3.4", true, 10), ==, 10 + first);
    g_assert_true(net_remotes_is_blamed(&table, "a", "1.2.3.4", true, 9 + first));
    g_assert_false(net_remotes_is_blamed(&table, "a", "1.2.3.4", true, 10 + first));
    g_assert_false(net_remotes_is_blamed(&table, "a", "1.2.3.5", true, 10));
    g_assert_false(net_remotes_is_blamed(&table, "b", "1.2.3.4", true, 10));
    g_assert_false(net_remotes_is_blamed(&table, "a", "1.2.3.4", false, 10));
    end = net_remotes_blame(&table, "a", "1.2.3.4", true, first * 2);
    g_assert_cmpint(end, ==, first * 4); /* twice as long */
    for (int i = 0; i < 40; i++)
        end = net_remotes_blame(&table, "a", "1.2.3.4", true, 0);
    g_assert_cmpint(end, ==, last);
    for (int i = 0; i < NET_LIMIT_BLAMES; i++) {
        char id[16];

        snprintf(id, sizeof id, "p%d", i);
        net_remotes_blame(&table, id, "::1", false, 0);
    }
    g_assert_false(net_remotes_is_blamed(&table, "a", "1.2.3.4", true, 0));
    g_assert_true(net_remotes_is_blamed(&table, "p7", "::1", false, 0));
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

/* "x..x" of the first four blocks, and how many in all. */
static void check_set(const net_remote *remote, uint32_t epoch, const char *first, uint32_t count)
{
    uint64_t set[2];
    mb_told told = net_remote_told(remote);

    net_remote_set(&table, remote, set);
    for (uint32_t b = 0; b < 4; b++)
        g_assert_cmpint(mb_blockset_has(set, b), ==, first[b] == 'x');
    g_assert_cmpuint(mb_blockset_count(set, 2), ==, count);
    g_assert_cmpuint(told.count, ==, count);
    g_assert_cmpuint(told.epoch, ==, epoch);
}

/* A tracker's: no order, and what it takes is counted and given back, to the byte. */
static void test_sets(void)
{
    net_budget memory = {0};
    char all[BLOCKS + 1];

    memset(all, 'x', BLOCKS);
    all[BLOCKS] = '\0';
    net_remotes_init_sets(&table, BLOCKS, 1);
    table.memory = &memory;
    net_remote *a = net_remotes_get(&table, "a");
    uint64_t bare = memory.used;
    tell(a, "x.x.", 7, 2, 1);
    check_set(a, 1, "x.x.", 2);
    uint64_t with_set = memory.used;
    g_assert_cmpuint(with_set, ==, bare + 2 * sizeof(uint64_t) + sizeof(mb_log));
    tell(a, "xxx.", 7, 3, 1);
    check_set(a, 1, "xxx.", 3);
    tell(a, all, 7, BLOCKS, 1); /* every block takes nothing */
    check_set(a, 1, "xxxx", BLOCKS);
    g_assert_cmpuint(memory.used, ==, bare + sizeof(mb_log));
    tell(a, "..x.", 8, 1, 2); /* another life of it */
    check_set(a, 2, "..x.", 1);
    g_assert_cmpuint(memory.used, ==, with_set);
    net_remote_keep_entry(&table, a, "{}", 2);
    g_assert_cmpuint(memory.used, ==, with_set + 2);
    net_remotes_release(&table, a);
    g_assert_null(net_remotes_find(&table, "a"));
    g_assert_cmpuint(memory.used, ==, 0);
    g_assert_cmpuint(net_remotes_get(&table, "b")->node, ==, 1); /* its handle is free */
    net_remotes_clear(&table);
}

/* Who is known may use all but a quarter; entries and whom nobody needs go for a newcomer. */
static void test_budget(void)
{
    net_budget memory = {.most = 10000};
    char id[16] = "p";
    uint32_t taken = 0;

    net_remotes_init_sets(&table, BLOCKS, 1);
    table.memory = &memory;
    for (; net_remotes_have_room(&table, NULL); taken++) {
        snprintf(id, sizeof id, "p%u", taken);
        net_remotes_get(&table, id)->booked = true;
    }
    g_assert_cmpuint(memory.used, <=, 7500);
    g_assert_cmpuint(memory.used + memory.used / taken + 16, >, 7500);
    net_remotes_at(&table, 1)->booked = false;
    g_assert_true(net_remotes_have_room(&table, NULL));
    g_assert_null(net_remotes_find(&table, "p0"));
    net_remotes_clear(&table);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/remotes/handles", test_handles);
    g_test_add_func("/remotes/room", test_room);
    g_test_add_func("/remotes/logs", test_logs);
    g_test_add_func("/remotes/lives", test_lives);
    g_test_add_func("/remotes/hearsay", test_hearsay);
    g_test_add_func("/remotes/plain-lists", test_plain_lists);
    g_test_add_func("/remotes/blame", test_blame);
    g_test_add_func("/remotes/addresses", test_addresses);
    g_test_add_func("/remotes/sets", test_sets);
    g_test_add_func("/remotes/budget", test_budget);
    return g_test_run();
}
