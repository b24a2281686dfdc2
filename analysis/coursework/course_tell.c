/*
 * What each of the coursework's tables shows, in a sentence or a few.
 */
#include "analysis/coursework/course_words.h"
#include "analysis/coursework/coursework.h"

#include <string.h>

/* The keys of a point, for res_course_get(). */
#define AT(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- (a) ----------------------------------------------------------------------------------- */

bool res_course_tell_original(const res_estimates *table, GString *out, GError **error)
{
    g_autofree char **peers = res_course_values(table, 0);
    if (!peers[0]) return res_input_error(error, "the study has no finished run");
    const res_estimates_row *row = res_estimates_at(table, 0);
    res_estimate done, share;
    if (!res_course_get(table, "completed_s", AT(peers[0]), &done, error)) return false;
    if (!res_course_get(table, "tracker_share", AT(peers[0]), &share, error)) return false;
    bool all_same = done.count == row->runs && done.half_width == 0;
    g_string_append_printf(out, "The last of the %s peers is done after ", peers[0]);
    res_course_time(out, &done);
    g_string_append_printf(out, all_same ? " in each of %zu runs" : " on the mean of %zu runs",
                           row->runs);
    g_string_append(out, all_same && done.mean == RES_COURSE_PUBLISHED_S
                             ? ", the published result, "
                             : ", where 21:00 was published, ");
    g_string_append(out, "and the tracker gives ");
    res_course_percent(out, &share);
    g_string_append(out, " of the blocks.");
    return true;
}

/* ---- (b) ----------------------------------------------------------------------------------- */

static bool tell_quarters(const res_estimates *table, const char *books, GString *out,
                          GError **error)
{
    res_estimate first, last;
    if (!res_course_get(table, "tracker_share", AT(books, "1"), &first, error)) return false;
    if (!res_course_get(table, "tracker_share", AT(books, "4"), &last, error)) return false;
    res_course_percent(out, &first);
    g_string_append(out, " to ");
    res_course_percent(out, &last);
    g_string_append_printf(out, " with books %s (%s)", books,
                           !res_course_differ(&first, &last) ? "no change is shown"
                           : first.mean > last.mean          ? "it falls"
                                                             : "it rises");
    return true;
}

bool res_course_tell_books(const res_estimates *table, GString *out, GError **error)
{
    g_autofree char **books = res_course_values(table, 0);
    bool done = true;
    g_string_append(out, "From the first quarter to the last, the tracker's share of the blocks "
                         "goes from ");
    for (char **one = books; done && *one; one++) {
        if (one != books) g_string_append(out, ", from ");
        done = tell_quarters(table, *one, out, error);
    }
    g_string_append(out, ".");
    return done;
}

/* ---- (c) ----------------------------------------------------------------------------------- */

static bool tell_against(const res_estimates *table, const char *other, char **seeders,
                         GString *out, GError **error)
{
    g_autoptr(GPtrArray) same = g_ptr_array_new();
    const char *figure = "download_s.mean";
    bool any = false;
    g_string_append_printf(out, "%sgainst rarest-first, %s", out->len ? " A" : "A", other);
    for (char **seeder = seeders; *seeder; seeder++) {
        res_estimate rarest, its;
        if (!res_course_get(table, figure, AT(*seeder, "rarest-first"), &rarest, error) ||
            !res_course_get(table, figure, AT(*seeder, other), &its, error))
            return false;
        if (!res_course_differ(&its, &rarest)) {
            g_ptr_array_add(same, *seeder);
            continue;
        }
        g_string_append(out, any ? ", " : " takes ");
        res_course_compare_times(out, &its, &rarest);
        g_string_append_printf(out, " at %s", *seeder);
        any = true;
    }
    if (same->len > 0) {
        g_string_append(out, any ? "; no difference is shown at " : " shows no difference at ");
        res_course_list(out, same);
    }
    g_string_append(out, ".");
    return true;
}

bool res_course_tell_selection(const res_estimates *table, GString *out, GError **error)
{
    g_autofree char **seeders = res_course_values(table, 0);
    g_autofree char **selections = res_course_values(table, 1);
    bool done = true;
    for (char **other = selections; done && *other; other++)
        if (strcmp(*other, "rarest-first") != 0)
            done = tell_against(table, *other, seeders, out, error);
    return done;
}

/* ---- (d) ----------------------------------------------------------------------------------- */

/* How long those who give nothing take against those who give, under each way of choking. */
static bool tell_riders(const res_estimates *table, const char *riders, char **chokes, GString *out,
                        GError **error)
{
    g_autoptr(GPtrArray) same = g_ptr_array_new();
    bool any = false;
    for (char **choke = chokes; *choke; choke++) {
        res_estimate giver, rider;
        if (!res_course_get(table, "giver_download_s", AT(riders, *choke), &giver, error) ||
            !res_course_get(table, "rider_download_s", AT(riders, *choke), &rider, error))
            return false;
        if (!res_course_differ(&rider, &giver)) {
            g_ptr_array_add(same, *choke);
            continue;
        }
        g_string_append(out, any ? ", " : "; against them the free riders take ");
        res_course_compare_times(out, &rider, &giver);
        g_string_append_printf(out, " under %s", *choke);
        any = true;
    }
    if (same->len == 0) return true;
    g_string_append(out, "; between the two no difference is shown under ");
    res_course_list(out, same);
    return true;
}

/* Under which way of choking those who give are done first. */
static bool tell_best(const res_estimates *table, const char *riders, char **chokes, GString *out,
                      GError **error)
{
    res_estimate best = {0}, its;
    const char *name = NULL;
    bool alone = true;
    for (char **choke = chokes; *choke; choke++) {
        if (!res_course_get(table, "giver_download_s", AT(riders, *choke), &its, error))
            return false;
        if (name && !(its.mean < best.mean)) continue;
        best = its;
        name = *choke;
    }
    for (char **choke = chokes; *choke; choke++) {
        if (!res_course_get(table, "giver_download_s", AT(riders, *choke), &its, error))
            return false;
        if (*choke != name) alone = alone && res_course_differ(&its, &best);
    }
    if (!name) return true;
    g_string_append(out, alone ? "those who give are done first under "
                               : "no way is shown to serve those who give best, the lowest mean "
                                 "being that of ");
    g_string_append_printf(out, "%s (", name);
    res_course_time(out, &best);
    g_string_append(out, ")");
    return true;
}

bool res_course_tell_freeriders(const res_estimates *table, GString *out, GError **error)
{
    g_autofree char **riders = res_course_values(table, 0);
    g_autofree char **chokes = res_course_values(table, 1);
    for (char **count = riders; *count; count++) {
        bool none = strcmp(*count, "0") == 0;
        g_string_append_printf(out,
                               none ? "%sithout free riders, " : "%sith %s free riders of 100, ",
                               out->len ? " W" : "W", *count);
        if (!tell_best(table, *count, chokes, out, error)) return false;
        if (!none && !tell_riders(table, *count, chokes, out, error)) return false;
        g_string_append(out, ".");
    }
    return true;
}

/* ---- (e) ----------------------------------------------------------------------------------- */

static bool tell_growth(const res_estimates *table, const char *mode, const char *least,
                        const char *most, GString *out, GError **error)
{
    res_estimate small, great;
    if (!res_course_get(table, "completed_s", AT(least, mode), &small, error) ||
        !res_course_get(table, "completed_s", AT(most, mode), &great, error))
        return false;
    g_string_append(out, "from ");
    res_course_time(out, &small);
    g_string_append(out, " to ");
    res_course_time(out, &great);
    g_string_append_printf(out, " as %s (", mode);
    if (res_course_differ(&small, &great))
        res_course_compare_times(out, &great, &small);
    else
        g_string_append(out, "no difference is shown");
    g_string_append(out, ")");
    return true;
}

/* At how many peers the swarm is shown to be faster, and by how much where there are most. */
static bool tell_swarm(const res_estimates *table, char **sizes, const char *most, GString *out,
                       GError **error)
{
    res_estimate swarm, server;
    guint faster = 0, all = 0; /* both estimates are those of `most` after the loop */
    for (char **size = sizes; *size; size++, all++) {
        if (!res_course_get(table, "completed_s", AT(*size, "swarm"), &swarm, error) ||
            !res_course_get(table, "completed_s", AT(*size, "client-server"), &server, error))
            return false;
        faster += res_course_differ(&swarm, &server) && swarm.mean < server.mean;
    }
    g_string_append_printf(out, " The swarm is faster at %u of %u sizes", faster, all);
    if (all > 0 && res_course_differ(&server, &swarm)) {
        g_string_append_printf(out, "; with %s peers the server alone takes ", most);
        res_course_compare_times(out, &server, &swarm);
    }
    g_string_append(out, ".");
    return true;
}

bool res_course_tell_scale(const res_estimates *table, GString *out, GError **error)
{
    g_autofree char **sizes = res_course_values(table, 0);
    guint count = g_strv_length(sizes);
    if (count == 0) return res_input_error(error, "the study has no finished run");
    const char *least = sizes[0], *most = sizes[count - 1];
    res_estimate first, last;
    g_string_append_printf(out, "From %s to %s peers the time until the last is done goes ", least,
                           most);
    if (!tell_growth(table, "client-server", least, most, out, error)) return false;
    g_string_append(out, " and ");
    if (!tell_growth(table, "swarm", least, most, out, error)) return false;
    if (!res_course_get(table, "tracker_share", AT(least, "swarm"), &first, error) ||
        !res_course_get(table, "tracker_share", AT(most, "swarm"), &last, error))
        return false;
    bool differ = res_course_differ(&first, &last);
    g_string_append_printf(out, "; the tracker's share of the swarm's blocks %s from ",
                           !differ                  ? "is not shown to change"
                           : last.mean < first.mean ? "falls"
                                                    : "rises");
    res_course_percent(out, &first);
    g_string_append(out, " to ");
    res_course_percent(out, &last);
    g_string_append(out, ".");
    return tell_swarm(table, sizes, most, out, error);
}

/* ---- (f) ----------------------------------------------------------------------------------- */

/* Names neighbours in the list of ways between which nothing is shown. */
static bool tell_equals(const res_estimates *table, char **ways, GString *out, GError **error)
{
    for (char **way = ways; way[0] && way[1]; way++) {
        res_estimate one, next;
        if (!res_course_get(table, "download_s.mean", AT(way[0]), &one, error) ||
            !res_course_get(table, "download_s.mean", AT(way[1]), &next, error))
            return false;
        if (res_course_differ(&one, &next)) continue;
        g_string_append_printf(out, "; between '%s' and '%s' no difference is shown", way[0],
                               way[1]);
    }
    return true;
}

bool res_course_tell_staying(const res_estimates *table, GString *out, GError **error)
{
    g_autofree char **ways = res_course_values(table, 0);
    res_estimate base, its, share;
    if (!ways[0]) return res_input_error(error, "the study has no finished run");
    for (char **way = ways; *way; way++) {
        if (!res_course_get(table, "download_s.mean", AT(*way), &its, error) ||
            !res_course_get(table, "seeder_share", AT(*way), &share, error))
            return false;
        if (way == ways) base = its;
        g_string_append_printf(out,
                               way == ways ? "Where peers leave '%s', the mean download takes "
                                           : "; with '%s' it takes ",
                               *way);
        if (way == ways)
            res_course_time(out, &its);
        else if (res_course_differ(&its, &base))
            res_course_compare_times(out, &its, &base);
        else
            g_string_append(out, "a time not shown to differ");
        g_string_append(out, " (seeders give ");
        res_course_percent(out, &share);
        g_string_append(out, " of the blocks)");
    }
    if (!tell_equals(table, ways, out, error)) return false;
    g_string_append(out, ".");
    return true;
}
