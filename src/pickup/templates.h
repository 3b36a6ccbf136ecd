/* SPDX-License-Identifier: Apache-2.0 */
/*
 * templates: the folder of the portal's templates, and the site's own, whose files stand for those of the same name. A language is a
 * folder ("en", "es-MX") of files NAME.html (pages) and NAME.txt (mails); beside them, for all languages, stand files that a page
 * loads as they are (style.css, logo.svg) and pieces that all languages have in common. All is read at once and checked: a set does not
 * change, and any number of threads may use it.
 */
#ifndef MW_PICKUP_TEMPLATES_H
#define MW_PICKUP_TEMPLATES_H

#include "pickup/template.h"

#define MW_TEMPLATES_FILES 1000u      /* files of a set */
#define MW_TEMPLATES_ASSET (1u << 20) /* octets of a file that is no template */

struct mw_templates;

/* shipped, and the site's own folder, or NULL; language: of pages and mails when nothing else is known, which must be there.
 * Errors name the file, and the line in a template. -ENOENT, -EINVAL, -E2BIG, -ENOMEM and those of reading. */
int mw_templates_load(const char *shipped, const char *site, const char *language, struct mw_templates **ret, struct mw_err *);
void mw_templates_free(struct mw_templates **); /* accepts NULL, sets NULL */

/* A template of a language ("es-MX": of "es" when it has none; then of the set's own). NULL: there is none at all.
 * tag (may be NULL): the language that it is in, as long as the set. */
const struct mw_template *mw_templates_find(const struct mw_templates *, struct mw_str language, const char *name,
					    const char **tag);
/* The language of the set that is next to this one. */
const char *mw_templates_language(const struct mw_templates *, struct mw_str language);
/* A file beside the languages, as it is: 0 or -ENOENT. */
int mw_templates_asset(const struct mw_templates *, const char *name, struct mw_str *ret);

#endif
