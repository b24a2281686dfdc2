#include "sim/scenario/reader.h"

#include "core/units.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

/* A longer value is cut in a message. */
#define SHOWN_MAX 80

/* The value with control characters made visible and at most SHOWN_MAX characters. */
static char *shown(const char *value)
{
    GString *text = g_string_new(NULL);
    int count = 0;
    for (const char *at = value; *at; at = g_utf8_next_char(at)) {
        if (count++ == SHOWN_MAX) {
            g_string_append(text, "...");
            break;
        }
        gunichar c = g_utf8_get_char(at);
        if (g_unichar_iscntrl(c))
            g_string_append_c(text, '?');
        else
            g_string_append_unichar(text, c);
    }
    return g_string_free(text, FALSE);
}

/* "FILE:LINE", or "FILE: --set" for what an option gave. */
static char *place(const char *path, uint32_t line)
{
    if (line > 0) return g_strdup_printf("%s:%u", path, line);
    return g_strdup_printf("%s: --set", path);
}

/* What most often follows a value that is none: a remark meant as a comment. */
static const char *comment_hint(const char *value)
{
    bool remark = strstr(value, " #") || strstr(value, "\t#") || strstr(value, " ;");
    return remark ? "; a comment stands on a line of its own" : "";
}

bool sim_reader_fail(sim_reader *reader, const sim_ini_entry *entry, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *what = g_strdup_vprintf(format, args);
    va_end(args);
    char *where = place(entry->path, entry->line);
    char *group = shown(entry->group), *key = shown(entry->key), *value = shown(entry->value);
    g_free(reader->error);
    reader->error = sim_ini_one_line(g_strdup_printf("%s: [%s] %s = %s: %s%s", where, group, key,
                                                     value, what, comment_hint(entry->value)));
    g_free(where);
    g_free(group);
    g_free(key);
    g_free(value);
    g_free(what);
    return false;
}

bool sim_reader_fail_group(sim_reader *reader, const sim_ini_group *group, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *what = g_strdup_vprintf(format, args);
    va_end(args);
    char *where = place(group->path, group->line);
    char *name = shown(group->name);
    g_free(reader->error);
    reader->error = sim_ini_one_line(g_strdup_printf("%s: [%s]: %s", where, name, what));
    g_free(where);
    g_free(name);
    g_free(what);
    return false;
}

bool sim_reader_fail_file(sim_reader *reader, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_free(reader->error);
    reader->error = sim_ini_one_line(g_strdup_printf("%s: %s", reader->path, what));
    g_free(what);
    return false;
}

char *sim_suggestion_text(const mb_suggestion *suggestion)
{
    if (!suggestion->best) return g_strdup("");
    return g_strdup_printf("; did you mean \"%s\"?", suggestion->best);
}

const sim_number_kind sim_number_count = {"a whole number without unit", "10", NULL};
const sim_number_kind sim_number_size = {"a size", "100MiB", MB_SIZE_UNITS};
const sim_number_kind sim_number_rate = {"a rate", "10Mbit", MB_RATE_UNITS};
const sim_number_kind sim_number_time = {"a time", "10s", MB_TIME_UNITS};

static bool fail_unit(sim_reader *reader, const sim_ini_entry *entry, const char *unit,
                      const sim_number_kind *kind)
{
    if (*unit == '\0')
        return sim_reader_fail(reader, entry, "a bare number; %s has a unit: %s", kind->what,
                               kind->units);
    /* Behind a comma the list says what may follow each unit. */
    char *list = g_strndup(kind->units, strcspn(kind->units, ","));
    char **names = g_strsplit(list, " ", -1);
    g_free(list);
    mb_suggestion suggestion;
    mb_suggestion_init(&suggestion, unit);
    for (char **name = names; *name; name++)
        mb_suggestion_offer(&suggestion, *name);
    char *near = sim_suggestion_text(&suggestion);
    sim_reader_fail(reader, entry, "\"%s\" is no unit of %s (%s)%s", unit, kind->what, kind->units,
                    near);
    g_free(near);
    g_strfreev(names);
    return false;
}

bool sim_reader_fail_number(sim_reader *reader, const sim_ini_entry *entry, const char *text,
                            int error, const sim_number_kind *kind)
{
    assert(error < 0);
    if (*text == '\0')
        return sim_reader_fail(reader, entry, "empty: %s is due, such as %s", kind->what,
                               kind->example);
    if (error == MB_ERR_UNIT)
        return fail_unit(reader, entry, text + strspn(text, "0123456789. "), kind);
    if (error == MB_ERR_RANGE && strchr(text, '-'))
        return sim_reader_fail(reader, entry, "never negative");
    if (error == MB_ERR_RANGE)
        return sim_reader_fail(reader, entry, "too large for %s%s", kind->what,
                               kind->units ? ", or finer than can be kept" : "");
    return sim_reader_fail(reader, entry, "not %s, such as %s", kind->what, kind->example);
}
