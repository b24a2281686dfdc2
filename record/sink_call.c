#include "record/sink_call.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct rec_sink_table {
    rec_output output; /* the first member */
    rec_sink_call *sink;
    char name[];
};

static void table_take(rec_output *output, const char *bytes, size_t size)
{
    struct rec_sink_table *table = (struct rec_sink_table *)output;
    int result = table->sink->take(table->sink->context, table->name, bytes, size);
    if (result == 0) return;
    rec_output_fail(output, result < 0 ? result : MB_ERR_IO, "%s: %s", table->name,
                    result < 0 ? mb_strerror(result) : "not taken");
}

static int call_begin(rec_sink *sink, char *error, size_t error_size)
{
    (void)sink, (void)error, (void)error_size;
    return MB_OK;
}

static int call_open(rec_sink *sink, const char *name, rec_output **output, char *error,
                     size_t error_size)
{
    rec_sink_call *call = (rec_sink_call *)sink;
    assert(call->count < REC_SINK_TABLES_MAX);
    struct rec_sink_table *table = calloc(1, sizeof *table + strlen(name) + 1);
    if (!table || !rec_output_init(&table->output, table_take)) {
        snprintf(error, error_size, "%s: out of memory", name);
        free(table);
        return MB_ERR_MEMORY;
    }
    table->sink = call;
    memcpy(table->name, name, strlen(name) + 1);
    call->tables[call->count++] = table;
    *output = &table->output;
    return MB_OK;
}

static bool call_failed(const rec_sink *sink)
{
    const rec_sink_call *call = (const rec_sink_call *)sink;
    for (uint32_t i = 0; i < call->count; i++) {
        if (call->tables[i]->output.error) return true;
    }
    return false;
}

static int call_publish(rec_sink *sink, bool complete, char *error, size_t error_size)
{
    (void)complete;
    rec_sink_call *call = (rec_sink_call *)sink;
    for (uint32_t i = 0; i < call->count; i++) {
        rec_output *output = &call->tables[i]->output;
        rec_output_flush(output);
        if (!output->error) continue;
        snprintf(error, error_size, "%s", output->message);
        return output->error;
    }
    return MB_OK;
}

void rec_sink_call_init(rec_sink_call *sink, rec_sink_take *take, void *context)
{
    *sink = (rec_sink_call){
        .sink = {call_begin, call_open, call_failed, call_publish},
        .take = take,
        .context = context,
    };
}

void rec_sink_call_clear(rec_sink_call *sink)
{
    for (uint32_t i = 0; i < sink->count; i++) {
        rec_output_clear(&sink->tables[i]->output);
        free(sink->tables[i]);
    }
    sink->count = 0;
}
