/*
 * Blocks on their way out: how far they are, and what becomes of them when their connection goes.
 */
#include <assert.h>
#include <string.h>

#include "net/node/impl.h"

/* Bytes of it that go over the wire, its head apart. */
uint64_t net_upload_wire_bytes(const net_upload *upload)
{
    uint32_t size = mb_geometry_block_size(upload->link->node->geometry, upload->block);

    return upload->raw ? size - upload->offset : upload->text_size;
}

/* Bytes of it that the receiver's side has taken: what is left lies with libuv, or, where rates are
 * limited, still with the connection. */
uint64_t net_upload_taken(const net_upload *upload)
{
    assert(upload->out && upload->conn);
    const net_out *out = upload->out;
    uint64_t all = net_upload_wire_bytes(upload), left;

    left = uv_stream_get_write_queue_size((const uv_stream_t *)&upload->conn->tcp);
    if (upload->conn->out == out) left += out->to - out->from;
    return left < all ? all - left : 0;
}

/* What of it had gone when its connection was cut. */
static void note_part(const net_upload *upload)
{
    if (!upload->conn->closing || upload->sending == 0 || !upload->out || upload->missing) return;
    net_record_uploaded_part(upload->link->node->config.record, net_upload_taken(upload));
}

void net_node_conn_gone(net_link *link, net_conn *conn)
{
    for (uint16_t i = link->request_count; i-- > 0;) {
        if (link->requests[i].conn != conn) continue;
        link->request_count--;
        memmove(&link->requests[i], &link->requests[i + 1],
                (size_t)(link->request_count - i) * sizeof *link->requests);
    }
    for (net_upload *u = link->uploads; u; u = u->next) {
        if (u->conn != conn) continue;
        note_part(u);
        u->conn = NULL; /* its place tells it the rest */
    }
}
