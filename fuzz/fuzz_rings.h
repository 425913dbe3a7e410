/*
 * Rings for fuzzing: a small good one, and all that may be done to a bad one.
 */
#ifndef GSP_FUZZ_FUZZ_RINGS_H
#define GSP_FUZZ_FUZZ_RINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A ring of a dead process, cut down to few chunks, with records of every kind and entries of every kind.
 * Static; the same bytes in every run.
 */
const uint8_t *fuzz_sample_ring(size_t *n);

/* Where its chunks begin, and the fold file that a drainer killed half-way through it leaves. */
size_t fuzz_sample_chunks_at(void);
const uint8_t *fuzz_sample_fold(size_t *n);

/* Make the header's checksum right, so that what is behind it is reached. */
void fuzz_ring_seal(uint8_t *ring, size_t n);

/*
 * Give any bytes a good header: at most 15 chunks and 3 for content, and the size that goes with them.
 * Returns new bytes; free() them.
 */
uint8_t *fuzz_ring_repair(const uint8_t *bytes, size_t n, size_t *n_out);

/*
 * Read it as `genspan top` and tests do, without changing it: every record, every entry; calls, spans, the
 * waterfall, both encodings. Then drain it as `genspan recover` does, with the fold file that stands beside
 * it (NULL: none). Everything must be given back, and what is handed to a backend must be OTLP.
 */
void fuzz_ring_use(const uint8_t *ring, size_t n, const uint8_t *fold, size_t n_fold);

#endif
