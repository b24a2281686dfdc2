/*
 * The resolved scenario as a scenario file that runs: presets spelled out, options applied.
 *
 * The driver writes it as config.ini; --show-config prints it. It never touches a file.
 */
#ifndef SIM_CONFIG_WRITER_H
#define SIM_CONFIG_WRITER_H

#include "sim/scenario/inputs.h"

/*
 * The text, NUL-ended, to be freed with free(). `inputs` are the scenario's: files are named by
 * their names there, with their SHA-256 in a comment, so that the bytes depend on what the files
 * hold and not on where anything lies. NULL: by their way from the current folder.
 */
char *sim_config_text(const sim_scenario *scenario, const sim_inputs *inputs);

#endif
