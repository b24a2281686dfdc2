/*
 * Tests of assertions: each breaks one thing in a child process, which must end by SIGABRT with the
 * assertion's own text on its standard error.
 */
#ifndef TESTS_LIB_DEATH_H
#define TESTS_LIB_DEATH_H

/* What is broken; it never returns where the assertion works. */
typedef struct death {
    const char *name;
    void (*breaks)(void);
    const char *says; /* a part of the assertion's line */
} death;

/* Adds a test of GLib's for each, until one without a name. */
void death_add(const char *path, const death *deaths);

#endif
