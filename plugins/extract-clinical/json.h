/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json: the objects and values of JSON texts, one after the other, without a tree of them: an export of 25 MB takes no memory of its own
 * that grows with it, and what stands before the octet that is wrong is not lost. Commas may be missing or too many, since only the
 * words are wanted. Values come with the name of the member that they or their array are of.
 */
#ifndef EXTRACT_CLINICAL_JSON_H
#define EXTRACT_CLINICAL_JSON_H

#include "text.h"

struct json_events {
	/* An object begins; text: from its brace on. */
	void (*open)(void *ctx, struct mw_str key, struct mw_str text);
	void (*close)(void *ctx);
	/* A string, decoded; a number; true, false. stable: it stands in the JSON text itself. */
	void (*value)(void *ctx, struct mw_str key, struct mw_str value, bool stable);
	bool (*over)(void *ctx); /* nothing more is wanted */
};

/* 0; -EINVAL: not all of it is JSON, as much as could be was read; -E2BIG: some of it is nested too deeply, and was left out; -ENOMEM. */
int json_read(struct mw_str, const struct json_events *, void *ctx);
/* The string that is the member `key` of the object at the start of text, not further than `most` octets; "" when there is none. */
struct mw_str json_peek(struct mw_str text, const char *key, size_t most);

#endif
