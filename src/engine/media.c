/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/media.h"

#include "base/str.h"
#include "engine/sniff.h"
#include "mail/mime.h"
#include "mail/sealed.h"

#include <string.h>

#define OCTETS "application/octet-stream"
/* A detached signature or key with a long chain of certificates stays far below this. */
#define SIGNATURE_MAX 65536u
/* Octets that tell whether something is a text. */
#define SAMPLE 4096u

struct row {
	const char *type; /* a final * matches any rest */
	enum mw_media kind;
};

/* First match. What is not here needs an extractor, or is unreadable. */
static const struct row kinds[] = {
    {"text/rfc822-headers", MW_MEDIA_HEADER},
    {"message/rfc822-headers", MW_MEDIA_HEADER},
    {"text/html", MW_MEDIA_OTHER},
    {"text/rtf", MW_MEDIA_OTHER},
    {"text/*", MW_MEDIA_TEXT},
    {"message/delivery-status", MW_MEDIA_TEXT},
    {"message/disposition-notification", MW_MEDIA_TEXT},
    {"message/global-delivery-status", MW_MEDIA_TEXT},
    {"message/feedback-report", MW_MEDIA_TEXT},
    {"application/json", MW_MEDIA_TEXT},
    {"application/fhir+json", MW_MEDIA_TEXT},
    {"application/fhir+xml", MW_MEDIA_TEXT},
    {"application/fhir+ndjson", MW_MEDIA_TEXT},
    {"application/ndjson", MW_MEDIA_TEXT},
    {"application/x-ndjson", MW_MEDIA_TEXT},
    {"application/dicom+json", MW_MEDIA_TEXT},
    {"application/xml", MW_MEDIA_TEXT},
    {"application/csv", MW_MEDIA_TEXT},
    {"application/x-csv", MW_MEDIA_TEXT},
    {"application/hl7-v2*", MW_MEDIA_TEXT},
    {"x-application/hl7-v2*", MW_MEDIA_TEXT},
    {"application/x-hl7*", MW_MEDIA_TEXT},
    {"application/edi-x12", MW_MEDIA_TEXT},
    {"application/edifact", MW_MEDIA_TEXT},
    {"application/edi-consent", MW_MEDIA_TEXT},
    {"application/hl7-cda+xml", MW_MEDIA_TEXT},
    {"application/x12", MW_MEDIA_TEXT},
    {"application/ncpdp*", MW_MEDIA_TEXT},
    {"application/x-yaml", MW_MEDIA_TEXT},
    {"application/ics", MW_MEDIA_TEXT},
    {"application/pgp-signature", MW_MEDIA_SIGNATURE},
    {"application/pgp-keys", MW_MEDIA_SIGNATURE},
    {"application/pkcs7-signature", MW_MEDIA_SIGNATURE},
    {"application/x-pkcs7-signature", MW_MEDIA_SIGNATURE},
    {"application/mbox", MW_MEDIA_MBOX},
    {"application/x-microsoft-rpmsg-message", MW_MEDIA_ENCRYPTED},
    {"application/mac-binhex40", MW_MEDIA_MAC},
    {"application/mac-binhex", MW_MEDIA_MAC},
    {"application/binhex", MW_MEDIA_MAC},
    {"application/applefile", MW_MEDIA_MAC},
    {"application/macbinary", MW_MEDIA_MAC},
    {"application/x-macbinary", MW_MEDIA_MAC},
    {"image/svg+xml", MW_MEDIA_TEXT},
    {"image/*", MW_MEDIA_IMAGE},
};

/* Labels that say nothing: the content decides, then the name. */
static const char *const unlabelled[] = {
    OCTETS,
    "application/unknown",
    "application/x-unknown",
    "application/binary",
    "binary/octet-stream",
    "application/x-download",
    "application/force-download",
    "application/download",
    "application/x-msdownload",
    "application/save",
    "unknown/unknown",
};

struct suffix {
	const char *suffix, *type;
};

static const struct suffix suffixes[] = {
    {"txt", "text/plain"},
    {"text", "text/plain"},
    {"log", "text/plain"},
    {"md", "text/plain"},
    {"csv", "text/csv"},
    {"tsv", "text/tab-separated-values"},
    {"hl7", "application/hl7-v2"},
    {"x12", "application/edi-x12"},
    {"edi", "application/edi-x12"},
    {"json", "application/json"},
    {"ndjson", "application/ndjson"},
    {"xml", "application/xml"},
    {"ccda", "application/xml"},
    {"cda", "application/xml"},
    {"ics", "text/calendar"},
    {"vcf", "text/vcard"},
    {"yaml", "application/x-yaml"},
    {"yml", "application/x-yaml"},
    {"htm", "text/html"},
    {"html", "text/html"},
    {"xhtml", "application/xhtml+xml"},
    {"rtf", "application/rtf"},
    {"pdf", "application/pdf"},
    {"zip", "application/zip"},
    {"gz", "application/gzip"},
    {"tgz", "application/gzip"},
    {"bz2", "application/x-bzip2"},
    {"hqx", "application/mac-binhex40"},
    {"xz", "application/x-xz"},
    {"lzma", "application/x-lzma"},
    {"zst", "application/zstd"},
    {"z", "application/x-compress"},
    {"tar", "application/x-tar"},
    {"cab", "application/vnd.ms-cab-compressed"},
    {"iso", "application/x-iso9660-image"},
    {"7z", "application/x-7z-compressed"},
    {"rar", "application/vnd.rar"},
    {"doc", "application/msword"},
    {"xls", "application/vnd.ms-excel"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"docm", "application/vnd.ms-word.document.macroenabled.12"},
    {"dotx", "application/vnd.openxmlformats-officedocument.wordprocessingml.template"},
    {"xlsm", "application/vnd.ms-excel.sheet.macroenabled.12"},
    {"xltx", "application/vnd.openxmlformats-officedocument.spreadsheetml.template"},
    {"xlsb", "application/vnd.ms-excel.sheet.binary.macroenabled.12"},
    {"pptm", "application/vnd.ms-powerpoint.presentation.macroenabled.12"},
    {"ppsx", "application/vnd.openxmlformats-officedocument.presentationml.slideshow"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"ott", "application/vnd.oasis.opendocument.text-template"},
    {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"odp", "application/vnd.oasis.opendocument.presentation"},
    {"odg", "application/vnd.oasis.opendocument.graphics"},
    {"epub", "application/epub+zip"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"bmp", "image/bmp"},
    {"heic", "image/heic"},
    {"webp", "image/webp"},
    {"dcm", "application/dicom"},
    {"eml", "message/rfc822"},
    {"mbox", "application/mbox"},
    {"mbx", "application/mbox"},
    {"mht", "message/rfc822"},
    {"mhtml", "message/rfc822"},
    {"msg", "application/vnd.ms-outlook"},
    {"oft", "application/vnd.ms-outlook"},
    {"p7m", "application/pkcs7-mime"},
    {"p7c", "application/pkcs7-mime"},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

bool mw_media_matches(const char *pattern, const char *type)
{
	size_t n = strlen(pattern);

	if (n && pattern[n - 1] == '*')
		return strncmp(pattern, type, n - 1) == 0;
	return strcmp(pattern, type) == 0;
}

enum mw_media mw_media_kind(const char *type)
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (mw_media_matches(kinds[i].type, type))
			return kinds[i].kind;
	return MW_MEDIA_OTHER;
}

enum mw_wrap mw_media_wrap(const char *type)
{
	static const char *const folded[] = {
	    "text/calendar", "text/vcard", "text/x-vcard", "text/x-vcalendar", "text/directory", "application/ics",
	};

	for (size_t i = 0; i < COUNT(folded); i++)
		if (strcmp(folded[i], type) == 0)
			return MW_WRAP_FOLDED;
	if (strcmp(type, "text/enriched") == 0)
		return MW_WRAP_ENRICHED;
	return strcmp(type, "text/richtext") == 0 ? MW_WRAP_RICHTEXT : MW_WRAP_NONE;
}

static const char *type_of_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < COUNT(suffixes); i++)
		if (mw_str_caseeq(mw_str(dot + 1), suffixes[i].suffix))
			return suffixes[i].type;
	return NULL;
}

static bool is_unlabelled(const char *type)
{
	for (size_t i = 0; i < COUNT(unlabelled); i++)
		if (strcmp(type, unlabelled[i]) == 0)
			return true;
	return false;
}

/* Labels that say no more than the family. */
static bool is_vague(const char *type)
{
	return strncmp(type, "application/zip", 15) == 0 || strncmp(type, "application/x-zip", 17) == 0 ||
	       strcmp(type, "application/x-ole-storage") == 0 || strcmp(type, "application/java-archive") == 0;
}

/* May the label say it better than the content? Packages of office files have many labels; a compound file is what its streams are;
 * a signature is a CMS value as signed mail is. */
static bool label_knows_better(const char *type, const char *found)
{
	enum mw_family family = mw_sniff_family(type);

	if (family != mw_sniff_family(found) || is_vague(type))
		return false;
	return family == MW_FAMILY_ZIP || family == MW_FAMILY_CMS || (family == MW_FAMILY_OLE && is_vague(found));
}

/* The content is known. A name of the same family says it better where the content tells no more than the family. */
static const char *of_content(const char *found, const char *name)
{
	const char *named = type_of_name(name);

	return is_vague(found) && named && mw_sniff_family(named) == mw_sniff_family(found) ? named : found;
}

/* A text without a label, or under that of a format that is none, as programs send what another program opens: .csv, HTML, MIME. */
static const char *of_text(const char *type, const char *name, struct mw_str content)
{
	const char *found = mw_sniff_markup(content), *named = type_of_name(name);

	if (!mw_media_is_text(content))
		return type;
	if (!found)
		found = mw_sniff_mail(content);
	if (!found)
		found = mw_sniff_clinical(content);
	if (!found && named && mw_media_kind(named) == MW_MEDIA_TEXT)
		found = named;
	return found ? found : "text/plain";
}

const char *mw_media_type(const char *type, const char *name, struct mw_str content)
{
	const char *found = mw_sniff_binary(content);
	enum mw_family family;

	if (found)
		return label_knows_better(type, found) ? type : of_content(found, name);
	if (is_unlabelled(type)) {
		found = type_of_name(name);
		type = found ? found : type;
	}
	if (is_unlabelled(type))
		return of_text(type, name, content);
	if (mw_media_kind(type) == MW_MEDIA_TEXT) {
		found = mw_media_is_text(content) ? mw_sniff_clinical(content) : NULL;
		return found ? found : type;
	}
	family = mw_sniff_family(type);
	return family != MW_FAMILY_NONE && family != MW_FAMILY_IMAGE ? of_text(type, name, content) : type;
}

bool mw_media_is_text(struct mw_str s)
{
	size_t n = s.n < SAMPLE ? s.n : SAMPLE, high = 0, whole = n;

	if (n == 0 || mw_sniff_binary(s))
		return false;
	if (n >= 2 && (memcmp(s.p, "\xff\xfe", 2) == 0 || memcmp(s.p, "\xfe\xff", 2) == 0))
		return true;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < ' ' && !strchr("\t\n\v\f\r\x1b", c ? c : 1))
			return false;
		high += c >= 0x80;
	}
	while (whole && whole < s.n && ((unsigned char)s.p[whole] & 0xc0) == 0x80)
		whole--; /* not inside of a character */
	return high * 3 <= n || mw_charset_is_utf8((struct mw_str){.p = s.p, .n = whole}, "");
}

bool mw_media_is_signature(struct mw_str s)
{
	if (s.n > SIGNATURE_MAX)
		return false;
	if (mw_is_armoured(s, "SIGNATURE") || mw_is_armoured(s, "PUBLIC KEY BLOCK"))
		return true;
	return mw_is_whole_value(s);
}
