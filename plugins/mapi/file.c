/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAC_HEADER 128u
#define TEXT_MAX 1024u /* octets of a name or type that are kept; the host takes fewer */

/* 1.2.840.113556.3.11.1 */
static const char mac_binary[9] = {0x2a, '\x86', 0x48, '\x86', '\xf7', 0x14, 0x03, 0x0b, 0x01};

static unsigned rank_of(uint16_t id)
{
	switch (id) {
	case MAPI_ATTACH_LONG:
		return 3;
	case MAPI_ATTACH_SHORT:
		return 2;
	case MAPI_DISPLAY_NAME:
		return 1;
	default:
		return 0;
	}
}

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static int copy_text(void *ctx, const char *p, size_t n)
{
	char **to = ctx;
	char *new;

	n = n < TEXT_MAX ? n : TEXT_MAX;
	if (n == 0)
		return 0;
	new = malloc(n + 1);
	if (!new)
		return -ENOMEM;
	memcpy(new, p, n);
	new[n] = '\0';
	wipe(*to);
	*to = new;
	return 1;
}

bool mapi_file_wants(const struct mapi_prop *p)
{
	if (p->id == MAPI_ATTACH_ENCODING)
		return p->type == MAPI_BINARY;
	return mapi_is_string(p) && (rank_of(p->id) || p->id == MAPI_ATTACH_TYPE);
}

int mapi_file_property(const struct mapi_work *w, struct mapi_file *f, const struct mapi_prop *p)
{
	unsigned rank = rank_of(p->id);
	int r;

	if (!mapi_file_wants(p) || (rank && rank <= f->rank))
		return 0;
	if (p->id == MAPI_ATTACH_ENCODING) {
		f->mac = f->mac || (p->value.n >= sizeof(mac_binary) && memcmp(p->value.p, mac_binary, sizeof(mac_binary)) == 0);
		return 0;
	}
	r = w->host->to_utf8(p->value, p->type == MAPI_UNICODE ? "utf-16le" : w->charset, copy_text, rank ? &f->name : &f->type);
	if (r > 0)
		f->rank = rank ? rank : f->rank;
	return r < 0 ? r : 0;
}

void mapi_file_reset(struct mapi_file *f)
{
	wipe(f->name);
	wipe(f->type);
	*f = (struct mapi_file){0};
}

/* What rights management has sealed ([MS-OXORMMS] 2.2.4.5): nobody reads it without the server that has the key. The octets tell:
 * a name alone must hide nothing. */
static bool is_rights_managed(struct mw_str octets)
{
	static const char begin[8] = {0x76, '\xe8', 0x04, 0x60, '\xc4', 0x11, '\xe3', '\x86'};

	return octets.n >= sizeof(begin) && memcmp(octets.p, begin, sizeof(begin)) == 0;
}

static bool is_type(const struct mapi_file *f, const char *type)
{
	return f->type && strcasecmp(f->type, type) == 0;
}

/* The attachment of an S/MIME message is the message as it was sent: signed text with a header of MIME, or a sequence of DER. Its
 * type says no more than that. */
static const char *type_of(const struct mapi_work *w, const struct mapi_file *f, struct mw_str octets)
{
	bool vague = !f->type || is_type(f, "application/octet-stream") || is_type(f, "application/pkcs7-mime") ||
		     is_type(f, "application/x-pkcs7-mime");

	if (f->mac && octets.n >= MAC_HEADER && octets.p[0] == '\0')
		return "application/macbinary";
	if (is_type(f, "multipart/signed"))
		return "message/rfc822";
	if (w->smime && vague)
		return octets.n && octets.p[0] == 0x30 ? "application/pkcs7-mime" : "message/rfc822";
	return f->type ? f->type : "";
}

int mapi_file_write(struct mapi_work *w, const struct mapi_file *f, unsigned number, const char *type, struct mw_str octets,
		    const char *unread)
{
	char path[MAPI_FOLDER_MAX + TEXT_MAX + 1];
	struct mw_member m = {.type = type ? type : type_of(w, f, octets), .charset = "", .packed = octets.n};
	int n, r;

	n = f->name ? snprintf(path, sizeof(path), "%s%s", w->folder, f->name)
		    : snprintf(path, sizeof(path), "%sattachment-%u", w->folder, number);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -EIO;
	m.name = (struct mw_str){.p = path, .n = (size_t)n};
	if (is_rights_managed(octets)) {
		octets.n = 0; /* what the host does not try to read keeps the reason */
		unread = "encrypted";
	}
	r = w->host->member(w->sink, &m);
	if (r == 0 && octets.n)
		r = w->host->member_data(w->sink, octets.p, octets.n);
	return r == 0 ? w->host->member_end(w->sink, unread) : r;
}
