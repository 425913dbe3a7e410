/*
 * The tree of a runner's targets, checked and made flat: nodes in the order in which they are described, each
 * list before what is in it. Node 0 is the root.
 */
#ifndef GSP_POLICY_PLAN_H
#define GSP_POLICY_PLAN_H

#include "policy/retry.h"

#define GSP__NO_NODE UINT8_MAX

/* Nodes from a model up to the root. */
#define GSP__PATH_MAX (GSP_TARGET_DEPTH_MAX + 1)

struct gsp__node {
    uint8_t parent; /* the root's is GSP__NO_NODE */
    uint8_t next;   /* in the same list */
    uint8_t first;  /* of a list; GSP__NO_NODE: a model */
    uint8_t target; /* of a model: its place among the models */
    uint8_t flags;  /* of a list: GSP_FALLBACK_* */
    struct gsp__retry retry;
    int64_t probe_cooldown_ns, probe_timeout_ns; /* of a list, for what is in it */
};

struct gsp__plan {
    uint8_t n_nodes;
    uint8_t n_targets;
    uint8_t media; /* a gsp_media */
    bool is_any_byte_content;
    uint8_t node_of[GSP_TARGETS_MAX]; /* of each model */
    struct gsp__node nodes[GSP_TARGETS_MAX];
};

/* What a plan is made of. */
struct gsp__plan_options {
    gsp_media media;
    bool is_any_byte_content;
    const gsp_target *target;
    const gsp_retry_options *retry; /* of the root */
};

/*
 * Check and flatten (FA-1, FA-7). `out_targets[i]` becomes the description of node i. Returns false, and says
 * why, for what gsp_runner_new refuses but for `io`, which is not looked at.
 */
bool gsp__plan_init(struct gsp__plan *plan, const struct gsp__plan_options *options,
                    const gsp_target *out_targets[GSP_TARGETS_MAX], gsp_error *err);

#endif
