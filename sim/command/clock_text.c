#include "sim/command/clock_text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

const char *sim_clock_format_hours(mb_time time, sim_clock_text text)
{
    assert(time >= 0);
    int64_t seconds = time / MB_SECOND + (time % MB_SECOND >= MB_SECOND / 2);
    int64_t hours = seconds / 3600;
    int minutes = (int)(seconds / 60 % 60), rest = (int)(seconds % 60);
    if (hours > 0)
        snprintf(text, sizeof(sim_clock_text), "%" PRId64 ":%02d:%02d", hours, minutes, rest);
    else
        snprintf(text, sizeof(sim_clock_text), "%d:%02d", minutes, rest);
    return text;
}

const char *sim_clock_format_seconds(mb_time time, sim_clock_text text)
{
    assert(time >= 0);
    int64_t tenths = time / (MB_SECOND / 10) + (time % (MB_SECOND / 10) >= MB_SECOND / 20);
    snprintf(text, sizeof(sim_clock_text), "%" PRId64 ".%d", tenths / 10, (int)(tenths % 10));
    return text;
}

const char *sim_clock_format(mb_time time, sim_clock_text text)
{
    assert(time >= 0);
    if (time >= 60 * MB_SECOND - MB_SECOND / 20) return sim_clock_format_hours(time, text);
    sim_clock_text seconds;
    snprintf(text, sizeof(sim_clock_text), "%.20s s", sim_clock_format_seconds(time, seconds));
    return text;
}
