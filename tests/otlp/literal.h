/*
 * A literal as the initializer of a struct gsp__string. GSP__STRING is an expression, which C11 does not
 * allow where an object of static storage is initialized.
 */
#ifndef GSP_TESTS_OTLP_LITERAL_H
#define GSP_TESTS_OTLP_LITERAL_H

/* clang-format off */
#define LITERAL(text) {(text), sizeof(text) - 1}
/* clang-format on */

#endif
