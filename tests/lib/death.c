#include "tests/lib/death.h"

#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const death *d, int to)
{
    const struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none);
    dup2(to, STDERR_FILENO);
    d->breaks();
    _exit(0);
}

static void test(gconstpointer data)
{
    const death *d = data;
    char said[4096];
    size_t size = 0;
    ssize_t got;
    int ends[2], status;

    g_assert_cmpint(pipe(ends), ==, 0);
    pid_t child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child == 0) die(d, ends[1]);
    close(ends[1]);
    while (size + 1 < sizeof said && (got = read(ends[0], said + size, sizeof said - 1 - size)) > 0)
        size += (size_t)got;
    said[size] = '\0';
    close(ends[0]);
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    if (!strstr(said, d->says)) g_test_message("it said: %s", said);
    g_assert_nonnull(strstr(said, d->says));
    g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

void death_add(const char *path, const death *deaths)
{
    for (; deaths->name; deaths++) {
        char *full = g_strconcat(path, "/", deaths->name, NULL);

        g_test_add_data_func(full, deaths, test);
        g_free(full);
    }
}
