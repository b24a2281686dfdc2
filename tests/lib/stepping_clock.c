/*
 * A wall clock that is set all the time: loaded before the C library (LD_PRELOAD), it moves what a
 * program is told of the time of day, by a day back or forth at every look. Clocks that cannot be
 * set are left alone.
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static atomic_uint looks;

/* 0, a day, none, a day back, … */
static time_t moved(time_t seconds)
{
    static const int days[] = {0, 1, 0, -1};

    return seconds + (time_t)days[atomic_fetch_add(&looks, 1) % 4] * 24 * 60 * 60;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    int (*real)(clockid_t, struct timespec *);
    *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, time);

    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        time->tv_sec = moved(time->tv_sec);
    return result;
}

int gettimeofday(struct timeval *time, void *zone)
{
    struct timespec now;

    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    *time = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *to)
{
    struct timespec now;

    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    if (to) *to = now.tv_sec;
    return now.tv_sec;
}
