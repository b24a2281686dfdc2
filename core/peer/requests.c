#include "core/peer/impl.h"
#include "core/pool.h"

#include <assert.h>
#include <stdlib.h>

/* ---- the pool ------------------------------------------------------------------------------- */

void mb_requests_init(mb_peer *peer, uint64_t *memory)
{
    peer->requests.asked = memory;
    peer->requests.free = MB_INDEX_NONE;
}

void mb_requests_free(mb_peer *peer)
{
    free(peer->requests.pool);
}

MB_POOL_DEFINE(request_pool, mb_requests, mb_request)

/* ---- who has been asked for what ------------------------------------------------------------ */

/* The link that leads to my request for `block` with it, or NULL. */
uint32_t *mb_requests_find(mb_peer *peer, uint32_t index, uint32_t block)
{
    assert(mb_known_is_used(peer, index));
    assert(block < peer->blocks);
    uint32_t *at = &peer->known.entries[index].asked_head;

    for (; *at != MB_INDEX_NONE; at = &peer->requests.pool[*at].next)
        if (peer->requests.pool[*at].block == block) return at;
    return NULL;
}

/* Whether anybody has a request of mine for `block`. O(known). */
static bool is_asked_of_anyone(mb_peer *peer, uint32_t block)
{
    assert(mb_blockset_has(peer->requests.asked, block));
    for (uint32_t w = 0; w < mb_group_words(peer); w++)
        for (uint64_t bits = mb_group_word(peer, w, MB_GROUP_ASKED); bits; bits &= bits - 1)
            if (mb_requests_find(peer, mb_group_first(w, bits), block)) return true;
    return false;
}

bool mb_requests_add(mb_peer *peer, mb_time now, uint32_t index, mb_request wanted, mb_actions *out)
{
    assert(wanted.block < peer->blocks && peer->known.entries[index].asked < UINT8_MAX);
    mb_requests *requests = &peer->requests;
    mb_known *known = &peer->known.entries[index];
    uint32_t request = request_pool_take(requests, out), *end = &known->asked_head;

    if (request == MB_INDEX_NONE) return false;
    while (*end != MB_INDEX_NONE)
        end = &requests->pool[*end].next;
    *end = request;
    wanted.next = MB_INDEX_NONE;
    wanted.since = wanted.at = now;
    requests->pool[request] = wanted;
    known->asked++;
    mb_group_put(&peer->known, MB_GROUP_ASKED, index, true);
    requests->count++;
    mb_blockset_add(requests->asked, wanted.block);
    return true;
}

/* Takes a request out; its block is free again unless somebody else has been asked for it too. */
mb_request mb_requests_take(mb_peer *peer, mb_time now, uint32_t index, uint32_t *at)
{
    assert(*at != MB_INDEX_NONE && peer->known.entries[index].asked > 0);
    uint32_t request = *at;
    mb_request taken = peer->requests.pool[request];
    mb_known *known = &peer->known.entries[index];

    *at = taken.next;
    request_pool_put(&peer->requests, request);
    known->asked--;
    if (known->asked == 0) mb_group_put(&peer->known, MB_GROUP_ASKED, index, false);
    peer->requests.count--;
    if (!(taken.flags & MB_FLAG_ENDGAME) || !is_asked_of_anyone(peer, taken.block))
        mb_blockset_remove(peer->requests.asked, taken.block);
    if (at == &known->asked_head && known->asked_head != MB_INDEX_NONE) {
        mb_request *head = &peer->requests.pool[known->asked_head];

        head->at = head->since = now;
    }
    return taken;
}

void mb_requests_double(mb_peer *peer, uint32_t request)
{
    assert(request < peer->requests.capacity);
    peer->requests.pool[request].flags |= MB_FLAG_ENDGAME;
}

/* ---- how far they are ----------------------------------------------------------------------- */

void mb_requests_progress(mb_peer *peer, mb_time now, uint32_t index,
                          const mb_event_progress *event)
{
    uint32_t *at = mb_requests_find(peer, index, event->block);
    mb_request *request;
    uint32_t come;

    if (!at) return;
    request = &peer->requests.pool[*at];
    if (event->carried != request->carried || event->ending) request->at = now;
    request->carried = event->carried;
    if (event->here <= request->offset + request->progress) return;
    come = event->here - request->offset;
    mb_pace_receive(peer, index, come - request->progress);
    request->progress = come;
    request->at = now;
}

bool mb_requests_is_overdue(const mb_peer *peer, mb_time now, uint32_t index)
{
    assert(peer->known.entries[index].asked > 0);
    const mb_known *known = &peer->known.entries[index];

    assert(known->asked_head != MB_INDEX_NONE);
    return now - peer->requests.pool[known->asked_head].at >= peer->protocol->request_timeout;
}

bool mb_requests_cover(const mb_peer *peer)
{
    uint32_t missing = peer->blocks - peer->own.held;

    /* in rounds it may hold all and not have noticed yet */
    return missing > 0 && peer->requests.count >= missing &&
           mb_blockset_count(peer->requests.asked, peer->words) == missing;
}
