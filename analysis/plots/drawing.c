#include "analysis/plots/drawing.h"

#include <gio/gio.h>
#include <math.h>
#include <string.h>

#include "analysis/data/error.h"
#include "analysis/data/interrupt.h"
#include "analysis/data/output_file.h"
#include "analysis/plots/gnuplot.h"
#include "analysis/plots/scripts.h"
#include "analysis/plots/svg.h"
#include "analysis/text/escape.h"

#define RESOURCES "/minibit/plots/"

typedef enum { TEXT, TIC, NUMBER } variable_kind;

typedef struct {
    char *name;
    variable_kind kind;
    char *text; /* as it was given; for a number, its digits */
} variable;

struct res_drawing {
    char *kind, *name, *title, *explanation;
    GPtrArray *variables;
    GString *data;
};

static const char *const extensions[] = {"png", "svg", "pdf", "tex", "gp"};

int res_picture_find(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(extensions); i++)
        if (strcmp(extensions[i], name) == 0) return (int)i;
    return -1;
}

const char *res_picture_extension(res_picture format)
{
    return extensions[format];
}

static void variable_free(void *pointer)
{
    variable *one = pointer;
    g_free(one->name);
    g_free(one->text);
    g_free(one);
}

res_drawing *res_drawing_new(const char *kind)
{
    res_drawing *figure = g_new0(res_drawing, 1);
    figure->kind = g_strdup(kind);
    figure->name = g_strdup(kind);
    figure->title = g_strdup("");
    figure->explanation = g_strdup("");
    figure->variables = g_ptr_array_new_with_free_func(variable_free);
    figure->data = g_string_new(NULL);
    return figure;
}

void res_drawing_free(res_drawing *figure)
{
    if (!figure) return;
    g_free(figure->kind);
    g_free(figure->name);
    g_free(figure->title);
    g_free(figure->explanation);
    g_ptr_array_unref(figure->variables);
    g_string_free(figure->data, TRUE);
    g_free(figure);
}

const char *res_drawing_kind(const res_drawing *figure)
{
    return figure->kind;
}

const char *res_drawing_name(const res_drawing *figure)
{
    return figure->name;
}

void res_drawing_rename(res_drawing *figure, const char *name)
{
    g_free(figure->name);
    figure->name = g_strdup(name);
}

void res_drawing_title(res_drawing *figure, const char *title, const char *explanation)
{
    g_free(figure->title);
    g_free(figure->explanation);
    figure->title = g_strdup(title);
    figure->explanation = g_strdup(explanation);
}

const char *res_drawing_title_text(const res_drawing *figure)
{
    return figure->title;
}

const char *res_drawing_explanation_text(const res_drawing *figure)
{
    return figure->explanation;
}

static void add(res_drawing *figure, char *name, variable_kind kind, char *text)
{
    variable *one = g_new(variable, 1);
    *one = (variable){.name = name, .kind = kind, .text = text};
    g_ptr_array_add(figure->variables, one);
}

static char *digits(double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    if (!isfinite(value)) return g_strdup("NaN");
    return g_strdup(g_ascii_formatd(text, sizeof text, "%.9g", value));
}

void res_drawing_text(res_drawing *figure, const char *name, const char *text)
{
    add(figure, g_strdup(name), TEXT, g_strdup(text));
}

void res_drawing_number(res_drawing *figure, const char *name, double value)
{
    add(figure, g_strdup(name), NUMBER, digits(value));
}

void res_drawing_text_at(res_drawing *figure, const char *name, guint index, const char *text)
{
    add(figure, g_strdup_printf("%s_%u", name, index), TEXT, g_strdup(text));
}

void res_drawing_tic_at(res_drawing *figure, const char *name, guint index, const char *text)
{
    add(figure, g_strdup_printf("%s_%u", name, index), TIC, g_strdup(text));
}

void res_drawing_number_at(res_drawing *figure, const char *name, guint index, double value)
{
    add(figure, g_strdup_printf("%s_%u", name, index), NUMBER, digits(value));
}

void res_drawing_texts(const res_drawing *figure, GString *texts)
{
    g_string_append_printf(texts, "%s\n%s\n", figure->title, figure->explanation);
    for (guint i = 0; i < figure->variables->len; i++) {
        const variable *one = g_ptr_array_index(figure->variables, i);
        if (one->kind != NUMBER) g_string_append_printf(texts, "%s\n", one->text);
    }
}

void res_drawing_row(res_drawing *figure, const double *values, guint count)
{
    for (guint i = 0; i < count; i++) {
        g_autofree char *text = digits(values[i]);
        if (i > 0) g_string_append_c(figure->data, ' ');
        g_string_append(figure->data, text);
    }
    g_string_append_c(figure->data, '\n');
}

void res_drawing_next_index(res_drawing *figure)
{
    g_string_append(figure->data, "\n\n");
}

static void write_variable(GString *script, const char *name, const char *text, bool tic,
                           res_picture format)
{
    g_autofree char *literal = res_escape_gnuplot(text, format == RES_PICTURE_TEX, tic);
    g_string_append_printf(script, "%s = %s\n", name, literal);
}

static void write_variables(const res_drawing *figure, GString *script, res_picture format)
{
    write_variable(script, "figure_title", figure->title, false, format);
    write_variable(script, "explanation", figure->explanation, false, format);
    for (guint i = 0; i < figure->variables->len; i++) {
        const variable *one = g_ptr_array_index(figure->variables, i);
        if (one->kind == NUMBER)
            g_string_append_printf(script, "%s = %s\n", one->name, one->text);
        else
            write_variable(script, one->name, one->text, one->kind == TIC, format);
    }
}

static void write_resource(GString *script, const char *name)
{
    g_autofree char *path = g_strconcat(RESOURCES, name, ".gp", NULL);
    g_autoptr(GBytes) bytes = g_resource_lookup_data(res_scripts_get_resource(), path,
                                                     G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    g_assert(bytes);
    gsize size;
    const char *text = g_bytes_get_data(bytes, &size);
    g_string_append_len(script, text, (gssize)size);
}

static char *make_script(const res_drawing *figure, res_picture format, const char *terminal,
                         const char *output)
{
    GString *script = g_string_new("# Drawn by gnuplot 5.4; all of the data is in here.\n");
    g_string_append_printf(script, "terminal = '%s'\n", terminal);
    write_variable(script, "output_file", output, false, RES_PICTURE_GP);
    write_variables(figure, script, format);
    g_string_append_printf(script, "$data << END_OF_DATA\n%sEND_OF_DATA\n", figure->data->str);
    write_resource(script, "style");
    write_resource(script, figure->kind);
    g_string_append(script, "unset output\n");
    return g_string_free(script, FALSE);
}

/* The whole script: variables, data, look, layout; it writes `output`. Free with g_free(). */
static char *script_of(const res_drawing *figure, res_picture format, const char *output)
{
    /* The script by itself draws a PNG. */
    return make_script(figure, format, format == RES_PICTURE_GP ? "png" : extensions[format],
                       output);
}

/* Writes `size` bytes to `path`, whole or not at all. */
static bool write_file(const char *path, const char *bytes, gsize size, GError **error)
{
    GError *failure = NULL;
    if (res_output_file_write(path, bytes, size, &failure)) return true;
    res_failure(error, "%s: cannot be written (%s)", path, failure->message);
    g_error_free(failure);
    return false;
}

/* As wide as the line at most. A box, not an argument: the text within changes what letters mean.
 */
static char *fit_line(const char *tex)
{
    return g_strconcat("\\begingroup\\setbox0=\\hbox{%\n", tex,
                       "}\\ifdim\\wd0>\\linewidth\\resizebox{\\linewidth}{!}{\\box0}"
                       "\\else\\box0\\fi\\endgroup\n",
                       NULL);
}

/* Copies `folder`/`name` to `path`; an SVG is tidied on the way, LaTeX made to fit its line. */
static bool deliver(const char *folder, const char *name, const char *path, GError **error)
{
    g_autofree char *from = g_build_filename(folder, name, NULL);
    g_autofree char *bytes = NULL, *changed = NULL;
    gsize size;
    if (!g_file_get_contents(from, &bytes, &size, error)) return false;
    if (g_str_has_suffix(name, ".svg")) changed = res_svg_tidy(bytes);
    if (g_str_has_suffix(name, ".tex")) changed = fit_line(bytes);
    return write_file(path, changed ? changed : bytes, changed ? strlen(changed) : size, error);
}

static bool deliver_all(const char *folder, const char *base, const char *path, res_picture format,
                        GError **error)
{
    if (!deliver(folder, base, path, error)) return false;
    if (format != RES_PICTURE_TEX) return true;
    g_autofree char *pdf_base = g_strdup_printf("%.*s.pdf", (int)strlen(base) - 4, base);
    g_autofree char *pdf_path = g_strdup_printf("%.*s.pdf", (int)strlen(path) - 4, path);
    return deliver(folder, pdf_base, pdf_path, error);
}

bool res_drawing_draw(const res_drawing *figure, res_picture format, const char *path,
                      GError **error)
{
    g_autofree char *base = g_path_get_basename(path);
    if (format == RES_PICTURE_GP) {
        g_autofree char *picture = g_strconcat(figure->name, ".png", NULL);
        g_autofree char *alone = script_of(figure, format, picture);
        return write_file(path, alone, strlen(alone), error);
    }
    res_interrupt_catch();
    g_autofree char *folder = g_dir_make_tmp("minibit-plot.XXXXXX", error);
    if (!folder) return false;
    g_autofree char *script = script_of(figure, format, base);
    bool drawn =
        res_gnuplot_run(script, folder, error) && deliver_all(folder, base, path, format, error);
    res_gnuplot_clear(folder);
    return drawn;
}

/* The SVG that the script of terminal `page` or `narrow` draws in `folder`. */
static char *draw_element(const res_drawing *figure, const char *terminal, const char *folder,
                          const char *prefix, GError **error)
{
    static const char name[] = "page.svg";
    g_autofree char *script = make_script(figure, RES_PICTURE_SVG, terminal, name);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *svg = NULL;
    if (!res_gnuplot_run(script, folder, error) || !g_file_get_contents(path, &svg, NULL, error))
        return NULL;
    return res_svg_inline(svg, prefix, figure->title);
}

static char *element_for(const res_drawing *figure, const char *terminal, const char *prefix,
                         GError **error)
{
    res_interrupt_catch();
    g_autofree char *folder = g_dir_make_tmp("minibit-plot.XXXXXX", error);
    if (!folder) return NULL;
    char *element = draw_element(figure, terminal, folder, prefix, error);
    res_gnuplot_clear(folder);
    return element;
}

char *res_drawing_element(const res_drawing *figure, const char *prefix, GError **error)
{
    return element_for(figure, "page", prefix, error);
}

char *res_drawing_element_narrow(const res_drawing *figure, const char *prefix, GError **error)
{
    return element_for(figure, "narrow", prefix, error);
}
