/* SPDX-License-Identifier: Apache-2.0 */
/* testing: the module with the fake sink and the real pdftotext, and PDFs by hand, for its unit tests. */
#ifndef PLUGINS_EXTRACT_PDF_TESTING_H
#define PLUGINS_EXTRACT_PDF_TESTING_H

#include "pdf_file.h"
#include "tests/unit/fakesink.h"

extern const struct mw_plugin mw_plugin_extract_pdf;

/* The module's own, laid out as its options are. */
struct testing_conf {
	const char *pdftotext;
	uint64_t contents;
	int64_t revisions, at_once;
};

/* Of the test that runs: the module, open; the document that is written; what was read of it, and why not all was. */
extern struct mw_host testing_host;
extern void *testing_inst;
extern struct pdf_file testing_file;
extern struct mw_sink testing_sink;
extern const char *testing_reason;

/* What extract() returned. */
int testing_read(struct mw_str pdf);
/* The transcript, what must be in it, and what must not. */
const char *testing_text(void);
void testing_has(const char *what);
void testing_has_not(const char *what);

/* A page with these words, each at its place. */
struct testing_place {
	int x, y; /* from above */
	const char *words;
};
struct mw_str testing_page(const struct testing_place *, size_t n);
#define PAGE(...)                                                                                                                \
	testing_page((const struct testing_place[]){__VA_ARGS__},                                                                \
		     sizeof((const struct testing_place[]){__VA_ARGS__}) / sizeof(struct testing_place))
#define FONT "/Resources << /Font << /F 4 0 R >> >> "

/* For the group of tests. false, said on standard error: there is no pdftotext. */
bool testing_possible(void);
int testing_setup(void **state);
int testing_teardown(void **state);

#endif
