/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int mw_failv(struct mw_err *err, int code, const char *fmt, va_list ap)
{
	if (code >= 0)
		code = -EIO; /* a failure must never look like success */
	if (err) {
		err->code = code;
		(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	}
	return code;
}

int mw_fail(struct mw_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	code = mw_failv(err, code, fmt, ap);
	va_end(ap);
	return code;
}

int mw_fail_memory(struct mw_err *err)
{
	return mw_fail(err, -ENOMEM, "out of memory");
}

void mw_err_prefix(struct mw_err *err, const char *fmt, ...)
{
	char old[sizeof(err->text)];
	va_list ap;
	size_t n;

	if (!err)
		return;
	memcpy(old, err->text, sizeof(old));
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	(void)snprintf(err->text + n, sizeof(err->text) - n, ": %.*s", (int)sizeof(old) - 1, old);
}
