#include "analysis/command.h"

#include "analysis/data/output_file.h"
#include "analysis/text/suggest.h"

#include <stdio.h>
#include <string.h>

/* ---- options ------------------------------------------------------------------------------- */

static const GOptionEntry help_entry = {
    .long_name = "help", .short_name = 'h', .description = "print this help"};

/* GOption's message with the nearest option behind it. */
static void option_error(const res_usage *usage, const GError *failure, GError **error)
{
    static const char prefix[] = "Unknown option --";
    if (!g_str_has_prefix(failure->message, prefix)) {
        res_input_error(error, "%s; see --help", failure->message);
        return;
    }
    g_autofree char *word = g_strdup(failure->message + strlen(prefix));
    word[strcspn(word, "=")] = '\0';
    res_suggestion suggestion = res_suggestion_begin(word);
    for (const GOptionEntry *entry = usage->entries; entry->long_name; entry++)
        res_suggestion_offer(&suggestion, entry->long_name);
    if (suggestion.best)
        res_input_error(error, "--%s: no such option; did you mean --%s?", word, suggestion.best);
    else
        res_input_error(error, "--%s: no such option; see --help", word);
}

/* GOption wants "-j 4"; everybody else knows "-j4" too. */
static char *with_long_name(const res_usage *usage, const char *argument)
{
    if (argument[0] == '-' && g_ascii_isalpha(argument[1]) && argument[2])
        for (const GOptionEntry *entry = usage->entries; entry->long_name; entry++)
            if (entry->short_name == argument[1] && entry->arg != G_OPTION_ARG_NONE)
                return g_strdup_printf("--%s=%s", entry->long_name, argument + 2);
    return g_strdup(argument);
}

static GOptionContext *make_context(const res_usage *usage, gboolean *help, char ***rest)
{
    GOptionEntry more[] = {help_entry, {.long_name = G_OPTION_REMAINING}, {.long_name = NULL}};
    more[0].arg_data = help;
    more[1].arg = G_OPTION_ARG_FILENAME_ARRAY;
    more[1].arg_data = rest;
    GOptionContext *context = g_option_context_new(usage->arguments);
    g_option_context_set_summary(context, usage->examples);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_add_main_entries(context, usage->entries, NULL);
    g_option_context_add_main_entries(context, more, NULL);
    return context;
}

bool res_options_read(const res_usage *usage, int argc, char **argv, char ***rest, bool *done,
                      GError **error)
{
    gboolean help = FALSE;
    *rest = NULL;
    GOptionContext *context = make_context(usage, &help, rest);
    /* GOption takes the arguments that it knows out of the list, so it gets a list of its own. */
    char **arguments = g_new0(char *, (gsize)argc + 1);
    for (int i = 0; i < argc; i++)
        arguments[i] = with_long_name(usage, argv[i]);
    GError *failure = NULL;
    bool right = g_option_context_parse_strv(context, &arguments, &failure);
    if (!right) option_error(usage, failure, error);
    g_clear_error(&failure);
    *done = right && help;
    if (*done) {
        g_autofree char *text = g_option_context_get_help(context, TRUE, NULL);
        fputs(text, stdout);
    }
    if (!*rest) *rest = g_new0(char *, 1);
    g_strfreev(arguments);
    g_option_context_free(context);
    return right;
}

/*
 * The place of `text` in the NULL-terminated list `choices`; the first where it is NULL. -1 with an
 * error naming `option` and the choices.
 */
static int choose(const char *option, const char *text, const char *const *choices, GError **error)
{
    if (!text) return 0;
    for (int i = 0; choices[i]; i++)
        if (strcmp(text, choices[i]) == 0) return i;
    g_autofree char *list = g_strjoinv(", ", (char **)choices);
    res_input_error(error, "%s=%s: not one of %s", option, text, list);
    return -1;
}

/* The choice that a file's name ends in; -1: none. */
static int format_of_name(const char *path, const char *const *choices)
{
    const char *dot = path ? strrchr(path, '.') : NULL;
    const char *ending = !dot ? "" : strcmp(dot, ".tex") == 0 ? "latex" : dot + 1;
    for (int i = 0; choices[i]; i++)
        if (strcmp(choices[i], ending) == 0) return i;
    return -1;
}

int res_option_format(const char *text, const char *output, const char *const *choices,
                      GError **error)
{
    int named = format_of_name(output, choices);
    return text ? choose("--format", text, choices, error) : MAX(named, 0);
}

/* ---- output -------------------------------------------------------------------------------- */

bool res_output_check(const char *path, bool force, GError **error)
{
    if (!path || res_output_file_is_stream(path)) return true;
    if (g_file_test(path, G_FILE_TEST_IS_DIR))
        return res_input_error(error, "%s: is a folder", path);
    if (!force && g_file_test(path, G_FILE_TEST_EXISTS | G_FILE_TEST_IS_SYMLINK))
        return res_input_error(error, "%s: exists already; --force replaces it", path);
    g_autofree char *folder = g_path_get_dirname(path);
    if (!g_file_test(folder, G_FILE_TEST_IS_DIR))
        return res_input_error(error, "%s: there is no folder %s", path, folder);
    return true;
}

bool res_output_write(const char *path, bool force, const GString *text, GError **error)
{
    if (!path) {
        fwrite(text->str, 1, text->len, stdout);
        return true; /* main() looks whether standard output took it */
    }
    GError *failure = NULL;
    if (!res_output_check(path, force, error)) return false;
    if (res_output_file_write(path, text->str, text->len, &failure)) return true;
    res_failure(error, "%s: cannot be written (%s)", path, failure->message);
    g_error_free(failure);
    return false;
}
