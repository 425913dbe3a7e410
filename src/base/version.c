/*
 * The library's version.
 */
#include <genspan/types.h>

#ifndef GSP_VERSION
#error "GSP_VERSION comes from the build"
#endif

const char *gsp_version(void)
{
    return GSP_VERSION;
}
