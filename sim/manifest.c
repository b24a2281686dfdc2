#include "sim/manifest.h"

#include "sim/version.h"
#include <stdio.h>
#include <sys/utsname.h>
#include <time.h>

#define NS_PER_SECOND UINT64_C(1000000000)

const char *sim_program_version(void)
{
    return SIM_VERSION;
}

const char *sim_program_commit(void)
{
    return SIM_COMMIT;
}

uint64_t sim_wall_clock_ns(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return 0;
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static void write_files(sim_json *json, sim_output *const *outputs, uint32_t count)
{
    sim_json_object(json, "files");
    for (uint32_t i = 0; i < count; i++) {
        sim_json_object(json, sim_output_name(outputs[i]));
        sim_json_number(json, "bytes", sim_output_bytes(outputs[i]));
        sim_json_text(json, "sha256", sim_output_hash(outputs[i]));
        sim_json_object_end(json);
    }
    sim_json_object_end(json);
}

static const char *config_hash(const char *name, sim_output *const *outputs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (name && strcmp(sim_output_name(outputs[i]), name) == 0)
            return sim_output_hash(outputs[i]);
    }
    return NULL;
}

static void write_started(sim_json *json, uint64_t started_ns)
{
    char text[32] = "";
    time_t seconds = (time_t)(started_ns / NS_PER_SECOND);
    struct tm utc;
    if (gmtime_r(&seconds, &utc)) strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    sim_json_text(json, "started", text);
}

static void write_volatile(sim_json *json, const sim_manifest *manifest)
{
    struct utsname host;
    bool known = uname(&host) == 0;
    uint64_t now = sim_wall_clock_ns();
    sim_json_object(json, "volatile");
    sim_json_array(json, "argv");
    for (int i = 0; i < manifest->argc; i++)
        sim_json_text(json, NULL, manifest->argv[i]);
    sim_json_array_end(json);
    sim_json_text(json, "source", manifest->source);
    sim_json_text(json, "folder", manifest->folder);
    write_started(json, manifest->started_ns);
    sim_json_time(json, "wall_s",
                  now > manifest->started_ns ? (mb_time)(now - manifest->started_ns) : 0);
    sim_json_text(json, "host", known ? host.nodename : NULL);
    sim_json_text(json, "system", known ? host.sysname : NULL);
    sim_json_text(json, "release", known ? host.release : NULL);
    sim_json_text(json, "machine", known ? host.machine : NULL);
    sim_json_object_end(json);
}

int sim_manifest_write(sim_json *json, const sim_manifest *manifest, sim_output *const *outputs,
                       uint32_t count)
{
    sim_json_init(json);
    sim_json_number(json, "schema", SIM_SCHEMA);
    sim_json_text(json, "program", "minibit-sim");
    sim_json_text(json, "version", sim_program_version());
    sim_json_text(json, "commit", sim_program_commit());
    sim_json_text(json, "scenario", manifest->scenario);
    sim_json_bool(json, "complete", manifest->complete);
    sim_json_text(json, "config_sha256", config_hash(manifest->config_name, outputs, count));
    sim_json_number(json, "seed", manifest->seed);
    write_files(json, outputs, count);
    write_volatile(json, manifest);
    return sim_json_finish(json);
}
