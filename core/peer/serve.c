#include "core/peer/impl.h"

#include <assert.h>
#include <stdlib.h>

/* ---- the pool of requests ------------------------------------------------------------------- */

uint32_t mb_request_new(mb_peer *peer, mb_actions *out)
{
    uint32_t request = peer->request_free;

    if (request == MB_INDEX_NONE) {
        uint32_t old = peer->request_capacity, capacity = old ? old * 2 : 4;
        mb_request *requests = realloc(peer->requests, capacity * sizeof *requests);

        if (!requests) {
            out->failed = true;
            return MB_INDEX_NONE;
        }
        peer->requests = requests;
        peer->request_capacity = capacity;
        for (uint32_t i = capacity; i-- > old;)
            mb_request_free(peer, i);
        request = peer->request_free;
    }
    peer->request_free = peer->requests[request].next;
    peer->requests[request] = (mb_request){.next = MB_INDEX_NONE};
    return request;
}

void mb_request_free(mb_peer *peer, uint32_t request)
{
    assert(request < peer->request_capacity);
    peer->requests[request].next = peer->request_free;
    peer->request_free = request;
}

/* ---- answering requests --------------------------------------------------------------------- */

static void refuse(mb_peer *peer, uint32_t index, uint32_t block, mb_reason reason, mb_actions *out)
{
    assert(reason != MB_REASON_NONE && block < peer->blocks);
    mb_said *said = mb_peer_send(peer, out, index, MB_MSG_REFUSE);

    said->block = block;
    said->reason = (uint8_t)reason;
}

static mb_via via_of(const mb_peer *peer, const mb_known *known, uint32_t flags)
{
    if (flags & MB_FLAG_ENDGAME) return MB_VIA_ENDGAME;
    if (peer->complete) return peer->mode == MB_MODE_OPEN ? MB_VIA_OPEN : MB_VIA_SEED;
    if (peer->mode == MB_MODE_QUEUE) return MB_VIA_OPEN;
    return known->flags & MB_KNOWN_OPTIMISTIC ? MB_VIA_OPTIMISTIC : MB_VIA_REGULAR;
}

static void start_upload(mb_peer *peer, uint32_t index, const mb_request *request, mb_actions *out)
{
    uint32_t size = mb_geometry_block_size(peer->geometry, request->block);
    mb_known *known = &peer->known[index];
    mb_action *action = mb_actions_add(out, MB_ACTION_UPLOAD);

    assert(request->offset < size);
    assert(known->upload == MB_BLOCK_NONE && mb_blockset_has(peer->mine, request->block));
    known->upload = request->block;
    known->flags |= MB_KNOWN_GRANTED;
    peer->uploads++;
    action->to = known->node;
    action->index = index;
    action->remote = known->remote;
    action->upload.block = request->block;
    action->upload.offset = request->offset;
    action->upload.length = size - request->offset;
    action->upload.via = (uint8_t)via_of(peer, known, request->flags);
    action->upload.told = mb_peer_told(peer);
}

static void enqueue(mb_peer *peer, uint32_t index, const mb_request *wanted, mb_actions *out)
{
    assert(peer->known[index].queued < MB_PIPELINE_MAX);
    mb_known *known = &peer->known[index];
    uint32_t request = mb_request_new(peer, out), *end = &known->queue_head;

    if (request == MB_INDEX_NONE) return;
    while (*end != MB_INDEX_NONE)
        end = &peer->requests[*end].next;
    *end = request;
    peer->requests[request].block = wanted->block;
    peer->requests[request].offset = wanted->offset;
    peer->requests[request].flags = wanted->flags;
    known->queued++;
}

bool mb_serve_next(mb_peer *peer, uint32_t index, mb_actions *out)
{
    assert(peer->known[index].upload == MB_BLOCK_NONE);
    mb_known *known = &peer->known[index];
    uint32_t request = known->queue_head;

    if (request == MB_INDEX_NONE) return false;
    known->queue_head = peer->requests[request].next;
    known->queued--;
    start_upload(peer, index, &peer->requests[request], out);
    mb_request_free(peer, request);
    return true;
}

void mb_serve_refuse_queue(mb_peer *peer, uint32_t index, mb_reason reason, mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    mb_known *known = &peer->known[index];

    while (known->queue_head != MB_INDEX_NONE) {
        uint32_t request = known->queue_head;

        refuse(peer, index, peer->requests[request].block, reason, out);
        known->queue_head = peer->requests[request].next;
        mb_request_free(peer, request);
    }
    known->queued = 0;
}

/* ---- super-seeding -------------------------------------------------------------------------- */

/* One more whom `block` has been served to, or who is steered to it. */
static bool served_add(mb_peer *peer, uint32_t block, mb_actions *out)
{
    uint32_t copies = mb_rarity_copies(&peer->served, block) + 1;

    if (mb_rarity_reserve(&peer->served, copies)) { /* GCOVR_EXCL_START: no memory */
        out->failed = true;
        return false;
    } /* GCOVR_EXCL_STOP */
    mb_rarity_add_block(&peer->served, block);
    return true;
}

/* Steers by Legout et al. and BEP 16: the block served least among those that the asker lacks. */
uint32_t mb_serve_steer(mb_peer *peer, uint32_t index, mb_actions *out)
{
    assert(peer->complete && peer->protocol->super_seed);
    uint64_t *lacks = mb_actions_scratch(out, peer->words * sizeof *lacks);
    const uint64_t *has = mb_known_set(peer, index);
    uint32_t ties, block;
    uint64_t drawn;

    if (!lacks) return MB_BLOCK_NONE;
    mb_serve_unsteer(peer, index);
    for (uint32_t w = 0; w < peer->words; w++)
        lacks[w] = peer->mine[w] & ~has[w];
    ties = mb_rarity_rarest(&peer->served, lacks, lacks);
    if (ties == 0) return MB_BLOCK_NONE;
    drawn = mb_rng_below(&peer->selection_rng, ties);
    block = mb_blockset_nth(lacks, peer->words, (uint32_t)drawn);
    if (!served_add(peer, block, out)) return MB_BLOCK_NONE; /* GCOVR_EXCL_BR_LINE: no memory */
    peer->known[index].hint = block;
    return block;
}

void mb_serve_unsteer(mb_peer *peer, uint32_t index)
{
    assert(mb_known_is_used(peer, index));
    mb_known *known = &peer->known[index];

    if (!peer->protocol->super_seed || !peer->complete || known->hint == MB_BLOCK_NONE) return;
    mb_rarity_subtract_block(&peer->served, known->hint);
    known->hint = MB_BLOCK_NONE;
}

/* It asks for a block: for another than it was steered to, that one counts instead. */
static void steered(mb_peer *peer, uint32_t index, uint32_t block, mb_actions *out)
{
    mb_known *known = &peer->known[index];

    if (!peer->protocol->super_seed || !peer->complete) return;
    if (known->hint == block) {
        known->hint = MB_BLOCK_NONE;
        return;
    }
    mb_serve_unsteer(peer, index);
    served_add(peer, block, out);
}

void mb_serve_greet(mb_peer *peer, uint32_t index, mb_message message, mb_actions *out)
{
    mb_said *said = mb_peer_send(peer, out, index, message);

    if (peer->mode != MB_MODE_OPEN) return;
    said->flags |= MB_FLAG_OPEN;
    if (peer->protocol->super_seed) said->block = mb_serve_steer(peer, index, out);
}

/* ---- requests ------------------------------------------------------------------------------- */

static bool may_serve(mb_peer *peer, mb_time now, uint32_t index, mb_actions *out)
{
    mb_known *known = &peer->known[index];

    if (peer->mode == MB_MODE_OPEN || known->flags & MB_KNOWN_UNCHOKED) return true;
    if (peer->mode != MB_MODE_SLOTS && peer->mode != MB_MODE_QUEUE) return false;
    mb_choke_wait(peer, index);
    mb_choke_fill(peer, now, out); /* a free slot is had for the asking */
    return known->flags & MB_KNOWN_UNCHOKED;
}

void mb_serve_request(mb_peer *peer, mb_time now, uint32_t index, const mb_said *said,
                      mb_actions *out)
{
    assert(mb_known_is_used(peer, index));
    mb_known *known = &peer->known[index];
    mb_request wanted = {
        .block = said->block, .offset = said->offset, .flags = said->flags & MB_FLAG_ENDGAME};
    mb_reason reason = MB_REASON_NONE;

    assert(said->block < peer->blocks);
    if (peer->leaving && !(known->flags & MB_KNOWN_LAST))
        reason = MB_REASON_LEAVING;
    else if (!mb_blockset_has(peer->mine, said->block) || known->flags & MB_KNOWN_SELF)
        reason = MB_REASON_NOT_HELD; /* what I ask myself for, I lack */
    else if (!peer->leaving && !may_serve(peer, now, index, out))
        reason = MB_REASON_CHOKED;
    else if (known->upload != MB_BLOCK_NONE && known->queued >= MB_PIPELINE_MAX)
        reason = MB_REASON_BUSY;
    if (reason != MB_REASON_NONE) {
        refuse(peer, index, said->block, reason, out);
        return;
    }
    steered(peer, index, said->block, out);
    if (known->upload != MB_BLOCK_NONE)
        enqueue(peer, index, &wanted, out);
    else
        start_upload(peer, index, &wanted, out);
    if (peer->leaving) {
        known->flags &= (uint16_t)~MB_KNOWN_LAST;
        peer->last_count--;
    }
}

void mb_serve_abort(mb_peer *peer, uint32_t index, bool keep, mb_actions *out)
{
    mb_known *known = &peer->known[index];
    mb_action *action = mb_actions_add(out, MB_ACTION_ABORT);

    assert(known->upload != MB_BLOCK_NONE);
    action->to = known->node;
    action->index = index;
    action->remote = known->remote;
    action->abort.block = known->upload;
    action->abort.keep = keep;
    known->upload = MB_BLOCK_NONE;
    peer->uploads--;
}

/* What comes after an upload to it has ended, whole or not. */
static void upload_ended(mb_peer *peer, uint32_t index, uint32_t block, mb_actions *out)
{
    assert(block < peer->blocks && peer->known[index].upload == MB_BLOCK_NONE);
    mb_known *known = &peer->known[index];

    if (peer->leaving) {
        mb_serve_refuse_queue(peer, index, MB_REASON_LEAVING, out);
    } else if (peer->mode == MB_MODE_OPEN) {
        if (mb_serve_next(peer, index, out) || !peer->protocol->super_seed) return;
        mb_serve_greet(peer, index, MB_MSG_UNCHOKE, out);
    } else if (known->flags & MB_KNOWN_UNCHOKED) {
        if (peer->mode == MB_MODE_CHOKER)
            mb_serve_next(peer, index, out);
        else
            mb_choke_pass_on(peer, index, block, out);
    }
}

void mb_serve_sent(mb_peer *peer, mb_time now, uint32_t index, uint32_t block, mb_actions *out)
{
    assert(mb_known_is_used(peer, index) && block < peer->blocks);
    (void)now;
    if (peer->known[index].upload != block) return;
    peer->known[index].upload = MB_BLOCK_NONE;
    peer->uploads--;
    upload_ended(peer, index, block, out);
}

void mb_serve_cancel(mb_peer *peer, mb_time now, uint32_t index, uint32_t block, mb_actions *out)
{
    assert(block < peer->blocks);
    mb_known *known = &peer->known[index];

    (void)now;
    for (uint32_t *at = &known->queue_head; *at != MB_INDEX_NONE; at = &peer->requests[*at].next) {
        uint32_t request = *at;

        if (peer->requests[request].block != block) continue;
        *at = peer->requests[request].next;
        mb_request_free(peer, request);
        known->queued--;
        return;
    }
    if (known->upload != block) return;
    mb_serve_abort(peer, index, false, out);
    upload_ended(peer, index, block, out);
}

/* ---- leaving -------------------------------------------------------------------------------- */

/* One more block for whoever I have unchoked and am not serving right now. */
static void offer_last_block(mb_peer *peer, uint32_t index, mb_actions *out)
{
    assert(peer->leaving && mb_known_is_used(peer, index));
    mb_known *known = &peer->known[index];
    bool lent = peer->mode == MB_MODE_SLOTS || peer->mode == MB_MODE_QUEUE;
    mb_said *notice;

    mb_serve_refuse_queue(peer, index, MB_REASON_LEAVING, out);
    if (known->upload != MB_BLOCK_NONE || known->flags & MB_KNOWN_SELF) return;
    if (!mb_known_lacks(peer, index) || peer->protocol->ask == MB_ASK_MUTUAL) return;
    known->flags |= MB_KNOWN_LAST | MB_KNOWN_GRANTED;
    peer->last_count++;
    if (lent && !(known->flags & MB_KNOWN_BESIDE)) return; /* it knows: it may ask for one block */
    notice = mb_peer_send(peer, out, index, MB_MSG_UNCHOKE);
    notice->flags |= MB_FLAG_SLOT;
}

void mb_serve_leave(mb_peer *peer, mb_time now, mb_actions *out)
{
    if (peer->leaving || !peer->started) return;
    peer->leaving = true;
    peer->next_unchoke = peer->next_round = MB_NEVER;
    peer->round_listing = peer->round_unchoking = peer->round_open = false;
    if (peer->known_count > 0 && peer->protocol->knowledge == MB_KNOWLEDGE_PIGGYBACK) {
        mb_action *tell = mb_actions_add(out, MB_ACTION_BROADCAST);

        tell->said.message = MB_MSG_HAVE;
        tell->said.told = mb_peer_told(peer);
    }
    for (uint32_t i = 0; i < peer->unchoked.count; i++)
        offer_last_block(peer, peer->unchoked.items[i], out);
    mb_serve_try_leaving(peer, now, out);
}

void mb_serve_try_leaving(mb_peer *peer, mb_time now, mb_actions *out)
{
    mb_action *bye;

    assert(!peer->left);
    if (peer->uploads > 0 || peer->last_count > 0) return;
    bye = mb_actions_add(out, MB_ACTION_BROADCAST);
    bye->said.message = MB_MSG_BYE;
    mb_peer_announce(peer, now, MB_ANNOUNCE_LEAVE, out);
    mb_actions_add(out, MB_ACTION_LEFT);
    peer->left = true;
}
