/*
 * A real file's bytes in a simulated swarm: every node's copy behind the file manager of core/file.
 *
 * The swarm's driver calls it beside the protocol where the scenario has `[file] path`: when a node
 * appears, when a block has come whole, when a peer is complete, when it leaves. The file is split
 * and hashed once and all copies share that manifest. The seeder reads from the file itself, every
 * peer keeps its copy in memory, and no block enters a copy unless it matches its hash. It knows no
 * time and decides nothing; it never writes but under the payload folder.
 *
 * Functions return 0 or a negative mb_error; then sim_payload_error() says what went wrong.
 */
#ifndef SIM_PAYLOAD_H
#define SIM_PAYLOAD_H

#include "core/file/storage.h"
#include "sim/scenario/scenario.h"

typedef struct sim_payload sim_payload;

/*
 * Opens, splits and hashes the file of `scenario` (mode SIM_FILE_PATH) for nodes 0 to `nodes`-1.
 * Rebuilt files are kept in the folder `payload_dir`, which is looked at now and made when the
 * first is whole; NULL: they are rebuilt in memory. It is refused if it holds something, unless
 * `force` is on: then rebuilt files replace others of their names. On failure *payload is NULL and
 * `error` one line naming the file or folder: MB_ERR_IO, MB_ERR_RANGE (another size than when the
 * scenario was read), MB_ERR_EXISTS and MB_ERR_ARGUMENT (the folder), MB_ERR_MEMORY. Reads the
 * whole file; O(nodes) memory beside one block.
 */
int sim_payload_new(sim_payload **payload, const sim_scenario *scenario, uint32_t nodes,
                    const char *payload_dir, bool force, char *error, size_t error_size);

/* Ends all copies; rebuilt files stay. NULL is all right. */
void sim_payload_free(sim_payload *payload);

/*
 * `node` appears, with an empty copy; the blocks of the set `have` (NULL: none) are copied into it
 * from the file. Node 0, the tracker's seeder, has all, whatever `have` says. MB_ERR_MEMORY,
 * MB_ERR_HASH and MB_ERR_IO as sim_payload_move(); then it has not appeared. Takes memory for the
 * whole file, which the system provides as blocks come in.
 */
int sim_payload_add(sim_payload *payload, uint32_t node, const uint64_t *have);

/*
 * `block` has come whole: it is read from `from`'s copy and stored in `to`'s. MB_ERR_HASH where the
 * bytes do not match (then `to` does not have it), MB_ERR_STATE where `from` does not have it or
 * either is not there, MB_ERR_ARGUMENT for a block that the file has not, MB_ERR_IO, MB_ERR_MEMORY.
 */
int sim_payload_move(sim_payload *payload, uint32_t from, uint32_t to, uint32_t block);

/* `node` has got `block` without a transfer (deal = given): it comes from the seeder's copy, which
 * lasts to the end. Errors as sim_payload_move(). */
int sim_payload_given(sim_payload *payload, uint32_t node, uint32_t block);

/*
 * `node` is complete: its file is rebuilt and compared with the manifest's root. Under the payload
 * folder it is NAME with the file's extension. MB_ERR_STATE where a block is missing, MB_ERR_HASH
 * where a byte differs, MB_ERR_EXISTS where a file of that name is there and `force` is off (it
 * stays as it is), MB_ERR_ARGUMENT for a name that is no plain file name, MB_ERR_FULL, MB_ERR_IO,
 * MB_ERR_MEMORY: nothing is left of it then. The error names the peer. Hashes the file twice.
 */
int sim_payload_complete(sim_payload *payload, uint32_t node, const char *name);

/* `node` has left: its copy goes. Nothing happens where it is not there, nor to node 0. */
void sim_payload_remove(sim_payload *payload, uint32_t node);

/* What the last call that failed had to say, one line; "" before. Until the next call. */
const char *sim_payload_error(const sim_payload *payload);

/* Whether `node` has `block`, for the checker; false where it is not there. */
bool sim_payload_has(const sim_payload *payload, uint32_t node, uint32_t block);

/* The bytes behind `node`'s copy, NULL where it is not there: for tests that spoil them. */
mb_storage *sim_payload_storage(sim_payload *payload, uint32_t node);

#endif
