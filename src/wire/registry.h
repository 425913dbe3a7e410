/*
 * The registry: which format an exchange has. Adding one is a row in registry.c.
 */
#ifndef GSP_WIRE_REGISTRY_H
#define GSP_WIRE_REGISTRY_H

#include "wire/format.h"

/*
 * The format of a request, by host (may be "", may have a port) and path (a query is left out). NULL where
 * it is none that we know: such traffic is passed over, never guessed.
 */
const struct gsp__format *gsp__registry_find(const char *host, size_t n_host, const char *path,
                                             size_t n_path);

/*
 * The same by a header of the request that only one provider's clients send, where the host says nothing: a
 * proxy, or the provider's API at another one's place. The name is compared without regard to case.
 */
const struct gsp__format *gsp__registry_find_by_header(const char *name, size_t n_name, const char *path,
                                                       size_t n_path);

/*
 * The format of a response body, by its first bytes, where host and path say nothing (a proxy with paths of
 * its own): by words that only one format has at its very beginning. NULL where there are none.
 */
const struct gsp__format *gsp__registry_find_by_shape(const char *bytes, size_t n);

/* The format of this name, or NULL. */
const struct gsp__format *gsp__registry_named(const char *name);

/* All of them, by number from 0 on; NULL after the last. */
const struct gsp__format *gsp__registry_at(size_t i);

#endif
