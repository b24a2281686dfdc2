/*
 * What peers say to each other, as numbers: the rows of core/messages.def, which says what each
 * means.
 *
 * Events and actions carry them; the codec and the recorder have the words, from the same rows.
 */
#ifndef MB_MESSAGES_H
#define MB_MESSAGES_H

/* The messages. Every one may carry what its sender holds (`told`). */
typedef enum mb_message {
    MB_MSG_NONE,
#define MB_MESSAGE(ID, ...) MB_MSG_##ID,
#include "core/messages.def"
} mb_message;

/* Bits: what a message says besides. One that they are not for does not look at them. */
enum {
#define MB_FLAG(ID, BIT, ...) MB_FLAG_##ID = BIT,
#include "core/messages.def"
};

typedef enum mb_reason {
    MB_REASON_NONE,
#define MB_REASON(ID, ...) MB_REASON_##ID,
#include "core/messages.def"
} mb_reason;

/* How a block was come by; recorded as it was when the transfer began. */
typedef enum mb_via {
#define MB_VIA(ID, ...) MB_VIA_##ID,
#include "core/messages.def"
} mb_via;

typedef enum mb_announce {
#define MB_ANNOUNCE(ID, ...) MB_ANNOUNCE_##ID,
#include "core/messages.def"
} mb_announce;

/* How many numbers each has, NONE among them; apart, so that no `switch` needs a case for it. */
enum {
    MB_MSG_COUNT = 1
#define MB_MESSAGE(...) +1
#include "core/messages.def"
    ,
    MB_REASON_COUNT = 1
#define MB_REASON(...) +1
#include "core/messages.def"
    ,
    MB_VIA_COUNT = 0
#define MB_VIA(...) +1
#include "core/messages.def"
    ,
    MB_ANNOUNCE_COUNT = 0
#define MB_ANNOUNCE(...) +1
#include "core/messages.def"
};

#endif
