/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtf_private: what the files of the RTF reader share: rtf.c reads words, rtf_do.c does what
 * they say, rtf_text.c puts characters where they belong,
 * rtf_doubt.c judges what no reader shows, rtf_file.c makes members of pictures and objects.
 */
#ifndef PLUGINS_EXTRACT_LEGACY_RTF_PRIVATE_H
#define PLUGINS_EXTRACT_LEGACY_RTF_PRIVATE_H

#include "rows.h"
#include "rtf.h"

#define RTF_FONTS_MAX 4096u
#define RTF_NAME_MAX 64u
#define RTF_COLOURS_MAX 1024u

enum rtf_dest {
	RTF_TO_TEXT,
	RTF_TO_NOTHING,
	RTF_TO_HIDDEN,
	RTF_TO_FONTS,
	RTF_TO_COLOURS,
	RTF_TO_HTML,
	RTF_TO_PICT,
	RTF_TO_OBJECT,
	RTF_TO_CLASS,
	RTF_TO_SN,
	RTF_TO_PROPS,
	RTF_TO_DOUBT, /* a program's own words, or a person's: see rtf_doubt.c */
};

/* Which text in doubt is told. */
enum rtf_doubt {
	RTF_DOUBT_NUMBER, /* with a number that somebody may have been given, or an address */
	RTF_DOUBT_WORD,	  /* with a word */
	RTF_DOUBT_VALUE,  /* with any letter: other values are numbers */
	RTF_DOUBT_TEXT,	  /* with anything to be seen */
	RTF_DOUBT_NAME,	  /* a name that no program gives */
};

struct rtf_state {
	uint8_t dest, upr_dest; /* enum rtf_dest */
	uint8_t doubt;		/* enum rtf_doubt, of RTF_TO_DOUBT */
	uint8_t section;	/* index in the sections of `out`: there are few */
	uint8_t itap;
	bool hidden, deleted, intbl, only_rtf;
	bool tiny, pale, shaded, paragraph_shaded; /* no letters to be seen; white ones, a colour behind them */
	bool boxed;				   /* in a box, which may have a colour of its own */
	int32_t font;				   /* -1 = the default one */
	uint16_t uc;
};

struct rtf {
	struct mw_str in;
	size_t at;
	struct out *out;
	struct codepages *pages;
	struct rtf_state *state; /* of the groups; the last is the one in work */
	size_t depth, cap, too_deep;
	uint8_t white[RTF_COLOURS_MAX / 8]; /* colours of the table that are white */
	unsigned colours, rgb[3];
	uint16_t *font_page; /* code pages of fonts; 0 = that of the document */
	int32_t deff, font_now;
	unsigned ansi_page;
	unsigned skip;	  /* characters that stand for a \u before them */
	uint32_t high;	  /* first half of a character of two \u; 0 = none */
	struct bytes run; /* octets of a page with wide characters */
	unsigned run_page;
	struct rows rows;
	size_t row_section; /* of in_row */
	bool in_row;	    /* between \trowd and \row */
	bool row_intbl;	    /* and what is in the row says so by \intbl */
	bool from_html, damaged;
	struct bytes html;
	struct bytes file;  /* octets of a picture or object */
	struct bytes doubt; /* text of the group in work that may be nobody's words */
	bool first;	    /* nothing of the group was read yet */
	int nibble;	    /* half an octet; -1 = none */
	bool file_object;   /* it is an object, no picture */
	unsigned blip;
	char name[RTF_NAME_MAX]; /* of a shape's property, class of an object */
	size_t name_n;
	unsigned files;
	int failed;
};

static inline struct rtf_state *rtf_now(struct rtf *r)
{
	return &r->state[r->depth];
}

int rtf_failed(struct rtf *, int code);

struct rtf_word;

/* Octets of wide characters wait until all of them are there: before a word, a group or the end they are converted. */
void rtf_run_flush(struct rtf *);
/* An octet of text in the code page of the font; one of those that stand for a \u is passed over. */
void rtf_octet(struct rtf *, unsigned char);
void rtf_group_begin(struct rtf *);
void rtf_group_end(struct rtf *);
/* The rest of the group is hidden text, on a line of its own. */
void rtf_hide(struct rtf *);
/* A control word; param: its number, `has`: there is one. */
void rtf_word_do(struct rtf *, const struct rtf_word *, bool has, int32_t param);

/* Characters into the destination in work. */
void rtf_text(struct rtf *, const char *utf8, size_t n);
void rtf_char(struct rtf *, uint32_t c);
/* Text of a group that mostly says nothing, and what becomes of it where the group, or one in it, begins or ends. */
void rtf_doubt(struct rtf *, const char *p, size_t n);
void rtf_doubt_end(struct rtf *);
/* A line end: of a paragraph, or in it. */
void rtf_line(struct rtf *);
void rtf_cell(struct rtf *, bool nested);
void rtf_row_end(struct rtf *, bool nested);

/* Hex digits, or octets of \bin, of a picture or an object. */
void rtf_file_hex(struct rtf *, const char *p, size_t n);
void rtf_file_octets(struct rtf *, const char *p, size_t n);
/* What was gathered is a member; there may be nothing. */
void rtf_file_end(struct rtf *);

#endif
