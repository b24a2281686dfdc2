/*
 * Download curves. Where the run has a lower bound, all were there from the start and time is the
 * run's; otherwise it is each peer's age. A line is of the same peers at each of its points, so
 * that it rises only: who has not come yet holds nothing, who left or is complete keeps what it
 * held. A run that ends while peers of a group still download has seen the late ones for a short
 * time only: then the line is of the half of the group that was seen longest, and ends where that
 * was seen.
 *
 * tally[group][step][held] counts the peers of a group that hold so many blocks at a step of the
 * grid: memory and time grow neither with peers x steps nor with the rows of provenance.
 */
#include <math.h>

#include "analysis/plots/plots.h"
#include "analysis/text/wording.h"

enum { STEPS = 300, LEVELS_MAX = 2048, BANDS_MAX = 4 };

typedef struct {
    const res_history *swarm;
    bool by_age;
    double span_s, step_s;
    uint32_t level; /* blocks to a level of the tally */
    uint32_t levels;
    uint32_t *tally;
    uint32_t *held, *next; /* by node: blocks held, the step not yet counted */
    uint32_t most;
    int64_t *seen_ns; /* by group: who was seen for less is left out; 0: nobody is */
    bool halves;      /* some group's line is of half of it */
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
    guint group = res_plot_group(all->swarm, node);
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

/* For how long the run has seen a peer. */
static int64_t seen_ns(const res_history *swarm, guint peer)
{
    return swarm->end_ns - res_history_member(swarm, peer)->arrived_ns;
}

/* Does the end of the run cut the peer's download off? */
static bool is_cut(const res_history *swarm, guint peer)
{
    const res_member *member = res_history_member(swarm, peer);
    return member->completed_ns == RES_NEVER && member->left_ns == RES_NEVER;
}

/* Of a group that the end of the run cuts off: for how long half of its peers were seen. */
static int64_t half_seen_ns(const res_history *swarm, guint group)
{
    g_autoptr(GArray) seen = g_array_new(FALSE, FALSE, sizeof(int64_t));
    bool cut = false;
    for (guint p = 1; p < swarm->nodes->len; p++) {
        if (res_plot_group(swarm, p) != group) continue;
        int64_t its = seen_ns(swarm, p);
        g_array_append_val(seen, its);
        cut |= is_cut(swarm, p);
    }
    g_array_sort(seen, res_plot_compare_times);
    return cut ? g_array_index(seen, int64_t, seen->len / 2) : 0;
}

static void see(curves *all)
{
    guint groups = res_plot_groups(all->swarm);
    all->seen_ns = g_new0(int64_t, groups);
    for (guint g = 0; all->by_age && g < groups; g++) {
        all->seen_ns[g] = half_seen_ns(all->swarm, g);
        all->halves |= all->seen_ns[g] > 0;
    }
}

static bool left_out(const curves *all, guint peer)
{
    return all->by_age &&
           seen_ns(all->swarm, peer) < all->seen_ns[res_plot_group(all->swarm, peer)];
}

static void begin(curves *all, const res_history *swarm)
{
    all->swarm = swarm;
    all->by_age = swarm->bound_ns == RES_NEVER;
    all->span_s = last_moment_s(swarm, all->by_age);
    all->step_s = all->span_s / STEPS;
    all->level = swarm->blocks / LEVELS_MAX + 1;
    all->levels = swarm->blocks / all->level + 1;
    all->tally = g_new0(uint32_t, (size_t)res_plot_groups(swarm) * (STEPS + 1) * all->levels);
    all->held = g_new0(uint32_t, swarm->nodes->len);
    all->next = g_new0(uint32_t, swarm->nodes->len);
    see(all);
    for (guint p = 1; p < swarm->nodes->len; p++)
        if (left_out(all, p)) all->next[p] = STEPS + 1;
}

static void end(curves *all)
{
    g_free(all->tally);
    g_free(all->held);
    g_free(all->next);
    g_free(all->seen_ns);
}

/* The last step of a group's line: what is known by then of all its peers. */
static uint32_t last_step(const curves *all, guint group)
{
    double limit_s = (double)all->seen_ns[group] / 1e9;
    if (!all->by_age) limit_s = (double)all->swarm->end_ns / 1e9;
    if (all->by_age && all->seen_ns[group] == 0) return STEPS;
    return (uint32_t)fmin(STEPS, floor(limit_s / all->step_s + 1e-9));
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
    for (guint p = 1; p < swarm->nodes->len; p++)
        hold_until(all, p, last_step(all, res_plot_group(swarm, p)) + 1);
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
static void write_group(const curves *all, res_drawing *figure, guint group, double unit_s)
{
    bool done = false;
    for (uint32_t step = 0; step <= last_step(all, group) && !done; step++) {
        const uint32_t *of_step = cell(all, group, step);
        uint32_t peers = sum_of(all, of_step);
        if (peers == 0) continue;
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
    guint *sizes = g_new0(guint, res_plot_groups(swarm));
    for (guint p = 1; p < swarm->nodes->len; p++)
        sizes[res_plot_group(swarm, p)]++;
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
        g_autofree char *name = res_plot_group_name(all->swarm, group);
        g_autofree char *label = g_strdup_printf("%s (%s)", name, peers);
        longest = MAX(longest, g_utf8_strlen(label, -1));
        res_drawing_text_at(figure, "label", i, label);
        write_group(all, figure, group, unit_s);
    }
    res_plot_legend(figure, times->groups, 3, longest);
}

res_drawing *res_plot_curves(const res_history *swarm, GError **error)
{
    if (!res_plot_has_blocks(swarm, error)) return NULL;
    curves all = {0};
    begin(&all, swarm);
    count(&all);
    res_drawing *figure = res_drawing_new("curves");
    g_autofree char *peers = res_peers_words(res_history_peers(swarm));
    g_autofree char *title = g_strdup_printf("%s: blocks held, %s", swarm->title, peers);
    guint groups = res_plot_groups(swarm);
    g_autofree char *explanation = g_strconcat(
        "line: the median peer of a group",
        groups > BANDS_MAX ? ""
        : groups > 2       ? "; dotted: its 10th and 90th percentile"
                           : "; band: from its 10th to its 90th percentile",
        all.halves ? "; of the half that the run saw longest, as far as it was seen" : "", NULL);
    res_plot_title(figure, swarm, title, explanation);
    res_drawing_number(figure, "bands", groups <= BANDS_MAX);
    double unit_s =
        res_plot_time_axis(figure, all.span_s, all.by_age ? "time since arrival" : "time");
    res_drawing_text(figure, "y_label", "blocks held");
    res_drawing_number(figure, "most", all.most);
    res_plot_bound(figure, swarm, unit_s);
    write_groups(&all, figure, unit_s);
    end(&all);
    return figure;
}
