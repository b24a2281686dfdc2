#include "record/output_file_thread.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 4
#define SLOT_BYTES ((size_t)256 * 1024)
/* Its own frames, and those of hashing and compressing, with room for a sanitizer's. */
#define STACK_BYTES ((size_t)1 << 20)

struct rec_output_thread {
    pthread_t id;
    pthread_mutex_t lock;    /* of all that stands below but the slots' bytes */
    pthread_cond_t came;     /* a slot was filled, or the last was */
    pthread_cond_t went;     /* a slot was emptied, or the work failed */
    size_t sizes[SLOTS];     /* of what each slot holds */
    uint64_t filled, worked; /* slots, counted from the start */
    bool ended, failed;
    rec_output_work *work;
    void *context;
    char slots[SLOTS][SLOT_BYTES];
};

/* Waits for a filled slot. False: there is none any more. */
static bool next_slot(rec_output_thread *thread)
{
    pthread_mutex_lock(&thread->lock);
    while (thread->worked == thread->filled && !thread->ended)
        pthread_cond_wait(&thread->came, &thread->lock);
    bool is_there = thread->worked < thread->filled;
    pthread_mutex_unlock(&thread->lock);
    return is_there;
}

/* Only this thread changes `worked`, and a filled slot is left alone until it is counted there. */
static void *work_on(void *context)
{
    rec_output_thread *thread = context;
    bool well = true;
    while (well && next_slot(thread)) {
        size_t slot = thread->worked % SLOTS;
        well = thread->work(thread->context, thread->slots[slot], thread->sizes[slot]);
        pthread_mutex_lock(&thread->lock);
        thread->worked++;
        thread->failed = !well;
        pthread_cond_signal(&thread->went);
        pthread_mutex_unlock(&thread->lock);
    }
    return NULL;
}

/* Signals are for the threads that were there. */
static bool start(rec_output_thread *thread)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) return false;
    sigfillset(&all);
    bool started = pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0 &&
                   pthread_sigmask(SIG_SETMASK, &all, &before) == 0;
    if (started) {
        started = pthread_create(&thread->id, &attributes, work_on, thread) == 0;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    pthread_attr_destroy(&attributes);
    return started;
}

static void thread_free(rec_output_thread *thread)
{
    pthread_cond_destroy(&thread->went);
    pthread_cond_destroy(&thread->came);
    pthread_mutex_destroy(&thread->lock);
    free(thread);
}

rec_output_thread *rec_output_thread_new(rec_output_work *work, void *context)
{
    assert(work);
    rec_output_thread *thread = malloc(sizeof *thread);
    if (!thread) return NULL;
    memset(thread, 0, offsetof(rec_output_thread, slots));
    thread->work = work;
    thread->context = context;
    pthread_mutex_init(&thread->lock, NULL);
    pthread_cond_init(&thread->came, NULL);
    pthread_cond_init(&thread->went, NULL);
    if (start(thread)) return thread;
    thread_free(thread);
    return NULL;
}

/* Waits for a free slot. False: the work has failed. */
static bool free_slot(rec_output_thread *thread)
{
    pthread_mutex_lock(&thread->lock);
    while (thread->filled - thread->worked == SLOTS && !thread->failed)
        pthread_cond_wait(&thread->went, &thread->lock);
    bool well = !thread->failed;
    pthread_mutex_unlock(&thread->lock);
    return well;
}

bool rec_output_thread_put(rec_output_thread *thread, const char *bytes, size_t size)
{
    assert(bytes && !thread->ended);
    while (size > 0) {
        size_t part = size < SLOT_BYTES ? size : SLOT_BYTES;
        if (!free_slot(thread)) return false;
        size_t slot = thread->filled % SLOTS;
        memcpy(thread->slots[slot], bytes, part);
        thread->sizes[slot] = part;
        pthread_mutex_lock(&thread->lock);
        thread->filled++;
        pthread_cond_signal(&thread->came);
        pthread_mutex_unlock(&thread->lock);
        bytes += part;
        size -= part;
    }
    return true;
}

void rec_output_thread_end(rec_output_thread *thread)
{
    if (!thread) return;
    pthread_mutex_lock(&thread->lock);
    thread->ended = true;
    pthread_cond_signal(&thread->came);
    pthread_mutex_unlock(&thread->lock);
    pthread_join(thread->id, NULL);
    thread_free(thread);
}
