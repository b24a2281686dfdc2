/*
 * minibit-results plot: pictures of a run, and of a study's comparisons, by gnuplot.
 */
#include "analysis/command.h"
#include "analysis/plots/compare.h"
#include "analysis/plots/fonts.h"
#include "analysis/plots/history.h"
#include "analysis/plots/plots.h"
#include "analysis/text/suggest.h"

#include <errno.h>
#include <gio/gio.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char examples[] =
    "Examples:\n"
    "  minibit-results plot results/flashcrowd\n"
    "      every picture that the run has data for, as PNG, into its folder\n"
    "  minibit-results plot results/flashcrowd --kind=curves --format=svg -o curves.svg\n"
    "      one picture, one file\n"
    "  minibit-results plot results/study --metric=download_s.mean --by=N,selection\n"
    "      a figure of summary.json over the parameter N, a line for each selection\n"
    "  minibit-results plot results/study --by=N --log=x,y --range=y=10..1000 \\\n"
    "      --label=download_s.mean=\"Mean download\" --label=N=Peers --format=tex\n"
    "      for a paper: logarithmic axes, a range, words of one's own\n"
    "  minibit-results plot results/study --run=3 --kind=matrix\n"
    "      a picture of one run of a study\n"
    "\n"
    "Kinds, of a run:\n"
    "  curves      blocks held over time: each group's median peer and spread\n"
    "  completion  share of the peers that completed within a time\n"
    "  sources     whence the blocks came over time: tracker, seeders, leechers\n"
    "  rarest      copies of the rarest and of the mean block over time\n"
    "  matrix      who gave whom: a row for each sender, a column for each receiver\n"
    "  zones       the tree of zones: how full their links are over time, and what came in\n"
    "and of a study:\n"
    "  compare     a metric over a parameter, with 95 % confidence intervals\n"
    "\n"
    "Formats: png, svg, pdf, tex (NAME.tex and NAME.pdf, for \\input; needs graphicx and color; "
    "as\n"
    "wide as the line at most), gp (gnuplot's script with all of its data, to restyle by hand). A\n"
    "file that is there already is not replaced without --force.";

struct options {
    char *kinds, *formats, *output;
    char **metrics, **by, **labels, **ranges, **against;
    char *log;
    gboolean seconds;
    gboolean force;
    int run;
};

/* A picture to be: what and where. */
typedef struct {
    res_drawing *figure;
    res_picture format;
    char *path;
} picture;

static void picture_free(void *pointer)
{
    picture *one = pointer;
    g_free(one->path);
    g_free(one);
}

/* All that is to be drawn: nothing is written before all of it is known to be possible. */
struct plan {
    const struct options *options;
    const res_runs *runs;
    GArray *formats;    /* res_picture */
    GPtrArray *kinds;   /* const char *; empty: all that make sense */
    GPtrArray *figures; /* res_drawing *, freed here */
    GPtrArray *folders; /* const char *, of each figure */
    GPtrArray *pictures;
};

static bool wanted(const struct plan *plan, const char *kind)
{
    for (guint i = 0; i < plan->kinds->len; i++)
        if (strcmp(g_ptr_array_index(plan->kinds, i), kind) == 0) return true;
    return plan->kinds->len == 0;
}

/* ---- what the options say ------------------------------------------------------------------- */

/* What the output's name ends in, behind its last dot; NULL: nothing, or it is a folder that is
 * there. */
static const char *ending_of_output(const struct plan *plan)
{
    const char *output = plan->options->output;
    const char *dot = output ? strrchr(output, '.') : NULL;
    if (!dot || strchr(dot, '/') || g_file_test(output, G_FILE_TEST_IS_DIR)) return NULL;
    return dot + 1;
}

/* The format of that name; -1: none. */
static int format_of_output(const struct plan *plan)
{
    const char *ending = ending_of_output(plan);
    return ending ? res_picture_find(ending) : -1;
}

static bool read_formats(struct plan *plan, GError **error)
{
    int by_name = format_of_output(plan);
    const char *usual = by_name < 0 ? "png" : res_picture_extension((res_picture)by_name);
    const char *asked = plan->options->formats;
    g_auto(GStrv) names = g_strsplit(asked ? asked : usual, ",", 0);
    for (guint i = 0; names[i]; i++) {
        int found = res_picture_find(names[i]);
        if (found < 0)
            return res_input_error(error, "--format: %s: png, svg, pdf, tex or gp is meant",
                                   names[i]);
        res_picture format = (res_picture)found;
        g_array_append_val(plan->formats, format);
    }
    return true;
}

/* The program's own name of a kind; NULL with an error that names the nearest. */
static const char *find_kind(const char *name, GError **error)
{
    res_suggestion suggestion = res_suggestion_begin(name);
    for (const res_plot_kind *kind = res_plot_kinds; kind->name; kind++) {
        if (strcmp(kind->name, name) == 0) return kind->name;
        res_suggestion_offer(&suggestion, kind->name);
    }
    if (strcmp(name, RES_COMPARE) == 0) return RES_COMPARE;
    res_suggestion_offer(&suggestion, RES_COMPARE);
    if (suggestion.best)
        res_input_error(error, "--kind: %s: no such kind; did you mean %s?", name, suggestion.best);
    else
        res_input_error(error, "--kind: %s: no such kind; see --help", name);
    return NULL;
}

static bool read_kinds(struct plan *plan, GError **error)
{
    if (!plan->options->kinds) return true;
    g_auto(GStrv) names = g_strsplit(plan->options->kinds, ",", 0);
    for (guint i = 0; names[i]; i++) {
        const char *kind = find_kind(names[i], error);
        if (!kind) return false;
        g_ptr_array_add(plan->kinds, (char *)kind);
    }
    return true;
}

/* ---- where the pictures go ------------------------------------------------------------------ */

/* A name that ends as pictures of other programs do is meant for a file, not for a new folder. */
static bool check_folder(const struct plan *plan, GError **error)
{
    static const char *const others[] = {"png", "svg", "pdf", "tex",  "gp",  "jpg", "jpeg",
                                         "gif", "eps", "ps",  "webp", "bmp", "tif", "tiff"};
    const char *ending = ending_of_output(plan);
    if (plan->options->output && *plan->options->output == '\0')
        return res_input_error(error, "--output: the name is empty");
    for (gsize i = 0; ending && i < G_N_ELEMENTS(others); i++)
        if (g_ascii_strcasecmp(ending, others[i]) == 0)
            return res_input_error(error,
                                   "%s: .%s is none of the endings .png, .svg, .pdf, .tex, .gp",
                                   plan->options->output, ending);
    return true;
}

/* A name that ends as a format does is a file's: there must be one picture, of that format. */
static bool check_output(const struct plan *plan, GError **error)
{
    int format = format_of_output(plan);
    if (format < 0) return check_folder(plan, error);
    guint pictures = plan->figures->len * plan->formats->len;
    if (pictures != 1)
        return res_input_error(error, "%s: %u pictures have no room in a file: name a folder",
                               plan->options->output, pictures);
    if ((int)g_array_index(plan->formats, res_picture, 0) != format)
        return res_input_error(error, "%s: the name is not one of --format=%s",
                               plan->options->output, plan->options->formats);
    return true;
}

static char *path_of(const struct plan *plan, const res_drawing *figure, res_picture format,
                     const char *folder)
{
    const char *output = plan->options->output;
    if (format_of_output(plan) >= 0) return g_strdup(output);
    g_autofree char *name =
        g_strconcat(res_drawing_name(figure), ".", res_picture_extension(format), NULL);
    return g_build_filename(output ? output : folder, name, NULL);
}

/* A file may be new, and so may its folder, which is made when all is ready to be drawn. */
static bool check_file(const struct plan *plan, const char *path, GError **error)
{
    return !g_file_test(path, G_FILE_TEST_EXISTS) ||
           res_output_check(path, plan->options->force, error);
}

/* Nor may two pictures be one file. */
static bool claim(const struct plan *plan, GHashTable *taken, const char *path, GError **error)
{
    if (!g_hash_table_add(taken, g_strdup(path)))
        return res_input_error(error,
                               "%s: two pictures would be this file: into folders of their "
                               "own, please",
                               path);
    return check_file(plan, path, error);
}

static bool check_picture(const struct plan *plan, GHashTable *taken, const picture *one,
                          GError **error)
{
    if (!claim(plan, taken, one->path, error)) return false;
    if (one->format != RES_PICTURE_TEX) return true;
    g_autofree char *pdf = g_strdup_printf("%.*s.pdf", (int)strlen(one->path) - 4, one->path);
    return claim(plan, taken, pdf, error);
}

/* Makes pictures of all figures; where no -o says otherwise they go to their folders. */
static bool place_all(struct plan *plan, GError **error)
{
    g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (!check_output(plan, error)) return false;
    for (guint i = 0; i < plan->figures->len; i++)
        for (guint f = 0; f < plan->formats->len; f++) {
            picture *one = g_new0(picture, 1);
            g_ptr_array_add(plan->pictures, one);
            one->figure = g_ptr_array_index(plan->figures, i);
            one->format = g_array_index(plan->formats, res_picture, f);
            one->path =
                path_of(plan, one->figure, one->format, g_ptr_array_index(plan->folders, i));
            if (!check_picture(plan, taken, one, error)) return false;
        }
    return true;
}

/* The figures that have no folder as yet go to this one. */
static void place(struct plan *plan, const char *folder)
{
    while (plan->folders->len < plan->figures->len)
        g_ptr_array_add(plan->folders, (char *)folder);
}

/* What no font has is drawn as boxes: said, for such pictures as have their letters in them. */
static void note_letters(const struct plan *plan)
{
    g_autoptr(GString) texts = g_string_new(NULL);
    for (guint i = 0; i < plan->pictures->len; i++) {
        const picture *one = g_ptr_array_index(plan->pictures, i);
        if (one->format == RES_PICTURE_PNG || one->format == RES_PICTURE_PDF)
            res_drawing_texts(one->figure, texts);
    }
    g_autofree char *lacking = res_fonts_lacking(texts->str);
    if (*lacking)
        res_note("no font on this machine has %s: drawn as boxes; a package such as "
                 "fonts-noto-cjk or fonts-noto-color-emoji brings one, and SVG takes the reader's",
                 lacking);
}

static bool draw_all(const struct plan *plan, GError **error)
{
    note_letters(plan);
    for (guint i = 0; i < plan->pictures->len; i++) {
        const picture *one = g_ptr_array_index(plan->pictures, i);
        g_autofree char *folder = g_path_get_dirname(one->path);
        if (g_mkdir_with_parents(folder, 0777) != 0)
            return res_failure(error, "%s: %s", folder, g_strerror(errno));
        if (!res_drawing_draw(one->figure, one->format, one->path, error)) return false;
        puts(one->path);
    }
    return true;
}

/* ---- what is drawn -------------------------------------------------------------------------- */

/* One kind of one run. What was not asked for by name and cannot be drawn is left out, with a note.
 */
static bool add_kind(struct plan *plan, const res_plot_kind *kind, const res_run *run,
                     const res_history *swarm, GError **error)
{
    if (!wanted(plan, kind->name)) return true;
    if (kind->needs_zones && swarm->zones->len == 0 && plan->kinds->len == 0) return true;
    GError *reason = NULL;
    res_drawing *figure = NULL;
    if (kind->needs_gains && !swarm->gains)
        res_input_error(&reason,
                        "the run has no provenance (minibit-sim --provenance=csv keeps it)");
    else
        figure = kind->draw(swarm, &reason);
    if (figure) {
        g_ptr_array_add(plan->figures, figure);
        return true;
    }
    bool by_name = plan->kinds->len > 0;
    if (by_name)
        res_input_error(error, "%s: %s: %s", run->folder, kind->name, reason->message);
    else
        res_note("%s: %s is not drawn: %s", run->folder, kind->name, reason->message);
    g_error_free(reason);
    return !by_name;
}

/* In a folder of its own, the pictures of a run are named for their kinds alone. */
static void name_figures(const struct plan *plan, guint first, const res_run *run)
{
    bool shared = plan->options->output && plan->runs->runs->len > 1 && plan->options->run < 0;
    for (guint i = first; shared && i < plan->figures->len; i++) {
        res_drawing *figure = g_ptr_array_index(plan->figures, i);
        g_autofree char *base = g_path_get_basename(run->folder);
        g_autofree char *name = g_strdup_printf("%s-%s", base, res_drawing_kind(figure));
        res_drawing_rename(figure, name);
    }
}

static bool add_run(struct plan *plan, const res_run *run, GError **error)
{
    g_autoptr(res_history) swarm = res_history_read(plan->runs, run, true, error);
    if (!swarm) return false;
    guint first = plan->figures->len;
    for (const res_plot_kind *kind = res_plot_kinds; kind->name; kind++)
        if (!add_kind(plan, kind, run, swarm, error)) return false;
    name_figures(plan, first, run);
    place(plan, run->folder);
    return true;
}

static const res_run *find_run(const struct plan *plan, GError **error)
{
    for (guint i = 0; i < plan->runs->runs->len; i++) {
        const res_run *run = res_runs_at(plan->runs, i);
        if (run->number == (uint64_t)plan->options->run) return run;
    }
    res_input_error(error, "--run: %d: no finished run has this number", plan->options->run);
    return NULL;
}

/* "x", "y" or "x,y". */
static bool read_log(const char *text, res_compare_look *look, GError **error)
{
    g_auto(GStrv) axes = g_strsplit(text ? text : "", ",", -1);
    for (guint i = 0; axes[i]; i++) {
        if (strcmp(axes[i], "x") == 0)
            look->log_x = true;
        else if (strcmp(axes[i], "y") == 0)
            look->log_y = true;
        else
            return res_input_error(error, "--log: %s: x, y or x,y is meant", text);
    }
    return true;
}

/* An end of a range; nothing: as usual. */
static bool read_end(const char *text, double *end)
{
    char *rest;
    *end = *text ? g_ascii_strtod(text, &rest) : NAN;
    return !*text || (*rest == '\0' && isfinite(*end));
}

/* "x=0..100", "y=..5", "y=0..". */
static bool read_range(const char *text, res_compare_look *look, GError **error)
{
    bool is_x = g_str_has_prefix(text, "x="), is_y = g_str_has_prefix(text, "y=");
    const char *dots = strstr(text, "..");
    double ends[2];
    g_autofree char *first =
        dots && (is_x || is_y) ? g_strndup(text + 2, (gsize)(dots - text - 2)) : NULL;
    if (!first || !read_end(first, &ends[0]) || !read_end(dots + 2, &ends[1]) || ends[0] >= ends[1])
        return res_input_error(error,
                               "--range: %s: x=FROM..TO or y=FROM..TO is meant, in the "
                               "axis' unit; an end may be left out",
                               text);
    memcpy(is_x ? look->x : look->y, ends, sizeof ends);
    *(is_x ? &look->has_x : &look->has_y) = true;
    return true;
}

static bool read_look(const struct options *options, res_compare_look *look, GError **error)
{
    look->seconds = options->seconds;
    if (!read_log(options->log, look, error)) return false;
    for (char **range = options->ranges; range && *range; range++)
        if (!read_range(*range, look, error)) return false;
    return true;
}

/* What only a comparison takes: said, where none is drawn. */
static bool check_comparing(const struct options *options, bool compares, GError **error)
{
    const char *name = options->labels    ? "label"
                       : options->against ? "against"
                       : options->ranges  ? "range"
                       : options->log     ? "log"
                       : options->seconds ? "seconds"
                                          : NULL;
    if (compares || !name) return true;
    return res_input_error(error, "--%s: only for the comparison of a study's runs", name);
}

static bool add_comparisons(struct plan *plan, char **folders, GError **error)
{
    res_compare_order order = {
        .by = plan->options->by,
        .metrics = plan->options->metrics,
        .labels = plan->options->labels,
        .against = plan->options->against,
    };
    if (!read_look(plan->options, &order.look, error)) return false;
    if (!plan->options->output && plan->runs->folders > 1)
        return res_input_error(error, "several folders: -o has to say where their comparison goes");
    if (!res_compare(plan->runs, &order, plan->figures, error)) return false;
    place(plan, folders[0]);
    return true;
}

static bool add_all(struct plan *plan, char **folders, GError **error)
{
    bool compares = plan->options->run < 0 &&
                    (plan->runs->params->len > 0 || plan->options->metrics || plan->options->by ||
                     (plan->kinds->len > 0 && wanted(plan, RES_COMPARE)));
    if (!check_comparing(plan->options, compares, error)) return false;
    if (plan->options->run >= 0) {
        const res_run *run = find_run(plan, error);
        return run && add_run(plan, run, error);
    }
    if (!compares) {
        for (guint i = 0; i < plan->runs->runs->len; i++)
            if (!add_run(plan, res_runs_at(plan->runs, i), error)) return false;
        return true;
    }
    for (guint i = 0; i < plan->kinds->len; i++)
        if (strcmp(g_ptr_array_index(plan->kinds, i), RES_COMPARE) != 0)
            return res_input_error(error,
                                   "--kind=%s draws one run: --run=N says which of the study",
                                   (char *)g_ptr_array_index(plan->kinds, i));
    return add_comparisons(plan, folders, error);
}

static bool work(const struct options *options, char **folders, GError **error)
{
    if (!folders[0]) return res_input_error(error, "no folder of results given; see --help");
    struct plan plan = {.options = options};
    g_autoptr(GArray) formats = plan.formats = g_array_new(FALSE, FALSE, sizeof(res_picture));
    g_autoptr(GPtrArray) kinds = plan.kinds = g_ptr_array_new();
    g_autoptr(GPtrArray) figures = plan.figures =
        g_ptr_array_new_with_free_func((GDestroyNotify)res_drawing_free);
    g_autoptr(GPtrArray) of_figures = plan.folders = g_ptr_array_new();
    g_autoptr(GPtrArray) pictures = plan.pictures = g_ptr_array_new_with_free_func(picture_free);
    if (!read_formats(&plan, error) || !read_kinds(&plan, error)) return false;
    g_autoptr(res_runs) runs = res_runs_open(folders, error);
    if (!runs) return false;
    res_runs_note_left_out(runs);
    plan.runs = runs;
    return add_all(&plan, folders, error) && place_all(&plan, error) && draw_all(&plan, error);
}

int res_command_plot(int argc, char **argv, GError **error)
{
    struct options options = {.run = -1};
    const GOptionEntry entries[] = {
        {"kind", 'k', 0, G_OPTION_ARG_FILENAME, &options.kinds, "which, with commas between",
         "KIND,…"},
        {"format", 'f', 0, G_OPTION_ARG_FILENAME, &options.formats,
         "png (default), svg, pdf, tex, gp, with commas between", "FORMAT,…"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
         "a folder, or for one picture a file (x.svg is SVG); else each run's own folder", "PATH"},
        {"run", 0, 0, G_OPTION_ARG_INT, &options.run, "of a study, draw the run of this number",
         "N"},
        {"metric", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.metrics,
         "compare: a figure of summary.json by its path; may be repeated", "PATH"},
        {"by", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.by,
         "compare: the parameter along the axis, and one for the lines or bars", "PARAM[,PARAM]"},
        {"against", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.against,
         "compare: draw the differences from the point with these values, seed by seed",
         "KEY=VALUE,…"},
        {"label", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.labels,
         "compare: what readers see for a metric or a parameter; may be repeated", "NAME=TEXT"},
        {"log", 0, 0, G_OPTION_ARG_FILENAME, &options.log, "compare: logarithmic axes", "x,y"},
        {"range", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.ranges,
         "compare: an axis from A to B, in its unit; may be repeated", "x|y=A..B"},
        {"seconds", 0, 0, G_OPTION_ARG_NONE, &options.seconds,
         "compare: times in seconds, however long they are", NULL},
        {"force", 0, 0, G_OPTION_ARG_NONE, &options.force, "replace files that are there", NULL},
        {.long_name = NULL},
    };
    const res_usage usage = {"DIR…", examples, entries};
    char **rest;
    bool done;
    bool right = res_options_read(&usage, argc, argv, &rest, &done, error);
    if (right && !done) right = work(&options, rest, error);
    g_strfreev(rest);
    g_strfreev(options.metrics);
    g_strfreev(options.labels);
    g_strfreev(options.against);
    g_strfreev(options.ranges);
    g_free(options.log);
    g_free(options.kinds);
    g_free(options.formats);
    g_free(options.output);
    g_strfreev(options.by);
    return right ? 0 : 1;
}
