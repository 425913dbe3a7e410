/*
 * The request's side of an exchange: its target and body in, facts out. As the decoder of the response
 * (wire/decoder.h): of fixed size, no allocation, any cuts, one pass.
 *
 * A body is JSON, or a form of parts (multipart/form-data) whose fields stand for the keys of the format's
 * table; the first byte tells.
 */
#ifndef GSP_WIRE_REQUEST_H
#define GSP_WIRE_REQUEST_H

#include "wire/format.h"
#include "wire/json_map.h"
#include "wire/multipart.h"
#include "wire/prompt.h"
#include "wire/sink.h"

struct gsp__request_decoder {
    const struct gsp__format *format;
    const struct gsp__sink *sink;
    void *self;
    bool is_begun;
    bool is_form;
    bool is_over;                  /* complete, or not to be read */
    const struct gsp__node *root;  /* the format's, with content or without */
    const struct gsp__node *field; /* of the form that is being read; NULL: none we know */
    uint64_t seen[4];              /* facts that were handed over */
    uint64_t n_counted;            /* characters; or for the format's own use */
    uint64_t n_file;               /* bytes of the form's file that is being read */
    struct gsp__prompt prompt;
    struct gsp__multipart form;
    struct gsp__json_map map;
};

void gsp__request_init(struct gsp__request_decoder *d, const struct gsp__format *format,
                       const struct gsp__sink *sink, void *self);

/* Path and query of the URL, for formats that say something there. Before the body. */
void gsp__request_target(struct gsp__request_decoder *d, const char *target, size_t n);

void gsp__request_body(struct gsp__request_decoder *d, const char *bytes, size_t n);

/* The body has ended. */
void gsp__request_finish(struct gsp__request_decoder *d);

/*
 * For formats: hand over the value that was just read, if it is what the fact wants; each fact once. The
 * fields of a form are texts, also where a number or boolean is wanted.
 */
void gsp__request_string(struct gsp__request_decoder *d, unsigned fact);
void gsp__request_int(struct gsp__request_decoder *d, unsigned fact);
void gsp__request_real(struct gsp__request_decoder *d, unsigned fact);
void gsp__request_bool(struct gsp__request_decoder *d, unsigned fact);

/* A piece of the text that is to be spoken: its characters are counted, and handed over at its end. */
void gsp__request_characters(struct gsp__request_decoder *d);

/* A list's item: every string counts. */
void gsp__request_item(struct gsp__request_decoder *d, unsigned fact);

/* A value that is known in another way, from the target for example. */
void gsp__request_put_string(struct gsp__request_decoder *d, unsigned fact, const char *bytes, size_t n);
void gsp__request_put_bool(struct gsp__request_decoder *d, unsigned fact, bool value);
void gsp__request_put_int(struct gsp__request_decoder *d, unsigned fact, int64_t value);

#endif
