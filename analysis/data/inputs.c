#include "analysis/data/inputs.h"

#include "analysis/data/sha256.h"

#include <string.h>

const cJSON *res_inputs_of(const res_run *run)
{
    const cJSON *inputs = cJSON_GetObjectItemCaseSensitive(run->manifest, "inputs");
    return cJSON_IsObject(inputs) && inputs->child ? inputs : NULL;
}

const char *res_input_sha256(const cJSON *input)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(input, "sha256"));
}

/* "path" or "from_folder" of an input; NULL where the manifest has none. */
static const char *place_of(const res_run *run, const cJSON *input, const char *key)
{
    const cJSON *volatile_part = cJSON_GetObjectItemCaseSensitive(run->manifest, "volatile");
    const cJSON *inputs = cJSON_GetObjectItemCaseSensitive(volatile_part, "inputs");
    const cJSON *its = cJSON_GetObjectItemCaseSensitive(inputs, input->string);
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(its, key));
}

/* Names of inputs are parts of paths, whatever a manifest says. */
static bool is_plain(const char *name)
{
    return *name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static bool holds(const char *path, const char *wanted)
{
    g_autofree char *found = res_sha256_file(path);
    return found && wanted && strcmp(found, wanted) == 0;
}

char *res_input_find(const res_run *run, const cJSON *input, GError **error)
{
    const char *wanted = res_input_sha256(input);
    const char *from = place_of(run, input, "from_folder"), *path = place_of(run, input, "path");
    g_autofree char *beside = is_plain(input->string) ? res_run_path(run, input->string) : NULL;
    g_autofree char *by_way = from ? g_build_filename(run->folder, from, NULL) : NULL;
    const char *places[] = {beside, by_way, path};
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
        if (places[i] && holds(places[i], wanted)) return g_strdup(places[i]);
    res_input_error(error, "%s: its input %s is gone, or has changed since the run (it was %s)",
                    run->folder, input->string, path ? path : "nowhere");
    return NULL;
}

bool res_inputs_same(const res_run *run, GError **error)
{
    const cJSON *input = NULL;
    cJSON_ArrayForEach(input, res_inputs_of(run))
    {
        g_autofree char *beside = res_run_path(run, input->string);
        if (!is_plain(input->string) || !g_file_test(beside, G_FILE_TEST_EXISTS)) continue;
        if (!holds(beside, res_input_sha256(input)))
            return res_input_error(error,
                                   "%s: not the input that the run read (its SHA-256 is not "
                                   "the manifest's)",
                                   beside);
    }
    return true;
}
