#include "net/program/option_error.h"

#include <string.h>

#include "core/suggest.h"

static void offer(mb_suggestion *suggestion, const GOptionEntry *entries)
{
    for (; entries && entries->long_name; entries++)
        mb_suggestion_offer(suggestion, entries->long_name);
}

char *net_option_error(const GError *error, const GOptionEntry *own, const GOptionEntry *common)
{
    const char *name = strstr(error->message, "--");
    mb_suggestion suggestion;

    if (error->code != G_OPTION_ERROR_UNKNOWN_OPTION || !name) {
        char *line = g_strdup(error->message);

        line[0] = g_ascii_tolower(line[0]);
        return line;
    }
    mb_suggestion_init(&suggestion, name + 2);
    offer(&suggestion, own);
    offer(&suggestion, common);
    if (!suggestion.best) return g_strdup_printf("unknown option %s", name);
    return g_strdup_printf("unknown option %s; did you mean --%s?", name, suggestion.best);
}
