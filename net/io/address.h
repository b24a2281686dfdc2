/*
 * Numeric IP addresses as text and as the system has them. Names are never looked up, so nothing
 * depends on who answers. Everybody in net/ who deals with addresses uses these.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <uv.h>

/* Room for an address as text, with "port N" behind it too. */
#define NET_ADDRESS_SIZE 64

/* "192.168.0.62" or "fe80::1", and a port; false if `host` is neither, *address untouched. */
bool net_address_parse(const char *host, uint16_t port, struct sockaddr_storage *address);

/* Its text; an IPv4 address that came through an IPv6 socket reads as what it is. "?" for any other
 * family. Returns its port. */
uint16_t net_address_text(const struct sockaddr_storage *address, char host[NET_ADDRESS_SIZE]);

/* The two ends of a connection as text; "?" and 0 where it has none. Return the port. */
uint16_t net_address_here(const uv_tcp_t *tcp, char host[NET_ADDRESS_SIZE]);
uint16_t net_address_there(const uv_tcp_t *tcp, char host[NET_ADDRESS_SIZE]);

/* Whether two numeric addresses are the same one, however they are written. */
bool net_address_same(const char *a, const char *b);

/* Whether it stands for every address of the machine. */
bool net_address_is_any(const char *host);

#endif
