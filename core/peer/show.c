#include "core/peer/impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int mb_show_init(mb_peer *peer)
{
    mb_show *show = &peer->show;

    show->withholds = peer->seeder && peer->protocol->super_seed >= MB_SUPER_SEED_WITHHOLD;
    if (!show->withholds) return MB_OK;
    show->current = calloc((size_t)peer->blocks + 1, sizeof *show->current);
    show->out = calloc((size_t)peer->words + 1, sizeof *show->out);
    return show->current && show->out ? MB_OK : MB_ERR_MEMORY;
}

void mb_show_free(mb_peer *peer)
{
    for (uint32_t i = 0; peer->show.each && i < peer->known.top; i++)
        if (peer->known.entries[i].flags & MB_KNOWN_USED) mb_log_free(peer->show.each[i].log);
    mb_log_free(peer->show.logs);
    free(peer->show.each);
    free(peer->show.current);
    free(peer->show.out);
}

bool mb_show_reserve(mb_peer *peer, uint32_t capacity)
{
    if (!peer->show.withholds) return true;
    return mb_list_widen(&peer->show.each, sizeof *peer->show.each, capacity);
}

void mb_show_meet(mb_peer *peer, uint32_t index)
{
    assert(peer->show.each);
    peer->show.each[index] = (mb_shown){.current = MB_BLOCK_NONE};
}

/* ---- logs ----------------------------------------------------------------------------------- */

/* Messages may tell of it still. */
static void keep(mb_show *show, mb_log *log)
{
    if (!log) return;
    assert(!log->older);
    log->older = show->logs;
    show->logs = log;
}

/* Room for one block more: a longer log of the same epoch takes the place of one that is full. */
static bool widen(mb_peer *peer, mb_shown *shown)
{
    mb_log *old = shown->log, *log;
    uint32_t capacity = old ? 2 * old->capacity : 4;

    assert(peer->show.withholds && (!old || old->epoch == peer->own.log->epoch));
    if (old && old->count < old->capacity) return true;
    log = mb_log_new(peer->own.log->epoch, capacity < peer->blocks ? capacity : peer->blocks);
    if (!log) return false;
    for (uint32_t i = 0; old && i < old->count; i++)
        mb_log_append(log, old->blocks[i]);
    keep(&peer->show, old);
    shown->log = log;
    return true;
}

void mb_show_release(mb_peer *peer, mb_log *log)
{
    mb_show *show = &peer->show;

    for (uint32_t i = 0; show->each && i < peer->known.top; i++) {
        if (!(peer->known.entries[i].flags & MB_KNOWN_USED)) continue;
        keep(show, show->each[i].log);
        show->each[i].log = NULL;
    }
    log->older = show->logs;
    show->logs = NULL;
}

/* ---- what is shown -------------------------------------------------------------------------- */

static void set_current(mb_peer *peer, uint32_t index, uint32_t block)
{
    mb_show *show = &peer->show;
    uint32_t before = show->each[index].current;

    assert(block == MB_BLOCK_NONE || mb_blockset_has(peer->own.mine, block));
    show->each[index].current = block;
    if (before != MB_BLOCK_NONE && --show->current[before] == 0)
        mb_blockset_remove(show->out, before);
    if (block != MB_BLOCK_NONE && show->current[block]++ == 0) mb_blockset_add(show->out, block);
}

void mb_show_forget(mb_peer *peer, uint32_t index)
{
    assert(peer->show.each && mb_known_is_used(peer, index));
    set_current(peer, index, MB_BLOCK_NONE);
    keep(&peer->show, peer->show.each[index].log);
    peer->show.each[index].log = NULL;
}

bool mb_show_next(mb_peer *peer, uint32_t index, uint32_t block)
{
    assert(peer->show.each && mb_known_is_used(peer, index));
    set_current(peer, index, block);
    if (block == MB_BLOCK_NONE || mb_show_has(peer, index, block)) return true;
    if (!widen(peer, &peer->show.each[index])) return false;
    mb_log_append(peer->show.each[index].log, block);
    return true;
}

uint32_t mb_show_missing(const mb_peer *peer, uint32_t index, const uint64_t *set)
{
    const mb_log *log = peer->show.each[index].log;

    assert(peer->show.withholds);
    for (uint32_t i = log ? log->count : 0; i-- > 0;)
        if (!mb_blockset_has(set, log->blocks[i])) return log->blocks[i];
    return MB_BLOCK_NONE;
}

uint32_t mb_show_count_missing(const mb_peer *peer, uint32_t index, const uint64_t *set)
{
    const mb_log *log = peer->show.each[index].log;
    uint32_t count = 0;

    for (uint32_t i = 0; log && i < log->count; i++)
        count += !mb_blockset_has(set, log->blocks[i]);
    return count;
}

bool mb_show_has(const mb_peer *peer, uint32_t index, uint32_t block)
{
    const mb_log *log;

    assert(mb_known_is_used(peer, index) && block < peer->blocks);
    if (!peer->show.withholds) return true;
    log = peer->show.each[index].log;
    for (uint32_t i = log ? log->count : 0; i-- > 0;)
        if (log->blocks[i] == block) return true;
    return false;
}

/* ---- what is told --------------------------------------------------------------------------- */

mb_told mb_show_listed(const mb_peer *peer)
{
    mb_told told = mb_log_told(peer->own.log);

    if (peer->show.withholds) told.count = 0;
    return told;
}

mb_told mb_show_told(const mb_peer *peer, uint32_t index)
{
    if (!peer->show.withholds) return mb_own_told(peer);
    if (peer->protocol->knowledge == MB_KNOWLEDGE_TRACKER) return (mb_told){0};
    if (!peer->show.each[index].log) return mb_show_listed(peer);
    return mb_log_told(peer->show.each[index].log);
}
