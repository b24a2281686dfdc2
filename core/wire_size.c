#include "core/wire_size.h"

#include <assert.h>

#define SIZE_OF(literal) ((uint64_t)sizeof(literal) - 1)

/* Numbers and entries of a list are parted by ", ". */
static uint64_t separators_size(uint32_t count)
{
    return count > 1 ? 2 * (uint64_t)(count - 1) : 0;
}

uint32_t mb_wire_digits(uint64_t number)
{
    uint32_t digits = 1;
    for (; number >= 10; number /= 10)
        digits++;
    return digits;
}

uint64_t mb_wire_digits_below(uint32_t count)
{
    /* Each number has one digit, and one more for each power of ten up to it. */
    uint64_t digits = count;
    for (uint64_t power = 10; power < count; power *= 10)
        digits += count - power;
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

uint64_t mb_wire_block_request_size(uint32_t block, uint32_t id_size)
{
    return SIZE_OF("{\"bloco\": , \"peerId\": \"\"}") + mb_wire_digits(block) + id_size;
}

uint64_t mb_wire_announce_size(uint32_t id_size, uint32_t ip_size, uint16_t port, uint32_t blocks,
                               uint64_t digits)
{
    assert(id_size > 0 && ip_size > 0);
    return SIZE_OF("{\"id\": \"\", \"ip\": \"\", \"port\": , \"blocks\": []}") + id_size + ip_size +
           mb_wire_digits(port) + digits + separators_size(blocks);
}

uint64_t mb_wire_announce_answer_size(uint32_t entries, uint64_t entries_size)
{
    return SIZE_OF("[]") + entries_size + separators_size(entries);
}
