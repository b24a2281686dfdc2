#include "sim/output/digest.h"

#include <assert.h>
#include <stdlib.h>

void sim_digest_init(sim_digest *digest)
{
    *digest = (sim_digest){.state = UINT64_C(0x6d696e6962697431)};
}

void sim_digest_clear(sim_digest *digest)
{
    free(digest->checkpoints);
    *digest = (sim_digest){0};
}

void sim_digest_checkpoint(sim_digest *digest)
{
    assert(digest->records % SIM_DIGEST_INTERVAL == 0);
    if (digest->failed) return;
    if (digest->checkpoint_count == digest->checkpoint_room) {
        size_t room = digest->checkpoint_room ? 2 * digest->checkpoint_room : 64;
        uint64_t *grown = realloc(digest->checkpoints, room * sizeof *grown);
        if (!grown) {
            digest->failed = true;
            return;
        }
        digest->checkpoints = grown;
        digest->checkpoint_room = room;
    }
    digest->checkpoints[digest->checkpoint_count++] = digest->state;
}

void sim_digest_check(const sim_digest *digest)
{
    assert(digest->checkpoint_count <= digest->checkpoint_room);
    assert(digest->failed || digest->checkpoint_count == digest->records / SIM_DIGEST_INTERVAL);
    assert(digest->checkpoint_room == 0 || digest->checkpoints);
}
