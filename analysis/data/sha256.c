#include "analysis/data/sha256.h"

#include <glib/gstdio.h>
#include <stdbool.h>
#include <stdio.h>

EVP_MD_CTX *res_sha256_begin(void)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
    return hash;
}

char *res_sha256_end(EVP_MD_CTX *hash)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_DigestFinal_ex(hash, digest, &size);
    EVP_MD_CTX_free(hash);
    GString *digits = g_string_new(NULL);
    for (unsigned int i = 0; i < size; i++)
        g_string_append_printf(digits, "%02x", digest[i]);
    return g_string_free(digits, FALSE);
}

char *res_sha256_file(const char *path)
{
    char piece[1 << 14];
    size_t got;
    FILE *file = g_fopen(path, "rbe");
    if (!file) return NULL;
    EVP_MD_CTX *hash = res_sha256_begin();
    while ((got = fread(piece, 1, sizeof piece, file)) > 0)
        EVP_DigestUpdate(hash, piece, got);
    bool done = !ferror(file);
    fclose(file);
    char *digits = res_sha256_end(hash);
    if (done) return digits;
    g_free(digits);
    return NULL;
}
