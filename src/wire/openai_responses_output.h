/*
 * The answer in openai.responses: what events, items and parts are, and what of their texts and tool calls
 * counts. The functions take the value that was just read.
 */
#ifndef GSP_WIRE_OPENAI_RESPONSES_OUTPUT_H
#define GSP_WIRE_OPENAI_RESPONSES_OUTPUT_H

#include "wire/decoder.h"

#define GSP__RESPONSES_HELD_MAX 160 /* of a string whose event is not told so far */

/* The beginning of the format's state. */
struct gsp__responses_output {
    uint8_t event; /* kinds: of the event, the item and the part that are being read */
    uint8_t item;
    uint8_t part;
    uint8_t in_deltas, in_ends, in_whole; /* bits of kinds that came so */
    bool has_index;                       /* the event's output_index is known */
    bool had_tools;                       /* tool calls came in events before this one */
    bool is_tool_pending;                 /* its index may stand behind it */
    bool is_refused;
    bool has_image;   /* of the item, whose media has begun */
    bool is_marked;   /* the part has what only visible text has */
    bool is_provider; /* the call has what only calls have that the provider runs */
    bool is_message;  /* what is held is an error's message, else a delta */
    uint8_t n_code;
    uint32_t output_index;
    uint64_t tools_told; /* bits by output index: calls of which all is known */
    uint64_t n_as_text;  /* bytes that were taken for this before their type was known */
    uint64_t n_as_reasoning;
    uint64_t n_as_arguments;
    uint64_t n_held; /* more than fits is counted only */
    char code[40];
    char held[GSP__RESPONSES_HELD_MAX];
};

/* An event, or the response as one. */
void gsp__responses_begin_event(struct gsp__decoder *d);
void gsp__responses_end_event(struct gsp__decoder *d);
void gsp__responses_event_type(struct gsp__decoder *d);
void gsp__responses_event_index(struct gsp__decoder *d);

/* It says that it is an error itself, with message and code beside it. */
void gsp__responses_fault(struct gsp__decoder *d);
void gsp__responses_fault_code(struct gsp__decoder *d);
void gsp__responses_fault_message(struct gsp__decoder *d);

/* Texts of events: a piece, or the whole of a part that has ended. */
void gsp__responses_delta(struct gsp__decoder *d);
void gsp__responses_done_text(struct gsp__decoder *d);
void gsp__responses_done_arguments(struct gsp__decoder *d);
void gsp__responses_refusal(struct gsp__decoder *d);

/* An item of a response, or of an event, which leaves its texts to other events. */
void gsp__responses_begin_item(struct gsp__decoder *d, bool is_of_event);
void gsp__responses_end_item(struct gsp__decoder *d, bool is_of_event);
void gsp__responses_item_type(struct gsp__decoder *d);
void gsp__responses_item_arguments(struct gsp__decoder *d);
void gsp__responses_item_of_provider(struct gsp__decoder *d);
void gsp__responses_item_format(struct gsp__decoder *d);
void gsp__responses_item_image(struct gsp__decoder *d);
void gsp__responses_summary(struct gsp__decoder *d);

/* A part of an item's content. A mark is a key that only visible text has. */
void gsp__responses_begin_part(struct gsp__decoder *d);
void gsp__responses_end_part(struct gsp__decoder *d);
void gsp__responses_part_type(struct gsp__decoder *d);
void gsp__responses_part_mark(struct gsp__decoder *d);
void gsp__responses_part_text(struct gsp__decoder *d);

#endif
