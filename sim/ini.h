/*
 * INI text as groups of keys with their line numbers, read strictly.
 *
 * The scenario reader's first step. The syntax is GKeyFile's: [group], key = value, comments that
 * begin a line with #, and here with ; too. Stricter: a group or a key given twice is an error, and
 * every key knows its line. Values are raw text, blanks around them removed; nothing is unescaped
 * or interpreted.
 */
#ifndef SIM_INI_H
#define SIM_INI_H

#include "core/types.h"

/* A scenario file may not be larger, in bytes. */
#define SIM_INI_SIZE_MAX ((size_t)1 << 20)

typedef struct sim_ini_entry {
    char *group;
    char *key;
    char *value;
    uint32_t line; /* 0: from an option */
} sim_ini_entry;

typedef struct sim_ini_group {
    char *name;
    uint32_t line;
    sim_ini_entry *entries;
    uint32_t count;
} sim_ini_group;

typedef struct sim_ini {
    sim_ini_group *groups;
    uint32_t count;
} sim_ini;

/*
 * Reads `size` bytes. NULL if they are no such text: then *error is one line that begins with
 * `path`:line (free() it). O(size log size).
 */
sim_ini *sim_ini_parse(const char *path, const char *text, size_t size, char **error);

/* Frees all; NULL is all right. */
void sim_ini_free(sim_ini *ini);

/* The group or entry of that name; NULL if there is none. */
const sim_ini_group *sim_ini_group_find(const sim_ini *ini, const char *name);
const sim_ini_entry *sim_ini_entry_find(const sim_ini_group *group, const char *key);

/* Sets a key as an option does, making the group if there is none. */
void sim_ini_set(sim_ini *ini, const char *group, const char *key, const char *value);

/* Removes a key if it is there. */
void sim_ini_unset(sim_ini *ini, const char *group, const char *key);

#endif
