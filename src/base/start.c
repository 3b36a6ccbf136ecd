/* SPDX-License-Identifier: Apache-2.0 */
#include "base/start.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool mw_start_path(const char *value, const char **ret)
{
	char *here, *whole = NULL;

	if (!*value)
		return false;
	if (*value == '/') {
		*ret = value;
		return true;
	}
	here = getcwd(NULL, 0);
	if (here && asprintf(&whole, "%s/%s", here, value) < 0)
		whole = NULL;
	free(here);
	if (!whole)
		return false;
	*ret = whole;
	return true;
}

bool mw_start_log_to(const char *value, enum mw_log_to *ret)
{
	bool syslog = strcmp(value, "syslog") == 0;

	if (!syslog && strcmp(value, "stderr") != 0)
		return false;
	*ret = syslog ? MW_LOG_SYSLOG : MW_LOG_STDERR;
	return true;
}

int mw_start_refused(const char *program, enum mw_log_to log_to, int status, const char *fmt, va_list ap)
{
	char text[1024];

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	mw_log(MW_ERROR, NULL, "start", "%s", text);
	if (log_to != MW_LOG_STDERR)
		(void)fprintf(stderr, "%s: %s\n", program, text);
	return status;
}
