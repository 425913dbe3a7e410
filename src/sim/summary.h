/*
 * The summary of a scenario's run: one line per span, indented by depth, in the order of their starts; then
 * the waits and the notices. And comparing it with what was expected, where `...` stands for anything.
 *
 *     chat m1 UNSET 136ms [gen_ai.provider.name=prov-m1 ...] {gen_ai.retry@20ms}
 *       chat attempt ERROR 20ms [error.type=connection ...] {exception}
 *
 * Times of events are from their span's start; exceptions have none. Attributes are sorted by key. Strings
 * stand bare unless they are empty or hold a blank, quote or bracket.
 */
#ifndef GSP_SIM_SUMMARY_H
#define GSP_SIM_SUMMARY_H

#include "base/buffer.h"
#include "derive/model.h"

/* Add the lines of these spans. False if there is no memory, or a line or the whole exceeds the buffer's
 * ceiling. */
bool gsp__summary_spans(struct gsp__buffer *out, const struct gsp__span_data *spans, uint32_t n);

/*
 * Compare text, line by line, with what is expected. A line `...` alone stands for any number of lines, `...`
 * in a line for anything in it. Returns the number of the first line (from 1) of `text` that differs, or 0;
 * where lines are missing it is the one after the last. *expected is the index of the line that was expected
 * there, or n_expect.
 */
uint32_t gsp__summary_compare(const char *text, size_t n, const char *const *expect, uint32_t n_expect,
                              uint32_t *expected);

#endif
