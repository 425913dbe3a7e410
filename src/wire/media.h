/*
 * Images, recordings, films and documents in requests and answers: by reference, or as the MIME type and the
 * size of what is in the message itself. Inline bytes never go on (CO-2): not as base64, not as a data: URL,
 * nor as anything else that stands where a URL should and has no scheme.
 */
#ifndef GSP_WIRE_MEDIA_H
#define GSP_WIRE_MEDIA_H

#include <stdbool.h>

#include "wire/content.h"
#include "wire/json.h"

#define GSP__MEDIA_MIME_MAX 80

enum gsp__modality {
    GSP__MODALITY_UNKNOWN,
    GSP__MODALITY_IMAGE,
    GSP__MODALITY_AUDIO,
    GSP__MODALITY_VIDEO,
    GSP__MODALITY_DOCUMENT,
};

/* One of them, as it is read. */
struct gsp__media {
    const struct gsp__sink *sink;
    void *self;
    struct gsp__spot spot;
    uint8_t modality; /* that was told */
    bool has_type;    /* so was the MIME type */
    uint8_t state;    /* of the URL or data that is being read */
    uint8_t n_word;   /* of a URL's parameter: characters of "base64" */
    uint8_t n_percent;
    uint8_t n_text;
    char text[GSP__MEDIA_MIME_MAX]; /* the URL's scheme, then its MIME type */
    uint64_t n_bytes;               /* of data as it stands */
    uint64_t n_base64;              /* of it, without padding and blanks */
};

void gsp__media_begin(struct gsp__media *m, const struct gsp__sink *sink, void *self, struct gsp__spot spot,
                      enum gsp__modality modality);

/* What it is: the first that is told counts; a MIME type tells it too. */
void gsp__media_modality(struct gsp__media *m, enum gsp__modality modality);
void gsp__media_type(struct gsp__media *m, struct gsp__json_slice mime_type);

/* The second half of its MIME type ("png"), of which the modality is the first. */
void gsp__media_format(struct gsp__media *m, struct gsp__json_slice format);

void gsp__media_file_id(struct gsp__media *m, struct gsp__json_slice id);

/* Pieces of a string: a URL of any kind, or data. The size is handed over with the last. */
void gsp__media_url(struct gsp__media *m, struct gsp__json_slice piece, bool is_last);
void gsp__media_base64(struct gsp__media *m, struct gsp__json_slice piece, bool is_last);

/* A size that is known in another way. */
void gsp__media_size(struct gsp__media *m, uint64_t n_bytes);

#endif
