/*
 * Locales for tests.
 */
#include "support/set_locale.h"

#include "support/support.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void test_set_decimal_point(const char *code_point)
{
    char root[300], path[400], name[40], source[200], command[900];

    /* a place of its own for each: the C library remembers where it has found none */
    snprintf(root, sizeof root, "%s/locale-%s", test_directory(), code_point);
    snprintf(path, sizeof path, "%s/source", root);
    snprintf(name, sizeof name, "point_%s.UTF-8", code_point);
    snprintf(source, sizeof source,
             "LC_NUMERIC\ndecimal_point \"<U%s>\"\nthousands_sep \"\"\ngrouping -1\nEND LC_NUMERIC\n",
             code_point);
    snprintf(command, sizeof command, "localedef -c -i %s -f UTF-8 %s/%s >/dev/null 2>&1", path, root, name);
    assert_int_equal(mkdir(root, 0700), 0);
    test_write_file(path, source, strlen(source));
    setenv("LOCPATH", root, 1);
    if (system(command) == -1 || !setlocale(LC_NUMERIC, name)) {
        print_message("SKIP: no locale can be made here\n");
        skip();
    }
}
