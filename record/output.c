#include "record/output.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool sim_output_init(sim_output *output,
                     void (*take)(sim_output *output, const char *bytes, size_t size))
{
    memset(output, 0, sizeof *output);
    output->take = take;
    output->buffer = output->next = malloc(SIM_OUTPUT_BUFFER);
    if (!output->buffer) return false;
    output->end = output->buffer + SIM_OUTPUT_BUFFER;
    return true;
}

void sim_output_clear(sim_output *output)
{
    free(output->buffer);
    output->buffer = output->next = output->end = NULL;
}

void sim_output_fail(sim_output *output, int error, const char *format, ...)
{
    assert(error < 0);
    va_list arguments;
    if (output->error) return;
    output->error = error;
    va_start(arguments, format);
    vsnprintf(output->message, sizeof output->message, format, arguments);
    va_end(arguments);
}

static void pass_on(sim_output *output, const char *bytes, size_t size)
{
    if (size == 0 || output->error) return;
    output->taken += size;
    output->take(output, bytes, size);
}

void sim_output_flush(sim_output *output)
{
    assert(output->next >= output->buffer && output->next <= output->end);
    pass_on(output, output->buffer, (size_t)(output->next - output->buffer));
    output->next = output->buffer;
}

void sim_output_write(sim_output *output, const char *text, size_t size)
{
    assert(text != NULL || size == 0);
    if (size > SIM_OUTPUT_ROOM_MAX) {
        sim_output_flush(output);
        pass_on(output, text, size);
        return;
    }
    char *to = sim_output_room(output, size);
    sim_output_commit(output, rec_put_text(to, text, size));
}

int sim_output_error(const sim_output *output)
{
    return output->error;
}

const char *sim_output_message(const sim_output *output)
{
    return output->message;
}

uint64_t sim_output_bytes(const sim_output *output)
{
    return output->taken + (uint64_t)(output->next - output->buffer);
}
