#include "sim/scenario/ini_load.h"

#include "sim/scenario/reader.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Of the text of a file, in bytes; it doubles. */
#define FIRST_ROOM ((size_t)64 << 10)

/* The files under way, each extended by the one before it. */
struct chain {
    char *paths[SIM_INI_FILES_MAX];
    struct stat files[SIM_INI_FILES_MAX];
    uint32_t count;
    char *error;
};

/* At most one byte more than a scenario may have: enough to see that it is too large. NULL with
 * errno set if it cannot be read. */
static char *read_whole(const char *path, struct stat *status, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    size_t room = FIRST_ROOM;
    char *text = g_malloc(room);
    *size = 0;
    errno = 0;
    bool failed = fstat(fileno(file), status) != 0;
    while (!failed && *size <= SIM_INI_SIZE_MAX) {
        size_t wanted = MIN(room, SIM_INI_SIZE_MAX + 1) - *size;
        size_t got = fread(text + *size, 1, wanted, file);
        *size += got;
        if (got < wanted) break;
        if (*size == room) text = g_realloc(text, room *= 2);
    }
    failed |= ferror(file) != 0;
    int code = errno;
    fclose(file);
    if (failed) g_clear_pointer(&text, g_free);
    errno = code;
    return text;
}

/* ---- faults of a key ---- */

G_GNUC_PRINTF(3, 4)
static bool fail(struct chain *chain, const sim_ini_entry *entry, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *what = g_strdup_vprintf(format, args);
    va_end(args);
    sim_reader reader = {.path = entry->path};
    sim_reader_fail(&reader, entry, "%s", what);
    chain->error = reader.error;
    g_free(what);
    return false;
}

static bool fail_circle(struct chain *chain, const sim_ini_entry *entry, const char *again)
{
    GString *way = g_string_new(NULL);
    for (uint32_t i = 0; i < chain->count; i++)
        g_string_append_printf(way, "%s -> ", chain->paths[i]);
    fail(chain, entry, "files extend each other in a circle: %s%s", way->str, again);
    g_string_free(way, TRUE);
    return false;
}

/* ---- without ---- */

/* A name that is not there: the nearest group, or key of the group. */
static bool fail_without(struct chain *chain, const sim_ini_entry *entry, const sim_ini *base,
                         const char *name)
{
    mb_suggestion suggestion;
    mb_suggestion_init(&suggestion, name);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (uint32_t g = 0; g < base->count; g++) {
        const sim_ini_group *group = &base->groups[g];
        mb_suggestion_offer(&suggestion, group->name);
        for (uint32_t e = 0; e < group->count; e++) {
            g_ptr_array_add(names, g_strdup_printf("%s.%s", group->name, group->entries[e].key));
            mb_suggestion_offer(&suggestion, g_ptr_array_index(names, names->len - 1));
        }
    }
    char *near = sim_suggestion_text(&suggestion);
    fail(chain, entry, "%s has no group and no key \"%s\"%s", chain->paths[chain->count], name,
         near);
    g_free(near);
    g_ptr_array_free(names, TRUE);
    return false;
}

/* Whether GROUP.KEY was there; the dot may be any of the name's. */
static bool remove_key(sim_ini *base, const char *name)
{
    bool found = false;
    for (const char *dot = strchr(name, '.'); dot && !found; dot = strchr(dot + 1, '.')) {
        char *group = g_strndup(name, (size_t)(dot - name));
        found = sim_ini_unset(base, g_strchomp(group), dot + 1);
        g_free(group);
    }
    return found;
}

static bool take_out(struct chain *chain, const sim_ini_entry *entry, sim_ini *base)
{
    char **names = g_strsplit(entry->value, ",", -1);
    bool fine = *names || fail(chain, entry, "empty; name a group, or GROUP.KEY");
    for (char **name = names; *name && fine; name++) {
        g_strstrip(*name);
        fine = sim_ini_remove(base, *name) || remove_key(base, *name) ||
               fail_without(chain, entry, base, *name);
    }
    g_strfreev(names);
    return fine;
}

/* ---- extends ---- */

/* Puts the groups and keys of `own` over those of `base`. */
static void merge(sim_ini *base, const sim_ini *own)
{
    for (uint32_t g = 0; g < own->count; g++) {
        const sim_ini_group *group = &own->groups[g];
        sim_ini_touch(base, group->name, group->path, group->line);
        for (uint32_t e = 0; e < group->count; e++) {
            const sim_ini_entry *entry = &group->entries[e];
            sim_ini_override(base, group->name, entry->key, entry->value, entry->path, entry->line);
        }
    }
}

static sim_ini *load(struct chain *chain, const sim_ini_entry *from);

/* The file that `extends` names, with what it extends, less what `own` goes without. */
static sim_ini *load_base(struct chain *chain, const sim_ini_entry *extends,
                          const sim_ini_entry *without)
{
    if (*extends->value == '\0') {
        fail(chain, extends, "empty; name a scenario file");
        return NULL;
    }
    if (chain->count == SIM_INI_FILES_MAX) {
        fail(chain, extends, "a chain of more than %d files", SIM_INI_FILES_MAX);
        return NULL;
    }
    chain->paths[chain->count] = sim_reader_path(extends, extends->value);
    sim_ini *base = load(chain, extends);
    if (base) {
        sim_ini_unset(base, "scenario", "name");
        sim_ini_unset(base, "scenario", "description");
    }
    if (base && without && !take_out(chain, without, base)) g_clear_pointer(&base, sim_ini_free);
    g_clear_pointer(&chain->paths[chain->count], g_free);
    return base;
}

/* Takes `own` over; what it extends is under it. NULL with chain->error set. */
static sim_ini *extend(struct chain *chain, sim_ini *own)
{
    const sim_ini_group *scenario = sim_ini_group_find(own, "scenario");
    const sim_ini_entry *extends = sim_ini_entry_find(scenario, "extends");
    const sim_ini_entry *without = sim_ini_entry_find(scenario, "without");
    if (without && !extends) fail(chain, without, "goes with extends, which is not there");
    sim_ini *base = extends ? load_base(chain, extends, without) : NULL;
    if (chain->error) {
        sim_ini_free(own);
        return NULL;
    }
    if (!base) return own;
    sim_ini_unset(own, "scenario", "extends");
    sim_ini_unset(own, "scenario", "without");
    merge(base, own);
    sim_ini_free(own);
    return base;
}

static bool fail_unreadable(struct chain *chain, const sim_ini_entry *from, const char *path)
{
    const char *what = g_strerror(errno);
    if (from) return fail(chain, from, "%s: %s", path, what);
    chain->error = sim_ini_one_line(g_strdup_printf("%s: cannot be read: %s", path, what));
    return false;
}

/* Whether the file at the chain's end, whose `stat` is there too, stands in it already. */
static bool is_circle(const struct chain *chain)
{
    const struct stat *now = &chain->files[chain->count];
    for (uint32_t i = 0; i < chain->count && S_ISREG(now->st_mode); i++) {
        const struct stat *file = &chain->files[i];
        if (file->st_dev == now->st_dev && file->st_ino == now->st_ino) return true;
    }
    return false;
}

/* Loads paths[count], named by the key `from` (NULL: by the user). */
static sim_ini *load(struct chain *chain, const sim_ini_entry *from)
{
    const char *path = chain->paths[chain->count];
    size_t size = 0;
    char *text = read_whole(path, &chain->files[chain->count], &size);
    if (!text) {
        fail_unreadable(chain, from, path);
        return NULL;
    }
    sim_ini *ini = NULL;
    if (is_circle(chain))
        fail_circle(chain, from, path);
    else
        ini = sim_ini_parse(path, text, size, &chain->error);
    g_free(text);
    if (!ini) return NULL;
    chain->count++;
    ini = extend(chain, ini);
    chain->count--;
    return ini;
}

sim_ini *sim_ini_load(const char *path, char **error)
{
    struct chain chain = {.paths = {g_strdup(path)}};
    sim_ini *ini = load(&chain, NULL);
    g_free(chain.paths[0]);
    *error = chain.error;
    return ini;
}
