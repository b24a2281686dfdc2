/*
 * A connection's framing and limits, against a plain socket on the loopback: messages drawn as
 * strings, in whatever pieces they come.
 */
#include <arpa/inet.h>
#include <glib.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/io/conn.h"
#include "net/limits.h"

#define LIMIT 64

typedef struct fixture {
    net_loop *loop;
    uv_tcp_t server;
    net_conn *conn; /* the accepted side, under test */
    int client;
    GString *heard; /* messages, one a line; "#BYTES" for a body, "closed" at the end */
    uint32_t body;  /* to be expected behind the next message */
    bool keep_strict;
} fixture;

static void on_opened(net_conn *conn)
{
    (void)conn;
}

static void on_message(net_conn *conn, const char *bytes, size_t size)
{
    fixture *f = conn->owner;

    g_string_append_len(f->heard, bytes, (gssize)size);
    g_string_append(f->heard, conn->followed ? "+\n" : "\n");
    if (f->body == 0) return;
    net_conn_expect(conn, net_block_new(f->body), 0, f->body);
    f->body = 0;
}

static void on_body(net_conn *conn, net_block *block)
{
    fixture *f = conn->owner;

    g_string_append_printf(f->heard, "#%.*s\n", (int)block->size, block->bytes);
    net_block_unref(block);
}

static void on_closed(net_conn *conn, const net_block *body, uint32_t size)
{
    fixture *f = conn->owner;

    if (body) g_string_append_printf(f->heard, "cut %.*s\n", (int)size, body->bytes);
    g_string_append(f->heard, "closed");
    f->conn = NULL;
}

static size_t limit(const net_conn *conn)
{
    (void)conn;
    return LIMIT;
}

static const net_conn_ops ops = {on_opened, on_message, on_body, on_closed, limit};

static void on_connection(uv_stream_t *server, int status)
{
    fixture *f = server->data;

    g_assert_cmpint(status, ==, 0);
    f->conn = net_conn_accept(f->loop, server, &ops, f);
}

/* Whether bytes of the socket's have yet to come to the other end: a busy kernel takes its time. */
static bool is_on_its_way(int socket)
{
    int left = 0;

    return socket >= 0 && ioctl(socket, SIOCOUTQ, &left) == 0 && left > 0;
}

static bool is_under_way(fixture *f)
{
    int accepted = -1;

    if (f->conn) uv_fileno((uv_handle_t *)&f->conn->tcp, &accepted);
    return is_on_its_way(f->client) || is_on_its_way(accepted);
}

static void spin(fixture *f)
{
    for (int i = 0, turns = 0; i < 20 && turns < 20000; i++, turns++) {
        uv_run(&f->loop->uv, UV_RUN_NOWAIT);
        g_usleep(200);
        if (is_under_way(f)) i = 0;
    }
}

/* Until it is accepted, or has ended. */
static void spin_until(fixture *f, bool there)
{
    for (int turns = 0; turns < 2000 && (f->conn != NULL) != there; turns++)
        spin(f);
}

static void hang_up(fixture *f)
{
    close(f->client);
    f->client = -1;
    spin_until(f, false);
}

static void set_up(fixture *f, gconstpointer data)
{
    (void)data;
    struct sockaddr_in address;
    int size = sizeof address;

    f->loop = g_new0(net_loop, 1);
    f->heard = g_string_new(NULL);
    net_log_setup("test", NET_ERROR);
    g_assert_cmpint(net_loop_init(f->loop, 0), ==, 0);
    uv_tcp_init(&f->loop->uv, &f->server);
    f->server.data = f;
    uv_ip4_addr("127.0.0.1", 0, &address);
    uv_tcp_bind(&f->server, (struct sockaddr *)&address, 0);
    g_assert_cmpint(uv_listen((uv_stream_t *)&f->server, 8, on_connection), ==, 0);
    uv_tcp_getsockname(&f->server, (struct sockaddr *)&address, &size);
    f->client = socket(AF_INET, SOCK_STREAM, 0);
    g_assert_cmpint(connect(f->client, (struct sockaddr *)&address, sizeof address), ==, 0);
    spin_until(f, true);
    g_assert_nonnull(f->conn);
}

static void tear_down(fixture *f, gconstpointer data)
{
    (void)data;
    if (f->client >= 0) close(f->client);
    uv_close((uv_handle_t *)&f->server, NULL);
    net_loop_clear(f->loop);
    g_string_free(f->heard, TRUE);
    g_free(f->loop);
}

static void say(fixture *f, const char *text)
{
    g_assert_cmpint(send(f->client, text, strlen(text), MSG_NOSIGNAL), ==, strlen(text));
    spin(f);
}

static void expect(fixture *f, const char *heard)
{
    g_assert_cmpstr(f->heard->str, ==, heard);
    g_string_truncate(f->heard, 0);
}

static char *received(fixture *f)
{
    static char text[65536];
    ssize_t size;

    spin(f);
    size = recv(f->client, text, sizeof text - 1, MSG_DONTWAIT);
    text[size > 0 ? size : 0] = '\0';
    return text;
}

/* ---- coming in ------------------------------------------------------------------------------ */

static void test_messages(fixture *f, gconstpointer data)
{
    (void)data;
    say(f, "{\"a\": 1}");
    expect(f, "{\"a\": 1}\n");
    say(f, "\n  {\"b\": \"}\\\"{\"}\n");
    expect(f, "{\"b\": \"}\\\"{\"}\n");
    say(f, "{}\n{\"c\": [1]}\r\n\t{}");
    expect(f, "{}+\n{\"c\": [1]}+\n{}\n");
}

static void test_pieces(fixture *f, gconstpointer data)
{
    (void)data;
    const char *text = "{\"a\": [1, {\"b\": \"\\\\\"}]}\n{}";

    for (const char *c = text; *c; c++)
        say(f, (char[]){*c, '\0'});
    expect(f, "{\"a\": [1, {\"b\": \"\\\\\"}]}\n{}\n");
    g_assert_null(f->conn->buffer); /* idle: nothing is kept */
}

static void refuse(fixture *f, const char *text, const char *heard)
{
    say(f, text);
    expect(f, heard);
}

static void test_junk(fixture *f, gconstpointer data)
{
    refuse(f, data, "closed");
}

static void test_junk_later(fixture *f, gconstpointer data)
{
    (void)data;
    say(f, "{}");
    refuse(f, "x", "{}\nclosed");
}

static void test_limit(fixture *f, gconstpointer data)
{
    (void)data;
    char text[LIMIT + 2];

    memset(text, 'x', sizeof text);
    memcpy(text, "{\"", 2);
    memcpy(text + LIMIT - 2, "\"}", 3);
    say(f, text);
    g_assert_cmpuint(f->heard->len, ==, LIMIT + 1);
    g_string_truncate(f->heard, 0);
    memcpy(text + LIMIT - 2, "x\"}", 4); /* one more */
    refuse(f, text, "closed");
}

/* What never ends is not kept to its end. */
static void test_endless(fixture *f, gconstpointer data)
{
    (void)data;
    char text[LIMIT + 2];

    memset(text, 'x', sizeof text);
    text[0] = '{';
    text[1] = '"';
    text[LIMIT + 1] = '\0';
    refuse(f, text, "closed");
}

static void test_end_in_the_middle(fixture *f, gconstpointer data)
{
    (void)data;
    say(f, "{\"a\": ");
    hang_up(f);
    expect(f, "closed");
}

/* ---- raw bytes ------------------------------------------------------------------------------ */

static void test_body(fixture *f, gconstpointer data)
{
    (void)data;
    f->conn->strict = false; /* as where answers come in */
    f->body = 9;
    say(f, "{\"length\": 9}\n{raw}\n\"[[");
    expect(f, "{\"length\": 9}\n#{raw}\n\"[[\n");
    f->body = 3;
    say(f, "{}");
    say(f, "\n");
    say(f, "a");
    say(f, "bc{}");
    expect(f, "{}\n#abc\n{}\n");
}

static void test_body_without_line_feed(fixture *f, gconstpointer data)
{
    (void)data;
    f->conn->strict = false;
    f->body = 3;
    refuse(f, "{} abc", "{}\ncut \nclosed");
}

static void test_body_cut(fixture *f, gconstpointer data)
{
    (void)data;
    f->conn->strict = false;
    f->body = 10;
    say(f, "{}\nabcd");
    hang_up(f);
    expect(f, "{}\ncut abcd\nclosed");
}

/* ---- going out ------------------------------------------------------------------------------ */

static mb_text text_of(const char *string)
{
    mb_text text;

    mb_text_init(&text);
    mb_text_add(&text, string);
    return text;
}

static void count_done(net_out *out, bool sent)
{
    int *counts = out->arg;

    counts[sent]++;
}

/* Answers leave in the order in which their places were taken, whenever they are ready. */
static void test_order(fixture *f, gconstpointer data)
{
    (void)data;
    int counts[2] = {0, 0};
    net_out *first = net_conn_reserve(f->conn, count_done, counts);
    net_out *second = net_conn_reserve(f->conn, count_done, counts);
    net_block *block = net_block_new(4);
    mb_text text = text_of("third\n");

    memcpy(block->bytes, "0123", 4);
    net_conn_send(f->conn, &text);
    text = text_of("second\n");
    net_conn_ready(second, &text, NULL, 0);
    g_assert_cmpstr(received(f), ==, "");
    text = text_of("first\n");
    net_conn_ready(first, &text, block, 1);
    net_conn_finish(f->conn);
    g_assert_cmpstr(received(f), ==, "first\n123second\nthird\n");
    g_assert_cmpint(counts[true], ==, 2);
    expect(f, "closed"); /* all is out */
}

static void test_gone_before_ready(fixture *f, gconstpointer data)
{
    (void)data;
    int counts[2] = {0, 0};
    net_out *nobodys = net_conn_reserve(f->conn, NULL, NULL);
    mb_text text = text_of("late");

    (void)net_conn_reserve(f->conn, count_done, counts); /* gone once it is told: no leak */
    net_conn_close(f->conn, NULL);
    g_assert_cmpint(counts[false], ==, 1);
    net_conn_ready(nobodys, &text, NULL, 0); /* frees it */
    g_assert_cmpint(counts[false], ==, 1);
}

static void test_does_not_read(fixture *f, gconstpointer data)
{
    (void)data;
    for (int i = 0; i < 100000 && f->conn; i++) {
        mb_text text = text_of("0123456789012345678901234567890123456789012345678901234567890123");

        net_conn_send(f->conn, &text);
        if (i % 100 == 0) uv_run(&f->loop->uv, UV_RUN_NOWAIT);
    }
    g_assert_null(f->conn);
    expect(f, "closed");
}

/* ---- limits --------------------------------------------------------------------------------- */

static void test_limits(void)
{
    g_assert_cmpuint(net_limit_set(0), ==, 0);
    g_assert_cmpuint(net_limit_set(8), ==, 4);
    g_assert_cmpuint(net_limit_set(25), ==, 8);
    g_assert_cmpuint(net_limit_request(40), ==, 512 + 8);
    /* ten numbers of one digit fit in three characters each */
    g_assert_cmpuint(net_limit_list(10), >=, strlen("0, 1, 2, 3, 4, 5, 6, 7, 8, 9"));
    g_assert_cmpuint(net_limit_announce(0), ==, 512 + 0);
    g_assert_cmpuint(net_limit_answer(8, 262144), ==, 512 + 4 + 349528);
}

#define ADD(name, data, test) g_test_add("/conn/" name, fixture, data, set_up, test, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("messages", NULL, test_messages);
    ADD("pieces", NULL, test_pieces);
    ADD("junk", "hello", test_junk);
    ADD("junk-http", "GET / HTTP/1.1\r\n\r\n", test_junk);
    ADD("junk-behind", "{}x", test_junk);
    ADD("junk-behind-blanks", "{} \n ]", test_junk);
    ADD("junk-nested", "{\"a\": [[[[", test_junk);
    ADD("junk-later", NULL, test_junk_later);
    ADD("limit", NULL, test_limit);
    ADD("endless", NULL, test_endless);
    ADD("end-in-the-middle", NULL, test_end_in_the_middle);
    ADD("body", NULL, test_body);
    ADD("body-without-line-feed", NULL, test_body_without_line_feed);
    ADD("body-cut", NULL, test_body_cut);
    ADD("order", NULL, test_order);
    ADD("gone-before-ready", NULL, test_gone_before_ready);
    ADD("does-not-read", NULL, test_does_not_read);
    g_test_add_func("/limits", test_limits);
    return g_test_run();
}
