/*
 * The folder that one program on a real network left with --record, read back.
 *
 * minibit-live reads those of the swarm that it ran itself, and those that people bring it to be
 * merged. A program that was killed may have left half a line, or only its provenance: what is
 * whole is taken. It writes nothing.
 */
#ifndef NET_RECORD_READ_H
#define NET_RECORD_READ_H

#include "core/geometry.h"
#include "net/results/results.h"

/* What record.json tells: who left the folder, of which file, and when its clock was at 0. */
typedef struct net_record_head {
    char *id, *group, *root; /* g_free(); root: in hexadecimal, NULL: not known */
    mb_geometry geometry;
    int64_t started;   /* ns since 1970 of its time 0 */
    uint64_t up, down; /* 2^-16 byte/s; 0: not limited */
    mb_encoding encoding;
} net_record_head;

/* False and *error (g_free() it), one line, where the folder is none or has none. */
bool net_record_head_read(const char *folder, net_record_head *head, char **error);
void net_record_head_clear(net_record_head *head);

/* Its tables. Names stand for indices: of `peer` and, unless it is NET_FROM_, `from` of a gain. */
typedef struct net_recorded {
    GPtrArray *names;  /* char * */
    GHashTable *index; /* name -> index + 1 */
    GArray *rows;      /* net_peer_row of completion.csv; `name` is one of `names`, `group` unset */
    GArray *gains;     /* net_gain, in the order of the file */
    uint64_t requests, refusals;
    bool ended; /* it has written its tables: it was not killed */
} net_recorded;

/* Never NULL. Rows of provenance.csv that do not fit are told on stderr in the name of `whose`. */
net_recorded *net_record_read(const char *folder, const char *whose, const mb_geometry *geometry);
void net_recorded_free(net_recorded *recorded);

/* Cuts a CSV line (RFC 4180, no newline within) into at most `max` fields, in place. How many. */
uint32_t net_csv_split(char *line, char **fields, uint32_t max);

#endif
