/* SPDX-License-Identifier: Apache-2.0 */
/* cause: what went wrong with a message, for the policy to judge: each cause once, with the first reason. */
#include "engine/private.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void mw_msg_cause(struct mw_msg *m, uint32_t cause, const char *why)
{
	if (cause >= MW_CAUSES)
		cause = MW_CAUSE_ERROR;
	if (m->causes & (uint64_t)1 << cause)
		return;
	m->causes |= (uint64_t)1 << cause;
	m->why[cause] = mw_arena_str(m->arena, why ? why : "");
	if (!m->why[cause])
		m->why[cause] = "out of memory";
}

void mw_msg_broken(struct mw_msg *m, uint32_t cause)
{
	if (!m->broken)
		m->broken_by = cause;
	m->broken = true;
}

int mw_msg_fail(struct mw_msg *m, int code, const char *why)
{
	mw_msg_cause(m, MW_CAUSE_ERROR, why ? why : code == -ENOMEM ? "out of memory" : strerror(-code));
	mw_msg_broken(m, MW_CAUSE_ERROR);
	return code;
}

void mw_msg_breach(struct mw_msg *m, enum mw_limit l)
{
	char why[96];

	(void)snprintf(why, sizeof(why), "more than %llu %s", (unsigned long long)mw_msg_limit(m, l), mw_limit_rows[l].help);
	mw_msg_cause(m, MW_CAUSE_LIMIT_FIRST + (uint32_t)l, why);
}

void mw_msg_start_clock(struct mw_msg *m)
{
	m->deadline = mw_clock_ms() + m->time;
}

bool mw_msg_late(struct mw_msg *m)
{
	char why[64];

	if (!m->deadline || mw_clock_ms() <= m->deadline)
		return false;
	(void)snprintf(why, sizeof(why), "reading it takes more than %u ms", m->time);
	mw_msg_cause(m, MW_CAUSE_TIMEOUT, why);
	return true;
}

uint64_t mw_msg_causes(const struct mw_msg *m)
{
	return m->causes;
}

const char *mw_msg_cause_why(const struct mw_msg *m, uint32_t cause)
{
	return cause < MW_CAUSES && m->why[cause] ? m->why[cause] : "";
}

int mw_msg_module_failed(struct mw_msg *m, const struct mw_self *s, int code, const struct mw_err *err)
{
	char why[sizeof(err->text) + 80];

	(void)snprintf(why, sizeof(why), "module \"%s\": %s", s->plugin->name, err->text[0] ? err->text : strerror(-code));
	mw_msg_cause(m, MW_CAUSE_ERROR, why);
	return code;
}
