#include "record/words.h"

#include <string.h>

/* clang-format off */
#define WORD(text) {text, sizeof(text) - 1}
/* clang-format on */

const rec_word rec_no_word = WORD("");

const rec_word rec_role_words[REC_ROLE_COUNT] = {
#define REC_ROLE(ID, TEXT, ...) [REC_ROLE_##ID] = WORD(TEXT),
#include "record/words.def"
};

const rec_word rec_status_words[REC_STATUS_COUNT] = {
#define REC_STATUS(ID, TEXT, ...) [REC_STATUS_##ID] = WORD(TEXT),
#include "record/words.def"
};

const rec_word rec_fault_words[REC_FAULT_KIND_COUNT] = {
#define REC_FAULT_KIND(ID, TEXT, ...) [REC_FAULT_##ID] = WORD(TEXT),
#include "record/words.def"
};

const rec_word rec_via_words[MB_VIA_COUNT] = {
#define MB_VIA(ID, TEXT, ...) [MB_VIA_##ID] = WORD(TEXT),
#include "core/messages.def"
};

const rec_word rec_reason_words[MB_REASON_COUNT] = {
#define MB_REASON(ID, WIRE, TEXT, ...) [MB_REASON_##ID] = WORD(TEXT),
#include "core/messages.def"
};

const rec_word rec_announce_words[MB_ANNOUNCE_COUNT] = {
#define MB_ANNOUNCE(ID, TEXT, ...) [MB_ANNOUNCE_##ID] = WORD(TEXT),
#include "core/messages.def"
};

#define EVENT(ID, TEXT, DETAIL) [REC_TRACE_##ID] = {WORD(TEXT), REC_DETAIL_##DETAIL},
#define AS(...)
const rec_event_word rec_event_words[REC_TRACE_KIND_COUNT] = {
#define MB_MESSAGE(ID, TRAVELS, NOTE, RECORDED, KIND, TEXT, DETAIL, ...) RECORDED(ID, TEXT, DETAIL)
#include "core/messages.def"
#define REC_EVENT(ID, KIND, TEXT, DETAIL, ...) EVENT(ID, TEXT, DETAIL)
#include "record/words.def"
};
#undef EVENT
#undef AS

#define EVENT(ID, KIND) REC_TRACE_##ID
#define AS(ID, KIND) REC_TRACE_##KIND
const rec_message rec_messages[MB_MSG_COUNT] = {
#define MB_MESSAGE(ID, TRAVELS, NOTE, RECORDED, KIND, EVENT, DETAIL, ...)                          \
    [MB_MSG_##ID] = {RECORDED(ID, KIND), REC_DETAIL_##DETAIL},
#include "core/messages.def"
};
#undef EVENT
#undef AS

int rec_word_find(const rec_word *words, uint32_t count, const char *text)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(words[i].text, text) == 0) return (int)i;
    return -1;
}
