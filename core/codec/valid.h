/*
 * Whether a message struct is one that may travel. Both directions ask: the encoder before it
 * writes, the decoder when it has read, so that they cannot come to differ.
 */
#ifndef MB_VALID_H
#define MB_VALID_H

#include "core/codec/message.h"

/* Whether the message obeys docs/protocol.md in all that its struct can express. O(message). */
bool mb_wire_valid(const mb_wire_message *message);

#endif
