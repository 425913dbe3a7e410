/*
 * Compiler attributes, in one place. Nothing else in the tree names a compiler.
 */
#ifndef GSP_BASE_COMPILER_H
#define GSP_BASE_COMPILER_H

#define GSP__LIKELY(x)    __builtin_expect(!!(x), 1)
#define GSP__UNLIKELY(x)  __builtin_expect(!!(x), 0)
#define GSP__NOINLINE     __attribute__((noinline))
#define GSP__COLD         __attribute__((cold, noinline))
#define GSP__INLINE       static inline __attribute__((always_inline))
#define GSP__FALLTHROUGH  __attribute__((fallthrough))
#define GSP__PRINTF(f, a) __attribute__((format(printf, f, a)))
#define GSP__UNUSED       __attribute__((unused))
#define GSP__MUST_USE     __attribute__((warn_unused_result))
#define GSP__CLZ64(x)     __builtin_clzll(x)
#define GSP__CTZ64(x)     __builtin_ctzll(x)
#define GSP__PREFETCH(p)  __builtin_prefetch(p)

/* The thread sanitizer knows no fences; it sees the atomics around them. */
#if defined(__SANITIZE_THREAD__)
#define GSP__FENCE(order) ((void)0)
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define GSP__FENCE(order) ((void)0)
#endif
#endif
#if !defined(GSP__FENCE)
#define GSP__FENCE(order) atomic_thread_fence(order)
#endif

#define GSP__COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
