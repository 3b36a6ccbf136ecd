/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_package: office documents made of small texts, for the tests of extract-office, and what is read of them.
 */
#ifndef OFFICE_TEST_PACKAGE_H
#define OFFICE_TEST_PACKAGE_H

#include "tests/unit/fakesink.h"

#define FILES_MAX 16

struct file {
	const char *name, *text; /* text: "hex:…" for octets */
};

/* What is in a package, and what is found in its transcript (see fakesink.h), or not. In `want` and `not_want` NULL ends. */
struct sample {
	const char *title;
	struct file file[FILES_MAX];
	const char *want[10], *not_want[4];
	const char *reason; /* NULL: all of it is read */
};

/* The files as a ZIP in `to`; returns its octets. */
size_t pack(const struct file file[FILES_MAX], char *to, size_t room);
/* Reads a document into a fresh sink; *reason: NULL when all is read. */
void read_document(const char *p, size_t n, struct mw_sink *, const char **reason);
/* Packs a sample, reads and judges it: a failed assertion names it. */
void judge_sample(const struct sample *);

/* Relations of the package: its main part, which is FOLDER/NAME. */
#define OPC "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define REL(kind, id, target) "<Relationship Id='" id "' Type='" OPC "/" kind "' Target='" target "'/>"
#define RELS(rows) "<Relationships>" rows "</Relationships>"
#define MAIN(target)                                                                                                             \
	{                                                                                                                        \
		"_rels/.rels", RELS(REL("officeDocument", "r1", target))                                                         \
	}

#endif
