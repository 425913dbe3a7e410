/*
 * genspan/content.h: what was said: messages, instructions, answers, tool calls and their results.
 *
 * Content is kept only where capture is on (OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT); what is off
 * is never recorded. It comes in pieces, in the order in which it is said, and no piece is looked at again:
 * the drainer makes messages of them, in the shape that the dialect wants.
 */
#ifndef GENSPAN_CONTENT_H
#define GENSPAN_CONTENT_H

#include <genspan/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which list of messages a piece belongs to. Since 0.1. Source: CO-2. */
typedef enum gsp_content_side {
    GSP_CONTENT_INPUT = 1,          /* messages of the request; place: which message, from 0 */
    GSP_CONTENT_OUTPUT = 2,         /* of the answer; place: the choice, from 0 */
    GSP_CONTENT_INSTRUCTIONS = 3,   /* the system's, where they are not one of the messages; place 0 */
    GSP_CONTENT_TOOLS = 4,          /* definitions of tools, as JSON; place: which tool */
    GSP_CONTENT_TOOL_ARGUMENTS = 5, /* of a tool that is executed, as JSON or text; place 0 */
    GSP_CONTENT_TOOL_RESULT = 6,    /* the same, its result */
    GSP_CONTENT_TRANSCRIPT = 7,     /* what a user said in a turn; place 0 */
    GSP_CONTENT_QUERY = 8,          /* of a retrieval or a search of memory; place 0 */
    GSP_CONTENT_DOCUMENTS = 9       /* that a retrieval found, or records of memory, as JSON; place 0 */
} gsp_content_side;

/* What a piece is. Since 0.1. Source: CO-2. */
typedef enum gsp_content_kind {
    GSP_CONTENT_ROLE = 1,      /* begins the message of its place; bytes: user, assistant, system, tool ... */
    GSP_CONTENT_NAME = 2,      /* the participant's, of the message */
    GSP_CONTENT_TEXT = 3,      /* a text part, or more of it */
    GSP_CONTENT_REASONING = 4, /* a reasoning part, or more of it */
    GSP_CONTENT_TOOL_CALL_ID = 5,
    GSP_CONTENT_TOOL_CALL_NAME = 6,
    GSP_CONTENT_TOOL_CALL_ARGUMENTS = 7, /* JSON text, or more of it */
    GSP_CONTENT_TOOL_RESPONSE_ID = 8,
    GSP_CONTENT_TOOL_RESPONSE = 9,   /* text or JSON, or more of it */
    GSP_CONTENT_MEDIA_MODALITY = 10, /* image, audio, video, document */
    GSP_CONTENT_MEDIA_MIME_TYPE = 11,
    GSP_CONTENT_MEDIA_URI = 12,     /* a reference, or more of it; never a data: URL, which is MIME type
                                       and size */
    GSP_CONTENT_MEDIA_FILE_ID = 13, /* the provider's name of an uploaded file */
    GSP_CONTENT_MEDIA_SIZE = 14,    /* of inline media, in `value`; its bytes are never kept */
    GSP_CONTENT_JSON = 15           /* JSON as it stands, or more of it (tools, documents) */
} gsp_content_kind;

/*
 * One piece. Pieces of the same side, place and part are one part of the message, whatever comes in between:
 * texts are joined. Since 0.1. Source: CO-2.
 */
typedef struct gsp_content_piece {
    uint32_t struct_size;
    uint16_t side;     /* a gsp_content_side */
    uint16_t kind;     /* a gsp_content_kind */
    uint16_t place;    /* see gsp_content_side */
    uint16_t part;     /* which part of the message, from 0, in the order in which they are shown; parts of
                          different kinds may share a number: text, reasoning and each tool call are told apart */
    uint32_t reserved; /* 0 */
    const char *bytes; /* n_bytes of UTF-8, no NUL at the end; borrowed for the call */
    size_t n_bytes;
    uint64_t value; /* of GSP_CONTENT_MEDIA_SIZE: bytes */
} gsp_content_piece;

/* An empty piece; sets struct_size. Since 0.1. */
#define GSP_CONTENT_PIECE_INIT                                                                               \
    {                                                                                                        \
        (uint32_t)sizeof(gsp_content_piece), 0, 0, 0, 0, 0, NULL, 0, 0                                       \
    }

/*
 * Keep a piece of content with a span, an operation or an attempt.
 *
 *   span   in  open
 *   piece  in  borrowed for the call; NULL, and one without bytes (but a size), is passed over. A URI is
 * given whole; of a data: URL its MIME type and size are kept, not one byte of what it carries
 *
 * Nothing is kept where capture is off. A side or kind that is none is dropped and counted
 * (GSP_LOSS_TYPE). When the ring's content quota is used up, what has no room is lost (GSP_LOSS_CONTENT_FULL)
 * and the span's content ends there, marked as cut; facts do not suffer. Memory: none but the ring's content
 * quota: 12 bytes for each piece, and its bytes. Thread rule: one thread at a time for one span. Since 0.1.
 * Source: CO-1, CO-2.
 */
GSP_API void gsp_span_add_content(gsp_span span, const gsp_content_piece *piece);

#ifdef __cplusplus
}
#endif

#endif
