#include "core/peer/impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a cache line. */
#define LINE ((size_t)64)

/* What is planned with: requests of its own and of others, lists that a known peer stands in,
 * rounds of a window, pieces of memory, and what an allocator adds to each. */
#define PLANNED_REQUESTS 28
#define PLANNED_REQUESTED 4
#define PLANNED_QUEUED 8
#define PLANNED_LISTS 2
#define PLANNED_MARKS 2
#define PLANNED_PIECES 14
#define PIECE_OVERHEAD 16

static bool have_is_sane(const mb_peer_config *config, uint32_t words)
{
    uint32_t rest = config->geometry->blocks % 64;

    if (!config->have || !rest) return true;
    return config->have[words - 1] >> rest == 0;
}

/* A zeroed peer on lines' boundaries, and behind it, in the same piece, its own sets of blocks. */
static mb_peer *take_piece(uint32_t words, uint64_t **sets)
{
    size_t own = (sizeof(mb_peer) + LINE - 1) / LINE * LINE;
    size_t size = (own + 3 * (size_t)words * sizeof(uint64_t) + LINE - 1) / LINE * LINE;
    mb_peer *peer = aligned_alloc(LINE, size);

    if (!peer) return NULL;
    memset(peer, 0, size);
    *sets = (uint64_t *)(void *)((char *)peer + own);
    return peer;
}

/* Every room as it is at first. */
static int init_rooms(mb_peer *peer, const mb_peer_config *config, uint64_t *sets)
{
    mb_known_init(peer);
    mb_announce_init(peer);
    mb_pace_init(peer);
    mb_select_init(peer, config->seed);
    mb_requests_init(peer, sets + 2 * (size_t)peer->words);
    mb_serve_init(peer);
    mb_slots_init(peer, config->seed);
    mb_choke_init(peer);
    mb_round_init(peer, config->seed);
    if (mb_own_init(peer, sets, config)) return MB_ERR_MEMORY;
    if (mb_learn_init(peer)) return MB_ERR_MEMORY;
    if (mb_show_init(peer)) return MB_ERR_MEMORY;
    return mb_steer_init(peer);
}

int mb_peer_new(mb_peer **result, const mb_peer_config *config)
{
    uint32_t words = mb_blockset_words(config->geometry->blocks);
    uint64_t *sets;
    mb_peer *peer;

    if (!have_is_sane(config, words)) return MB_ERR_ARGUMENT;
    peer = take_piece(words, &sets);
    if (!peer) return MB_ERR_MEMORY;
    peer->protocol = config->protocol;
    peer->geometry = config->geometry;
    peer->node = config->node;
    peer->blocks = config->geometry->blocks;
    peer->words = words;
    peer->seeder = config->seeder;
    if (init_rooms(peer, config, sets)) {
        mb_peer_free(peer);
        return MB_ERR_MEMORY;
    }
    *result = peer;
    return MB_OK;
}

/* For how many known peers its table has room, as known.c has it grow. */
static uint64_t room_for(const mb_protocol *protocol, uint32_t known, bool seeder)
{
    uint64_t room = 8, most = protocol->max_known;

    while (room < known)
        room *= 2;
    return most && !seeder && room > most + 2 ? most + 2 : room;
}

uint64_t mb_peer_bytes(const mb_protocol *protocol, uint32_t blocks, uint32_t known, bool seeder)
{
    uint64_t words = mb_blockset_words(blocks), room = room_for(protocol, known, seeder);
    assert(room >= 8 || room == (uint64_t)protocol->max_known + 2);
    uint64_t set = words * sizeof(uint64_t), planes = 1, flow = 0;
    uint64_t requests = room < PLANNED_REQUESTS ? room : PLANNED_REQUESTS;
    uint64_t lacking =
        blocks / PLANNED_REQUESTED + 2; /* mostly few blocks are asked for at a time */

    while (known >> planes)
        planes++;
    if (protocol->endgame || protocol->choke->columns & MB_COLUMN_RECEIVED)
        flow = sizeof(mb_flow) + PLANNED_MARKS * sizeof(uint64_t);
    return PLANNED_PIECES * PIECE_OVERHEAD + sizeof(mb_peer) + sizeof(mb_log) + (3 + planes) * set +
           (uint64_t)blocks * sizeof(uint32_t) +
           (requests < lacking ? requests : lacking) * sizeof(mb_request) +
           PLANNED_QUEUED * sizeof(mb_queued) + (room + 63) / 64 * MB_GROUPS * sizeof(uint64_t) +
           room * (sizeof(mb_known) + set + sizeof(mb_place) + flow +
                   PLANNED_LISTS * sizeof(uint32_t));
}

void mb_peer_free(mb_peer *peer)
{
    if (!peer) return;
    mb_log_free(mb_own_release(peer));
    mb_show_free(peer);
    mb_find_free(peer);
    mb_known_free(peer);
    mb_learn_free(peer);
    mb_pace_free(peer);
    mb_steer_free(peer);
    mb_rotate_free(peer);
    mb_requests_free(peer);
    mb_partial_free(peer);
    mb_ask_clear(peer);
    mb_serve_free(peer);
    mb_slots_free(peer);
    mb_round_free(peer);
    mb_leave_free(peer);
    free(peer);
}

mb_log *mb_peer_free_but_log(mb_peer *peer)
{
    mb_log *log = mb_own_release(peer);

    mb_show_release(peer, log);
    mb_peer_free(peer);
    return log;
}
