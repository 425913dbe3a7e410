/*
 * What the fuzz targets share: failing with a message, cutting an input into pieces, files of their own.
 *
 * Each fuzz_NAME.c is one libFuzzer target; `make check-full` runs all of them (tools/run-fuzz.sh). One by
 * hand, from the project's folder:
 *
 *     CC=clang meson setup build-fuzz -Dfuzz=true -Dtests=enabled -Dbuildtype=debugoptimized \
 *         -Db_sanitize=address,undefined -Db_lundef=false
 *     ninja -C build-fuzz
 *     tools/run-fuzz.sh 600 fuzz_json          ten minutes, with the seeds and the corpus so far
 *     build-fuzz/fuzz/fuzz_json FILE           one input again, such as the crash-... that was kept
 *     build-fuzz/fuzz/fuzz_json -minimize_crash=1 -runs=100000 FILE
 *     build-fuzz/fuzz/fuzz_json -help=1
 *
 * A crash that is mended becomes a seed: fuzz/seeds/TARGET/, named after what it showed.
 */
#ifndef GSP_FUZZ_FUZZ_H
#define GSP_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/compiler.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Print why and abort: libFuzzer keeps the input. */
_Noreturn void fuzz_fail(const char *file, int line, const char *format, ...) GSP__PRINTF(3, 4);

#define FUZZ_CHECK(condition, ...)                                                                           \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            fuzz_fail(__FILE__, __LINE__, __VA_ARGS__);                                                      \
    } while (0)

/* Fail unless the two hold the same bytes; shows both from where they part. */
void fuzz_check_same(const char *file, int line, const char *what, const struct gsp__buffer *a,
                     const struct gsp__buffer *b);

#define FUZZ_CHECK_SAME(what, a, b) fuzz_check_same(__FILE__, __LINE__, what, a, b)

/*
 * A document and how to cut it. An input is the document, then perhaps 0xff, a byte of options, and the
 * lengths of the pieces, one byte each and again from the first: any text is an input as it stands.
 */
struct fuzz_document {
    const char *bytes;
    size_t n;
    uint8_t options;
    const uint8_t *lengths;
    size_t n_lengths;
};

struct fuzz_document fuzz_document(const uint8_t *data, size_t size);

enum fuzz_cutting {
    FUZZ_WHOLE,
    FUZZ_CUT,          /* as the input says; else at places that are a function of the document */
    FUZZ_BYTE_BY_BYTE, /* */
    FUZZ_CUTTINGS
};

/*
 * Feed a document in pieces, each a block of its own, so that reading outside of it is noticed. `feed`
 * returns false to stop. Some pieces are empty.
 */
void fuzz_feed(const struct fuzz_document *document, enum fuzz_cutting cutting,
               bool (*feed)(void *self, const char *bytes, size_t n), void *self);

/* A copy in a block of exactly n bytes; free() it. */
void *fuzz_copy(const void *bytes, size_t n);

/* Bytes to choose by, from the front of an input; 0 when there are no more. */
struct fuzz_choices {
    const uint8_t *bytes;
    size_t n;
};

uint8_t fuzz_byte(struct fuzz_choices *choices);
uint32_t fuzz_number(struct fuzz_choices *choices, uint32_t below);

/*
 * Overwrite parts of bytes[0..n): each change is 3 bytes of place (little-endian, taken modulo n), 1 byte of
 * length - 1 (modulo 16), and the new bytes, until the choices are used up.
 */
void fuzz_overwrite(struct fuzz_choices *choices, uint8_t *bytes, size_t n);

/* A directory for files, under TMPDIR; deleted at a regular end. */
const char *fuzz_directory(void);

/* Path of a file there; borrowed until the next call but three. */
const char *fuzz_path(const char *name);
void fuzz_write_file(const char *path, const void *bytes, size_t n);

/* The bytes of a file; free() them. NULL if it is not there. */
uint8_t *fuzz_read_file(const char *path, size_t *n);

#endif
