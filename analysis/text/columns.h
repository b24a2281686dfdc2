/*
 * How much room a text takes in a terminal, where some letters are two columns wide and others
 * none.
 *
 * Whoever lines texts up calls it.
 */
#ifndef ANALYSIS_COLUMNS_H
#define ANALYSIS_COLUMNS_H

/* The columns of a UTF-8 text (Unicode's East Asian Width). O(letters). */
int res_columns(const char *text);

#endif
