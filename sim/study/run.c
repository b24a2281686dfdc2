#include "sim/study/run.h"

#include "sim/replay/run.h"
#include "sim/study/expect.h"
#include "sim/study/folder.h"
#include "sim/study/idle.h"

#include <assert.h>
#include <errno.h>
#include <glib.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a run's process tells the one that started it; CHILD_THERE besides, if the run was done. */
enum { CHILD_DONE = 0, CHILD_FAILED = 1, CHILD_UNMET = 3, CHILD_THERE = 64 };
/* So much of what a run says on stderr is kept. */
#define SAID_MAX 4096
/* So many failures, and unmet expectations, are listed. */
#define LISTED_MAX 50

enum state { WAITING, RUNNING, DONE, UNMET, FAILED };

/* A chosen run. */
struct job {
    const sim_study_row *row;
    enum state state;
    bool was_there;
    bool was_ended; /* by a signal that asks to end, as Ctrl-C sends to all at once */
    pid_t pid;
    int said_fd; /* what it writes to stderr */
    char *said;  /* the same, read */
};

struct runner {
    sim_study *study;
    const sim_study_order *order;
    struct job *jobs;
    uint32_t next; /* the first that may be WAITING */
    uint32_t running;
    uint32_t ended;   /* not to be waited for any more */
    sigset_t signals; /* the mask before */
    bool interrupted;
};

uint32_t sim_study_cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return (uint32_t)CPU_COUNT(&set);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (uint32_t)cores : 1;
}

static int fail_same(const sim_study *study, uint32_t first, uint32_t second, char **error)
{
    char *one = sim_study_describe(study, first), *other = sim_study_describe(study, second);
    *error =
        g_strdup_printf("runs %u (%s) and %u (%s) are one configuration; leave one of them out",
                        first, one, second, other);
    g_free(one);
    g_free(other);
    return MB_ERR_SYNTAX;
}

/* Two rows of one folder would count its run twice. */
static int check_different(const sim_study *study, const sim_study_row *rows, char **error)
{
    GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);
    int result = 0;
    for (uint32_t run = 0; run < sim_study_runs(study) && !result; run++) {
        char *folder = (char *)rows[run].key.folder;
        const sim_study_row *before = g_hash_table_lookup(seen, folder);
        if (before)
            result = fail_same(study, before->run, run, error);
        else
            g_hash_table_insert(seen, folder, (void *)&rows[run]);
    }
    g_hash_table_destroy(seen);
    return result;
}

static int resolve_all(sim_study *study, sim_study_row *rows, char **error)
{
    for (uint32_t run = 0; run < sim_study_runs(study); run++) {
        sim_scenario *scenario;
        if (sim_study_scenario(study, run, &scenario, error)) return MB_ERR_SYNTAX;
        sim_study_row *row = &rows[run];
        *row = (sim_study_row){.run = run,
                               .seed = scenario->seed,
                               .expects = scenario->expect_count > 0,
                               .key.folder = "."};
        int result = sim_study_is_study(study) ? sim_study_key_make(&row->key, scenario, error) : 0;
        sim_scenario_free(scenario);
        if (result) return result;
    }
    return check_different(study, rows, error);
}

int sim_study_resolve(sim_study *study, sim_study_row **rows, char **error)
{
    *rows = g_new(sim_study_row, sim_study_runs(study));
    int result = resolve_all(study, *rows, error);
    if (result) g_clear_pointer(rows, g_free);
    return result;
}

/* ---- in the process of a run ---- */

/* Says which expectations are unmet, a line each. */
static int check_expectations(const sim_scenario *scenario, const char *summary_json)
{
    sim_expect_result result;
    if (scenario->expect_count == 0) return CHILD_DONE;
    if (sim_expect_check(scenario, summary_json, &result)) {
        fprintf(stderr, "the summary is not what it should be\n");
        return CHILD_FAILED;
    }
    for (uint32_t i = 0; i < result.unmet; i++)
        fprintf(stderr, "%s\n", result.lines[i]);
    int status = result.unmet > 0 ? CHILD_UNMET : CHILD_DONE;
    sim_expect_clear(&result);
    return status;
}

/* Says which faults did nothing, a line each. */
static void tell_idle(const sim_scenario *scenario, const char *summary_json)
{
    char **lines = sim_idle_faults(scenario, summary_json);
    for (char **line = lines; *line; line++)
        fprintf(stderr, "%s\n", *line);
    g_strfreev(lines);
}

static int simulate(const sim_scenario *scenario, const sim_run_options *options)
{
    char error[512];
    if (scenario->replay.trace_path) {
        sim_replay_figures figures;
        if (sim_replay_execute(scenario, options, &figures, error, sizeof error) == 0)
            return CHILD_DONE;
        fprintf(stderr, "%s\n", error);
        return CHILD_FAILED;
    }
    sim_run_result result = {0};
    int status = CHILD_FAILED;
    if (sim_run(scenario, options, &result))
        fprintf(stderr, "%s\n", result.error);
    else
        status = check_expectations(scenario, result.summary_json);
    if (status != CHILD_FAILED) tell_idle(scenario, result.summary_json);
    sim_run_result_clear(&result);
    return status;
}

/* Of a run that was done before, if it was: what it comes to. */
static bool is_done(const struct runner *runner, const struct job *job,
                    const sim_scenario *scenario, int *status)
{
    const sim_study_order *order = runner->order;
    const sim_study_key *key = &job->row->key;
    if (order->run->force || !sim_study_folder_has(order->folder, key, scenario, order->run))
        return false;
    char *path = g_build_filename(order->folder, key->folder, "summary.json", NULL);
    char *summary = NULL;
    bool read = scenario->expect_count == 0 || g_file_get_contents(path, &summary, NULL, NULL);
    *status = CHILD_THERE | (read ? check_expectations(scenario, summary) : CHILD_DONE);
    g_free(summary);
    g_free(path);
    return read;
}

static int make_run(const struct runner *runner, const struct job *job,
                    const sim_scenario *scenario)
{
    const char *folder = runner->order->folder;
    const sim_study_key *key = &job->row->key;
    char *error = NULL;
    char *private = sim_study_private_path(folder, key, getpid());
    char *final = g_build_filename(folder, key->folder, NULL);
    sim_run_options options = *runner->order->run;
    options.folder = private;
    options.final_folder = final;
    options.progress = NULL;
    options.interrupted = NULL;
    int status = CHILD_FAILED;
    if (sim_study_private_make(private, &error) == 0) {
        bool anew = options.force;
        options.force = false; /* the private folder is empty */
        status = simulate(scenario, &options);
        options.force = anew;
        bool whole = status != CHILD_FAILED;
        if (!whole) sim_study_private_remove(private);
        if (whole && sim_study_private_publish(private, folder, key, scenario, &options, &error))
            status = CHILD_FAILED;
    }
    if (error) fprintf(stderr, "%s\n", error);
    return status;
}

/* Whether the run still is the one whose folder was named; false with *error. */
static bool is_as_planned(const struct job *job, const sim_scenario *scenario, char **error)
{
    sim_study_key now;
    if (sim_study_key_make(&now, scenario, error)) return false;
    if (strcmp(now.config_sha256, job->row->key.config_sha256) == 0) return true;
    *error = g_strdup("an input of the run was changed since the study began");
    return false;
}

static int run_job(const struct runner *runner, const struct job *job)
{
    sim_scenario *scenario;
    char *error;
    int status;
    if (sim_study_scenario(runner->study, job->row->run, &scenario, &error)) {
        fprintf(stderr, "%s\n", error);
        return CHILD_FAILED;
    }
    if (!is_as_planned(job, scenario, &error)) {
        fprintf(stderr, "%s\n", error);
        g_free(error);
        sim_scenario_free(scenario);
        return CHILD_FAILED;
    }
    /* Another process may have done it since this one looked. */
    return is_done(runner, job, scenario, &status) ? status : make_run(runner, job, scenario);
}

/* What a process just forked does; it never returns. */
G_NORETURN static void be_child(const struct runner *runner, const struct job *job, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(CHILD_FAILED);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    sigprocmask(SIG_SETMASK, &runner->signals, NULL);
    dup2(job->said_fd, STDERR_FILENO);
    int status = run_job(runner, job);
    fflush(stderr);
    _exit(status);
}

/* ---- planning ---- */

/* Whether there is anything that could be the run: a look before the scenario is resolved. */
static bool may_be_done(const struct runner *runner, const struct job *job)
{
    const sim_study_order *order = runner->order;
    if (order->run->force) return false;
    char *path = g_build_filename(order->folder, job->row->key.folder, "manifest.json", NULL);
    bool there = access(path, F_OK) == 0;
    g_free(path);
    return there;
}

/* A run that was done before: whether its figures are still what is expected. */
static void look_at_done(struct runner *runner, struct job *job, const sim_scenario *scenario)
{
    char *path =
        g_build_filename(runner->order->folder, job->row->key.folder, "summary.json", NULL);
    char *summary = NULL;
    sim_expect_result result;
    job->state = DONE;
    job->was_there = true;
    if (job->row->expects && g_file_get_contents(path, &summary, NULL, NULL) &&
        sim_expect_check(scenario, summary, &result) == 0) {
        if (result.unmet > 0) {
            job->state = UNMET;
            job->said = g_strjoinv("\n", result.lines);
        }
        sim_expect_clear(&result);
    }
    g_free(summary);
    g_free(path);
}

/* Finds out whether the job is done. 0, or MB_ERR_SYNTAX with *error. */
static int look_at(struct runner *runner, struct job *job, char **error)
{
    const sim_study_order *order = runner->order;
    sim_scenario *scenario;
    if (!may_be_done(runner, job)) return 0;
    int result = sim_study_scenario(runner->study, job->row->run, &scenario, error);
    if (result) return result;
    if (sim_study_folder_has(order->folder, &job->row->key, scenario, order->run))
        look_at_done(runner, job, scenario);
    sim_scenario_free(scenario);
    return 0;
}

/* Finds out what is done. 0, or MB_ERR_SYNTAX with *error. */
static int look_at_all(struct runner *runner, char **error)
{
    int result = 0;
    for (uint32_t i = 0; i < runner->order->chosen_count && !result; i++) {
        struct job *job = &runner->jobs[i];
        result = look_at(runner, job, error);
        runner->ended += job->state != WAITING;
    }
    return result;
}

/* ---- starting and waiting ---- */

/* Takes what the job said, without the last line's end. */
static void read_said(struct job *job)
{
    char text[SAID_MAX + 1];
    ssize_t size = pread(job->said_fd, text, SAID_MAX, 0);
    close(job->said_fd);
    text[size > 0 ? size : 0] = '\0';
    job->said = g_utf8_make_valid(g_strchomp(text), -1);
}

static void fail_job(struct runner *runner, struct job *job, const char *what, int error)
{
    job->state = FAILED;
    job->said = g_strdup_printf("%s: %s", what, g_strerror(error));
    runner->ended++;
}

/* Starts the job; false if it has to wait for another one to end. */
static bool start(struct runner *runner, struct job *job)
{
    assert(job->state == WAITING);
    job->said_fd = memfd_create("said", MFD_CLOEXEC);
    if (job->said_fd < 0) {
        fail_job(runner, job, "its messages have no place", errno);
        return true;
    }
    fflush(NULL);
    pid_t parent = getpid();
    job->pid = fork();
    if (job->pid == 0) be_child(runner, job, parent);
    if (job->pid > 0) {
        job->state = RUNNING;
        runner->running++;
        return true;
    }
    int code = errno;
    close(job->said_fd);
    if (runner->running > 0) return false;
    fail_job(runner, job, "no process to be had", code);
    return true;
}

static void start_some(struct runner *runner)
{
    while (runner->running < runner->order->jobs && runner->next < runner->order->chosen_count) {
        struct job *job = &runner->jobs[runner->next];
        if (job->state == WAITING && !start(runner, job)) return;
        runner->next++;
    }
}

static void tell_ended(const struct runner *runner, const struct job *job)
{
    static const char *const words[] = {[DONE] = "done", [UNMET] = "done", [FAILED] = "failed"};
    char *which = sim_study_describe(runner->study, job->row->run);
    fprintf(stderr, "run %u (%s): %s\n", job->row->run, which, words[job->state]);
    g_free(which);
}

/* Takes note of a process that has ended. */
static void note_end(struct runner *runner, struct job *job, int status)
{
    assert(runner->running > 0);
    runner->running--;
    runner->ended++;
    read_said(job);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : CHILD_FAILED;
    job->was_there = code & CHILD_THERE;
    code &= ~CHILD_THERE;
    job->state = code == CHILD_DONE ? DONE : code == CHILD_UNMET ? UNMET : FAILED;
    if (WIFSIGNALED(status)) {
        job->was_ended = WTERMSIG(status) == SIGINT || WTERMSIG(status) == SIGTERM;
        char *said = job->said;
        job->said = g_strdup_printf("ended by signal %d (%s)%s%s", WTERMSIG(status),
                                    strsignal(WTERMSIG(status)), *said ? ": " : "", said);
        g_free(said);
        /* Whatever ended it may have left its folder. */
        char *private = sim_study_private_path(runner->order->folder, &job->row->key, job->pid);
        sim_study_private_remove(private);
        g_free(private);
    }
    if (runner->order->verbose && !runner->interrupted) tell_ended(runner, job);
}

static struct job *job_of(struct runner *runner, pid_t pid)
{
    for (uint32_t i = runner->next; i-- > 0;) {
        if (runner->jobs[i].state == RUNNING && runner->jobs[i].pid == pid) return &runner->jobs[i];
    }
    return NULL;
}

static void reap(struct runner *runner)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct job *job = job_of(runner, pid);
        if (job) note_end(runner, job, status);
    }
}

/* Ends what is under way. Nothing has failed by that: it goes on the next time. */
static void end_all(struct runner *runner)
{
    for (uint32_t i = 0; i < runner->next; i++) {
        struct job *job = &runner->jobs[i];
        bool running = job->state == RUNNING;
        int status;
        if (running) kill(job->pid, SIGKILL);
        if (running && waitpid(job->pid, &status, 0) == job->pid) note_end(runner, job, status);
        if (job->state == FAILED && (running || job->was_ended)) job->state = WAITING;
    }
}

static void show_progress(const struct runner *runner)
{
    const sim_study_order *order = runner->order;
    if (order->progress)
        order->progress(order->progress_context, runner->ended, order->chosen_count);
}

/* Does all jobs that wait, as long as no signal comes. */
static void run_all(struct runner *runner)
{
    const struct timespec second = {.tv_sec = 1};
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGTERM);
    signal(SIGCHLD, SIG_DFL); /* ignored, it would take the processes' ends away */
    sigprocmask(SIG_BLOCK, &wanted, &runner->signals);
    for (start_some(runner); runner->running > 0 && !runner->interrupted; start_some(runner)) {
        show_progress(runner);
        int number = sigtimedwait(&wanted, NULL, &second);
        runner->interrupted = number == SIGINT || number == SIGTERM;
        reap(runner);
    }
    if (runner->interrupted) end_all(runner);
    sigprocmask(SIG_SETMASK, &runner->signals, NULL);
}

/* ---- the end ---- */

static sim_study_outcome count_all(const struct runner *runner)
{
    sim_study_outcome outcome = {.chosen = runner->order->chosen_count,
                                 .interrupted = runner->interrupted};
    for (uint32_t i = 0; i < outcome.chosen; i++) {
        const struct job *job = &runner->jobs[i];
        bool done = job->state == DONE || job->state == UNMET;
        outcome.ran += done && !job->was_there;
        outcome.there += done && job->was_there;
        outcome.failed += job->state == FAILED;
        outcome.unmet += job->state == UNMET;
        outcome.expected += done && job->row->expects;
    }
    return outcome;
}

/* A line for each run in that state, as far as they are to be listed. */
static void list_jobs(const struct runner *runner, enum state state)
{
    uint32_t listed = 0, more = 0;
    for (uint32_t i = 0; i < runner->order->chosen_count; i++) {
        const struct job *job = &runner->jobs[i];
        if (job->state != state) continue;
        if (state == DONE && !(job->said && *job->said)) continue;
        if (++listed > LISTED_MAX) {
            more++;
            continue;
        }
        char *which = sim_study_describe(runner->study, job->row->run);
        char **lines =
            g_strsplit(job->said && *job->said ? job->said : "it said nothing", "\n", -1);
        for (char **line = lines; *line; line++)
            fprintf(stderr, "minibit-sim: run %u (%s): %s\n", job->row->run, which, *line);
        g_strfreev(lines);
        g_free(which);
    }
    if (more > 0) fprintf(stderr, "minibit-sim: and so in %u more runs\n", more);
}

/* Finished runs that no table will show any more, as index.csv had them. */
static void tell_dropped(const char *folder, const char *index)
{
    uint32_t count;
    char *dropped = sim_study_folder_dropped(folder, index, &count);
    if (count > 0)
        fprintf(
            stderr,
            "minibit-sim: %s: finished runs that are none of this study's, so that index.csv and"
            " the tables leave them out (%u; their folders stay):\n%s",
            folder, count, dropped);
    g_free(dropped);
}

int sim_study_execute(sim_study *study, const sim_study_row *rows, const sim_study_order *order,
                      sim_study_outcome *outcome, char **error)
{
    struct runner runner = {.study = study, .order = order};
    char *index = sim_study_index(study, rows, sim_study_runs(study));
    int result = sim_study_folder_open(order->folder, order->run->force, error);
    if (!result) tell_dropped(order->folder, index);
    if (!result) result = sim_study_folder_index(order->folder, index, error);
    g_free(index);
    if (result) return result;
    runner.jobs = g_new0(struct job, order->chosen_count);
    for (uint32_t i = 0; i < order->chosen_count; i++)
        runner.jobs[i].row = &rows[order->chosen[i]];
    result = look_at_all(&runner, error);
    if (!result) {
        run_all(&runner);
        sim_study_folder_sweep(order->folder);
        *outcome = count_all(&runner);
        list_jobs(&runner, DONE);
        list_jobs(&runner, UNMET);
        list_jobs(&runner, FAILED);
    }
    for (uint32_t i = 0; i < order->chosen_count; i++)
        g_free(runner.jobs[i].said);
    g_free(runner.jobs);
    return result;
}
