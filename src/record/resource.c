/*
 * The resource of a process, as entries. OpenTelemetry: OTEL_SERVICE_NAME wins over service.name in
 * OTEL_RESOURCE_ATTRIBUTES; without either it is unknown_service and the executable's name.
 */
#include "record/resource.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/env.h"
#include "base/hex.h"
#include "base/pairs.h"
#include "base/random.h"
#include "base/warn.h"
#include "record/record.h"

/* Kept back from the user's attributes for service.name and service.instance.id. */
#define SERVICE_BYTES_MAX 512
#define OWN_BYTES         (8 + 16 + SERVICE_BYTES_MAX + 8 + 24 + 40)

struct out {
    uint8_t *bytes;
    uint32_t n, cap;
    bool is_full;
};

static void put(struct out *o, const char *key, enum gsp__entry_kind kind, const void *value, uint32_t n)
{
    struct gsp__entry e = {0, (uint8_t)kind, 0, n};
    uint32_t n_key = (uint32_t)strlen(key);
    uint32_t size_key = gsp__entry_pad(1 + n_key), size = 8 + size_key + gsp__entry_pad(n);

    if (n_key > 255 || size > o->cap - o->n) {
        o->is_full = true;
        return;
    }
    memset(o->bytes + o->n, 0, size);
    memcpy(o->bytes + o->n, &e, 8);
    o->bytes[o->n + 8] = (uint8_t)n_key;
    memcpy(o->bytes + o->n + 9, key, n_key);
    if (n)
        memcpy(o->bytes + o->n + 8 + size_key, value, n);
    o->n += size;
}

static void put_string(struct out *o, const char *key, const char *value)
{
    put(o, key, GSP__ENTRY_STRING, value, (uint32_t)strlen(value));
}

static bool is_well_formed(const char *list)
{
    char room[GSP__RING_RESOURCE_MAX];
    const char *key, *value;
    int got;

    while ((got = gsp__pairs_next(&list, room, sizeof room, &key, &value)) == 1)
        ;
    return got == 0;
}

/* Copy the user's attributes, all but service.name, which is returned in `service`. */
static void put_pairs(struct out *o, const char *list, char *service, size_t cap)
{
    char room[GSP__RING_RESOURCE_MAX];
    const char *key, *value;

    while (gsp__pairs_next(&list, room, sizeof room, &key, &value) == 1) {
        if (strcmp(key, "service.name") == 0)
            snprintf(service, cap, "%s", value);
        else if (strcmp(key, "process.pid") != 0 && strncmp(key, "telemetry.sdk.", 14) != 0)
            put_string(o, key, value);
    }
}

static void executable_name(char *out, size_t cap)
{
    char path[400];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    const char *name;

    if (n <= 0) {
        snprintf(out, cap, "unknown_service");
        return;
    }
    path[n] = 0;
    name = strrchr(path, '/');
    snprintf(out, cap, "unknown_service:%s", name ? name + 1 : path);
}

static void put_instance_id(struct out *o)
{
    uint8_t bytes[16];
    char text[37];

    gsp__random_bytes(bytes, sizeof bytes);
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40); /* a version 4 UUID */
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    gsp__hex_encode(text, bytes, 4);
    gsp__hex_encode(text + 9, bytes + 4, 2);
    gsp__hex_encode(text + 14, bytes + 6, 2);
    gsp__hex_encode(text + 19, bytes + 8, 2);
    gsp__hex_encode(text + 24, bytes + 10, 6);
    text[8] = text[13] = text[18] = text[23] = '-';
    text[36] = 0;
    put_string(o, "service.instance.id", text);
}

uint32_t gsp__resource_entries(const char *service_name, const char *attributes, uint8_t *bytes, uint32_t cap)
{
    struct out o = {bytes, 0, cap, false};
    char service[SERVICE_BYTES_MAX] = "";
    int64_t pid = getpid();

    if (!attributes || !*attributes)
        attributes = gsp__env("OTEL_RESOURCE_ATTRIBUTES");
    if (!service_name || !*service_name)
        service_name = gsp__env("OTEL_SERVICE_NAME");
    put_string(&o, "telemetry.sdk.name", "genspan");
    put_string(&o, "telemetry.sdk.language", "c");
    put_string(&o, "telemetry.sdk.version", gsp_version());
    put(&o, "process.pid", GSP__ENTRY_INT64, &pid, sizeof pid);
    if (attributes && !is_well_formed(attributes)) {
        gsp__warn_once("OTEL_RESOURCE_ATTRIBUTES",
                       "OTEL_RESOURCE_ATTRIBUTES is not a list of key=value: all of it is ignored");
        attributes = NULL;
    }
    o.cap = cap > OWN_BYTES ? cap - OWN_BYTES : 0;
    if (o.cap < o.n)
        o.cap = o.n;
    if (attributes)
        put_pairs(&o, attributes, service, sizeof service);
    o.cap = cap;
    if (!attributes || !strstr(attributes, "service.instance.id"))
        put_instance_id(&o);
    if (service_name)
        snprintf(service, sizeof service, "%s", service_name);
    if (!service[0])
        executable_name(service, sizeof service);
    put_string(&o, "service.name", service);
    if (o.is_full)
        gsp__warn_once("resource",
                       "the resource attributes take more than %u bytes: some are left "
                       "out",
                       (unsigned)cap);
    return o.n;
}
