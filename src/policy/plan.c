/*
 * From descriptions of targets to a plan.
 */
#include "policy/plan.h"

#include <string.h>

#define PROBE_COOLDOWN_MS 10000
#define PROBE_TIMEOUT_MS  30000

struct planner {
    struct gsp__plan *plan;
    const gsp_target **targets;
    gsp_error *err;
    uint32_t n_channels; /* as the first that knows says */
};

static bool refuse(const struct planner *p, const char *text)
{
    if (p->err)
        *p->err = (gsp_error){.code = GSP_ERR_INVALID, .text = text};
    return false;
}

/* FA-7: what a list of speech targets cannot be made of. */
static bool check_model(struct planner *p, const gsp_target *t)
{
    bool needs_stream = p->plan->media == GSP_MEDIA_SPEECH_TO_TEXT;

    if (needs_stream && (t->flags & GSP_TARGET_NO_STREAM) && !(t->flags & GSP_TARGET_HAS_VAD))
        return refuse(p, "a target for speech to text cannot stream, and has no voice activity detection");
    if (t->n_channels && p->n_channels && t->n_channels != p->n_channels)
        return refuse(p, "targets differ in their number of audio channels");
    if (t->n_channels)
        p->n_channels = t->n_channels;
    return true;
}

static bool set_list(const struct planner *p, struct gsp__node *node, const gsp_fallback_options *options,
                     struct gsp__retry *of_each)
{
    gsp_fallback_options o = GSP_FALLBACK_OPTIONS_INIT;

    if (options)
        memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
    if (o.probe_cooldown_ms < -1 || o.probe_timeout_ms < 0)
        return refuse(p, "fallback: a time is below 0");
    node->flags = (uint8_t)o.flags;
    node->probe_cooldown_ns = (o.probe_cooldown_ms ? o.probe_cooldown_ms : PROBE_COOLDOWN_MS) * GSP__MS_NS;
    if (o.probe_cooldown_ms < 0)
        node->probe_cooldown_ns = 0;
    node->probe_timeout_ns = (o.probe_timeout_ms ? o.probe_timeout_ms : PROBE_TIMEOUT_MS) * GSP__MS_NS;
    return gsp__retry_init(of_each, o.retry, p->err);
}

/* A node of its own for a target. GSP__NO_NODE if there is no room. */
static uint8_t new_node(struct planner *p, const gsp_target *t, uint8_t parent,
                        const struct gsp__retry *retry)
{
    uint8_t i = p->plan->n_nodes;

    if (i == GSP_TARGETS_MAX) {
        refuse(p, "there are more than 32 targets and lists");
        return GSP__NO_NODE;
    }
    p->plan->n_nodes++;
    p->plan->nodes[i] = (struct gsp__node){.parent = parent,
                                           .next = GSP__NO_NODE,
                                           .first = GSP__NO_NODE,
                                           .target = GSP__NO_NODE,
                                           .retry = *retry};
    p->targets[i] = t;
    return i;
}

static bool add(struct planner *p, const gsp_target *t, uint8_t parent, uint8_t before, unsigned depth,
                const struct gsp__retry *retry, uint8_t *out)
{
    struct gsp__plan *plan = p->plan;
    struct gsp__retry of_each;
    uint8_t i = new_node(p, t, parent, retry), last = GSP__NO_NODE;

    if (i == GSP__NO_NODE)
        return false;
    if (before != GSP__NO_NODE)
        plan->nodes[before].next = i;
    *out = i;
    if (!t->targets && t->n_targets == 0 && !t->fallback) {
        plan->nodes[i].target = plan->n_targets;
        plan->node_of[plan->n_targets++] = i;
        return check_model(p, t);
    }
    if (!t->targets || t->n_targets == 0)
        return refuse(p, "a list of targets is empty");
    if (depth == GSP_TARGET_DEPTH_MAX)
        return refuse(p, "lists of targets are nested deeper than 4");
    if (!set_list(p, &plan->nodes[i], t->fallback, &of_each))
        return false;
    plan->nodes[i].first = (uint8_t)(i + 1);
    for (uint32_t k = 0; k < t->n_targets; k++)
        if (!add(p, &t->targets[k], i, last, depth + 1, &of_each, &last))
            return false;
    return true;
}

bool gsp__plan_init(struct gsp__plan *plan, const struct gsp__plan_options *o,
                    const gsp_target *out_targets[GSP_TARGETS_MAX], gsp_error *err)
{
    struct planner p = {plan, out_targets, err, 0};
    struct gsp__retry retry;
    uint8_t root;

    memset(plan, 0, sizeof *plan);
    if ((unsigned)o->media > GSP_MEDIA_TEXT_TO_SPEECH)
        return refuse(&p, "media is none of gsp_media");
    if (!o->target)
        return refuse(&p, "there is no target");
    plan->media = (uint8_t)o->media;
    plan->is_any_byte_content = o->is_any_byte_content;
    return gsp__retry_init(&retry, o->retry, err) &&
           add(&p, o->target, GSP__NO_NODE, GSP__NO_NODE, 0, &retry, &root);
}
