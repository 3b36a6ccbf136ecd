/* SPDX-License-Identifier: Apache-2.0 */
#include "ole1.h"

#include "../ole/ole.h"

#include <errno.h>
#include <string.h>

#define EMBEDDED 2u

static bool take(struct mw_str *s, size_t n, struct mw_str *ret)
{
	if (n > s->n)
		return false;
	*ret = (struct mw_str){.p = s->p, .n = n};
	*s = (struct mw_str){.p = s->p + n, .n = s->n - n};
	return true;
}

static bool take_u32(struct mw_str *s, uint32_t *ret)
{
	struct mw_str word;

	if (!take(s, 4, &word))
		return false;
	*ret = ole_u32(word.p);
	return true;
}

/* A string behind its length, which counts the NUL at its end. */
static bool take_string(struct mw_str *s, struct mw_str *ret)
{
	uint32_t n;

	if (!take_u32(s, &n) || !take(s, n, ret))
		return false;
	ret->n = strnlen(ret->p, ret->n);
	return true;
}

static bool take_line(struct mw_str *s, struct mw_str *ret)
{
	const char *end = memchr(s->p, '\0', s->n);
	struct mw_str nul;

	return end && take(s, (size_t)(end - s->p), ret) && take(s, 1, &nul);
}

/* As much of the rest as `n` octets say. */
static struct mw_str rest(struct mw_str s, uint32_t n, bool *whole)
{
	*whole = n <= s.n;
	return (struct mw_str){.p = s.p, .n = n < s.n ? n : s.n};
}

int ole1_object(struct mw_str s, struct mw_str *class_name, struct mw_str *native, bool *whole)
{
	struct mw_str name, topic, item;
	uint32_t version, format, n;

	if (!take_u32(&s, &version) || !take_u32(&s, &format) || format != EMBEDDED || !take_string(&s, &name) ||
	    !take_string(&s, &topic) || !take_string(&s, &item) || !take_u32(&s, &n))
		return -EBADMSG;
	*class_name = name;
	*native = rest(s, n, whole);
	return 0;
}

int ole1_package(struct mw_str s, struct mw_str *name, struct mw_str *file, bool *whole)
{
	struct mw_str type, label, path, flags, temporary;
	uint32_t n;

	if (!take(&s, 2, &type) || ole_u16(type.p) != 2 || !take_line(&s, &label) || !take_line(&s, &path) ||
	    !take(&s, 4, &flags) || !take_string(&s, &temporary) || !take_u32(&s, &n))
		return -EBADMSG;
	*name = label.n ? label : path;
	*file = rest(s, n, whole);
	return 0;
}
