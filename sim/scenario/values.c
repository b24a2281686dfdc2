#include "sim/scenario/reader.h"

#include "core/units.h"
#include "sim/scenario/inputs.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

#define FIELD(type, target, row) ((type *)(void *)((char *)(target) + (row)->offset))

bool sim_read_text(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                   void *target)
{
    (void)reader;
    char **field = FIELD(char *, target, row);
    g_free(*field);
    *field = g_strdup(entry->value);
    return true;
}

bool sim_read_bool(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                   void *target)
{
    if (mb_bool_parse(entry->value, FIELD(bool, target, row)) == 0) return true;
    return sim_reader_fail(reader, entry, "write yes or no");
}

bool sim_read_seed(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                   void *target)
{
    int error = mb_count_parse(entry->value, UINT64_MAX, FIELD(uint64_t, target, row));
    if (!error) return true;
    return sim_reader_fail_number(reader, entry, entry->value, error, &sim_number_count);
}

bool sim_read_count(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                    void *target)
{
    uint64_t count;
    int error = mb_count_parse(entry->value, UINT64_MAX, &count);
    if (error && error != MB_ERR_RANGE)
        return sim_reader_fail_number(reader, entry, entry->value, error, &sim_number_count);
    if (error || count < (uint64_t)row->min || count > (uint64_t)row->max)
        return sim_reader_fail(reader, entry,
                               "out of range: %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, row->min,
                               row->max);
    *FIELD(uint32_t, target, row) = (uint32_t)count;
    return true;
}

static bool fail_time_range(sim_reader *reader, const sim_ini_entry *entry, mb_time min,
                            mb_time max)
{
    assert(min <= max);
    char low[MB_UNITS_TEXT_MAX], high[MB_UNITS_TEXT_MAX];
    return sim_reader_fail(reader, entry, "out of range: %s to %s", mb_time_format(min, low),
                           mb_time_format(max, high));
}

bool sim_read_time_part(sim_reader *reader, const sim_ini_entry *entry, const char *text,
                        mb_time *time)
{
    int error = mb_time_parse(text, time);
    if (error) return sim_reader_fail_number(reader, entry, text, error, &sim_number_time);
    if (*time > SIM_TIME_MAX) return fail_time_range(reader, entry, 0, SIM_TIME_MAX);
    return true;
}

bool sim_read_time(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                   void *target)
{
    mb_time time;
    if (!sim_read_time_part(reader, entry, entry->value, &time)) return false;
    if (time < row->min || time > row->max)
        return fail_time_range(reader, entry, row->min, row->max);
    *FIELD(mb_time, target, row) = time;
    return true;
}

int sim_rate_parse(const char *text, uint64_t *rate)
{
    if (strcmp(text, "unlimited") != 0) return mb_rate_parse(text, rate);
    *rate = MB_RATE_UNLIMITED;
    return 0;
}

bool sim_read_rate(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                   void *target)
{
    uint64_t rate;
    int error = sim_rate_parse(entry->value, &rate);
    if (error) return sim_reader_fail_number(reader, entry, entry->value, error, &sim_number_rate);
    if (rate > MB_RATE_UNLIMITED)
        return sim_reader_fail(reader, entry, "out of range: 0bit to 1000Gbit (unlimited)");
    *FIELD(uint64_t, target, row) = rate;
    return true;
}

bool sim_read_slots(sim_reader *reader, const sim_key_row *row, const sim_ini_entry *entry,
                    void *target)
{
    return sim_read_protocol_key(reader, entry, FIELD(mb_protocol, target, row));
}

const char *sim_after_word(const char *value, const char *word)
{
    assert(word[0]);
    size_t size = strlen(word);
    if (strncmp(value, word, size) != 0) return NULL;
    const char *rest = value + size;
    if (*rest != '\0' && *rest != ' ' && *rest != '\t') return NULL;
    return rest + strspn(rest, " \t");
}

/* ---- names ---- */

/* Letters and digits are those of any script, with the marks that belong to a letter. */
bool sim_is_plain(gunichar c, const char *marks)
{
    return g_unichar_isalnum(c) || g_unichar_ismark(c) || (c < 0x80 && strchr(marks, (int)c));
}

bool sim_is_plain_name(const char *name, const char *marks)
{
    for (const char *at = name; *at; at = g_utf8_next_char(at)) {
        if (!sim_is_plain(g_utf8_get_char(at), marks)) return false;
    }
    bool begins =
        *name != '\0' && *name != '.' && *name != '-' && !g_unichar_ismark(g_utf8_get_char(name));
    return begins && strlen(name) <= SIM_NAME_SIZE_MAX;
}

/* ---- protocol keys ---- */

/* Calls `use` with each text that the key's value may be; only for kinds that have such a list. */
static void each_choice(const mb_key *key, void (*use)(void *, const char *), void *context)
{
    const mb_selector *selector;
    const mb_choker *choker;
    for (uint32_t i = 0; key->type == MB_KEY_SELECTOR && (selector = mb_selector_at(i)); i++)
        use(context, selector->name);
    for (uint32_t i = 0; key->type == MB_KEY_CHOKER && (choker = mb_choker_at(i)); i++)
        use(context, choker->name);
    for (uint32_t i = 0; key->type == MB_KEY_CHOICE && key->choices[i]; i++)
        use(context, key->choices[i]);
}

static void offer(void *suggestion, const char *name)
{
    mb_suggestion_offer(suggestion, name);
}

static void list(void *text, const char *name)
{
    GString *names = text;
    g_string_append_printf(names, "%s%s", names->len ? ", " : "", name);
}

static bool fail_choice(sim_reader *reader, const sim_ini_entry *entry, const mb_key *key)
{
    mb_suggestion suggestion;
    mb_suggestion_init(&suggestion, entry->value);
    each_choice(key, offer, &suggestion);
    GString *names = g_string_new(NULL);
    each_choice(key, list, names);
    char *near = sim_suggestion_text(&suggestion);
    sim_reader_fail(reader, entry, "not one of %s%s", names->str, near);
    g_free(near);
    g_string_free(names, TRUE);
    return false;
}

static bool fail_key_count(sim_reader *reader, const sim_ini_entry *entry, const mb_key *key,
                           int error)
{
    if (error == MB_ERR_RANGE)
        return sim_reader_fail(reader, entry,
                               "out of range: %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, key->min,
                               key->max);
    return sim_reader_fail_number(reader, entry, entry->value, error, &sim_number_count);
}

/* Says why mb_protocol_set() refused the value. */
static bool fail_key(sim_reader *reader, const sim_ini_entry *entry, const mb_key *key, int error)
{
    assert(error < 0);
    switch (key->type) {
    case MB_KEY_BOOL: return sim_reader_fail(reader, entry, "write yes or no");
    case MB_KEY_COUNT: return fail_key_count(reader, entry, key, error);
    case MB_KEY_TIME:
        if (error == MB_ERR_RANGE) return fail_time_range(reader, entry, key->min, key->max);
        return sim_reader_fail_number(reader, entry, entry->value, error, &sim_number_time);
    case MB_KEY_CHOICE:
    case MB_KEY_SELECTOR:
    case MB_KEY_CHOKER: break;
    }
    return fail_choice(reader, entry, key);
}

bool sim_read_protocol_key(sim_reader *reader, const sim_ini_entry *entry, mb_protocol *protocol)
{
    int error = mb_protocol_set(protocol, entry->key, entry->value);
    if (!error) return true;
    mb_key key;
    if (!mb_key_find(entry->key, &key)) return sim_reader_fail(reader, entry, "unknown key");
    return fail_key(reader, entry, &key, error);
}

char *sim_reader_path(const sim_ini_entry *entry, const char *path)
{
    if (g_path_is_absolute(path)) return g_strdup(path);
    char *folder = g_path_get_dirname(entry->path);
    char *whole = strcmp(folder, ".") == 0 ? g_strdup(path) : g_build_filename(folder, path, NULL);
    bool there = g_file_test(whole, G_FILE_TEST_EXISTS);
    char *elsewhere = there ? NULL : sim_inputs_locate(folder, path);
    g_free(folder);
    if (!elsewhere) return whole;
    g_free(whole);
    return elsewhere;
}
