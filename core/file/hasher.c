#include "core/file/hasher.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>

struct mb_hasher {
    EVP_MD *method;
    EVP_MD_CTX *context;
};

mb_hasher *mb_hasher_new(void)
{
    mb_hasher *hasher = calloc(1, sizeof *hasher);
    if (!hasher) return NULL;
    /* Fetched once: looking the method up anew costs as much as hashing a kilobyte. */
    hasher->method = EVP_MD_fetch(NULL, "SHA256", NULL);
    hasher->context = EVP_MD_CTX_new();
    if (hasher->method && hasher->context) return hasher;
    mb_hasher_free(hasher);
    return NULL;
}

void mb_hasher_free(mb_hasher *hasher)
{
    if (!hasher) return;
    EVP_MD_CTX_free(hasher->context);
    EVP_MD_free(hasher->method);
    free(hasher);
}

int mb_hasher_begin(mb_hasher *hasher)
{
    bool done = EVP_DigestInit_ex2(hasher->context, hasher->method, NULL) == 1;
    return done ? MB_OK : MB_ERR_MEMORY;
}

int mb_hasher_add(mb_hasher *hasher, const void *bytes, size_t size)
{
    return EVP_DigestUpdate(hasher->context, bytes, size) == 1 ? MB_OK : MB_ERR_MEMORY;
}

int mb_hasher_end(mb_hasher *hasher, uint8_t hash[MB_HASH_SIZE])
{
    unsigned size = 0;
    if (EVP_DigestFinal_ex(hasher->context, hash, &size) != 1) return MB_ERR_MEMORY;
    assert(size == MB_HASH_SIZE);
    return MB_OK;
}

int mb_hasher_hash(mb_hasher *hasher, const void *bytes, size_t size, uint8_t hash[MB_HASH_SIZE])
{
    int rc = mb_hasher_begin(hasher);
    if (rc == MB_OK) rc = mb_hasher_add(hasher, bytes, size);
    if (rc == MB_OK) rc = mb_hasher_end(hasher, hash);
    return rc;
}
