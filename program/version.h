/*
 * What a program is made of: its version, the commit, and the sources that decide a run's results.
 *
 * Every program's --version prints it, and what writes a manifest puts it there. The texts are
 * static. Nothing here reads a file or asks git: all of it was found when the program was built.
 */
#ifndef PROGRAM_VERSION_H
#define PROGRAM_VERSION_H

#include <stdio.h>

const char *mb_program_version(void);

/* The commit, for people: it ends in "-dirty" if anything in the checkout had changes; "unknown"
 * outside a repository. */
const char *mb_program_commit(void);

/*
 * The SHA-256, in hexadecimal digits, of the sources that decide what a simulated run comes to
 * (program/sources.py says over which bytes): equal for two builds, by whatever compiler, exactly
 * if these sources are the same.
 */
const char *mb_program_sources(void);

/* Prints the three, a line each, the program's name before the version. */
void mb_program_print_version(FILE *out, const char *program);

#endif
