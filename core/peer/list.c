#include "core/peer/list.h"

#include <assert.h>
#include <stdlib.h>

int mb_list_add(mb_list *list, uint32_t item)
{
    assert(list->count <= list->capacity);
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity ? list->capacity * 2 : 4;
        uint32_t *items = realloc(list->items, capacity * sizeof *items);

        if (!items) return MB_ERR_MEMORY;
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = item;
    return MB_OK;
}

void mb_list_remove_at(mb_list *list, uint32_t place)
{
    assert(place < list->count);
    list->items[place] = list->items[--list->count];
}

void mb_list_remove(mb_list *list, uint32_t item)
{
    uint32_t place = 0;

    while (list->items[place] != item) {
        place++;
        assert(place < list->count);
    }
    mb_list_remove_at(list, place);
}

bool mb_list_widen(void *array, size_t size, size_t count)
{
    void **place = array;
    void *grown = realloc(*place, size * count);

    if (!grown) return false;
    *place = grown;
    return true;
}
