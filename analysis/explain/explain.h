/*
 * What explain says of a run, as text and as JSON: the swarm's uplinks and downloads, one peer's
 * download, and the chain of transfers before its last block. docs/explain.md defines all of it.
 *
 * cmd_explain.c calls it with a swarm whose events have all been taken. It only reads.
 */
#ifndef ANALYSIS_EXPLAIN_H
#define ANALYSIS_EXPLAIN_H

#include "analysis/explain/swarm.h"

/* A part of a whole, with its key in JSON and its words in the text. */
typedef struct res_part {
    const char *key, *label;
    unsigned __int128 amount; /* ns, or capacity */
} res_part;

/* ---- explain_swarm.c ---- */
/* The parts of an uplink's capacity: sending, receivers' downlinks full, and the idle rest by
 * reason. They add up to the capacity exactly. */
#define RES_UPLINK_PARTS (RES_UP_COUNT + 1)

void res_explain_swarm_text(const res_facts *facts, const res_swarm *swarm, GString *out);
cJSON *res_explain_swarm_json(const res_facts *facts, const res_swarm *swarm);

/* ---- explain_budget.c ---- */
/* The parts of a download's time: three of receiving, then the waits. */
#define RES_DOWNLOAD_PARTS (RES_DOWN_COUNT + 2)

/* Fills `parts`, in ns; they add up to the time from its arrival to its completion, leaving, or the
 * end of the run exactly, which is returned. */
int64_t res_download_parts(const res_facts *facts, const res_swarm *swarm, uint32_t peer,
                           res_part parts[RES_DOWNLOAD_PARTS]);

void res_explain_peer_text(const res_facts *facts, const res_swarm *swarm, uint32_t peer,
                           unsigned lines, GString *out);
cJSON *res_explain_peer_json(const res_facts *facts, const res_swarm *swarm, uint32_t peer);

/* ---- explain_chain.c ---- */
/* The peer's last blocks, the way of the very last, and the chain of what it waited for, backwards:
 * so many lines of it as text, all of it as JSON. */
void res_explain_chain_text(const res_facts *facts, const res_swarm *swarm, uint32_t peer,
                            unsigned lines, GString *out);
void res_explain_chain_json(const res_facts *facts, const res_swarm *swarm, uint32_t peer,
                            cJSON *to);

/* ---- explain_text.c ---- */
/* A line "  label   12.345678901   97.12 %" of a part of `whole`; indented by `indent` blanks. */
void res_text_share(GString *out, int indent, const char *label, int64_t ns, int64_t whole);
/* A part of a whole in per cent, "   12.34", rounded; "-" of nothing. 8 characters. */
void res_text_percent(GString *out, unsigned __int128 part, unsigned __int128 whole);
/* 2^53 and more come out exactly, times as seconds with 9 decimals, null for RES_NEVER. */
void res_json_number(cJSON *to, const char *key, unsigned __int128 number);
void res_json_seconds(cJSON *to, const char *key, int64_t ns);
/* A ratio with 6 decimals, rounded to the nearest; null of nothing. */
void res_json_ratio(cJSON *to, const char *key, unsigned __int128 part, unsigned __int128 whole);

#endif
