/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/sniff.h"

#include "base/str.h"

#include <string.h>

/* Octets in which a text says what it is. */
#define TEXT_HEAD 65536u
#define MARKUP_HEAD 2048u
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define OOXML "application/vnd.openxmlformats-officedocument."
#define ODF "application/vnd.oasis.opendocument."

static struct mw_str head(struct mw_str s, size_t n)
{
	return (struct mw_str){.p = s.p, .n = s.n < n ? s.n : n};
}

static bool has(struct mw_str s, const void *octets, size_t n)
{
	return memmem(s.p, s.n, octets, n) != NULL;
}

static bool has_word(struct mw_str s, const char *word)
{
	return has(s, word, strlen(word));
}

/* ---- binary ----------------------------------------------------------------------------------------------------------------------- */

struct magic {
	const char *octets;
	size_t n, at;
	const char *type;
};

#define MAGIC(s, t)                                                                                                              \
	{                                                                                                                        \
		(s), sizeof(s) - 1, 0, (t)                                                                                       \
	}
#define MAGIC_AT(at, s, t)                                                                                                       \
	{                                                                                                                        \
		(s), sizeof(s) - 1, (at), (t)                                                                                    \
	}
static const struct magic magics[] = {
    MAGIC("%PDF-", "application/pdf"),
    MAGIC("PK\003\004", "application/zip"),
    MAGIC("PK\005\006", "application/zip"),
    MAGIC("PK00PK\003\004", "application/zip"),
    MAGIC("PK\007\010PK\003\004", "application/zip"),
    MAGIC("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    MAGIC("{\\rtf", "application/rtf"),
    MAGIC("{\\urtf", "application/rtf"),
    MAGIC("\x78\x9f\x3e\x22", "application/ms-tnef"),
    MAGIC("\x1f\x8b\x08", "application/gzip"),
    MAGIC("BZh", "application/x-bzip2"),
    MAGIC("\xfd\x37zXZ", "application/x-xz"),
    MAGIC("\x28\xb5\x2f\xfd", "application/zstd"),
    MAGIC("\x04\x22\x4d\x18", "application/x-lz4"),
    MAGIC("\x1f\x9d", "application/x-compress"),
    MAGIC("LZIP\1", "application/x-lzip"),
    MAGIC("7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    MAGIC("Rar!\x1a\x07", "application/vnd.rar"),
    MAGIC("MSCF\0\0\0\0", "application/vnd.ms-cab-compressed"),
    MAGIC("!<arch>\n", "application/x-archive"),
    MAGIC("070701", "application/x-cpio"),
    MAGIC("070702", "application/x-cpio"),
    MAGIC("070707", "application/x-cpio"),
    MAGIC_AT(2, "-lh0-", "application/x-lzh-compressed"),
    MAGIC_AT(2, "-lh5-", "application/x-lzh-compressed"),
    MAGIC_AT(2, "-lh6-", "application/x-lzh-compressed"),
    MAGIC_AT(2, "-lh7-", "application/x-lzh-compressed"),
    MAGIC_AT(257, "ustar", "application/x-tar"),
    MAGIC_AT(32769, "CD001", "application/x-iso9660-image"),
    MAGIC_AT(128, "DICM", "application/dicom"),
    MAGIC("\x89PNG\r\n\x1a\n", "image/png"),
    MAGIC("\xff\xd8\xff", "image/jpeg"),
    MAGIC("GIF87a", "image/gif"),
    MAGIC("GIF89a", "image/gif"),
    MAGIC("II*\0", "image/tiff"),
    MAGIC("MM\0*", "image/tiff"),
    MAGIC_AT(8, "WEBPVP8", "image/webp"),
    MAGIC_AT(40, " EMF", "image/emf"),
    MAGIC("\xd7\xcd\xc6\x9a", "image/wmf"),
    MAGIC_AT(4, "ftypheic", "image/heic"),
    MAGIC_AT(4, "ftypmif1", "image/heic"),
    MAGIC("SQLite format 3\0", "application/vnd.sqlite3"),
    MAGIC("\x76\xe8\x04\x60\xc4\x11\xe3\x86", "application/x-microsoft-rpmsg-message"),
    MAGIC("!BDN", "application/vnd.ms-outlook-pst"),
    MAGIC("\x7f"
	  "ELF",
	  "application/x-executable"),
    MAGIC("MZ\x90\0", "application/x-executable"),
    MAGIC("MZP\0", "application/x-executable"),
};

static bool is_magic(const struct magic *m, struct mw_str s)
{
	return s.n >= m->at && s.n - m->at >= m->n && memcmp(s.p + m->at, m->octets, m->n) == 0;
}

struct inside {
	const char *word;
	const char *type;
};

/* Names of members, as they stand in the local headers and the directory of a zip. First match. */
static const struct inside zip_members[] = {
    {"mimetype" ODF "text", ODF "text"},
    {"mimetype" ODF "spreadsheet", ODF "spreadsheet"},
    {"mimetype" ODF "presentation", ODF "presentation"},
    {"mimetype" ODF, ODF "graphics"},
    {"mimetypeapplication/vnd.sun.xml.", "application/vnd.sun.xml.writer"},
    {"mimetypeapplication/epub+zip", "application/epub+zip"},
    {"word/document", OOXML "wordprocessingml.document"},
    {"xl/workbook", OOXML "spreadsheetml.sheet"},
    {"ppt/presentation", OOXML "presentationml.presentation"},
    {"visio/document.xml", "application/vnd.ms-visio.drawing"},
    {"FixedDocumentSequence.fdseq", "application/vnd.ms-xpsdocument"},
    {"[Content_Types].xml", OOXML "package"},
    {"META-INF/manifest.xml", ODF "text"},
};

/* The octets in front of a name or a mimetype member tell too little to be sure of; extractors look closer. */
static const char *zip_kind(struct mw_str s)
{
	const struct mw_str first = head(s, TEXT_HEAD);
	const struct mw_str last = mw_str_behind(s, s.n - (s.n < TEXT_HEAD ? s.n : TEXT_HEAD));

	for (size_t i = 0; i < COUNT(zip_members); i++)
		if (has_word(first, zip_members[i].word) || has_word(last, zip_members[i].word))
			return zip_members[i].type;
	return "application/zip";
}

/* Names of streams in UTF-16, in the order of trust: a mail may hold all of the others. */
static const struct inside ole_streams[] = {
    {"__properties_version1.0", "application/vnd.ms-outlook"},
    {"EncryptedPackage", OOXML "encrypted"},
    {"WordDocument", "application/msword"},
    {"PowerPoint Document", "application/vnd.ms-powerpoint"},
    {"Workbook", "application/vnd.ms-excel"},
    {"Book", "application/vnd.ms-excel"},
};

static const char *ole_kind(struct mw_str s)
{
	for (size_t i = 0; i < COUNT(ole_streams); i++) {
		const char *word = ole_streams[i].word;
		char wide[64] = {0};
		size_t n = strlen(word);

		for (size_t k = 0; k < n && 2 * k + 1 < sizeof(wide); k++)
			wide[2 * k] = word[k];
		if (has(s, wide, 2 * n))
			return ole_streams[i].type;
	}
	return "application/x-ole-storage";
}

/* ContentInfo of RFC 5652 that anybody can read: a sequence that begins with signed-data or compressed-data. Its length has any form. */
static bool is_cms(struct mw_str s)
{
	static const char signed_data[] = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
	static const char compressed[] = "\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09";
	unsigned char length = s.n >= 2 ? (unsigned char)s.p[1] : 0;
	size_t octets = length & 0x80 ? length & 0x7fu : 0;

	if (s.n < 2 || s.p[0] != 0x30 || octets > 8 || s.n < 2 + octets)
		return false;
	s = mw_str_behind(s, 2 + octets);
	return (s.n >= sizeof(signed_data) - 1 && memcmp(s.p, signed_data, sizeof(signed_data) - 1) == 0) ||
	       (s.n >= sizeof(compressed) - 1 && memcmp(s.p, compressed, sizeof(compressed) - 1) == 0);
}

/* NCPDP D.0: the number of a bank of cards, the version, and segments that control characters part; or that in a block of HL7's
 * transport. */
static bool is_ncpdp(struct mw_str s)
{
	if (s.n && *s.p == '\v')
		s = mw_str_behind(s, 1);
	for (size_t i = 0; i < 6 && s.n > 8; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 8 && memcmp(s.p + 6, "D0", 2) == 0 &&
	       has(head(s, 400),
		   "\x1e\x1c"
		   "AM",
		   4);
}

const char *mw_sniff_binary(struct mw_str s)
{
	if (is_cms(s))
		return "application/pkcs7-mime";
	for (size_t i = 0; i < COUNT(magics); i++) {
		const char *type = magics[i].type;

		if (!is_magic(&magics[i], s))
			continue;
		switch (mw_sniff_family(type)) {
		case MW_FAMILY_ZIP:
			return zip_kind(s);
		case MW_FAMILY_OLE:
			return ole_kind(s);
		default:
			return type;
		}
	}
	return is_ncpdp(s) ? "application/ncpdp" : NULL;
}

struct family {
	const char *prefix;
	enum mw_family family;
};

static const struct family families[] = {
    {"application/vnd.openxmlformats-officedocument.", MW_FAMILY_ZIP},
    {"application/vnd.oasis.opendocument.", MW_FAMILY_ZIP},
    {"application/vnd.sun.xml.", MW_FAMILY_ZIP},
    {"application/vnd.ms-word.", MW_FAMILY_ZIP},
    {"application/vnd.ms-excel.", MW_FAMILY_ZIP},
    {"application/vnd.ms-powerpoint.", MW_FAMILY_ZIP},
    {"application/vnd.ms-visio.", MW_FAMILY_ZIP},
    {"application/vnd.ms-xpsdocument", MW_FAMILY_ZIP},
    {"application/oxps", MW_FAMILY_ZIP},
    {"application/epub+zip", MW_FAMILY_ZIP},
    {"application/zip", MW_FAMILY_ZIP},
    {"application/x-zip", MW_FAMILY_ZIP},
    {"application/java-archive", MW_FAMILY_ZIP},
    {"application/msword", MW_FAMILY_OLE},
    {"application/vnd.ms-excel", MW_FAMILY_OLE},
    {"application/vnd.ms-powerpoint", MW_FAMILY_OLE},
    {"application/vnd.ms-outlook", MW_FAMILY_OLE},
    {"application/vnd.visio", MW_FAMILY_OLE},
    {"application/vnd.ms-project", MW_FAMILY_OLE},
    {"application/x-ole-storage", MW_FAMILY_OLE},
    {"image/svg", MW_FAMILY_NONE},
    {"image/", MW_FAMILY_IMAGE},
    {"application/pdf", MW_FAMILY_OTHER},
    {"application/rtf", MW_FAMILY_OTHER},
    {"text/rtf", MW_FAMILY_OTHER},
    {"application/ms-tnef", MW_FAMILY_OTHER},
    {"application/vnd.ms-tnef", MW_FAMILY_OTHER},
    {"application/gzip", MW_FAMILY_OTHER},
    {"application/x-gzip", MW_FAMILY_OTHER},
    {"application/x-7z-compressed", MW_FAMILY_OTHER},
    {"application/vnd.rar", MW_FAMILY_OTHER},
    {"application/x-rar", MW_FAMILY_OTHER},
    {"application/dicom", MW_FAMILY_OTHER},
    {"application/pkcs7-mime", MW_FAMILY_CMS},
    {"application/x-pkcs7-mime", MW_FAMILY_CMS},
    {"application/pkcs7-signature", MW_FAMILY_CMS},
    {"application/x-pkcs7-signature", MW_FAMILY_CMS},
};

enum mw_family mw_sniff_family(const char *type)
{
	for (size_t i = 0; i < COUNT(families); i++)
		if (strncmp(type, families[i].prefix, strlen(families[i].prefix)) == 0)
			return families[i].family;
	return MW_FAMILY_NONE;
}

/* ---- text ------------------------------------------------------------------------------------------------------------------------- */

/* Without a byte order mark of UTF-8, white space, and the block characters of HL7's transport in front. */
static struct mw_str begin(struct mw_str s)
{
	if (s.n >= 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0)
		s = mw_str_behind(s, 3);
	while (s.n && strchr(" \t\r\n\v\x1c", *s.p) && *s.p)
		s = mw_str_behind(s, 1);
	return s;
}

static bool begins(struct mw_str s, const char *word)
{
	return s.n >= strlen(word) && memcmp(s.p, word, strlen(word)) == 0;
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* MSH, FHS or BHS, a separator that no word has, and four other encoding characters. */
static bool is_hl7(struct mw_str s)
{
	if (s.n < 8 || !(begins(s, "MSH") || begins(s, "FHS") || begins(s, "BHS")))
		return false;
	for (size_t i = 3; i < 7; i++)
		if (is_alnum(s.p[i]) || (unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] > '~')
			return false;
	return s.p[3] != s.p[4];
}

/* ISA is of fixed width: its separator stands after each of the first elements, of 2, 10, 2 and 10 octets. */
static bool is_x12(struct mw_str s)
{
	static const size_t at[] = {3, 6, 17, 20, 31};

	if (s.n < 106 || !begins(s, "ISA") || is_alnum(s.p[3]))
		return false;
	for (size_t i = 1; i < COUNT(at); i++)
		if (s.p[at[i]] != s.p[3])
			return false;
	return true;
}

static const char *json_kind(struct mw_str s)
{
	const struct mw_str first = head(s, TEXT_HEAD);
	const char *lf = memchr(first.p, '\n', first.n);
	struct mw_str line = {.p = first.p, .n = lf ? (size_t)(lf - first.p) : first.n};

	if ((*s.p != '{' && *s.p != '[') || !has_word(first, "\"resourceType\""))
		return NULL;
	line = mw_str_trim(line);
	/* A resource on the first line, and another one behind it. */
	if (lf && *s.p == '{' && line.n > 2 && line.p[line.n - 1] == '}')
		return "application/fhir+ndjson";
	return "application/fhir+json";
}

/* Documents that programs of offices write in one file of XML: the namespace and the name of the root. */
static const struct {
	const char *space, *root, *type;
} flat_documents[] = {
    {"urn:oasis:names:tc:opendocument:xmlns:office:1.0", ":document", ODF "flat"},
    {"http://schemas.microsoft.com/office/word/2003/wordml", ":wordDocument", OOXML "flat"},
    {"http://schemas.microsoft.com/office/2006/xmlPackage", ":package", OOXML "flat"},
    {"urn:schemas-microsoft-com:office:spreadsheet", "<Workbook", OOXML "flat"},
};

static const char *flat_kind(struct mw_str s)
{
	const struct mw_str first = head(s, MARKUP_HEAD), spaces = head(s, 2 * MARKUP_HEAD); /* OpenDocument has many */

	for (size_t i = 0; i < COUNT(flat_documents); i++)
		if (has_word(spaces, flat_documents[i].space) && has_word(first, flat_documents[i].root))
			return flat_documents[i].type;
	return NULL;
}

static const char *xml_kind(struct mw_str s)
{
	const struct mw_str first = head(s, MARKUP_HEAD);

	if (*s.p != '<')
		return NULL;
	if (flat_kind(s))
		return flat_kind(s);
	if (has_word(first, "ClinicalDocument"))
		return "application/hl7-cda+xml";
	if (has_word(first, "http://hl7.org/fhir"))
		return "application/fhir+xml";
	return NULL;
}

const char *mw_sniff_clinical(struct mw_str s)
{
	s = begin(head(s, 2 * TEXT_HEAD));
	if (s.n == 0)
		return NULL;
	if (is_hl7(s))
		return "application/hl7-v2";
	if (is_x12(s))
		return "application/edi-x12";
	return *s.p == '<' ? xml_kind(s) : json_kind(s);
}

static bool has_caseless(struct mw_str s, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= s.n; i++)
		if (mw_str_caseeq((struct mw_str){.p = s.p + i, .n = n}, word))
			return true;
	return false;
}

const char *mw_sniff_markup(struct mw_str s)
{
	const char *flat;

	s = head(begin(s), 2 * MARKUP_HEAD);
	if (s.n == 0)
		return NULL;
	/* A workbook has a <Table>, too. */
	flat = *s.p == '<' ? flat_kind(s) : NULL;
	if (flat)
		return flat;
	s = head(s, MARKUP_HEAD);
	if (*s.p == '<' && (has_caseless(s, "<html") || has_caseless(s, "<!doctype html") || has_caseless(s, "<body") ||
			    has_caseless(s, "<table")))
		return "text/html";
	return begins(s, "%!PS") ? "application/postscript" : NULL;
}

/* Fields that a mail begins with, in lower case. */
static const char *const mail_fields[] = {
    "return-path",
    "received",
    "delivered-to",
    "x-",
    "date",
    "from",
    "sender",
    "to",
    "cc",
    "subject",
    "message-id",
    "reply-to",
    "in-reply-to",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "dkim-signature",
    "arc-seal",
};

static bool is_mail_field(struct mw_str line)
{
	const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
	struct mw_str name = {.p = line.p, .n = colon ? (size_t)(colon - line.p) : 0};

	for (size_t i = 0; colon && i < COUNT(mail_fields); i++)
		if (mw_str_caseeq(name, mail_fields[i]) || (i == 3 && name.n > 2 && mw_str_caseeq(head(name, 2), mail_fields[i])))
			return true;
	return false;
}

/* At least three fields of a mail, of which the first is one, and no line among them that is neither field nor fold. A MIME-Version in
 * front is enough by itself. */
static bool is_mail(struct mw_str s)
{
	size_t fields = 0;

	if (mw_str_caseeq(head(s, 13), "mime-version:"))
		return true;
	for (size_t i = 0; s.n; i++) {
		struct mw_str line = mw_str_take_line(&s);

		if (line.n == 0)
			break;
		if (is_mail_field(line))
			fields++;
		else if (i == 0 || (*line.p != ' ' && *line.p != '\t' && !memchr(line.p, ':', line.n) && s.n))
			return false;
	}
	return fields >= 3;
}

const char *mw_sniff_mail(struct mw_str s)
{
	struct mw_str line;

	s = head(begin(s), 4 * MARKUP_HEAD);
	if (!begins(s, "From "))
		return is_mail(s) ? "message/rfc822" : NULL;
	line = mw_str_take_line(&s);
	/* From ann@x.example Thu Jan  1 00:00:00 2026 */
	return line.n > 20 && memchr(line.p, ':', line.n) && is_mail(s) ? "application/mbox" : NULL;
}

/* ---- pictures --------------------------------------------------------------------------------------------------------------------- */

/* Pixels and octets that a few letters need. */
#define PICTURE_PIXELS 1024u
#define PICTURE_OCTETS 2048u

static uint32_t octets_at(struct mw_str s, size_t at, size_t n, bool big)
{
	uint32_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | (unsigned char)s.p[at + (big ? i : n - 1 - i)];
	return v;
}

bool mw_sniff_no_picture(struct mw_str s)
{
	const char *type = s.n >= 26 && s.n <= PICTURE_OCTETS ? mw_sniff_binary(s) : NULL;
	uint64_t pixels = UINT64_MAX;

	if (type && strcmp(type, "image/png") == 0)
		pixels = (uint64_t)octets_at(s, 16, 4, true) * octets_at(s, 20, 4, true);
	else if (type && strcmp(type, "image/gif") == 0)
		pixels = (uint64_t)octets_at(s, 6, 2, false) * octets_at(s, 8, 2, false);
	return pixels <= PICTURE_PIXELS;
}
