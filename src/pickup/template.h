/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template: pages and mails of the portal, as a site can change them. All that there is:
 *	{{name}}		the text of that name; in pages &, <, >, " and ' are escaped, always
 *	{{#name}}…{{/name}}	once for each item of a list; or once when a flag is set or a text is not empty
 *	{{^name}}…{{/name}}	when the list has no item, the flag is not set, the text is empty or nobody has the name
 *	{{>file}}		another template in its place
 *	{{!words}}		nothing
 * Names are of a-z, 0-9 and "-". Tags other than {{name}} that stand alone in their line take the line with them. What is not valid
 * UTF-8 in a text, and control characters, become U+FFFD in pages; in mails control characters become a space, line ends with them:
 * a value never begins a line. Parsing is pure over (pointer, length); a template that has been parsed does not change, and any number
 * of threads may fill it at a time.
 */
#ifndef MW_PICKUP_TEMPLATE_H
#define MW_PICKUP_TEMPLATE_H

#include "base/buf.h"
#include "base/err.h"
#include "pickup/values.h"

enum mw_template_kind { MW_TEMPLATE_PAGE, MW_TEMPLATE_MAIL };

#define MW_TEMPLATE_SIZE (256u * 1024u) /* octets of a file */
#define MW_TEMPLATE_NAME 32u		/* octets of a name */
#define MW_TEMPLATE_DEPTH 16u		/* sections within sections, through files too */
#define MW_TEMPLATE_FILES 8u		/* files within files */
#define MW_TEMPLATE_INCLUDED 256u	/* {{>file}} of a template in all */
#define MW_TEMPLATE_NODES 8192u		/* pieces of a template with all of its files */
#define MW_TEMPLATE_STEPS (1u << 20)	/* pieces that are filled */

struct mw_template;

struct mw_template_source {
	struct mw_str text; /* stays as long as the template */
	const char *file;   /* for errors; as long */
};
/* Another file of a template: 0, or negative errno with err. */
typedef int mw_template_include(void *ctx, struct mw_str name, struct mw_template_source *ret, struct mw_err *);

/* The template lives in the arena. Errors are "FILE:LINE: what is wrong"; -EINVAL, -E2BIG for a limit, -ENOMEM, and those of include. */
int mw_template_parse(struct mw_arena *, enum mw_template_kind, const struct mw_template_source *, mw_template_include *,
		      void *ctx, const struct mw_template **ret, struct mw_err *);
/* Adds to out, whose own octets are at most max then. -ENOENT: a text that nobody has, with file, line and name; -EFBIG; -ENOMEM. What
 * was added before a failure stays in out. */
int mw_template_fill(const struct mw_template *, const struct mw_values *, size_t max, struct mw_buf *out, struct mw_err *);
/* The text as a page has it, escaped. */
void mw_template_escape(struct mw_buf *out, struct mw_str text);

#endif
