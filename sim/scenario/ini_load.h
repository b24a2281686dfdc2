/*
 * A scenario file with all that it extends, as one INI text.
 *
 * `[scenario] extends = other.ini` takes another file's groups and keys, relative to the file that
 * says so, which may extend a third. A key given beside it wins, keeping the other's place; of
 * [file]'s size, blocks and path it takes the others' place too. The name and the description are a
 * file's own. `without = GROUP, GROUP.KEY` takes out what is inherited. Every group and key of the
 * result knows the file and the line that it comes from. The study reader calls it; it knows
 * nothing of values.
 */
#ifndef SIM_INI_LOAD_H
#define SIM_INI_LOAD_H

#include "sim/scenario/ini.h"

/* So many files may stand in one chain. */
#define SIM_INI_FILES_MAX 16

/* Reads `path` and what it extends, whose keys `extends` and `without` are gone from the result.
 * NULL: then *error is one line that names the file at fault (free() it). */
sim_ini *sim_ini_load(const char *path, char **error);

#endif
