/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tnef: attributes of a TNEF stream, and the blocks of MAPI properties in them ([MS-OXTNEF]). Pure over (pointer, length): all that
 * is given points into the input. Linear, without memory of its own.
 */
#ifndef PLUGINS_TNEF_H
#define PLUGINS_TNEF_H

#include "../mapi/prop.h"

/* The low 16 bits of an attribute's number say what it is. */
enum {
	TNEF_OWNER = 0x0000,
	TNEF_SENT_FOR = 0x0001,
	TNEF_DATE_START = 0x0006,
	TNEF_DATE_END = 0x0007,
	TNEF_FROM = 0x8000,
	TNEF_SUBJECT = 0x8004,
	TNEF_DATE_SENT = 0x8005,
	TNEF_DATE_RECEIVED = 0x8006,
	TNEF_MESSAGE_CLASS = 0x8008,
	TNEF_BODY = 0x800c,
	TNEF_ATTACH_DATA = 0x800f,
	TNEF_ATTACH_TITLE = 0x8010,
	TNEF_ATTACH_NAME = 0x9001,
	TNEF_ATTACH_BEGIN = 0x9002,
	TNEF_PROPERTIES = 0x9003,
	TNEF_RECIPIENTS = 0x9004,
	TNEF_ATTACH_PROPERTIES = 0x9005,
	TNEF_CODEPAGE = 0x9007,
};

struct tnef_attribute {
	uint16_t id;
	struct mw_str data;
	bool whole; /* false: the stream ends before it does */
};

struct tnef {
	struct mw_str rest; /* not read yet; at the end: what is no attribute */
	bool damaged;
};

bool tnef_is(struct mw_str);
/* tnef_is() must hold. */
void tnef_begin(struct tnef *, struct mw_str);
/* False at the end. A wrong checksum sets damaged alone. */
bool tnef_next(struct tnef *, struct tnef_attribute *);

/* The properties of a block, value by value. */
struct tnef_props {
	struct mw_str rest; /* not read yet; when damaged: what cannot be read */
	uint32_t props, values;
	struct mapi_prop now;
	bool damaged;
};

/* A block that begins with a count; `rest` of the one before goes on in a table of recipients. */
void tnef_props_begin(struct tnef_props *, struct mw_str block);
bool tnef_props_next(struct tnef_props *, struct mapi_prop *);

#endif
