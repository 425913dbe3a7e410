/*
 * genspan/recorder.h: open and close a recorder, read its losses.
 *
 * A recorder writes records into one memory-mapped file (the ring) in the directory where every
 * genspan tool looks. What is written there outlives the process. Nothing is exported by the recorder
 * itself: a drainer does that, in this process (genspan/export.h) or in another (`genspan drain`).
 */
#ifndef GENSPAN_RECORDER_H
#define GENSPAN_RECORDER_H

#include <genspan/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A recorder. Made by gsp_recorder_open, freed by gsp_recorder_close. Since 0.1. */
typedef struct gsp_recorder gsp_recorder;

/*
 * Where a recorder gets its time from; both functions may be called from any thread at once, must not
 * block, and get `self` back. For simulators and tests; leave it out for the system's clocks. The struct is
 * copied by gsp_recorder_open; what `self` points to must outlive the recorder. Since 0.1.
 */
typedef struct gsp_clock {
    uint32_t struct_size;
    uint32_t reserved;
    int64_t (*now_ns)(void *self);       /* monotonic, ns; never 0, never runs backwards */
    uint64_t (*now_unix_ns)(void *self); /* wall clock, ns since 1970 */
    void *self;
} gsp_clock;

/*
 * Options of gsp_recorder_open, copied by it. Each zero field is taken from its environment variable, then
 * from the default. Since 0.1. Source: OpenTelemetry SDK environment variables; docs/configuration.md.
 *
 *   field                 variable                              default
 *   directory             GENSPAN_DIR                           /run/genspan if writable, else
 *                                                               $XDG_RUNTIME_DIR/genspan, else
 *                                                               /dev/shm/genspan-UID
 *   ring_bytes            GENSPAN_RING_BYTES                    8 MiB (64 KiB to 1 GiB)
 *   content_bytes         GENSPAN_CONTENT_BYTES                 0, or a quarter of the ring with
 *                                                               content capture on
 *   record_bytes          GENSPAN_RECORD_BYTES                  64 KiB per record (4 KiB to 1 MiB)
 *   service_name          OTEL_SERVICE_NAME, service.name of    unknown_service:EXECUTABLE
 *                         the next
 *   resource_attributes   OTEL_RESOURCE_ATTRIBUTES              none; "key=value,..." percent-encoded
 *   n_attributes_max      OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT,      128
 *                         OTEL_ATTRIBUTE_COUNT_LIMIT
 *   n_events_max          OTEL_SPAN_EVENT_COUNT_LIMIT           128
 *   n_links_max           OTEL_SPAN_LINK_COUNT_LIMIT            128
 *   n_event_attributes_max OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT     128
 *   n_link_attributes_max OTEL_LINK_ATTRIBUTE_COUNT_LIMIT       128
 *   value_length_max      OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT, none, up to the record's size
 *                         OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT
 *   sampler, sampler_ratio OTEL_TRACES_SAMPLER, _ARG            parentbased_always_on
 *   capture               OTEL_INSTRUMENTATION_GENAI_           NO_CONTENT
 *                         CAPTURE_MESSAGE_CONTENT
 *   dialect               GENSPAN_DIALECT                       otel
 *   (none)                GENSPAN_GROUP                         group that may read the ring (0640)
 *   (none)                GENSPAN_ATTEMPT_SPANS                 always; `multiple` leaves a lone one out
 *   (none)                OTEL_SDK_DISABLED                     false
 */
typedef struct gsp_recorder_options {
    uint32_t struct_size;
    uint32_t record_bytes;
    const char *directory;
    uint64_t ring_bytes;
    uint64_t content_bytes;
    const char *service_name;
    const char *resource_attributes;
    uint32_t n_attributes_max;
    uint32_t n_events_max;
    uint32_t n_links_max;
    uint32_t n_event_attributes_max;
    uint32_t n_link_attributes_max;
    uint32_t value_length_max; /* characters */
    const char *sampler;       /* a value of OTEL_TRACES_SAMPLER */
    double sampler_ratio;      /* for the ratio samplers, in (0, 1] */
    const char *capture;       /* NO_CONTENT, SPAN_ONLY, EVENT_ONLY, SPAN_AND_EVENT */
    const char *dialect;
    const gsp_clock *clock; /* copied; what `self` points to must outlive the recorder */
    uint64_t seed;          /* not 0: ids are a function of it, for reproducible runs */
} gsp_recorder_options;

/* All defaults; sets struct_size. Since 0.1. */
#define GSP_RECORDER_OPTIONS_INIT                                                                            \
    {                                                                                                        \
        (uint32_t)sizeof(gsp_recorder_options), 0, NULL, 0, 0, NULL, NULL, 0, 0, 0, 0, 0, 0, NULL, 0.0,      \
            NULL, NULL, NULL, 0                                                                              \
    }

/*
 * Open a recorder: make its ring file, allocate its space for real, lock it.
 *
 *   options  in   NULL for all defaults
 *   out      out  the recorder; NULL on failure. The caller owns it.
 *   err      out  details on failure; may be NULL
 *
 * Returns GSP_OK; GSP_ERR_INVALID (an option is out of range, a name or list is too long);
 * GSP_ERR_NO_SPACE (the disk cannot hold the ring, or 64 recorders are open in this process);
 * GSP_ERR_IO (the directory cannot be made or written); GSP_ERR_NO_MEMORY; GSP_ERR_DISABLED
 * (OTEL_SDK_DISABLED=true). A program may ignore the result: with a NULL recorder every recording
 * call works and costs a branch. A malformed variable is treated as unset and named on stderr once.
 *
 * Memory: ring_bytes + content_bytes of file, and less than 8 KiB of heap. Thread-safe. Since 0.1.
 * Source: design.md, "The ring"; OpenTelemetry SDK environment variables.
 */
GSP_API GSP_MUST_USE gsp_status gsp_recorder_open(const gsp_recorder_options *options, gsp_recorder **out,
                                                  gsp_error *err);

/*
 * Close a recorder. Spans still open end as abandoned. Later calls on its handles do nothing. The
 * ring file stays until a drainer has exported what is in it, and is deleted by the drainer; a ring
 * in which nothing was ever recorded is deleted here.
 *
 *   recorder  in  NULL is allowed. Freed: not to be used again, nor closed twice. Its drainer, if it has one
 *                 (genspan/export.h), is to be stopped before
 *
 * Thread rule: any thread may call it, once. Closing counts as writing to every span of the recorder: no
 * other thread may be inside a call on the recorder, on its scopes or on its spans. Since 0.1.
 * Source: design.md, "The ring"; ST-1, ST-2 (outcome abandoned).
 */
GSP_API void gsp_recorder_close(gsp_recorder *recorder);

/*
 * The path of the recorder's ring file, for messages and for a drainer.
 *
 *   recorder  in  NULL is allowed
 *
 * Returns the path, the recorder's own until it is closed; NULL for a NULL recorder. After a fork the
 * child's path is known once it has recorded. Thread-safe but for that first record of a child. No memory.
 * Since 0.1. Source: design.md, "The ring".
 */
GSP_API const char *gsp_recorder_path(const gsp_recorder *recorder);

/*
 * How often something was lost for this reason since the ring was opened.
 *
 *   recorder  in  NULL is allowed
 *   reason    in  which counter
 *
 * Returns the count, in what gsp_loss names (records, facts, calls ...); 0 for NULL, for a reason that is
 * none, and in a forked child that has not recorded yet. Thread-safe, never blocks, no memory. Since 0.1.
 * Source: gsp_loss.
 */
GSP_API uint64_t gsp_recorder_loss(const gsp_recorder *recorder, gsp_loss reason);

/*
 * A short name of a reason, as in the metric genspan.records.dropped: "no_chunk" ...
 *
 *   reason  in  any number
 *
 * Returns a static string, never NULL: "other" for what is none. Thread-safe, no memory. Since 0.1.
 * Source: semantics.md, "Metrics".
 */
GSP_API const char *gsp_loss_name(gsp_loss reason);

/*
 * The recorder's monotonic clock: what calls that take `now_ns` expect.
 *
 *   recorder  in  NULL is allowed
 *
 * Returns ns, never 0; 0 for NULL. Thread-safe, no memory. Since 0.1. Source: gsp_clock.
 */
GSP_API int64_t gsp_recorder_now_ns(const gsp_recorder *recorder);

#ifdef __cplusplus
}
#endif

#endif
