/* SPDX-License-Identifier: Apache-2.0 */
/* element: what the tags of an element do to the lines of a page, and which tags do nothing where they stand. Internal. */
#ifndef MW_EXTRACT_HTML_ELEMENT_H
#define MW_EXTRACT_HTML_ELEMENT_H

#include <milward/plugin.h>

enum effect { PLAIN = 0, BLOCK, LINE, ROW, CELL, PRE, TITLE, RAW };

#define ELEMENTS_MAX 80u

/* How many elements of each name are open, as far as their tags tell. Begins as {0}. */
struct open_elements {
	size_t tables, n[ELEMENTS_MAX];
};

/* What the tag does, which is noted. *stray: browsers ignore it there: a part of a table outside of one, the end of what is not
 * open, a second <body>; or what follows right behind it is not in it (<table>). Other readers may not. */
enum effect element_tag(struct open_elements *, struct mw_str name, bool end, bool *stray);

#endif
