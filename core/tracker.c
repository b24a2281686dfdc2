#include "core/tracker.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"

/* A peer that has not announced for so many of its intervals is no longer listed. */
#define SILENT_INTERVALS 3

typedef struct booking {
    mb_node node;
    uint32_t listed_by; /* the answer that listed it last */
    mb_told told;
    mb_time seen;
} booking;

/* A log that the tracker wrote, and whom it booked with it. */
typedef struct own_log {
    mb_node node;
    mb_log *log;
} own_log;

struct mb_tracker {
    const mb_protocol *protocol;
    mb_time interval; /* between two announces of a peer, at most */
    uint32_t blocks;
    mb_rng rng;
    booking *booked;
    uint32_t count, capacity;
    uint32_t *places; /* node -> place in `booked` + 1 */
    uint32_t places_size;
    mb_node seeder;
    mb_told seeder_told;
    mb_time next_tick;
    uint32_t answers, epoch;
    own_log *logs; /* they live as long as it does, or until mb_tracker_trim() */
    size_t log_count, log_capacity, logs_kept; /* by the last trim */
    mb_listing *lists;                         /* of the last step's answers, one after another */
    size_t list_count, list_capacity;
    uint32_t *dealt;
    size_t dealt_count, dealt_capacity;
};

int mb_tracker_new(mb_tracker **result, const mb_tracker_config *config)
{
    mb_tracker *tracker = calloc(1, sizeof *tracker);

    if (!tracker) return MB_ERR_MEMORY;
    tracker->protocol = config->protocol;
    tracker->interval = config->announce_interval;
    if (tracker->interval == 0) tracker->interval = config->protocol->announce_interval;
    tracker->blocks = config->blocks;
    tracker->seeder = MB_NODE_NONE;
    tracker->next_tick = MB_NEVER;
    tracker->epoch = MB_EPOCH_DRAWN;
    mb_rng_init(&tracker->rng, config->seed, 0, MB_PURPOSE_TRACKER);
    *result = tracker;
    return MB_OK;
}

void mb_tracker_free(mb_tracker *tracker)
{
    if (!tracker) return;
    for (size_t i = 0; i < tracker->log_count; i++)
        free(tracker->logs[i].log);
    free(tracker->logs);
    free(tracker->booked);
    free(tracker->places);
    free(tracker->lists);
    free(tracker->dealt);
    free(tracker);
}

int mb_tracker_seeder(mb_tracker *tracker, mb_node node, mb_told told)
{
    assert(node != MB_NODE_NONE && told.count <= tracker->blocks);
    tracker->seeder = node;
    tracker->seeder_told = told;
    return MB_OK;
}

/* ---- arrays --------------------------------------------------------------------------------- */

/* Room for `extra` items more in a growable array. */
static int reserve(void *array, size_t size, size_t count, size_t extra, size_t *capacity)
{
    void **place = array, *grown;
    size_t wanted = *capacity ? *capacity : 64;

    if (count + extra <= *capacity) return MB_OK;
    while (wanted < count + extra)
        wanted *= 2;
    grown = realloc(*place, wanted * size);
    if (!grown) return MB_ERR_MEMORY;
    *place = grown;
    *capacity = wanted;
    return MB_OK;
}

static int places_cover(mb_tracker *tracker, mb_node node)
{
    assert(node != MB_NODE_NONE);
    uint32_t size = tracker->places_size ? tracker->places_size : 64;
    uint32_t *places;

    if (node < tracker->places_size) return MB_OK;
    while (size <= node)
        size *= 2;
    places = realloc(tracker->places, size * sizeof *places);
    if (!places) return MB_ERR_MEMORY;
    memset(places + tracker->places_size, 0, (size - tracker->places_size) * sizeof *places);
    tracker->places = places;
    tracker->places_size = size;
    return MB_OK;
}

static booking *booking_find(const mb_tracker *tracker, mb_node node)
{
    assert(tracker->count <= tracker->capacity);
    if (node >= tracker->places_size || !tracker->places[node]) return NULL;
    return &tracker->booked[tracker->places[node] - 1];
}

/* Draws initial_blocks distinct blocks (all, if there are fewer) to the end of `dealt`. */
static int draw_blocks(mb_tracker *tracker, uint32_t *count)
{
    uint32_t wanted = tracker->protocol->initial_blocks;

    *count = wanted < tracker->blocks ? wanted : tracker->blocks;
    if (*count == 0) return MB_OK;
    if (reserve(&tracker->dealt, sizeof *tracker->dealt, tracker->dealt_count, *count,
                &tracker->dealt_capacity))
        return MB_ERR_MEMORY;
    mb_rng_sample(&tracker->rng, tracker->blocks, *count, tracker->dealt + tracker->dealt_count);
    tracker->dealt_count += *count;
    return MB_OK;
}

/* A log of the tracker's own for `node` over the last `count` drawn blocks. */
static int write_log(mb_tracker *tracker, mb_node node, uint32_t epoch, uint32_t count,
                     mb_told *told)
{
    size_t first = tracker->dealt_count - count;
    mb_log *log;

    if (reserve(&tracker->logs, sizeof *tracker->logs, tracker->log_count, 1,
                &tracker->log_capacity))
        return MB_ERR_MEMORY;
    log = mb_log_new(epoch, count);
    if (!log) return MB_ERR_MEMORY;
    for (uint32_t i = 0; i < count; i++)
        mb_log_append(log, tracker->dealt[first + i]);
    tracker->logs[tracker->log_count++] = (own_log){node, log};
    *told = mb_log_told(log);
    return MB_OK;
}

/* ---- booking -------------------------------------------------------------------------------- */

static int book_new(mb_tracker *tracker, mb_node node, booking **result)
{
    assert(!booking_find(tracker, node));
    size_t capacity = tracker->capacity;

    if (places_cover(tracker, node)) return MB_ERR_MEMORY;
    if (reserve(&tracker->booked, sizeof *tracker->booked, tracker->count, 1, &capacity))
        return MB_ERR_MEMORY;
    tracker->capacity = (uint32_t)capacity;
    *result = &tracker->booked[tracker->count++];
    **result = (booking){.node = node};
    tracker->places[node] = tracker->count;
    return MB_OK;
}

static void book_remove(mb_tracker *tracker, mb_node node)
{
    assert(node != tracker->seeder);
    booking *gone = booking_find(tracker, node), *last;

    if (!gone) return;
    last = &tracker->booked[tracker->count - 1];
    tracker->places[node] = 0;
    if (tracker->protocol->peers_per_announce > 0) { /* the order is of no importance */
        if (gone != last) {
            *gone = *last;
            tracker->places[gone->node] = (uint32_t)(gone - tracker->booked) + 1;
        }
    } else {
        for (booking *b = gone; b < last; b++) {
            *b = b[1];
            tracker->places[b->node]--;
        }
    }
    tracker->count--;
}

/* Deals to a newcomer and writes into the books what it is said to hold. */
static int book_blocks(mb_tracker *tracker, booking *b, mb_told told, mb_action_answer *answer)
{
    const mb_protocol *p = tracker->protocol;
    bool newcomer = answer != NULL;
    uint32_t count = 0;
    int error = MB_OK;

    b->told = told;
    if (!newcomer && p->books != MB_BOOKS_REDEALT) return MB_OK;
    if (draw_blocks(tracker, &count)) return MB_ERR_MEMORY;
    if (p->books == MB_BOOKS_REDEALT)
        error = write_log(tracker, b->node, tracker->epoch++, count, &b->told);
    else if (p->deal == MB_DEAL_GIVEN && told.count == 0 && told.log && count > 0)
        error = write_log(tracker, b->node, told.epoch, count, &b->told);
    if (newcomer)
        answer->dealt_count = count;
    else
        tracker->dealt_count -= count; /* drawn for the books alone */
    return error;
}

static bool announce_is_sane(const mb_tracker *tracker, const mb_event *event)
{
    mb_told told;

    if (event->type != MB_EVENT_ANNOUNCE || event->other == tracker->seeder) return false;
    if (event->announce.what > MB_ANNOUNCE_LEAVE || event->other == MB_NODE_NONE) return false;
    told = event->announce.told;
    return !told.log || mb_told_fits(told, tracker->blocks);
}

/* Books one announce; an action that answers it is added, its list to be filled in later. */
static int book_announce(mb_tracker *tracker, mb_time now, const mb_event *event, mb_actions *out)
{
    const mb_event_announce *announce = &event->announce;
    booking *b = booking_find(tracker, event->other);
    bool registers = announce->what == MB_ANNOUNCE_REGISTER;
    mb_action *action;

    if (announce->what == MB_ANNOUNCE_LEAVE) {
        book_remove(tracker, event->other);
        return MB_OK;
    }
    if (!b && book_new(tracker, event->other, &b)) return MB_ERR_MEMORY;
    b->seen = now;
    action = mb_actions_add(out, MB_ACTION_ANSWER);
    action->to = event->other;
    action->answer.tag = announce->tag;
    if (tracker->next_tick == MB_NEVER) tracker->next_tick = now + tracker->interval;
    /* who is not booked but knows that it was once fell silent: it has been dealt to already */
    return book_blocks(tracker, b, announce->told, registers ? &action->answer : NULL);
}

/* ---- answering ------------------------------------------------------------------------------ */

static void list_add(mb_tracker *tracker, mb_node node, bool seeder, mb_told told)
{
    assert(node != MB_NODE_NONE && told.count <= tracker->blocks);
    tracker->lists[tracker->list_count++] = (mb_listing){node, seeder, told};
}

/* Whether who asks is told of itself too: in the original's books, where there is room for all. */
static bool lists_asker(const mb_tracker *tracker)
{
    return tracker->protocol->books == MB_BOOKS_REDEALT;
}

/* Everybody, in the order of registration. */
static void list_all(mb_tracker *tracker, mb_node asker)
{
    bool with_asker = lists_asker(tracker);

    for (uint32_t i = 0; i < tracker->count; i++)
        if (with_asker || tracker->booked[i].node != asker)
            list_add(tracker, tracker->booked[i].node, false, tracker->booked[i].told);
}

static void list_some(mb_tracker *tracker, mb_node asker, uint32_t wanted)
{
    uint32_t answer = ++tracker->answers;
    booking *asker_booked = booking_find(tracker, asker);

    if (asker_booked) asker_booked->listed_by = answer;
    while (wanted >
           0) { /* fewer than there are, so this ends: O(listed log listed) draws at worst */
        uint64_t place = mb_rng_below(&tracker->rng, tracker->count);
        booking *b = &tracker->booked[place];

        if (b->listed_by == answer) continue;
        b->listed_by = answer;
        list_add(tracker, b->node, false, b->told);
        wanted--;
    }
}

static int answer_fill(mb_tracker *tracker, mb_node to, mb_action_answer *answer)
{
    uint32_t most = tracker->protocol->peers_per_announce;
    uint32_t seeder = tracker->seeder != MB_NODE_NONE;
    /* who has left within the same instant is booked no more, and is answered in vain */
    uint32_t others = tracker->count - (booking_find(tracker, to) != NULL);
    bool with_asker = lists_asker(tracker);
    size_t start = tracker->list_count;
    size_t room = (size_t)seeder + (most && most < others ? most : others) + 1;

    if (reserve(&tracker->lists, sizeof *tracker->lists, start, room, &tracker->list_capacity))
        return MB_ERR_MEMORY;
    if (seeder) list_add(tracker, tracker->seeder, true, tracker->seeder_told);
    if (most == 0 || most - seeder >= others + with_asker)
        list_all(tracker, to);
    else
        list_some(tracker, to, most - seeder);
    answer->list_count = (uint32_t)(tracker->list_count - start);
    return MB_OK;
}

/* The arrays have stopped growing: the answers can point into them. */
static void answers_point(mb_tracker *tracker, mb_actions *out, size_t first)
{
    assert(first <= out->count);
    size_t list = 0, dealt = 0;

    for (size_t i = first; i < out->count; i++) {
        mb_action_answer *answer = &out->items[i].answer;

        if (answer->list_count > 0) answer->list = tracker->lists + list;
        if (answer->dealt_count > 0) answer->dealt = tracker->dealt + dealt;
        list += answer->list_count;
        dealt += answer->dealt_count;
    }
}

static void tick(mb_tracker *tracker, mb_time now)
{
    assert(now >= tracker->next_tick);
    while (tracker->next_tick <= now)
        tracker->next_tick += tracker->interval;
    for (uint32_t i = tracker->count; i-- > 0;) {
        if (now - tracker->booked[i].seen > SILENT_INTERVALS * tracker->interval)
            book_remove(tracker, tracker->booked[i].node);
    }
    if (tracker->count == 0) tracker->next_tick = MB_NEVER;
}

int mb_tracker_step(mb_tracker *tracker, mb_time now, const mb_event *events, size_t count,
                    mb_actions *out)
{
    assert(now >= 0 && (count == 0 || events));
    size_t first = out->count;
    int result = MB_OK;

    tracker->list_count = tracker->dealt_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (events[i].type == MB_EVENT_TIMER) {
            if (now >= tracker->next_tick) tick(tracker, now);
        } else if (!announce_is_sane(tracker, &events[i])) {
            result = MB_ERR_MESSAGE;
        } else if (book_announce(tracker, now, &events[i], out)) {
            return MB_ERR_MEMORY;
        }
    }
    for (size_t i = first; i < out->count; i++)
        if (answer_fill(tracker, out->items[i].to, &out->items[i].answer)) return MB_ERR_MEMORY;
    answers_point(tracker, out, first);
    return out->failed ? MB_ERR_MEMORY : result;
}

void mb_tracker_trim(mb_tracker *tracker)
{
    size_t kept = 0;

    if (tracker->log_count < 2 * tracker->logs_kept + 64) return;
    for (size_t i = 0; i < tracker->log_count; i++) {
        own_log own = tracker->logs[i];
        const booking *b = booking_find(tracker, own.node);

        if (b && b->told.log == own.log)
            tracker->logs[kept++] = own;
        else
            free(own.log);
    }
    tracker->log_count = tracker->logs_kept = kept;
}

mb_time mb_tracker_deadline(const mb_tracker *tracker)
{
    return tracker->next_tick;
}

void mb_tracker_check(const mb_tracker *tracker)
{
    uint32_t placed = 0;

    assert(tracker->count <= tracker->capacity && tracker->logs_kept <= tracker->log_count);
    assert(tracker->count == 0 || tracker->next_tick != MB_NEVER);
    for (uint32_t i = 0; i < tracker->places_size; i++)
        placed += tracker->places[i] > 0;
    assert(placed == tracker->count);
    for (uint32_t i = 0; i < tracker->count; i++) {
        const booking *b = &tracker->booked[i];

        assert(b->node != tracker->seeder && b->node < tracker->places_size);
        assert(tracker->places[b->node] == i + 1);
        assert(b->told.count <= tracker->blocks);
    }
}

uint32_t mb_tracker_booked(const mb_tracker *tracker)
{
    return tracker->count;
}

size_t mb_tracker_logs(const mb_tracker *tracker)
{
    return tracker->log_count;
}

bool mb_tracker_books(const mb_tracker *tracker, mb_node node, mb_told *told)
{
    const booking *b = booking_find(tracker, node);

    if (!b) return false;
    *told = b->told;
    return true;
}
