/* SPDX-License-Identifier: Apache-2.0 */
/* diag: what is wrong in a policy, where, and what to do: file:line:column, the line, a caret. All errors of one run. */
#ifndef MW_POLICY_DIAG_H
#define MW_POLICY_DIAG_H

#include "base/arena.h"
#include "base/buf.h"
#include <stdbool.h>
#include <stdint.h>

/* One file that was read. text lives in the arena. */
struct mw_source {
	const char *path;  /* as opened */
	const char *shown; /* as messages name it: relative to the folder of the first file */
	const char *text;
	size_t n;
};

struct mw_place {
	uint32_t source;       /* index into sources, UINT32_MAX = none */
	uint32_t line, column; /* from 1; columns count octets */
	uint32_t length;       /* of the caret line */
};

enum mw_severity { MW_DIAG_ERROR = 1, MW_DIAG_WARNING };

struct mw_diag {
	enum mw_severity severity;
	struct mw_place place;
	const char *text; /* `unknown word "wihtin" in "near" of rule "us-ssn"` */
	const char *hint; /* behind the carets: `did you mean "within"?`, NULL = none */
};

struct mw_diags {
	struct mw_arena *arena;
	struct mw_source *source;
	size_t sources, sources_cap;
	struct mw_diag *v;
	size_t n, cap;
	size_t errors, warnings;
	bool no_memory; /* counts as an error */
};

void mw_diags_init(struct mw_diags *, struct mw_arena *);
/* hint may be NULL. After MW_DIAGS_MAX entries further ones are only counted. */
#define MW_DIAGS_MAX 100
void mw_diag_add(struct mw_diags *, enum mw_severity, struct mw_place, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* `did you mean "x"?` for the nearest of the words (NULL ends), NULL when none is near. */
const char *mw_diag_did_you_mean(struct mw_diags *, const char *word, const char *const *words);
/* In order of file and line, as architecture section 8 shows. colour: ANSI colours. */
void mw_diags_print(const struct mw_diags *, bool colour, struct mw_buf *out);
/* Octets of the UTF-8 character at p (RFC 3629), 0 when there is none. */
size_t mw_utf8_length(const char *p, size_t n);
/* The same, and 0 for a control character too, U+0080 to U+009F among them: what a terminal takes for a command. */
size_t mw_utf8_shown(const char *p, size_t n);
/* "?" for each octet that must not reach a terminal or a JSON document. In place; returns text. */
char *mw_diag_printable(char *text);
/* One JSON object a line: file, line, column, length, severity, text, hint. */
void mw_diags_print_json(const struct mw_diags *, struct mw_buf *out);

#endif
