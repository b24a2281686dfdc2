/* The keys of a [peers] group that are more than a number: arrival, leave, have. */
#include "sim/scenario/reader.h"

#include "core/units.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

/* Places kept of a rate of arrivals and of a percentage. */
#define RATE_DECIMALS 9
#define PERCENT_DECIMALS 6

/* ---- arrival ---- */

bool sim_read_poisson_part(sim_reader *reader, const sim_ini_entry *entry, const char *text,
                           int64_t *rate, mb_time *time)
{
    const char *slash = strchr(text, '/');
    if (!slash) return sim_reader_fail(reader, entry, "a rate is a number per time: 0.5/s");
    char *number = g_strndup(text, (size_t)(slash - text));
    int error = mb_decimal_parse(number, RATE_DECIMALS, rate);
    g_free(number);
    if (error == MB_ERR_RANGE)
        return sim_reader_fail(reader, entry, "negative, too large, or finer than 9 decimals");
    if (error) return sim_reader_fail(reader, entry, "not a number before the /, such as 0.5/s");
    char *unit = g_strdup_printf("1%s", slash + 1);
    error = mb_time_parse(unit, time);
    g_free(unit);
    if (error) return sim_reader_fail(reader, entry, "after the / goes one of " MB_TIME_UNITS);
    if (*rate == 0) return sim_reader_fail(reader, entry, "at this rate it never happens");
    if ((__int128)*time * 1000000000 < *rate)
        return sim_reader_fail(reader, entry, "more than one a nanosecond");
    return true;
}

static bool read_poisson(sim_reader *reader, const sim_ini_entry *entry, const char *text,
                         sim_group *group)
{
    group->arrival = SIM_ARRIVE_POISSON;
    return sim_read_poisson_part(reader, entry, text, &group->arrival_rate, &group->arrival_time);
}

static bool read_every(sim_reader *reader, const sim_ini_entry *entry, const char *text,
                       sim_group *group)
{
    if (!sim_read_time_part(reader, entry, text, &group->arrival_time)) return false;
    if (group->arrival_time == 0)
        return sim_reader_fail(reader, entry, "the time between two arrivals is above zero");
    group->arrival = SIM_ARRIVE_EVERY;
    return true;
}

static bool read_at(sim_reader *reader, const sim_ini_entry *entry, const char *text,
                    sim_group *group)
{
    group->arrival = SIM_ARRIVE_AT;
    return sim_read_time_part(reader, entry, text, &group->arrival_time);
}

static bool read_within(sim_reader *reader, const sim_ini_entry *entry, const char *text,
                        sim_group *group)
{
    group->arrival = SIM_ARRIVE_WITHIN;
    return sim_read_time_part(reader, entry, text, &group->arrival_time);
}

static bool read_trace(sim_reader *reader, const sim_ini_entry *entry, const char *text,
                       sim_group *group)
{
    group->arrival = SIM_ARRIVE_TRACE;
    if (*text == '\0') return sim_reader_fail(reader, entry, "name the trace: trace FILE.csv");
    group->trace_path = sim_reader_path(entry, text);
    return sim_read_trace(reader, entry, group->trace_path, group);
}

typedef bool read_form(sim_reader *, const sim_ini_entry *, const char *text, sim_group *);

struct form {
    const char *word;
    read_form *read;
};

/* Finds the form that the first word of `value`, the entry's or what it begins with, names, and
 * reads the rest by it. */
static bool read_forms(sim_reader *reader, const sim_ini_entry *entry, const char *value,
                       const struct form *forms, const char *values, sim_group *group)
{
    char *first = g_strndup(value, strcspn(value, " \t"));
    mb_suggestion suggestion;
    mb_suggestion_init(&suggestion, first);
    bool fine = false, known = false;
    for (; forms->word && !known; forms++) {
        const char *rest = sim_after_word(value, forms->word);
        known = rest != NULL;
        if (known)
            fine = forms->read(reader, entry, rest, group);
        else
            mb_suggestion_offer(&suggestion, forms->word);
    }
    if (!known) {
        char *near = sim_suggestion_text(&suggestion);
        sim_reader_fail(reader, entry, "not one of %s%s", values, near);
        g_free(near);
    }
    g_free(first);
    return fine;
}

bool sim_read_arrival(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                      void *target)
{
    static const struct form forms[] = {{"at", read_at},       {"within", read_within},
                                        {"every", read_every}, {"poisson", read_poisson},
                                        {"trace", read_trace}, {NULL, NULL}};
    return read_forms(reader, entry, entry->value, forms, row->values, target);
}

/* ---- leave ---- */

/* Behind a time: gone at that moment, without a word. */
#define AT_ONCE ", at-once"

/* A form without a time: nothing may follow. */
static bool leave_plainly(sim_reader *reader, const sim_ini_entry *entry, const char *text,
                          sim_group *group, sim_leave_kind kind)
{
    group->leave = kind;
    if (*text == '\0') return true;
    return sim_reader_fail(reader, entry, "nothing follows this word, but here \"%s\"", text);
}

static bool leave_never(sim_reader *reader, const sim_ini_entry *entry, const char *text,
                        sim_group *group)
{
    return leave_plainly(reader, entry, text, group, SIM_LEAVE_NEVER);
}

static bool leave_when_complete(sim_reader *reader, const sim_ini_entry *entry, const char *text,
                                sim_group *group)
{
    return leave_plainly(reader, entry, text, group, SIM_LEAVE_WHEN_COMPLETE);
}

static bool leave_at_once(sim_reader *reader, const sim_ini_entry *entry, const char *text,
                          sim_group *group)
{
    return leave_plainly(reader, entry, text, group, SIM_LEAVE_AT_ONCE);
}

static bool leave_after(sim_reader *reader, const sim_ini_entry *entry, const char *text,
                        sim_group *group)
{
    group->leave = SIM_LEAVE_AFTER;
    return sim_read_time_part(reader, entry, text, &group->leave_time);
}

static bool leave_exponential(sim_reader *reader, const sim_ini_entry *entry, const char *text,
                              sim_group *group)
{
    group->leave = SIM_LEAVE_EXPONENTIAL;
    if (!sim_read_time_part(reader, entry, text, &group->leave_time)) return false;
    if (group->leave_time > 0) return true;
    return sim_reader_fail(reader, entry, "a mean of zero: write leave = when-complete");
}

static bool leave_at(sim_reader *reader, const sim_ini_entry *entry, const char *text,
                     sim_group *group)
{
    group->leave = SIM_LEAVE_AT;
    return sim_read_time_part(reader, entry, text, &group->leave_time);
}

/* Takes the end `, at-once` off what says when; it goes with a time alone. */
static bool read_sudden(sim_reader *reader, const sim_ini_entry *entry, char *when,
                        sim_group *group)
{
    static const char *const timed[] = {"after", "exponential", "at"};
    group->sudden = g_str_has_suffix(when, AT_ONCE);
    if (!group->sudden) return true;
    when[strlen(when) - strlen(AT_ONCE)] = '\0';
    for (size_t i = 0; i < G_N_ELEMENTS(timed); i++) {
        if (sim_after_word(when, timed[i])) return true;
    }
    return sim_reader_fail(reader, entry,
                           "a sudden end goes with a time: after 10min, at-once; upon completion "
                           "it is at-once alone");
}

bool sim_read_leave(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                    void *target)
{
    static const struct form forms[] = {{"never", leave_never},
                                        {"when-complete", leave_when_complete},
                                        {"at-once", leave_at_once},
                                        {"after", leave_after},
                                        {"exponential", leave_exponential},
                                        {"at", leave_at},
                                        {NULL, NULL}};
    char *when = g_strdup(entry->value);
    bool fine = read_sudden(reader, entry, when, target) &&
                read_forms(reader, entry, when, forms, row->values, target);
    g_free(when);
    return fine;
}

bool sim_read_tracker_leave(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                            void *target)
{
    static const struct form forms[] = {{"never", leave_never}, {"at", leave_at}, {NULL, NULL}};
    mb_time *leave_at = (mb_time *)(void *)((char *)target + row->offset);
    sim_group read = {.leave_time = 0};
    if (!read_forms(reader, entry, entry->value, forms, row->values, &read)) return false;
    *leave_at = read.leave == SIM_LEAVE_AT ? read.leave_time : MB_NEVER;
    return true;
}

/* ---- return ---- */

static bool return_never(sim_reader *reader, const sim_ini_entry *entry, const char *text,
                         sim_group *group)
{
    group->returns = SIM_RETURN_NEVER;
    if (*text == '\0') return true;
    return sim_reader_fail(reader, entry, "nothing follows this word, but here \"%s\"", text);
}

static bool return_timed(sim_reader *reader, const sim_ini_entry *entry, const char *text,
                         sim_group *group, sim_return_kind kind)
{
    group->returns = kind;
    if (!sim_read_time_part(reader, entry, text, &group->return_time)) return false;
    if (group->return_time > 0) return true;
    return sim_reader_fail(reader, entry, "who is back at once has not gone");
}

static bool return_after(sim_reader *reader, const sim_ini_entry *entry, const char *text,
                         sim_group *group)
{
    return return_timed(reader, entry, text, group, SIM_RETURN_AFTER);
}

static bool return_exponential(sim_reader *reader, const sim_ini_entry *entry, const char *text,
                               sim_group *group)
{
    return return_timed(reader, entry, text, group, SIM_RETURN_EXPONENTIAL);
}

bool sim_read_return(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                     void *target)
{
    static const struct form forms[] = {{"never", return_never},
                                        {"after", return_after},
                                        {"exponential", return_exponential},
                                        {NULL, NULL}};
    return read_forms(reader, entry, entry->value, forms, row->values, target);
}

/* ---- have ---- */

static bool have_some(sim_reader *reader, const sim_ini_entry *entry, uint64_t blocks,
                      sim_group *group)
{
    assert(group->have == SIM_HAVE_NONE || group->have == SIM_HAVE_SOME);
    uint32_t all = reader->scenario->file.geometry.blocks;
    if (blocks > all) return sim_reader_fail(reader, entry, "the file has only %u blocks", all);
    group->have = SIM_HAVE_SOME;
    group->have_blocks = (uint32_t)blocks;
    return true;
}

/* "25%" or "12.5%", rounded down to whole blocks. */
static bool have_percent(sim_reader *reader, const sim_ini_entry *entry, size_t size,
                         sim_group *group)
{
    char *number = g_strndup(entry->value, size);
    int64_t percent;
    int error = mb_decimal_parse(number, PERCENT_DECIMALS, &percent);
    g_free(number);
    if (error || percent > 100 * INT64_C(1000000))
        return sim_reader_fail(reader, entry,
                               "a percentage is 0%% to 100%%, with at most 6 decimals");
    uint64_t blocks = (uint64_t)percent * reader->scenario->file.geometry.blocks;
    return have_some(reader, entry, blocks / (100 * UINT64_C(1000000)), group);
}

static bool have_blocks(sim_reader *reader, const sim_ini_entry *entry, size_t size,
                        sim_group *group)
{
    char *number = g_strndup(entry->value, size);
    uint64_t blocks;
    int error = mb_count_parse(number, UINT64_MAX, &blocks);
    g_free(number);
    if (error) return sim_reader_fail(reader, entry, "not a whole number of blocks, as 40 blocks");
    return have_some(reader, entry, blocks, group);
}

static bool have_all_but(sim_reader *reader, const sim_ini_entry *entry, const char *text,
                         sim_group *group)
{
    uint64_t block;
    if (mb_count_parse(text, UINT64_MAX, &block))
        return sim_reader_fail(reader, entry, "name the block: all-but-block 0");
    if (block >= reader->scenario->file.geometry.blocks)
        return sim_reader_fail(reader, entry, "the file's blocks are 0 to %" G_GINT64_FORMAT,
                               (int64_t)reader->scenario->file.geometry.blocks - 1);
    group->have = SIM_HAVE_ALL_BUT;
    group->have_blocks = (uint32_t)block;
    return true;
}

bool sim_read_have(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                   void *target)
{
    const char *value = entry->value;
    sim_group *group = target;
    size_t size = strlen(value);
    const char *rest = sim_after_word(value, "all-but-block");
    group->have = strcmp(value, "all") == 0 ? SIM_HAVE_ALL : SIM_HAVE_NONE;
    if (group->have == SIM_HAVE_ALL || strcmp(value, "none") == 0) return true;
    if (rest) return have_all_but(reader, entry, rest, group);
    if (g_str_has_suffix(value, "%")) return have_percent(reader, entry, size - 1, group);
    if (g_str_has_suffix(value, "blocks")) return have_blocks(reader, entry, size - 6, group);
    if (strcmp(value, "1 block") == 0) return have_some(reader, entry, 1, group);
    if (g_ascii_isdigit(*value) && strspn(value, "0123456789. ") == size)
        return sim_reader_fail(reader, entry, "a bare number; write %s blocks, or %s%%", value,
                               value);
    return sim_reader_fail(reader, entry, "not one of %s", row->values);
}
