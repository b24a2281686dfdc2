#include "record/manifest.h"

#include <sys/utsname.h>
#include <time.h>

#include "record/run.h"

#define NS_PER_SECOND UINT64_C(1000000000)

/* The plots are drawn by analysis/ but would be wrong beside another run's tables. */
const char *const rec_result_names[] = {
    "manifest.json", "index.csv",  "completion.csv", "provenance.csv", "provenance.csv.zst",
    "timeline.csv",  "events.csv", "events.csv.zst", "transfers.csv",  "summary.json",
    "nodes.csv",     "paths.csv",  "zones.csv",      "faults.csv",     "config.ini",
    "curves.png",    "curves.svg", "completion.png", "completion.svg", NULL,
};

uint64_t rec_wall_clock_ns(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return 0;
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

void rec_manifest_head(rec_json *json, const rec_manifest *manifest)
{
    rec_json_number(json, "schema", REC_SCHEMA);
    rec_json_text(json, "program", manifest->program);
    rec_json_text(json, "version", manifest->version);
    rec_json_text(json, "commit", manifest->commit);
    rec_json_text(json, "sources_sha256", manifest->sources);
    rec_json_text(json, "scenario", manifest->scenario);
    rec_json_bool(json, "complete", manifest->complete);
    rec_json_text(json, "config_sha256", manifest->config_sha256);
    rec_json_number(json, "seed", manifest->seed);
}

void rec_manifest_file(rec_json *json, const char *name, uint64_t bytes, const char *sha256)
{
    rec_json_object(json, name);
    rec_json_number(json, "bytes", bytes);
    rec_json_text(json, "sha256", sha256);
    rec_json_object_end(json);
}

void rec_manifest_asked(rec_json *json, const rec_origin *origin, const char *folder)
{
    rec_json_object(json, "volatile");
    rec_json_array(json, "argv");
    for (int i = 0; i < origin->argc; i++)
        rec_json_text(json, NULL, origin->argv[i]);
    rec_json_array_end(json);
    rec_json_text(json, "source", origin->source);
    rec_json_text(json, "folder", folder);
}

static void put_started(rec_json *json, uint64_t started_ns)
{
    char text[32] = "";
    time_t seconds = (time_t)(started_ns / NS_PER_SECOND);
    struct tm utc;
    if (gmtime_r(&seconds, &utc)) strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    rec_json_text(json, "started", text);
}

void rec_manifest_ran(rec_json *json, const rec_origin *origin)
{
    struct utsname host;
    bool known = uname(&host) == 0;
    uint64_t now = rec_wall_clock_ns();
    put_started(json, origin->started_ns);
    rec_json_time(json, "wall_s",
                  now > origin->started_ns ? (mb_time)(now - origin->started_ns) : 0);
    rec_json_text(json, "host", known ? host.nodename : NULL);
    rec_json_text(json, "system", known ? host.sysname : NULL);
    rec_json_text(json, "release", known ? host.release : NULL);
    rec_json_text(json, "machine", known ? host.machine : NULL);
    rec_json_object_end(json);
}
