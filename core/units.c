#include "core/units.h"

#include <assert.h>
#include <string.h>

#define DECIMALS_MAX 18

struct unit {
    const char *name;
    uint64_t factor;
};

#define MILLION UINT64_C(1000000)
#define BILLION UINT64_C(1000000000)
#define KILO UINT64_C(1000)
#define KIBI UINT64_C(1024)
#define BIT (MB_RATE_BYTE / 8)

static const struct unit size_units[] = {
    {"B", 1},      {"kB", KILO},        {"MB", KILO *KILO},        {"GB", KILO *KILO *KILO},
    {"KiB", KIBI}, {"MiB", KIBI *KIBI}, {"GiB", KIBI *KIBI *KIBI}, {NULL, 0},
};

static const struct unit rate_units[] = {
    {"bit", BIT},
    {"kbit", BIT *KILO},
    {"Mbit", BIT *KILO *KILO},
    {"Gbit", BIT *KILO *KILO *KILO},
    {"Kibit", BIT *KIBI},
    {"Mibit", BIT *KIBI *KIBI},
    {"Gibit", BIT *KIBI *KIBI *KIBI},
    {"B", MB_RATE_BYTE},
    {"kB", MB_RATE_BYTE *KILO},
    {"MB", MB_RATE_BYTE *KILO *KILO},
    {"GB", MB_RATE_BYTE *KILO *KILO *KILO},
    {"KiB", MB_RATE_BYTE *KIBI},
    {"MiB", MB_RATE_BYTE *KIBI *KIBI},
    {"GiB", MB_RATE_BYTE *KIBI *KIBI *KIBI},
    {NULL, 0},
};

static const struct unit time_units[] = {
    {"ns", 1},        {"us", MB_US},           {"ms", MB_MS},
    {"s", MB_SECOND}, {"min", 60 * MB_SECOND}, {"h", 3600 * MB_SECOND},
    {NULL, 0},
};

/* whole + part / scale, part < scale, a power of ten. */
struct number {
    uint64_t whole;
    uint64_t part;
    uint64_t scale;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *skip_blanks(const char *text)
{
    while (*text == ' ')
        text++;
    return text;
}

/* Reads the digits at *text into `whole`; MB_ERR_RANGE past 64 bits. */
static int read_whole(const char **text, uint64_t *whole)
{
    *whole = 0;
    for (; is_digit(**text); (*text)++) {
        unsigned digit = (unsigned)(**text - '0');
        if (*whole > (UINT64_MAX - digit) / 10) return MB_ERR_RANGE;
        *whole = *whole * 10 + digit;
    }
    return 0;
}

/* Reads the digits after the point; zeros at the end count for nothing. */
static int read_part(const char **text, struct number *number)
{
    const char *end = *text;
    while (is_digit(*end))
        end++;
    const char *last = end;
    while (last > *text && last[-1] == '0')
        last--;
    if (last - *text > DECIMALS_MAX) return MB_ERR_RANGE;
    for (const char *at = *text; at < last; at++) {
        number->part = number->part * 10 + (unsigned)(*at - '0');
        number->scale *= 10;
    }
    *text = end;
    return 0;
}

/* Reads a number from the start of *text and leaves *text behind it. */
static int read_number(const char **text, struct number *number)
{
    const char *at = skip_blanks(*text);
    if (*at == '-' && is_digit(at[1])) return MB_ERR_RANGE;
    if (!is_digit(*at)) return MB_ERR_SYNTAX;
    *number = (struct number){.scale = 1};
    int error = read_whole(&at, &number->whole);
    if (error) return error;
    if (*at == '.') {
        at++;
        if (!is_digit(*at)) return MB_ERR_SYNTAX;
        error = read_part(&at, number);
        if (error) return error;
    }
    if (*at == '.') return MB_ERR_SYNTAX;
    *text = at;
    return 0;
}

/* The factor of the unit that `text` is, blanks around it allowed; 0 if it is none. */
static uint64_t find_unit(const struct unit *units, const char *text, bool per_second)
{
    text = skip_blanks(text);
    size_t size = strlen(text);
    while (size > 0 && text[size - 1] == ' ')
        size--;
    if (per_second && size > 2 && memcmp(text + size - 2, "/s", 2) == 0) size -= 2;
    for (; units->name; units++) {
        if (strlen(units->name) == size && memcmp(units->name, text, size) == 0)
            return units->factor;
    }
    return 0;
}

/* number x factor, at most INT64_MAX; *lost is the fraction that fell away, in 10^-9, rounded up.
 */
static int scale_number(const struct number *number, uint64_t factor, uint64_t *value,
                        uint64_t *lost)
{
    assert(factor > 0);
    unsigned __int128 cut = (unsigned __int128)number->part * factor;
    unsigned __int128 part = cut / number->scale;
    unsigned __int128 all = (unsigned __int128)number->whole * factor + part;
    if (all > INT64_MAX) return MB_ERR_RANGE;
    *lost =
        (uint64_t)(((cut - part * number->scale) * BILLION + number->scale - 1) / number->scale);
    *value = (uint64_t)all;
    return 0;
}

static int parse_with_unit(const char *text, const struct unit *units, bool per_second,
                           uint64_t *value, uint64_t *lost)
{
    struct number number;
    int error = read_number(&text, &number);
    if (error) return error;
    uint64_t factor = find_unit(units, text, per_second);
    if (factor == 0) return MB_ERR_UNIT;
    return scale_number(&number, factor, value, lost);
}

int mb_count_parse(const char *text, uint64_t max, uint64_t *count)
{
    text = skip_blanks(text);
    if (*text == '-' && is_digit(text[1])) return MB_ERR_RANGE;
    if (!is_digit(*text)) return MB_ERR_SYNTAX;
    uint64_t value;
    int error = read_whole(&text, &value);
    if (error) return error;
    if (*skip_blanks(text) != '\0') return MB_ERR_SYNTAX;
    if (value > max) return MB_ERR_RANGE;
    *count = value;
    return 0;
}

int mb_size_parse(const char *text, uint64_t *bytes)
{
    uint64_t value, lost;
    int error = parse_with_unit(text, size_units, false, &value, &lost);
    if (error) return error;
    if (lost > 0) return MB_ERR_RANGE;
    *bytes = value;
    return 0;
}

int mb_rate_parse(const char *text, uint64_t *rate)
{
    uint64_t value, lost;
    int error = parse_with_unit(text, rate_units, true, &value, &lost);
    if (error) return error;
    if (value < MILLION && lost > value * (BILLION / MILLION)) return MB_ERR_RANGE;
    *rate = value;
    return 0;
}

int mb_time_parse(const char *text, mb_time *time)
{
    uint64_t value, lost;
    int error = parse_with_unit(text, time_units, false, &value, &lost);
    if (error) return error;
    if (lost > 0 || value >= (uint64_t)MB_NEVER) return MB_ERR_RANGE;
    *time = (mb_time)value;
    return 0;
}

static uint64_t power_of_ten(uint32_t exponent)
{
    assert(exponent <= 19);
    assert(exponent <= DECIMALS_MAX);
    uint64_t power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

int mb_decimal_parse(const char *text, uint32_t decimals, int64_t *scaled)
{
    struct number number;
    int error = read_number(&text, &number);
    if (error) return error;
    if (*skip_blanks(text) != '\0') return MB_ERR_SYNTAX;
    uint64_t value;
    uint64_t lost;
    error = scale_number(&number, power_of_ten(decimals), &value, &lost);
    if (error) return error;
    if (lost > 0) return MB_ERR_RANGE;
    *scaled = (int64_t)value;
    return 0;
}

int mb_bool_parse(const char *text, bool *value)
{
    static const char *const yes[] = {"yes", "true", "on"};
    static const char *const no[] = {"no", "false", "off"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        bool is_yes = strcmp(text, yes[i]) == 0;
        if (!is_yes && strcmp(text, no[i]) != 0) continue;
        *value = is_yes;
        return 0;
    }
    return MB_ERR_SYNTAX;
}

/* Writes the digits of `value` and a NUL; returns where the NUL is. */
static char *write_digits(uint64_t value, char *text)
{
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (count > 0)
        *text++ = digits[--count];
    *text = '\0';
    return text;
}

/* The unit that takes the fewest to make `value` exactly; NULL if none does. */
static const struct unit *best_unit(const struct unit *units, uint64_t value)
{
    const struct unit *best = NULL;
    for (; units->name; units++) {
        if (value % units->factor != 0) continue;
        if (!best || units->factor > best->factor) best = units;
    }
    return best;
}

static const char *write_in_unit(uint64_t value, const struct unit *unit, char *text)
{
    char *end = write_digits(value / unit->factor, text);
    memcpy(end, unit->name, strlen(unit->name) + 1);
    return text;
}

const char *mb_count_format(uint64_t count, char *text)
{
    write_digits(count, text);
    return text;
}

const char *mb_size_format(uint64_t bytes, char *text)
{
    return write_in_unit(bytes, bytes ? best_unit(size_units, bytes) : &size_units[0], text);
}

/* Below a bit per second a rate is a sum of halves, quarters, …: 13 places write it exactly. */
static const char *format_fine_rate(uint64_t rate, char *text)
{
    char *end = write_digits(rate / BIT, text);
    uint64_t rest = rate % BIT;
    *end++ = '.';
    while (rest > 0) {
        rest *= 10;
        *end++ = (char)('0' + rest / BIT);
        rest %= BIT;
    }
    memcpy(end, "bit", 4);
    return text;
}

const char *mb_rate_format(uint64_t rate, char *text)
{
    if (rate == 0) return write_in_unit(0, &rate_units[0], text);
    const struct unit *unit = best_unit(rate_units, rate);
    return unit ? write_in_unit(rate, unit, text) : format_fine_rate(rate, text);
}

const char *mb_time_format(mb_time time, char *text)
{
    assert(time >= 0 && time < MB_NEVER);
    const struct unit *second = &time_units[3];
    return write_in_unit((uint64_t)time, time ? best_unit(time_units, (uint64_t)time) : second,
                         text);
}

const char *mb_decimal_format(int64_t scaled, uint32_t decimals, char *text)
{
    assert(scaled >= 0);
    uint64_t scale = power_of_ten(decimals);
    char *end = write_digits((uint64_t)scaled / scale, text);
    uint64_t rest = (uint64_t)scaled % scale;
    if (rest > 0) *end++ = '.';
    while (rest > 0) {
        scale /= 10;
        *end++ = (char)('0' + rest / scale);
        rest %= scale;
    }
    *end = '\0';
    return text;
}

void mb_shares_split(const uint64_t *parts, size_t count, uint64_t *millionths)
{
    unsigned __int128 all = 0;
    uint64_t left = MILLION;

    for (size_t i = 0; i < count; i++)
        all += parts[i];
    if (all == 0) return;
    for (size_t i = 0; i < count; i++) {
        millionths[i] = (uint64_t)(parts[i] * (unsigned __int128)MILLION / all);
        left -= millionths[i];
    }
    for (; left > 0; left--) { /* fewer than there are parts */
        unsigned __int128 most = 0;
        size_t place = 0;

        for (size_t i = 0; i < count; i++) {
            unsigned __int128 kept = (unsigned __int128)millionths[i] * all;
            unsigned __int128 whole = parts[i] * (unsigned __int128)MILLION;

            if (whole <= kept || whole - kept <= most) continue;
            most = whole - kept;
            place = i;
        }
        millionths[place]++;
    }
}
