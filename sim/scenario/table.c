#include "sim/scenario/table.h"

#include <glib.h>
#include <stdarg.h>
#include <string.h>

#include "core/units.h"

#define TABLE_SIZE_MAX (UINT64_C(1) << 30)
/* Some spreadsheets begin a UTF-8 file with it. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

bool sim_table_open(sim_table *table, sim_reader *reader, const sim_ini_entry *entry,
                    const char *path)
{
    gsize size;
    uint64_t bytes;
    *table = (sim_table){.reader = reader, .entry = entry, .path = path};
    if (!sim_reader_check_file(reader, entry, path, &bytes)) return false;
    if (bytes > TABLE_SIZE_MAX) return sim_reader_fail(reader, entry, "%s: above 1 GiB", path);
    if (!g_file_get_contents(path, &table->text, &size, NULL))
        return sim_reader_fail(reader, entry, "%s: cannot be read", path);
    if (!g_utf8_validate_len(table->text, size, NULL))
        return sim_reader_fail(reader, entry, "%s: not UTF-8", path);
    bool marked = g_str_has_prefix(table->text, BYTE_ORDER_MARK);
    table->next = table->text + (marked ? strlen(BYTE_ORDER_MARK) : 0);
    return true;
}

char *sim_table_line(sim_table *table)
{
    char *line = table->next, *end = line + strcspn(line, "\n");
    if (*line == '\0') return NULL;
    table->next = *end ? end + 1 : end;
    *end = '\0';
    if (end > line && end[-1] == '\r') end[-1] = '\0';
    table->line++;
    return line;
}

bool sim_table_fail(const sim_table *table, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *what = g_strdup_vprintf(format, args);
    va_end(args);
    sim_reader_fail(table->reader, table->entry, "%s:%u: %s", table->path, table->line, what);
    g_free(what);
    return false;
}

bool sim_table_rate(const sim_table *table, const char *text, uint64_t *rate)
{
    if (sim_rate_parse(text, rate) == 0 && *rate > 0 && *rate <= MB_RATE_UNLIMITED) return true;
    return sim_table_fail(table, "%s: not a rate above 0, such as 5Mbit", text);
}

void sim_table_close(sim_table *table)
{
    g_free(table->text);
    table->text = table->next = NULL;
}
