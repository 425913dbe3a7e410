/* Forms of parts (RFC 7578): every form cut everywhere, with the same parts. */
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/random.h"
#include "wire/multipart.h"

static uint64_t seed;

static int set_up(void **state)
{
    (void)state;
    seed = test_seed();
    return 0;
}

/*
 * What is found, as text: `name="value"`, a @ before the = of a file; a value that never ends has no quote
 * behind it; ! where the form is over.
 */
static bool take(struct gsp__multipart *m, const char *bytes, size_t n, struct gsp__buffer *out)
{
    char *own = malloc(n); /* a block of its own, so that reading outside shows */
    enum gsp__multipart_token token;

    memcpy(own, bytes, n);
    gsp__multipart_feed(m, own, n);
    while ((token = gsp__multipart_next(m)) != GSP__MULTIPART_MORE) {
        if (token == GSP__MULTIPART_PART) {
            gsp__buffer_printf(out, "%s%.*s%s=\"", out->n ? " " : "", (int)m->n_name, m->name,
                               m->is_file ? "@" : "");
        } else if (token == GSP__MULTIPART_PIECE) {
            assert_true(m->n > 0);
            gsp__buffer_add(out, m->bytes, m->n);
        } else if (token == GSP__MULTIPART_END) {
            gsp__buffer_add_char(out, '"');
        } else {
            gsp__buffer_add_string(out, out->n ? " !" : "!");
            break;
        }
    }
    memset(own, 0xa5, n);
    free(own);
    return token != GSP__MULTIPART_DONE;
}

/* The first piece, and the size of the others; with `random`, of any size below it. */
static void expect_cut(const char *form, size_t n, size_t n_first, size_t n_rest, bool is_random,
                       const char *expected)
{
    struct gsp__multipart *m = malloc(sizeof *m);
    struct gsp__buffer out = {0};
    size_t at = 0, n_piece = n_first;

    memset(m, 0xa5, sizeof *m);
    gsp__multipart_init(m);
    while (at < n) {
        if (is_random)
            n_piece = 1 + (size_t)(gsp__random_next(&seed) % n_rest);
        if (n_piece > n - at)
            n_piece = n - at;
        if (n_piece > 0 && !take(m, form + at, n_piece, &out))
            break;
        at += n_piece;
        n_piece = n_rest;
    }
    gsp__buffer_add_char(&out, 0);
    assert_string_equal(out.data, expected);
    gsp__buffer_deinit(&out);
    free(m);
}

static void expect_bytes(const char *form, size_t n, const char *expected)
{
    expect_cut(form, n, n, n, false, expected);
    expect_cut(form, n, 1, 1, false, expected);
    for (size_t n_first = 1; n_first < n; n_first++)
        expect_cut(form, n, n_first, n, false, expected);
    for (int i = 0; i < 30; i++)
        expect_cut(form, n, 0, i % 2 ? 5 : 40, true, expected);
}

static void expect(const char *form, const char *expected)
{
    expect_bytes(form, strlen(form), expected);
}

#define FIELD(name) "Content-Disposition: form-data; name=\"" name "\"\r\n\r\n"

static void fields_and_files(void **state)
{
    (void)state;
    expect("--X\r\n" FIELD("model") "whisper\r\n--X\r\n" FIELD("stream") "true\r\n--X--\r\n",
           "model=\"whisper\" stream=\"true\" !");
    expect("--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n"
           "Content-Type: audio/wav\r\n\r\nRIFF....\r\n--X\r\n" FIELD("model") "m\r\n--X--\r\n",
           "file@=\"RIFF....\" model=\"m\" !");
    /* an empty file name is one, and so is an extended one */
    expect("--X\r\nContent-Disposition: form-data; name=f; filename=\"\"\r\n\r\n\r\n--X\r\n"
           "Content-Disposition: form-data; name=g; filename*=UTF-8''%e2%82%ac\r\n\r\nx\r\n--X--",
           "f@=\"\" g@=\"x\" !");
    expect("------WebKitFormBoundary7MA4YWxk\r\n" FIELD("a") "1\r\n------WebKitFormBoundary7MA4YWxk--\r\n",
           "a=\"1\" !");
}

static void a_form_without_parts(void **state)
{
    (void)state;
    expect("", "");
    expect("--X--\r\n", "");
    expect("--X\r\n", "");
}

static void empty_values_and_values_of_several_lines(void **state)
{
    (void)state;
    expect("--X\r\n" FIELD("a") "\r\n--X\r\n" FIELD("b") "one\r\n\r\ntwo\r\n\r\n--X--\r\n",
           "a=\"\" b=\"one\r\n\r\ntwo\r\n\" !");
    expect("--X\r\n" FIELD("a") "\r\n\r\n\r\n--X--", "a=\"\r\n\r\n\" !");
}

/* Only the whole of CR LF and the boundary ends a value; what begins like it is a part of the value. */
static void what_looks_like_the_boundary(void **state)
{
    (void)state;
    expect("--XyZ\r\n" FIELD("a") "1\r\n--Xy\r\n--XyY\r\r\n\r--XyZ\n--XyZ --XyZ\r\n--XyZ--\r\n",
           "a=\"1\r\n--Xy\r\n--XyY\r\r\n\r--XyZ\n--XyZ --XyZ\" !");
    expect("--XX\r\n" FIELD("a") "\r\n-\r\n--\r\n--X\r\n--XX--", "a=\"\r\n-\r\n--\r\n--X\" !");
    /* RFC 2046, 5.1.1: that a line begins with it is enough */
    expect("--X\r\n" FIELD("a") "1\r\n--Xtra\r\n" FIELD("b") "2\r\n--X--", "a=\"1\" b=\"2\" !");
    /* it may have blanks behind it */
    expect("--X\r\n" FIELD("a") "1\r\n--X \t\r\n" FIELD("b") "2\r\n--X--", "a=\"1\" b=\"2\" !");
}

static void bytes_of_any_kind(void **state)
{
    static const char head[] = "--X\r\n" FIELD("a"), tail[] = "\r\n--X--\r\n";
    char form[sizeof head + 256 + sizeof tail], expected[270] = "a=\"";
    size_t n = sizeof head - 1, n_expected = 3;

    (void)state;
    memcpy(form, head, n);
    for (int c = 255; c > 0; c--) {
        form[n++] = (char)c;
        expected[n_expected++] = (char)c;
    }
    memcpy(form + n, tail, sizeof tail - 1);
    memcpy(expected + n_expected, "\" !", 4);
    expect_bytes(form, n + sizeof tail - 1, expected);
}

static void headers_of_a_part(void **state)
{
    (void)state;
    /* in any case and order, with others between, and with line feeds alone */
    expect("--X\r\nx-a: name=\"no\"\r\nCONTENT-DISPOSITION:form-data;NAME=\"a\"\r\nX-B: 1\r\n\r\n1\r\n--X--",
           "a=\"1\" !");
    expect("--X\r\nContent-Disposition: form-data; name=a\n\n1\r\n--X--", "a=\"1\" !");
    expect("--X\r\nContent-Disposition: form-data; size=1 ; name=a ; x\r\n\r\n1\r\n--X--", "a=\"1\" !");
    /* a part that has no name, or no headers at all */
    expect("--X\r\nContent-Disposition: form-data\r\n\r\n1\r\n--X\r\n\r\n2\r\n--X--", "=\"1\" =\"2\" !");
    /* a name is that of its part only */
    expect("--X\r\nContent-Disposition: form-data; name=a; filename=f\r\n\r\n1\r\n--X\r\n\r\n2\r\n--X--",
           "a@=\"1\" =\"2\" !");
}

/* A file may be called anything: what stands in quotes is no parameter. */
static void parameters_in_quotes_are_none(void **state)
{
    (void)state;
    expect("--X\r\nContent-Disposition: form-data; filename=\"x; name=evil\"; name=\"a\"\r\n\r\n1\r\n--X--",
           "a@=\"1\" !");
    expect(
        "--X\r\nContent-Disposition: form-data; filename=\"\\\"; name=\\\"evil\"; name=a\r\n\r\n1\r\n--X--",
        "a@=\"1\" !");
    expect("--X\r\nContent-Disposition: form-data; name=\"filename=b\"\r\n\r\n1\r\n--X--",
           "filename=b=\"1\" !");
    expect("--X\r\nContent-Disposition: form-data; rename=\"no\"; name=\"a;b\"\r\n\r\n1\r\n--X--",
           "a;b=\"1\" !");
    expect("--X\r\nContent-Disposition: form-data; name=\"open\r\n\r\n1\r\n--X--", "open\r=\"1\" !");
    expect("--X\r\nContent-Disposition: form-data; name\r\n\r\n1\r\n--X--", "=\"1\" !");
    expect("--X\r\nContent-Disposition: form-data; name=\r\n\r\n1\r\n--X--", "=\"1\" !");
    expect("--X\r\nContent-Disposition: ;;; ; =x;\\;name=a\\\r\n\r\n1\r\n--X--", "a\\=\"1\" !");
}

/* A form that breaks off: what came before is there, the last value has no end. */
static void forms_that_break_off(void **state)
{
    (void)state;
    expect("--X\r\n" FIELD("a") "1\r\n--X\r\n" FIELD("b") "2", "a=\"1\" b=\"2");
    expect("--X\r\n" FIELD("a") "1\r\n--X", "a=\"1\"");
    expect("--X\r\n" FIELD("a") "1\r\n--X-", "a=\"1\"");
    expect("--X\r\n" FIELD("a") "1\r\n--X\r\nContent-Disp", "a=\"1\"");
    /* nothing ends a value but CR LF and the boundary */
    expect("--X\n" FIELD("a") "1\n--X--\n", "a=\"1\n--X--\n");
}

static void what_comes_after_the_end_is_passed_over(void **state)
{
    (void)state;
    expect("--X\r\n" FIELD("a") "1\r\n--X--\r\n--X\r\n" FIELD("b") "2\r\n--X--", "a=\"1\" !");
}

static void what_is_no_form(void **state)
{
    (void)state;
    expect("-X\r\n" FIELD("a") "1\r\n-X--", "!");
    expect("X\r\n", "!");
    expect("-", "");
    expect("--\r\n" FIELD("a"), "!");
    expect("--\n" FIELD("a"), "!");
    expect("\r\n--X\r\n", "!");
}

static char *repeated(const char *head, char c, size_t n, const char *tail)
{
    size_t n_head = strlen(head), n_tail = strlen(tail);
    char *text = malloc(n_head + n + n_tail + 1);

    memcpy(text, head, n_head);
    memset(text + n_head, c, n);
    memcpy(text + n_head + n, tail, n_tail + 1);
    return text;
}

/* Each ceiling, and one more. */
static void ceilings(void **state)
{
    size_t most = GSP__MULTIPART_BOUNDARY_MAX;
    char *form, *expected;

    (void)state;
    form = repeated("--", 'b', most - 3, "\r\n" FIELD("a") "1\r\n");
    form = realloc(form, 1000);
    memset(stpcpy(form + strlen(form), "--"), 0, 200);
    memset(form + strlen(form), 'b', most - 3);
    strcat(form, "--");
    expect(form, "a=\"1\" !");
    free(form);
    form = repeated("--", 'b', most, "\r\n" FIELD("a"));
    expect(form, "!");
    free(form);

    form = repeated("--X\r\nContent-Disposition: form-data; name=", 'n', GSP__MULTIPART_NAME_MAX - 1,
                    "\r\n\r\n1\r\n--X--");
    expected = repeated("", 'n', GSP__MULTIPART_NAME_MAX - 1, "=\"1\" !");
    expect(form, expected);
    free(form);
    free(expected);
    form = repeated("--X\r\nContent-Disposition: form-data; name=", 'n', GSP__MULTIPART_NAME_MAX,
                    "\r\n\r\n1\r\n--X--");
    expect(form, "=\"1\" !"); /* it would match nothing that is known */
    free(form);

    /* a name behind the line's ceiling is not seen; one before it is, and the file too */
    form = repeated("--X\r\nContent-Disposition: form-data; x=\"", 'y', GSP__MULTIPART_LINE_MAX,
                    "\"; name=a\r\n\r\n1\r\n--X--");
    expect(form, "=\"1\" !");
    free(form);
    form = repeated("--X\r\nContent-Disposition: form-data; name=a; filename=\"", 'y',
                    GSP__MULTIPART_LINE_MAX, "\"\r\n\r\n1\r\n--X--");
    expect(form, "a@=\"1\" !");
    free(form);
}

/* Forms that were damaged: nothing is expected but that it ends, and that a cut changes nothing. */
static void damaged_forms(void **state)
{
    static const char form[] = "--Xy\r\n" FIELD("a") "1\r\n--X\r\n2\r\n--Xy\r\n" FIELD("b") "3\r\n--Xy--\r\n";
    static const char damage[] = "\r\n-\";=\\:X\0";

    (void)state;
    for (size_t at = 0; at < sizeof form - 1; at++)
        for (size_t i = 0; i < sizeof damage; i++) {
            char damaged[sizeof form], whole[sizeof form + 64];
            struct gsp__multipart m;
            struct gsp__buffer out = {0};

            memcpy(damaged, form, sizeof form);
            damaged[at] = damage[i];
            gsp__multipart_init(&m);
            take(&m, damaged, sizeof form - 1, &out);
            gsp__buffer_add_char(&out, 0);
            assert_true(out.n <= sizeof whole);
            memcpy(whole, out.data, out.n);
            gsp__buffer_deinit(&out);
            expect_cut(damaged, sizeof form - 1, 1, 1, false, whole);
            expect_cut(damaged, sizeof form - 1, 0, 9, true, whole);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_and_files),
        cmocka_unit_test(a_form_without_parts),
        cmocka_unit_test(empty_values_and_values_of_several_lines),
        cmocka_unit_test(what_looks_like_the_boundary),
        cmocka_unit_test(bytes_of_any_kind),
        cmocka_unit_test(headers_of_a_part),
        cmocka_unit_test(parameters_in_quotes_are_none),
        cmocka_unit_test(forms_that_break_off),
        cmocka_unit_test(what_comes_after_the_end_is_passed_over),
        cmocka_unit_test(what_is_no_form),
        cmocka_unit_test(ceilings),
        cmocka_unit_test(damaged_forms),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
