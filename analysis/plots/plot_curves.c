/*
 * Download curves. Where the run has a lower bound, all were there from the start and time is the
 * run's; otherwise it is each peer's age, and a peer counts only at ages that it could reach within
 * the run, so that early and late arrivals weigh alike.
 *
 * tally[group][step][held] counts the peers of a group that hold so many blocks at a step of the
 * grid: memory and time grow neither with peers x steps nor with the rows of provenance.
 */
#include <math.h>

#include "analysis/plots/plots.h"
#include "analysis/text/wording.h"

enum { STEPS = 300, LEVELS_MAX = 2048, TOO_FEW = 20 };

typedef struct {
    const res_history *swarm;
    bool by_age;
    double span_s, step_s;
    uint32_t level; /* blocks to a level of the tally */
    uint32_t levels;
    uint32_t *tally;
    uint32_t *held, *next; /* by node: blocks held, the step not yet counted */
    uint32_t most;
} curves;

static uint32_t *cell(const curves *all, uint32_t group, uint32_t step)
{
    return all->tally + ((size_t)group * (STEPS + 1) + step) * all->levels;
}

static double origin_s(const curves *all, uint32_t node)
{
    return all->by_age ? (double)res_history_member(all->swarm, node)->arrived_ns / 1e9 : 0;
}

/* The first step at or after a moment, seconds from the origin. */
static uint32_t step_after(const curves *all, double seconds)
{
    return (uint32_t)fmin(fmax(ceil(seconds / all->step_s - 1e-6), 0), STEPS + 1);
}

/* Counts a peer with what it holds now at its steps before `step`. */
static void hold_until(curves *all, uint32_t node, uint32_t step)
{
    uint32_t group = res_history_member(all->swarm, node)->group;
    for (; all->next[node] < step; all->next[node]++)
        cell(all, group, all->next[node])[all->held[node] / all->level]++;
}

/* The grid runs to the last completion, or to the end if somebody did not complete. */
static double last_moment_s(const res_history *swarm, bool by_age)
{
    int64_t last = 0;
    bool unfinished = false;
    for (guint p = 1; p < swarm->nodes->len; p++) {
        const res_member *peer = res_history_member(swarm, p);
        if (peer->completed_ns == RES_NEVER)
            unfinished = true;
        else
            last = MAX(last, peer->completed_ns - (by_age ? peer->arrived_ns : 0));
    }
    if (by_age ? last == 0 : unfinished) last = swarm->end_ns;
    if (!by_age) last = MAX(last, swarm->bound_ns);
    return last > 0 ? (double)last / 1e9 : 1;
}

static void begin(curves *all, const res_history *swarm)
{
    all->swarm = swarm;
    all->by_age = swarm->bound_ns == RES_NEVER;
    all->span_s = last_moment_s(swarm, all->by_age);
    all->step_s = all->span_s / STEPS;
    all->level = swarm->blocks / LEVELS_MAX + 1;
    all->levels = swarm->blocks / all->level + 1;
    all->tally = g_new0(uint32_t, (size_t)swarm->groups->len * (STEPS + 1) * all->levels);
    all->held = g_new0(uint32_t, swarm->nodes->len);
    all->next = g_new0(uint32_t, swarm->nodes->len);
    for (guint p = 1; p < swarm->nodes->len; p++) {
        double entry_s = (double)res_history_member(swarm, p)->arrived_ns / 1e9 - origin_s(all, p);
        all->next[p] = step_after(all, entry_s);
    }
}

static void end(curves *all)
{
    g_free(all->tally);
    g_free(all->held);
    g_free(all->next);
}

static void count(curves *all)
{
    const res_history *swarm = all->swarm;
    for (guint i = 0; i < swarm->gains->len; i++) {
        const res_gain *gain = res_history_gain(swarm, i);
        double seconds = (double)gain->time_ns / 1e9 - origin_s(all, gain->to);
        hold_until(all, gain->to, step_after(all, seconds));
        if (all->held[gain->to] < swarm->blocks) all->held[gain->to]++;
        all->most = MAX(all->most, all->held[gain->to]);
    }
    for (guint p = 1; p < swarm->nodes->len; p++) {
        double limit_s = (double)swarm->end_ns / 1e9 - origin_s(all, p);
        hold_until(all, p, (uint32_t)fmin(STEPS, floor(limit_s / all->step_s + 1e-9)) + 1);
    }
}

/* The number of blocks of the peer at a nearest rank, from 0, of a cell. */
static uint32_t blocks_at(const curves *all, const uint32_t *cell, guint rank)
{
    uint32_t sum = 0;
    for (uint32_t level = 0; level < all->levels; level++) {
        sum += cell[level];
        if (sum > rank) return MIN(level * all->level, all->swarm->blocks);
    }
    return all->swarm->blocks;
}

static uint32_t sum_of(const curves *all, const uint32_t *cell)
{
    uint32_t sum = 0;
    for (uint32_t level = 0; level < all->levels; level++)
        sum += cell[level];
    return sum;
}

/* A group's rows end once all its peers hold everything, so that finished groups hide no other. */
static void write_group(const curves *all, res_drawing *figure, uint32_t group, guint size,
                        double unit_s)
{
    bool done = false;
    for (uint32_t step = 0; step <= STEPS && !done; step++) {
        const uint32_t *of_step = cell(all, group, step);
        uint32_t peers = sum_of(all, of_step);
        /* Too few peers of that age say nothing of the group. */
        if (peers == 0 || peers < size / TOO_FEW) continue;
        double row[] = {step * all->step_s / unit_s,
                        blocks_at(all, of_step, res_nearest_rank(peers, 10)),
                        blocks_at(all, of_step, res_nearest_rank(peers, 50)),
                        blocks_at(all, of_step, res_nearest_rank(peers, 90))};
        res_drawing_row(figure, row, G_N_ELEMENTS(row));
        done = step > 0 && blocks_at(all, of_step, 0) >= all->most;
    }
    res_drawing_next_index(figure);
}

static guint *group_sizes(const res_history *swarm)
{
    guint *sizes = g_new0(guint, swarm->groups->len);
    for (guint p = 1; p < swarm->nodes->len; p++)
        sizes[res_history_member(swarm, p)->group]++;
    return sizes;
}

static void write_groups(const curves *all, res_drawing *figure, double unit_s)
{
    g_autoptr(res_group_times) times = res_group_times_new(all->swarm);
    g_autofree guint *sizes = group_sizes(all->swarm);
    res_plot_places(figure, times);
    glong longest = 0;
    for (guint i = 0; i < times->groups; i++) {
        guint group = times->order[i];
        g_autofree char *peers = res_peers_words(sizes[group]);
        g_autofree char *label =
            g_strdup_printf("%s (%s)", (char *)g_ptr_array_index(all->swarm->groups, group), peers);
        longest = MAX(longest, g_utf8_strlen(label, -1));
        res_drawing_text_at(figure, "label", i, label);
        write_group(all, figure, group, sizes[group], unit_s);
    }
    res_plot_legend(figure, times->groups, 3, longest);
}

res_drawing *res_plot_curves(const res_history *swarm, GError **error)
{
    curves all = {0};
    begin(&all, swarm);
    count(&all);
    res_drawing *figure = res_drawing_new("curves");
    g_autofree char *peers = res_peers_words(res_history_peers(swarm));
    g_autofree char *title = g_strdup_printf("%s: blocks held, %s", swarm->title, peers);
    res_drawing_title(
        figure, title,
        "line: the median peer of a group; band: from its 10th to its 90th percentile");
    double unit_s =
        res_plot_time_axis(figure, all.span_s, all.by_age ? "time since arrival" : "time");
    res_drawing_text(figure, "y_label", "blocks held");
    res_drawing_number(figure, "most", all.most);
    res_plot_bound(figure, swarm, unit_s);
    write_groups(&all, figure, unit_s);
    end(&all);
    return figure;
}
