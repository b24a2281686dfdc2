/*
 * Finding out how large a file's blocks are where the tracker, an original, does not say.
 *
 * Before there is a node, one block that is not the last is asked for, plainly, of one listed peer
 * after another; its length is that of all but the last. Its bytes are not kept: the node asks
 * again. Only a peer's program uses it, once.
 */
#ifndef NET_PROBE_H
#define NET_PROBE_H

#include "core/codec/message.h"
#include "net/io/loop.h"

typedef struct net_probe net_probe;

/* Asks the peers of `list` (copied), each once; `done` gets the length, or 0 if nobody answered.
 * Frees itself after it. */
void net_probe_start(net_loop *loop, const char *id, const mb_wire_message *list, uint32_t blocks,
                     void (*done)(void *owner, uint32_t block_size), void *owner);

#endif
