/*
 * The vocabulary of facts: tables made from `facts.def`.
 */
#include "record/fact_types.h"

#include <stddef.h>

#define GSP_FACT(number, NAME, type, name)     [number] = GSP__FACT_##type,
#define GSP_OWN_FACT(number, NAME, type, name) [number] = GSP__FACT_##type,
const uint8_t gsp__fact_types[GSP__FACT_LIMIT] = {
#include "record/facts.def"
};
#undef GSP_FACT
#undef GSP_OWN_FACT

#define GSP_FACT(number, NAME, type, name)     [number] = name,
#define GSP_OWN_FACT(number, NAME, type, name) [number] = name,
static const char *const names[GSP__FACT_LIMIT] = {
#include "record/facts.def"
};
#undef GSP_FACT
#undef GSP_OWN_FACT

#define GSP_FACT(number, NAME, type, name)                                                                   \
    _Static_assert((number) == GSP_FACT_##NAME, "genspan/facts.h differs: " #NAME);
#define GSP_OWN_FACT(number, NAME, type, name)                                                               \
    _Static_assert((number) == GSP__FACT_##NAME, "record/facts.h differs: " #NAME);
#include "record/facts.def"
#undef GSP_FACT
#undef GSP_OWN_FACT

const char *gsp__fact_name(unsigned fact)
{
    return fact < GSP__FACT_LIMIT ? names[fact] : NULL;
}
