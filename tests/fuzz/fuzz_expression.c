/*
 * Fuzzes the reader of ${...}: what it takes apart, put together in the plainest spelling, is taken
 * apart the same way, and its lists hold what docs/scenarios.md allows.
 */
#include "sim/study/study.h"
#include "sim/study/value.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

/* Larger lists are compared only to this: a range may have a million values. */
#define COMPARED_MAX 2000

static void add_quoted(GString *text, const char *value)
{
    g_string_append_c(text, '"');
    for (; *value; value++) {
        if (*value == '"') g_string_append_c(text, '"');
        g_string_append_c(text, *value);
    }
    g_string_append_c(text, '"');
}

static void add_piece(GString *text, const sim_study_piece *piece)
{
    if (piece->kind == SIM_STUDY_TEXT) {
        g_string_append(text, piece->text);
        return;
    }
    g_string_append(text, "${");
    if (piece->text) g_string_append(text, piece->text);
    if (piece->kind == SIM_STUDY_LIST) {
        if (piece->text) g_string_append(text, "=");
        for (uint32_t i = 0; i < piece->count; i++) {
            if (i > 0) g_string_append(text, ", ");
            add_quoted(text, piece->values[i]);
        }
        if (piece->along) g_string_append_printf(text, " ! %s", piece->along);
    }
    g_string_append_c(text, '}');
}

static void check_piece(const sim_study_piece *piece)
{
    assert(piece->kind != SIM_STUDY_TEXT || (*piece->text && !strstr(piece->text, "${")));
    assert(piece->kind != SIM_STUDY_REFERENCE || *piece->text);
    if (piece->kind != SIM_STUDY_LIST) return;
    assert(piece->count > 0 && piece->count <= SIM_STUDY_RUNS_MAX);
    assert(piece->values[piece->count] == NULL);
    if (piece->along || piece->count > COMPARED_MAX / 10) return;
    for (uint32_t i = 0; i < piece->count; i++)
        for (uint32_t j = 0; j < i; j++)
            assert(strcmp(piece->values[i], piece->values[j]) != 0);
}

static void check_same(const sim_study_piece *a, const sim_study_piece *b)
{
    assert(a->kind == b->kind && g_strcmp0(a->text, b->text) == 0);
    assert(g_strcmp0(a->along, b->along) == 0 && a->count == b->count);
    for (uint32_t i = 0; i < a->count; i++)
        assert(strcmp(a->values[i], b->values[i]) == 0);
}

static void check_again(const sim_study_piece *pieces, uint32_t count)
{
    GString *text = g_string_new(NULL);
    sim_study_piece *again;
    uint32_t again_count;
    char *error;
    for (uint32_t i = 0; i < count; i++) {
        check_piece(&pieces[i]);
        add_piece(text, &pieces[i]);
        if (pieces[i].count > COMPARED_MAX) goto large;
    }
    int rc = sim_study_value_parse(text->str, &again, &again_count, &error);
    assert(rc == 0 && again_count == count);
    for (uint32_t i = 0; i < count; i++)
        check_same(&pieces[i], &again[i]);
    sim_study_pieces_free(again, again_count);
large:
    g_string_free(text, TRUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sim_study_piece *pieces;
    uint32_t count;
    char *error = NULL, *text = g_strndup((const char *)data, size);
    bool valid = g_utf8_validate(text, -1, NULL); /* the INI reader takes no other */
    for (char *at = text; *at; at++)
        if (*at == '\n') *at = ' '; /* a value is of one line */
    if (valid && sim_study_value_parse(text, &pieces, &count, &error) == 0) {
        check_again(pieces, count);
        sim_study_pieces_free(pieces, count);
    } else if (valid) {
        assert(error && *error && !strchr(error, '\n'));
        g_free(error);
    }
    g_free(text);
    return 0;
}
