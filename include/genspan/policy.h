/*
 * genspan/policy.h: how a call is tried again, and where else: options alone. genspan/runner.h obeys them.
 *
 * A call goes to a target: one provider's model, or a list of targets that are tried in order, nested at
 * will. Each is tried as often as its gsp_retry_options allow; then its list goes on to the next.
 *
 * The structs are the caller's, and borrowed for the call they are given to. Zero fields mean the default.
 */
#ifndef GENSPAN_POLICY_H
#define GENSPAN_POLICY_H

#include <genspan/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How delays between tries grow. Since 0.1. Source: RE-3. */
typedef enum gsp_backoff {
    GSP_BACKOFF_EXPONENTIAL = 0, /* before retry n, from 0: anything up to base x factor^n, at most the cap */
    GSP_BACKOFF_FIXED = 1,       /* base first, then the interval */
    GSP_BACKOFF_ARES = 2         /* base x 2^n up to the cap, a quarter up or down, as the task id has it */
} gsp_backoff;

/* Bits of gsp_retry_options.flags. Since 0.1. Source: RE-1, RE-4. */
#define GSP_RETRY_CHUNK_SENT 0x1u /* also after content went to the caller, who then gets it once more */
#define GSP_RETRY_CONFLICT   0x2u /* also after an HTTP status of 409 */

/*
 * How often, how long and after what delays a target is tried. Since 0.1. Source: RE-1 to RE-4, FA-2.
 *
 * What a provider asks for goes before the profile's delay. With GSP_BACKOFF_ARES it only replaces the
 * backoff in the formula, which may then undercut it.
 */
typedef struct gsp_retry_options {
    uint32_t struct_size;
    uint32_t profile;           /* a gsp_backoff */
    uint32_t max_retries;       /* after the first try; 0: none; at most 1000 */
    uint32_t flags;             /* GSP_RETRY_* */
    int32_t base_ms;            /* 0: 500 (exponential), 100 (fixed), 1000 (ares); -1: no delay */
    int32_t interval_ms;        /* fixed only; 0: 2000; -1: no delay */
    int32_t cap_ms;             /* no delay is longer; 0: 60000 */
    int32_t max_retry_after_ms; /* a provider that asks for more is not tried again; 0: cap_ms */
    int32_t attempt_timeout_ms; /* from the request to the first content; 0: none */
    int32_t idle_timeout_ms;    /* between chunks; 0: none */
    double factor;              /* exponential only, from 1 to 100; 0: 2 */
} gsp_retry_options;

/* One try, no timeouts; sets struct_size. Since 0.1. */
#define GSP_RETRY_OPTIONS_INIT                                                                               \
    {                                                                                                        \
        (uint32_t)sizeof(gsp_retry_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.0                                  \
    }

/* Bits of gsp_fallback_options.flags. Since 0.1. Source: FA-1, FA-3, FA-4. */
#define GSP_FALLBACK_CHUNK_SENT 0x1u /* go on to the next target also after content went to the caller */
#define GSP_FALLBACK_RECOVERY   0x2u /* probe targets that are unavailable */
#define GSP_FALLBACK_ANY_ERROR  0x4u /* any error makes a target unavailable, the request's own fault too */

/* How a list of targets is gone through. Since 0.1. Source: FA-1 to FA-4. */
typedef struct gsp_fallback_options {
    uint32_t struct_size;
    uint32_t flags;                 /* GSP_FALLBACK_* */
    int32_t probe_cooldown_ms;      /* from a probe's end to the target's next; 0: 10000; -1: none */
    int32_t probe_timeout_ms;       /* of a whole probe; 0: 30000 */
    const gsp_retry_options *retry; /* of each target in the list; NULL: one try, no timeouts */
} gsp_fallback_options;

/* All defaults; sets struct_size. Since 0.1. */
#define GSP_FALLBACK_OPTIONS_INIT                                                                            \
    {                                                                                                        \
        (uint32_t)sizeof(gsp_fallback_options), 0, 0, 0, NULL                                                \
    }

/* What the targets of a runner do. Since 0.1. Source: FA-7. */
typedef enum gsp_media {
    GSP_MEDIA_TEXT = 0,           /* models of language, and everything that is not speech */
    GSP_MEDIA_SPEECH_TO_TEXT = 1, /* content never commits: a stream goes on at another target */
    GSP_MEDIA_TEXT_TO_SPEECH = 2  /* an answer without audio to a request with text has failed */
} gsp_media;

/* Bits of gsp_target.flags. Since 0.1. Source: FA-7. */
#define GSP_TARGET_NO_STREAM                                                                                 \
    0x1u                        /* cannot stream; refused in a list for speech to text, but with the next    \
                                 */
#define GSP_TARGET_HAS_VAD 0x2u /* wrapped with voice activity detection, which makes a stream of it */
#define GSP_TARGET_RECORDS 0x4u /* marks its chunks and ends its attempt by itself, as an exchange does */

/* Most targets and lists of one runner, the root included; deepest nesting. Since 0.1. */
#define GSP_TARGETS_MAX      32
#define GSP_TARGET_DEPTH_MAX 4

struct gsp_target_io;

/* One target: a provider's model, or a list of targets. Since 0.1. Source: FA-1, OP-6. */
typedef struct gsp_target {
    uint32_t struct_size;
    uint32_t flags;             /* GSP_TARGET_* */
    const char *name;           /* what notices and spans call it; cut at 63 bytes; NULL: the model */
    const char *provider;       /* a gen_ai.provider.name, or NULL */
    const char *model;          /* sent to this target, or NULL: the one asked for */
    const char *server_address; /* or NULL */
    uint32_t server_port;       /* 0: not known */
    uint32_t sample_rate;       /* of its audio, Hz; 0: not known */
    uint32_t n_channels;        /* of its audio; 0: not known. Two that differ are refused */
    uint32_t n_targets;         /* 0: this is a provider's model. Else a list, and only `name` and what
                                   follows is read of it */
    const struct gsp_target *targets;
    const gsp_fallback_options *fallback; /* NULL: all defaults */
    const struct gsp_target_io *io;       /* of a model: how it is reached */
    void *io_self;                        /* given to `io`; must outlive the runner */
} gsp_target;

/* Nothing known; sets struct_size. Since 0.1. */
#define GSP_TARGET_INIT                                                                                      \
    {                                                                                                        \
        (uint32_t)sizeof(gsp_target), 0, NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL, NULL          \
    }

#ifdef __cplusplus
}
#endif

#endif
