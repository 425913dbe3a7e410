/*
 * What is written to standard error, as a text.
 */
#ifndef GSP_TESTS_CAPTURE_H
#define GSP_TESTS_CAPTURE_H

/* From here on standard error goes into a file that has no name. */
void test_capture(void);

/* End it. The text so far; borrowed until the next capture. NUL bytes in it end it. */
const char *test_captured(void);

/* How many lines of it start with "genspan: ". */
int test_warnings(const char *text);

#endif
