/*
 * What one program on a real network leaves with --record: record.json, which says whose it is and
 * of which file, provenance.csv as it goes, and at the end completion.csv and summary.json, in the
 * formats of docs/formats.md. net/live/record_read.h reads it.
 *
 * A peer records itself: a row for each block that it gains. A tracker records what its seeder
 * gave and what announces have told of each peer. Without a folder the figures are counted all
 * the same. Every function takes a NULL record and does nothing then. A row is written at once, so
 * that a killed program leaves what it knew; a write that fails is told in the log, once.
 */
#ifndef NET_RECORD_H
#define NET_RECORD_H

#include "core/geometry.h"
#include "net/results/results.h"

typedef struct net_record net_record;

typedef struct net_record_config {
    const char *folder; /* made if missing; NULL: nothing is written */
    const char *id;     /* whose record it is; "tracker" for a tracker's */
    const char *group;
    const mb_geometry *geometry; /* outlives the record */
    const uint8_t *root;         /* of the file's hashes, 32 bytes; NULL: not known */
    int64_t started;             /* ns since 1970 of the times' 0 */
    uint64_t seed;
    uint64_t up, down; /* of the access link, 2^-16 byte/s; 0: not limited */
    mb_time arrived;
    mb_encoding encoding;
} net_record_config;

/* NULL, and a line in `error`, where the folder or its files cannot be made. */
net_record *net_record_new(const net_record_config *config, char *error, size_t error_size);

/* Writes completion.csv and summary.json and closes all; `now` is the end of the run, `left`
 * whether the program goes before its time is up. Whether all of it could be written. */
bool net_record_finish(net_record *record, mb_time now, bool left);

/* Asserts every invariant. O(peers + gains). */
void net_record_check(const net_record *record);

/* ---- a peer's own ---------------------------------------------------------------------------- */

/* It holds a block from now on; `from` is who gave it, "" for one held on arrival. */
void net_record_gain(net_record *record, const net_gain *gain, const char *from);
void net_record_complete(net_record *record, mb_time now);
void net_record_request(net_record *record); /* it asked for a block */
void net_record_refused(net_record *record); /* and was refused */
void net_record_refusal(net_record *record); /* it refused another */

/* So many bytes of blocks came in: whole ones, parts, and what is of no use. Those that no
 * net_record_gain() accounts for are wasted. */
void net_record_downloaded(net_record *record, uint64_t bytes);

/* A block went out whole. In a tracker's record that is a row of provenance.csv. */
void net_record_uploaded(net_record *record, const char *to, uint32_t block, uint64_t bytes,
                         uint8_t via, mb_time started, mb_time now);

/* Of a block that was cut `bytes` had gone out. A tracker's record has whole ones only. */
void net_record_uploaded_part(net_record *record, uint64_t bytes);

/* ---- what a tracker knows of peers ----------------------------------------------------------- */

/* A peer announced that it holds `blocks`; the first time it counts as arrived. */
void net_record_announced(net_record *record, const char *id, uint32_t blocks, mb_time now);
void net_record_left(net_record *record, const char *id, mb_time now);

#endif
