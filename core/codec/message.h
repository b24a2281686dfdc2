/*
 * The protocol's messages as structs, and the codec that turns them into bytes and back.
 *
 * docs/protocol.md specifies the bytes. The driver on a real network decodes what it receives,
 * translates ids to handles and hands events to the core; the simulator needs only the sizes
 * (core/wire_size.h). Decoding validates everything that can be judged without knowing the file
 * or the sender; mb_wire_check_geometry() judges the rest. A refused message changes nothing.
 * Nothing here is global: any threads may encode and decode different messages at once.
 */
#ifndef MB_MESSAGE_H
#define MB_MESSAGE_H

#include "core/codec/text.h"
#include "core/geometry.h"
#include "core/messages.h"

/* The version of the extension keys that this codec writes. */
#define MB_WIRE_VERSION 1

#define MB_WIRE_ROOT_SIZE 32
#define MB_WIRE_EXTENSION_SIZE 11
/* A file's name: up to 100 characters and the ending zero byte. */
#define MB_WIRE_NAME_SIZE 101

/* Types of messages; a set of them is their sum. */
typedef enum mb_wire_type {
    MB_WIRE_ANNOUNCE = 1, /* peer to tracker: who I am, what I hold */
    MB_WIRE_PEERS = 2,    /* its answer: the peers */
    MB_WIRE_REQUEST = 4,  /* peer to peer: give me this block */
    MB_WIRE_BLOCK = 8,    /* its answer: the block, or a refusal */
    MB_WIRE_NOTICE = 16,  /* MiniBit's own: see mb_wire_note */
} mb_wire_type;

/* Why a block is refused: first what mb_reason has, by the same numbers, then what the wire alone
 * tells. */
typedef enum mb_wire_reason {
    MB_WIRE_REASON_NONE,
#define MB_REASON(ID, ...) MB_WIRE_REASON_##ID,
#include "core/messages.def"
#define MB_REFUSAL(ID, ...) MB_WIRE_REASON_##ID,
#include "core/messages.def"
    MB_WIRE_REASON_COUNT,
} mb_wire_reason;

/* What a notice says: the messages that travel as one, then what no peer sees. */
#define NOTICE(ID) MB_WIRE_NOTE_##ID,
#define OWN(ID)
typedef enum mb_wire_note {
    MB_WIRE_NOTE_NONE,
#define MB_MESSAGE(ID, TRAVELS, ...) TRAVELS(ID)
#include "core/messages.def"
#define MB_NOTE(ID, ...) MB_WIRE_NOTE_##ID,
#include "core/messages.def"
    MB_WIRE_NOTE_COUNT,
} mb_wire_note;
#undef NOTICE
#undef OWN

/* The keys that are true or left out, each a member of mb_wire_extension and, by the same name, a
 * key of `minibit`, in the order in which they are written. */
#define MB_WIRE_FLAGS(FLAG)                                                                        \
    FLAG(raw)        /* I take a block's bytes raw */                                              \
    FLAG(keep)       /* I keep this connection open after the answer */                            \
    FLAG(wants)      /* I want the blocks' hashes with the file */                                 \
    FLAG(leaving)    /* this announce is my last */                                                \
    FLAG(slot)       /* unchoke: for one block, unless `more` */                                   \
    FLAG(more)       /* unchoke: nobody waits, further requests may queue */                       \
    FLAG(open)       /* unchoke, hello: I serve everybody, always */                               \
    FLAG(optimistic) /* unchoke: drawn as optimistic */                                            \
    FLAG(endgame)    /* request: asked of a second provider too */

/* What the file is, as the tracker tells it. */
typedef struct mb_wire_file {
    mb_geometry geometry;
    char extension[MB_WIRE_EXTENSION_SIZE]; /* "" if none */
    char name[MB_WIRE_NAME_SIZE];           /* without folder; "" if not told */
    uint8_t root[MB_WIRE_ROOT_SIZE];
    const uint8_t *hashes; /* 32 bytes per block; NULL if not told (or no blocks) */
} mb_wire_file;

/*
 * MiniBit's extension keys. All are optional but the version: a zero (NULL, false, NONE) is not
 * written and is what a key that was not sent reads as.
 */
typedef struct mb_wire_extension {
    uint32_t version; /* at least 1 */
#define MB_FLAG_MEMBER(NAME) bool NAME;
    MB_WIRE_FLAGS(MB_FLAG_MEMBER)
#undef MB_FLAG_MEMBER
    mb_wire_reason refused;
    mb_wire_note note;
    bool has_block; /* whether `block` is told */
    uint32_t block;
    uint32_t offset;       /* first byte of the block that is asked for or sent */
    uint32_t length;       /* raw bytes that follow the header line; 0: no raw answer */
    const uint8_t *set;    /* the sender's blocks: block b is bit b%8 of byte b/8 */
    uint32_t set_size;     /* bytes */
    uint16_t port;         /* hello: where the sender accepts requests; 0: not told */
    uint64_t epoch;        /* of the sender's acquisition log */
    uint64_t count;        /* of its entries that `set` shows */
    const uint32_t *dealt; /* blocks that the tracker deals to the asker */
    uint32_t dealt_count;
    const uint32_t *have; /* blocks gained */
    uint32_t have_count;
    const mb_wire_file *file;
} mb_wire_extension;

/* An announce, or one entry of its answer. */
typedef struct mb_wire_peer {
    const char *id;
    const char *ip; /* address or name of the host */
    uint16_t port;
    const uint32_t *blocks; /* in the order sent; one may be repeated */
    uint32_t blocks_count;
    const mb_wire_extension *extension; /* NULL if none */
} mb_wire_peer;

/* A message. What is not of its type is zero. */
typedef struct mb_wire_message {
    mb_wire_type type;
    mb_wire_peer peer;         /* announce */
    const mb_wire_peer *peers; /* peers */
    uint32_t peers_count;
    uint32_t block;      /* request, block */
    const char *peer_id; /* request, notice */
    const uint8_t *data; /* block, in base64; NULL: refused, or raw bytes follow */
    size_t data_size;
    const mb_wire_extension *extension; /* request, block, notice; NULL if none */
    void *arena;                        /* decoded: owns all that the pointers show */
} mb_wire_message;

/*
 * Decodes `size` bytes, which must be one whole message of a type in the set `types` and nothing
 * more than white space around it. On success *message is the caller's, to mb_wire_clear(). The
 * bytes are not needed afterwards. On an error *message is empty and needs no clearing:
 * MB_ERR_SYNTAX no strict JSON; MB_ERR_RANGE a number or a size beyond the limits; MB_ERR_MESSAGE
 * a key that is missing, doubled, or of the wrong kind or value, or a type not in `types`;
 * MB_ERR_MEMORY. Unknown keys are ignored. O(size), and O(k^2) in the keys of one object.
 */
int mb_wire_decode(const char *bytes, size_t size, uint32_t types, mb_wire_message *message);

/* Frees what decoding took; for an empty message nothing. */
void mb_wire_clear(mb_wire_message *message);

/*
 * Adds the message's bytes to `text`, as Python's json.dumps would write them: ", " and ": "
 * between, no line end. MB_ERR_ARGUMENT if the message could not be decoded again (then nothing is
 * added), MB_ERR_MEMORY. O(size).
 */
int mb_wire_encode(const mb_wire_message *message, mb_text *text);

/*
 * Whether a decoded message fits the file: every block number exists, a block's data has exactly
 * the length that is due from its offset on, a set has exactly the file's bits. MB_ERR_MESSAGE if
 * not. O(message).
 */
int mb_wire_check_geometry(const mb_wire_message *message, const mb_geometry *geometry);

/* Reads a told set into `words` (mb_blockset_words(blocks) words). MB_ERR_MESSAGE if its size is
 * not (blocks + 7) / 8 bytes or a bit past the last block is set. O(blocks / 8). */
int mb_wire_set_get(const mb_wire_extension *extension, uint32_t blocks, uint64_t *words);

/* Bytes of a set of `blocks` blocks, and that set from words, low block first. */
uint32_t mb_wire_set_size(uint32_t blocks);
void mb_wire_set_put(const uint64_t *words, uint32_t blocks, uint8_t *set);

/* The names that the wire uses; "" for NONE. */
const char *mb_wire_reason_name(mb_wire_reason reason);
const char *mb_wire_note_name(mb_wire_note note);

/* The notice by which a message travels, NONE if it is no notice; and the message that a notice is
 * to the peer, MB_MSG_NONE if none. */
mb_wire_note mb_wire_note_of(mb_message message);
mb_message mb_wire_note_message(mb_wire_note note);

/* What a reason of the wire is to the peer. */
mb_reason mb_wire_reason_meant(mb_wire_reason reason);

/* Whether `text` is a peer's id: [A-Za-z0-9_-]{1,64}; a host: [A-Za-z0-9._:-]{1,253}. */
bool mb_wire_id_valid(const char *text);
bool mb_wire_host_valid(const char *text);

/* A file's name: [A-Za-z0-9._-]{1,100}, not beginning with a dot or a dash. */
bool mb_wire_name_valid(const char *text);

/* Bytes that a message of one of `types` may have at most. */
size_t mb_wire_size_limit(uint32_t types);

#endif
