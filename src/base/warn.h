/*
 * Warnings to people: one line on stderr, each at most once per process. For opening and exporting
 * only; recording never warns.
 */
#ifndef GSP_BASE_WARN_H
#define GSP_BASE_WARN_H

#include "base/compiler.h"

/*
 * Print "genspan: ..." unless a warning of this `key` was printed before. At most 64 keys are kept
 * apart; what comes after them is not printed. Control characters become dots. Thread-safe.
 */
void gsp__warn_once(const char *key, const char *format, ...) GSP__PRINTF(2, 3);

/* Forget that `key` was warned of, so that a state that comes back is told again. */
void gsp__warn_reset(const char *key);

#endif
