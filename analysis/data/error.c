#include "analysis/data/error.h"

#include <stdarg.h>
#include <stdio.h>

GQuark res_error_quark(void)
{
    return g_quark_from_static_string("minibit-results");
}

/* What files hold is quoted in errors: no control character of theirs may end the line, or move a
 * terminal's cursor. */
static char *one_line(char *text)
{
    for (char *at = text; *at; at++)
        if (g_ascii_iscntrl(*at)) *at = '?';
    return text;
}

static void set(GError **error, res_error code, const char *format, va_list arguments)
{
    if (!error) return;
    char *line = one_line(g_strdup_vprintf(format, arguments));
    g_set_error_literal(error, RES_ERROR, (int)code, line);
    g_free(line);
}

gboolean res_input_error(GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set(error, RES_ERROR_INPUT, format, arguments);
    va_end(arguments);
    return FALSE;
}

gboolean res_failure(GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set(error, RES_ERROR_FAILED, format, arguments);
    va_end(arguments);
    return FALSE;
}

int res_error_status(const GError *error)
{
    if (g_error_matches(error, RES_ERROR, RES_ERROR_INTERRUPTED)) return 130;
    return g_error_matches(error, RES_ERROR, RES_ERROR_FAILED) ? 1 : 2;
}

void res_note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *line = one_line(g_strdup_vprintf(format, arguments));
    va_end(arguments);
    fprintf(stderr, "minibit-results: %s\n", line);
    g_free(line);
}
