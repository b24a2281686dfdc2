/*
 * A table of texts, written as Markdown, CSV, LaTeX, JSON or HTML, with what each of these needs
 * escaped.
 *
 * The commands that print tables build one. It knows nothing of what the texts mean.
 */
#ifndef ANALYSIS_GRID_H
#define ANALYSIS_GRID_H

#include <glib.h>
#include <stdbool.h>

typedef enum res_format {
    RES_FORMAT_MD,
    RES_FORMAT_CSV,
    RES_FORMAT_LATEX,
    RES_FORMAT_JSON,
    RES_FORMAT_HTML
} res_format;

typedef struct res_grid res_grid;

/* An empty table. The caller frees it. */
res_grid *res_grid_new(void);

/* Adds a column; all columns come before the first cell. Numbers go to the right, texts to the
 * left. */
void res_grid_add_column(res_grid *grid, const char *title, bool is_number);

/*
 * Adds the next cell, row by row; NULL is an empty one (null in JSON). `is_number`: in JSON it is
 * written as it is, without quotation marks.
 */
void res_grid_add(res_grid *grid, const char *text, bool is_number);

/* Number of whole rows so far. */
guint res_grid_rows(const res_grid *grid);

/* Appends the table, a line per row. O(cells). */
void res_grid_print(const res_grid *grid, res_format format, GString *out);

/* A double in the fewest digits that read back as the same, as C's locale has them; NULL if it is
 * not finite. The caller frees it. */
char *res_number_text(double value);

void res_grid_free(res_grid *grid);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(res_grid, res_grid_free)

#endif
