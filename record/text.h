/*
 * Text into memory: numbers, times and ratios, each function returning where it ended, with no NUL.
 *
 * What writes the tables of a run and its JSON puts its digits with these, by hand: printf would
 * cost more than the simulation. The caller sees to the room. It knows no file and no format.
 */
#ifndef REC_TEXT_H
#define REC_TEXT_H

#include "core/types.h"
#include <string.h>

/* "00" … "99" in a row. */
extern const char rec_digit_pairs[200];
/* 10^0 … 10^19. */
extern const uint64_t rec_powers_of_ten[20];

/* Decimal digits of a number, 1 for 0: by its bits, then by the one power of ten among those. */
static inline unsigned rec_digits(uint64_t number)
{
    unsigned guess = (unsigned)(64 - __builtin_clzll(number | 1)) * 1233 >> 12;
    return guess + (guess < 20 && number >= rec_powers_of_ten[guess]) + (guess == 0 && number == 0);
}

/* A number of at most 20 digits. */
static inline char *rec_put_number(char *to, uint64_t number)
{
    char *end = to + rec_digits(number);
    char *at = end;
    while (number >= 100) {
        at -= 2;
        memcpy(at, rec_digit_pairs + 2 * (number % 100), 2);
        number /= 100;
    }
    if (number >= 10) {
        memcpy(at - 2, rec_digit_pairs + 2 * number, 2);
    } else {
        at[-1] = (char)('0' + number);
    }
    return end;
}

/* A number with zeros before it, so that it has `digits` digits (an odd number of them). */
static inline char *rec_put_padded(char *to, uint32_t number, unsigned digits)
{
    for (char *at = to + digits - 2; at > to; at -= 2) {
        memcpy(at, rec_digit_pairs + (size_t)2 * (number % 100), 2);
        number /= 100;
    }
    *to = (char)('0' + number);
    return to + digits;
}

/* A time, not negative, in seconds with 9 decimals: at most 20 bytes. */
static inline char *rec_put_time(char *to, mb_time time)
{
    to = rec_put_number(to, (uint64_t)time / 1000000000);
    *to++ = '.';
    return rec_put_padded(to, (uint32_t)((uint64_t)time % 1000000000), 9);
}

/* A time, or nothing for MB_NEVER. */
static inline char *rec_put_time_if(char *to, mb_time time)
{
    return time == MB_NEVER ? to : rec_put_time(to, time);
}

/* `millionths` of one, with 6 decimals: at most 21 bytes. */
static inline char *rec_put_millionths(char *to, uint64_t millionths)
{
    to = rec_put_number(to, millionths / 1000000);
    *to++ = '.';
    uint32_t rest = (uint32_t)(millionths % 1000000);
    *to++ = (char)('0' + rest / 100000);
    return rec_put_padded(to, rest % 100000, 5);
}

/* A CSV field, quoted after RFC 4180 where it must be: at most twice its length and 2. */
char *rec_put_field(char *to, const char *field);

/* `size` bytes as they are. */
static inline char *rec_put_text(char *to, const char *text, size_t size)
{
    memcpy(to, text, size);
    return to + size;
}

#endif
