/*
 * The runner: what the calls of a program share.
 */
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "call/recorder_type.h"
#include "call/runner_type.h"

static gsp_status refuse(gsp_error *err, gsp_status code, const char *text)
{
    if (err)
        *err = (gsp_error){.code = code, .text = text};
    return code;
}

static bool check_io(const struct gsp__plan *plan, const gsp_target *const *targets, gsp_error *err)
{
    for (unsigned i = 0; i < plan->n_targets; i++) {
        const gsp_target_io *io = targets[plan->node_of[i]]->io;

        if (io && io->start && io->read && io->end)
            continue;
        refuse(err, GSP_ERR_INVALID, "a target has no io, or it lacks start, read or end");
        return false;
    }
    return true;
}

static void keep_names(gsp_runner *r, const gsp_target *const *targets)
{
    for (unsigned i = 0; i < r->plan.n_nodes; i++) {
        const gsp_target *t = targets[i];

        gsp__runner_keep(r->names[i], sizeof r->names[i], t->name && *t->name ? t->name : t->model);
    }
    for (unsigned i = 0; i < r->plan.n_targets; i++) {
        const gsp_target *t = targets[r->plan.node_of[i]];
        struct gsp__runner_target *own = &r->targets[i];

        own->io = t->io;
        own->io_self = t->io_self;
        own->does_record = (t->flags & GSP_TARGET_RECORDS) != 0;
        own->server_port = t->server_port;
        gsp__runner_keep(own->provider, sizeof own->provider, t->provider);
        gsp__runner_keep(own->model, sizeof own->model, t->model);
        gsp__runner_keep(own->server_address, sizeof own->server_address, t->server_address);
    }
}

gsp_status gsp_runner_new(gsp_recorder *recorder, const gsp_runner_options *options, gsp_runner **out,
                          gsp_error *err)
{
    gsp_runner_options defaults = GSP_RUNNER_OPTIONS_INIT;
    const gsp_runner_options *o = gsp__options(options, &defaults, sizeof defaults);
    const struct gsp__plan_options plan = {
        .media = (gsp_media)o->media,
        .is_any_byte_content = (o->flags & GSP_RUNNER_ANY_BYTE_COMMITS) != 0,
        .target = o->target,
        .retry = o->retry,
    };
    const gsp_target *targets[GSP_TARGETS_MAX];
    gsp_runner *r = calloc(1, sizeof *r);

    if (!r)
        return refuse(err, GSP_ERR_NO_MEMORY, "no memory for a runner");
    if (!gsp__plan_init(&r->plan, &plan, targets, err) || !check_io(&r->plan, targets, err)) {
        free(r);
        return GSP_ERR_INVALID;
    }
    keep_names(r, targets);
    r->recorder = recorder;
    r->on_notice = o->on_notice;
    r->notice_self = o->notice_self;
    atomic_flag_clear(&r->probes_taken);
    *out = r;
    return GSP_OK;
}

void gsp_runner_free(gsp_runner *r, int64_t now_ns)
{
    if (!r)
        return;
    gsp__runner_end_probes(r, now_ns);
    free(r);
}

int gsp_runner_is_available(const gsp_runner *r, uint32_t target)
{
    if (!r || target >= r->plan.n_targets)
        return 1;
    return gsp__is_available(&r->availability, r->plan.node_of[target]);
}

void gsp__runner_tell_changes(const gsp_runner *r, gsp_notice_fn *fn, void *self,
                              const struct gsp__change *changes, unsigned n, int64_t now_ns)
{
    for (unsigned i = 0; fn && i < n; i++) {
        const struct gsp__node *node = &r->plan.nodes[changes[i].node];
        const gsp_notice notice = {
            .struct_size = (uint32_t)sizeof notice,
            .kind = GSP_NOTICE_AVAILABILITY,
            .now_ns = now_ns,
            .target = r->names[changes[i].node],
            .target_index = node->target == GSP__NO_NODE ? UINT32_MAX : node->target,
            .is_available = changes[i].is_available,
            .n_changes = changes[i].n_changes,
        };

        fn(self, &notice);
    }
}
