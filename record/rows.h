/*
 * The rows of a run's tables, put into memory column by column as record/columns.def has them.
 *
 * The simulator's recorder and the real network's merge call it, each with its own names of nodes
 * and groups. The caller sees to the room: 512 bytes beside the names. It opens no file.
 */
#ifndef REC_ROWS_H
#define REC_ROWS_H

#include "record/run.h"
#include "record/text.h"
#include "record/words.h"

#include <assert.h>

/* The header rows, line end included. */
extern const char *const rec_completion_header;
extern const char *const rec_provenance_header;
extern const char *const rec_timeline_header;
extern const char *const rec_events_header;
extern const char *const rec_nodes_header;
extern const char *const rec_paths_header;
extern const char *const rec_zones_header;
extern const char *const rec_strikes_header;
extern const char *const rec_transfers_header;

/* How nodes and groups are called: each puts a CSV field, nothing for MB_NODE_NONE. */
typedef struct rec_names {
    char *(*put_node)(char *to, const void *of, mb_node node);
    char *(*put_group)(char *to, const void *of, uint32_t group);
    const void *of;
} rec_names;

/* A block gained. */
typedef struct rec_gain {
    mb_node peer; /* who gained it */
    mb_node from; /* MB_NODE_NONE where via is MB_VIA_INITIAL */
    uint32_t block;
    uint8_t from_role; /* rec_role when the transfer began */
    uint8_t via;       /* mb_via when it began */
    mb_time started;
    uint64_t bytes; /* on the wire, of the transfer that made it whole; 0 if initial */
} rec_gain;

/* What a row of the timeline is made of. */
typedef struct rec_moment {
    mb_time now;
    uint64_t arrived;
    uint64_t active;
    uint64_t complete;
    uint64_t left;
    uint64_t blocks[REC_ROLE_COUNT]; /* transferred so far, by rec_role of the giver */
    mb_time span;                    /* since the row before; 0: there was none */
    uint64_t payload;                /* file bytes delivered in it */
    rec_fraction uplinks;            /* what leechers' carried in it, of what they could have */
    uint32_t block_count;            /* of the file */
    uint32_t min_copies;
    uint32_t rarest_blocks;
    uint64_t copies; /* of all blocks together */
    bool simulated;  /* else nobody knows these: */
    uint64_t interested_pairs;
    uint64_t known_pairs;
    uint64_t unchoked_pairs;
} rec_moment;

/* A number that is not there. */
#define REC_NONE UINT64_MAX

/* Each puts a row, line end included, and returns where it ended. */
char *rec_put_completion(char *to, mb_node node, const rec_stats *stats, const rec_life *life,
                         const rec_names *names);
char *rec_put_timeline(char *to, const rec_moment *moment);
static inline char *rec_put_provenance(char *to, uint64_t seq, mb_time now, const rec_gain *gain,
                                       const rec_names *names);

/* ---- how a kind is put: for the writers of rows alone ---- */

static inline char *rec_put_word(char *to, const rec_word *word)
{
    memcpy(to, word->text, sizeof word->text);
    return to + word->size;
}

static inline char *rec_put_ratio(char *to, rec_fraction fraction)
{
    if (fraction.denominator == 0) return to;
    return rec_put_millionths(to, rec_fraction_millionths(fraction));
}

#define REC_PUT_NODE(VALUE) to = names->put_node(to, names->of, VALUE)
#define REC_PUT_GROUP(VALUE) to = names->put_group(to, names->of, VALUE)
#define REC_PUT_TEXT(VALUE) to = rec_put_text(to, VALUE, strlen(VALUE))
#define REC_PUT_WORD(VALUE) to = rec_put_word(to, VALUE)
#define REC_PUT_TIME(VALUE) to = rec_put_time(to, VALUE)
#define REC_PUT_TIME_IF(VALUE) to = rec_put_time_if(to, VALUE)
#define REC_PUT_NUMBER(VALUE) to = rec_put_number(to, VALUE)
#define REC_PUT_NUMBER_IF(VALUE)                                                                   \
    do {                                                                                           \
        uint64_t number = VALUE;                                                                   \
        if (number != REC_NONE) to = rec_put_number(to, number);                                   \
    } while (0)
#define REC_PUT_RATIO(VALUE) to = rec_put_ratio(to, VALUE)

/* A column of a row, and the comma behind it; the last one's becomes the row's end. */
#define REC_PUT_COLUMN(KIND, VALUE)                                                                \
    REC_PUT_##KIND(VALUE);                                                                         \
    *to++ = ',';
#define REC_PUT_END() to[-1] = '\n'

__attribute__((always_inline)) static inline char *rec_put_provenance(char *to, uint64_t seq,
                                                                      mb_time now,
                                                                      const rec_gain *gain,
                                                                      const rec_names *names)
{
    assert(gain->via < MB_VIA_COUNT && gain->from_role < REC_ROLE_COUNT);
#define REC_PROVENANCE(NAME, KIND, UNIT, IN, VALUE, ...) REC_PUT_COLUMN(KIND, (VALUE))
#include "record/columns.def"
    REC_PUT_END();
    return to;
}

#endif
