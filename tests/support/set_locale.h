/*
 * Locales for tests: a host may have set any.
 */
#ifndef GSP_TESTS_SET_LOCALE_H
#define GSP_TESTS_SET_LOCALE_H

/*
 * Set a locale whose decimal point is this character ("002C" for a comma: its code point), made for the
 * purpose. Skips the test with a line where none can be made. Set "C" again at the end.
 */
void test_set_decimal_point(const char *code_point);

#endif
