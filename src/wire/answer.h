/*
 * What most formats do alike with a choice and the tool calls in it: their parts come key by key, and are
 * handed over when their object ends. The functions take the value that was just read from the map.
 */
#ifndef GSP_WIRE_ANSWER_H
#define GSP_WIRE_ANSWER_H

#include "wire/decoder.h"

/* A choice begins; it has the array's index until gsp__answer_index says better, and moves its texts. */
void gsp__answer_begin_choice(struct gsp__decoder *d);
void gsp__answer_index(struct gsp__decoder *d);
void gsp__answer_finish(struct gsp__decoder *d);

/* It ends: its finish reason, if it has one, is handed over and ends the stream. */
void gsp__answer_end_choice(struct gsp__decoder *d);

/*
 * A tool call begins. One that says its index may go on in later events (with the same index); one that does
 * not is a call of its own.
 */
void gsp__answer_begin_tool(struct gsp__decoder *d);
void gsp__answer_tool_index(struct gsp__decoder *d);
void gsp__answer_tool_id(struct gsp__decoder *d);
void gsp__answer_tool_name(struct gsp__decoder *d);
void gsp__answer_end_tool(struct gsp__decoder *d);

/* The same for a call that does not count as one. */
void gsp__answer_put_tool(struct gsp__decoder *d);

/*
 * A piece of its arguments. Where nothing was said so far of whose they are, they are of the call before, as
 * its arguments that go on; or moved when it ends.
 */
void gsp__answer_arguments(struct gsp__decoder *d);

/* The same two for calls that are known to be ones of their own, and that have this place. */
void gsp__answer_arguments_at(struct gsp__decoder *d, uint32_t index);
void gsp__answer_end_tool_at(struct gsp__decoder *d, uint32_t index);

/* For arguments that come without their call: its index is known. */
void gsp__answer_end_arguments(struct gsp__decoder *d);

#endif
