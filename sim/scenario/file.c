/* The [file] group: one of size, blocks or path, cut into blocks. */
#include "sim/scenario/reader.h"

#include "core/units.h"
#include "sim/scenario/inputs.h"

#include <assert.h>
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_SIZE_MAX (UINT64_C(1) << 30)

static bool fail_geometry(sim_reader *reader, const sim_ini_entry *entry)
{
    return sim_reader_fail(reader, entry, "more than %u blocks; take a larger block_size",
                           MB_BLOCKS_MAX);
}

static bool read_block_size(sim_reader *reader, const sim_ini_group *group, uint32_t *block_size)
{
    const sim_ini_entry *entry = sim_ini_entry_find(group, "block_size");
    *block_size = MB_BLOCK_SIZE_DEFAULT;
    if (!entry) return true;
    uint64_t bytes;
    int error = mb_size_parse(entry->value, &bytes);
    if (error) return sim_reader_fail_number(reader, entry, entry->value, error, &sim_number_size);
    if (bytes < 1 || bytes > BLOCK_SIZE_MAX)
        return sim_reader_fail(reader, entry, "out of range: 1B to 1GiB");
    *block_size = (uint32_t)bytes;
    return true;
}

static bool read_size(sim_reader *reader, const sim_ini_entry *entry, uint32_t block_size)
{
    assert(block_size > 0);
    sim_file *file = &reader->scenario->file;
    uint64_t bytes;
    file->mode = SIM_FILE_SIZE;
    int error = mb_size_parse(entry->value, &bytes);
    if (error) return sim_reader_fail_number(reader, entry, entry->value, error, &sim_number_size);
    if (mb_geometry_init(&file->geometry, bytes, block_size)) return fail_geometry(reader, entry);
    return true;
}

static bool read_blocks(sim_reader *reader, const sim_ini_entry *entry, uint32_t block_size)
{
    assert(block_size > 0);
    sim_file *file = &reader->scenario->file;
    uint64_t blocks;
    file->mode = SIM_FILE_BLOCKS;
    int error = mb_count_parse(entry->value, UINT64_MAX, &blocks);
    if (error) return sim_reader_fail_number(reader, entry, entry->value, error, &sim_number_count);
    if (mb_geometry_init_blocks(&file->geometry, blocks, block_size))
        return fail_geometry(reader, entry);
    return true;
}

bool sim_reader_check_file(sim_reader *reader, const sim_ini_entry *entry, const char *path,
                           uint64_t *size)
{
    struct stat status;
    bool fails = stat(path, &status) != 0 || access(path, R_OK) != 0;
    if (fails && errno == ENOENT && sim_inputs_is_lost(path))
        return sim_reader_fail(reader, entry,
                               "%s: not there, and where the run had it is no file that holds what "
                               "it held then",
                               path);
    if (fails) return sim_reader_fail(reader, entry, "%s: %s", path, g_strerror(errno));
    if (!S_ISREG(status.st_mode))
        return sim_reader_fail(reader, entry, "%s: not a regular file", path);
    *size = (uint64_t)status.st_size;
    return true;
}

static bool read_path(sim_reader *reader, const sim_ini_entry *entry, uint32_t block_size)
{
    assert(block_size > 0);
    sim_file *file = &reader->scenario->file;
    uint64_t size;
    if (*entry->value == '\0') return sim_reader_fail(reader, entry, "empty; write a file's path");
    file->mode = SIM_FILE_PATH;
    file->path = sim_reader_path(entry, entry->value);
    if (!sim_reader_check_file(reader, entry, file->path, &size)) return false;
    if (mb_geometry_init(&file->geometry, size, block_size)) return fail_geometry(reader, entry);
    return true;
}

bool sim_read_file_group(sim_reader *reader, const sim_ini_group *group)
{
    static const struct {
        const char *key;
        bool (*read)(sim_reader *, const sim_ini_entry *, uint32_t block_size);
    } ways[] = {{"size", read_size}, {"blocks", read_blocks}, {"path", read_path}};
    uint32_t block_size;
    if (!read_block_size(reader, group, &block_size)) return false;
    const sim_ini_entry *chosen = NULL;
    size_t way = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        const sim_ini_entry *entry = sim_ini_entry_find(group, ways[i].key);
        if (entry && chosen)
            return sim_reader_fail(reader, entry,
                                   "only one of size, blocks and path; there is %s"
                                   " = %s",
                                   chosen->key, chosen->value);
        if (!entry) continue;
        chosen = entry;
        way = i;
    }
    if (!chosen) return sim_reader_fail_group(reader, group, "needs one of size, blocks and path");
    return ways[way].read(reader, chosen, block_size);
}
