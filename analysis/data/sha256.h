/*
 * SHA-256 as hexadecimal digits, by OpenSSL: what manifests and archives have of files.
 *
 * Whoever holds files against them calls it.
 */
#ifndef ANALYSIS_SHA256_H
#define ANALYSIS_SHA256_H

#include <glib.h>
#include <openssl/evp.h>

/* A hash that is under way: EVP_DigestUpdate() adds to it. */
EVP_MD_CTX *res_sha256_begin(void);

/* Its 64 digits; the hash is freed. The caller frees them. */
char *res_sha256_end(EVP_MD_CTX *hash);

/* Those of a file's bytes as they are; NULL where it cannot be read. The caller frees them.
 * O(bytes). */
char *res_sha256_file(const char *path);

#endif
