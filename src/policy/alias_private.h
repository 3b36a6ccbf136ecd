/* SPDX-License-Identifier: Apache-2.0 */
/* alias_private: a table of aliases, between those who read it (alias_file.c) and those who follow it (alias.c). */
#ifndef MW_POLICY_ALIAS_PRIVATE_H
#define MW_POLICY_ALIAS_PRIVATE_H

#include "policy/alias.h"
#include "policy/ast.h"
#include "policy/source.h"

enum member_kind {
	MEMBER_ADDRESS = 1, /* with a domain; "@x.example": the same local part there */
	MEMBER_NAME,	    /* without a domain */
	MEMBER_OPAQUE,	    /* a program, a file, a name behind a backslash: delivered on this machine, and no address */
};

struct member {
	enum member_kind kind;
	struct mw_str text;
};

struct alias {
	struct mw_str key;
	MW_LIST_OF(struct member) members;
	bool local;	     /* of aliases(5) */
	const char *unknown; /* why its members are not known, NULL = they are */
	const char *unsplit; /* why they cannot take its place, NULL = they can */
};

struct mw_alias_file {
	enum mw_alias_kind kind;
	const struct mw_table *names;
	MW_LIST_OF(struct alias) aliases;
	size_t slots; /* a power of two */
	struct alias **slot;
};

/* NULL = there is none. ASCII case-insensitive. */
const struct alias *mw_alias_find(const struct mw_alias_file *, struct mw_str key);

#endif
