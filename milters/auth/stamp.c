/* SPDX-License-Identifier: Apache-2.0 */
#include "stamp.h"

#include "results.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* RFC 5322 4.5.8: blanks may stand in front of the colon. */
static bool is_named(struct mw_str name, const char *wanted)
{
	while (name.n && (name.p[name.n - 1] == ' ' || name.p[name.n - 1] == '\t'))
		name.n--;
	return name.n == strlen(wanted) && strncasecmp(name.p, wanted, name.n) == 0;
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* Is this host named in a Received-SPF field? Where, is left to the one who writes it: "receiver=", or a remark. */
static bool names(struct mw_str value, const char *id)
{
	size_t n = strlen(id);

	for (size_t i = 0; i + n <= value.n; i++)
		if (strncasecmp(value.p + i, id, n) == 0 && (i == 0 || !is_name_char(value.p[i - 1])) &&
		    (i + n == value.n || !is_name_char(value.p[i + n])))
			return true;
	return false;
}

static bool claims(struct mw_str value, const char *id)
{
	return mw_results_claims(value.p, value.n, id);
}

static bool is_forged(const struct mw_stamp *s, struct mw_str value, bool (*is)(struct mw_str value, const char *id))
{
	bool forged = is(value, s->id);

	for (size_t i = 0; !forged && i < s->others.n; i++)
		forged = is(value, s->others.v[i]);
	return forged;
}

static int remove_forged(const struct mw_stamp *s, struct mw_msg *msg, const char *name,
			 bool (*is)(struct mw_str value, const char *id))
{
	const struct mw_field *f;

	for (size_t i = 0; (f = s->host->field(s->self, msg, i)) != NULL;) {
		int r = -EINVAL;

		if (is_named(f->name, name) && is_forged(s, f->value, is))
			r = s->host->del_field(s->self, msg, i);
		if (r == -EINVAL) /* another's, or one that a module has added */
			i++;
		else if (r < 0)
			return r;
	}
	return 0;
}

/* Mail of the site's own hosts has what the site's own hosts wrote. */
static bool is_own(const struct mw_auth *a)
{
	return a->skipped && strcmp(a->skipped, "authenticated") != 0;
}

static int stamp(const struct mw_stamp *s, struct mw_msg *msg, const struct mw_auth *a, const char *name,
		 bool (*is)(struct mw_str value, const char *id), struct mw_text *value, struct mw_err *err)
{
	int r = is_own(a) ? 0 : remove_forged(s, msg, name, is);

	if (r == 0 && !a->skipped)
		r = value->failed ? -ENOMEM : s->host->add_field(s->self, msg, name, value->p, true);
	mw_text_free(value);
	return r < 0 ? s->host->fail(err, r, "the header field %s cannot be written", name) : 0;
}

int mw_stamp_results(const struct mw_stamp *s, struct mw_msg *msg, const struct mw_auth *a, const struct mw_auth_mail *mail,
		     struct mw_err *err)
{
	struct mw_text value = {0};

	if (!a->skipped)
		mw_results_write(&value, a, mail);
	return stamp(s, msg, a, MW_RESULTS_FIELD, claims, &value, err);
}

int mw_stamp_spf(const struct mw_stamp *s, struct mw_msg *msg, const struct mw_auth *a, const struct mw_auth_mail *mail,
		 struct mw_err *err)
{
	struct mw_text value = {0};

	if (!a->skipped)
		mw_results_write_spf(&value, a, mail);
	return stamp(s, msg, a, "Received-SPF", names, &value, err);
}
