/*
 * What explaining a run takes of its scenario: the file, the nodes by number with their groups'
 * access links and rules, and when each came, completed and went.
 *
 * Read once from config.ini, summary.json, completion.csv, and nodes.csv, paths.csv and zones.csv
 * where the run has them; constant from then on.
 */
#ifndef ANALYSIS_FACTS_H
#define ANALYSIS_FACTS_H

#include "analysis/data/run_folder.h"
#include "analysis/data/units.h"

/* No node. */
#define RES_NODE_NONE UINT32_MAX

/* Node 0. */
#define RES_TRACKER 0

/* A group of equal nodes; group 0 is the tracker alone. */
typedef struct res_group {
    char *name;
    uint64_t up, down; /* 2^-16 byte/s */
    int64_t latency;   /* ns */
    bool rounds;       /* exchange = rounds */
    bool mutual;       /* ask = mutual */
    bool opens;        /* once complete it serves everybody, without slots */
} res_group;

typedef struct res_node {
    char *name;
    uint32_t group;
    uint32_t place;                   /* its number of `places`; 0: at none */
    uint32_t zone;                    /* of `zones`; 0: in none */
    uint64_t up, down;                /* 2^-16 byte/s */
    int64_t latency;                  /* ns */
    int64_t arrived, completed, left; /* ns; RES_NEVER if it did not happen */
} res_node;

/* A zone; what lies around all, zone 0, is none. */
typedef struct res_zone_fact {
    char *name;
    uint32_t parent; /* 0: it lies in none */
    uint32_t depth;  /* zones that it lies in, and itself */
    int64_t latency; /* ns, of its border */
} res_zone_fact;

/* A link that a zone's nodes share, and how long it was full. */
typedef struct res_shared_link {
    uint32_t zone;
    const char *side; /* up, down, or inside */
    int64_t full;     /* ns */
} res_shared_link;

typedef struct res_facts {
    char *folder, *scenario, *seed;
    GArray *groups;           /* res_group */
    GArray *nodes;            /* res_node; 0 is the tracker, the others in order of arrival */
    GArray *zones;            /* res_zone_fact */
    GArray *shared;           /* res_shared_link: those that ever were full, the longest first */
    GHashTable *zone_numbers; /* their places there, by name */
    GHashTable *places;       /* name of a place -> its number, from 1 */
    GHashTable *paths;        /* two places' numbers -> what lies between them */
    GHashTable *by_name;      /* name of a node -> its number + 1 */
    bool seeder;              /* the tracker has the file */
    uint32_t blocks;
    int64_t end; /* of the run, ns */
    char *trace_digest;
} res_facts;

/* Reads them. NULL with an input error naming what is missing or wrong, and for a replay, which has
 * no peers. The caller frees it. O(nodes). */
res_facts *res_facts_read(const res_run *run, GError **error);

void res_facts_free(res_facts *facts);

/* A node, and its group. */
const res_node *res_facts_node(const res_facts *facts, uint32_t node);
const res_group *res_facts_group(const res_facts *facts, uint32_t node);

/* The number of the node `name`, RES_NODE_NONE if there is none. */
uint32_t res_facts_find(const res_facts *facts, const char *name);

/* What a message takes between two nodes, ns. */
int64_t res_facts_delay(const res_facts *facts, uint32_t a, uint32_t b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(res_facts, res_facts_free)

#endif
