/*
 * A provider simulator: an HTTP server on loopback that speaks openai.chat, JSON and SSE, and breaks in the
 * ways real ones do. Over libmicrohttpd, one thread per connection.
 */
#ifndef GSP_SIM_PROVIDER_H
#define GSP_SIM_PROVIDER_H

#include "sim/script.h"

struct gsp__sim_options {
    unsigned port;        /* 0: any that is free */
    unsigned latency_ms;  /* before an answer begins */
    unsigned pace_ms;     /* between its chunks */
    unsigned n_chunks;    /* of text */
    unsigned chunk_bytes; /* of text in each */
    struct gsp__sim_script script;
};

struct gsp__sim;

/* GSP_ERR_IO when the port cannot be had; GSP_ERR_NO_MEMORY. */
GSP_MUST_USE gsp_status gsp__sim_start(const struct gsp__sim_options *options, struct gsp__sim **out,
                                       gsp_error *err);
void gsp__sim_stop(struct gsp__sim *sim);

unsigned gsp__sim_port(const struct gsp__sim *sim);
uint64_t gsp__sim_requests(const struct gsp__sim *sim);

#endif
