/*
 * The three standard streams of a program: main() calls mb_streams_open() before anything else.
 *
 * A service's start script may close them. The next file or socket that is opened would then take
 * their place, and a line of log would go into it. Nothing but a main() includes this, and it
 * includes nothing of MiniBit.
 */
#ifndef PROGRAM_STREAMS_H
#define PROGRAM_STREAMS_H

#include <fcntl.h>
#include <unistd.h>

/* Opens /dev/null in the place of each of the descriptors 0 to 2 that is closed. */
static inline void mb_streams_open(void)
{
    int opened = open("/dev/null", O_RDWR);

    while (opened >= 0 && opened <= STDERR_FILENO)
        opened = open("/dev/null", O_RDWR);
    if (opened >= 0) (void)close(opened);
}

#endif
