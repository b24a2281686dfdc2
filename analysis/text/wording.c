#include "analysis/text/wording.h"

#include <math.h>
#include <string.h>

res_time_unit res_time_unit_for(double span_s)
{
    if (span_s <= 600) return (res_time_unit){"s", 1};
    if (span_s <= 4 * 3600) return (res_time_unit){"min", 60};
    return (res_time_unit){"h", 3600};
}

static int decimals_of(double value)
{
    return value < 10 ? 2 : value < 100 ? 1 : 0;
}

char *res_time_words(double seconds, res_time_unit unit)
{
    bool small = seconds < unit.seconds;
    double value = small ? seconds : seconds / unit.seconds;
    return g_strdup_printf("%.*f %s", decimals_of(value), value, small ? "s" : unit.name);
}

char *res_count_words(uint64_t count)
{
    g_autofree char *digits = g_strdup_printf("%" G_GUINT64_FORMAT, count);
    size_t length = strlen(digits);
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) g_string_append_c(text, ',');
        g_string_append_c(text, digits[i]);
    }
    return g_string_free(text, FALSE);
}

char *res_peers_words(uint64_t peers)
{
    g_autofree char *count = res_count_words(peers);
    return g_strconcat(count, peers == 1 ? " peer" : " peers", NULL);
}

char *res_part_words(uint64_t part, uint64_t peers)
{
    g_autofree char *all = res_peers_words(peers);
    if (part == peers) return g_steal_pointer(&all);
    g_autofree char *count = res_count_words(part);
    return g_strdup_printf("%s of %s", count, all);
}

char *res_number_words(double value)
{
    double size = fabs(value);
    if (size >= 1000) {
        g_autofree char *count = res_count_words((uint64_t)(size + 0.5));
        return g_strconcat(value < 0 ? "-" : "", count, NULL);
    }
    if (value == floor(value)) return g_strdup_printf("%.0f", value);
    int decimals = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
    if (size > 0 && size < 0.1) decimals = MIN(9, 2 - (int)floor(log10(size)));
    return g_strdup_printf("%.*f", decimals, value);
}

char *res_share_words(double share)
{
    double percent = 100 * share;
    bool whole = percent >= 10 || percent == 0;
    return g_strdup_printf("%.*f %%", whole ? 0 : 1, percent);
}

double res_time_step(double seconds)
{
    static const double clock[] = {10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600};
    if (seconds > 5 && seconds <= 3600)
        for (guint i = 0; i < G_N_ELEMENTS(clock); i++)
            if (clock[i] >= seconds) return clock[i];
    double power = pow(10, floor(log10(seconds)));
    for (int factor = 1; factor <= 5; factor += factor == 1 ? 1 : 3)
        if (factor * power >= seconds) return factor * power;
    return 10 * power;
}

guint res_nearest_rank(guint count, guint percent)
{
    g_assert(count > 0 && percent <= 100);
    guint rank = (guint)(((guint64)count * percent + 99) / 100);
    return rank == 0 ? 0 : rank - 1;
}
