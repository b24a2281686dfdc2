/*
 * minibit-results coursework: the coursework's six tables from the studies that make them.
 */
#include "analysis/command.h"
#include "analysis/coursework/course_page.h"
#include "analysis/coursework/coursework.h"
#include "analysis/text/escape.h"

#include <stdio.h>
#include <string.h>

static const char examples[] =
    "Examples:\n"
    "  minibit-results coursework results/coursework\n"
    "      six tables as Markdown, CSV and LaTeX, each with its plot and what it shows; "
    "index.html\n"
    "      has them all on one page, and so has index.md\n"
    "  ./bootstrap coursework\n"
    "      the same with everything before it: builds MiniBit and runs the studies\n"
    "\n"
    "DIR holds a folder for each study of scenarios/coursework-tables.ini and\n"
    "scenarios/coursework/: original, books, selection, freeriders, scale, staying. The tables go\n"
    "into DIR itself. What they show is worked out from the figures; where confidence intervals\n"
    "overlap, it is said that no difference is shown.";

struct options {
    gboolean force, no_plots;
};

/* A file to be: a text or a picture. */
struct page {
    char *path;
    GString *text;
    res_drawing *drawing; /* if this is none, the text */
    res_picture format;
};

/* Everything is made before anything is written. */
struct desk {
    const char *folder;
    bool force, plots;
    GString *index;      /* index.md so far */
    GString *page;       /* index.html so far */
    GArray *pages;       /* struct page */
    GPtrArray *drawings; /* res_drawing *, of the pages */
};

static void page_clear(gpointer data)
{
    struct page *page = data;
    g_free(page->path);
    if (page->text) g_string_free(page->text, TRUE);
}

/* Adds a file; the text becomes the desk's. */
static void add_page(const struct desk *desk, const char *name, const char *extension,
                     GString *text)
{
    g_autofree char *file = g_strconcat(name, ".", extension, NULL);
    struct page page = {.path = g_build_filename(desk->folder, file, NULL), .text = text};
    g_array_append_val(desk->pages, page);
}

/* Adds a picture in both formats; the drawing becomes the desk's. */
static void add_drawing(const struct desk *desk, const char *name, res_drawing *drawing)
{
    static const res_picture formats[] = {RES_PICTURE_PNG, RES_PICTURE_SVG};
    g_ptr_array_add(desk->drawings, drawing);
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        add_page(desk, name, res_picture_extension(formats[i]), NULL);
        struct page *page = &g_array_index(desk->pages, struct page, desk->pages->len - 1);
        page->drawing = drawing;
        page->format = formats[i];
    }
}

static void add_format(const struct desk *desk, const res_course_table *spec,
                       const res_estimates *table, res_format format, const char *extension)
{
    GString *text = g_string_new(NULL);
    res_estimates_print(table, format, text);
    add_page(desk, spec->study, extension, text);
}

static bool has_report(const struct desk *desk, const res_course_table *spec)
{
    g_autofree char *name = g_strconcat(spec->study, ".html", NULL);
    g_autofree char *report = g_build_filename(desk->folder, name, NULL);
    return g_file_test(report, G_FILE_TEST_EXISTS);
}

/* The table's part of index.md, which is also NAME.md. */
static void add_markdown(const struct desk *desk, const res_course_table *spec,
                         const res_estimates *table, const char *sentence)
{
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "## (%c) %s\n\n%s\n\n", (char)('a' + (spec - res_course_tables)),
                           spec->question, spec->setting);
    res_estimates_print(table, RES_FORMAT_MD, text);
    g_string_append_c(text, '\n');
    res_escape_markdown(text, sentence);
    g_string_append_c(text, '\n');
    if (desk->plots) g_string_append_printf(text, "\n![%s](%s.svg)\n", spec->question, spec->study);
    g_string_append_printf(desk->index, "\n%s\nAs [CSV](%s.csv), [LaTeX](%s.tex)", text->str,
                           spec->study, spec->study);
    if (desk->plots)
        g_string_append_printf(desk->index, "; the plot as [PNG](%s.png)", spec->study);
    if (has_report(desk, spec))
        g_string_append_printf(desk->index, "; the study's [report](%s.html)", spec->study);
    g_string_append_c(desk->index, '\n');
    add_page(desk, spec->study, "md", text);
}

static bool add_table(const struct desk *desk, const res_course_table *spec, res_estimates *table,
                      GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(spec->titles) && spec->titles[i].name; i++)
        res_estimates_entitle(table, spec->titles[i].name, spec->titles[i].title);
    add_format(desk, spec, table, RES_FORMAT_CSV, "csv");
    add_format(desk, spec, table, RES_FORMAT_LATEX, "tex");
    res_drawing *drawing = desk->plots ? res_course_draw(spec, table, error) : NULL;
    if (desk->plots && !drawing) return false;
    if (drawing) add_drawing(desk, spec->study, drawing);
    g_autoptr(GString) sentence = g_string_new(NULL);
    if (!spec->tell(table, sentence, error)) return false;
    add_markdown(desk, spec, table, sentence->str);
    return res_course_page_add(desk->page, spec, table, sentence->str, drawing,
                               has_report(desk, spec), error);
}

/* Puts the name of the study before an error that has none. */
static void prefix_study(const char *study, GError **error)
{
    if (error && *error && !strstr((*error)->message, study)) g_prefix_error(error, "%s: ", study);
}

static bool make_table(const struct desk *desk, const res_course_table *spec, GError **error)
{
    g_autofree char *study = g_build_filename(desk->folder, spec->study, NULL);
    char *const folders[] = {study, NULL};
    g_autoptr(res_runs) runs = res_runs_open(folders, error);
    if (!runs) return false;
    if (runs->unfinished > 0)
        return res_input_error(error, "%s: %u of %u runs are not finished", study, runs->unfinished,
                               runs->unfinished + runs->runs->len);
    g_autoptr(res_database) database = res_database_open(runs, error);
    g_autoptr(res_estimates) table =
        database ? res_estimates_query(database, spec->sql, (char *const *)spec->by, error) : NULL;
    bool done = table && add_table(desk, spec, table, error);
    if (!done) prefix_study(study, error);
    return done;
}

static bool write_page(const struct desk *desk, const struct page *page, GError **error)
{
    if (page->drawing) return res_drawing_draw(page->drawing, page->format, page->path, error);
    return res_output_write(page->path, desk->force, page->text, error);
}

/* The pictures come first: where there is no gnuplot, nothing is written. */
static bool write_pages(const struct desk *desk, GError **error)
{
    const struct page *pages = (const struct page *)(const void *)desk->pages->data;
    bool done = true;
    for (guint i = 0; done && i < desk->pages->len; i++)
        done = res_output_check(pages[i].path, desk->force, error);
    for (int texts = 0; texts < 2; texts++)
        for (guint i = 0; done && i < desk->pages->len; i++)
            if ((pages[i].drawing == NULL) == texts) done = write_page(desk, &pages[i], error);
    return done;
}

static bool make_all(const struct desk *desk, GError **error)
{
    g_string_append(
        desk->index,
        "# The coursework's tables\n\n"
        "Means over repetitions with their 95 % confidence intervals (Student's t). "
        "No sentence is typed: each is worked out from "
        "its table, and where intervals overlap it says that no difference is shown.\n");
    for (size_t i = 0; i < res_course_table_count; i++)
        if (!make_table(desk, &res_course_tables[i], error)) return false;
    res_course_page_end(desk->page);
    add_page(desk, "index", "md", g_string_new(desk->index->str));
    add_page(desk, "index", "html", g_string_new(desk->page->str));
    return write_pages(desk, error);
}

static bool work(const struct options *options, char **rest, GError **error)
{
    if (g_strv_length(rest) != 1)
        return res_input_error(error, "one folder, that of the coursework's studies; see --help");
    if (!g_file_test(rest[0], G_FILE_TEST_IS_DIR))
        return res_input_error(error, "%s: no such folder", rest[0]);
    struct desk desk = {rest[0],
                        options->force,
                        !options->no_plots,
                        g_string_new(NULL),
                        res_course_page_begin(),
                        g_array_new(FALSE, FALSE, sizeof(struct page)),
                        g_ptr_array_new_with_free_func((GDestroyNotify)res_drawing_free)};
    g_array_set_clear_func(desk.pages, page_clear);
    bool done = make_all(&desk, error);
    if (done) printf("%s/index.md\n%s/index.html\n", rest[0], rest[0]);
    g_string_free(desk.index, TRUE);
    g_string_free(desk.page, TRUE);
    g_array_unref(desk.pages);
    g_ptr_array_unref(desk.drawings);
    return done;
}

int res_command_coursework(int argc, char **argv, GError **error)
{
    struct options options = {0};
    const GOptionEntry entries[] = {
        {"no-plots", 0, 0, G_OPTION_ARG_NONE, &options.no_plots, "tables alone, without gnuplot",
         NULL},
        {"force", 0, 0, G_OPTION_ARG_NONE, &options.force, "replace tables that are there", NULL},
        {.long_name = NULL},
    };
    const res_usage usage = {"DIR", examples, entries};
    char **rest;
    bool done;
    bool right = res_options_read(&usage, argc, argv, &rest, &done, error);
    if (right && !done) right = work(&options, rest, error);
    g_strfreev(rest);
    return right ? 0 : 1;
}
