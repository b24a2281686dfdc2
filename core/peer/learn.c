#include "core/peer/impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Up to so many new blocks are learned one by one, more a word at a time. */
#define LEARN_EACH_MAX 4

int mb_learn_init(mb_peer *peer)
{
    return mb_rarity_init(&peer->learn.rarity, peer->words, 7);
}

void mb_learn_free(mb_peer *peer)
{
    mb_rarity_clear(&peer->learn.rarity);
    free(peer->learn.sets);
}

bool mb_learn_reserve(mb_peer *peer, uint32_t capacity)
{
    size_t words = peer->words ? peer->words : 1;

    if (!mb_list_widen(&peer->learn.sets, sizeof *peer->learn.sets * words, capacity)) return false;
    return mb_rarity_reserve(&peer->learn.rarity, capacity) == MB_OK;
}

/* ---- who lacks what, who holds all ---------------------------------------------------------- */

/* Whether it is the tracker's seeder, which lacks nothing, whatever it shows. */
static bool is_seeder(const mb_peer *peer, uint32_t index)
{
    return peer->known.entries[index].flags & MB_KNOWN_SEEDER;
}

/* Whether copies are counted: a complete peer has no use for them, unless it withholds. */
static bool counts(const mb_peer *peer)
{
    return !peer->own.complete || peer->show.withholds;
}

/* A block of mine that one who holds nothing lacks, by what I show it; MB_BLOCK_NONE: there is
 * none.
 */
static uint32_t first_lacked(const mb_peer *peer, uint32_t index)
{
    if (peer->own.held == 0 || is_seeder(peer, index)) return MB_BLOCK_NONE;
    if (peer->show.withholds) return mb_show_missing(peer, index, mb_learn_set(peer, index));
    return peer->own.log->blocks[0];
}

static void regroup(mb_peer *peer, uint32_t index)
{
    assert(peer->known.entries[index].has <= peer->blocks);
    bool full = peer->known.entries[index].has == peer->blocks;
    bool sated = !full && !mb_learn_lacks(peer, index) && !is_seeder(peer, index);

    mb_group_put(&peer->known, MB_GROUP_FULL, index, full);
    mb_group_put(&peer->known, MB_GROUP_SATED, index, sated);
}

/* Whether it lacks a block that I hold, and where it does, such a block. */
static void set_lacks(mb_peer *peer, uint32_t index, bool lacks, uint32_t block)
{
    peer->known.entries[index].lacked = block;
    if (lacks == mb_learn_lacks(peer, index)) return;
    peer->known.entries[index].holding ^= MB_HOLDING_LACKS;
    mb_group_put(&peer->known, MB_GROUP_LACKS, index, lacks);
    regroup(peer, index);
}

static void uncount(mb_peer *peer, uint32_t index)
{
    if (!counts(peer)) return;
    if (peer->known.entries[index].holding & MB_HOLDING_FULL) {
        assert(peer->learn.rarity.everywhere > 0);
        peer->learn.rarity.everywhere--;
    } else {
        mb_rarity_subtract(&peer->learn.rarity, mb_learn_set(peer, index));
    }
}

/* Whether it adds to the copies; of a file of no blocks, who is full holds none. */
static bool is_counted(const mb_known *known)
{
    return known->has > 0 || known->holding & MB_HOLDING_FULL;
}

void mb_learn_meet(mb_peer *peer, uint32_t index)
{
    mb_known *known = &peer->known.entries[index];

    assert(known->has == 0);
    mb_blockset_clear(mb_learn_set(peer, index), peer->words);
    known->lacked = first_lacked(peer, index);
    if (known->lacked != MB_BLOCK_NONE) {
        known->holding = MB_HOLDING_LACKS;
        mb_group_put(&peer->known, MB_GROUP_LACKS, index, true);
    }
    regroup(peer, index);
}

void mb_learn_forget(mb_peer *peer, uint32_t index)
{
    set_lacks(peer, index, false, MB_BLOCK_NONE);
    if (is_counted(&peer->known.entries[index])) uncount(peer, index);
}

/* ---- what it tells -------------------------------------------------------------------------- */

/* A new epoch: it lost what it had told of. */
static void start_anew(mb_peer *peer, uint32_t index, uint32_t epoch)
{
    assert(mb_known_is_used(peer, index) && epoch > 0);
    mb_known *known = &peer->known.entries[index];
    uint32_t lacked;

    known->epoch = epoch;
    known->seen = 0;
    if (!is_counted(known)) return; /* it had told of nothing */
    uncount(peer, index);
    known->holding &= (uint8_t)~MB_HOLDING_FULL;
    mb_blockset_clear(mb_learn_set(peer, index), peer->words);
    known->has = 0;
    mb_group_put(&peer->known, MB_GROUP_OFFERS, index, false);
    regroup(peer, index);
    lacked = first_lacked(peer, index);
    if (lacked != MB_BLOCK_NONE) set_lacks(peer, index, true, lacked);
}

/* Whether `told` is news to me: a later epoch, or more of the same. What it has said itself is not
 * put out by what the tracker draws for it, but the other way round. */
static bool is_news(const mb_known *known, mb_told told)
{
    bool was_drawn = known->epoch >= MB_EPOCH_DRAWN, drawn = told.epoch >= MB_EPOCH_DRAWN;

    if (!told.log) return false;
    if (known->epoch > 0 && was_drawn != drawn) return was_drawn;
    if (told.epoch != known->epoch) return told.epoch > known->epoch;
    return told.count > known->seen;
}

bool mb_learn_is_news(const mb_peer *peer, uint32_t index, mb_told told)
{
    static const mb_known stranger;

    return is_news(index == MB_INDEX_NONE ? &stranger : &peer->known.entries[index], told);
}

/* It holds everything, and I had not heard a word of it before: no need to count block by block.
 * Like the next two, returns whether it has more for me than it had. */
static bool learn_full(mb_peer *peer, uint32_t index)
{
    assert(peer->known.entries[index].has == 0 &&
           !(peer->known.entries[index].holding & MB_HOLDING_FULL));
    mb_blockset_fill(mb_learn_set(peer, index), peer->blocks);
    peer->known.entries[index].holding |= MB_HOLDING_FULL;
    peer->learn.rarity.everywhere++;
    peer->known.entries[index].has = peer->blocks;
    return peer->own.held < peer->blocks;
}

/* A few new blocks, one by one. */
static bool learn_each(mb_peer *peer, uint32_t index, mb_told told)
{
    assert(told.count <= told.log->count && peer->known.entries[index].seen <= told.count);
    uint64_t *set = mb_learn_set(peer, index);
    bool more = false;

    for (uint32_t i = peer->known.entries[index].seen; i < told.count; i++) {
        uint32_t block = told.log->blocks[i];

        if (mb_blockset_has(set, block)) continue;
        mb_blockset_add(set, block);
        peer->known.entries[index].has++;
        more |= !mb_blockset_has(peer->own.mine, block);
        if (counts(peer)) mb_rarity_add_block(&peer->learn.rarity, block);
    }
    return more;
}

/* Fills `news` with what is new in what was told, and maybe with what is not. O(words) where that
 * is all of a log of such a file, and its owner keeps the set. */
static void read_prefix(const mb_peer *peer, mb_told told, uint32_t seen, uint64_t *news)
{
    const mb_log *log = told.log;

    if (log->set && told.count == log->count && log->capacity == peer->blocks) {
        memcpy(news, log->set, peer->words * sizeof *news);
        return;
    }
    memset(news, 0, peer->words * sizeof *news);
    for (uint32_t i = seen; i < told.count; i++)
        mb_blockset_add(news, log->blocks[i]);
}

/* Many new blocks, a word at a time. */
static bool learn_set(mb_peer *peer, uint32_t index, mb_told told, mb_actions *out)
{
    const uint32_t words = peer->words;
    uint64_t *set = mb_learn_set(peer, index), more = 0;
    uint64_t *news = mb_actions_scratch(out, words * sizeof *news);
    uint32_t has = 0;

    if (!news) return false; /* GCOVR_EXCL_BR_LINE: no memory */
    read_prefix(peer, told, peer->known.entries[index].seen, news);
    for (uint32_t w = 0; w < words; w++) {
        news[w] &= ~set[w];
        if (!news[w]) continue;
        set[w] |= news[w];
        has += (uint32_t)__builtin_popcountll(news[w]);
        more |= news[w] & ~peer->own.mine[w];
    }
    peer->known.entries[index].has += has;
    if (counts(peer)) mb_rarity_add(&peer->learn.rarity, news);
    return more;
}

/* Whether it, who lacked a block of mine, now has all that I have. Mostly it lacks the same block
 * still, and else mostly another. O(words) at worst. */
static bool lacks_nothing(mb_peer *peer, uint32_t index)
{
    mb_known *known = &peer->known.entries[index];
    const uint64_t *set = mb_learn_set(peer, index);

    if (peer->show.withholds) {
        if (!mb_blockset_has(set, known->lacked)) return false;
        known->lacked = mb_show_missing(peer, index, set);
        return known->lacked == MB_BLOCK_NONE;
    }
    if (peer->own.complete) return known->has == peer->blocks; /* its set is no longer kept */
    if (!mb_blockset_has(set, known->lacked)) return false;
    known->lacked = mb_blockset_missing(peer->own.mine, set, peer->words);
    return known->lacked == MB_BLOCK_NONE;
}

/* Whether what it told has to do with a block that I show as somebody's next. */
static bool is_of_shown(const mb_peer *peer, mb_told told, uint32_t seen)
{
    if (!peer->show.withholds) return false;
    for (uint32_t i = seen; i < told.count; i++)
        if (mb_blockset_has(peer->show.out, told.log->blocks[i])) return true;
    return false;
}

uint32_t mb_learn_told(mb_peer *peer, uint32_t index, mb_told told, mb_actions *out)
{
    assert(index < peer->known.top);
    mb_known *known = &peer->known.entries[index];
    bool more = false, lacked = mb_learn_lacks(peer, index);
    uint32_t news = 0;

    if (!is_news(known, told)) return 0;
    if (told.epoch != known->epoch) start_anew(peer, index, told.epoch);
    if (lacked != mb_learn_lacks(peer, index)) news |= MB_NEWS_INTEREST;
    if (!mb_learn_keeps_sets(peer)) {
        known->has = told.count;
    } else if (told.count == peer->blocks && known->seen == 0 && !peer->own.complete) {
        more = learn_full(peer, index);
    } else if (told.count - known->seen <= LEARN_EACH_MAX) {
        more = learn_each(peer, index, told);
    } else {
        more = learn_set(peer, index, told, out);
    }
    if (is_of_shown(peer, told, known->seen)) news |= MB_NEWS_SHOWN;
    known->seen = told.count;
    if (known->has == peer->blocks) {
        regroup(peer, index);
        news |= MB_NEWS_FULL;
    }
    if (more) {
        mb_group_put(&peer->known, MB_GROUP_OFFERS, index, true);
        news |= MB_NEWS_OFFERS;
    }
    if (mb_learn_lacks(peer, index) && lacks_nothing(peer, index)) {
        set_lacks(peer, index, false, MB_BLOCK_NONE);
        news |= MB_NEWS_INTEREST;
    }
    return news;
}

/* Whether what was told is the next block of its log, and it holds not every block with that. */
static bool is_next(const mb_peer *peer, const mb_known *known, mb_told told)
{
    return told.count == known->seen + 1 && known->seen > 0 && told.count < peer->blocks &&
           mb_told_fits(told, peer->blocks);
}

bool mb_learn_next(mb_peer *peer, uint32_t index, mb_told told)
{
    mb_known *known = &peer->known.entries[index];
    uint64_t *set = mb_learn_set(peer, index);
    uint32_t block;

    if (told.epoch != known->epoch) return false;
    if (told.count <= known->seen) return true;
    if (!is_next(peer, known, told)) return false;
    if (peer->own.complete) {
        if (mb_learn_keeps_sets(peer)) return false;
        known->has = known->seen = told.count;
        return true;
    }
    block = told.log->blocks[known->seen];
    if (block == known->lacked) return false; /* its interest may turn */
    known->seen++;
    if (mb_blockset_has(set, block)) return true;
    mb_blockset_add(set, block);
    known->has++;
    mb_rarity_add_block(&peer->learn.rarity, block);
    if (!mb_blockset_has(peer->own.mine, block))
        mb_group_put(&peer->known, MB_GROUP_OFFERS, index, true);
    return true;
}

bool mb_learn_shown(mb_peer *peer, uint32_t index)
{
    assert(peer->show.withholds && mb_known_is_used(peer, index));
    uint32_t lacked = first_lacked(peer, index);

    if (lacked == MB_BLOCK_NONE || mb_learn_lacks(peer, index)) return false;
    set_lacks(peer, index, true, lacked);
    return true;
}

/* Who had all that I had turns interested if it has not got the new block too. */
uint64_t mb_learn_gained(mb_peer *peer, uint32_t word, uint32_t block)
{
    assert(mb_blockset_has(peer->own.mine, block));
    uint64_t turned = 0;

    for (uint64_t bits = mb_group_word(peer, word, MB_GROUP_SATED); bits; bits &= bits - 1) {
        uint32_t index = mb_group_first(word, bits);

        if (mb_blockset_has(mb_learn_set(peer, index), block)) continue;
        set_lacks(peer, index, true, block);
        turned |= bits & -bits;
    }
    return turned;
}

void mb_learn_correct(mb_peer *peer, uint32_t index, uint32_t block)
{
    assert(mb_known_is_used(peer, index) && block < peer->blocks);
    uint64_t *set = mb_learn_set(peer, index);
    mb_known *known = &peer->known.entries[index];

    assert(!peer->own.complete);
    if (!mb_blockset_has(set, block)) return;
    if (known->holding & MB_HOLDING_FULL) { /* from now on it is counted block by block */
        known->holding &= (uint8_t)~MB_HOLDING_FULL;
        peer->learn.rarity.everywhere--;
        mb_rarity_add(&peer->learn.rarity, set);
    }
    mb_blockset_remove(set, block);
    mb_rarity_subtract_block(&peer->learn.rarity, block);
    known->has--;
    regroup(peer, index);
    assert(!mb_blockset_has(peer->own.mine, block)); /* I had asked for it */
}

void mb_learn_idle(mb_peer *peer, uint32_t index)
{
    assert(index < peer->known.top);
    mb_group_put(&peer->known, MB_GROUP_OFFERS, index, false);
}

/* ---- counts --------------------------------------------------------------------------------- */

uint32_t mb_learn_offers(const mb_peer *peer, uint32_t index)
{
    assert(mb_known_is_used(peer, index));
    if (peer->own.complete) return 0;
    return mb_blockset_count_missing(mb_learn_set(peer, index), peer->own.mine, peer->words);
}

uint32_t mb_learn_needs(const mb_peer *peer, uint32_t index)
{
    assert(mb_known_is_used(peer, index));
    if (is_seeder(peer, index)) return 0;
    if (peer->show.withholds) return mb_show_count_missing(peer, index, mb_learn_set(peer, index));
    if (peer->own.complete) return peer->own.held - peer->known.entries[index].has;
    return mb_blockset_count_missing(peer->own.mine, mb_learn_set(peer, index), peer->words);
}
