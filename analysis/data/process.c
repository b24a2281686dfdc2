#include "analysis/data/process.h"

#include "analysis/data/interrupt.h"

static bool read_all(GInputStream *from, GString *said, GError **error)
{
    char bytes[4096];
    gssize got;
    while ((got = g_input_stream_read(from, bytes, sizeof bytes, res_interrupt_cancellable(),
                                      error)) > 0)
        g_string_append_len(said, bytes, got);
    return got == 0;
}

bool res_process_wait(GSubprocess *process, GInputStream *from, GString *said, GError **error)
{
    GError *failure = NULL;
    if (read_all(from, said, &failure) &&
        g_subprocess_wait(process, res_interrupt_cancellable(), &failure) && !res_interrupted())
        return true;
    g_subprocess_force_exit(process);
    g_subprocess_wait(process, NULL, NULL);
    if (failure && !res_interrupted()) {
        g_propagate_error(error, failure);
        return false;
    }
    g_clear_error(&failure);
    return res_interrupt_error(error);
}
