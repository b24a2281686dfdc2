/*
 * What stands at the names that a download would write to, before anything is written there.
 *
 * Other programs use names like NAME.part too. What is not MiniBit's by its header, or by bytes
 * that the manifest proves, is left as it is unless it was asked to be replaced; links are not
 * followed; parts of another file are kept under another name. Only net/store/store.c uses it.
 */
#ifndef NET_STORE_PLACE_H
#define NET_STORE_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/file/manifest.h"

/* Room for a line about what is in the way. */
#define NET_STORE_TEXT_SIZE 600

typedef struct net_store_place {
    const char *part, *bits;     /* paths of NAME.part and NAME.part.blocks */
    const mb_manifest *manifest; /* of the file that is wanted */
    const uint8_t *identity;     /* MB_HASH_SIZE bytes that its header has */
    bool force;     /* what is in the way is replaced: the name goes, no link's target */
    bool proven;    /* out: there are parts without a header, some of them right */
    bool has_parts; /* out: what is left at NAME.part is of this very file */
    char said[NET_STORE_TEXT_SIZE]; /* out: what was done, or is wrong; "" if nothing */
} net_store_place;

/* Makes way for a download. MB_OK: what is left at both names, if anything, is of this very file.
 * MB_ERR_EXISTS: something is in the way, `said` tells what; MB_ERR_STATE: another program uses it;
 * MB_ERR_IO with errno; MB_ERR_MEMORY. O(NAME.part) where that has no header. */
int net_store_place_clear(net_store_place *place);

/*
 * Between these two no other program of MiniBit opens or publishes a file in that folder, so that
 * none sees half of what is done to its several names. Waits while another does so, for some
 * seconds at most: after that, and where folders cannot be locked, it goes on all the same, -1.
 */
int net_store_place_lock(const char *folder);
void net_store_place_unlock(int lock);

#endif
