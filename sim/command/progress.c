#include "sim/command/progress.h"

#include "sim/command/clock_text.h"

#include <assert.h>
#include <glib.h>
#include <stdio.h>
#include <unistd.h>

#define SHOW_EVERY_US (G_USEC_PER_SEC / 5)
/* A run's pace changes: what is to go is told by the pace since a mark, which moves on whenever
 * this part of the time taken so far has passed. */
#define PACE_PART 8

/* How much was done, in millionths, and when. */
struct mark {
    uint32_t done;
    gint64 at_us;
};

struct sim_progress_line {
    bool terminal; /* one line written over and over; else a line each time */
    bool shown;
    uint32_t done_before; /* runs of a study that were done before this call */
    gint64 started_us;
    gint64 shown_us;
    struct mark older, newer; /* the pace is since the older */
};

sim_progress_line *sim_progress_line_new(sim_progress_mode mode)
{
    bool terminal = isatty(STDERR_FILENO);
    if (mode == SIM_PROGRESS_NEVER || (mode == SIM_PROGRESS_AUTO && !terminal)) return NULL;
    sim_progress_line *line = g_new0(sim_progress_line, 1);
    line->terminal = terminal;
    line->started_us = line->shown_us = g_get_monotonic_time();
    line->older.at_us = line->newer.at_us = line->started_us;
    return line;
}

/* How much is done, in millionths: by blocks where their number is known, else by time. */
static uint32_t millionths(const sim_progress *progress)
{
    assert(progress->now <= progress->until);
    unsigned __int128 done = (unsigned __int128)progress->now * 1000000;
    uint64_t all = (uint64_t)progress->until;
    if (progress->blocks_wanted > 0) {
        done = (unsigned __int128)progress->blocks_delivered * 1000000;
        all = progress->blocks_wanted;
    }
    if (all == 0) return 0;
    unsigned __int128 part = done / all;
    return part > 1000000 ? 1000000 : (uint32_t)part;
}

/* How long the rest takes at the pace of late; -1 while nothing can be said of it. */
static mb_time time_to_go(sim_progress_line *line, uint32_t done, gint64 now_us)
{
    assert(now_us >= line->newer.at_us && line->newer.at_us >= line->older.at_us);
    if (now_us - line->newer.at_us > (now_us - line->started_us) / PACE_PART) {
        line->older = line->newer;
        line->newer = (struct mark){done, now_us};
    }
    uint32_t fresh = done - line->older.done;
    if (done < 10000 || done <= line->older.done) return -1;
    return (mb_time)(now_us - line->older.at_us) * (1000000 - done) / fresh * MB_US;
}

static void show(sim_progress_line *line, const sim_progress *progress, gint64 now_us)
{
    assert(progress->peers_arrived >= progress->peers_complete);
    sim_clock_text now, left;
    uint32_t done = millionths(progress), shown = done / 1000;
    mb_time to_go = time_to_go(line, done, now_us);
    sim_clock_format(progress->now, now);
    fprintf(stderr, "%s%3u.%u %%  at %s, %u of ", line->terminal ? "\r" : "", shown / 10,
            shown % 10, now, progress->peers_complete);
    if (progress->peers_expected > 0)
        fprintf(stderr, "%u", progress->peers_expected);
    else
        fprintf(stderr, "%u so far", progress->peers_arrived);
    fprintf(stderr, " complete");
    if (to_go >= 0) fprintf(stderr, ", about %s to go", sim_clock_format(to_go, left));
    fprintf(stderr, "%s", line->terminal ? "\x1b[K" : "\n");
    fflush(stderr);
}

void sim_progress_line_show(void *context, const sim_progress *progress)
{
    sim_progress_line *line = context;
    gint64 now_us = g_get_monotonic_time();
    if (now_us - line->shown_us < SHOW_EVERY_US) return;
    line->shown_us = now_us;
    line->shown = true;
    show(line, progress, now_us);
}

void sim_progress_line_show_runs(void *context, uint32_t done, uint32_t all)
{
    assert(done <= all);
    sim_progress_line *line = context;
    gint64 now_us = g_get_monotonic_time();
    sim_clock_text left;
    if (!line->shown) line->done_before = done;
    if (line->shown && now_us - line->shown_us < SHOW_EVERY_US) return;
    line->shown_us = now_us;
    line->shown = true;
    uint32_t fresh = done - line->done_before;
    fprintf(stderr, "%s%u of %u runs done", line->terminal ? "\r" : "", done, all);
    if (fresh > 0) {
        mb_time each = (mb_time)(now_us - line->started_us) * MB_US / fresh;
        fprintf(stderr, ", about %s to go", sim_clock_format(each * (all - done), left));
    }
    fprintf(stderr, "%s", line->terminal ? "\x1b[K" : "\n");
    fflush(stderr);
}

void sim_progress_line_free(sim_progress_line *line)
{
    if (!line) return;
    if (line->shown && line->terminal) fprintf(stderr, "\r\x1b[K");
    g_free(line);
}
