#include "core/wire_size.h"

#include <assert.h>

#define SIZE_OF(literal) ((uint64_t)sizeof(literal) - 1)

uint32_t mb_wire_digits(uint64_t number)
{
    uint32_t digits = 1;
    for (; number >= 10; number /= 10)
        digits++;
    return digits;
}

/* Characters of `size` bytes in base64, padding included; size <= 2^60. */
static uint64_t base64_size(uint64_t size)
{
    assert(size <= UINT64_C(1) << 60);
    return (size + 2) / 3 * 4;
}

uint64_t mb_wire_block_answer_size(uint32_t block, uint64_t payload, mb_encoding encoding)
{
    if (encoding == MB_ENCODING_RAW) return payload;
    return SIZE_OF("{\"id\": , \"data\": \"\"}") + mb_wire_digits(block) + base64_size(payload);
}
