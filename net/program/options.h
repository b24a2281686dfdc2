/*
 * The command lines of minibit-tracker and minibit-peer: what both take, and what each takes
 * besides. Read through GLib at the edge; after it nothing of GLib's is left but what record.c
 * uses.
 */
#ifndef NET_OPTIONS_H
#define NET_OPTIONS_H

#include <netinet/in.h>

#include "core/protocol.h"
#include "core/types.h"

typedef struct net_options {
    mb_protocol protocol; /* finished */
    uint64_t seed;        /* drawn where none was given */
    uint64_t up, down;    /* 2^-16 byte/s; 0: no limit */
    mb_time latency;
    uint64_t origin_ns;
    char *record, *group;
    bool paranoid; /* every invariant is checked after each step */
    bool quiet, verbose;
    /* the tracker's */
    uint16_t seeder_port;
    uint64_t block_size;
    uint64_t memory; /* bytes that strangers may make it keep; the peer's is NET_LIMIT_MEMORY */
    bool trust_ip;
    char *file;
    char *extension_file; /* NULL: none is written */
    /* the peer's */
    char *id, *output_dir, *name;
    bool force, exit_when_complete;
    mb_time seed_for; /* MB_NEVER: until told otherwise */
    struct sockaddr_storage tracker;
    /* both */
    char *host;
    uint16_t port;
} net_options;

/* Reads the arguments. 0: go on; else the program's exit code, all said: 2 for a wrong command
 * line, 0 (told as 256) for --help and the like. */
int net_options_tracker(net_options *options, int argc, char **argv);
int net_options_peer(net_options *options, int argc, char **argv);
void net_options_clear(net_options *options);

#define NET_OPTIONS_DONE 256

#endif
