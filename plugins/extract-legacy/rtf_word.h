/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtf_word: what the control words of RTF (1.9.1, [MS-OXRTFEX]) mean to a reader of its text.
 */
#ifndef PLUGINS_EXTRACT_LEGACY_RTF_WORD_H
#define PLUGINS_EXTRACT_LEGACY_RTF_WORD_H

#include <stddef.h>
#include <stdint.h>

enum rtf_op {
	/* Destinations: what the rest of the group is. */
	RTF_SKIP = 1, /* no text: octets as digits */
	RTF_DOUBT,    /* names and numbers of programs; arg: enum rtf_doubt */
	RTF_HIDE,     /* text that is not shown */
	RTF_THROUGH,  /* known, and its text is that of the document */
	RTF_APART,    /* the same, on lines of its own: text boxes */
	RTF_SECTION,  /* arg: index of rtf_section_names */
	RTF_FONTS,
	RTF_COLOURS,
	RTF_HTMLTAG,
	RTF_PICT,
	RTF_OBJDATA,
	RTF_CLASS, /* the class of an object */
	RTF_SN,	   /* name of a shape's property */
	RTF_SV,	   /* its value */
	RTF_PROPS, /* properties of a picture: no text but that of some */
	RTF_UPR,   /* the text in ANSI, and in \ud in Unicode */
	RTF_UD,
	/* Text. */
	RTF_CHAR, /* arg: code point */
	RTF_PAR,
	RTF_LINE,
	RTF_CELL, /* arg 1: nested */
	RTF_ROW,
	RTF_U,
	RTF_BIN,
	/* State. */
	RTF_TROWD,
	RTF_INTBL,
	RTF_ITAP,
	RTF_PARD,
	RTF_PLAIN,
	RTF_V,
	RTF_DELETED,
	RTF_SIZE,   /* of letters, in half points */
	RTF_COLOUR, /* of letters: index of the table */
	RTF_SHADE,  /* behind letters; arg 1: behind the paragraph */
	RTF_RGB,    /* of an entry of the table: arg is 0, 1 or 2 */
	RTF_F,
	RTF_DEFF,
	RTF_ANSICPG,
	RTF_PAGE, /* arg: code page */
	RTF_FCHARSET,
	RTF_CPG,
	RTF_UC,
	RTF_FROMHTML,
	RTF_HTMLRTF,
	RTF_BLIP, /* arg: index of rtf_blip_types */
};

struct rtf_word {
	const char *name;
	uint32_t arg;
	uint8_t op; /* enum rtf_op */
};

extern const char *const rtf_section_names[];
extern const char *const rtf_blip_types[];

/* NULL = no word that matters. */
const struct rtf_word *rtf_word_find(const char *name, size_t n);

#endif
