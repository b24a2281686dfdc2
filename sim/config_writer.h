/*
 * The resolved scenario as a scenario file that runs: presets spelled out, options applied.
 *
 * The driver writes it as config.ini; --show-config prints it. It never touches a file.
 */
#ifndef SIM_CONFIG_WRITER_H
#define SIM_CONFIG_WRITER_H

#include "sim/scenario.h"

/*
 * The text, NUL-ended, to be freed with free(); NULL if memory is short. Paths of files are written
 * relative to `folder`, where the text is to lie (NULL: the current folder), so that equal runs in
 * equal places leave equal bytes.
 */
char *sim_config_text(const sim_scenario *scenario, const char *folder);

#endif
