#include "net/io/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>

bool net_address_parse(const char *host, uint16_t port, struct sockaddr_storage *address)
{
    assert(host && address);
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    bool is_four = inet_pton(AF_INET, host, &four.sin_addr) == 1;

    if (!is_four && inet_pton(AF_INET6, host, &six.sin6_addr) != 1) return false;
    memset(address, 0, sizeof *address);
    if (is_four)
        memcpy(address, &four, sizeof four);
    else
        memcpy(address, &six, sizeof six);
    return true;
}

uint16_t net_address_text(const struct sockaddr_storage *address, char host[NET_ADDRESS_SIZE])
{
    const struct sockaddr_in *four = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;

    snprintf(host, NET_ADDRESS_SIZE, "?");
    if (address->ss_family == AF_INET) {
        uv_ip4_name(four, host, NET_ADDRESS_SIZE);
        return ntohs(four->sin_port);
    }
    if (address->ss_family != AF_INET6) return 0;
    if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
        uv_inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], host, NET_ADDRESS_SIZE);
    else
        uv_ip6_name(six, host, NET_ADDRESS_SIZE);
    return ntohs(six->sin6_port);
}

uint16_t net_address_here(const uv_tcp_t *tcp, char host[NET_ADDRESS_SIZE])
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    int size = sizeof address;

    if (uv_tcp_getsockname(tcp, (struct sockaddr *)&address, &size) != 0)
        address.ss_family = AF_UNSPEC;
    return net_address_text(&address, host);
}

uint16_t net_address_there(const uv_tcp_t *tcp, char host[NET_ADDRESS_SIZE])
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    int size = sizeof address;

    if (uv_tcp_getpeername(tcp, (struct sockaddr *)&address, &size) != 0)
        address.ss_family = AF_UNSPEC;
    return net_address_text(&address, host);
}

bool net_address_same(const char *a, const char *b)
{
    assert(a && b);
    struct sockaddr_storage one, other;
    char one_text[NET_ADDRESS_SIZE], other_text[NET_ADDRESS_SIZE];

    if (strcmp(a, b) == 0) return true;
    if (!net_address_parse(a, 0, &one) || !net_address_parse(b, 0, &other)) return false;
    net_address_text(&one, one_text);
    net_address_text(&other, other_text);
    return strcmp(one_text, other_text) == 0;
}

bool net_address_is_any(const char *host)
{
    struct sockaddr_storage address;

    if (!net_address_parse(host, 0, &address)) return false;
    if (address.ss_family == AF_INET)
        return ((const struct sockaddr_in *)&address)->sin_addr.s_addr == INADDR_ANY;
    return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)&address)->sin6_addr);
}
