#include "analysis/data/interrupt.h"

#include <glib-unix.h>
#include <signal.h>

static gboolean take_note(gpointer cancellable)
{
    g_cancellable_cancel(cancellable);
    return G_SOURCE_CONTINUE;
}

/* A thread of its own: those that work wait for programs, or read. */
static gpointer watch(gpointer context)
{
    for (;;)
        g_main_context_iteration(context, TRUE);
    return NULL;
}

static void attach(int number, GMainContext *context)
{
    GSource *source = g_unix_signal_source_new(number);
    g_source_set_callback(source, take_note, res_interrupt_cancellable(), NULL);
    g_source_attach(source, context);
    g_source_unref(source);
}

void res_interrupt_catch(void)
{
    static GMainContext *context;
    if (context) return;
    context = g_main_context_new();
    attach(SIGINT, context);
    attach(SIGTERM, context);
    g_thread_unref(g_thread_new("interrupt", watch, context));
}

GCancellable *res_interrupt_cancellable(void)
{
    static GCancellable *cancellable;
    if (g_once_init_enter(&cancellable)) g_once_init_leave(&cancellable, g_cancellable_new());
    return cancellable;
}

bool res_interrupted(void)
{
    return g_cancellable_is_cancelled(res_interrupt_cancellable());
}

gboolean res_interrupt_error(GError **error)
{
    g_set_error_literal(error, RES_ERROR, RES_ERROR_INTERRUPTED, "interrupted");
    return FALSE;
}

bool res_interrupt_is(const GError *error)
{
    return g_error_matches(error, RES_ERROR, RES_ERROR_INTERRUPTED);
}
