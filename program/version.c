#include "program/version.h"

#include "program/commit.h"
#include "program/sources.h"

const char *mb_program_version(void)
{
    return MB_VERSION;
}

const char *mb_program_commit(void)
{
    return MB_COMMIT;
}

const char *mb_program_sources(void)
{
    return MB_SOURCES_SHA256;
}

void mb_program_print_version(FILE *out, const char *program)
{
    fprintf(out, "%s %s\ncommit %s\nsources %s\n", program, mb_program_version(),
            mb_program_commit(), mb_program_sources());
}
