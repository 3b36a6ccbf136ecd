/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prop: a property of MAPI ([MS-OXCDATA], [MS-OXPROPS]), as TNEF streams and Outlook's files hold them.
 *
 * The folder mapi is shared by extract-tnef and extract-msg, which both compile it in; as they do, it includes plugin.h and its own
 * files alone. All its names begin with mapi_.
 */
#ifndef PLUGINS_MAPI_PROP_H
#define PLUGINS_MAPI_PROP_H

#include <milward/plugin.h>

/* Types of values. */
enum {
	MAPI_I2 = 0x0002,
	MAPI_I4 = 0x0003,
	MAPI_R4 = 0x0004,
	MAPI_R8 = 0x0005,
	MAPI_CURRENCY = 0x0006, /* 1/10000 */
	MAPI_APPTIME = 0x0007,
	MAPI_ERROR = 0x000a,
	MAPI_BOOL = 0x000b,
	MAPI_OBJECT = 0x000d,
	MAPI_I8 = 0x0014,
	MAPI_STRING8 = 0x001e,
	MAPI_UNICODE = 0x001f, /* UTF-16LE */
	MAPI_TIME = 0x0040,    /* FILETIME */
	MAPI_GUID = 0x0048,
	MAPI_BINARY = 0x0102,
	MAPI_MULTI = 0x1000, /* beside a type: there are several values */
};

/* Properties that are looked at by more than their label. */
enum {
	MAPI_CLASS = 0x001a,
	MAPI_HEADER = 0x007d, /* header of the message as it came */
	MAPI_BODY = 0x1000,
	MAPI_RTF = 0x1009, /* compressed */
	MAPI_HTML = 0x1013,
	MAPI_DISPLAY_NAME = 0x3001,
	MAPI_ATTACH_DATA = 0x3701,
	MAPI_ATTACH_ENCODING = 0x3702,
	MAPI_ATTACH_SHORT = 0x3704,
	MAPI_ATTACH_LONG = 0x3707,
	MAPI_ATTACH_TYPE = 0x370e,
	MAPI_GENDER = 0x3a4d,
	MAPI_INTERNET_CPID = 0x3fde,
	MAPI_MESSAGE_CODEPAGE = 0x3ffd,
	MAPI_NAMED = 0x8000, /* from here on a property's number means nothing without its name */
};

/* What a property is told of. */
enum mapi_scope { MAPI_MESSAGE, MAPI_RECIPIENT, MAPI_ATTACHMENT };

/* One value of a property. Everything is borrowed. */
struct mapi_prop {
	uint16_t id, type;  /* type without MAPI_MULTI */
	const char *guid;   /* 16 octets; NULL = the property has no name */
	struct mw_str name; /* UTF-16LE; n = 0: the name is the number lid */
	uint32_t lid;
	struct mw_str value; /* (octets); p may be NULL where only the length is known yet */
};

static inline uint16_t mapi_u16(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint16_t)(u[0] | u[1] << 8);
}

static inline uint32_t mapi_u32(const char *p)
{
	return mapi_u16(p) | (uint32_t)mapi_u16(p + 2) << 16;
}

static inline uint64_t mapi_u64(const char *p)
{
	return mapi_u32(p) | (uint64_t)mapi_u32(p + 4) << 32;
}

static inline bool mapi_is_string(const struct mapi_prop *p)
{
	return p->type == MAPI_STRING8 || p->type == MAPI_UNICODE;
}

#endif
