/*
 * The commands of minibit-results: a row each in main.c's table, a file each for their work.
 *
 * Here is what all commands do alike: options, help, and where their output goes.
 */
#ifndef ANALYSIS_COMMAND_H
#define ANALYSIS_COMMAND_H

#include "analysis/data/error.h"

#include <stdbool.h>

typedef struct res_command {
    const char *name;
    const char *summary; /* what it does, in a line */
    /* Does the work; argv[0] is the command's name. Returns the exit status, 0 if all is well; with
     * an error set it is printed, and the status comes from it. */
    int (*run)(int argc, char **argv, GError **error);
} res_command;

/* What a command's arguments are. */
typedef struct res_usage {
    const char *arguments;       /* as in "table [OPTION…] ARGUMENTS" */
    const char *examples;        /* the help's text: examples first, then what it does */
    const GOptionEntry *entries; /* its options, ended by {NULL}; --help and --output's are not
                                    among them. Take texts as G_OPTION_ARG_FILENAME: the locale
                                    does not matter then */
} res_usage;

/*
 * Reads the options. *rest gets what is no option, a NULL-terminated list for g_strfreev(), never
 * NULL. With --help the help is printed, and *done is true: the command has nothing more to do.
 * False with an error that names the nearest option where one is unknown.
 */
bool res_options_read(const res_usage *usage, int argc, char **argv, char ***rest, bool *done,
                      GError **error);

/*
 * The same of --format: where it is not given, what `output` (may be NULL) ends in says it: .md,
 * .csv, .json, or .tex for latex; the first choice where that is none.
 */
int res_option_format(const char *text, const char *output, const char *const *choices,
                      GError **error);

/* May `path` be written? Not if it is a file, unless `force`. NULL, standard output, always may,
 * and so may devices and pipes. */
bool res_output_check(const char *path, bool force, GError **error);

/* Writes `text` to `path`, whole or not at all, or to standard output where it is NULL. */
bool res_output_write(const char *path, bool force, const GString *text, GError **error);

/* The commands, one a file. */
int res_command_archive(int argc, char **argv, GError **error);
int res_command_coursework(int argc, char **argv, GError **error);
int res_command_merge_live(int argc, char **argv, GError **error);
int res_command_table(int argc, char **argv, GError **error);
int res_command_diff(int argc, char **argv, GError **error);
int res_command_report(int argc, char **argv, GError **error);
int res_command_plot(int argc, char **argv, GError **error);
int res_command_explain(int argc, char **argv, GError **error);
int res_command_sql(int argc, char **argv, GError **error);
int res_command_verify(int argc, char **argv, GError **error);

#endif
