/*
 * Locales for tests.
 */
#include "support/set_locale.h"

#include "support/support.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

void test_set_locale(const char *name)
{
    char root[300], command[900];

    if (setlocale(LC_ALL, name))
        return;
    /* a place of its own for each: the C library remembers where it has found none */
    snprintf(root, sizeof root, "%s/locale-%s", test_directory(), name);
    snprintf(command, sizeof command, "mkdir %s && localedef -i %.5s -f UTF-8 %s/%s >/dev/null 2>&1", root,
             name, root, name);
    if (system(command) == 0) {
        setenv("LOCPATH", root, 1);
        if (setlocale(LC_ALL, name))
            return;
    }
    print_message("SKIP: there is no locale %s, and none can be made\n", name);
    skip();
}
