#include "record/output.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool rec_output_init(rec_output *output,
                     void (*take)(rec_output *output, const char *bytes, size_t size))
{
    memset(output, 0, sizeof *output);
    output->take = take;
    output->buffer = output->next = malloc(REC_OUTPUT_BUFFER);
    if (!output->buffer) return false;
    output->end = output->buffer + REC_OUTPUT_BUFFER;
    return true;
}

void rec_output_clear(rec_output *output)
{
    free(output->buffer);
    output->buffer = output->next = output->end = NULL;
}

void rec_output_fail(rec_output *output, int error, const char *format, ...)
{
    assert(error < 0);
    va_list arguments;
    if (output->error) return;
    output->error = error;
    va_start(arguments, format);
    vsnprintf(output->message, sizeof output->message, format, arguments);
    va_end(arguments);
}

static void pass_on(rec_output *output, const char *bytes, size_t size)
{
    if (size == 0 || output->error) return;
    output->taken += size;
    output->take(output, bytes, size);
}

void rec_output_flush(rec_output *output)
{
    assert(output->next >= output->buffer && output->next <= output->end);
    pass_on(output, output->buffer, (size_t)(output->next - output->buffer));
    output->next = output->buffer;
}

void rec_output_write(rec_output *output, const char *text, size_t size)
{
    assert(text || size == 0);
    if (size > REC_OUTPUT_ROOM_MAX) {
        rec_output_flush(output);
        pass_on(output, text, size);
        return;
    }
    char *to = rec_output_room(output, size);
    rec_output_commit(output, rec_put_text(to, text, size));
}

int rec_output_error(const rec_output *output)
{
    return output->error;
}

const char *rec_output_message(const rec_output *output)
{
    return output->message;
}

uint64_t rec_output_bytes(const rec_output *output)
{
    return output->taken + (uint64_t)(output->next - output->buffer);
}
