/*
 * spent PROGRAM [ARGUMENT...]: runs a program and prints, as the last line on standard output, its
 * processor time in us and its most memory in kB. Exits as the program did.
 *
 * tests/bench/swarms.py measures through it: a child's peak counts what it was before it became
 * another program, and this is small where Python is not.
 */
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>

extern char **environ;

static int64_t us(struct timeval time)
{
    return (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

int main(int argc, char **argv)
{
    struct rusage usage;
    pid_t child;
    int status;

    if (argc < 2) {
        fprintf(stderr, "usage: %s PROGRAM [ARGUMENT...]\n", argv[0]);
        return 2;
    }
    if (posix_spawn(&child, argv[1], NULL, NULL, argv + 1, environ) != 0 ||
        wait4(child, &status, 0, &usage) != child) {
        fprintf(stderr, "%s: cannot be run\n", argv[1]);
        return 127;
    }
    printf("%" PRId64 " %ld\n", us(usage.ru_utime) + us(usage.ru_stime), usage.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
