#include "core/peer/impl.h"

/* Bytes of a cache line. */
#define LINE ((size_t)64)

/* ---- fetching ahead ------------------------------------------------------------------------- */

void mb_peer_fetch(const mb_peer *peer)
{
    const char *at = (const char *)peer;

    for (size_t offset = 0; offset < offsetof(mb_peer, find); offset += LINE)
        __builtin_prefetch(at + offset, 1);
}

void mb_peer_fetch_known(const mb_peer *peer, uint32_t index)
{
    const mb_known *known = peer->known.entries;

    __builtin_prefetch(peer->own.mine, 1);
    __builtin_prefetch(peer->requests.asked, 1);
    __builtin_prefetch(peer->requests.pool, 1);
    __builtin_prefetch(peer->learn.rarity.planes, 1);
    __builtin_prefetch(peer->learn.rarity.planes + 8, 1);
    __builtin_prefetch(peer->learn.rarity.planes + 16, 1);
    __builtin_prefetch(&peer->own.log->blocks[peer->own.held], 1);
    if (index >= peer->known.top) return;
    known += index;
    __builtin_prefetch(known, 1);
    __builtin_prefetch((const char *)(known + 1) - 1, 1);
    __builtin_prefetch(mb_learn_set(peer, index), 1);
}

/* ---- looking -------------------------------------------------------------------------------- */

mb_peer_view mb_peer_look(const mb_peer *peer)
{
    uint32_t self = mb_find_node(peer, peer->node);
    mb_peer_view view = {
        .held = peer->own.held,
        .known = peer->known.count,
        .interested = peer->slots.interested,
        .unchoked = peer->slots.unchoked.count,
        .providers = peer->ask.providers.count,
        .asked = peer->requests.count,
        .complete = peer->own.complete,
        .open = peer->slots.mode == MB_MODE_OPEN,
        .leaving = peer->leave.leaving,
    };

    if (self != MB_INDEX_NONE) view.known--;
    view.serves = view.open ? view.known : view.unchoked;
    if (self != MB_INDEX_NONE && peer->known.entries[self].slot & MB_SLOT_UNCHOKED) view.serves--;
    for (uint32_t i = 0; !peer->own.complete && i < peer->known.top; i++) {
        uint32_t flags = peer->known.entries[i].flags & (MB_KNOWN_USED | MB_KNOWN_SELF);

        view.interesting +=
            flags == MB_KNOWN_USED &&
            mb_blockset_any_missing(mb_learn_set(peer, i), peer->own.mine, peer->words);
    }
    return view;
}

const mb_log *mb_peer_log(const mb_peer *peer)
{
    return peer->own.log;
}

mb_told mb_peer_listed(const mb_peer *peer)
{
    return mb_show_listed(peer);
}

const uint64_t *mb_peer_blocks(const mb_peer *peer)
{
    return peer->own.mine;
}

uint32_t mb_peer_known_count(const mb_peer *peer)
{
    return peer->known.count;
}

uint32_t mb_peer_known_version(const mb_peer *peer)
{
    return peer->space.version;
}

bool mb_peer_known(const mb_peer *peer, uint32_t *index, mb_node *node, uint32_t *remote)
{
    while (*index < peer->known.top) {
        const mb_known *known = &peer->known.entries[(*index)++];

        if (!(known->flags & MB_KNOWN_USED) || known->flags & MB_KNOWN_SELF) continue;
        *node = known->node;
        *remote = known->remote;
        return true;
    }
    return false;
}

bool mb_peer_partial(const mb_peer *peer, uint32_t *place, uint32_t *block, uint32_t *bytes)
{
    if (*place >= peer->partials.count) return false;
    *block = peer->partials.items[*place].block;
    *bytes = peer->partials.items[(*place)++].bytes;
    return true;
}

bool mb_peer_has_unchoked(const mb_peer *peer, mb_node node, uint32_t index)
{
    index = mb_known_lookup(peer, node, index);
    if (index == MB_INDEX_NONE) return false;
    return peer->slots.mode == MB_MODE_OPEN || peer->known.entries[index].slot & MB_SLOT_UNCHOKED;
}

uint32_t mb_peer_queued(const mb_peer *peer)
{
    uint32_t queued = 0;

    for (uint32_t i = 0; i < peer->known.top; i++)
        if (peer->known.entries[i].flags & MB_KNOWN_USED) queued += peer->known.entries[i].queued;
    return queued;
}
