/*
 * Dialects by name, and classes of operations.
 */
#include "derive/dialect.h"

#include <stdio.h>
#include <string.h>

#include "base/compiler.h"

const struct gsp__dialect *const gsp__dialects_all[] = {
    &gsp__dialect_otel,     &gsp__dialect_otel_next,
    &gsp__dialect_livekit,  &gsp__dialect_livekit_js,
    &gsp__dialect_ares,     &gsp__dialect_celeste,
    &gsp__dialect_autotel,  &gsp__dialect_openinference,
    &gsp__dialect_langfuse, NULL,
};

static const struct gsp__dialect *find(const char *name, size_t n)
{
    for (const struct gsp__dialect *const *d = gsp__dialects_all; *d; d++)
        if (strlen((*d)->name) == n && memcmp((*d)->name, name, n) == 0)
            return *d;
    return NULL;
}

const struct gsp__dialect *gsp__dialect_named(const char *name)
{
    return find(name, strlen(name));
}

static bool has(const struct gsp__dialects *dialects, const struct gsp__dialect *d)
{
    for (uint32_t i = 0; i < dialects->n; i++)
        if (dialects->items[i] == d)
            return true;
    return false;
}

/* Add one name of a list. Says what is wrong with it. */
static bool add(struct gsp__dialects *out, const char *name, size_t n, char fault[128])
{
    const struct gsp__dialect *d = find(name, n);

    if (!d) {
        snprintf(fault, 128, "%.*s is not known", (int)(n > 60 ? 60 : n), name);
        return false;
    }
    if (has(out, d))
        return true;
    if (d->only_adds && out->n == 0)
        out->items[out->n++] = &gsp__dialect_otel;
    if (!d->only_adds && out->n > 0) {
        snprintf(fault, 128,
                 "%s has a tree of spans of its own, and so has %s: give it an exporter of its own", d->name,
                 out->items[0]->name);
        return false;
    }
    if (out->n == GSP__DIALECTS_MAX) {
        snprintf(fault, 128, "more than %d dialects", GSP__DIALECTS_MAX);
        return false;
    }
    out->items[out->n++] = d;
    return true;
}

bool gsp__dialects_parse(const char *list, struct gsp__dialects *out, char fault[128])
{
    struct gsp__dialects found = {.n = 0};
    bool is_good = true;

    while (*list) {
        size_t n = strcspn(list, ","), first = strspn(list, " "), last = n;
        char later[128];

        while (last > first && list[last - 1] == ' ')
            last--;
        if (!add(&found, list + (first < last ? first : last), first < last ? last - first : 0,
                 is_good ? fault : later))
            is_good = false;
        list += n + (list[n] == ',');
    }
    if (found.n == 0)
        found.items[found.n++] = &gsp__dialect_otel;
    *out = found;
    return is_good;
}

enum gsp__class gsp__class_of(const char *operation, size_t n)
{
    static const struct {
        const char *name;
        enum gsp__class class;
    } classes[] = {
        {"chat", GSP__CLASS_CHAT},
        {"generate_content", GSP__CLASS_CHAT},
        {"text_completion", GSP__CLASS_COMPLETION},
        {"embeddings", GSP__CLASS_EMBEDDINGS},
        {"speech_to_text", GSP__CLASS_SPEECH_TO_TEXT},
        {"text_to_speech", GSP__CLASS_TEXT_TO_SPEECH},
        {"execute_tool", GSP__CLASS_TOOL},
        {"invoke_agent", GSP__CLASS_AGENT},
        {"invoke_workflow", GSP__CLASS_WORKFLOW},
        {"retrieval", GSP__CLASS_RETRIEVAL},
        {"create_agent", GSP__CLASS_AGENT_STEP},
        {"plan", GSP__CLASS_AGENT_STEP},
    };

    if (n == 0)
        return GSP__CLASS_SPAN;
    for (size_t i = 0; i < GSP__COUNT_OF(classes); i++)
        if (strlen(classes[i].name) == n && memcmp(classes[i].name, operation, n) == 0)
            return classes[i].class;
    return GSP__CLASS_OTHER;
}
