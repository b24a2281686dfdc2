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
#define SIM_INI_SIZE_MAX ((size_t)16 << 20)

typedef struct sim_ini_entry {
    char *group;
    char *key;
    char *value;
    const char *path; /* of the file; interned */
    uint32_t line;    /* 0: from an option */
} sim_ini_entry;

typedef struct sim_ini_group {
    char *name;
    const char *path;
    uint32_t line;
    sim_ini_entry *entries;
    uint32_t count;
} sim_ini_group;

typedef struct sim_ini {
    sim_ini_group *groups;
    uint32_t count;
    struct _GHashTable *places; /* of a group by its name: its index and one. ini.c's alone */
} sim_ini;

/*
 * Reads `size` bytes. NULL if they are no such text: then *error is one line that begins with
 * `path`:line (free() it). O(size log size).
 */
sim_ini *sim_ini_parse(const char *path, const char *text, size_t size, char **error);

/* A message with a question mark for each control character, in place: what files hold is quoted in
 * messages, and these are one line, which moves no terminal's cursor. */
char *sim_ini_one_line(char *message);

/* Frees all; NULL is all right. */
void sim_ini_free(sim_ini *ini);

/* The group or entry of that name; NULL if there is none. */
const sim_ini_group *sim_ini_group_find(const sim_ini *ini, const char *name);
const sim_ini_entry *sim_ini_entry_find(const sim_ini_group *group, const char *key);

/* The same, and of [file]'s size, blocks and path, of which only one holds, the others go: what an
 * option or an extending file means that gives one of them. */
void sim_ini_override(sim_ini *ini, const char *group, const char *key, const char *value,
                      const char *path, uint32_t line);

/* Adds an empty group, or tells where one that is there was last touched. */
void sim_ini_touch(sim_ini *ini, const char *group, const char *path, uint32_t line);

/* Removes a key, or a whole group; whether it was there. */
bool sim_ini_unset(sim_ini *ini, const char *group, const char *key);
bool sim_ini_remove(sim_ini *ini, const char *group);

#endif
