/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

/* The one process-wide state of this file: set in main before threads start, read only afterwards. */
static struct {
	const char *name;
	enum mw_log_to to;
	enum mw_log_level level;
} log_state = {.name = "milward", .to = MW_LOG_STDERR, .level = MW_INFO};

void mw_log_open(const char *name, enum mw_log_to to, enum mw_log_level level)
{
	log_state.name = name;
	log_state.to = to;
	log_state.level = level;
	if (to == MW_LOG_SYSLOG)
		openlog(name, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

/* 0x80 to 0x9f drive a terminal: by themselves in old ones, behind 0xc2 (U+0080 to U+009F) in those that know UTF-8. Elsewhere they
 * are the rest of a letter. */
static bool is_control(unsigned char before, unsigned char c)
{
	return c < 0x20 || c == 0x7f || (c >= 0x80 && c < 0xa0 && (before < 0x80 || before == 0xc2));
}

/* Control characters would let an outsider forge lines or drive a terminal. */
static void make_printable(char *line, size_t size, const char *text)
{
	unsigned char before = 0;
	size_t n = 0;

	for (; *text && n + 5 < size; text++) {
		unsigned char c = (unsigned char)*text;

		if (is_control(before, c)) {
			n += (size_t)snprintf(line + n, size - n, "\\x%02x", c);
			c = 0;
		} else {
			line[n++] = (char)c;
		}
		before = c;
	}
	line[n] = '\0';
}

static const char *level_name(enum mw_log_level level)
{
	switch (level) {
	case MW_ERROR:
		return "error: ";
	case MW_WARNING:
		return "warning: ";
	case MW_DEBUG:
		return "debug: ";
	case MW_NOTICE:
	case MW_INFO:
		break;
	}
	return "";
}

void mw_logv(enum mw_log_level level, const char *queue_id, const char *event, const char *fmt, va_list ap)
{
	char raw[1800], line[2000];

	if (level > log_state.level)
		return;
	(void)vsnprintf(raw, sizeof(raw), fmt, ap);
	make_printable(line, sizeof(line), raw);
	if (log_state.to == MW_LOG_SYSLOG)
		syslog((int)level, "%s: %s%s: %s", queue_id ? queue_id : "-", level_name(level), event, line);
	else
		/* One write a line, so that lines of several threads do not mix. */
		(void)dprintf(STDERR_FILENO, "%s[%ld]: %s: %s%s: %s\n", log_state.name, (long)getpid(), queue_id ? queue_id : "-",
			      level_name(level), event, line);
}

void mw_log(enum mw_log_level level, const char *queue_id, const char *event, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	mw_logv(level, queue_id, event, fmt, ap);
	va_end(ap);
}
