/*
 * File names' extensions. They come from other machines and end up in names on this one, so
 * nothing but a few letters and digits passes.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/file/manifest.h"

/* Not isalnum(): that asks the locale. */
static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool mb_extension_valid(const char *text)
{
    size_t size = 0;
    for (; text[size] != '\0'; size++) {
        if (size + 1 >= MB_EXTENSION_SIZE || !is_alphanumeric(text[size])) return false;
    }
    return size > 0;
}

void mb_extension_of(const char *path, char extension[MB_EXTENSION_SIZE])
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    memset(extension, 0, MB_EXTENSION_SIZE);
    /* A dot in front hides a file; it begins no extension. */
    if (!dot || dot == name || !mb_extension_valid(dot + 1)) return;
    memcpy(extension, dot + 1, strlen(dot + 1));
}

int mb_extension_name(const char *stem, const char *extension, char *name, size_t size)
{
    assert(size > 0);
    bool named = extension != NULL && extension[0] != '\0';
    if (named && !mb_extension_valid(extension)) return MB_ERR_ARGUMENT;
    int put = snprintf(name, size, "%s%s%s", stem, named ? "." : "", named ? extension : "");
    return (size_t)put < size ? MB_OK : MB_ERR_RANGE; /* a failure, negative, is past any size */
}
