/*
 * A growing buffer that messages are written to.
 *
 * An error sticks: after a failed allocation everything added is dropped, and the writer asks
 * once, at the end. Emptied, it keeps its memory for the next message.
 */
#ifndef MB_TEXT_H
#define MB_TEXT_H

#include "core/types.h"

typedef struct mb_text {
    char *bytes; /* not ended by a zero byte */
    size_t size;
    size_t capacity;
    int error; /* MB_OK or MB_ERR_MEMORY */
} mb_text;

void mb_text_init(mb_text *text);
void mb_text_clear(mb_text *text);

/* Makes the text empty and forgets an error. */
void mb_text_reset(mb_text *text);

/* Room for `size` more bytes, to be written by the caller and counted at once; NULL after an
 * error. Amortised O(1) a byte. */
char *mb_text_extend(mb_text *text, size_t size);

void mb_text_add(mb_text *text, const char *string);
void mb_text_add_number(mb_text *text, uint64_t number);
void mb_text_add_base64(mb_text *text, const uint8_t *bytes, size_t size);

/* Lower-case hexadecimal. */
void mb_text_add_hex(mb_text *text, const uint8_t *bytes, size_t size);

#endif
