/*
 * The first failure of a run, which ends it.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "sim/swarm/internal.h"

void sim_swarm_fail(sim_swarm *swarm, int error, const char *format, ...)
{
    assert(error < 0);
    va_list arguments;

    if (swarm->error) return;
    swarm->error = error;
    va_start(arguments, format);
    vsnprintf(swarm->result->error, sizeof swarm->result->error, format, arguments);
    va_end(arguments);
}
