/* SPDX-License-Identifier: Apache-2.0 */
/* update: what a program has added at the end of a file, and whether the pages can have been others before. */
#ifndef EXTRACT_PDF_UPDATE_H
#define EXTRACT_PDF_UPDATE_H

#include <milward/plugin.h>

/* file: up to the end of what was added, which begins at `begin`. Does that replace nothing but what is told of the document: its title,
 * author and dates? Only tables of the plain kind say so; all else may be a change of pages. */
bool update_is_of_words_about(struct mw_str file, size_t begin);

#endif
