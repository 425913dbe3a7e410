/*
 * libcurl's words, versions 7.84 to 8.
 */
#include "client/verbose.h"

#include <string.h>

/* Tried from the top. A text begins so, or has it somewhere. */
static const struct {
    const char *words;
    bool is_anywhere;
    enum gsp__said said;
} table[] = {
    {"Trying ", false, GSP__SAID_BEGINS},
    {"Found bundle for host", false, GSP__SAID_BEGINS},
    {"Re-using existing", false, GSP__SAID_BEGINS},
    {"Reusing existing", false, GSP__SAID_BEGINS},
    {"Issue another request to this URL", false, GSP__SAID_FOLLOWS},
    {"Ignoring the response-body", false, GSP__SAID_WILL_FOLLOW},
    {"Connection died, retrying", false, GSP__SAID_TRIES_AGAIN},
    {"left intact", true, GSP__SAID_LEFT_INTACT},
    {"Closing connection", false, GSP__SAID_CLOSES},
    {"closing connection", false, GSP__SAID_CLOSES},
    {"shutting down connection", false, GSP__SAID_CLOSES},
    /* failures: the program's own, lateness, a response that is not whole, all others */
    {"Failure writing output", false, GSP__SAID_CALLER},
    {"Failed writing", false, GSP__SAID_CALLER},
    {"client returned ERROR on write", true, GSP__SAID_CALLER},
    {"Callback aborted", false, GSP__SAID_CALLER},
    {"operation aborted by", false, GSP__SAID_CALLER},
    {"read function returned funny value", false, GSP__SAID_CALLER},
    {"timed out", true, GSP__SAID_TIMEOUT},
    {"imeout was reached", true, GSP__SAID_TIMEOUT},
    {"Connection timeout", false, GSP__SAID_TIMEOUT},
    {"SSL connection timeout", false, GSP__SAID_TIMEOUT},
    {"Operation too slow", false, GSP__SAID_TIMEOUT},
    {"aborted due to timeout", true, GSP__SAID_TIMEOUT},
    {"in chunked-encoding", true, GSP__SAID_CONNECTION},
    {"transfer closed with", false, GSP__SAID_TRUNCATED},
    {"end of response with", false, GSP__SAID_TRUNCATED},
    {"was not closed cleanly", true, GSP__SAID_CONNECTION},
    {"was reset by", true, GSP__SAID_CONNECTION},
    {"Could not resolve", false, GSP__SAID_CONNECTION},
    {"Failed to connect to", false, GSP__SAID_CONNECTION},
    {"Failed sending", false, GSP__SAID_CONNECTION},
    {"Empty reply from server", false, GSP__SAID_CONNECTION},
    {"Recv failure", false, GSP__SAID_CONNECTION},
    {"Send failure", false, GSP__SAID_CONNECTION},
    {"Connection reset by peer", true, GSP__SAID_CONNECTION},
    {"CONNECT tunnel failed", false, GSP__SAID_CONNECTION},
    {"Proxy CONNECT aborted", false, GSP__SAID_CONNECTION},
    {"SSL certificate problem", false, GSP__SAID_CONNECTION},
    {"SSL: ", false, GSP__SAID_CONNECTION},
    {"OpenSSL SSL_", false, GSP__SAID_CONNECTION},
    {"TLS connect error", false, GSP__SAID_CONNECTION},
    {"gnutls_handshake() failed", true, GSP__SAID_CONNECTION},
    {"server certificate verification failed", true, GSP__SAID_CONNECTION},
};

enum gsp__said gsp__verbose_meaning(const char *text, size_t n)
{
    while (n > 0 && *text == ' ') {
        text++;
        n--;
    }
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        size_t n_words = strlen(table[i].words);

        if (table[i].is_anywhere ? memmem(text, n, table[i].words, n_words) != NULL
                                 : n >= n_words && memcmp(text, table[i].words, n_words) == 0)
            return table[i].said;
    }
    return GSP__SAID_NOTHING;
}
