/*
 * Calls of a ring folded into a bank, and the points that come of it, as text.
 */
#include "derive/points.h"

#include "derive/derived.h"
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "derive/metrics.h"

void test_points_init(struct test_points *p, size_t cap)
{
    memset(p, 0, sizeof *p);
    p->bytes = malloc(cap);
    assert_non_null(p->bytes);
    assert_int_equal(gsp__bank_init(&p->bank, p->bytes, cap, &p->n_bytes, 7), GSP_OK);
    assert_true(gsp__arena_init(&p->arena, (size_t)8 << 20));
    gsp__metric_views_add(&p->views, "otel");
}

void test_points_free(struct test_points *p)
{
    gsp__bank_deinit(&p->bank);
    gsp__arena_deinit(&p->arena);
    free(p->bytes);
}

void test_points_fold(struct test_points *p, const char *ring, unsigned flags)
{
    static struct test_derived d;

    test_derive(&d, ring, flags);
    for (int i = 0; i < d.n_calls; i++)
        gsp__metrics_fold(&p->bank, &d.calls[i].call, true);
    test_derived_free(&d);
}

void test_points_derive(struct test_points *p)
{
    struct gsp__metric_request request = {.views = &p->views,
                                          .temporality = GSP__TEMPORALITY_CUMULATIVE,
                                          .start_unix_ns = 100,
                                          .now_unix_ns = 200,
                                          .own = p->own};

    gsp__arena_reset(&p->arena);
    assert_true(gsp__metrics_derive(&p->bank, &request, &p->arena, &p->metrics, &p->n_metrics));
}

void test_points_derive_as(struct test_points *p, const char *dialects)
{
    char names[64], *rest = names, *name;

    snprintf(names, sizeof names, "%s", dialects);
    p->views.n = 0;
    while ((name = strsep(&rest, ",")))
        gsp__metric_views_add(&p->views, name);
    test_points_derive(p);
}

static bool equals(struct gsp__string s, const char *text)
{
    return s.n == strlen(text) && memcmp(s.bytes, text, s.n) == 0;
}

const struct gsp__metric *test_points_metric(const struct test_points *p, const char *name)
{
    for (uint32_t i = 0; i < p->n_metrics; i++)
        if (equals(p->metrics[i].name, name))
            return &p->metrics[i];
    return NULL;
}

const struct gsp__point *test_points_find(const struct test_points *p, const char *name,
                                          const char *attributes)
{
    const struct gsp__metric *m = test_points_metric(p, name);

    for (uint32_t i = 0; m && i < m->n_points; i++)
        if (strcmp(test_attributes(&m->points[i].attributes), attributes) == 0)
            return &m->points[i];
    for (uint32_t i = 0; m && i < m->n_points; i++)
        print_message("there is: %s\n", test_attributes(&m->points[i].attributes));
    fail_msg("no point of %s with %s", name, attributes);
    return NULL;
}

static void put_point(struct gsp__buffer *b, const struct gsp__metric *m, const struct gsp__point *p)
{
    unsigned n = p->n_buckets;

    gsp__buffer_printf(b, "  %s | ", test_attributes(&p->attributes));
    if (m->type == GSP__METRIC_SUM && p->value.type == GSP__NUMBER_INT) {
        gsp__buffer_printf(b, "%lld\n", (long long)p->value.u.integer);
        return;
    }
    if (m->type == GSP__METRIC_SUM) {
        gsp__buffer_printf(b, "%.17g\n", p->value.u.real);
        return;
    }
    gsp__buffer_printf(b, "%llu %.12g %.12g %.12g |", (unsigned long long)p->count, p->sum, p->min, p->max);
    while (n > 0 && p->buckets[n - 1] == 0)
        n--;
    for (unsigned i = 0; i < n; i++)
        gsp__buffer_printf(b, " %llu", (unsigned long long)p->buckets[i]);
    gsp__buffer_add_string(b, "\n");
}

const char *test_points_text(const struct test_points *p)
{
    static char text[32768];
    struct gsp__buffer b = {0};

    for (uint32_t i = 0; i < p->n_metrics; i++) {
        const struct gsp__metric *m = &p->metrics[i];

        gsp__buffer_printf(&b, "%.*s %.*s\n", (int)m->name.n, m->name.bytes, (int)m->unit.n, m->unit.bytes);
        for (uint32_t k = 0; k < m->n_points; k++)
            put_point(&b, m, &m->points[k]);
    }
    assert_true(!b.failed && b.n < sizeof text);
    if (b.n)
        memcpy(text, b.data, b.n);
    text[b.n] = 0;
    gsp__buffer_deinit(&b);
    return text;
}
