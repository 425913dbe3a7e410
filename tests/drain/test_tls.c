/* TLS: the backend's certificate is verified, ours is shown where asked for. */
#include "drain/channel.h"

#include <string.h>

#include "base/warn.h"
#include "support/capture.h"

static struct test_certificates certificates;
static bool has_certificates;
static struct test_backend *backend;
static struct test_channel c;
static gsp_drainer_options options;

static int make_certificates(void **state)
{
    (void)state;
    has_certificates = test_certificates_make(&certificates);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    backend = has_certificates ? test_backend_start_tls(&certificates) : NULL;
    options = (gsp_drainer_options)GSP_DRAINER_OPTIONS_INIT;
    options.timeout_ms = 30000;
    if (backend) {
        options.endpoint = test_backend_url(backend);
        options.certificate = certificates.authority;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_channel_close(&c);
    test_backend_stop(backend);
    return 0;
}

#define NEEDS_CERTIFICATES()                                                                                 \
    do {                                                                                                     \
        (void)state;                                                                                         \
        if (!backend)                                                                                        \
            skip();                                                                                          \
    } while (0)

/* Nothing may arrive; the reason is told once. */
static void is_refused(const char *reason)
{
    const char *text;

    test_channel_open(&c, &options);
    test_capture();
    for (int i = 0; i < 3; i++)
        assert_int_equal(test_channel_post(&c), GSP__POST_RETRY);
    text = test_captured();
    assert_int_equal(test_warnings(text), 1);
    if (!strstr(text, reason))
        fail_msg("not told that it is for \"%s\": %s", reason, text);
    assert_int_equal(test_backend_count(backend), 0);
}

static void a_known_authority_is_trusted(void **state)
{
    NEEDS_CERTIFICATES();
    test_channel_open(&c, &options);
    test_capture();
    assert_int_equal(test_channel_post(&c), GSP__POST_OK);
    assert_string_equal(test_captured(), "");
    assert_string_equal(test_backend_request(backend, 0)->body, "body");
    assert_false(test_backend_request(backend, 0)->has_client_certificate);
}

static void the_systems_authorities_do_not_know_it(void **state)
{
    NEEDS_CERTIFICATES();
    options.certificate = NULL;
    is_refused("certificate");
}

static void another_authority_is_not_trusted(void **state)
{
    NEEDS_CERTIFICATES();
    options.certificate = certificates.other_authority;
    is_refused("certificate");
}

/* The certificate is good, but for another name. */
static void another_host_is_not_trusted(void **state)
{
    char url[64];

    NEEDS_CERTIFICATES();
    strcpy(url, "https://localhost");
    strcat(url, strrchr(options.endpoint, ':'));
    options.endpoint = url;
    is_refused("localhost");
}

static void a_backend_without_tls_is_refused(void **state)
{
    struct test_backend *plain = test_backend_start();
    char url[64];

    NEEDS_CERTIFICATES();
    strcpy(url, "https://127.0.0.1");
    strcat(url, strrchr(test_backend_url(plain), ':'));
    options.endpoint = url;
    is_refused("SSL");
    assert_int_equal(test_backend_count(plain), 0);
    test_backend_stop(plain);
}

static void mutual_tls(void **state)
{
    NEEDS_CERTIFICATES();
    options.client_certificate = certificates.client;
    options.client_key = certificates.client_key;
    test_channel_open(&c, &options);
    assert_int_equal(test_channel_post(&c), GSP__POST_OK);
    assert_true(test_backend_request(backend, 0)->has_client_certificate);
}

/* The backend sees it for what it is: the test above does not pass with just anything. */
static void a_client_of_another_authority_is_seen_as_such(void **state)
{
    char other_key[sizeof certificates.other_authority];

    NEEDS_CERTIFICATES();
    strcpy(other_key, certificates.other_authority);
    strcpy(strrchr(other_key, '.'), ".key");
    options.client_certificate = certificates.other_authority;
    options.client_key = other_key;
    test_channel_open(&c, &options);
    test_capture();
    if (test_channel_post(&c) == GSP__POST_OK)
        assert_false(test_backend_request(backend, 0)->has_client_certificate);
    test_captured();
}

static void a_key_that_does_not_fit_is_told(void **state)
{
    NEEDS_CERTIFICATES();
    options.client_certificate = certificates.client;
    options.client_key = certificates.server_key;
    is_refused("rivate key");
}

static void an_authority_that_is_none_is_told(void **state)
{
    NEEDS_CERTIFICATES();
    options.certificate = certificates.client_key; /* PEM, but no certificate */
    is_refused(certificates.client_key);
}

/* A file that cannot be read is told when the exporter is made, not at the first export. */
static void files_that_are_not_there(void **state)
{
    static const char *const none = "/nowhere/at/all.pem";

    (void)state;
    for (int i = 0; i < 3; i++) {
        gsp_drainer_options o = GSP_DRAINER_OPTIONS_INIT;
        gsp_error err = {0};

        *(i == 0 ? &o.certificate : i == 1 ? &o.client_certificate : &o.client_key) = none;
        test_channel_init(&c, &o);
        assert_int_equal(gsp__channel_open(&c.context, GSP_SIGNAL_TRACES, &c.channel, &err), GSP_ERR_IO);
        assert_int_equal(err.code, GSP_ERR_IO);
        assert_non_null(strstr(err.text, "certificate or key"));
        assert_null(c.channel);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_known_authority_is_trusted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_systems_authorities_do_not_know_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_authority_is_not_trusted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_host_is_not_trusted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_backend_without_tls_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mutual_tls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_client_of_another_authority_is_seen_as_such, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_that_does_not_fit_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_authority_that_is_none_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_that_are_not_there, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, make_certificates, NULL);
}
