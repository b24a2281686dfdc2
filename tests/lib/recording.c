#include "tests/lib/recording.h"

#include <glib/gstdio.h>
#include <string.h>

#define RATE(bytes_per_s) ((uint64_t)(bytes_per_s)*65536)

static char program_name[] = "minibit-sim";
static char *arguments[] = {program_name, NULL};

void recording_init(struct recording *recording, uint32_t blocks)
{
    memset(recording, 0, sizeof *recording);
    sim_scenario *scenario = &recording->scenario;
    scenario->name = "small";
    scenario->source = "small.ini";
    scenario->seed = 7;
    scenario->until = 1000 * MB_SECOND;
    scenario->groups = recording->groups;
    g_assert_cmpint(mb_geometry_init_blocks(&scenario->file.geometry, blocks, 1000), ==, 0);
    scenario->protocol.encoding = MB_ENCODING_RAW;
    scenario->tracker.access.up = scenario->tracker.access.down = RATE(1000);
    recording->options.argc = 1;
    recording->options.argv = arguments;
    recording->scenario.tracker.seeder = true;
}

void recording_add_group(struct recording *recording, const char *name, uint32_t count, uint64_t up,
                         uint64_t down)
{
    uint32_t group = recording->scenario.group_count++;
    g_assert_cmpuint(group, <, RECORDING_GROUPS_MAX);
    recording->groups[group].name = (char *)name;
    recording->groups[group].count = count;
    recording->groups[group].access.up = RATE(up);
    recording->groups[group].access.down = RATE(down);
    recording->arrivals =
        g_renew(sim_arrival, recording->arrivals, recording->arrival_count + count);
    for (uint32_t i = 0; i < count; i++) {
        recording->arrivals[recording->arrival_count++] =
            (sim_arrival){.leave_at = MB_NEVER, .group = group, .index = i};
    }
}

void recording_use_folder(struct recording *recording)
{
    recording->folder = g_dir_make_tmp("minibit-recorder-XXXXXX", NULL);
    g_assert_nonnull(recording->folder);
    recording->options.folder = recording->folder;
    recording->options.provenance = SIM_TABLE_CSV;
}

int recording_open(struct recording *recording)
{
    const sim_run_options *options = &recording->options;
    if (options->folder)
        sim_folder_sink_init(&recording->sink, &recording->scenario, options, NULL);
    const sim_recorder_config config = {
        .scenario = &recording->scenario,
        .arrivals = recording->arrivals,
        .arrival_count = recording->arrival_count,
        .lines = &recording->lines,
        .sink = options->folder ? &recording->sink.sink : NULL,
        .provenance = options->provenance != SIM_TABLE_OFF,
        .events = options->events != SIM_TABLE_OFF,
        .config_text = "[scenario]\nname = small\n",
    };
    int result =
        sim_recorder_open(&recording->recorder, &config, recording->error, sizeof recording->error);
    if (result) recording_close(recording);
    return result;
}

int recording_finish(struct recording *recording, mb_time end)
{
    const sim_run_totals totals = {
        .end = end, .complete = true, .events = 42, .rerated_flows = 3, .settles = 4};
    const sim_sample sample = {0};
    sim_recorder_sample(recording->recorder, end, &sample);
    return sim_recorder_finish(recording->recorder, &totals, recording->error,
                               sizeof recording->error);
}

/* Removes a folder and the files in it. */
static void remove_folder(const char *path)
{
    GDir *folder = g_dir_open(path, 0, NULL);
    const char *name;
    while (folder && (name = g_dir_read_name(folder)) != NULL) {
        char *file = g_build_filename(path, name, NULL);
        g_remove(file);
        g_free(file);
    }
    if (folder) g_dir_close(folder);
    g_rmdir(path);
}

void recording_close(struct recording *recording)
{
    sim_recorder_free(recording->recorder);
    recording->recorder = NULL;
    sim_folder_sink_clear(&recording->sink);
}

void recording_clear(struct recording *recording)
{
    recording_close(recording);
    if (recording->folder) remove_folder(recording->folder);
    g_free(recording->folder);
    g_free(recording->arrivals);
}

char *recording_read(const struct recording *recording, const char *name, size_t *size)
{
    char *path = g_build_filename(recording->folder, name, NULL);
    char *text = NULL;
    g_file_get_contents(path, &text, size, NULL);
    g_free(path);
    return text;
}

unsigned recording_count_files(const struct recording *recording)
{
    GDir *folder = g_dir_open(recording->folder, 0, NULL);
    unsigned count = 0;
    while (folder && g_dir_read_name(folder))
        count++;
    if (folder) g_dir_close(folder);
    return count;
}

void recording_initial(struct recording *recording, mb_time now, mb_node peer, uint32_t block)
{
    const rec_gain gain = {
        .peer = peer, .from = MB_NODE_NONE, .block = block, .via = MB_VIA_INITIAL, .started = now};
    sim_recorder_block(recording->recorder, now, &gain);
}

void recording_block(struct recording *recording, mb_time now, mb_node peer, uint32_t block,
                     mb_node from, rec_role role, mb_via via)
{
    const rec_gain gain = {.peer = peer,
                           .from = from,
                           .block = block,
                           .from_role = (uint8_t)role,
                           .via = (uint8_t)via,
                           .started = now - MB_SECOND,
                           .bytes = 1000};
    sim_recorder_block(recording->recorder, now, &gain);
}
