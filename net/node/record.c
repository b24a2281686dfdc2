#include "net/node/record.h"

#include "net/io/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Rows that are counted anew by net_record_check(), each over all gains. */
#define CHECKED_PEERS 16

struct net_record {
    net_record_config config;
    char *folder;
    int provenance; /* -1: none */
    uint64_t rows;
    bool failed;
    bool tracker;
    GPtrArray *names;  /* of peers: char * */
    GArray *peers;     /* net_peer_row, by index; names are filled in at the end */
    GHashTable *index; /* name -> index + 1 */
    GArray *gains;     /* net_gain, `peer` and `from` as indices of `peers` */
    uint64_t requests, refusals;
    uint64_t used;    /* bytes that came in and led to blocks */
    uint64_t carried; /* bytes that went out before it was complete */
};

/* ---- peers ---------------------------------------------------------------------------------- */

static uint32_t peer_index(net_record *record, const char *id)
{
    gpointer found = g_hash_table_lookup(record->index, id);
    net_peer_row row = {.first_block = MB_NEVER,
                        .completed = MB_NEVER,
                        .left = MB_NEVER,
                        .arrived = record->config.arrived,
                        .status = REC_STATUS_INCOMPLETE};
    char *name;

    if (found) return GPOINTER_TO_UINT(found) - 1;
    name = g_strdup(id);
    g_ptr_array_add(record->names, name);
    g_array_append_val(record->peers, row);
    g_hash_table_insert(record->index, name, GUINT_TO_POINTER(record->peers->len));
    return record->peers->len - 1;
}

static net_peer_row *row_at(net_record *record, uint32_t index)
{
    assert(index < record->peers->len);
    return &g_array_index(record->peers, net_peer_row, index);
}

/* Whose record it is; the tracker has no row. */
static net_peer_row *own(net_record *record)
{
    return !record || record->tracker ? NULL : row_at(record, 0);
}

/* ---- files ---------------------------------------------------------------------------------- */

static void complain(net_record *record, const char *name)
{
    if (!record->failed)
        net_log(NET_ERROR, "cannot write %s/%s: %s", record->folder, name, g_strerror(errno));
    record->failed = true;
}

/* Writes all of it, whatever signals come between. */
static bool write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t put = TEMP_FAILURE_RETRY(write(fd, text, size));

        if (put < 0) return false;
        text += put;
        size -= (size_t)put;
    }
    return true;
}

static void put_row(net_record *record, const net_gain *gain, const char *peer, const char *from)
{
    assert(gain->block < record->config.geometry->blocks);
    GString *text;

    if (record->provenance < 0) return;
    text = g_string_new(NULL);
    net_results_provenance_row(text, record->rows++, gain, peer, from);
    if (!write_all(record->provenance, text->str, text->len)) complain(record, "provenance.csv");
    g_string_free(text, TRUE);
}

/* The first of what will be written that is there already, from another run or of somebody else's;
 * NULL: none. The caller frees it. */
static char *find_taken(const char *folder)
{
    static const char *const names[] = {"record.json", "provenance.csv", "completion.csv",
                                        "summary.json"};

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        char *path = g_build_filename(folder, names[i], NULL);
        struct stat info;

        if (lstat(path, &info) == 0) return path;
        g_free(path);
    }
    return NULL;
}

static void write_text(net_record *record, const char *name, GString *text)
{
    char *path = g_build_filename(record->folder, name, NULL);

    if (!g_file_set_contents(path, text->str, (gssize)text->len, NULL)) complain(record, name);
    g_free(path);
    g_string_free(text, TRUE);
}

/* At the start, so that it is there whatever becomes of the program. */
static void write_head(net_record *record)
{
    const net_record_config *c = &record->config;
    GString *text = g_string_new(NULL), *root = g_string_new(NULL), *started = g_string_new(NULL);
    rec_json json;

    for (int i = 0; c->root && i < 32; i++)
        g_string_append_printf(root, "%02x", c->root[i]);
    net_put_time(started, c->started);
    rec_json_init(&json);
    rec_json_number(&json, "schema", REC_SCHEMA);
    rec_json_text(&json, "program", record->tracker ? "minibit-tracker" : "minibit-peer");
    rec_json_text(&json, "id", c->id);
    rec_json_text(&json, "group", c->group);
    rec_json_text(&json, "started", started->str);
    rec_json_number(&json, "file_bytes", c->geometry->size);
    rec_json_number(&json, "block_bytes", c->geometry->block_size);
    rec_json_text(&json, "root", c->root ? root->str : NULL);
    rec_json_text(&json, "encoding", c->encoding == MB_ENCODING_RAW ? "raw" : "base64");
    rec_json_number(&json, "up_bytes_per_s", c->up >> 16);
    rec_json_number(&json, "down_bytes_per_s", c->down >> 16);
    net_results_take_json(&json, text);
    write_text(record, "record.json", text);
    g_string_free(root, TRUE);
    g_string_free(started, TRUE);
}

/* False where what was written is not on the disk: some file systems look for room only then. */
static bool close_provenance(net_record *record)
{
    bool synced = TEMP_FAILURE_RETRY(fdatasync(record->provenance)) == 0;
    int error = errno;
    bool closed = close(record->provenance) == 0 || errno == EINTR;

    record->provenance = -1;
    if (closed) errno = error;
    return synced && closed;
}

/* Opens its folder and first table; false, and one sentence in `error`, where it cannot. */
static bool open_folder(net_record *record, char *error, size_t error_size)
{
    char *path = find_taken(record->folder);

    if (path) {
        snprintf(error, error_size, "%s is there already: name another folder for --record", path);
        g_free(path);
        return false;
    }
    path = g_build_filename(record->folder, "provenance.csv", NULL);
    if (g_mkdir_with_parents(record->folder, 0777) == 0)
        record->provenance = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    bool opened = record->provenance >= 0 && write_all(record->provenance, rec_provenance_header,
                                                       strlen(rec_provenance_header));
    if (!opened) snprintf(error, error_size, "cannot write %s: %s", path, g_strerror(errno));
    if (!opened && record->provenance >= 0) close_provenance(record);
    g_free(path);
    return opened;
}

net_record *net_record_new(const net_record_config *config, char *error, size_t error_size)
{
    net_record *record = g_new0(net_record, 1);

    record->config = *config;
    record->provenance = -1;
    record->tracker = strcmp(config->id, "tracker") == 0;
    record->names = g_ptr_array_new_with_free_func(g_free);
    record->peers = g_array_new(FALSE, TRUE, sizeof(net_peer_row));
    record->index = g_hash_table_new(g_str_hash, g_str_equal);
    record->gains = g_array_new(FALSE, TRUE, sizeof(net_gain));
    if (!record->tracker) peer_index(record, config->id);
    if (!config->folder) return record;
    record->folder = g_strdup(config->folder);
    if (open_folder(record, error, error_size)) {
        write_head(record);
        return record;
    }
    net_record_finish(record, 0, false);
    return NULL;
}

static void write_tables(net_record *record, mb_time now)
{
    /* what a tracker knows is its own link, not those of the peers */
    const rec_group group = {.name = record->config.group,
                             .up = record->tracker ? 0 : record->config.up,
                             .down = record->tracker ? 0 : record->config.down};
    const net_run run = {
        .name = record->config.id,
        .seed = record->config.seed,
        .complete = true,
        .end = now,
        .expected = record->peers->len,
        .tracker_up = record->tracker ? record->config.up : 0,
        .encoding = record->config.encoding,
        .geometry = record->config.geometry,
        .groups = &group,
        .group_count = 1,
        .peers = (const net_peer_row *)(void *)record->peers->data,
        .peer_count = record->peers->len,
        .gains = (const net_gain *)(void *)record->gains->data,
        .gain_count = record->gains->len,
        .requests = record->requests,
        .refusals = record->refusals,
        .alone = !record->tracker,
        .carried = record->carried,
    };
    GString *completion = g_string_new(NULL), *summary = g_string_new(NULL);

    net_results_completion(&run, completion);
    net_results_summary(&run, summary);
    write_text(record, "completion.csv", completion);
    write_text(record, "summary.json", summary);
}

/* Givers that only have a name get no row in a peer's own table: they are counted by role, and
 * nobody told their groups. */
static void keep_own_rows(net_record *record)
{
    if (record->tracker) return;
    g_array_set_size(record->peers, 1);
    for (guint i = 0; i < record->gains->len; i++) {
        net_gain *gain = &g_array_index(record->gains, net_gain, i);

        if (gain->from < NET_FROM_OTHER) gain->from = NET_FROM_OTHER;
    }
}

bool net_record_finish(net_record *record, mb_time now, bool left)
{
    net_peer_row *row = own(record);
    bool whole;

    if (!record) return true;
    if (row && left) {
        row->left = now;
        if (row->completed == MB_NEVER) row->status = REC_STATUS_LEFT;
    }
    if (row) row->wasted_bytes = row->downloaded_bytes - record->used;
    keep_own_rows(record);
    for (guint i = 0; i < record->peers->len; i++)
        row_at(record, i)->name = g_ptr_array_index(record->names, i);
    if (record->provenance >= 0) {
        if (!close_provenance(record)) complain(record, "provenance.csv");
        write_tables(record, now);
    }
    g_hash_table_destroy(record->index);
    g_ptr_array_free(record->names, TRUE);
    g_array_free(record->peers, TRUE);
    g_array_free(record->gains, TRUE);
    whole = !record->failed;
    g_free(record->folder);
    g_free(record);
    return whole;
}

/* ---- what holds --------------------------------------------------------------------------- */

/* Blocks that came to the peer, by its row and by the gains. */
static void check_counts(const net_record *record, uint32_t index)
{
    const net_peer_row *row = &g_array_index(record->peers, net_peer_row, index);
    uint32_t dealt = 0, from[3] = {0};

    for (guint i = 0; i < record->gains->len; i++) {
        const net_gain *gain = &g_array_index(record->gains, net_gain, i);

        if (gain->peer != index) continue;
        if (gain->via == MB_VIA_INITIAL)
            dealt++;
        else
            from[gain->role]++;
    }
    assert(row->dealt == dealt && row->from[0] == from[0]);
    assert(row->from[1] == from[1] && row->from[2] == from[2]);
    assert((row->first_block == MB_NEVER) == (from[0] + from[1] + from[2] == 0));
    assert((row->status == REC_STATUS_COMPLETE) == (row->completed != MB_NEVER));
    assert(row->status != REC_STATUS_LEFT || row->left != MB_NEVER);
}

static void check_gain(const net_record *record, const net_gain *gain)
{
    assert(gain->peer < record->peers->len && gain->block < record->config.geometry->blocks);
    assert(gain->from < record->peers->len || gain->from >= NET_FROM_NONE);
    assert((gain->from == NET_FROM_NONE) == (gain->via == MB_VIA_INITIAL));
    assert(gain->role <= REC_ROLE_LEECHER);
}

void net_record_check(const net_record *record)
{
    guint peers;

    if (!record) return;
    peers = record->peers->len;
    assert(record->names->len == peers && g_hash_table_size(record->index) == peers);
    assert(record->tracker || peers > 0);
    assert(record->folder || record->provenance < 0);
    assert(record->rows == (record->provenance >= 0 ? record->gains->len : 0));
    for (guint i = 0; i < record->gains->len; i++)
        check_gain(record, &g_array_index(record->gains, net_gain, i));
    for (guint i = 0; i < peers && i < CHECKED_PEERS; i++)
        check_counts(record, i);
    if (record->tracker) return;
    assert(strcmp(g_ptr_array_index(record->names, 0), record->config.id) == 0);
    assert(record->used <= g_array_index(record->peers, net_peer_row, 0).downloaded_bytes);
}

/* ---- a peer's own ---------------------------------------------------------------------------- */

static void add_gain(net_record *record, net_gain *gain, const char *peer, const char *from)
{
    assert(gain->role <= REC_ROLE_LEECHER && gain->time >= 0);
    net_peer_row *row;

    gain->peer = peer_index(record, peer);
    if (gain->via == MB_VIA_INITIAL)
        gain->from = NET_FROM_NONE;
    else if (strcmp(from, "tracker") == 0)
        gain->from = NET_FROM_TRACKER;
    else
        gain->from = peer_index(record, from);
    row = row_at(record, gain->peer);
    if (gain->via == MB_VIA_INITIAL) {
        row->dealt++;
    } else {
        row->from[gain->role]++;
        if (row->first_block == MB_NEVER) row->first_block = gain->time;
    }
    g_array_append_val(record->gains, *gain);
    put_row(record, gain, peer, from);
}

void net_record_gain(net_record *record, const net_gain *gain, const char *from)
{
    assert(!record || !record->tracker);
    net_gain copy = *gain;

    if (!record) return;
    if (gain->via != MB_VIA_INITIAL) record->used += gain->bytes + gain->begun;
    add_gain(record, &copy, record->config.id, from);
}

void net_record_complete(net_record *record, mb_time now)
{
    net_peer_row *row = own(record);

    if (!row || row->completed != MB_NEVER) return;
    row->completed = now;
    row->status = REC_STATUS_COMPLETE;
}

void net_record_request(net_record *record)
{
    if (record) record->requests++;
}

/* docs/formats.md counts a peer's refusals by who was refused, the run's by who refused. */
void net_record_refused(net_record *record)
{
    net_peer_row *row = own(record);

    if (row) row->refusals++;
}

void net_record_refusal(net_record *record)
{
    if (record) record->refusals++;
}

void net_record_downloaded(net_record *record, uint64_t bytes)
{
    net_peer_row *row = own(record);

    if (row) row->downloaded_bytes += bytes;
}

/* Of bytes that went out evenly from `started` to `now`, those before it was complete. */
static uint64_t before_completion(const net_peer_row *row, uint64_t bytes, mb_time started,
                                  mb_time now)
{
    if (row->completed >= now) return bytes;
    if (row->completed <= started) return 0;
    uint64_t span = (uint64_t)(now - started), before = (uint64_t)(row->completed - started);
    return (uint64_t)((unsigned __int128)bytes * before / span);
}

void net_record_uploaded(net_record *record, const char *to, uint32_t block, uint64_t bytes,
                         uint8_t via, mb_time started, mb_time now)
{
    net_peer_row *row = own(record);
    net_gain gain = {.time = now,
                     .started = started,
                     .block = block,
                     .bytes = bytes,
                     .role = REC_ROLE_TRACKER,
                     .via = via};

    if (row) {
        row->uploaded_blocks++;
        row->uploaded_bytes += bytes;
        record->carried += before_completion(row, bytes, started, now);
    } else if (record) {
        add_gain(record, &gain, to, "tracker");
    }
}

void net_record_uploaded_part(net_record *record, uint64_t bytes)
{
    net_peer_row *row = own(record);

    if (!row) return;
    row->uploaded_bytes += bytes;
    if (row->completed == MB_NEVER) record->carried += bytes;
}

/* ---- what a tracker knows of peers ----------------------------------------------------------- */

void net_record_announced(net_record *record, const char *id, uint32_t blocks, mb_time now)
{
    assert(!record || record->tracker);
    uint32_t count, index;
    net_peer_row *row;

    if (!record) return;
    count = record->peers->len;
    index = peer_index(record, id);
    row = row_at(record, index);
    if (index == count) row->arrived = now;
    if (blocks < record->config.geometry->blocks || row->completed != MB_NEVER) return;
    row->completed = now;
    row->status = REC_STATUS_COMPLETE;
}

void net_record_left(net_record *record, const char *id, mb_time now)
{
    assert(!record || record->tracker);
    net_peer_row *row;

    if (!record) return;
    row = row_at(record, peer_index(record, id));
    row->left = now;
    if (row->completed == MB_NEVER) row->status = REC_STATUS_LEFT;
}
