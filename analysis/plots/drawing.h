/*
 * A figure: what gnuplot is told to draw one picture, and in which format.
 *
 * A kind of plot fills one with texts, numbers and rows; the script that lays them out is a
 * resource (analysis/plots/KIND.gp). Texts may hold anything: they come out literally in every
 * format, be they markup for gnuplot, LaTeX or SVG. The script with all of its data is a format of
 * its own, so that a picture can be restyled by hand. Never reads a run, never decides where a
 * picture lies.
 */
#ifndef ANALYSIS_DRAWING_H
#define ANALYSIS_DRAWING_H

#include <glib.h>
#include <stdbool.h>

/* TEX is a pair NAME.tex and NAME.pdf, for \input; GP is gnuplot's script with its data. */
typedef enum {
    RES_PICTURE_PNG,
    RES_PICTURE_SVG,
    RES_PICTURE_PDF,
    RES_PICTURE_TEX,
    RES_PICTURE_GP
} res_picture;

/* The format called `name`; -1: there is none. */
int res_picture_find(const char *name);

/* The end of a file's name: "png". */
const char *res_picture_extension(res_picture format);

typedef struct res_drawing res_drawing;

/* An empty figure of the kind whose script is plots/`kind`.gp. Free with res_drawing_free(). */
res_drawing *res_drawing_new(const char *kind);
void res_drawing_free(res_drawing *figure);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(res_drawing, res_drawing_free)

const char *res_drawing_kind(const res_drawing *figure);

/* What a file of this figure is called, without its extension; at first the kind. */
const char *res_drawing_name(const res_drawing *figure);
void res_drawing_rename(res_drawing *figure, const char *name);

/* What the picture shows and how to read it; the second may be empty. */
void res_drawing_title(res_drawing *figure, const char *title, const char *explanation);
const char *res_drawing_title_text(const res_drawing *figure);
const char *res_drawing_explanation_text(const res_drawing *figure);

/* Appends every text that readers see in the picture. */
void res_drawing_texts(const res_drawing *figure, GString *texts);

/* Sets a variable of the script to a text for readers, to a tic's label, or to a number. */
void res_drawing_text(res_drawing *figure, const char *variable, const char *text);
void res_drawing_number(res_drawing *figure, const char *variable, double value);

/* The same with an index: variable_0, variable_1, … */
void res_drawing_text_at(res_drawing *figure, const char *variable, guint index, const char *text);
void res_drawing_tic_at(res_drawing *figure, const char *variable, guint index, const char *text);
void res_drawing_number_at(res_drawing *figure, const char *variable, guint index, double value);

/* Ends a row of data, or a block of rows (gnuplot's index). A value that is NaN is left out. */
void res_drawing_row(res_drawing *figure, const double *values, guint count);
void res_drawing_next_index(res_drawing *figure);

/*
 * Draws into `path`, whose extension is the format's; replaces what is there. For TEX also writes
 * the PDF beside it. False with `error`: no gnuplot, or it failed, or a file cannot be written.
 */
bool res_drawing_draw(const res_drawing *figure, res_picture format, const char *path,
                      GError **error);

/*
 * Draws for a page that says the title itself: an SVG element in the page's colours, whose ids
 * begin with `prefix`. Free with g_free(); NULL with `error` as above.
 */
char *res_drawing_element(const res_drawing *figure, const char *prefix, GError **error);

/* The same for the width of a hand: half as wide, its texts as large, its legend one column. */
char *res_drawing_element_narrow(const res_drawing *figure, const char *prefix, GError **error);

#endif
