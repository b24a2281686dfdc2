#include "analysis/data/units.h"

#include <string.h>

#define SECOND INT64_C(1000000000)
#define RATE_UNLIMITED (UINT64_C(1000000000000) / 8 * RES_RATE_BYTE)

typedef struct unit {
    const char *name;
    uint64_t factor;
} unit;

#define BIT (RES_RATE_BYTE / 8)
static const unit rate_units[] = {
    {"bit", BIT},
    {"kbit", BIT * 1000},
    {"Mbit", BIT * 1000000},
    {"Gbit", BIT * 1000000000},
    {"Kibit", BIT << 10},
    {"Mibit", BIT << 20},
    {"Gibit", BIT << 30},
    {"B", RES_RATE_BYTE},
    {"kB", RES_RATE_BYTE * 1000},
    {"MB", RES_RATE_BYTE * 1000000},
    {"GB", RES_RATE_BYTE * 1000000000},
    {"KiB", RES_RATE_BYTE << 10},
    {"MiB", RES_RATE_BYTE << 20},
    {"GiB", RES_RATE_BYTE << 30},
    {NULL, 0},
};

static const unit time_units[] = {
    {"ns", 1},
    {"us", 1000},
    {"ms", 1000000},
    {"s", (uint64_t)SECOND},
    {"min", 60 * SECOND},
    {"h", 3600 * SECOND},
    {NULL, 0},
};

/* The digits at *text as a number, and *text behind them; false if there is none, or too many. */
static bool read_digits(const char **text, uint64_t *number)
{
    const char *start = *text;
    *number = 0;
    for (; g_ascii_isdigit(**text); (*text)++) {
        unsigned digit = (unsigned)(**text - '0');
        if (*number > (UINT64_MAX - digit) / 10) return false;
        *number = *number * 10 + digit;
    }
    return *text > start;
}

bool res_number_parse(const char *text, uint64_t *number)
{
    return read_digits(&text, number) && *text == '\0';
}

/* A decimal fraction times `factor`, cut, at *text, which is moved behind it. */
static bool read_scaled(const char **text, uint64_t factor, uint64_t *value)
{
    uint64_t whole;
    unsigned __int128 sum, part = 0, scale = 1;
    if (!read_digits(text, &whole)) return false;
    if (**text == '.') {
        (*text)++;
        if (!g_ascii_isdigit(**text)) return false;
        for (; g_ascii_isdigit(**text); (*text)++) {
            if (scale >= UINT64_C(1000000000000000000)) continue; /* finer than any unit */
            part = part * 10 + (unsigned)(**text - '0');
            scale *= 10;
        }
    }
    sum = (unsigned __int128)whole * factor + part * factor / scale;
    *value = (uint64_t)sum;
    return sum < INT64_MAX;
}

bool res_seconds_parse(const char *text, int64_t *ns)
{
    uint64_t value;
    *ns = RES_NEVER;
    if (*text == '\0') return true;
    if (!read_scaled(&text, (uint64_t)SECOND, &value) || *text != '\0') return false;
    *ns = (int64_t)value;
    return true;
}

void res_seconds_append(GString *out, int64_t ns)
{
    if (ns == RES_NEVER) return;
    g_string_append_printf(out, "%" G_GINT64_FORMAT ".%09" G_GINT64_FORMAT, ns / SECOND,
                           ns % SECOND);
}

/* A number with a unit of the list. */
static bool read_with_unit(const char *text, const unit *units, uint64_t *value)
{
    const char *behind = text;
    uint64_t ignored;
    if (!read_scaled(&behind, 1, &ignored)) return false;
    while (*behind == ' ')
        behind++;
    for (; units->name; units++)
        if (strcmp(units->name, behind) == 0) return read_scaled(&text, units->factor, value);
    return false;
}

bool res_duration_parse(const char *text, int64_t *ns)
{
    uint64_t value;
    if (!read_with_unit(text, time_units, &value)) return false;
    *ns = (int64_t)value;
    return true;
}

bool res_rate_parse(const char *text, uint64_t *rate)
{
    if (strcmp(text, "unlimited") != 0) return read_with_unit(text, rate_units, rate);
    *rate = RATE_UNLIMITED;
    return true;
}
