#include "sim/scenario_reader.h"

#include "core/units.h"

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
static char *place(const sim_reader *reader, uint32_t line)
{
    if (line > 0) return g_strdup_printf("%s:%u", reader->path, line);
    return g_strdup_printf("%s: --set", reader->path);
}

bool sim_reader_fail(sim_reader *reader, const sim_ini_entry *entry, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *what = g_strdup_vprintf(format, args);
    va_end(args);
    char *where = place(reader, entry->line);
    char *group = shown(entry->group), *key = shown(entry->key), *value = shown(entry->value);
    g_free(reader->error);
    reader->error = g_strdup_printf("%s: [%s] %s = %s: %s", where, group, key, value, what);
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
    char *where = place(reader, group->line);
    char *name = shown(group->name);
    g_free(reader->error);
    reader->error = g_strdup_printf("%s: [%s]: %s", where, name, what);
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
    reader->error = g_strdup_printf("%s: %s", reader->path, what);
    g_free(what);
    return false;
}

char *sim_suggestion_text(const sim_suggestion *suggestion)
{
    if (!suggestion->best) return g_strdup("");
    return g_strdup_printf("; did you mean \"%s\"?", suggestion->best);
}

/* What follows the number at the start of `value`. */
static const char *unit_of(const char *value)
{
    return value + strspn(value, "0123456789. ");
}

static bool fail_unit(sim_reader *reader, const sim_ini_entry *entry, const char *what,
                      const char *units)
{
    const char *unit = unit_of(entry->value);
    if (*unit == '\0')
        return sim_reader_fail(reader, entry, "a bare number; %s has a unit: %s", what, units);
    char **names = g_strsplit_set(units, " ,", -1);
    sim_suggestion suggestion;
    sim_suggestion_init(&suggestion, unit);
    for (char **name = names; *name; name++)
        sim_suggestion_offer(&suggestion, *name);
    char *near = sim_suggestion_text(&suggestion);
    sim_reader_fail(reader, entry, "\"%s\" is no unit of %s (%s)%s", unit, what, units, near);
    g_free(near);
    g_strfreev(names);
    return false;
}

bool sim_reader_fail_number(sim_reader *reader, const sim_ini_entry *entry, int error,
                            const char *what, const char *example, const char *units)
{
    const char *value = entry->value;
    if (*value == '\0') return sim_reader_fail(reader, entry, "empty; write %s", example);
    if (error == MB_ERR_UNIT) return fail_unit(reader, entry, what, units);
    if (error == MB_ERR_RANGE && strchr(value, '-'))
        return sim_reader_fail(reader, entry, "%s is never negative", what);
    if (error == MB_ERR_RANGE)
        return sim_reader_fail(reader, entry, "too large for %s, or too fine", what);
    return sim_reader_fail(reader, entry, "not %s; write %s", what, example);
}
