/*
 * Times as people read them: 12.3 s, 21:00, 1:04:07. For what is printed, never for files.
 */
#ifndef SIM_CLOCK_TEXT_H
#define SIM_CLOCK_TEXT_H

#include "core/types.h"

typedef char sim_clock_text[32];

/* m:ss or h:mm:ss, rounded to the second; below a minute seconds with a decimal. `time` >= 0. */
const char *sim_clock_format(mb_time time, sim_clock_text text);

/* Always m:ss or h:mm:ss. */
const char *sim_clock_format_hours(mb_time time, sim_clock_text text);

/* Seconds with one decimal, rounded: "1260.0". */
const char *sim_clock_format_seconds(mb_time time, sim_clock_text text);

#endif
