#include "sim/study/table.h"

#include "core/units.h"

#include <assert.h>
#include <glib.h>
#include <inttypes.h>
#include <string.h>

/* The columns before the parameters'. */
static const char *const heads[] = {"run", "folder", "repetition", "seed"};
#define HEADS G_N_ELEMENTS(heads)

/* ---- index.csv ---- */

static void add_field(GString *text, const char *value)
{
    if (!strpbrk(value, ",\"\r\n")) {
        g_string_append(text, value);
        return;
    }
    g_string_append_c(text, '"');
    for (; *value; value++) {
        if (*value == '"') g_string_append_c(text, '"');
        g_string_append_c(text, *value);
    }
    g_string_append_c(text, '"');
}

static void add_row(GString *text, const sim_study *study, const sim_study_row *row,
                    uint32_t columns)
{
    g_string_append_printf(text, "%u,%s,%u,%" PRIu64, row->run, row->key.folder,
                           sim_study_repetition(study, row->run), row->seed);
    for (uint32_t i = 0; i < columns; i++) {
        g_string_append_c(text, ',');
        add_field(text, sim_study_value(study, row->run, i));
    }
    g_string_append_c(text, '\n');
}

char *sim_study_index(const sim_study *study, const sim_study_row *rows, uint32_t count)
{
    GString *text = g_string_new(NULL);
    uint32_t columns = sim_study_columns(study);
    for (size_t i = 0; i < HEADS; i++)
        g_string_append_printf(text, "%s%s", i ? "," : "", heads[i]);
    for (uint32_t i = 0; i < columns; i++) {
        g_string_append_c(text, ',');
        add_field(text, sim_study_column(study, i));
    }
    g_string_append_c(text, '\n');
    for (uint32_t i = 0; i < count; i++)
        add_row(text, study, &rows[i], columns);
    return g_string_free(text, FALSE);
}

/* ---- the table ---- */

/* A cell's text; row NULL: the column's head. `room` is for those that are made here. */
static const char *cell(const sim_study *study, const sim_study_row *row, uint32_t column,
                        char room[32])
{
    if (column >= HEADS) {
        column -= HEADS;
        return row ? sim_study_value(study, row->run, column) : sim_study_column(study, column);
    }
    if (!row) return heads[column];
    if (column == 1) return row->key.folder;
    uint64_t number = row->seed;
    if (column == 0) number = row->run;
    if (column == 2) number = sim_study_repetition(study, row->run);
    snprintf(room, 32, "%" PRIu64, number);
    return room;
}

static void print_row(FILE *out, const sim_study *study, const sim_study_row *row,
                      const uint32_t *widths, uint32_t columns)
{
    char room[32];
    for (uint32_t i = 0; i < columns; i++) {
        const char *text = cell(study, row, i, room);
        int blanks = (int)(widths[i] - (uint32_t)g_utf8_strlen(text, -1));
        bool right = i < HEADS && i != 1; /* numbers */
        if (right) fprintf(out, "%*s", blanks, "");
        fputs(text, out);
        if (i + 1 < columns) fprintf(out, "%*s", right ? 2 : blanks + 2, "");
    }
    fputc('\n', out);
}

void sim_study_print(FILE *out, const sim_study *study, const sim_study_row *rows, uint32_t count)
{
    char room[32];
    uint32_t columns = (uint32_t)HEADS + sim_study_columns(study);
    uint32_t *widths = g_new0(uint32_t, columns);
    for (uint32_t i = 0; i < columns; i++) {
        widths[i] = (uint32_t)g_utf8_strlen(cell(study, NULL, i, room), -1);
        for (uint32_t r = 0; r < count; r++) {
            uint32_t width = (uint32_t)g_utf8_strlen(cell(study, &rows[r], i, room), -1);
            widths[i] = MAX(widths[i], width);
        }
    }
    print_row(out, study, NULL, widths, columns);
    for (uint32_t r = 0; r < count; r++)
        print_row(out, study, &rows[r], widths, columns);
    g_free(widths);
}

/* ---- --run ---- */

static bool fail(char **error, const char *text, const char *what)
{
    *error = g_strdup_printf("--run=%s: %s", text, what);
    return false;
}

/* "7" or "10..19": notes them in `wanted`. */
static bool choose_part(const char *text, char *part, uint32_t runs, bool *wanted, char **error)
{
    uint64_t first, last;
    char *dots = strstr(part, "..");
    if (dots) *dots = '\0';
    const char *end = dots ? dots + 2 : part;
    if (mb_count_parse(part, UINT64_MAX, &first) || mb_count_parse(end, UINT64_MAX, &last))
        return fail(error, text, "write a run's number, or several: 3,7,10..19");
    if (first > last) return fail(error, text, "a range goes up: 10..19");
    if (last >= runs) {
        char *line = runs == 1 ? g_strdup("there is only run 0")
                               : g_strdup_printf("there are the runs 0 to %u", runs - 1);
        fail(error, text, line);
        g_free(line);
        return false;
    }
    memset(wanted + first, true, last - first + 1);
    return true;
}

int sim_study_choose(const char *text, uint32_t runs, uint32_t **chosen, uint32_t *count,
                     char **error)
{
    assert(runs > 0);
    bool *wanted = g_new0(bool, runs);
    char **parts = g_strsplit(text ? text : "", ",", -1);
    bool fine = true;
    if (!text) memset(wanted, true, runs);
    if (text && !*parts) fine = fail(error, text, "names no run");
    for (char **part = parts; *part && fine; part++)
        fine = choose_part(text, g_strstrip(*part), runs, wanted, error);
    *chosen = fine ? g_new(uint32_t, runs) : NULL;
    *count = 0;
    for (uint32_t i = 0; i < runs && fine; i++) {
        if (wanted[i]) (*chosen)[(*count)++] = i;
    }
    g_strfreev(parts);
    g_free(wanted);
    return fine ? 0 : MB_ERR_ARGUMENT;
}
