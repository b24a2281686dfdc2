/*
 * What a block costs to simulate: runs minibit-sim on the flash crowd of swarm.ini at several sizes
 * and prints, for each, the processor time per block delivered, the events, the re-rated flows per
 * event and the peak memory per peer. Provenance and checks are off, as for large swarms.
 *
 *     bench_swarm MINIBIT-SIM SWARM.ini PRESET MAX_KNOWN [PEERS...]
 *
 * PEERS are 1000 10000 100000 if not given.
 *
 * Processor time is the whole process's, user and system, from start to written results. Memory is
 * the peak resident set less that of a run of ten peers and one byte. The smallest sizes are run
 * three times; the median of each figure is printed. Peers go by tens: a fifth, three tenths, half.
 */
#include <assert.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define REPEATS 3
#define REPEAT_UP_TO 2000
#define SUMMARY_BYTES (1 << 20)

extern char **environ;

struct bench {
    const char *program, *scenario, *preset, *max_known;
    char folder[64];
};

struct figures {
    double seconds, blocks, events, rerated, simulated_s, peak_kb;
};

/* The number at `key` of summary.json, the first of that name; -1 if there is none. */
static double figure(const char *json, const char *key)
{
    char quoted[64];
    const char *at;

    snprintf(quoted, sizeof quoted, "\"%s\": ", key);
    at = strstr(json, quoted);
    return at ? strtod(at + strlen(quoted), NULL) : -1;
}

static bool read_summary(const struct bench *bench, struct figures *figures)
{
    char path[128], *json = malloc(SUMMARY_BYTES);
    FILE *file;

    snprintf(path, sizeof path, "%s/out/summary.json", bench->folder);
    file = fopen(path, "r");
    if (!json || !file) {
        free(json);
        return false;
    }
    json[fread(json, 1, SUMMARY_BYTES - 1, file)] = '\0';
    fclose(file);
    figures->blocks = figure(json, "blocks_transferred");
    figures->events = figure(json, "events");
    figures->rerated = figure(json, "rerated_flows_per_event");
    figures->simulated_s = figure(json, "end_s");
    free(json);
    return figures->blocks > 0;
}

/* Spawns, not forks: a child's peak counts what it was before it became another program. */
static bool run(char *const argv[], struct figures *figures)
{
    struct rusage usage;
    int status;
    pid_t child;

    if (posix_spawn(&child, argv[0], NULL, NULL, argv, environ)) return false;
    if (wait4(child, &status, 0, &usage) != child) return false;
    figures->seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                       1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    figures->peak_kb = (double)usage.ru_maxrss;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool run_swarm(const struct bench *bench, uint32_t peers, bool empty,
                      struct figures *figures)
{
    char out[80], preset[64], known[64], fibre[48], cable[48], dsl[48];
    char *const argv[] = {(char *)bench->program,
                          (char *)bench->scenario,
                          "-q",
                          "--force",
                          "--progress=never",
                          "--provenance=off",
                          "--check=off",
                          "-o",
                          out,
                          "--set",
                          preset,
                          "--set",
                          known,
                          "--set",
                          fibre,
                          "--set",
                          cable,
                          "--set",
                          dsl,
                          empty ? "--set" : NULL,
                          "file.size=1B",
                          NULL};

    snprintf(out, sizeof out, "%s/out", bench->folder);
    snprintf(preset, sizeof preset, "protocol.preset=%s", bench->preset);
    snprintf(known, sizeof known, "protocol.max_known=%s", bench->max_known);
    snprintf(fibre, sizeof fibre, "peers fibre.count=%" PRIu32, peers / 10 * 2);
    snprintf(cable, sizeof cable, "peers cable.count=%" PRIu32, peers / 10 * 3);
    snprintf(dsl, sizeof dsl, "peers dsl.count=%" PRIu32, peers / 10 * 5);
    return run(argv, figures) && read_summary(bench, figures);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    return values[count / 2];
}

static bool measure(const struct bench *bench, uint32_t peers, double empty_kb)
{
    size_t count = peers <= REPEAT_UP_TO ? REPEATS : 1;
    double seconds[REPEATS], peak[REPEATS], ns;
    struct figures f = {0};

    for (size_t i = 0; i < count; i++) {
        if (!run_swarm(bench, peers, false, &f)) return false;
        seconds[i] = f.seconds;
        peak[i] = f.peak_kb - empty_kb;
    }
    ns = 1e9 * median(seconds, count) / f.blocks;
    printf("%-10s %5s %8" PRIu32 " %11.0f %9.2f %9.0f %11.0f %10.2f %10.2f %10.0f\n", bench->preset,
           bench->max_known, peers, f.blocks, median(seconds, count), ns, f.events, f.rerated,
           1.024 * median(peak, count) / (double)peers, f.simulated_s);
    fflush(stdout);
    return true;
}

static void clean_up(const struct bench *bench)
{
    const char *names[] = {"completion.csv", "timeline.csv", "summary.json", "config.ini",
                           "manifest.json"};
    char path[128];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/out/%s", bench->folder, names[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/out", bench->folder);
    rmdir(path);
    rmdir(bench->folder);
}

static bool measure_all(const struct bench *bench, char *const *sizes)
{
    struct figures empty;
    bool well = run_swarm(bench, 10, true, &empty);

    printf("%-10s %5s %8s %11s %9s %9s %11s %10s %10s %10s\n", "preset", "known", "peers", "blocks",
           "cpu_s", "ns/block", "events", "rerated/ev", "kB/peer", "swarm_s");
    for (; well && *sizes; sizes++)
        well = measure(bench, (uint32_t)strtoul(*sizes, NULL, 10), empty.peak_kb);
    return well;
}

int main(int argc, char **argv)
{
    char *const all[] = {"1000", "10000", "100000", NULL};
    struct bench bench = {.folder = "/tmp/bench_swarm_XXXXXX"};
    bool well;

    if (argc < 5) {
        fprintf(stderr, "usage: %s MINIBIT-SIM SWARM.ini PRESET MAX_KNOWN [PEERS...]\n", argv[0]);
        return 2;
    }
    bench.program = argv[1];
    bench.scenario = argv[2];
    bench.preset = argv[3];
    bench.max_known = argv[4];
    if (!mkdtemp(bench.folder)) return 1;
    well = measure_all(&bench, argc > 5 ? argv + 5 : all);
    clean_up(&bench);
    if (!well) fprintf(stderr, "%s: a run of %s failed\n", argv[0], bench.program);
    return !well;
}
