/*
 * Who gave whom: a row for each sender, a column for each receiver, the tracker first. With few
 * peers a cell is a pair, and its blocks are counted; with many, peers of a group that came one
 * after the other share a row and a column, and a cell is the share of the column's blocks that the
 * row gave.
 */
#include <math.h>

#include "analysis/plots/plots.h"
#include "analysis/text/wording.h"

enum { EACH_MAX = 40, BINS = 60, NUMBERS_MAX = 16, CUT_FROM = 24, CUT_END = 7, ROW_MAX = 90 };

/* More groups than this have neither names nor lines: peers stand in the order of their groups. */
enum { NAMED_MAX = 30 };

typedef struct {
    const res_history *swarm;
    bool each;  /* a row for each peer */
    guint *bin; /* by node; the tracker's is 0 */
    guint bins;
    guint *group_first; /* by group: its first bin; a group's bins follow each other */
    guint *group_bins;
    double *blocks; /* [sender][receiver] */
} matrix;

static double *cell(const matrix *all, guint sender, guint receiver)
{
    return all->blocks + (size_t)sender * all->bins + receiver;
}

static guint *count_groups(const res_history *swarm)
{
    guint *sizes = g_new0(guint, swarm->groups->len);
    for (guint p = 1; p < swarm->nodes->len; p++)
        sizes[res_history_member(swarm, p)->group]++;
    return sizes;
}

/* The first place of each group, if peers stand in the order of their groups. */
static guint *first_places(const guint *sizes, guint groups)
{
    guint *first = g_new0(guint, groups + 1);
    for (guint g = 0; g < groups; g++)
        first[g + 1] = first[g] + sizes[g];
    return first;
}

/* Bins of peers of one group or of several that follow each other. */
static void lay_out_together(matrix *all)
{
    const res_history *swarm = all->swarm;
    guint peers = res_history_peers(swarm);
    g_autofree guint *sizes = count_groups(swarm);
    g_autofree guint *next = first_places(sizes, swarm->groups->len);
    all->bins = 1 + (all->each ? peers : MIN(BINS, peers));
    all->bin = g_new0(guint, swarm->nodes->len);
    for (guint p = 1; p < swarm->nodes->len; p++) {
        guint place = next[res_history_member(swarm, p)->group]++;
        all->bin[p] = 1 + (guint)((guint64)place * (all->bins - 1) / peers);
    }
}

/* Every group gets bins by its size, at least one if it has a peer. */
static void lay_out(matrix *all)
{
    const res_history *swarm = all->swarm;
    guint peers = res_history_peers(swarm), groups = swarm->groups->len;
    g_autofree guint *sizes = count_groups(swarm);
    g_autofree guint *seen = g_new0(guint, groups);
    all->group_first = g_new0(guint, groups);
    all->group_bins = g_new0(guint, groups);
    all->bins = 1;
    for (guint g = 0; g < groups; g++) {
        guint share = (guint)((guint64)sizes[g] * BINS / MAX(peers, 1));
        all->group_first[g] = all->bins;
        all->group_bins[g] = all->each ? sizes[g] : MIN(MAX(share, 1), sizes[g]);
        all->bins += all->group_bins[g];
    }
    all->bin = g_new0(guint, swarm->nodes->len);
    for (guint p = 1; p < swarm->nodes->len; p++) {
        guint g = res_history_member(swarm, p)->group;
        guint within = (guint)((guint64)seen[g]++ * all->group_bins[g] / sizes[g]);
        all->bin[p] = all->group_first[g] + within;
    }
}

static void count(matrix *all)
{
    const GArray *gains = all->swarm->gains;
    all->blocks = g_new0(double, (size_t)all->bins * all->bins);
    for (guint i = 0; i < gains->len; i++) {
        const res_gain *gain = &g_array_index(gains, res_gain, i);
        if (gain->from != RES_NOBODY) *cell(all, all->bin[gain->from], all->bin[gain->to]) += 1;
    }
    if (all->each) return;
    for (guint receiver = 0; receiver < all->bins; receiver++) {
        double sum = 0;
        for (guint sender = 0; sender < all->bins; sender++)
            sum += *cell(all, sender, receiver);
        for (guint sender = 0; sum > 0 && sender < all->bins; sender++)
            *cell(all, sender, receiver) *= 100 / sum;
    }
}

/* Rows `receiver sender value`; what nobody gave is left out, and stays paper. */
static void write_cells(res_drawing *figure, const matrix *all)
{
    const char *label = all->each ? "blocks" : "share of the column's blocks (%)";
    double least = INFINITY, most = 0;
    for (guint sender = 0; sender < all->bins; sender++)
        for (guint receiver = 1; receiver < all->bins; receiver++) {
            double value = *cell(all, sender, receiver);
            if (value <= 0) continue;
            double row[] = {receiver, sender, value};
            res_drawing_row(figure, row, 3);
            least = fmin(least, value);
            most = fmax(most, value);
        }
    if (most == 0) {
        double nothing[] = {-9, -9, 1};
        res_drawing_row(figure, nothing, 3);
        least = most = 1;
    }
    res_drawing_number(figure, "least", least);
    res_drawing_number(figure, "most", most);
    bool logarithmic = most > 20 * least;
    g_autofree char *named = g_strconcat(label, logarithmic ? ", logarithmic" : "", NULL);
    res_drawing_number(figure, "logarithmic", logarithmic);
    res_drawing_text(figure, "box_label", named);
}

/* How much room the names take: the longest beside the rows, and all of them below the columns. */
typedef struct {
    guint tics;
    glong longest, sum;
} name_room;

/* Long names are cut in the middle, so that the picture has room too. */
static void add_name(res_drawing *figure, name_room *all, const char *name, double at)
{
    glong length = g_utf8_strlen(name, -1);
    bool cut = length > CUT_FROM;
    g_autofree char *start = g_utf8_substring(name, 0, cut ? CUT_FROM - 1 - CUT_END : length);
    g_autofree char *end = g_utf8_substring(name, cut ? length - CUT_END : length, -1);
    g_autofree char *shown = g_strconcat(start, cut ? "…" : "", end, NULL);
    res_drawing_tic_at(figure, "tic", all->tics, shown);
    res_drawing_number_at(figure, "at", all->tics++, at);
    all->longest = MAX(all->longest, MIN(length, CUT_FROM));
    all->sum += MIN(length, CUT_FROM) + 2;
}

/* Names: of each node, or of each group at its middle. Lines between groups. */
static void write_names(res_drawing *figure, const matrix *all)
{
    const res_history *swarm = all->swarm;
    guint lines = 0;
    name_room room = {0};
    add_name(figure, &room, "tracker", 0);
    for (guint p = 1; all->each && p < swarm->nodes->len; p++)
        add_name(figure, &room, res_history_member(swarm, p)->name, all->bin[p]);
    for (guint g = 0; all->group_bins && g < swarm->groups->len; g++) {
        if (all->group_bins[g] == 0) continue;
        res_drawing_number_at(figure, "line", lines++, all->group_first[g] - 0.5);
        if (!all->each)
            add_name(figure, &room, g_ptr_array_index(swarm->groups, g),
                     all->group_first[g] + (all->group_bins[g] - 1) / 2.0);
    }
    res_drawing_number(figure, "tics", room.tics);
    res_drawing_number(figure, "lines", lines);
    res_drawing_number(figure, "longest_name", (double)room.longest);
    res_drawing_number(figure, "slanted", room.sum > ROW_MAX);
}

res_drawing *res_plot_matrix(const res_history *swarm, GError **error)
{
    if (!res_plot_has_blocks(swarm, error)) return NULL;
    guint peers = res_history_peers(swarm);
    if (peers == 0) {
        res_input_error(error, "no peer came");
        return NULL;
    }
    matrix all = {.swarm = swarm, .each = peers <= EACH_MAX};
    bool together = swarm->groups->len > NAMED_MAX;
    if (together)
        lay_out_together(&all);
    else
        lay_out(&all);
    count(&all);
    res_drawing *figure = res_drawing_new("matrix");
    g_autofree char *words = res_peers_words(peers);
    g_autofree char *title = g_strdup_printf("%s: who gave whom, %s", swarm->title, words);
    guint each = peers / (all.bins - 1);
    g_autofree char *bin = g_strdup_printf(
        "of a column's blocks, the share that each row gave; a row or column is %u or %u peers",
        each, each + 1);
    g_autofree char *explanation =
        g_strdup_printf("%s%s", all.each ? "blocks that each column got from each row" : bin,
                        together ? "; too many groups to name" : "");
    g_autofree char *order = g_strdup_printf(", in the order of the %u groups", swarm->groups->len);
    g_autofree char *receivers = g_strconcat("receivers", together ? order : "", NULL);
    g_autofree char *senders = g_strconcat("senders", together ? order : "", NULL);
    res_drawing_title(figure, title, explanation);
    res_drawing_text(figure, "x_label", receivers);
    res_drawing_text(figure, "y_label", senders);
    res_drawing_number(figure, "bins", all.bins);
    res_drawing_number(figure, "numbers", all.each && peers <= NUMBERS_MAX);
    res_plot_legend(figure, 0, 1, 0);
    write_cells(figure, &all);
    write_names(figure, &all);
    g_free(all.bin);
    g_free(all.group_first);
    g_free(all.group_bins);
    g_free(all.blocks);
    return figure;
}
