/*
 * Base64 (RFC 4648, section 4), strict: the standard alphabet, padding where it belongs, no white
 * space, and the bits that padding leaves over must be zero; so each byte string has one text.
 */
#ifndef MB_BASE64_H
#define MB_BASE64_H

#include "core/types.h"

/* Writes the text of `size` bytes to `text`, 4 * ((size + 2) / 3) characters, not ended by 0. */
void mb_base64_encode(const uint8_t *bytes, size_t size, char *text);

/*
 * The number of bytes that a text of `text_size` characters stands for, judged by its length and
 * its padding; MB_ERR_SYNTAX (negative) if no text is that long.
 */
int64_t mb_base64_decoded_size(const char *text, size_t text_size);

/* Decodes all of `text` to `bytes`, mb_base64_decoded_size() many. MB_ERR_SYNTAX if it is not
 * strictly base64; then what `bytes` holds is undefined. */
int mb_base64_decode(const char *text, size_t text_size, uint8_t *bytes);

#endif
