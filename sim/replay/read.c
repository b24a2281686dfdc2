#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/links.h"
#include "sim/replay/replay.h"

#define HEADER "at_s,from,to,bytes"
#define FIELDS 4
/* Some spreadsheets begin a UTF-8 file with it. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"
/* Dates are refused from here on: what follows them must still fit the clock. */
#define AT_MAX (MB_NEVER / 4)

struct reader {
    const char *path;
    FILE *file;
    char *line;
    size_t line_room;
    size_t number; /* of the line, from 1 */
    sim_replay_resolve *resolve;
    void *context;
    sim_replay_transfer *transfers;
    size_t count;
    size_t room;
    char *error;
};

static int fail(struct reader *reader, int code, const char *what, const char *value)
{
    int used = snprintf(reader->error, SIM_REPLAY_ERROR_SIZE, "%s:%zu: %s", reader->path,
                        reader->number, what);
    if (value && used > 0 && used < SIM_REPLAY_ERROR_SIZE) {
        snprintf(reader->error + used, SIM_REPLAY_ERROR_SIZE - (size_t)used, ": '%.80s'", value);
    }
    for (char *at = reader->error; *at; at++) { /* an error is one line */
        if ((unsigned char)*at < ' ' || *at == 0x7f) *at = '?';
    }
    return code;
}

/* 1: a line, its end taken off; 0: the end of the file. */
static int line_next(struct reader *reader)
{
    errno = 0;
    ssize_t got = getline(&reader->line, &reader->line_room, reader->file);
    reader->number++;
    if (got < 0) {
        if (errno == ENOMEM) return fail(reader, MB_ERR_MEMORY, "not enough memory", NULL);
        if (ferror(reader->file)) return fail(reader, MB_ERR_IO, strerror(errno), NULL);
        return 0;
    }
    size_t size = (size_t)got;
    if (strlen(reader->line) != size) return fail(reader, MB_ERR_SYNTAX, "a zero byte", NULL);
    if (size > 0 && reader->line[size - 1] == '\n') reader->line[--size] = '\0';
    if (size > 0 && reader->line[size - 1] == '\r') reader->line[--size] = '\0';
    return 1;
}

/*
 * Takes the quotes off a quoted field, in place. Returns where the field ends in the line, at a
 * comma or the line's end; NULL if the quotes do not close there.
 */
static char *field_unquote(char *field)
{
    char *out = field;
    char *at = field + 1;
    for (;; at++) {
        if (*at == '\0') return NULL;
        if (*at == '"' && *++at != '"') break;
        *out++ = *at;
    }
    if (*at != '\0' && *at != ',') return NULL;
    *out = '\0'; /* always before `at`: the quotes are gone */
    return at;
}

/* Splits the line in place; -1 if it does not parse, else the number of fields (at most 5). */
static int line_split(char *at, char *fields[FIELDS + 1])
{
    int count = 0;
    for (;;) {
        if (count > FIELDS) return count;
        fields[count++] = at;
        char *end;
        if (*at == '"') {
            end = field_unquote(at);
            if (!end) return -1;
        } else {
            end = at + strcspn(at, ",");
            if (memchr(at, '"', (size_t)(end - at))) return -1;
        }
        if (*end == '\0') return count;
        *end = '\0';
        at = end + 1;
    }
}

/* Digits only, at least one; false also for what does not fit. */
static bool parse_whole(const char **at, uint64_t *value)
{
    const char *s = *at;
    uint64_t sum = 0;
    for (; *s >= '0' && *s <= '9'; s++) {
        if (__builtin_mul_overflow(sum, 10, &sum)) return false;
        if (__builtin_add_overflow(sum, (uint64_t)(*s - '0'), &sum)) return false;
    }
    if (s == *at) return false;
    *at = s;
    *value = sum;
    return true;
}

static bool parse_seconds(const char *at, mb_time *time)
{
    uint64_t whole;
    uint64_t part = 0;
    if (!parse_whole(&at, &whole) || whole > (uint64_t)(AT_MAX / MB_SECOND) - 1) return false;
    if (*at == '.') {
        const char *from = ++at;
        if (!parse_whole(&at, &part) || at - from > 9) return false;
        for (ptrdiff_t digits = at - from; digits < 9; digits++) {
            part *= 10;
        }
    }
    *time = (mb_time)whole * MB_SECOND + (mb_time)part;
    return *at == '\0';
}

static int row_parse(struct reader *reader, char *fields[FIELDS + 1], sim_replay_transfer *row)
{
    const char *bytes = fields[3];
    if (!parse_seconds(fields[0], &row->at)) {
        return fail(reader, MB_ERR_RANGE, "at_s is not a time in seconds", fields[0]);
    }
    if (!reader->resolve(reader->context, fields[1], &row->from)) {
        return fail(reader, MB_ERR_UNKNOWN, "from names no node", fields[1]);
    }
    if (!reader->resolve(reader->context, fields[2], &row->to)) {
        return fail(reader, MB_ERR_UNKNOWN, "to names no node", fields[2]);
    }
    if (row->from == row->to) {
        return fail(reader, MB_ERR_ARGUMENT, "from and to are the same node", fields[1]);
    }
    if (!parse_whole(&bytes, &row->bytes) || *bytes || row->bytes > SIM_FLOW_BYTES_MAX) {
        return fail(reader, MB_ERR_RANGE, "bytes is not a whole number of bytes", fields[3]);
    }
    return MB_OK;
}

static int row_add(struct reader *reader)
{
    char *fields[FIELDS + 1];
    sim_replay_transfer row = {0};
    int count = line_split(reader->line, fields);
    if (count != FIELDS) {
        return fail(reader, MB_ERR_SYNTAX, "not a row of the four columns " HEADER, NULL);
    }
    int rc = row_parse(reader, fields, &row);
    if (rc < 0) return rc;
    if (reader->count == reader->room) {
        size_t room = reader->room ? reader->room * 2 : 256;
        void *at = realloc(reader->transfers, room * sizeof *reader->transfers);
        if (!at) return fail(reader, MB_ERR_MEMORY, "not enough memory", NULL);
        reader->transfers = at;
        reader->room = room;
    }
    reader->transfers[reader->count++] = row;
    return MB_OK;
}

static int rows_read(struct reader *reader)
{
    int rc = line_next(reader);
    if (rc < 0) return rc;
    const char *line = rc > 0 ? reader->line : "";
    if (strncmp(line, BYTE_ORDER_MARK, 3) == 0) line += 3;
    if (strcmp(line, HEADER) != 0) {
        return fail(reader, MB_ERR_SYNTAX, "the first line is not " HEADER, NULL);
    }
    while ((rc = line_next(reader)) > 0) {
        rc = row_add(reader);
        if (rc < 0) return rc;
    }
    return rc;
}

int sim_replay_read(const char *path, sim_replay_resolve *resolve, void *context,
                    sim_replay_transfer **transfers, size_t *count,
                    char error[SIM_REPLAY_ERROR_SIZE])
{
    struct reader reader = {
        .path = path,
        .resolve = resolve,
        .context = context,
        .error = error,
    };
    *transfers = NULL;
    *count = 0;
    error[0] = '\0';
    reader.file = fopen(path, "re");
    if (!reader.file) {
        snprintf(error, SIM_REPLAY_ERROR_SIZE, "%s: %s", path, strerror(errno));
        return MB_ERR_IO;
    }
    int rc = rows_read(&reader);
    fclose(reader.file);
    free(reader.line);
    if (rc < 0) {
        free(reader.transfers);
        return rc;
    }
    *transfers = reader.transfers;
    *count = reader.count;
    return MB_OK;
}
