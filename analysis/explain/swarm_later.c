/* What takes effect a latency after it was said, in order of time. */
#include "analysis/explain/swarm_internal.h"
#include "core/heap.h"

static bool is_before(const void *unused, later a, later b)
{
    (void)unused;
    return a.time != b.time ? a.time < b.time : a.order < b.order;
}

MB_HEAP_DEFINE(later_heap, const void, later, 2, is_before, MB_HEAP_PUT)

static void later_push(res_swarm *swarm, later what)
{
    what.order = swarm->order++;
    g_array_append_val(swarm->later, what);
    later_heap_rise(NULL, (later *)(void *)swarm->later->data, swarm->later->len - 1);
}

later res_swarm_later_pop(res_swarm *swarm)
{
    later first = later_heap_pop(NULL, (later *)(void *)swarm->later->data, swarm->later->len);
    g_array_set_size(swarm->later, swarm->later->len - 1);
    return first;
}

void res_swarm_after_delay(res_swarm *swarm, uint8_t what, uint32_t a, uint32_t b, uint32_t block)
{
    int64_t time = swarm->now + res_facts_delay(swarm->facts, a, b);
    later_push(swarm, (later){.time = time, .what = what, .a = a, .b = b, .block = block});
}
