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

mb_action *mb_actions_add(mb_actions *actions, mb_action_type type)
{
    assert(actions->count <= actions->capacity);
    mb_action *action;

    if (actions->count == actions->capacity) {
        size_t capacity = actions->capacity ? actions->capacity * 2 : 64;
        mb_action *items = realloc(actions->items, capacity * sizeof *items);

        if (!items) {
            actions->failed = true;
            return &actions->spill;
        }
        actions->items = items;
        actions->capacity = capacity;
    }
    action = &actions->items[actions->count++];
    memset(action, 0, sizeof *action);
    action->type = (uint8_t)type;
    action->index = action->remote = MB_INDEX_NONE;
    action->to = MB_NODE_NONE;
    if (type == MB_ACTION_SEND || type == MB_ACTION_BROADCAST) action->said.block = MB_BLOCK_NONE;
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
