/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/sts_policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "lookup/name.h"

const char *const mw_sts_mode_words[] = {"none", "testing", "enforce", NULL};

static bool is_alnum(char c)
{
	char l = mw_lower(c);

	return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9');
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct mw_str skip_blanks(struct mw_str s)
{
	while (s.n > 0 && is_blank(*s.p))
		s = mw_str_behind(s, 1);
	return s;
}

static bool starts(struct mw_str s, const char *word)
{
	size_t n = strlen(word);

	return s.n >= n && memcmp(s.p, word, n) == 0;
}

/* The octets that are a field's name, 0 when there is none: the extension names of both grammars. */
static size_t name_length(struct mw_str s)
{
	size_t n = 0;

	while (n < s.n && n < 32 && (is_alnum(s.p[n]) || (n > 0 && strchr("_-.", s.p[n]) != NULL && s.p[n] != '\0')))
		n++;
	return n;
}

/* ---- the record ----------------------------------------------------------------------------------------------------------------- */

static bool is_id(struct mw_str s)
{
	if (s.n == 0 || s.n > MW_STS_ID_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!is_alnum(s.p[i]))
			return false;
	}
	return true;
}

/* Takes "*WSP ; *WSP" off the start. */
static bool take_delimiter(struct mw_str *s)
{
	struct mw_str rest = skip_blanks(*s);

	if (rest.n == 0 || *rest.p != ';')
		return false;
	*s = skip_blanks(mw_str_behind(rest, 1));
	return true;
}

/* Takes "name=value" off the start. */
static bool take_pair(struct mw_str *s, struct mw_str *name, struct mw_str *value)
{
	size_t n = name_length(*s), end;

	if (n == 0 || n == s->n || s->p[n] != '=')
		return false;
	end = n + 1;
	while (end < s->n && s->p[end] > ' ' && s->p[end] < 0x7f && s->p[end] != ';' && s->p[end] != '=')
		end++;
	if (end == n + 1)
		return false;
	*name = (struct mw_str){.p = s->p, .n = n};
	*value = (struct mw_str){.p = s->p + n + 1, .n = end - n - 1};
	*s = mw_str_behind(*s, end);
	return true;
}

int mw_sts_record_parse(const char *p, size_t n, char id[MW_STS_ID_MAX + 1], struct mw_err *err)
{
	static const char version[] = "v=STSv1";
	struct mw_str s = {.p = p, .n = n}, name, value, found = {.p = NULL};

	if (!starts(s, version))
		return mw_fail(err, -ENOENT, "no record of MTA-STS");
	s = mw_str_behind(s, sizeof(version) - 1);
	if (!take_delimiter(&s))
		return mw_fail(err, -ENOENT, "no record of MTA-STS");
	do {
		if (!take_pair(&s, &name, &value))
			return mw_fail(err, -EINVAL, "the MTA-STS record has no \"name=value\" where it should");
		if (!found.p && mw_str_eq(name, "id"))
			found = value;
	} while (take_delimiter(&s) && s.n > 0);
	if (s.n > 0)
		return mw_fail(err, -EINVAL, "the MTA-STS record goes on behind a field without \";\"");
	if (!found.p || !is_id(found))
		return mw_fail(err, -EINVAL, "the MTA-STS record has no id of 1 to 32 letters and digits");
	memcpy(id, found.p, found.n);
	id[found.n] = '\0';
	return 0;
}

/* ---- the policy ----------------------------------------------------------------------------------------------------------------- */

/* What the lines have said so far. */
struct reading {
	struct mw_sts_policy policy;
	bool version, mode, age;
	struct mw_str mx[MW_STS_MX_MAX]; /* in the input */
	unsigned line;
};

/* A line without its end: LF, or CR LF. The last one may have none. */
static struct mw_str take_line(struct mw_str *s)
{
	const char *end = memchr(s->p, '\n', s->n);
	struct mw_str line = {.p = s->p, .n = end ? (size_t)(end - s->p) : s->n};

	*s = mw_str_behind(*s, end ? line.n + 1 : line.n);
	if (end && line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	while (line.n > 0 && is_blank(line.p[line.n - 1]))
		line.n--;
	return line;
}

static bool has_control(struct mw_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

static int read_mode(struct reading *r, struct mw_str value, struct mw_err *err)
{
	for (int i = 0; mw_sts_mode_words[i]; i++) {
		if (mw_str_eq(value, mw_sts_mode_words[i])) {
			r->policy.mode = (enum mw_sts_mode)i;
			r->mode = true;
			return 0;
		}
	}
	return mw_fail(err, -EINVAL, "line %u of the policy: mode is none of none, testing and enforce", r->line);
}

static int read_age(struct reading *r, struct mw_str value, struct mw_err *err)
{
	int64_t age = 0;

	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] < '0' || value.p[i] > '9' || value.n > 10)
			return mw_fail(err, -EINVAL, "line %u of the policy: max_age is no number of up to 10 digits", r->line);
		age = age * 10 + (value.p[i] - '0');
	}
	r->policy.max_age = age < MW_STS_AGE_MAX ? age : MW_STS_AGE_MAX;
	r->age = true;
	return 0;
}

static int read_mx(struct reading *r, struct mw_str value, struct mw_err *err)
{
	char name[MW_NAME_MAX + 1];

	if (!mw_name_take(starts(value, "*.") ? mw_str_behind(value, 2) : value, name))
		return mw_fail(err, -EINVAL, "line %u of the policy: mx is no host name", r->line);
	if (r->policy.n_mx == MW_STS_MX_MAX)
		return mw_fail(err, -EINVAL, "line %u of the policy: more than %d mx", r->line, MW_STS_MX_MAX);
	r->mx[r->policy.n_mx++] = value;
	return 0;
}

/* Of what stands twice the first counts, only mx is a list (RFC 8461, 3.2). */
static int read_field(struct reading *r, struct mw_str name, struct mw_str value, struct mw_err *err)
{
	if (mw_str_eq(name, "mx"))
		return read_mx(r, value, err);
	if (mw_str_eq(name, "mode") && !r->mode)
		return read_mode(r, value, err);
	if (mw_str_eq(name, "max_age") && !r->age)
		return read_age(r, value, err);
	if (mw_str_eq(name, "version") && !r->version) {
		if (!mw_str_eq(value, "STSv1"))
			return mw_fail(err, -EINVAL, "line %u of the policy: version is not STSv1", r->line);
		r->version = true;
	}
	return 0;
}

/* Empty lines are no part of the grammar, but of many policies: taking them loses nothing, refusing them would lose the protection. */
static int read_line(struct reading *r, struct mw_str line, struct mw_err *err)
{
	struct mw_str value;
	size_t n;

	if (line.n == 0)
		return 0;
	n = name_length(line);
	if (n == 0 || n == line.n || line.p[n] != ':')
		return mw_fail(err, -EINVAL, "line %u of the policy is no \"name: value\"", r->line);
	value = skip_blanks(mw_str_behind(line, n + 1));
	if (value.n == 0 || has_control(value))
		return mw_fail(err, -EINVAL, "line %u of the policy has no value that can be read", r->line);
	return read_field(r, (struct mw_str){.p = line.p, .n = n}, value, err);
}

static int check(const struct reading *r, struct mw_err *err)
{
	if (!r->version)
		return mw_fail(err, -EINVAL, "the policy has no version");
	if (!r->mode)
		return mw_fail(err, -EINVAL, "the policy has no mode");
	if (!r->age)
		return mw_fail(err, -EINVAL, "the policy has no max_age");
	if (r->policy.n_mx == 0 && r->policy.mode != MW_STS_MODE_NONE)
		return mw_fail(err, -EINVAL, "the policy has no mx");
	return 0;
}

/* Pointers and names in one piece of memory. */
static char **keep_mx(const struct mw_str *mx, size_t n)
{
	size_t size = n * sizeof(char *);
	char **ret, *text;

	for (size_t i = 0; i < n; i++)
		size += mx[i].n + 1;
	ret = malloc(size);
	if (!ret)
		return NULL;
	text = (char *)(ret + n);
	for (size_t i = 0; i < n; i++) {
		ret[i] = text;
		for (size_t k = 0; k < mx[i].n; k++)
			*text++ = mw_lower(mx[i].p[k]);
		*text++ = '\0';
	}
	return ret;
}

int mw_sts_policy_parse(const char *p, size_t n, struct mw_sts_policy *ret, struct mw_err *err)
{
	struct mw_str s = {.p = p, .n = n};
	struct reading r = {.line = 0};
	int rc = 0;

	if (n > MW_STS_POLICY_MAX)
		return mw_fail(err, -EINVAL, "the policy has more than %d octets", MW_STS_POLICY_MAX);
	while (rc == 0 && s.n > 0) {
		r.line++;
		rc = read_line(&r, take_line(&s), err);
	}
	if (rc == 0)
		rc = check(&r, err);
	if (rc < 0)
		return rc;
	if (r.policy.n_mx > 0) {
		r.policy.mx = keep_mx(r.mx, r.policy.n_mx);
		if (!r.policy.mx)
			return mw_fail_memory(err);
	}
	*ret = r.policy;
	return 0;
}

void mw_sts_policy_clear(struct mw_sts_policy *policy)
{
	free(policy->mx);
	*policy = (struct mw_sts_policy){.mode = MW_STS_MODE_NONE};
}

/* ---- what it means -------------------------------------------------------------------------------------------------------------- */

static bool matches(const char *pattern, const char *name)
{
	const char *dot = strchr(name, '.');

	if (strncmp(pattern, "*.", 2) != 0)
		return strcmp(pattern, name) == 0;
	return dot && strcmp(pattern + 1, dot) == 0;
}

static bool names(const struct mw_sts_policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->n_mx; i++) {
		if (matches(policy->mx[i], name))
			return true;
	}
	return false;
}

bool mw_sts_policy_names(const struct mw_sts_policy *policy, const char *host)
{
	char name[MW_NAME_MAX + 1];

	return mw_name_take(mw_str(host), name) && names(policy, name);
}

int mw_sts_policy_postfix(const struct mw_sts_policy *policy, const char *const *hosts, size_t n, struct mw_buf *out,
			  struct mw_err *err)
{
	char name[MW_NAME_MAX + 1];
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		if (!mw_name_take(mw_str(hosts[i]), name) || !names(policy, name))
			continue;
		mw_buf_puts(out, found++ ? ":" : "secure match=");
		mw_buf_puts(out, name);
	}
	if (found == 0)
		return mw_fail(err, -ENOENT, "no MX host of the domain is one of its MTA-STS policy");
	mw_buf_puts(out, " servername=hostname protocols=>=TLSv1.2");
	return mw_buf_ok(out) ? 0 : mw_fail_memory(err);
}
