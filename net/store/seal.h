/*
 * NAME.minibit: beside a finished file for which no tracker told hashes, so that it can be served
 * again: where it came from, and the SHA-256 that it had then. Only net/store/store.c uses it.
 */
#ifndef NET_STORE_SEAL_H
#define NET_STORE_SEAL_H

#include "net/store/bits.h"

/* Writes it for the whole file in `storage`, unless something has that name; O(file). Nothing is
 * lost where it cannot be written: the file is then not served again. */
void net_store_seal_write(const char *path, const uint8_t head[NET_STORE_HEAD_SIZE],
                          mb_storage *storage);

/* Whether it is there with that head, and the file in `storage` is as it was. O(file). */
bool net_store_seal_holds(const char *path, const uint8_t head[NET_STORE_HEAD_SIZE],
                          mb_storage *storage);

#endif
