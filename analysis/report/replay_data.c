#include "analysis/report/replay_data.h"

#include <math.h>

#include "analysis/text/escape.h"
#include "analysis/text/wording.h"

enum { GAINS_MAX = 2000000, TRANSFERS_MAX = 450000, SOURCE_BINS = 150 };

typedef struct {
    const res_history *history;
    int64_t unit_ns;
    uint32_t step;   /* every step-th peer is shown */
    uint32_t stride; /* every stride-th gain of these is animated */
    uint32_t shown;  /* peers */
} replay;

/* A power of ten that divides the run into some hundred thousand, at most 1 ms. */
static int64_t choose_unit(int64_t end_ns)
{
    int64_t unit = 1;
    while (unit < 1000000 && end_ns / (10 * unit) > 200000)
        unit *= 10;
    return unit;
}

static bool is_shown(const replay *all, uint32_t node)
{
    return node > 0 && (node - 1) % all->step == 0;
}

/* The place of a peer that is shown, else the place behind the last. */
static uint32_t place_of(const replay *all, uint32_t node)
{
    return is_shown(all, node) ? (node - 1) / all->step : all->shown;
}

static uint64_t count_shown_gains(const replay *all)
{
    uint64_t gains = 0;
    for (guint i = 0; i < all->history->gains->len; i++)
        gains += is_shown(all, res_history_gain(all->history, i)->to);
    return gains;
}

static void choose_sample(replay *all)
{
    all->step = all->history->gains->len / GAINS_MAX + 1;
    all->shown = (res_history_peers(all->history) + all->step - 1) / all->step;
    all->stride = (uint32_t)(count_shown_gains(all) / TRANSFERS_MAX + 1);
}

/* ---- columns -------------------------------------------------------------------------------- */

static void put(GByteArray *column, uint64_t value)
{
    do {
        guint8 byte = value & 0x7f;
        value >>= 7;
        if (value > 0) byte |= 0x80;
        g_byte_array_append(column, &byte, 1);
    } while (value > 0);
}

static void write_column(GString *json, const char *name, GByteArray *column)
{
    g_autofree char *text = g_base64_encode(column->data, column->len);
    g_string_append_printf(json, ",\"%s\":\"%s\"", name, text);
    g_byte_array_unref(column);
}

static int64_t rounded_up(const replay *all, int64_t time_ns)
{
    return time_ns / all->unit_ns + (time_ns % all->unit_ns > 0);
}

static uint64_t giver_of(const replay *all, const res_gain *gain)
{
    if (gain->from == RES_NOBODY) return 0;
    uint64_t place = gain->from == 0 ? 0 : 1 + place_of(all, gain->from);
    return 1 + RES_ROLES * place + gain->role;
}

typedef struct {
    GByteArray *time, *to, *giver, *block, *took;
} columns;

static void put_transfer(const replay *all, const res_gain *gain, int64_t at, columns *out)
{
    put(out->giver, giver_of(all, gain));
    put(out->block, gain->block);
    put(out->took, (uint64_t)MAX(at - gain->started_ns / all->unit_ns, 0));
}

static void write_gains(const replay *all, GString *json)
{
    columns out = {g_byte_array_new(), g_byte_array_new(), g_byte_array_new(), g_byte_array_new(),
                   g_byte_array_new()};
    int64_t before = 0;
    uint64_t count = 0;
    for (guint i = 0; i < all->history->gains->len; i++) {
        const res_gain *gain = res_history_gain(all->history, i);
        if (!is_shown(all, gain->to)) continue;
        int64_t at = rounded_up(all, gain->time_ns);
        put(out.time, (uint64_t)MAX(at - before, 0));
        put(out.to, place_of(all, gain->to));
        if (count++ % all->stride == 0) put_transfer(all, gain, at, &out);
        before = MAX(at, before);
    }
    g_string_append_printf(json, ",\"gains\":%" G_GUINT64_FORMAT ",\"stride\":%u", count,
                           all->stride);
    write_column(json, "time", out.time);
    write_column(json, "to", out.to);
    write_column(json, "giver", out.giver);
    write_column(json, "block", out.block);
    write_column(json, "took", out.took);
}

/* ---- the rest ------------------------------------------------------------------------------- */

static void append_time(const replay *all, GString *json, int64_t time_ns)
{
    if (time_ns == RES_NEVER)
        g_string_append(json, "null");
    else
        g_string_append_printf(json, "%" G_GINT64_FORMAT, rounded_up(all, time_ns));
}

/* A peer as [name, group, arrived, completed, left]. */
static void write_peers(const replay *all, GString *json)
{
    const char *comma = "";
    g_string_append(json, ",\"peers\":[");
    for (guint p = 1; p < all->history->nodes->len; p += all->step, comma = ",") {
        const res_member *peer = res_history_member(all->history, p);
        g_autofree char *name = res_escape_json(peer->name);
        g_string_append_printf(json, "%s[%s,%u,", comma, name, peer->group);
        append_time(all, json, peer->arrived_ns);
        g_string_append_c(json, ',');
        append_time(all, json, peer->completed_ns);
        g_string_append_c(json, ',');
        append_time(all, json, peer->left_ns);
        g_string_append_c(json, ']');
    }
    g_string_append_c(json, ']');
}

static void write_groups(const replay *all, GString *json)
{
    g_string_append(json, ",\"groups\":[");
    for (guint g = 0; g < all->history->groups->len; g++) {
        g_autofree char *name = res_escape_json(g_ptr_array_index(all->history->groups, g));
        g_string_append_printf(json, "%s%s", g > 0 ? "," : "", name);
    }
    g_string_append_c(json, ']');
}

/* Blocks of all peers, shown or not, in equal steps of time by the giver's role. */
static void write_sources(const replay *all, GString *json)
{
    uint64_t bins[SOURCE_BINS][RES_ROLES] = {{0}};
    double end_s = (double)MAX(all->history->end_ns, all->unit_ns) / 1e9;
    double width_s = res_time_step(end_s / SOURCE_BINS);
    guint count = (guint)fmin(ceil(end_s / width_s), SOURCE_BINS);
    for (guint i = 0; i < all->history->gains->len; i++) {
        const res_gain *gain = res_history_gain(all->history, i);
        if (gain->from == RES_NOBODY) continue;
        double bin = ceil((double)gain->time_ns / 1e9 / width_s) - 1;
        bins[(guint)fmin(fmax(bin, 0), count - 1)][gain->role]++;
    }
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    double width = width_s * 1e9 / (double)all->unit_ns;
    g_string_append_printf(json, ",\"bin\":%s,\"sources\":[",
                           g_ascii_formatd(text, sizeof text, "%.9g", width));
    for (guint bin = 0; bin < count; bin++)
        g_string_append_printf(
            json, "%s[%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT "]",
            bin > 0 ? "," : "", bins[bin][0], bins[bin][1], bins[bin][2]);
    g_string_append_c(json, ']');
}

void res_replay_write(const res_history *history, int64_t end_ns, GString *json)
{
    g_assert(history->gains);
    replay all = {.history = history, .unit_ns = choose_unit(end_ns)};
    choose_sample(&all);
    g_autofree char *title = res_escape_json(history->title);
    g_string_append_printf(json, "{\"title\":%s,\"unit_ns\":%" G_GINT64_FORMAT, title, all.unit_ns);
    g_string_append_printf(json, ",\"end\":%" G_GINT64_FORMAT ",\"blocks\":%u,\"all_peers\":%u",
                           rounded_up(&all, history->end_ns), history->blocks,
                           res_history_peers(history));
    write_groups(&all, json);
    write_peers(&all, json);
    write_sources(&all, json);
    write_gains(&all, json);
    g_string_append_c(json, '}');
}
