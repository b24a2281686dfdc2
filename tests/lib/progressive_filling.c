#include "tests/lib/progressive_filling.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

struct flow {
    bool active;
    bool fixed;
    bool over;
    long double rate;
    long double left;
};

struct play {
    const double *rate;
    unsigned links;
    filling_transfer *transfers;
    size_t count;
    struct flow *flows;
    long double *room; /* per link: what is not given away yet */
    size_t *unfixed;   /* per link: flows that can still grow */
    long double now;
};

static void rates_reset(struct play *play)
{
    for (unsigned i = 0; i < play->links; i++) {
        play->room[i] = play->rate[i];
        play->unfixed[i] = 0;
    }
    for (size_t i = 0; i < play->count; i++) {
        struct flow *flow = &play->flows[i];
        flow->rate = 0;
        flow->fixed = !flow->active;
        if (flow->fixed) continue;
        for (unsigned k = 0; k < play->transfers[i].links; k++)
            play->unfixed[play->transfers[i].link[k]]++;
    }
}

/* The link at which the flows that still grow are stopped first; -1: none grows. */
static long tightest(const struct play *play)
{
    long least = -1;
    for (unsigned i = 0; i < play->links; i++) {
        if (play->unfixed[i] == 0) continue;
        if (least < 0 ||
            play->room[i] / play->unfixed[i] < play->room[least] / play->unfixed[least]) {
            least = i;
        }
    }
    return least;
}

static bool is_over(const filling_transfer *transfer, long link)
{
    for (unsigned k = 0; k < transfer->links; k++)
        if (transfer->link[k] == link) return true;
    return false;
}

static void rates_fill(struct play *play)
{
    rates_reset(play);
    for (long link; (link = tightest(play)) >= 0;) {
        long double share = play->room[link] / play->unfixed[link];
        for (size_t i = 0; i < play->count; i++) {
            const filling_transfer *transfer = &play->transfers[i];
            if (play->flows[i].fixed || !is_over(transfer, link)) continue;
            play->flows[i].fixed = true;
            play->flows[i].rate = share;
            for (unsigned k = 0; k < transfer->links; k++) {
                play->room[transfer->link[k]] -= share;
                play->unfixed[transfer->link[k]]--;
            }
        }
    }
}

static long double next_event(const struct play *play)
{
    long double next = INFINITY;
    for (size_t i = 0; i < play->count; i++) {
        const struct flow *flow = &play->flows[i];
        long double at = INFINITY;
        if (flow->active && flow->rate > 0) at = play->now + flow->left / flow->rate;
        if (!flow->active && !flow->over) at = play->transfers[i].at_s;
        if (at < next) next = at;
    }
    return next;
}

static void move_to(struct play *play, long double time)
{
    for (size_t i = 0; i < play->count; i++) {
        struct flow *flow = &play->flows[i];
        if (flow->active) {
            flow->left -= flow->rate * (time - play->now);
            play->transfers[i].changes++;
            /* Less than a millionth of a byte is rounding. */
            if (flow->left < 1e-6L) {
                flow->active = false;
                flow->over = true;
                play->transfers[i].completed_s = time;
            }
        } else if (!flow->over && play->transfers[i].at_s <= time) {
            flow->active = true;
            flow->left = play->transfers[i].bytes;
        }
    }
    play->now = time;
}

int filling_play(const double *rate, unsigned links, filling_transfer *transfers, size_t count)
{
    struct play play = {
        .rate = rate,
        .links = links,
        .transfers = transfers,
        .count = count,
        .flows = calloc(count + 1, sizeof(struct flow)),
        .room = calloc(links + 1, sizeof(long double)),
        .unfixed = calloc(links + 1, sizeof(size_t)),
    };
    bool ok = play.flows && play.room && play.unfixed;
    for (size_t i = 0; i < count; i++) {
        transfers[i].completed_s = INFINITY;
        transfers[i].changes = 0;
    }
    for (long double next; ok && isfinite(next = next_event(&play));) {
        move_to(&play, next);
        rates_fill(&play);
    }
    free(play.flows);
    free(play.room);
    free(play.unfixed);
    return ok ? 0 : -1;
}
