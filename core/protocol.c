#include "core/protocol.h"

#include "core/geometry.h"
#include "core/units.h"

#include <assert.h>
#include <string.h>

/* A fixed key: what it is, where its value lies, and what each preset makes of it. */
struct row {
    mb_key key;
    size_t offset; /* into mb_protocol */
    const char *presets[MB_PRESET_COUNT];
};

/* No time of the protocol is longer, so that a time of the run plus one of these fits. */
#define TIME_MAX (INT64_C(1000000) * 3600 * MB_SECOND)
#define NODES_MAX (INT64_C(1) << 24)
/* A request timeout is looked at this many times. */
#define TICKS_PER_TIMEOUT 4

#define AT(field) offsetof(mb_protocol, field)
#define COUNT(name, lo, hi, who, text) {#name, text, MB_KEY_COUNT, who, lo, hi, NULL}, AT(name)
#define TIME(name, lo, who, text) {#name, text, MB_KEY_TIME, who, lo, TIME_MAX, NULL}, AT(name)
#define BOOL(name, who, text) {#name, text, MB_KEY_BOOL, who, 0, 1, NULL}, AT(name)
#define CHOICE(name, who, text) {#name, text, MB_KEY_CHOICE, who, 0, 0, name##_choices}, AT(name)

enum { SWARM = false, GROUP = true };

static const char *const deal_choices[] = {"fetched", "given", NULL};
static const char *const books_choices[] = {"reported", "redealt", NULL};
static const char *const exchange_choices[] = {"continuous", "rounds", NULL};
static const char *const ask_choices[] = {"unchokers", "mutual", NULL};
static const char *const knowledge_choices[] = {"tracker", "piggyback", "have", NULL};
static const char *const score_choices[] = {"rarity", "count", NULL};
static const char *const seeder_choke_choices[] = {"slots", "round-robin", "fastest", NULL};
static const char *const super_seed_choices[] = {"no", "steer", "withhold", "withhold-loose", NULL};
static const char *const encoding_choices[] = {"base64", "raw", NULL};

/* The presets' columns: minibit, coursework, bittorrent. */
static const struct row rows[] = {
    {COUNT(initial_blocks, 0, MB_BLOCKS_MAX, SWARM, "random blocks that a newcomer is dealt"),
     {"4", "4", "0"}},
    {CHOICE(deal, SWARM, "whether a newcomer fetches the dealt blocks or has them on arrival"),
     {"fetched", "given", "fetched"}},
    {CHOICE(books, SWARM, "the tracker books what peers report, or deals anew at each announce"),
     {"reported", "redealt", "reported"}},
    {COUNT(peers_per_announce, 0, NODES_MAX, SWARM, "peers that an announce lists; 0 = all"),
     {"50", "0", "50"}},
    {TIME(announce_interval, MB_MS, GROUP, "time between two announces"), {"15s", "15s", "30min"}},
    {BOOL(announce_when_short, GROUP, "announce also when short of known peers"),
     {"no", "no", "yes"}},
    {COUNT(max_known, 0, NODES_MAX, GROUP, "peers that a peer knows at most; 0 = no limit"),
     {"80", "0", "80"}},
    {CHOICE(exchange, GROUP, "ask whenever something is free, or once a round"),
     {"continuous", "rounds", "continuous"}},
    {TIME(exchange_interval, MB_MS, GROUP, "exchange = rounds: from one round to the next"),
     {"5s", "5s", "5s"}},
    {TIME(round_jitter, 0, GROUP, "exchange = rounds: each begins up to so much later"),
     {"0s", "0s", "0s"}},
    {COUNT(pipeline, 0, MB_PIPELINE_MAX, GROUP, "further requests that wait at a giver"),
     {"1", "1", "1"}},
    {CHOICE(ask, GROUP, "ask those who unchoked me, or those whom I unchoked myself"),
     {"unchokers", "mutual", "unchokers"}},
    {CHOICE(knowledge, GROUP, "what tells who has what: announces, every message, or each block"),
     {"piggyback", "tracker", "have"}},
    {{"selection", "which block to ask for, see --list-strategies", MB_KEY_SELECTOR, GROUP, 0, 0,
      NULL},
     AT(selection),
     {"rarest-first", "rarest-first", "rarest-first"}},
    {{"choke", "whom to serve, see --list-strategies", MB_KEY_CHOKER, GROUP, 0, 0, NULL},
     AT(choke),
     {"rarity-tft", "rarity-tft", "rate-tft"}},
    {CHOICE(score, GROUP, "rarity-tft: weigh what a peer offers by rarity, or count it"),
     {"rarity", "count", "rarity"}},
    {COUNT(regular_slots, 0, NODES_MAX, GROUP, "peers that a leecher unchokes by rank"),
     {"4", "4", "4"}},
    {TIME(unchoke_interval, MB_MS, GROUP, "from one unchoke round to the next"),
     {"10s", "10s", "10s"}},
    {COUNT(seeder_slots, 0, NODES_MAX, GROUP, "peers that a complete peer serves; 0 = everybody"),
     {"20", "0", "5"}},
    {CHOICE(seeder_choke, GROUP, "a complete peer's slots: a block each by lot, or unchoke rounds"),
     {"slots", "slots", "slots"}},
    {COUNT(upload_slots, 1, NODES_MAX, GROUP, "choke = none: peers served at a time"),
     {"4", "4", "4"}},
    {BOOL(endgame, GROUP, "ask a second provider for the last blocks"), {"no", "no", "yes"}},
    {CHOICE(super_seed, GROUP, "a seeder steers askers to what it served least, or withholds"),
     {"no", "no", "no"}},
    {BOOL(cut_on_choke, GROUP, "a choke stops the block under way"), {"no", "no", "yes"}},
    {BOOL(free_rider, GROUP, "never unchokes anyone"), {"no", "no", "no"}},
    {TIME(request_timeout, MB_MS, GROUP, "give up a request so long after its last byte"),
     {"60s", "60s", "60s"}},
    {TIME(snub_after, 0, GROUP, "ask others beside a giver slow for so long; 0s = never"),
     {"60s", "0s", "60s"}},
    {CHOICE(encoding, SWARM, "what a block weighs on the wire: its bytes, or the JSON message"),
     {"raw", "base64", "raw"}},
};

#define ROW_COUNT (sizeof rows / sizeof *rows)

/* A parameter whose value in a preset is not the strategy's own default. */
static const struct {
    mb_preset preset;
    const char *key;
    const char *text;
} param_presets[] = {
    {MB_PRESET_COURSEWORK, "rarest_ties", "first"},
    {MB_PRESET_COURSEWORK, "choke_ties", "learned"},
    {MB_PRESET_BITTORRENT, "random_first", "4"},
};

static const char *const preset_names[MB_PRESET_COUNT] = {
    [MB_PRESET_MINIBIT] = "minibit",
    [MB_PRESET_COURSEWORK] = "coursework",
    [MB_PRESET_BITTORRENT] = "bittorrent",
};

/* ---- the strategies' parameters ---- */

/* The n-th declared parameter, repetitions included: selectors' first, then chokers'. */
static const mb_param *declared_at(uint32_t n)
{
    const mb_selector *selector;
    for (uint32_t i = 0; (selector = mb_selector_at(i)); i++) {
        if (n < selector->param_count) return selector->params[n];
        n -= selector->param_count;
    }
    const mb_choker *choker;
    for (uint32_t i = 0; (choker = mb_choker_at(i)); i++) {
        if (n < choker->param_count) return choker->params[n];
        n -= choker->param_count;
    }
    return NULL;
}

static bool is_repeated(uint32_t n)
{
    const char *name = declared_at(n)->name;
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(declared_at(i)->name, name) == 0) return true;
    }
    return false;
}

/* The parameter with index `index` when each is counted once; NULL past the end. */
static const mb_param *param_at(uint32_t index)
{
    const mb_param *param;
    for (uint32_t n = 0; (param = declared_at(n)); n++) {
        if (is_repeated(n)) continue;
        if (index-- == 0) return param;
    }
    return NULL;
}

/* The index of the parameter of that name, or MB_INDEX_NONE. */
static uint32_t param_find(const char *name)
{
    const mb_param *param;
    for (uint32_t index = 0; (param = param_at(index)); index++) {
        if (strcmp(param->name, name) == 0) return index;
    }
    return MB_INDEX_NONE;
}

static void describe_param(const mb_param *param, mb_key *key)
{
    static const mb_key_type types[] = {
        [MB_PARAM_COUNT] = MB_KEY_COUNT,
        [MB_PARAM_TIME] = MB_KEY_TIME,
        [MB_PARAM_CHOICE] = MB_KEY_CHOICE,
    };
    *key = (mb_key){.name = param->name,
                    .summary = param->summary,
                    .type = types[param->type],
                    .group_may_set = true,
                    .min = param->min,
                    .max = param->max,
                    .choices = param->choices};
}

/* ---- the table ---- */

bool mb_key_at(uint32_t row, mb_key *key)
{
    if (row < ROW_COUNT) {
        *key = rows[row].key;
        return true;
    }
    const mb_param *param = param_at(row - (uint32_t)ROW_COUNT);
    if (!param) return false;
    describe_param(param, key);
    return true;
}

/* The row of that name, fixed keys and parameters alike, or MB_INDEX_NONE. */
static uint32_t find_row(const char *name)
{
    for (uint32_t i = 0; i < ROW_COUNT; i++) {
        if (strcmp(rows[i].key.name, name) == 0) return i;
    }
    uint32_t param = param_find(name);
    return param == MB_INDEX_NONE ? MB_INDEX_NONE : (uint32_t)ROW_COUNT + param;
}

bool mb_key_find(const char *name, mb_key *key)
{
    return mb_key_at(find_row(name), key);
}

/* ---- texts to values ---- */

/* Of a key that was yes or no once, those words mean its first two choices still. */
static int parse_old_bool(const char *text, const char *const *choices, int64_t *value)
{
    bool flag;

    if (strcmp(choices[0], "no") != 0 || mb_bool_parse(text, &flag)) return MB_ERR_UNKNOWN;
    *value = flag;
    return 0;
}

static int parse_choice(const char *text, const char *const *choices, int64_t *value)
{
    for (int64_t i = 0; choices[i]; i++) {
        if (strcmp(choices[i], text) != 0) continue;
        *value = i;
        return 0;
    }
    return parse_old_bool(text, choices, value);
}

/* A strategy's row number in its registry. */
static int parse_strategy(const char *text, mb_key_type type, int64_t *value)
{
    const mb_selector *selector;
    const mb_choker *choker;
    for (uint32_t i = 0; type == MB_KEY_SELECTOR && (selector = mb_selector_at(i)); i++) {
        if (strcmp(selector->name, text) != 0) continue;
        *value = i;
        return 0;
    }
    for (uint32_t i = 0; type == MB_KEY_CHOKER && (choker = mb_choker_at(i)); i++) {
        if (strcmp(choker->name, text) != 0) continue;
        *value = i;
        return 0;
    }
    return MB_ERR_UNKNOWN;
}

static int parse_count(const char *text, int64_t *value)
{
    uint64_t count;
    int error = mb_count_parse(text, INT64_MAX, &count);
    if (!error) *value = (int64_t)count;
    return error;
}

static int parse_bool(const char *text, int64_t *value)
{
    bool flag;
    int error = mb_bool_parse(text, &flag);
    if (!error) *value = flag;
    return error;
}

static int parse_value(const mb_key *key, const char *text, int64_t *value)
{
    int error = 0;
    switch (key->type) {
    case MB_KEY_BOOL: return parse_bool(text, value);
    case MB_KEY_CHOICE: return parse_choice(text, key->choices, value);
    case MB_KEY_SELECTOR:
    case MB_KEY_CHOKER: return parse_strategy(text, key->type, value);
    case MB_KEY_COUNT: error = parse_count(text, value); break;
    case MB_KEY_TIME:
    default: error = mb_time_parse(text, value); break;
    }
    if (error) return error;
    return *value < key->min || *value > key->max ? MB_ERR_RANGE : 0;
}

/* Where a fixed key's value lies, whatever its type. */
static void store_value(mb_protocol *protocol, const struct row *row, int64_t value)
{
    char *at = (char *)protocol + row->offset;
    uint32_t number = (uint32_t)value;
    bool flag = value != 0;
    switch (row->key.type) {
    case MB_KEY_COUNT:
    case MB_KEY_CHOICE: memcpy(at, &number, sizeof number); break;
    case MB_KEY_TIME: memcpy(at, &value, sizeof value); break;
    case MB_KEY_BOOL: memcpy(at, &flag, sizeof flag); break;
    case MB_KEY_SELECTOR: protocol->selection = mb_selector_at(number); break;
    case MB_KEY_CHOKER:
    default: protocol->choke = mb_choker_at(number); break;
    }
}

/* No strategy's: that is no number. */
static int64_t load_value(const mb_protocol *protocol, const struct row *row)
{
    const char *at = (const char *)protocol + row->offset;
    uint32_t number;
    int64_t time;
    bool flag;
    switch (row->key.type) {
    case MB_KEY_COUNT:
    case MB_KEY_CHOICE: memcpy(&number, at, sizeof number); return number;
    case MB_KEY_TIME: memcpy(&time, at, sizeof time); return time;
    default: break;
    }
    assert(row->key.type == MB_KEY_BOOL);
    memcpy(&flag, at, sizeof flag);
    return flag;
}

int mb_protocol_set(mb_protocol *protocol, const char *key, const char *text)
{
    uint32_t row = find_row(key);
    if (row == MB_INDEX_NONE) return MB_ERR_UNKNOWN;
    mb_key found;
    mb_key_at(row, &found);
    int64_t value;
    int error = parse_value(&found, text, &value);
    if (error) return error;
    if (row < ROW_COUNT)
        store_value(protocol, &rows[row], value);
    else
        protocol->params[row - ROW_COUNT] = value;
    return 0;
}

/* ---- values to texts ---- */

/* A strategy's is its name. */
static void format_value(const mb_key *key, int64_t value, char *text)
{
    switch (key->type) {
    case MB_KEY_COUNT: mb_count_format((uint64_t)value, text); break;
    case MB_KEY_TIME: mb_time_format(value, text); break;
    case MB_KEY_BOOL: memcpy(text, value ? "yes" : "no", value ? 4 : 3); break;
    default:
        assert(key->type == MB_KEY_CHOICE);
        memcpy(text, key->choices[value], strlen(key->choices[value]) + 1);
        break;
    }
}

int mb_protocol_get(const mb_protocol *protocol, const char *key, char text[MB_KEY_TEXT_MAX])
{
    uint32_t row = find_row(key);
    if (row == MB_INDEX_NONE) return MB_ERR_UNKNOWN;
    mb_key found;
    mb_key_at(row, &found);
    const char *name = NULL;
    if (found.type == MB_KEY_SELECTOR) name = protocol->selection->name;
    if (found.type == MB_KEY_CHOKER) name = protocol->choke->name;
    if (name) {
        assert(strlen(name) < MB_KEY_TEXT_MAX);
        memcpy(text, name, strlen(name) + 1);
        return 0;
    }
    int64_t value =
        row < ROW_COUNT ? load_value(protocol, &rows[row]) : protocol->params[row - ROW_COUNT];
    format_value(&found, value, text);
    return 0;
}

static bool declares(const mb_param *const *params, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(params[i]->name, name) == 0) return true;
    }
    return false;
}

bool mb_protocol_uses(const mb_protocol *protocol, const char *key)
{
    const mb_selector *selection = protocol->selection;
    const mb_choker *choke = protocol->choke;
    assert(find_row(key) != MB_INDEX_NONE);
    if (protocol->seeder_choke != MB_SEEDER_CHOKE_SLOTS && strcmp(key, "optimistic_interval") == 0)
        return true;
    return find_row(key) < ROW_COUNT || declares(selection->params, selection->param_count, key) ||
           declares(choke->params, choke->param_count, key);
}

/* ---- presets ---- */

/* The table's own texts always parse: a slip in them is ours. */
static void set_own(mb_protocol *protocol, const char *key, const char *text)
{
    int error = mb_protocol_set(protocol, key, text);
    assert(error == 0);
}

void mb_protocol_init(mb_protocol *protocol, mb_preset preset)
{
    assert((unsigned)preset < MB_PRESET_COUNT);
    memset(protocol, 0, sizeof *protocol);
    protocol->preset = preset;
    for (size_t i = 0; i < ROW_COUNT; i++)
        set_own(protocol, rows[i].key.name, rows[i].presets[preset]);
    const mb_param *param;
    for (uint32_t i = 0; (param = param_at(i)); i++) {
        assert(i < MB_PROTOCOL_PARAMS_MAX);
        protocol->params[i] = param->value;
    }
    for (size_t i = 0; i < sizeof param_presets / sizeof *param_presets; i++) {
        if (param_presets[i].preset != preset) continue;
        set_own(protocol, param_presets[i].key, param_presets[i].text);
    }
}

static void gather(const mb_protocol *protocol, const mb_param *const *params, uint32_t count,
                   int64_t *values)
{
    assert(count <= MB_STRATEGY_PARAMS_MAX);
    for (uint32_t i = 0; i < count; i++)
        values[i] = mb_protocol_param(protocol, params[i]->name);
}

void mb_protocol_finish(mb_protocol *protocol)
{
    const mb_selector *selector = protocol->selection;
    const mb_choker *choker = protocol->choke;
    gather(protocol, selector->params, selector->param_count, protocol->selection_params);
    gather(protocol, choker->params, choker->param_count, protocol->choke_params);
}

int64_t mb_protocol_param(const mb_protocol *protocol, const char *name)
{
    uint32_t index = param_find(name);
    assert(index < MB_PROTOCOL_PARAMS_MAX);
    return protocol->params[index];
}

mb_time mb_protocol_tick(const mb_protocol *protocol)
{
    mb_time shortest = protocol->request_timeout, snub = protocol->snub_after;

    if (snub > 0 && snub < shortest) shortest = snub;
    return shortest > TICKS_PER_TIMEOUT ? shortest / TICKS_PER_TIMEOUT : 1;
}

const char *mb_preset_name(mb_preset preset)
{
    assert((unsigned)preset < MB_PRESET_COUNT);
    return preset_names[preset];
}

int mb_preset_find(const char *name, mb_preset *preset)
{
    for (unsigned i = 0; i < MB_PRESET_COUNT; i++) {
        if (strcmp(preset_names[i], name) != 0) continue;
        *preset = (mb_preset)i;
        return 0;
    }
    return MB_ERR_UNKNOWN;
}
