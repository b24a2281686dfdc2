#include "core/peer/impl.h"

#include <assert.h>

static bool columns_take(const mb_peer *peer, mb_columns *c, mb_actions *out)
{
    size_t rows = peer->known.count + 1;
    size_t longs = rows * 2 + (size_t)peer->words * MB_RARITY_CLASSES;
    char *memory = mb_actions_scratch(out, longs * 8 + rows * (8 * 4 + 2));

    if (!memory) return false;
    c->score = (uint64_t *)(void *)memory;
    c->received = c->score + rows;
    c->classes = c->received + rows;
    c->index = (uint32_t *)(void *)(memory + longs * 8);
    c->handle = c->index + rows;
    c->learned = c->handle + rows;
    c->offers = c->learned + rows;
    c->needs = c->offers + rows;
    c->debt = (int32_t *)(void *)(c->needs + rows);
    c->rows = c->needs + 2 * rows;
    c->unchoked = (bool *)(void *)(c->rows + rows + rows % 2);
    c->optimistic = c->unchoked + rows;
    return true;
}

/* What it is worth to me; `*classes`: as many as there are in `c`, 0 as long as they are not. Most
 * have nothing for me once I have much: of them, once that is found, no more is looked at. */
static uint64_t score_of(mb_peer *peer, const mb_columns *c, uint32_t index, uint32_t *classes)
{
    uint64_t score;

    if (!mb_group_has(peer, MB_GROUP_OFFERS, index)) return 0;
    if (peer->protocol->score == MB_SCORE_COUNT) {
        score = mb_learn_offers(peer, index);
    } else {
        if (!*classes) *classes = mb_rarity_classes(&peer->learn.rarity, c->classes);
        score = mb_rarity_weigh(c->classes, *classes, mb_learn_set(peer, index), peer->own.mine,
                                peer->words);
    }
    if (score == 0) mb_learn_idle(peer, index);
    return score;
}

static void fill_scores(mb_peer *peer, const mb_columns *c, uint32_t count)
{
    assert(count <= peer->known.count);
    const uint32_t *indices = c->index;
    uint64_t *scores = c->score;
    uint32_t classes = 0;

    for (uint32_t row = 0; row < count; row++)
        scores[row] = score_of(peer, c, indices[row], &classes);
}

/* The rows, and those columns that every strategy gets; returns how many they are. Who may be
 * ranked: whoever is interested; everybody where interest is not known of. */
static uint32_t rows_take(const mb_peer *peer, const mb_columns *to)
{
    const mb_place *place = peer->find.by_node; /* NULL where nobody is known */
    const mb_columns c = *to;                   /* which the compiler knows not to change */
    bool everybody = peer->protocol->ask == MB_ASK_MUTUAL;
    uint32_t count = 0;

    for (uint32_t left = peer->known.count; left > 0; left--, place++) {
        uint32_t index = place->index;
        bool unchoked = mb_group_has(peer, MB_GROUP_UNCHOKED, index);

        if (!everybody && !mb_group_has(peer, MB_GROUP_LACKS, index)) continue;
        c.index[count] = index;
        c.handle[count] = place->node;
        c.learned[count] = place->learned;
        c.unchoked[count] = unchoked;
        c.optimistic[count] = unchoked && peer->known.entries[index].slot & MB_SLOT_OPTIMISTIC;
        count++;
    }
    return count;
}

/* What a strategy sees of `count` rows: of the columns that not each gets, those that it wants. */
static mb_choke_view view_of(const mb_peer *peer, mb_time now, const mb_columns *c, uint32_t count)
{
    uint32_t wanted = peer->protocol->choke->columns;

    return (mb_choke_view){
        .count = count,
        .slots = peer->protocol->regular_slots,
        .handle = c->handle,
        .learned = c->learned,
        .unchoked = c->unchoked,
        .optimistic = c->optimistic,
        .offers = wanted & MB_COLUMN_OFFERS ? c->offers : NULL,
        .needs = wanted & MB_COLUMN_NEEDS ? c->needs : NULL,
        .score = wanted & MB_COLUMN_SCORE ? c->score : NULL,
        .received = wanted & MB_COLUMN_RECEIVED ? c->received : NULL,
        .debt = wanted & MB_COLUMN_DEBT ? c->debt : NULL,
        .now = now,
        .optimistic_since = peer->optimistic_since,
    };
}

bool mb_view_build(mb_peer *peer, mb_time now, mb_columns *c, mb_choke_view *view, mb_actions *out)
{
    uint32_t count, wanted = peer->protocol->choke->columns;

    if (!columns_take(peer, c, out)) return false;
    count = rows_take(peer, c);
    for (uint32_t row = 0; row < count && wanted != MB_COLUMN_SCORE; row++) {
        uint32_t index = c->index[row];

        if (wanted & MB_COLUMN_OFFERS) c->offers[row] = mb_learn_offers(peer, index);
        if (wanted & MB_COLUMN_NEEDS) c->needs[row] = mb_learn_needs(peer, index);
        if (wanted & MB_COLUMN_RECEIVED) c->received[row] = mb_pace_window(peer, index);
        if (wanted & MB_COLUMN_DEBT) c->debt[row] = peer->known.entries[index].debt;
    }
    if (wanted & MB_COLUMN_SCORE) fill_scores(peer, c, count);
    *view = view_of(peer, now, c, count);
    return true;
}

/* The rows of mb_view_best() and their scores; returns how many they are. */
static uint32_t best_take(mb_peer *peer, const mb_columns *c)
{
    uint32_t count = 0, classes = 0;
    uint64_t best = 1;

    for (uint32_t w = 0; w < mb_group_words(peer); w++) {
        uint64_t bits = mb_group_word(peer, w, MB_GROUP_LACKS) &
                        mb_group_word(peer, w, MB_GROUP_OFFERS) &
                        ~mb_group_word(peer, w, MB_GROUP_UNCHOKED);

        for (; bits; bits &= bits - 1) {
            uint32_t index = mb_group_first(w, bits);
            uint64_t score = score_of(peer, c, index, &classes);

            if (score < best) continue;
            if (score > best) count = 0;
            best = score;
            c->index[count] = index;
            c->score[count++] = score;
        }
    }
    return count;
}

bool mb_view_best(mb_peer *peer, mb_time now, mb_columns *c, mb_choke_view *view, mb_actions *out)
{
    assert(peer->protocol->ask == MB_ASK_UNCHOKERS && !peer->seeder);
    uint32_t count;

    if (peer->protocol->choke->columns != MB_COLUMN_SCORE) return false;
    if (!columns_take(peer, c, out)) return false;
    count = best_take(peer, c);
    for (uint32_t row = 0; row < count; row++) {
        c->handle[row] = peer->known.entries[c->index[row]].node;
        c->learned[row] = mb_find_learned(peer, c->handle[row]);
        c->unchoked[row] = c->optimistic[row] = false;
    }
    *view = view_of(peer, now, c, count);
    return count > 0;
}
