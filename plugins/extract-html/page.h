/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page: the text of an HTML document: what a reader sees, and apart from it what the document carries unseen (title, alternative
 * texts, link targets, values of fields, comments). Tags are told from text by the rules of the HTML standard's tokenizer; no tree
 * is built, so the time is linear in the input whatever its structure, and no depth is too deep.
 */
#ifndef EXTRACT_HTML_PAGE_H
#define EXTRACT_HTML_PAGE_H

#include "flow.h"

#include <milward/plugin.h>

/* html: valid UTF-8. xml: "/>" ends an element, as in XHTML. Stops when a flow has failed. The caller ends the flows. False: a link
 * holds a document of its own that was not read. */
bool page_read(struct mw_str html, bool xml, struct flow *seen, struct flow *unseen);

#endif
