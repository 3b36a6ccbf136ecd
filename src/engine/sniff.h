/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sniff: what octets are, by themselves. Pure, over (pointer, length); linear, and for all but OLE2 and zip files only the first
 * few thousand octets are looked at. What it returns is a static string.
 */
#ifndef MW_ENGINE_SNIFF_H
#define MW_ENGINE_SNIFF_H

#include <milward/plugin.h>

/* Formats that begin with octets of their own, or have them at a fixed place. Files in zip and OLE2 clothing are told apart: .docx,
 * .odt, .msg; "application/zip" and "application/x-ole-storage" are those that are nothing else. NULL: nothing known. */
const char *mw_sniff_binary(struct mw_str);
/* Formats of text that have an extractor of their own: HL7 v2, X12, FHIR, C-CDA. NULL: none of them. */
const char *mw_sniff_clinical(struct mw_str);
/* Texts that are sent under the label of the program that opens them: HTML as .doc; or that are drawn, as PostScript. NULL: none of
 * them. */
const char *mw_sniff_markup(struct mw_str);
/* A mail, or a folder of mails in one file. NULL: none. */
const char *mw_sniff_mail(struct mw_str);
/* A picture that nobody can read anything in: a pixel that tells that a mail was opened, an icon. */
bool mw_sniff_no_picture(struct mw_str);

/* Kinds of files that share a clothing, so that a label of the same kind may be believed. */
enum mw_family {
	MW_FAMILY_NONE = 0, /* not known */
	MW_FAMILY_ZIP,
	MW_FAMILY_OLE,
	MW_FAMILY_IMAGE,
	MW_FAMILY_CMS,
	MW_FAMILY_OTHER, /* known, and nothing else looks like it */
};
enum mw_family mw_sniff_family(const char *type);

#endif
