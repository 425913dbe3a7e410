/*
 * What is written to standard error, as a text.
 */
#include "capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

static int saved = -1;
static FILE *file;
static char text[256 << 10];

void test_capture(void)
{
    assert_int_equal(saved, -1);
    fflush(stderr);
    file = tmpfile();
    assert_non_null(file);
    saved = dup(STDERR_FILENO);
    assert_true(saved >= 0);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
}

const char *test_captured(void)
{
    size_t n;

    assert_true(saved >= 0);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    saved = -1;
    rewind(file);
    n = fread(text, 1, sizeof text - 1, file);
    text[n] = 0;
    fclose(file);
    return text;
}

int test_warnings(const char *in)
{
    int n = 0;

    for (const char *line = in; line && *line; line = strchr(line, '\n'), line += line != NULL)
        n += strncmp(line, "genspan: ", 9) == 0;
    return n;
}
