/*
 * What readers call a figure or a key: "mean download time" for download_s.mean, "uplink of dsl"
 * for `peers dsl.up`.
 *
 * Tables' headings, the axes and legends of comparisons and the report take their words here. Files
 * for programs (CSV, JSON) have the paths themselves.
 */
#ifndef ANALYSIS_FIGURE_WORDS_H
#define ANALYSIS_FIGURE_WORDS_H

/*
 * The words for a path of summary.json, of a group or not, or for the difference of such a figure;
 * the path itself where it has none. The caller frees them. O(number of figures).
 */
char *res_figure_words(const char *path);

/* The words for a parameter, a column of runs or the key of groups; free them likewise. */
char *res_key_words(const char *key);

#endif
