/* SPDX-License-Identifier: Apache-2.0 */
/* line: lines of a text, and words at their ends. ASCII case-insensitive. For src/match alone. */
#ifndef MW_MATCH_LINE_H
#define MW_MATCH_LINE_H

#include "base/str.h"

static inline bool mw_line_is_end(char c)
{
	return c == '\n' || c == '\r';
}

/* The first LF or CR, text.n when there is none. */
size_t mw_line_end(struct mw_str text, size_t at);
/* The line that begins at `at`, without its end (LF, CR LF or CR), and where the next one begins. */
struct mw_str mw_line_at(struct mw_str text, size_t at, size_t *next);
/* Without blanks (form feeds too) at both ends, and at most `most` octets of it. */
struct mw_str mw_line_trim(struct mw_str line, size_t most);
/* Of a line with at least one octet. word: lower case. */
bool mw_line_begins_with(struct mw_str line, const char *word);
static inline bool mw_line_begins(struct mw_str line, const char *word)
{
	return line.n && mw_lower(line.p[0]) == word[0] && mw_line_begins_with(line, word);
}
bool mw_line_ends(struct mw_str line, const char *word);
/* Which of these words (lower case, 64 at most) are in there, each as a word of its own: bits; and how many. */
uint64_t mw_line_words(struct mw_str line, const char *const *words, size_t n);
size_t mw_line_count(struct mw_str line, const char *const *words, size_t n);

#endif
