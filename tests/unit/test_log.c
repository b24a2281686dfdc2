/* Acquisition logs: what a prefix tells stays true while its owner appends. */
#include "core/log.h"
#include "tests/lib/failing_alloc.h"

#include <glib.h>
#include <stdlib.h>

static void appends_in_order(void)
{
    mb_log *log = mb_log_new(3, 5);
    g_assert_nonnull(log);
    g_assert_cmpuint(log->epoch, ==, 3);
    g_assert_cmpuint(log->count, ==, 0);
    g_assert_cmpuint(log->capacity, ==, 5);
    for (uint32_t i = 0; i < 5; i++) {
        mb_log_append(log, 40 - i);
    }
    g_assert_cmpuint(log->count, ==, 5);
    for (uint32_t i = 0; i < 5; i++) {
        g_assert_cmpuint(log->blocks[i], ==, 40 - i);
    }
    free(log);
}

static void told_prefix_stays(void)
{
    mb_log *log = mb_log_new(0, 3);
    mb_log_append(log, 7);
    mb_told told = mb_log_told(log);
    mb_log_append(log, 9);
    g_assert_true(told.log == log);
    g_assert_cmpuint(told.epoch, ==, 0);
    g_assert_cmpuint(told.count, ==, 1);
    g_assert_cmpuint(told.log->blocks[0], ==, 7);
    g_assert_cmpuint(mb_log_told(log).count, ==, 2);
    free(log);
}

static void empty_file(void)
{
    mb_log *log = mb_log_new(0, 0);
    g_assert_nonnull(log);
    g_assert_cmpuint(mb_log_told(log).count, ==, 0);
    free(log);
}

static void full_log_refuses(void)
{
    if (g_test_subprocess()) {
        mb_log *log = mb_log_new(0, 1);
        mb_log_append(log, 0);
        mb_log_append(log, 1);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr("*log->count < log->capacity*");
}

static void allocation_fails(void)
{
    mb_log *log = NULL;
    uint64_t failures = 0;
    FAILING_ALLOC_EACH(log = mb_log_new(1, 16))
    {
        g_assert_null(log);
        failures++;
    }
    g_assert_nonnull(log);
    g_assert_cmpuint(failures, ==, 1);
    free(log);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/log/appends-in-order", appends_in_order);
    g_test_add_func("/log/told-prefix-stays", told_prefix_stays);
    g_test_add_func("/log/empty-file", empty_file);
    g_test_add_func("/log/full-log-refuses", full_log_refuses);
    g_test_add_func("/log/allocation-fails", allocation_fails);
    return g_test_run();
}
