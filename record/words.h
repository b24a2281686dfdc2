/*
 * The words in what a run leaves, and their numbers.
 *
 * Whoever writes or reads a run's tables in C takes both from here; record/words.def and
 * core/messages.def have the rows. What analyses runs has numbers of its own and reads the words
 * from the same rows.
 */
#ifndef REC_WORDS_H
#define REC_WORDS_H

#include "core/messages.h"
#include "core/types.h"

/* What a node is at the moment in question. */
typedef enum rec_role {
#define REC_ROLE(ID, ...) REC_ROLE_##ID,
#include "record/words.def"
    REC_ROLE_COUNT
} rec_role;

/* The column `status`. COMPLETE is who completed, gone since or not. */
typedef enum rec_status {
#define REC_STATUS(ID, ...) REC_STATUS_##ID,
#include "record/words.def"
    REC_STATUS_COUNT
} rec_status;

/* What a [fault] does. */
typedef enum rec_fault_kind {
#define REC_FAULT_KIND(ID, ...) REC_FAULT_##ID,
#include "record/words.def"
    REC_FAULT_KIND_COUNT
} rec_fault_kind;

/* What is traced: the messages that have a row of their own, and what else happens. Those below
 * REC_TRACE_DIGESTED_END go into the digest. */
#define EVENT(ID, KIND) REC_TRACE_##ID = KIND,
#define AS(ID, KIND)
typedef enum rec_trace_kind {
#define MB_MESSAGE(ID, TRAVELS, NOTE, RECORDED, KIND, ...) RECORDED(ID, KIND)
#include "core/messages.def"
#define REC_EVENT(ID, KIND, ...) REC_TRACE_##ID = KIND,
#include "record/words.def"
#define REC_DIGESTED_END(KIND) REC_TRACE_DIGESTED_END = KIND,
#include "record/words.def"
} rec_trace_kind;
#undef EVENT

/* All are below REC_TRACE_KIND_COUNT. */
#define EVENT(ID, KIND) char ID[KIND + 1];
union rec_trace_kinds {
#define MB_MESSAGE(ID, TRAVELS, NOTE, RECORDED, KIND, ...) RECORDED(ID, KIND)
#include "core/messages.def"
#define REC_EVENT(ID, KIND, ...) EVENT(ID, KIND)
#include "record/words.def"
};
enum { REC_TRACE_KIND_COUNT = sizeof(union rec_trace_kinds) };
#undef EVENT
#undef AS

/* What reaches a node, for REC_TRACE_HEAR: an mb_message, an announce, or an answer to one. */
enum {
    REC_HEARD_ANNOUNCE = 64, /* + mb_announce */
    REC_HEARD_ANSWER = 80,
    REC_HEARD_UNANSWERED,
    REC_HEARD_CUT,
    REC_HEARD_COUNT
};

/* What a row of events.csv says as its detail. */
typedef enum rec_detail {
    REC_DETAIL_NONE,
    REC_DETAIL_NUMBER,
    REC_DETAIL_OFFSET, /* a number too, of a message */
    REC_DETAIL_TOLD,   /* likewise */
    REC_DETAIL_REASON,
    REC_DETAIL_VIA,
    REC_DETAIL_STATUS,
    REC_DETAIL_ANNOUNCE,
    REC_DETAIL_FLAGS,
    REC_DETAIL_HEARD,
    REC_DETAIL_FAULT, /* the number of a fault, or REC_FAULT_ENDS and that */
} rec_detail;

#define REC_FAULT_ENDS (UINT64_C(1) << 32)

/* A word with its length: it can be copied whole, without a call, and counted by its length. */
typedef struct rec_word {
    char text[23]; /* ended by a zero byte */
    uint8_t size;
} rec_word;

typedef struct rec_event_word {
    rec_word word;
    uint8_t detail; /* rec_detail */
} rec_event_word;

extern const rec_word rec_no_word; /* where there is nothing to say */
extern const rec_word rec_role_words[REC_ROLE_COUNT];
extern const rec_word rec_status_words[REC_STATUS_COUNT];
extern const rec_word rec_fault_words[REC_FAULT_KIND_COUNT];
extern const rec_word rec_via_words[MB_VIA_COUNT];
extern const rec_word rec_reason_words[MB_REASON_COUNT];
extern const rec_word rec_announce_words[MB_ANNOUNCE_COUNT];

/* The kinds by number; those that there are not have an empty word. */
extern const rec_event_word rec_event_words[REC_TRACE_KIND_COUNT];

/* How a message is recorded. */
typedef struct rec_message {
    uint8_t kind;   /* rec_trace_kind */
    uint8_t detail; /* rec_detail of that */
} rec_message;

extern const rec_message rec_messages[MB_MSG_COUNT];

/* Where `text` stands among `count` words; -1 where it does not. */
int rec_word_find(const rec_word *words, uint32_t count, const char *text);

#endif
