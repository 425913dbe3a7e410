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
    char command[700];

    if (setlocale(LC_ALL, name))
        return;
    snprintf(command, sizeof command, "localedef -i %.5s -f UTF-8 %s/%s >/dev/null 2>&1", name,
             test_directory(), name);
    if (system(command) == 0) {
        setenv("LOCPATH", test_directory(), 1);
        if (setlocale(LC_ALL, name))
            return;
    }
    print_message("SKIP: there is no locale %s, and none can be made\n", name);
    skip();
}
