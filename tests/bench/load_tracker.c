/*
 * load_tracker IP PORT SECONDS IDLE CLIENTS [plain|kept]: what a tracker bears.
 *
 * Opens IDLE connections that say nothing, then lets CLIENTS at a time announce, a connection for
 * each announce as the original does, for SECONDS; `plain`: without MiniBit's extension; `kept`:
 * over connections that are kept, a peer on each. Prints announces per second and how long they
 * took. It is as lazy as it can be, for it shares the machine with what it measures: answers are
 * counted, not read.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define IDS 9000

struct client {
    int socket;
    uint64_t started_ns;
    uint64_t bytes;
    unsigned number; /* kept: of its peer */
};

struct load {
    struct sockaddr_in address;
    const char *ip;
    bool plain, kept;
    int epoll;
    struct client *clients;
    uint64_t sent, answered, failed, bytes;
    uint32_t *latencies_us; /* of the answered, the first LATENCIES_MAX of them */
};

#define LATENCIES_MAX 1000000

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int connect_to(const struct load *load, int flags)
{
    int connection = socket(AF_INET, SOCK_STREAM | flags, 0);
    if (connection < 0) die("socket");
    if (connect(connection, (const struct sockaddr *)&load->address, sizeof load->address) != 0 &&
        errno != EINPROGRESS)
        die("connect");
    return connection;
}

/* Begins an announce: the connection first, the words once it stands. */
static void start(struct load *load, struct client *client)
{
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = client};
    client->socket = connect_to(load, SOCK_NONBLOCK);
    client->started_ns = now_ns();
    client->bytes = 0;
    if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, client->socket, &event) != 0) die("epoll_ctl");
}

static void speak(struct load *load, struct client *client)
{
    char text[256];
    uint64_t sent = load->sent++;
    int size = snprintf(text, sizeof text,
                        "{\"id\": \"load-%u\", \"ip\": \"%s\", \"port\": 9001, \"blocks\": "
                        "[0, 5, 9]%s}%s",
                        load->kept ? client->number : (unsigned)(sent % IDS), load->ip,
                        load->plain  ? ""
                        : load->kept ? ", \"minibit\": {\"version\": 1, \"keep\": true}"
                                     : ", \"minibit\": {\"version\": 1}",
                        load->kept ? "\n" : "");
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    if (write(client->socket, text, (size_t)size) != size) load->failed++;
    if (epoll_ctl(load->epoll, EPOLL_CTL_MOD, client->socket, &event) != 0) die("epoll_ctl");
}

static void count_answer(struct load *load, const struct client *client)
{
    if (load->answered < LATENCIES_MAX)
        load->latencies_us[load->answered] = (uint32_t)((now_ns() - client->started_ns) / 1000);
    load->answered++;
    load->bytes += client->bytes;
}

static void finish(struct load *load, struct client *client)
{
    if (client->bytes > 2 && !load->kept)
        count_answer(load, client);
    else
        load->failed++;
    close(client->socket);
    start(load, client);
}

static void handle(struct load *load, struct client *client, uint32_t events)
{
    static char bytes[65536];
    if (events & EPOLLOUT) {
        speak(load, client);
        return;
    }
    ssize_t size = read(client->socket, bytes, sizeof bytes);
    if (size > 0) {
        client->bytes += (uint64_t)size;
        if (!load->kept || bytes[size - 1] != '\n') return;
        count_answer(load, client);
        client->started_ns = now_ns();
        client->bytes = 0;
        speak(load, client);
    } else if (size == 0 || errno != EAGAIN) {
        finish(load, client);
    }
}

static void run(struct load *load, uint64_t seconds)
{
    struct epoll_event events[256];
    uint64_t end = now_ns() + seconds * 1000000000;
    while (now_ns() < end) {
        int count = epoll_wait(load->epoll, events, 256, 100);
        for (int i = 0; i < count; i++)
            handle(load, events[i].data.ptr, events[i].events);
    }
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void report(struct load *load, uint64_t seconds, uint32_t idle, uint32_t idle_closed)
{
    uint64_t count = load->answered < LATENCIES_MAX ? load->answered : LATENCIES_MAX;
    qsort(load->latencies_us, count, sizeof *load->latencies_us, compare);
    printf("%u idle connections, %u of them closed by the tracker\n", idle, idle_closed);
    printf("%" PRIu64 " announces per second, %" PRIu64 " failed, %" PRIu64 " bytes an answer\n",
           load->answered / seconds, load->failed,
           load->answered ? load->bytes / load->answered : 0);
    if (count == 0) return;
    printf("latency us: median %u, p99 %u, max %u\n", load->latencies_us[count / 2],
           load->latencies_us[count * 99 / 100], load->latencies_us[count - 1]);
}

/* How many of the idle connections have been closed by now. */
static uint32_t count_closed(const int *idle, uint32_t count)
{
    uint32_t closed = 0;
    char byte;
    for (uint32_t i = 0; i < count; i++)
        closed += recv(idle[i], &byte, 1, MSG_DONTWAIT | MSG_PEEK) >= 0 || errno != EAGAIN;
    return closed;
}

int main(int argc, char **argv)
{
    if (argc != 6 && argc != 7) {
        fprintf(stderr, "usage: load_tracker IP PORT SECONDS IDLE CLIENTS [plain|kept]\n");
        return 2;
    }
    struct load load = {.ip = argv[1], .epoll = epoll_create1(EPOLL_CLOEXEC)};
    uint64_t seconds = strtoul(argv[3], NULL, 10);
    uint32_t idle_count = (uint32_t)strtoul(argv[4], NULL, 10);
    uint32_t clients = (uint32_t)strtoul(argv[5], NULL, 10);
    struct rlimit limit = {0};
    load.plain = argc == 7 && strcmp(argv[6], "plain") == 0;
    load.kept = argc == 7 && strcmp(argv[6], "kept") == 0;
    load.address.sin_family = AF_INET;
    load.address.sin_port = htons((uint16_t)atoi(argv[2]));
    if (inet_pton(AF_INET, argv[1], &load.address.sin_addr) != 1) die("inet_pton");
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    int *idle = calloc(idle_count + 1, sizeof *idle);
    load.clients = calloc(clients + 1, sizeof *load.clients);
    load.latencies_us = calloc(LATENCIES_MAX, sizeof *load.latencies_us);
    if (!idle || !load.clients || !load.latencies_us || seconds == 0) die("calloc");
    for (uint32_t i = 0; i < idle_count; i++)
        idle[i] = connect_to(&load, 0);
    for (uint32_t i = 0; i < clients; i++) {
        load.clients[i].number = i;
        start(&load, &load.clients[i]);
    }
    run(&load, seconds);
    report(&load, seconds, idle_count, count_closed(idle, idle_count));
    return load.answered > 0 ? 0 : 1;
}
