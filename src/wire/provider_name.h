/*
 * Who a host belongs to: gen_ai.provider.name by host name.
 */
#ifndef GSP_WIRE_PROVIDER_NAME_H
#define GSP_WIRE_PROVIDER_NAME_H

#include <stddef.h>

/* The provider's name, or NULL for a host that is nobody's we know. A port is passed over. */
const char *gsp__provider_of_host(const char *host, size_t n);

/*
 * The program behind a local host, by its usual port and the Server header it sends (NULL: none seen);
 * NULL where the two do not agree with anything we know.
 */
const char *gsp__provider_of_server(const char *host, size_t n, const char *server);

#endif
