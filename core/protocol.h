/*
 * The protocol's settings: every key of the scenario's [protocol] group, resolved to numbers.
 *
 * One table holds every key: name, type, range, its value in each preset, and whether a group of
 * peers may set it. Scenario readers, the live programs' --set and --help-keys all go through it. A
 * peer gets a pointer to a finished mb_protocol and never changes it; peers of a group share one.
 */
#ifndef MB_PROTOCOL_H
#define MB_PROTOCOL_H

#include "core/strategy.h"
#include "core/types.h"
#include "core/wire_size.h"

typedef enum mb_preset { MB_PRESET_MINIBIT, MB_PRESET_COURSEWORK, MB_PRESET_BITTORRENT } mb_preset;
#define MB_PRESET_COUNT 3

typedef enum mb_deal { MB_DEAL_FETCHED, MB_DEAL_GIVEN } mb_deal;
typedef enum mb_books { MB_BOOKS_REPORTED, MB_BOOKS_REDEALT } mb_books;
typedef enum mb_exchange { MB_EXCHANGE_CONTINUOUS, MB_EXCHANGE_ROUNDS } mb_exchange;
typedef enum mb_ask { MB_ASK_UNCHOKERS, MB_ASK_MUTUAL } mb_ask;
typedef enum mb_knowledge {
    MB_KNOWLEDGE_TRACKER,
    MB_KNOWLEDGE_PIGGYBACK,
    MB_KNOWLEDGE_HAVE
} mb_knowledge;
typedef enum mb_seeder_choke {
    MB_SEEDER_CHOKE_SLOTS,
    MB_SEEDER_CHOKE_ROUND_ROBIN,
    MB_SEEDER_CHOKE_FASTEST
} mb_seeder_choke;
typedef enum mb_super_seed {
    MB_SUPER_SEED_NO,
    MB_SUPER_SEED_STEER,
    MB_SUPER_SEED_WITHHOLD,
    MB_SUPER_SEED_WITHHOLD_LOOSE
} mb_super_seed;
typedef enum mb_score { MB_SCORE_RARITY, MB_SCORE_COUNT } mb_score;

#define MB_PROTOCOL_PARAMS_MAX 16 /* distinct parameters that strategies declare */

typedef struct mb_protocol {
    mb_preset preset;
    /* tracker */
    uint32_t initial_blocks;
    uint32_t deal;               /* mb_deal */
    uint32_t books;              /* mb_books */
    uint32_t peers_per_announce; /* 0 = all */
    /* peer */
    mb_time announce_interval;
    bool announce_when_short; /* besides, when fewer than half of peers_per_announce are known */
    uint32_t max_known;       /* 0 = no limit */
    uint32_t exchange;        /* mb_exchange */
    mb_time exchange_interval;
    mb_time round_jitter;
    uint32_t pipeline;  /* 0 .. MB_PIPELINE_MAX */
    uint32_t ask;       /* mb_ask */
    uint32_t knowledge; /* mb_knowledge */
    uint32_t score;     /* mb_score */
    uint32_t regular_slots;
    mb_time unchoke_interval;
    uint32_t seeder_slots; /* 0 = everybody */
    uint32_t seeder_choke; /* mb_seeder_choke */
    uint32_t upload_slots; /* choke = none */
    bool endgame;
    uint32_t super_seed; /* mb_super_seed */
    bool cut_on_choke;
    bool free_rider;
    mb_time request_timeout;
    mb_time snub_after; /* 0 = never */
    uint32_t encoding;  /* mb_encoding of core/wire_size.h: what a block weighs on the wire */
    const mb_selector *selection;
    const mb_choker *choke;
    int64_t params[MB_PROTOCOL_PARAMS_MAX];           /* in the order of the table */
    int64_t selection_params[MB_STRATEGY_PARAMS_MAX]; /* made by mb_protocol_finish() */
    int64_t choke_params[MB_STRATEGY_PARAMS_MAX];
} mb_protocol;

#define MB_PIPELINE_MAX 15

typedef enum mb_key_type {
    MB_KEY_COUNT,    /* a whole number without unit */
    MB_KEY_TIME,     /* a time with its unit */
    MB_KEY_BOOL,     /* yes or no (also true, false) */
    MB_KEY_CHOICE,   /* one of `choices` */
    MB_KEY_SELECTOR, /* a row of the selection registry */
    MB_KEY_CHOKER,   /* a row of the choking registry */
} mb_key_type;

typedef struct mb_key {
    const char *name;
    const char *summary;
    mb_key_type type;
    bool group_may_set;
    int64_t min, max;           /* MB_KEY_COUNT, MB_KEY_TIME */
    const char *const *choices; /* NULL-ended, MB_KEY_CHOICE */
} mb_key;

/* The longest text of a key's value, NUL included. */
#define MB_KEY_TEXT_MAX 64

/* The rows of the table in order: first the fixed keys, then the strategies' declared parameters,
 * each once. false past the end. */
bool mb_key_at(uint32_t row, mb_key *key);

/* The key of that name; false, *key untouched, if there is none. */
bool mb_key_find(const char *name, mb_key *key);

/* Sets every key to its value in `preset`. */
void mb_protocol_init(mb_protocol *protocol, mb_preset preset);

/*
 * Sets one key from its text. Errors, which change nothing: MB_ERR_UNKNOWN (no such key, or no such
 * choice), MB_ERR_SYNTAX, MB_ERR_UNIT, MB_ERR_RANGE. `preset` is not a key here: it comes first,
 * through init.
 */
int mb_protocol_set(mb_protocol *protocol, const char *key, const char *text);

/* Writes the key's present value as a scenario would have it; MB_ERR_UNKNOWN. */
int mb_protocol_get(const mb_protocol *protocol, const char *key, char text[MB_KEY_TEXT_MAX]);

/* Whether the key decides anything here: a strategy's parameter does if the chosen selection or
 * choke declares it, a fixed key always. The name must be a key's. */
bool mb_protocol_uses(const mb_protocol *protocol, const char *key);

/* Gathers the chosen strategies' parameters; to be called after the last set, before use. */
void mb_protocol_finish(mb_protocol *protocol);

/* A parameter's value by key name; the name must be declared by a strategy. For the peer
 * (rate_window). */
int64_t mb_protocol_param(const mb_protocol *protocol, const char *name);

/* How often a peer looks whether what it has asked for has come. */
mb_time mb_protocol_tick(const mb_protocol *protocol);

/* A preset's name, and the preset of a name: 0, or MB_ERR_UNKNOWN with *preset untouched. */
const char *mb_preset_name(mb_preset preset);
int mb_preset_find(const char *name, mb_preset *preset);

#endif
