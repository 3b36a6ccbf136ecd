/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extract-smime: mail and files in a CMS value (S/MIME, .p7m) that anybody can read: signed, compressed, authenticated. Reading is all
 * that happens here: no signature is verified, no certificate trusted. What is encrypted is sealed.
 */
#include "content.h"

#include <errno.h>
#include <limits.h>
#include <openssl/cms.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct instance {
	const struct mw_host *host;
};

struct reader {
	const struct mw_host *host;
	struct mw_sink *sink;
};

/* ---- members --------------------------------------------------------------------------------------------------------------------- */

static int add_octets(void *ctx, const char *p, size_t n)
{
	const struct reader *r = ctx;

	return r->host->member_data(r->sink, p, n);
}

static int write_member(struct reader *r, const struct content *c, const struct mw_member *m)
{
	int ret = r->host->member(r->sink, m), end;

	if (ret < 0)
		return ret;
	ret = content_read(c, add_octets, r);
	if (ret < 0 && ret != -EBADMSG)
		return ret;
	end = r->host->member_end(r->sink, ret < 0 ? "damaged" : NULL);
	return end;
}

static int write_mail(struct reader *r, const struct content *c)
{
	const char *name = c->packed ? "compressed.eml" : "signed.eml";
	const struct mw_member m = {.name = {.p = name, .n = strlen(name)},
				    .type = "message/rfc822",
				    .charset = "",
				    .packed = c->data.n,
				    .flags = MW_MEMBER_BODY};

	return write_member(r, c, &m);
}

/* A file that was signed by itself: report.pdf.p7m. */
static int write_file(struct reader *r, const struct content *c, const char *name)
{
	static const char suffix[] = ".p7m";
	size_t n = strlen(name), k = sizeof(suffix) - 1;
	struct mw_member m = {.type = "", .charset = "", .packed = c->data.n};

	m.name = n > k && strcasecmp(name + n - k, suffix) == 0 ? (struct mw_str){.p = name, .n = n - k}
								: (struct mw_str){.p = "signed", .n = 6};
	return write_member(r, c, &m);
}

static int write_content(struct reader *r, const struct content *c, const char *name)
{
	enum content_kind kind = content_kind(c);
	int ret = 0;

	if (kind != CONTENT_FILE)
		ret = write_mail(r, c);
	if (ret == 0 && kind != CONTENT_MAIL)
		ret = write_file(r, c, name);
	return ret;
}

/* What stands behind the value leaves as well. */
static int write_rest(struct reader *r, struct mw_str rest)
{
	const struct content c = {.data = rest};
	const struct mw_member m = {.name = {.p = "behind", .n = 6}, .type = "", .charset = "", .packed = rest.n};
	int ret = r->host->sink_unread(r->sink, "damaged");

	return ret == 0 ? write_member(r, &c, &m) : ret;
}

/* ---- the value ------------------------------------------------------------------------------------------------------------------- */

static bool is_sealed(int type)
{
	return type == NID_pkcs7_enveloped || type == NID_id_smime_ct_authEnvelopedData || type == NID_pkcs7_encrypted;
}

/* Without content it is a signature of something else, or certificates alone. */
static int read_value(struct reader *r, CMS_ContentInfo *cms, const char *name)
{
	int type = OBJ_obj2nid(CMS_get0_type(cms));
	struct content c = {.packed = type == NID_id_smime_ct_compressedData};
	ASN1_OCTET_STRING **octets;

	if (is_sealed(type))
		return r->host->sink_unread(r->sink, "sealed");
	octets = CMS_get0_content(cms);
	if (!octets)
		return r->host->sink_unread(r->sink, "unknown-format");
	if (!*octets || ASN1_STRING_length(*octets) <= 0)
		return 0;
	c.data = (struct mw_str){.p = (const char *)ASN1_STRING_get0_data(*octets), .n = (size_t)ASN1_STRING_length(*octets)};
	return write_content(r, &c, name);
}

static int add_text(void *ctx, const char *utf8, size_t n)
{
	const struct reader *r = ctx;

	return n ? r->host->sink_text(r->sink, utf8, n) : 0;
}

/* Not read: its words stand in it all the same, among other octets, unless they are encoded. */
static int write_octets(struct reader *r, struct mw_str data)
{
	int ret = r->host->sink_hidden(r->sink);

	return ret == 0 ? r->host->to_utf8(data, "", add_text, r) : ret;
}

/* White space is what transfer leaves. */
static struct mw_str skip_blanks(struct mw_str s)
{
	while (s.n && (*s.p == ' ' || *s.p == '\t' || *s.p == '\r' || *s.p == '\n')) {
		s.p++;
		s.n--;
	}
	return s;
}

static int read_document(struct reader *r, const struct mw_document *doc, const char **reason)
{
	const unsigned char *p = (const unsigned char *)doc->data.p;
	CMS_ContentInfo *cms = doc->data.n <= LONG_MAX ? d2i_CMS_ContentInfo(NULL, &p, (long)doc->data.n) : NULL;
	struct mw_str rest;
	int ret;

	if (!cms) {
		*reason = doc->data.n && *doc->data.p == 0x30 ? "damaged" : "unknown-format";
		ret = write_octets(r, doc->data);
		return ret < 0 ? ret : -EBADMSG;
	}
	rest.n = doc->data.n - (size_t)(p - (const unsigned char *)doc->data.p);
	rest.p = doc->data.p + (doc->data.n - rest.n);
	rest = skip_blanks(rest);
	/* A sealed value with something behind it is not sealed. */
	ret = rest.n && is_sealed(OBJ_obj2nid(CMS_get0_type(cms))) ? 0 : read_value(r, cms, doc->name);
	if (ret == 0 && rest.n)
		ret = write_rest(r, rest);
	CMS_ContentInfo_free(cms);
	return ret;
}

static int extract(void *inst, const struct mw_document *doc, struct mw_sink *sink, const char **reason, struct mw_err *err)
{
	const struct instance *self = inst;
	struct reader r = {.host = self->host, .sink = sink};
	int ret = read_document(&r, doc, reason);

	ERR_clear_error();
	if (ret == -EFBIG)
		*reason = "limit";
	if (ret < 0 && ret != -EFBIG && ret != -EBADMSG)
		*reason = "damaged";
	return ret < 0 ? self->host->fail(err, ret, "the CMS value is not read to its end") : 0;
}

/* OpenSSL reads its configuration now: where documents are read there are no files. */
static int open_module(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	struct instance *i;

	(void)self;
	(void)conf;
	if (host->size < sizeof(struct mw_host))
		return host->fail(err, -ENOSYS, "this milward is too old for the module: it has no member()");
	if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL) != 1)
		return host->fail(err, -EIO, "OpenSSL does not start");
	i = calloc(1, sizeof(*i));
	if (!i)
		return host->fail(err, -ENOMEM, "out of memory");
	i->host = host;
	*inst = i;
	return 0;
}

/* A signature may hold what it signs, whatever its label. */
static const char *const types[] = {"application/pkcs7-mime", "application/x-pkcs7-mime", "application/pkcs7-signature",
				    "application/x-pkcs7-signature", NULL};

MW_PLUGIN(extract_smime, "extract-smime", .kind = MW_KIND_EXTRACTOR, .version = MW_VERSION, .licence = "Apache-2.0",
	  .summary = "signed and compressed S/MIME mail and files", .types = types,
	  .hooks = {.open = open_module, .close = free, .extract = extract});
