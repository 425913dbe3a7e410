/*
 * The fold file: a ring's metrics, folded and not yet handed over for good, in a mapped file beside it. Each
 * call is folded exactly once, whenever a drainer is killed:
 *
 * There are two banks. A batch of calls is folded into a copy of the active one, with the list of the
 * records that are in it; then one store makes the copy active; then the records are marked in the ring. A
 * drainer that finds an unmarked record in the active bank's list marks it, and does not fold it again.
 *
 *     off     size
 *       0        8  magic "GSPFOLD\0"
 *       8        4  layout version, 1
 *      12        4  series a bank has room for
 *      16       16  id of the ring
 *      32        4  the active bank, 0 or 1
 *      36        4  (0)
 *      40        8  series in bank 0, series in bank 1 (4 bytes each)
 *      48        8  records in list 0, list 1 (4 bytes each)
 *      56        8  when folding began, unix ns: the start of the cumulative points
 *      64   16384  list 0: 1024 times generation (8 bytes), index (4), (0) (4)
 *   16448   16384  list 1
 *   32832    ...   bank 0, bank 1: struct gsp__series each
 */
#ifndef GSP_DRAIN_FOLD_FILE_H
#define GSP_DRAIN_FOLD_FILE_H

#include "derive/metrics.h"
#include "record/reader.h"

#define GSP__FOLD_LIST_MAX 1024
#define GSP__FOLD_SERIES   256

struct gsp__fold;

/*
 * Open or make the fold file of a ring, and mark what a killed drainer had folded. A damaged file is begun
 * anew. Without room on disk the fold lives in memory only, which is warned of. NULL: no memory.
 */
struct gsp__fold *gsp__fold_open(struct gsp__reader *ring);

/* `deletes`: all of it was handed over, and the ring goes too. */
void gsp__fold_close(struct gsp__fold *fold, bool deletes);

/* Begin a batch: the bank to fold into. Room for GSP__FOLD_LIST_MAX records until the next commit. */
struct gsp__bank *gsp__fold_begin(struct gsp__fold *fold);

/* A record that is in the batch. */
void gsp__fold_add(struct gsp__fold *fold, const struct gsp__record_ref *ref);

/* Make the batch part of the metrics, and mark its records. */
void gsp__fold_commit(struct gsp__fold *fold, struct gsp__reader *ring);

/* The metrics as they stand, and since when. */
const struct gsp__bank *gsp__fold_bank(const struct gsp__fold *fold);
uint64_t gsp__fold_start_unix_ns(const struct gsp__fold *fold);

#endif
