/*
 * Locales for tests: a host may have set any.
 */
#ifndef GSP_TESTS_SET_LOCALE_H
#define GSP_TESTS_SET_LOCALE_H

/* Set a locale ("de_DE.UTF-8"), one that the system does not have being made where its sources are; skips
 * the test with a line where that cannot be. Set "C" again at the end. */
void test_set_locale(const char *name);

#endif
