#include "core/event.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void mb_actions_init(mb_actions *actions)
{
    memset(actions, 0, sizeof *actions);
}

void mb_actions_clear(mb_actions *actions)
{
    free(actions->items);
    free(actions->scratch);
    mb_actions_init(actions);
}

/* Where the fields of an action go that no memory could be had for. Nobody reads it. */
static mb_action *mb_actions_fail(mb_actions *actions)
{
    static _Thread_local mb_action spill;

    actions->failed = true;
    memset(&spill, 0, sizeof spill);
    return &spill;
}

mb_action *mb_actions_add(mb_actions *actions, mb_action_type type)
{
    mb_action *action;

    if (actions->count == actions->capacity) {
        size_t capacity = actions->capacity ? actions->capacity * 2 : 64;
        mb_action *items = realloc(actions->items, capacity * sizeof *items);

        if (!items) return mb_actions_fail(actions);
        actions->items = items;
        actions->capacity = capacity;
    }
    action = &actions->items[actions->count++];
    memset(action, 0, sizeof *action);
    action->type = (uint8_t)type;
    action->index = action->remote = MB_INDEX_NONE;
    action->block = MB_BLOCK_NONE;
    action->to = MB_NODE_NONE;
    return action;
}

void *mb_actions_scratch(mb_actions *actions, size_t size)
{
    if (size > actions->scratch_size) {
        size_t grown = size + size / 2 + 256;
        void *scratch = realloc(actions->scratch, grown);

        if (!scratch) {
            actions->failed = true;
            return NULL;
        }
        actions->scratch = scratch;
        actions->scratch_size = grown;
    }
    return actions->scratch;
}
