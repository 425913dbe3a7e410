/*
 * Status codes: names, and filling in a gsp_error.
 */
#include "base/status.h"

#include <errno.h>

#include "base/compiler.h"

static const char *const names[] = {
    "GSP_OK",           "GSP_ERR_INVALID",     "GSP_ERR_NO_MEMORY", "GSP_ERR_IO",        "GSP_ERR_NO_SPACE",
    "GSP_ERR_FORMAT",   "GSP_ERR_VERSION",     "GSP_ERR_BUSY",      "GSP_ERR_NOT_FOUND", "GSP_ERR_TIMEOUT",
    "GSP_ERR_DISABLED", "GSP_ERR_UNSUPPORTED",
};

const char *gsp_status_name(gsp_status status)
{
    int i = -(int)status;

    if (i < 0 || i >= (int)GSP__COUNT_OF(names))
        return "GSP_ERR_UNKNOWN";
    return names[i];
}

static gsp_status fill(gsp_error *err, gsp_status code, int os_errno, uint64_t offset, const char *text)
{
    if (err) {
        err->code = code;
        err->os_errno = os_errno;
        err->offset = offset;
        err->text = text;
    }
    return code;
}

gsp_status gsp__fail(gsp_error *err, gsp_status code, const char *text)
{
    return fill(err, code, 0, 0, text);
}

gsp_status gsp__fail_at(gsp_error *err, gsp_status code, uint64_t offset, const char *text)
{
    return fill(err, code, 0, offset, text);
}

gsp_status gsp__fail_errno(gsp_error *err, const char *text)
{
    int e = errno;
    gsp_status code = GSP_ERR_IO;

    if (e == ENOSPC || e == EDQUOT || e == EFBIG)
        code = GSP_ERR_NO_SPACE;
    else if (e == ENOMEM)
        code = GSP_ERR_NO_MEMORY;
    else if (e == ENOENT)
        code = GSP_ERR_NOT_FOUND;
    return fill(err, code, e, 0, text);
}
