/*
 * Gemini's usage. It comes with every chunk and cumulative, and chunks may leave parts of it out: the last
 * value of each part stands.
 *
 * promptTokenCount has cached tokens in it, but not the tokens that tools spent on the prompt;
 * candidatesTokenCount has no thoughts in it: what US-1 wants are sums.
 */
#ifndef GSP_WIRE_GEMINI_USAGE_H
#define GSP_WIRE_GEMINI_USAGE_H

#include "wire/decoder.h"

#define GSP__GEMINI_MODALITIES 4

/* What adds up: the first two are the input, the others the output. */
enum gsp__gemini_count {
    GSP__GEMINI_PROMPT,
    GSP__GEMINI_TOOL_USE,
    GSP__GEMINI_CANDIDATES,
    GSP__GEMINI_THOUGHTS,
    GSP__GEMINI_COUNTS
};

/* Zero at the beginning. */
struct gsp__gemini_usage {
    int64_t counts[GSP__GEMINI_COUNTS];         /* as they were reported last */
    int64_t details[2][GSP__GEMINI_MODALITIES]; /* of the prompt and of tool use */
    /* the detail that is being read */
    int64_t n_detail;
    uint8_t modality;
    bool has_detail;
};

/* A count that was just read. */
void gsp__gemini_count(struct gsp__decoder *d, struct gsp__gemini_usage *u, enum gsp__gemini_count what);

/* How much of a count is of one modality: a detail begins, its values, it ends. */
void gsp__gemini_begin_detail(struct gsp__gemini_usage *u);
void gsp__gemini_modality(struct gsp__decoder *d, struct gsp__gemini_usage *u);
void gsp__gemini_detail_tokens(struct gsp__decoder *d, struct gsp__gemini_usage *u);
void gsp__gemini_end_detail(struct gsp__decoder *d, struct gsp__gemini_usage *u, enum gsp__gemini_count what);

#endif
