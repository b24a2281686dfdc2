/* The key table: design's values in each preset, texts both ways, strategies' own parameters. */
#include "core/protocol.h"

#include "core/units.h"
#include <glib.h>
#include <string.h>

static const char *get(const mb_protocol *protocol, const char *key)
{
    static char text[MB_KEY_TEXT_MAX];
    g_assert_cmpint(mb_protocol_get(protocol, key, text), ==, 0);
    return text;
}

/* The presets as documented, column by column. */
static void test_presets(void)
{
    static const char *const table[][1 + MB_PRESET_COUNT] = {
        {"initial_blocks", "4", "4", "0"},
        {"deal", "fetched", "given", "fetched"},
        {"books", "reported", "redealt", "reported"},
        {"announce_interval", "15s", "15s", "30min"},
        {"announce_when_short", "no", "no", "yes"},
        {"peers_per_announce", "50", "0", "50"},
        {"max_known", "80", "0", "80"},
        {"exchange", "continuous", "rounds", "continuous"},
        {"exchange_interval", "5s", "5s", "5s"},
        {"round_jitter", "0s", "0s", "0s"},
        {"pipeline", "1", "1", "1"},
        {"ask", "unchokers", "mutual", "unchokers"},
        {"knowledge", "piggyback", "tracker", "have"},
        {"choke", "rarity-tft", "rarity-tft", "rate-tft"},
        {"regular_slots", "4", "4", "4"},
        {"unchoke_interval", "10s", "10s", "10s"},
        {"selection", "rarest-first", "rarest-first", "rarest-first"},
        {"rarest_ties", "random", "first", "random"},
        {"random_first", "0", "0", "4"},
        {"choke_ties", "random", "learned", "random"},
        {"seeder_slots", "20", "0", "5"},
        {"seeder_choke", "slots", "slots", "slots"},
        {"upload_slots", "4", "4", "4"},
        {"endgame", "no", "no", "yes"},
        {"super_seed", "no", "no", "no"},
        {"cut_on_choke", "no", "no", "yes"},
        {"free_rider", "no", "no", "no"},
        {"request_timeout", "1min", "1min", "1min"},
        {"snub_after", "1min", "0s", "1min"},
        {"encoding", "raw", "base64", "raw"},
        {"optimistic_interval", "30s", "30s", "30s"},
        {"rate_window", "20s", "20s", "20s"},
    };
    for (unsigned preset = 0; preset < MB_PRESET_COUNT; preset++) {
        mb_protocol protocol;
        mb_protocol_init(&protocol, (mb_preset)preset);
        for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
            g_assert_cmpstr(get(&protocol, table[i][0]), ==, table[i][1 + preset]);
    }
    mb_protocol protocol;
    mb_protocol_init(&protocol, MB_PRESET_MINIBIT);
    g_assert_cmpstr(get(&protocol, "score"), ==, "rarity");
    mb_protocol_init(&protocol, MB_PRESET_COURSEWORK);
    g_assert_cmpstr(get(&protocol, "score"), ==, "count");
}

/* Every row has a name of its own, is found by it, and what it prints it reads. */
static void test_table(void)
{
    mb_key key, other;
    uint32_t count = 0;
    for (uint32_t i = 0; mb_key_at(i, &key); i++, count++) {
        g_assert_true(key.name && *key.name && key.summary && *key.summary);
        g_assert_true(mb_key_find(key.name, &other));
        g_assert_cmpstr(other.summary, ==, key.summary);
        for (uint32_t j = 0; j < i; j++) {
            mb_key_at(j, &other);
            g_assert_cmpstr(other.name, !=, key.name);
        }
        for (unsigned preset = 0; preset < MB_PRESET_COUNT; preset++) {
            mb_protocol protocol, again;
            char text[MB_KEY_TEXT_MAX];
            mb_protocol_init(&protocol, (mb_preset)preset);
            again = protocol;
            g_assert_cmpint(mb_protocol_get(&protocol, key.name, text), ==, 0);
            g_assert_cmpint(mb_protocol_set(&again, key.name, text), ==, 0);
            g_assert_cmpmem(&protocol, sizeof protocol, &again, sizeof again);
        }
    }
    g_assert_cmpuint(count, >=, 30);
    g_assert_false(mb_key_at(count, &key));
    g_assert_false(mb_key_find("nonsense", &key));
}

static void test_ranges(void)
{
    mb_key key;
    mb_protocol protocol;
    mb_protocol_init(&protocol, MB_PRESET_MINIBIT);
    for (uint32_t i = 0; mb_key_at(i, &key); i++) {
        char text[MB_UNITS_TEXT_MAX];
        if (key.type == MB_KEY_COUNT) {
            mb_count_format((uint64_t)key.max, text);
            g_assert_cmpint(mb_protocol_set(&protocol, key.name, text), ==, 0);
            g_assert_cmpstr(get(&protocol, key.name), ==, text);
            mb_count_format((uint64_t)key.max + 1, text);
            g_assert_cmpint(mb_protocol_set(&protocol, key.name, text), ==, MB_ERR_RANGE);
        }
        if (key.type == MB_KEY_TIME) {
            mb_time_format(key.max, text);
            g_assert_cmpint(mb_protocol_set(&protocol, key.name, text), ==, 0);
            mb_time_format(key.max + 1, text);
            g_assert_cmpint(mb_protocol_set(&protocol, key.name, text), ==, MB_ERR_RANGE);
            if (key.min == 0) continue;
            mb_time_format(key.min - 1, text);
            g_assert_cmpint(mb_protocol_set(&protocol, key.name, text), ==, MB_ERR_RANGE);
        }
    }
}

static void test_errors_change_nothing(void)
{
    static const struct {
        const char *key, *text;
        int error;
    } bad[] = {
        {"nonsense", "1", MB_ERR_UNKNOWN},
        {"preset", "minibit", MB_ERR_UNKNOWN},
        {"deal", "stolen", MB_ERR_UNKNOWN},
        {"selection", "rarest_first", MB_ERR_UNKNOWN},
        {"choke", "", MB_ERR_UNKNOWN},
        {"choke", "rarest-first", MB_ERR_UNKNOWN},
        {"announce_interval", "15", MB_ERR_UNIT},
        {"announce_interval", "0s", MB_ERR_RANGE},
        {"pipeline", "16", MB_ERR_RANGE},
        {"pipeline", "-1", MB_ERR_RANGE},
        {"pipeline", "1.5", MB_ERR_SYNTAX},
        {"pipeline", "1s", MB_ERR_SYNTAX},
        {"endgame", "maybe", MB_ERR_SYNTAX},
        {"upload_slots", "0", MB_ERR_RANGE},
        {"rarest_ties", "last", MB_ERR_UNKNOWN},
        {"random_first", "4294967296", MB_ERR_RANGE},
    };
    mb_protocol protocol, before;
    mb_protocol_init(&protocol, MB_PRESET_BITTORRENT);
    before = protocol;
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_test_message("%s = %s", bad[i].key, bad[i].text);
        g_assert_cmpint(mb_protocol_set(&protocol, bad[i].key, bad[i].text), ==, bad[i].error);
        g_assert_cmpmem(&protocol, sizeof protocol, &before, sizeof before);
    }
}

/* What there is not is neither found nor read, and what was asked for stays as it was. */
/* What super_seed was called when it could only be on or off is still understood. */
static void test_old_words(void)
{
    static const char *const words[][2] = {{"yes", "steer"},
                                           {"no", "no"},
                                           {"true", "steer"},
                                           {"false", "no"},
                                           {"withhold", "withhold"}};
    mb_protocol protocol;
    mb_protocol_init(&protocol, MB_PRESET_MINIBIT);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        g_assert_cmpint(mb_protocol_set(&protocol, "super_seed", words[i][0]), ==, 0);
        g_assert_cmpstr(get(&protocol, "super_seed"), ==, words[i][1]);
    }
    g_assert_cmpint(mb_protocol_set(&protocol, "deal", "yes"), ==, MB_ERR_UNKNOWN);
}

static void test_unknown_keys(void)
{
    mb_protocol protocol;
    mb_key key = {.name = "before"};
    char text[MB_KEY_TEXT_MAX] = "before";
    mb_protocol_init(&protocol, MB_PRESET_MINIBIT);
    g_assert_false(mb_key_find("nonsense", &key));
    g_assert_cmpstr(key.name, ==, "before");
    g_assert_cmpint(mb_protocol_get(&protocol, "nonsense", text), ==, MB_ERR_UNKNOWN);
    g_assert_cmpstr(text, ==, "before");
    g_assert_true(mb_key_find("rarest_ties", &key));
    g_assert_cmpstr(key.name, ==, "rarest_ties");
}

static void test_fields(void)
{
    mb_protocol protocol;
    mb_protocol_init(&protocol, MB_PRESET_MINIBIT);
    g_assert_cmpint(mb_protocol_set(&protocol, "encoding", "base64"), ==, 0);
    g_assert_cmpuint(protocol.encoding, ==, MB_ENCODING_BASE64);
    g_assert_cmpint(mb_protocol_set(&protocol, "encoding", "raw"), ==, 0);
    g_assert_cmpuint(protocol.encoding, ==, MB_ENCODING_RAW);
    g_assert_cmpint(mb_protocol_set(&protocol, "knowledge", "have"), ==, 0);
    g_assert_cmpuint(protocol.knowledge, ==, MB_KNOWLEDGE_HAVE);
    g_assert_cmpint(mb_protocol_set(&protocol, "exchange", "rounds"), ==, 0);
    g_assert_cmpuint(protocol.exchange, ==, MB_EXCHANGE_ROUNDS);
    g_assert_cmpint(mb_protocol_set(&protocol, "ask", "mutual"), ==, 0);
    g_assert_cmpuint(protocol.ask, ==, MB_ASK_MUTUAL);
    g_assert_cmpint(mb_protocol_set(&protocol, "deal", "given"), ==, 0);
    g_assert_cmpuint(protocol.deal, ==, MB_DEAL_GIVEN);
    g_assert_cmpint(mb_protocol_set(&protocol, "books", "redealt"), ==, 0);
    g_assert_cmpuint(protocol.books, ==, MB_BOOKS_REDEALT);
    g_assert_cmpint(mb_protocol_set(&protocol, "score", "count"), ==, 0);
    g_assert_cmpuint(protocol.score, ==, MB_SCORE_COUNT);
    g_assert_cmpint(mb_protocol_set(&protocol, "free_rider", "yes"), ==, 0);
    g_assert_true(protocol.free_rider);
    g_assert_cmpint(mb_protocol_set(&protocol, "unchoke_interval", "1.5s"), ==, 0);
    g_assert_cmpint(protocol.unchoke_interval, ==, 1500 * MB_MS);
}

/* Each strategy gets its own declared parameters, in the order of its declaration. */
static void test_finish(void)
{
    const mb_selector *selector;
    const mb_choker *choker;
    for (uint32_t s = 0; (selector = mb_selector_at(s)); s++) {
        for (uint32_t c = 0; (choker = mb_choker_at(c)); c++) {
            mb_protocol protocol;
            mb_protocol_init(&protocol, MB_PRESET_COURSEWORK);
            g_assert_cmpint(mb_protocol_set(&protocol, "selection", selector->name), ==, 0);
            g_assert_cmpint(mb_protocol_set(&protocol, "choke", choker->name), ==, 0);
            mb_protocol_set(&protocol, "random_first", "9");
            mb_protocol_set(&protocol, "rate_window", "7s");
            mb_protocol_finish(&protocol);
            for (uint32_t i = 0; i < selector->param_count; i++)
                g_assert_cmpint(protocol.selection_params[i], ==,
                                mb_protocol_param(&protocol, selector->params[i]->name));
            for (uint32_t i = 0; i < choker->param_count; i++)
                g_assert_cmpint(protocol.choke_params[i], ==,
                                mb_protocol_param(&protocol, choker->params[i]->name));
            g_assert_cmpint(mb_protocol_param(&protocol, "rate_window"), ==, 7 * MB_SECOND);
        }
    }
}

static void test_preset_names(void)
{
    for (unsigned i = 0; i < MB_PRESET_COUNT; i++) {
        mb_preset preset;
        g_assert_cmpint(mb_preset_find(mb_preset_name((mb_preset)i), &preset), ==, 0);
        g_assert_cmpuint(preset, ==, i);
    }
    mb_preset preset = MB_PRESET_BITTORRENT;
    g_assert_cmpint(mb_preset_find("minibits", &preset), ==, MB_ERR_UNKNOWN);
    g_assert_cmpuint(preset, ==, MB_PRESET_BITTORRENT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/protocol/presets", test_presets);
    g_test_add_func("/protocol/table", test_table);
    g_test_add_func("/protocol/ranges", test_ranges);
    g_test_add_func("/protocol/errors-change-nothing", test_errors_change_nothing);
    g_test_add_func("/protocol/old-words", test_old_words);
    g_test_add_func("/protocol/unknown-keys", test_unknown_keys);
    g_test_add_func("/protocol/fields", test_fields);
    g_test_add_func("/protocol/finish", test_finish);
    g_test_add_func("/protocol/preset-names", test_preset_names);
    return g_test_run();
}
