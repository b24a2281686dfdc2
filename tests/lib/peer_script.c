#include "tests/lib/peer_script.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/blockset.h"
#include "core/peer.h"
#include "tests/lib/peer_step.h"

enum { NODE = 1, NODES = 200, BATCH = 32, BLOCK_SIZE = 100, REMOTE = 1000 };

typedef struct stage {
    mb_protocol protocol;
    mb_geometry geometry;
    mb_peer *peer;
    mb_node node;
    mb_actions actions;
    mb_time now;
    GString *played;
    GPtrArray *logs;               /* every log ever told of */
    mb_log *log[NODES];            /* the present one of each node */
    uint32_t index[NODES];         /* where the peer lists it, going by its last action */
    uint32_t upload_remote[NODES]; /* where it lists the peer, by the last upload to it */
    mb_event batch[BATCH];
    uint32_t batch_count;
    mb_listing list[NODES];
    uint32_t dealt[NODES];
} stage;

static const char *const messages[] = {
    [MB_MSG_HELLO] = "hello",     [MB_MSG_HELLO_ACK] = "ack",     [MB_MSG_HELLO_FULL] = "full",
    [MB_MSG_BYE] = "bye",         [MB_MSG_UNCHOKE] = "unchoke",   [MB_MSG_CHOKE] = "choke",
    [MB_MSG_REQUEST] = "request", [MB_MSG_REFUSE] = "refuse",     [MB_MSG_CANCEL] = "cancel",
    [MB_MSG_HAVE] = "have",       [MB_MSG_INTEREST] = "interest", [MB_MSG_DECLINE] = "decline",
};
static const char *const reasons[] = {"none", "choked", "not-held", "busy", "leaving"};
static const char *const vias[] = {"initial", "regular", "optimistic", "seed", "open", "endgame"};
static const char *const announces[] = {"register", "periodic", "complete", "leave"};
static const char *const flags[] = {"slot", "more", "open", "optimistic", "endgame", "quiet", NULL};

/* The place of `word` in `names`; -1 where it is not there. */
static int place_of(const char *word, const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        if (names[i] && strcmp(names[i], word) == 0) return i;
    return -1;
}

/* ---- the peer's doings as text -------------------------------------------------------------- */

static void print_flags(GString *line, uint32_t set)
{
    for (int i = 0; flags[i]; i++)
        if (set >> i & 1) g_string_append_printf(line, " %s", flags[i]);
}

static void print_message(GString *line, const mb_said *said)
{
    g_string_append_printf(line, "%s", messages[said->message]);
    print_flags(line, said->flags);
    if (said->block != MB_BLOCK_NONE) g_string_append_printf(line, " block %u", said->block);
    if (said->message == MB_MSG_REQUEST && said->offset)
        g_string_append_printf(line, " offset %u", said->offset);
    if (said->message == MB_MSG_REFUSE) g_string_append_printf(line, " %s", reasons[said->reason]);
    if (said->told.log) g_string_append_printf(line, ", tells %u", said->told.count);
}

static void print_upload(GString *line, mb_node to, const mb_action_upload *upload)
{
    g_string_append_printf(line, "upload %u to %u as %s", upload->block, to, vias[upload->via]);
    if (upload->offset) g_string_append_printf(line, " offset %u", upload->offset);
}

/* What is asked for and sent reaches to the block's end. */
static void assert_rest(const stage *s, uint32_t block, uint32_t offset, uint32_t length)
{
    g_assert_cmpuint(offset + length, ==, mb_geometry_block_size(&s->geometry, block));
}

static void print_action(GString *line, const mb_action *a)
{
    switch ((mb_action_type)a->type) {
    case MB_ACTION_ANNOUNCE:
        g_string_append_printf(line, "announce %s, holds %u", announces[a->announce.what],
                               a->announce.told.count);
        break;
    case MB_ACTION_SEND:
        g_string_append_printf(line, "to %u: ", a->to);
        print_message(line, &a->said);
        break;
    case MB_ACTION_BROADCAST:
        g_string_append(line, "to all: ");
        print_message(line, &a->said);
        break;
    case MB_ACTION_UPLOAD: print_upload(line, a->to, &a->upload); break;
    case MB_ACTION_ABORT:
        g_string_append_printf(line, "abort %u to %u%s", a->abort.block, a->to,
                               a->abort.keep ? " keep" : "");
        break;
    case MB_ACTION_MEASURE:
        g_string_append(line, a->measure.uploads ? "measure uploads" : "measure");
        break;
    case MB_ACTION_COMPLETE: g_string_append(line, "complete"); break;
    case MB_ACTION_WASTED: g_string_append_printf(line, "wasted %u", a->wasted.block); break;
    case MB_ACTION_LEFT: g_string_append(line, "left"); break;
    case MB_ACTION_GAINED:
    case MB_ACTION_ANSWER: g_assert_not_reached();
    }
}

static void put(stage *s, const char *text)
{
    g_string_append_printf(s->played, "  %" G_GINT64_FORMAT ".%03u %s\n", s->now / MB_SECOND,
                           (unsigned)(s->now % MB_SECOND / MB_MS), text);
}

/* Prints an action, and holds what it says of the other node against what the stage knows. */
static void take_action(stage *s, const mb_action *a)
{
    GString *line = g_string_new(NULL);
    print_action(line, a);
    put(s, line->str);
    g_string_free(line, TRUE);
    if (a->to == MB_NODE_NONE) return;
    g_assert_cmpuint(a->to, <, NODES);
    g_assert_true(a->remote == MB_INDEX_NONE || a->remote == REMOTE + a->to || a->to == s->node);
    if (a->type == MB_ACTION_UPLOAD) {
        s->upload_remote[a->to] = a->remote;
        assert_rest(s, a->upload.block, a->upload.offset, a->upload.length);
    }
    if (a->type == MB_ACTION_SEND && a->said.message == MB_MSG_REQUEST)
        assert_rest(s, a->said.block, a->said.offset, a->said.length);
    if (a->type == MB_ACTION_ABORT) g_assert_cmpuint(a->remote, ==, s->upload_remote[a->to]);
    if (a->index != MB_INDEX_NONE) s->index[a->to] = a->index;
}

/* ---- events --------------------------------------------------------------------------------- */

static mb_event *add_event(stage *s, mb_event_type type, mb_node other)
{
    mb_event *event = &s->batch[s->batch_count++];
    g_assert_cmpuint(s->batch_count, <=, BATCH);
    *event = mb_event_make(type, other);
    if (other < NODES) event->index = s->index[other];
    return event;
}

static uint32_t number(const char *word)
{
    char *end;
    g_assert_nonnull(word);
    guint64 value = g_ascii_strtoull(word, &end, 10);
    if (*end || end == word) g_error("\"%s\" is no number", word);
    return (uint32_t)value;
}

/* What `node` tells once it holds the blocks of `set` too. */
static mb_told tell(stage *s, uint32_t node, const char *set, uint32_t epoch)
{
    mb_log *log = s->log[node];
    if (!log || (epoch && epoch != log->epoch)) {
        log = s->log[node] = mb_log_new(epoch ? epoch : 1, NODES);
        g_ptr_array_add(s->logs, log);
    }
    for (uint32_t block = 0; set[block]; block++) {
        bool held = false;
        for (uint32_t i = 0; i < log->count; i++)
            held |= log->blocks[i] == block;
        if (set[block] == '#' && !held) mb_log_append(log, block);
    }
    return mb_log_told(log);
}

static void read_listed(stage *s, char **words)
{
    mb_event_listed *answer = &add_event(s, MB_EVENT_LISTED, MB_NODE_NONE)->listed;
    bool dealing = false;
    answer->list = s->list;
    answer->dealt = s->dealt;
    for (; *words; words++) {
        if (strcmp(*words, "deal") == 0) {
            dealing = true;
        } else if (dealing) {
            s->dealt[answer->dealt_count++] = number(*words);
        } else {
            mb_listing *listing = &s->list[answer->list_count++];
            char *set = strchr(*words, ':');
            g_assert_nonnull(set);
            *set++ = '\0';
            listing->seeder = set[-2] == '*';
            if (listing->seeder) set[-2] = '\0';
            listing->node = number(*words);
            listing->told = tell(s, listing->node, set, 0);
        }
    }
}

static void read_message(stage *s, char **words)
{
    uint32_t node = number(words[0]), epoch = 0, length = UINT32_MAX;
    mb_event_message *event = &add_event(s, MB_EVENT_MESSAGE, node)->message;
    mb_said *said = &event->said;
    const char *set = NULL;
    int message = place_of(words[1], messages, G_N_ELEMENTS(messages));
    bool beyond = false;
    event->remote = REMOTE + node;
    said->message = message < 0 ? 99 : (uint8_t)message;
    for (words += 2; *words; words++) {
        int flag = place_of(*words, flags, G_N_ELEMENTS(flags));
        if (flag >= 0)
            said->flags |= (uint8_t)(1u << flag);
        else if (strcmp(*words, "block") == 0)
            said->block = number(*++words);
        else if (strcmp(*words, "offset") == 0)
            said->offset = number(*++words);
        else if (strcmp(*words, "length") == 0)
            length = number(*++words);
        else if (strcmp(*words, "at") == 0)
            event->where = number(*++words);
        else if (strcmp(*words, "reason") == 0)
            said->reason = (uint8_t)place_of(*++words, reasons, 5);
        else if (strcmp(*words, "holds") == 0)
            set = *++words;
        else if (strcmp(*words, "epoch") == 0)
            epoch = number(*++words);
        else if (strcmp(*words, "beyond") == 0)
            beyond = true;
        else
            g_error("\"%s\" is not understood", *words);
    }
    if (set) said->told = tell(s, node, set, epoch);
    if (beyond) said->told.count++;
    if (length != UINT32_MAX)
        said->length = length;
    else if (said->block < s->geometry.blocks)
        said->length = mb_geometry_block_size(&s->geometry, said->block) - said->offset;
}

static void read_cut(mb_event_cut *cut, uint32_t block, char **words)
{
    *cut = (mb_event_cut){.block = block, .keep = words[0] != NULL};
    if (cut->keep) cut->here = number(words[1]);
}

static void read_progress(mb_event_progress *progress, uint32_t block, char **words)
{
    *progress = (mb_event_progress){.block = block, .here = number(words[0])};
    if (!words[1]) return;
    progress->ending = g_str_equal(words[1], "more");
    if (!progress->ending) progress->carried = number(words[2]);
}

/* "block 2 5", "cut 2 5 keep 30", "progress 2 5 30 of 41", "progress 2 5 99 more", "gone 2",
 * "gone 2 ungreeted", "dropped 2 5". */
static void read_transfer(stage *s, mb_event_type type, char **words)
{
    mb_event *event = add_event(s, type, number(words[0]));
    uint32_t block = words[1] && type != MB_EVENT_GONE ? number(words[1]) : MB_BLOCK_NONE;
    switch (type) {
    case MB_EVENT_BLOCK:
    case MB_EVENT_BAD_BLOCK:
        event->block = (mb_event_block){.block = block, .tag = s->batch_count};
        break;
    case MB_EVENT_SENT: event->sent.block = block; break;
    case MB_EVENT_DROPPED: event->dropped.block = block; break;
    case MB_EVENT_CUT: read_cut(&event->cut, block, words + 2); break;
    case MB_EVENT_GOING:
        event->going = (mb_event_going){.block = block, .gone = number(words[2])};
        break;
    case MB_EVENT_PROGRESS: read_progress(&event->progress, block, words + 2); break;
    default: g_assert_cmpint(type, ==, MB_EVENT_GONE); event->gone.ungreeted = words[1] != NULL;
    }
}

static void read_event(stage *s, char **words)
{
    static const char *const plain[] = {
        [MB_EVENT_START] = "start",       [MB_EVENT_TIMER] = "timer",
        [MB_EVENT_LISTED] = "listed",     [MB_EVENT_UNLISTED] = "unlisted",
        [MB_EVENT_BLOCK] = "block",       [MB_EVENT_BAD_BLOCK] = "bad",
        [MB_EVENT_SENT] = "sent",         [MB_EVENT_CUT] = "cut",
        [MB_EVENT_PROGRESS] = "progress", [MB_EVENT_MEASURED] = "measured",
        [MB_EVENT_GONE] = "gone",         [MB_EVENT_LEAVE] = "leave",
        [MB_EVENT_DROPPED] = "dropped",   [MB_EVENT_GOING] = "going",
    };
    int type = place_of(words[0], plain, G_N_ELEMENTS(plain));
    if (type < 0)
        read_message(s, words);
    else if (type == MB_EVENT_LISTED)
        read_listed(s, words + 1);
    else if (words[1])
        read_transfer(s, (mb_event_type)type, words + 1);
    else
        add_event(s, (mb_event_type)type, MB_NODE_NONE);
}

/* ---- playing -------------------------------------------------------------------------------- */

/* Blocks gained one after another stand in one line: what a seeder begins with is long. */
static size_t take_gains(stage *s, size_t from)
{
    const mb_action *items = s->actions.items;
    GString *line = g_string_new("gained");
    for (; from < s->actions.count && items[from].type == MB_ACTION_GAINED; from++)
        g_string_append_printf(line, " %u", items[from].gained.block);
    put(s, line->str);
    g_string_free(line, TRUE);
    return from;
}

static void step(stage *s)
{
    int rc;
    s->actions.count = 0;
    rc = peer_step(s->peer, s->now, s->batch, s->batch_count, &s->actions);
    for (size_t i = 0; i < s->actions.count;) {
        if (s->actions.items[i].type == MB_ACTION_GAINED)
            i = take_gains(s, i);
        else
            take_action(s, &s->actions.items[i++]);
    }
    if (rc) put(s, rc == MB_ERR_MESSAGE ? "error" : mb_strerror(rc));
    mb_peer_check(s->peer);
}

static void look(stage *s)
{
    mb_peer_view v = mb_peer_look(s->peer);
    g_autofree char *text = g_strdup_printf(
        "holds %u, knows %u, interested %u, interesting %u, unchoked %u, providers %u, asked "
        "%u%s%s%s",
        v.held, v.known, v.interested, v.interesting, v.unchoked, v.providers, v.asked,
        v.complete ? ", complete" : "", v.open ? ", open" : "", v.leaving ? ", leaving" : "");
    put(s, text);
}

static void print_deadline(stage *s)
{
    mb_time deadline = mb_peer_deadline(s->peer);
    g_autofree char *text =
        deadline == MB_NEVER
            ? g_strdup("deadline never")
            : g_strdup_printf("deadline %" G_GINT64_FORMAT ".%03u", deadline / MB_SECOND,
                              (unsigned)(deadline % MB_SECOND / MB_MS));
    put(s, text);
}

static void move_clock(stage *s, const char *seconds)
{
    mb_time now = (mb_time)(g_ascii_strtod(seconds, NULL) * 1000 + 0.5) * MB_MS;
    g_assert_cmpint(now, >=, s->now);
    s->now = now;
}

/* A line without its "> ". */
static void play(stage *s, const char *line)
{
    g_auto(GStrv) parts = g_strsplit(line, "; ", -1);
    bool timed = false;
    s->batch_count = 0;
    for (char **part = parts; *part; part++) {
        g_auto(GStrv) words = g_strsplit(*part, " ", -1);
        char **word = words;
        if (**word == '@') {
            move_clock(s, *word++ + 1);
            timed = true;
        }
        if (strcmp(*word, "look") == 0) {
            look(s);
        } else if (strcmp(*word, "deadline") == 0) {
            print_deadline(s);
        } else {
            if (strcmp(*word, "timer") == 0 && !timed) s->now = mb_peer_deadline(s->peer);
            read_event(s, word);
        }
    }
    if (s->batch_count > 0) step(s);
}

/* ---- setting the stage ---------------------------------------------------------------------- */

typedef struct setting {
    uint64_t blocks, size, seed, seeder, node;
    const char *have;
} setting;

static void set_key(stage *s, setting *out, const char *key, const char *value)
{
    const struct {
        const char *name;
        uint64_t *number;
    } numbers[] = {{"blocks", &out->blocks},
                   {"size", &out->size},
                   {"seed", &out->seed},
                   {"seeder", &out->seeder},
                   {"node", &out->node}};
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        if (strcmp(numbers[i].name, key) != 0) continue;
        *numbers[i].number = number(value);
        return;
    }
    if (strcmp(key, "have") == 0)
        out->have = value;
    else if (mb_protocol_set(&s->protocol, key, value))
        g_error("%s=%s is not accepted", key, value);
}

static void set_up(stage *s, char **words)
{
    setting out = {.blocks = 8, .seed = 1, .node = NODE};
    uint64_t have[NODES / 64 + 1] = {0};
    mb_preset preset;
    g_assert_cmpint(mb_preset_find(words[0], &preset), ==, 0);
    mb_protocol_init(&s->protocol, preset);
    for (char **word = words + 1; *word; word++) {
        char *value = strchr(*word, '=');
        g_assert_nonnull(value);
        *value = '\0';
        set_key(s, &out, *word, value + 1);
    }
    mb_protocol_finish(&s->protocol);
    if (out.size == 0) out.size = out.blocks * BLOCK_SIZE;
    g_assert_cmpint(mb_geometry_init(&s->geometry, out.size, BLOCK_SIZE), ==, 0);
    for (uint32_t block = 0; out.have && out.have[block]; block++)
        if (out.have[block] == '#') mb_blockset_add(have, block);
    s->node = (mb_node)out.node;
    mb_peer_config config = {.node = (mb_node)out.node,
                             .seed = out.seed,
                             .protocol = &s->protocol,
                             .geometry = &s->geometry,
                             .have = have,
                             .epoch = 1,
                             .seeder = out.seeder};
    g_assert_cmpint(mb_peer_new(&s->peer, &config), ==, 0);
    for (uint32_t node = 0; node < NODES; node++)
        s->index[node] = MB_INDEX_NONE;
}

char *peer_script_play(const char *settings, const char *script)
{
    g_autofree stage *s = g_new0(stage, 1);
    g_auto(GStrv) words = g_strsplit(settings, " ", -1);
    g_auto(GStrv) lines = g_strsplit(script, "\n", -1);
    s->played = g_string_new(NULL);
    s->logs = g_ptr_array_new_with_free_func(free);
    mb_actions_init(&s->actions);
    set_up(s, words);
    mb_peer_check(s->peer);
    for (char **line = lines; *line; line++) {
        if (!g_str_has_prefix(*line, "> ")) continue;
        g_string_append_printf(s->played, "%s\n", *line);
        play(s, *line + 2);
    }
    mb_peer_free(s->peer);
    mb_actions_clear(&s->actions);
    g_ptr_array_free(s->logs, TRUE);
    return g_string_free(s->played, FALSE);
}

static void run_case(gconstpointer data)
{
    const peer_script_case *c = data;
    g_autofree char *played = peer_script_play(c->settings, c->script);
    bool same = strcmp(played, c->script) == 0;
    if (!same)
        g_printerr("%s: %s\n--- expected\n%s--- played\n%s---\n", c->path, c->settings, c->script,
                   played);
    g_assert_true(same);
}

void peer_script_add(const peer_script_case *cases, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        g_test_add_data_func(cases[i].path, &cases[i], run_case);
}
