/*
 * Strategies: which block to ask for (selection) and whom to serve (choking).
 *
 * Each strategy is one small file in core/strategies/ with one constant struct, and one row in the
 * registry, core/strategies/strategies.def. A strategy sees values, never live objects: it reads
 * the columns of its view, draws from its own random stream, and returns ids; only the peer applies
 * the outcome. It never allocates, keeps no state of its own between calls and reads no clock.
 */
#ifndef MB_STRATEGY_H
#define MB_STRATEGY_H

#include "core/rarity.h"
#include "core/rng.h"
#include "core/types.h"

/* A declared parameter of a strategy. Its scenario key is its name, in [protocol] or a group. */
typedef enum mb_param_type {
    MB_PARAM_COUNT,  /* a whole number */
    MB_PARAM_TIME,   /* nanoseconds */
    MB_PARAM_CHOICE, /* one of `choices`, a NULL-ended list; the value is the index */
} mb_param_type;

typedef struct mb_param {
    const char *name;
    const char *summary;
    mb_param_type type;
    int64_t min, max;
    int64_t value; /* the default */
    const char *const *choices;
} mb_param;

#define MB_STRATEGY_PARAMS_MAX 4

/* ---- selection ------------------------------------------------------------------------------ */

typedef struct mb_select_view {
    /* What the provider has, I lack and have not asked for; never empty. */
    const uint64_t *candidates;
    /* What anyone I know has and I lack, no candidate missing; NULL unless exchange = rounds. */
    const uint64_t *anyone;
    const mb_rarity *rarity; /* copies over my known peers */
    uint64_t *scratch;       /* `words` words to work in, of any content */
    uint32_t words;
    uint32_t blocks; /* blocks of the file */
    uint32_t held;   /* blocks that I hold */
} mb_select_view;

typedef struct mb_selector {
    const char *name;
    const char *summary;
    const mb_param *const *params; /* `param_count` of them, own and shared ones alike; their values
                                      come in the same order */
    uint32_t param_count;
    /* The block to ask for: always one of view->candidates. */
    uint32_t (*pick)(const int64_t *params, const mb_select_view *view, mb_rng *rng);
} mb_selector;

/* ---- choking -------------------------------------------------------------------------------- */

/* What a choker wants to see; columns that it does not name are NULL. */
enum {
    MB_COLUMN_OFFERS = 1,   /* blocks that it has and I lack */
    MB_COLUMN_NEEDS = 2,    /* blocks that I have and it lacks */
    MB_COLUMN_SCORE = 4,    /* protocol key `score`: the sum over what it offers of 1 a block
                               (count), or of 2^(32 - k) for a block of 2^k to 2^(k+1)-1 copies
                               (rarity); never to be compared with a column of another unit */
    MB_COLUMN_RECEIVED = 8, /* bytes that it gave me over the last `rate_window` */
    MB_COLUMN_DEBT = 16,    /* blocks that I gave it less those that it gave me, since I know it:
                               within +-32767 */
};

/* The known peers that may take a slot: interested ones, or everybody where ask = mutual. In rising
 * order of handle; row r of each column is the same peer. */
typedef struct mb_choke_view {
    uint32_t count;
    uint32_t slots; /* regular slots to fill */
    const mb_node *handle;
    const uint32_t *learned; /* rank in the order in which I learned of them, 0 first */
    const bool *unchoked;    /* unchoked by me now */
    const bool *optimistic;  /* the optimistic one now */
    const uint32_t *offers;
    const uint32_t *needs;
    const uint64_t *score;
    const uint64_t *received;
    const int32_t *debt;
    mb_time now;
    mb_time optimistic_since; /* when the optimistic one was drawn; MB_NEVER: there is none */
} mb_choke_view;

#define MB_ROW_NONE UINT32_MAX

/* Who is to be unchoked: `count` rows of the view, each once, best first. */
typedef struct mb_choke_result {
    uint32_t count;
    uint32_t optimistic; /* the row in `rows` (a row number of the view) drawn as optimistic and
                            unchoked beside or among the others; MB_ROW_NONE: none */
    bool beside;         /* it is unchoked beside the slots, and takes none of them */
    uint32_t *rows;      /* room for min(view->count, slots + 1) */
} mb_choke_result;

/* What a row is worth: the higher, the better. */
typedef uint64_t mb_choke_value(const int64_t *params, const mb_choke_view *view, uint32_t row);

typedef struct mb_choker mb_choker;
struct mb_choker {
    const char *name;
    const char *summary;
    const mb_param *const *params;
    uint32_t param_count;
    uint32_t columns;
    mb_choke_value *value; /* by which the ready-made rank and fill go */
    /* A round: who is to be unchoked; `self` is this struct. Ready-made: mb_rank_top(),
     * mb_rank_adapted_tft(). */
    void (*rank)(const mb_choker *self, const int64_t *params, const mb_choke_view *view,
                 mb_rng *rng, mb_choke_result *out);
    /* Between rounds: the best row that is not unchoked yet, for a slot that fell free;
     * MB_ROW_NONE where all are. Where MB_COLUMN_SCORE is all of `columns` the view may be of those
     * with the highest score alone. Ready-made: mb_rank_fill(). NULL: peers are served as they ask
     * (choke = none). */
    uint32_t (*fill)(const mb_choker *self, const int64_t *params, const mb_choke_view *view,
                     mb_rng *rng);
    /* Whether one that owes me `debt` blocks loses its slot between rounds, once a block has gone
     * to it. NULL: nobody does. */
    bool (*ends)(const int64_t *params, int32_t debt);
};

/* ---- the registry --------------------------------------------------------------------------- */

/* The rows, in the order of the table; NULL past the end. */
const mb_selector *mb_selector_at(uint32_t row);
const mb_choker *mb_choker_at(uint32_t row);

/* The row of that name, or NULL. */
const mb_selector *mb_selector_find(const char *name);
const mb_choker *mb_choker_find(const char *name);

/* ---- helpers for strategies (core/strategies/ranking.c) ------------------------------------- */

/* How rows of equal value are put in order. */
typedef enum mb_ties {
    MB_TIES_RANDOM,  /* who is unchoked now first, then the random stream, then the handle */
    MB_TIES_LEARNED, /* the order in which the peers were learned of, then the handle */
} mb_ties;

/* What a ranking goes by. */
typedef struct mb_ranking {
    mb_choke_value *value;
    const int64_t *params; /* that it gets */
    mb_ties ties;
    uint32_t skip;    /* this row is left out; MB_ROW_NONE: none is */
    bool choked_only; /* rows that are unchoked now are left out */
} mb_ranking;

/*
 * Writes to `rows` the best `want` rows of `view`, best first, and returns how many they are (fewer
 * where the view has fewer). Takes exactly one draw of `rng`, whatever the ties. O(count x log
 * want). A tie falls to a number mixed of that draw and the handle, so that no row needs room of
 * its own.
 */
uint32_t mb_rank_best(const mb_choke_view *view, const mb_ranking *ranking, uint32_t want,
                      mb_rng *rng, uint32_t *rows);

/* A row of [0, view->count), each equally likely; MB_ROW_NONE where the view is empty. */
uint32_t mb_rank_draw(const mb_choke_view *view, mb_rng *rng);

/* The parameter `choke_ties` (mb_ties), for rankings that let the scenario choose. */
extern const mb_param mb_param_choke_ties;

#endif
