#include "sim/study/study.h"

#include "core/rng.h"
#include "sim/scenario/ini_load.h"
#include "sim/scenario/reader.h"
#include "sim/study/value.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

/* A list of values somewhere in the file. */
struct param {
    const sim_study_piece *list;
    const sim_ini_entry *entry; /* that it stands in */
    char *name;                 /* of its column; NULL: it has none */
    uint32_t leader;            /* the list that it goes along with, or itself */
    uint32_t stride;            /* of a leader: so many runs on it changes */
};

/* A value of the file that has parameters in it. */
struct template
{
    sim_ini_entry *entry; /* the study's own, whose value is set for each run */
    sim_study_piece *pieces;
    uint32_t piece_count;
    uint32_t *params; /* of each piece that is no text, its parameter */
};

struct sim_study {
    char *path;
    sim_ini *ini;
    struct template *templates;
    uint32_t template_count;
    struct param *params;
    uint32_t param_count;
    uint32_t points;
    uint32_t repeat;
};

#define NO_PARAM UINT32_MAX

/* ---- finding the parameters ---- */

/* One value for all runs: it names the folder of all, says how many there are, or is read before
 * any value is. */
static bool is_common(const sim_ini_entry *entry)
{
    static const char *const keys[] = {"name", "repeat", "extends", "without"};
    if (strcmp(entry->group, "scenario") != 0) return false;
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (strcmp(entry->key, keys[i]) == 0) return true;
    }
    return false;
}

static bool add_template(sim_study *study, sim_reader *reader, sim_ini_entry *entry)
{
    if (is_common(entry))
        return sim_reader_fail(reader, entry, "one value for all runs of a study: no ${} here");
    struct template template = {.entry = entry};
    char *error;
    if (sim_study_value_parse(entry->value, &template.pieces, &template.piece_count, &error)) {
        sim_reader_fail(reader, entry, "%s", error);
        g_free(error);
        return false;
    }
    template.params = g_new(uint32_t, template.piece_count);
    study->templates = g_renew(struct template, study->templates, study->template_count + 1);
    study->templates[study->template_count++] = template;
    return true;
}

static bool find_templates(sim_study *study, sim_reader *reader)
{
    for (uint32_t g = 0; g < study->ini->count; g++) {
        const sim_ini_group *group = &study->ini->groups[g];
        for (uint32_t e = 0; e < group->count; e++) {
            sim_ini_entry *entry = &group->entries[e];
            if (strstr(entry->value, "${") && !add_template(study, reader, entry)) return false;
        }
    }
    return true;
}

/* ---- naming them ---- */

/* The parameter whose column has that name, in whatever case; NO_PARAM. */
static uint32_t find_column(const sim_study *study, const char *name)
{
    assert(name[0]);
    for (uint32_t i = 0; i < study->param_count; i++) {
        const char *other = study->params[i].name;
        if (other && g_ascii_strcasecmp(other, name) == 0) return i;
    }
    return NO_PARAM;
}

/* Names of columns that tables of runs have anyway. */
static bool is_reserved(const char *name)
{
    static const char *const names[] = {"run", "folder", "repetition", "seed", "study", "name"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (g_ascii_strcasecmp(name, names[i]) == 0) return true;
    }
    return false;
}

static bool check_name(const sim_study *study, sim_reader *reader, const sim_ini_entry *entry,
                       const char *name)
{
    if (is_reserved(name))
        return sim_reader_fail(reader, entry, "%s is a column of every study; take another name",
                               name);
    uint32_t before = find_column(study, name);
    if (before == NO_PARAM) return true;
    const sim_ini_entry *other = study->params[before].entry;
    const char *known = study->params[before].name;
    return sim_reader_fail(reader, entry, "%s is defined already, as %s in [%s] %s", name, known,
                           other->group, other->key);
}

/* GROUP.KEY, and from the second list of a value on GROUP.KEY (2). */
static char *default_name(const sim_study *study, const sim_ini_entry *entry)
{
    char *name = g_strdup_printf("%s.%s", entry->group, entry->key);
    for (uint32_t i = 2; find_column(study, name) != NO_PARAM; i++) {
        g_free(name);
        name = g_strdup_printf("%s.%s (%u)", entry->group, entry->key, i);
    }
    return name;
}

static bool add_param(sim_study *study, sim_reader *reader, const struct template *template,
                      uint32_t piece)
{
    assert(piece < template->piece_count);
    const sim_study_piece *list = &template->pieces[piece];
    if (list->text && !check_name(study, reader, template->entry, list->text)) return false;
    char *name = NULL;
    if (list->text)
        name = g_strdup(list->text);
    else if (!list->along)
        name = default_name(study, template->entry);
    template->params[piece] = study->param_count;
    study->params = g_renew(struct param, study->params, study->param_count + 1);
    study->params[study->param_count] = (struct param){
        .list = list, .entry = template->entry, .name = name, .leader = study->param_count};
    study->param_count++;
    return true;
}

static bool add_params(sim_study *study, sim_reader *reader)
{
    for (uint32_t t = 0; t < study->template_count; t++) {
        const struct template *template = &study->templates[t];
        for (uint32_t p = 0; p < template->piece_count; p++) {
            bool is_list = template->pieces[p].kind == SIM_STUDY_LIST;
            if (is_list && !add_param(study, reader, template, p)) return false;
        }
    }
    return true;
}

/* ---- what refers to them ---- */

/* The list of that very name; NO_PARAM with the fault noted. */
static uint32_t find_named(const sim_study *study, sim_reader *reader, const sim_ini_entry *entry,
                           const char *name)
{
    mb_suggestion suggestion;
    mb_suggestion_init(&suggestion, name);
    for (uint32_t i = 0; i < study->param_count; i++) {
        const char *known = study->params[i].list->text;
        if (known && strcmp(known, name) == 0) return i;
        if (known) mb_suggestion_offer(&suggestion, known);
    }
    char *near = sim_suggestion_text(&suggestion);
    if (*near)
        sim_reader_fail(reader, entry, "no list has the name %s%s", name, near);
    else
        sim_reader_fail(reader, entry,
                        "no list has the name %s (as ${%s=1,2}); a single value needs no ${}", name,
                        name);
    g_free(near);
    return NO_PARAM;
}

static bool link_references(sim_study *study, sim_reader *reader)
{
    for (uint32_t t = 0; t < study->template_count; t++) {
        const struct template *template = &study->templates[t];
        for (uint32_t p = 0; p < template->piece_count; p++) {
            const sim_study_piece *piece = &template->pieces[p];
            if (piece->kind != SIM_STUDY_REFERENCE) continue;
            template->params[p] = find_named(study, reader, template->entry, piece->text);
            if (template->params[p] == NO_PARAM) return false;
        }
    }
    return true;
}

static bool link_along(sim_study *study, sim_reader *reader, struct param *param)
{
    const sim_study_piece *list = param->list;
    uint32_t leader = find_named(study, reader, param->entry, list->along);
    if (leader == NO_PARAM) return false;
    const sim_study_piece *other = study->params[leader].list;
    if (other->along)
        return sim_reader_fail(reader, param->entry,
                               "%s goes along with %s itself: go along with that", list->along,
                               other->along);
    if (list->count != other->count)
        return sim_reader_fail(reader, param->entry, "%u values cannot go along with the %u of %s",
                               list->count, other->count, list->along);
    param->leader = leader;
    return true;
}

static bool link_params(sim_study *study, sim_reader *reader)
{
    for (uint32_t i = 0; i < study->param_count; i++) {
        struct param *param = &study->params[i];
        if (param->list->along && !link_along(study, reader, param)) return false;
    }
    return link_references(study, reader);
}

/* ---- counting runs ---- */

static bool read_repeat(sim_study *study, sim_reader *reader)
{
    const sim_ini_group *group = sim_ini_group_find(study->ini, "scenario");
    const sim_ini_entry *entry = sim_ini_entry_find(group, "repeat");
    const sim_key_row row = {.min = 1, .max = SIM_STUDY_RUNS_MAX};
    study->repeat = 1;
    return !entry || sim_read_count(reader, &row, entry, &study->repeat);
}

/* Strides from the last parameter to the first, and the number of all runs. */
static bool count_runs(sim_study *study, sim_reader *reader)
{
    unsigned __int128 runs = 1;
    for (uint32_t i = study->param_count; i-- > 0;) {
        struct param *param = &study->params[i];
        if (param->leader != i) continue;
        param->stride = (uint32_t)runs;
        runs *= param->list->count;
        if (runs > SIM_STUDY_RUNS_MAX) break;
    }
    study->points = (uint32_t)runs;
    /* With the rest multiplied in, for the message. */
    if (runs > SIM_STUDY_RUNS_MAX) {
        runs = 1;
        for (uint32_t i = 0; i < study->param_count && runs < UINT64_MAX; i++)
            runs *= study->params[i].leader == i ? study->params[i].list->count : 1;
    }
    runs *= study->repeat;
    if (runs <= SIM_STUDY_RUNS_MAX) return true;
    char *number = runs > UINT64_MAX ? g_strdup("more than 2^64")
                                     : g_strdup_printf("%" G_GUINT64_FORMAT, (uint64_t)runs);
    sim_reader_fail_file(reader, "a study of %s runs; at most %u", number, SIM_STUDY_RUNS_MAX);
    g_free(number);
    return false;
}

int sim_study_plan(const char *path, sim_ini *ini, sim_study **study, char **error)
{
    sim_study *made = g_new0(sim_study, 1);
    made->path = g_strdup(path);
    made->ini = ini;
    sim_reader reader = {.path = path, .ini = ini};
    bool fine = find_templates(made, &reader) && read_repeat(made, &reader) &&
                add_params(made, &reader) && link_params(made, &reader) &&
                count_runs(made, &reader);
    *error = reader.error;
    *study = fine ? made : NULL;
    if (!fine) sim_study_free(made);
    return fine ? 0 : MB_ERR_SYNTAX;
}

int sim_study_read(const char *path, const char *const *overrides, uint32_t override_count,
                   sim_study **study, char **error)
{
    *study = NULL;
    sim_ini *ini = sim_ini_load(path, error);
    if (!ini) return MB_ERR_SYNTAX;
    if (sim_scenario_override(ini, path, overrides, override_count, error)) {
        sim_ini_free(ini);
        return MB_ERR_SYNTAX;
    }
    return sim_study_plan(path, ini, study, error);
}

void sim_study_free(sim_study *study)
{
    if (!study) return;
    for (uint32_t i = 0; i < study->param_count; i++)
        g_free(study->params[i].name);
    for (uint32_t i = 0; i < study->template_count; i++) {
        sim_study_pieces_free(study->templates[i].pieces, study->templates[i].piece_count);
        g_free(study->templates[i].params);
    }
    g_free(study->params);
    g_free(study->templates);
    sim_ini_free(study->ini);
    g_free(study->path);
    g_free(study);
}

/* ---- the plan ---- */

bool sim_study_is_study(const sim_study *study)
{
    return study->param_count > 0 || study->repeat > 1;
}

uint32_t sim_study_runs(const sim_study *study)
{
    return study->points * study->repeat;
}

uint32_t sim_study_repeat(const sim_study *study)
{
    return study->repeat;
}

uint32_t sim_study_points(const sim_study *study)
{
    return study->points;
}

uint32_t sim_study_columns(const sim_study *study)
{
    uint32_t columns = 0;
    for (uint32_t i = 0; i < study->param_count; i++)
        columns += study->params[i].name != NULL;
    return columns;
}

static const struct param *column_at(const sim_study *study, uint32_t column)
{
    for (uint32_t i = 0; i < study->param_count; i++) {
        if (study->params[i].name && column-- == 0) return &study->params[i];
    }
    assert(false);
    return NULL;
}

const char *sim_study_column(const sim_study *study, uint32_t column)
{
    return column_at(study, column)->name;
}

uint32_t sim_study_repetition(const sim_study *study, uint32_t run)
{
    assert(run < sim_study_runs(study));
    return run / study->points;
}

static const char *value_of(const sim_study *study, uint32_t run, const struct param *param)
{
    const struct param *leader = &study->params[param->leader];
    return param->list->values[run % study->points / leader->stride % leader->list->count];
}

const char *sim_study_value(const sim_study *study, uint32_t run, uint32_t column)
{
    return value_of(study, run, column_at(study, column));
}

char *sim_study_describe(const sim_study *study, uint32_t run)
{
    GString *text = g_string_new(NULL);
    for (uint32_t i = 0; i < study->param_count; i++) {
        const struct param *param = &study->params[i];
        if (!param->name) continue;
        g_string_append_printf(text, "%s%s=%s", text->len ? ", " : "", param->name,
                               value_of(study, run, param));
    }
    if (study->repeat > 1)
        g_string_append_printf(text, "%srepetition %u", text->len ? ", " : "",
                               sim_study_repetition(study, run));
    return g_string_free(text, FALSE);
}

/* ---- a run's scenario ---- */

uint64_t sim_study_seed(uint64_t seed, uint32_t repetition)
{
    if (repetition == 0) return seed;
    mb_rng rng;
    mb_rng_init(&rng, seed, repetition, MB_PURPOSE_REPETITION);
    return mb_rng_next(&rng);
}

static void fill_in(const sim_study *study, const struct template *template, uint32_t run)
{
    GString *value = g_string_new(NULL);
    for (uint32_t i = 0; i < template->piece_count; i++) {
        const sim_study_piece *piece = &template->pieces[i];
        g_string_append(value, piece->kind == SIM_STUDY_TEXT
                                   ? piece->text
                                   : value_of(study, run, &study->params[template->params[i]]));
    }
    g_free(template->entry->value);
    /* As in any file: blanks around a value, which quotes in a list can hold, are no part of it. */
    template->entry->value = g_strstrip(g_string_free(value, FALSE));
}

int sim_study_scenario(sim_study *study, uint32_t run, sim_scenario **scenario, char **error)
{
    for (uint32_t i = 0; i < study->template_count; i++)
        fill_in(study, &study->templates[i], run);
    char *line;
    *error = NULL;
    if (sim_scenario_resolve(study->path, study->ini, scenario, &line) == 0) {
        (*scenario)->seed = sim_study_seed((*scenario)->seed, sim_study_repetition(study, run));
        return 0;
    }
    *error = line;
    if (study->param_count > 0) {
        char *which = sim_study_describe(study, run);
        *error = sim_ini_one_line(g_strdup_printf("%s (run %u: %s)", line, run, which));
        g_free(which);
        g_free(line);
    }
    return MB_ERR_SYNTAX;
}
