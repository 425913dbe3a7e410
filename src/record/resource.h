/*
 * The resource of a process: service.name, process.pid, telemetry.sdk.* and what the user adds, laid
 * out as entries for the ring's header.
 */
#ifndef GSP_RECORD_RESOURCE_H
#define GSP_RECORD_RESOURCE_H

#include <genspan/types.h>
#include <stdint.h>

/*
 * `service_name` and `attributes` are the caller's wishes or NULL; then OTEL_SERVICE_NAME and
 * OTEL_RESOURCE_ATTRIBUTES count. A list that cannot be decoded is discarded whole and warned of.
 * Writes at most `cap` bytes and returns how many; attributes that do not fit are left out and warned
 * of.
 */
uint32_t gsp__resource_entries(const char *service_name, const char *attributes, uint8_t *out, uint32_t cap);

#endif
