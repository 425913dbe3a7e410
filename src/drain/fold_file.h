/*
 * The fold file: a ring's metrics, folded and not yet handed over for good, in a mapped file beside it. Each
 * call is folded exactly once, whenever a drainer is killed:
 *
 * A batch of calls is folded into the bank, whose undo log holds what it was before, and its records go into
 * a list. One store makes the batch part of the metrics; then the records are marked in the ring. A drainer
 * that finds a batch that was not committed takes it back; one that finds a committed batch marks its records
 * (again), and does not fold them again.
 *
 * Metrics are handed over as of a window: from when folding began (cumulative), or from the last export that
 * was acknowledged (delta). Deltas are at least once: a window ends, by one store, when every exporter has
 * acknowledged it or has it in its spool, so that what a killed drainer had sent and not ended is sent again,
 * with the same start. The other way round, what it had ended and not sent would be lost, and nobody would
 * know; here it is counted (genspan.metrics.resent).
 *
 *     off     size
 *       0        8  magic "GSPFOLD\0"
 *       8        4  layout version, 2
 *      12        4  (0)
 *      16       16  id of the ring
 *      32        4  the batch: 0 none yet, 1 is being folded, 2 is committed
 *      36        4  which window is open, 0 or 1
 *      40        4  records in the list
 *      44        4  (0)
 *      48        8  bytes in the bank before the batch
 *      56        4  bytes in the undo log
 *      60        4  (0)
 *      64      192  genspan's own counters, 8 bytes each: enum gsp__own_counter. Losses stand in the ring;
 *                   here are those that a drainer found
 *     256      256  window 0: start, unix ns (8); bytes in the bank (8); what the 24 counters were when it
 *                   began, losses in the ring included (8 each); 1 while it is being sent as deltas (4); (0)
 *     512      256  window 1
 *     768      256  (0)
 *    1024    16384  list: 1024 times generation (8 bytes), index (4), (0) (4)
 *   17408   261120  undo log
 *  278528      ...  bank (metric_bank.h): 64 KiB, doubled when it is full, 16 MiB at most
 */
#ifndef GSP_DRAIN_FOLD_FILE_H
#define GSP_DRAIN_FOLD_FILE_H

#include "derive/metric_view.h"
#include "record/reader.h"

#define GSP__FOLD_LIST_MAX   1024
#define GSP__FOLD_BANK_START ((size_t)64 << 10)

struct gsp__fold;

/*
 * Open or make the fold file of a ring, and finish what a killed drainer had begun. A damaged file is begun
 * anew. Without room on disk the fold lives in memory only, which is warned of. NULL: no memory.
 */
struct gsp__fold *gsp__fold_open(struct gsp__reader *ring);

/* `deletes`: all of it was handed over, and the ring goes too. */
void gsp__fold_close(struct gsp__fold *fold, bool deletes);

/*
 * Begin a batch: the bank to fold into, for up to GSP__FOLD_LIST_MAX records until the commit. `series_max`:
 * of one measure; 0: as many as a metric may have by default.
 */
struct gsp__bank *gsp__fold_begin(struct gsp__fold *fold, uint32_t series_max);

/* Make room for a call of so many records. False: the batch has enough, and must be committed first. In a new
 * batch there is always room; what the bank has none for is counted as overflow. */
bool gsp__fold_reserve(struct gsp__fold *fold, uint32_t n_records);

/* A record that is in the batch. */
void gsp__fold_add(struct gsp__fold *fold, const struct gsp__record_ref *ref);

/* Make the batch part of the metrics, and mark its records. */
void gsp__fold_commit(struct gsp__fold *fold, struct gsp__reader *ring);

/* Add to one of genspan's own counters. At once, and whether a batch is begun or not. */
void gsp__fold_count(struct gsp__fold *fold, enum gsp__own_counter counter, uint64_t n);

/* The metrics as they stand: what there is in the open window, and since when. */
struct gsp__fold_window {
    const struct gsp__bank *bank;
    uint64_t start_unix_ns, now_unix_ns;
    uint64_t total[GSP__OWN_COUNTERS];
    uint64_t own[GSP__OWN_COUNTERS];   /* in the window */
    uint64_t losses[GSP__RING_LOSSES]; /* as they stand in the ring */
    bool is_empty;
};
void gsp__fold_window(struct gsp__fold *fold, const struct gsp__reader *ring, struct gsp__fold_window *out);

/* The window is sent as deltas; it ends with gsp__fold_told. Not within a batch. */
void gsp__fold_tell(struct gsp__fold *fold);

/* What `window` held was handed over. Of deltas: the next one begins where it ended. Losses are told of in
 * the ring too, for those that come after this file is gone. */
void gsp__fold_told(struct gsp__fold *fold, struct gsp__reader *ring, const struct gsp__fold_window *window,
                    bool is_delta);

#endif
