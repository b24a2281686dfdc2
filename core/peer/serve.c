#include "core/peer/impl.h"
#include "core/pool.h"

#include <assert.h>
#include <stdlib.h>

/* ---- the pool of waiting requests ----------------------------------------------------------- */

void mb_serve_init(mb_peer *peer)
{
    peer->serve.free = MB_INDEX_NONE;
}

void mb_serve_free(mb_peer *peer)
{
    free(peer->serve.pool);
    free(peer->serve.sent);
}

/* ---- what has gone -------------------------------------------------------------------------- */

bool mb_serve_reserve(mb_peer *peer, uint32_t capacity)
{
    if (peer->protocol->seeder_choke == MB_SEEDER_CHOKE_SLOTS) return true;
    return mb_list_widen(&peer->serve.sent, sizeof *peer->serve.sent, capacity);
}

void mb_serve_meet(mb_peer *peer, uint32_t index)
{
    if (peer->serve.sent) peer->serve.sent[index] = (mb_sent){0};
}

static void count_up_to(mb_peer *peer, uint32_t index, uint32_t gone)
{
    mb_sent *sent = peer->serve.sent ? &peer->serve.sent[index] : NULL;

    if (!sent) return;
    if (gone > sent->length) gone = sent->length;
    if (gone <= sent->counted) return;
    sent->bytes += gone - sent->counted;
    sent->counted = gone;
}

void mb_serve_gone(mb_peer *peer, uint32_t index, uint32_t block, uint32_t gone)
{
    assert(mb_known_is_used(peer, index) && block < peer->blocks);
    if (peer->known.entries[index].upload == block) count_up_to(peer, index, gone);
}

uint64_t mb_serve_bytes(const mb_peer *peer, uint32_t index)
{
    assert(mb_known_is_used(peer, index) && peer->serve.sent);
    return peer->serve.sent[index].bytes;
}

MB_POOL_DEFINE(queued_pool, mb_serving, mb_queued)

/* ---- answering requests --------------------------------------------------------------------- */

void mb_serve_refuse(mb_peer *peer, uint32_t index, uint32_t block, mb_reason reason,
                     mb_actions *out)
{
    assert(reason != MB_REASON_NONE && block < peer->blocks);
    mb_said *said = mb_send_to(peer, out, index, MB_MSG_REFUSE);

    said->block = block;
    said->reason = (uint8_t)reason;
}

static mb_via via_of(const mb_peer *peer, const mb_known *known, uint32_t flags)
{
    if (flags & MB_FLAG_ENDGAME) return MB_VIA_ENDGAME;
    if (peer->own.complete) return peer->slots.mode == MB_MODE_OPEN ? MB_VIA_OPEN : MB_VIA_SEED;
    if (peer->slots.mode == MB_MODE_QUEUE) return MB_VIA_OPEN;
    return known->slot & MB_SLOT_OPTIMISTIC ? MB_VIA_OPTIMISTIC : MB_VIA_REGULAR;
}

static void start_upload(mb_peer *peer, uint32_t index, const mb_queued *request, mb_actions *out)
{
    uint32_t size = mb_geometry_block_size(peer->geometry, request->block);
    mb_known *known = &peer->known.entries[index];
    mb_action *action = mb_actions_add(out, MB_ACTION_UPLOAD);

    assert(request->offset < size);
    assert(known->upload == MB_BLOCK_NONE && mb_blockset_has(peer->own.mine, request->block));
    known->upload = request->block;
    peer->serve.uploads++;
    if (peer->serve.sent) {
        peer->serve.sent[index].length = size - request->offset;
        peer->serve.sent[index].counted = 0;
    }
    action->to = known->node;
    action->index = index;
    action->remote = known->remote;
    action->upload.block = request->block;
    action->upload.offset = request->offset;
    action->upload.length = size - request->offset;
    action->upload.via = (uint8_t)via_of(peer, known, request->flags);
    action->upload.told = mb_show_told(peer, index);
}

static void enqueue(mb_peer *peer, uint32_t index, const mb_queued *wanted, mb_actions *out)
{
    assert(peer->known.entries[index].queued < MB_PIPELINE_MAX);
    mb_known *known = &peer->known.entries[index];
    uint32_t request = queued_pool_take(&peer->serve, out), *end = &known->queue_head;

    if (request == MB_INDEX_NONE) return;
    while (*end != MB_INDEX_NONE)
        end = &peer->serve.pool[*end].next;
    *end = request;
    peer->serve.pool[request] = *wanted;
    peer->serve.pool[request].next = MB_INDEX_NONE;
    known->queued++;
}

void mb_serve_accept(mb_peer *peer, uint32_t index, const mb_queued *wanted, mb_actions *out)
{
    assert(index < peer->known.top);
    if (peer->known.entries[index].upload != MB_BLOCK_NONE)
        enqueue(peer, index, wanted, out);
    else
        start_upload(peer, index, wanted, out);
}

/* Takes the first of those that wait; there is one. */
static mb_queued dequeue(mb_peer *peer, uint32_t index)
{
    assert(peer->known.entries[index].queued > 0);
    mb_known *known = &peer->known.entries[index];
    uint32_t request = known->queue_head;
    mb_queued taken = peer->serve.pool[request];

    known->queue_head = taken.next;
    known->queued--;
    queued_pool_put(&peer->serve, request);
    return taken;
}

bool mb_serve_next(mb_peer *peer, uint32_t index, mb_actions *out)
{
    assert(peer->known.entries[index].upload == MB_BLOCK_NONE);
    mb_queued next;

    if (peer->known.entries[index].queue_head == MB_INDEX_NONE) return false;
    next = dequeue(peer, index);
    start_upload(peer, index, &next, out);
    return true;
}

void mb_serve_refuse_queue(mb_peer *peer, uint32_t index, mb_reason reason, mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    while (peer->known.entries[index].queued > 0)
        mb_serve_refuse(peer, index, dequeue(peer, index).block, reason, out);
}

/* ---- the end of uploads --------------------------------------------------------------------- */

void mb_serve_abort(mb_peer *peer, uint32_t index, bool keep, mb_actions *out)
{
    mb_known *known = &peer->known.entries[index];
    mb_action *action = mb_actions_add(out, MB_ACTION_ABORT);

    assert(known->upload != MB_BLOCK_NONE);
    action->to = known->node;
    action->index = index;
    action->remote = known->remote;
    action->abort.block = known->upload;
    action->abort.keep = keep;
    known->upload = MB_BLOCK_NONE;
    peer->serve.uploads--;
}

bool mb_serve_sent(mb_peer *peer, uint32_t index, uint32_t block)
{
    assert(mb_known_is_used(peer, index) && block < peer->blocks);
    if (peer->known.entries[index].upload != block) return false;
    count_up_to(peer, index, UINT32_MAX);
    peer->known.entries[index].upload = MB_BLOCK_NONE;
    peer->serve.uploads--;
    if (peer->known.entries[index].debt < MB_DEBT_MAX) peer->known.entries[index].debt++;
    return true;
}

void mb_serve_repaid(mb_peer *peer, uint32_t index)
{
    assert(mb_known_is_used(peer, index));
    if (peer->known.entries[index].debt > -MB_DEBT_MAX) peer->known.entries[index].debt--;
}

bool mb_serve_cancel(mb_peer *peer, uint32_t index, uint32_t block, mb_actions *out)
{
    assert(block < peer->blocks);
    mb_known *known = &peer->known.entries[index];
    mb_queued *pool = peer->serve.pool;

    for (uint32_t *at = &known->queue_head; *at != MB_INDEX_NONE; at = &pool[*at].next) {
        uint32_t request = *at;

        if (pool[request].block != block) continue;
        *at = pool[request].next;
        queued_pool_put(&peer->serve, request);
        known->queued--;
        return false;
    }
    if (known->upload != block) return false;
    mb_serve_abort(peer, index, false, out);
    return true;
}

void mb_serve_forget(mb_peer *peer, uint32_t index, mb_actions *out)
{
    assert(index < peer->known.top);
    while (peer->known.entries[index].queued > 0)
        dequeue(peer, index);
    if (peer->known.entries[index].upload != MB_BLOCK_NONE) mb_serve_abort(peer, index, false, out);
}
