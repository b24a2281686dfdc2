#include "sim/scenario/ini.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

/* The text under way: the line at hand and the group that it belongs to. */
struct parser {
    const char *path;
    sim_ini *ini;
    sim_ini_group *group;
    GHashTable *seen_groups; /* name -> line */
    GHashTable *seen_keys;   /* of the group at hand: key -> line */
    uint32_t line;
    char *error;
};

char *sim_ini_one_line(char *message)
{
    for (char *at = message; *at; at++)
        if (g_ascii_iscntrl(*at)) *at = '?';
    return message;
}

G_GNUC_PRINTF(2, 3) static bool fail(struct parser *parser, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *what = g_strdup_vprintf(format, args);
    va_end(args);
    parser->error =
        sim_ini_one_line(g_strdup_printf("%s:%u: %s", parser->path, parser->line, what));
    g_free(what);
    return false;
}

static sim_ini_group *append_group(sim_ini *ini, const char *name, const char *path, uint32_t line)
{
    assert(name && !sim_ini_group_find(ini, name));
    ini->groups = g_renew(sim_ini_group, ini->groups, ini->count + 1);
    sim_ini_group *group = &ini->groups[ini->count++];
    *group = (sim_ini_group){.name = g_strdup(name), .path = g_intern_string(path), .line = line};
    g_hash_table_insert(ini->places, group->name, GUINT_TO_POINTER(ini->count));
    return group;
}

static void append_entry(sim_ini_group *group, const char *key, const char *value, const char *path,
                         uint32_t line)
{
    assert(key && value && !sim_ini_entry_find(group, key));
    /* Room doubles at each power of two. */
    if ((group->count & (group->count - 1)) == 0)
        group->entries = g_renew(sim_ini_entry, group->entries, MAX(1, 2 * group->count));
    group->entries[group->count++] = (sim_ini_entry){.group = g_strdup(group->name),
                                                     .key = g_strdup(key),
                                                     .value = g_strdup(value),
                                                     .path = g_intern_string(path),
                                                     .line = line};
}

static void clear_entry(sim_ini_entry *entry)
{
    g_free(entry->group);
    g_free(entry->key);
    g_free(entry->value);
}

static void remember(GHashTable *table, const char *name, uint32_t line)
{
    g_hash_table_insert(table, g_strdup(name), GUINT_TO_POINTER(line));
}

static unsigned remembered(GHashTable *table, const char *name)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(table, name));
}

static bool parse_group(struct parser *parser, char *line)
{
    size_t size = strlen(line);
    if (line[size - 1] != ']') return fail(parser, "%s: a group's line ends with ]", line);
    line[size - 1] = '\0';
    char *name = g_strstrip(line + 1);
    if (*name == '\0' || strpbrk(name, "[]")) return fail(parser, "[%s]: not a group's name", name);
    unsigned before = remembered(parser->seen_groups, name);
    if (before) return fail(parser, "[%s]: this group is there already, in line %u", name, before);
    remember(parser->seen_groups, name, parser->line);
    g_hash_table_remove_all(parser->seen_keys);
    parser->group = append_group(parser->ini, name, parser->path, parser->line);
    return true;
}

static bool parse_key(struct parser *parser, char *line)
{
    char *equals = strchr(line, '=');
    if (!equals) return fail(parser, "%s: neither [group] nor key = value", line);
    *equals = '\0';
    char *key = g_strchomp(line);
    char *value = g_strchug(equals + 1);
    if (*key == '\0') return fail(parser, "= %s: a value without a key", value);
    if (!parser->group)
        return fail(parser, "%s = %s: this key stands before any [group]", key, value);
    unsigned before = remembered(parser->seen_keys, key);
    if (before)
        return fail(parser, "[%s] %s = %s: this key is there already, in line %u",
                    parser->group->name, key, value, before);
    remember(parser->seen_keys, key, parser->line);
    append_entry(parser->group, key, value, parser->path, parser->line);
    return true;
}

static bool parse_line(struct parser *parser, char *line)
{
    g_strstrip(line);
    if (*line == '\0' || *line == '#' || *line == ';') return true;
    return *line == '[' ? parse_group(parser, line) : parse_key(parser, line);
}

/* The line in which byte `at` lies. */
static uint32_t line_of(const char *text, const char *at)
{
    assert(at >= text);
    uint32_t line = 1;
    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

static bool check_text(struct parser *parser, const char *text, size_t size)
{
    if (size > SIM_INI_SIZE_MAX) return fail(parser, "a scenario file has at most 16 MiB");
    const char *bad;
    if (g_utf8_validate_len(text, size, &bad)) return true;
    parser->line = line_of(text, bad);
    if (*bad == '\0') return fail(parser, "a NUL byte: this is not a text file");
    return fail(parser, "not valid UTF-8");
}

static bool parse_text(struct parser *parser, const char *text, size_t size)
{
    if (!check_text(parser, text, size)) return false;
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        size -= 3;
    }
    const char *end = text + size;
    bool fine = true;
    for (parser->line = 1; fine && text < end; parser->line++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        if (!stop) stop = end;
        char *line = g_strndup(text, (size_t)(stop - text));
        fine = parse_line(parser, line);
        g_free(line);
        text = stop + 1;
    }
    return fine;
}

sim_ini *sim_ini_parse(const char *path, const char *text, size_t size, char **error)
{
    struct parser parser = {
        .path = path,
        .ini = g_new0(sim_ini, 1),
        .seen_groups = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .seen_keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .line = 1,
    };
    parser.ini->places = g_hash_table_new(g_str_hash, g_str_equal);
    bool fine = parse_text(&parser, text, size);
    g_hash_table_destroy(parser.seen_groups);
    g_hash_table_destroy(parser.seen_keys);
    if (fine) return parser.ini;
    sim_ini_free(parser.ini);
    *error = parser.error;
    return NULL;
}

static void clear_group(sim_ini_group *group)
{
    for (uint32_t e = 0; e < group->count; e++)
        clear_entry(&group->entries[e]);
    g_free(group->entries);
    g_free(group->name);
}

void sim_ini_free(sim_ini *ini)
{
    if (!ini) return;
    for (uint32_t g = 0; g < ini->count; g++)
        clear_group(&ini->groups[g]);
    g_free(ini->groups);
    g_hash_table_destroy(ini->places);
    g_free(ini);
}

const sim_ini_group *sim_ini_group_find(const sim_ini *ini, const char *name)
{
    guint place = GPOINTER_TO_UINT(g_hash_table_lookup(ini->places, name));
    assert(place <= ini->count);
    return place ? &ini->groups[place - 1] : NULL;
}

const sim_ini_entry *sim_ini_entry_find(const sim_ini_group *group, const char *key)
{
    for (uint32_t e = 0; group && e < group->count; e++) {
        if (strcmp(group->entries[e].key, key) == 0) return &group->entries[e];
    }
    return NULL;
}

void sim_ini_touch(sim_ini *ini, const char *name, const char *path, uint32_t line)
{
    sim_ini_group *group = (sim_ini_group *)sim_ini_group_find(ini, name);
    if (!group) group = append_group(ini, name, path, line);
    group->path = g_intern_string(path);
    group->line = line;
}

/* Sets a key, making the group if there is none; `path` and `line` say where that is written (line
 * 0: in an option). A key that is there keeps its place. */
static void set_entry(sim_ini *ini, const char *group, const char *key, const char *value,
                      const char *path, uint32_t line)
{
    assert(key && value);
    sim_ini_group *target = (sim_ini_group *)sim_ini_group_find(ini, group);
    if (!target) target = append_group(ini, group, path, line);
    sim_ini_entry *entry = (sim_ini_entry *)sim_ini_entry_find(target, key);
    if (!entry) {
        append_entry(target, key, value, path, line);
        return;
    }
    char *kept = g_strdup(value);
    g_free(entry->value);
    entry->value = kept;
    entry->path = g_intern_string(path);
    entry->line = line;
}

/* Of these keys of [file] only one holds. */
static const char *const rivals[] = {"size", "blocks", "path"};

static bool is_rival(const char *group, const char *key)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rivals); i++) {
        if (strcmp(key, rivals[i]) == 0) return strcmp(group, "file") == 0;
    }
    return false;
}

void sim_ini_override(sim_ini *ini, const char *group, const char *key, const char *value,
                      const char *path, uint32_t line)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rivals) && is_rival(group, key); i++) {
        if (strcmp(key, rivals[i]) != 0) sim_ini_unset(ini, group, rivals[i]);
    }
    set_entry(ini, group, key, value, path, line);
}

bool sim_ini_unset(sim_ini *ini, const char *group, const char *key)
{
    sim_ini_group *target = (sim_ini_group *)sim_ini_group_find(ini, group);
    sim_ini_entry *entry = (sim_ini_entry *)sim_ini_entry_find(target, key);
    if (!entry) return false;
    clear_entry(entry);
    size_t after = (size_t)(target->entries + target->count - (entry + 1));
    memmove(entry, entry + 1, after * sizeof *entry);
    target->count--;
    return true;
}

bool sim_ini_remove(sim_ini *ini, const char *name)
{
    sim_ini_group *group = (sim_ini_group *)sim_ini_group_find(ini, name);
    if (!group) return false;
    g_hash_table_remove(ini->places, name);
    clear_group(group);
    size_t after = (size_t)(ini->groups + ini->count - (group + 1));
    memmove(group, group + 1, after * sizeof *group);
    ini->count--;
    for (uint32_t g = (uint32_t)(group - ini->groups); g < ini->count; g++)
        g_hash_table_insert(ini->places, ini->groups[g].name, GUINT_TO_POINTER(g + 1));
    return true;
}
