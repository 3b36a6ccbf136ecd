/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree: records made of objects in each other, of JSON or XML: the objects that are open, the simple values of each, and what is known
 * of them by then. When an object ends, its values are put together: a name, an address, a code with its words. No object is kept
 * beyond its end.
 */
#ifndef EXTRACT_CLINICAL_TREE_H
#define EXTRACT_CLINICAL_TREE_H

#include "out.h"

#define TREE_DEPTH 96u
#define TREE_LEAVES 64u /* values of an object that are put together; with more it is none of the kinds that are */
#define TREE_WORD 96u

/* A simple value. Its place moves: ask tree_value(). */
struct leaf {
	size_t key, key_n;
	const char *p; /* stable, or NULL: */
	size_t at, n;  /* in the pool */
};

struct frame {
	size_t key, key_n;	 /* in the pool */
	size_t pool, first;	 /* where its values begin */
	size_t leaves;		 /* how many it has */
	char resource[40];	 /* "Patient" */
	const char *who;	 /* whom it is about, "" = not known */
	char concept[TREE_WORD]; /* the words of the code in it */
	char concept_code[24];	 /* and the code */
};

struct tree;
struct tree_kind {
	/* An object is open; f->who and f->resource are those of the one around it. */
	void (*opened)(struct tree *, struct frame *f);
	/* It ends; its values are still there. */
	void (*closing)(struct tree *, struct frame *f);
};

struct tree {
	struct out *o;
	const struct tree_kind *kind;
	struct frame frame[TREE_DEPTH];
	size_t depth;
	size_t lost; /* objects that are too deep, and open */
	bool deep;   /* there were such */
	struct text pool;
	struct leaf *leaf;
	size_t leaves, cap;
	bool image; /* a picture that cannot be read was there */
};

void tree_open(struct tree *, struct mw_str key, struct mw_str resource);
void tree_leaf(struct tree *, struct mw_str key, struct mw_str value, bool stable);
void tree_close(struct tree *);
/* As if it had not been. */
void tree_drop(struct tree *);
void tree_free(struct tree *);

struct mw_str tree_key(const struct tree *, const struct frame *);
/* The object around f, or NULL. */
struct frame *tree_around(struct tree *, const struct frame *f);
struct mw_str leaf_key(const struct tree *, const struct leaf *);
struct mw_str leaf_value(const struct tree *, const struct leaf *);
/* The i-th value of an object. */
const struct leaf *tree_at(const struct tree *, const struct frame *f, size_t i);
/* The first value with this name; "" = none. */
struct mw_str tree_get(const struct tree *, const struct frame *f, const char *key);
bool tree_has(const struct tree *, const struct frame *f, const char *key);
/* All values with this name, with blanks between them. */
void tree_join(const struct tree *, const struct frame *f, const char *key, const char *separator, struct text *);
/* Keeps the words of a code for the object around. */
void tree_concept(struct frame *, struct mw_str code, struct mw_str words);
/* <div>…</div> to lines and tabs. */
void tree_html(struct text *, struct mw_str html);

#endif
