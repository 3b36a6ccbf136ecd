/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_web: keys of the maps wkd and ocsp, up to the URL that would be fetched, and what comes back. The first octet chooses: w, an address; o,
 * "URL base64"; b, base64 that must come back as it was. mw_https_fetch() is this file's: it looks at the request, and its answer is the
 * key's own octets, by the second octet of the input also a failure.
 */
#include "lookup/base64.h"
#include "lookup/name.h"
#include "lookup/ocsp.h"
#include "lookup/wkd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static struct {
	mw_https_done *done;
	void *ctx;
	unsigned fetches;
	bool plain;
} asked;

int mw_https_fetch(struct mw_https *h, const struct mw_https_request *r, mw_https_done *done, void *ctx, struct mw_err *err)
{
	(void)h;
	must(!asked.done && r->max > 0 && r->timeout > 0);
	if (!asked.plain) {
		must(strncmp(r->url, "https://", 8) == 0 && strlen(r->url) < 1000);
		for (const char *p = r->url; *p; p++)
			must(*p > ' ' && *p < 0x7f && *p != '"' && *p != '\\' && *p != '@');
	} else {
		must(r->post_type && r->post.n <= MW_OCSP_REQUEST_MAX);
	}
	asked.fetches++;
	if (strstr(r->url, "refuse"))
		return mw_fail(err, -EINVAL, "no");
	asked.done = done;
	asked.ctx = ctx;
	return 0;
}

/* The direct method asks once more. */
static void reply(enum mw_https_end end, struct mw_str body)
{
	while (asked.done) {
		const struct mw_https_reply r = {
		    .end = end, .status = 200, .body = end == MW_HTTPS_ANSWER ? body : (struct mw_str){.p = ""}, .why = "why"};
		mw_https_done *done = asked.done;

		asked.done = NULL;
		done(asked.ctx, &r);
	}
}

static void on_answer(void *ctx, const struct mw_answer *answer)
{
	unsigned *n = ctx;

	++*n;
	must(answer->kind <= MW_ANSWER_PERM && !memchr(answer->text.p, '\n', answer->text.n));
}

static void wkd(enum mw_https_end end, struct mw_str key)
{
	struct mw_wkd *w = NULL;
	unsigned answers = 0;

	if (mw_wkd_new(NULL, &w, NULL) < 0)
		return;
	asked.plain = false;
	asked.fetches = 0;
	mw_wkd_map(w, key, on_answer, &answers);
	mw_wkd_map(w, key, on_answer, &answers);
	reply(end, key);
	mw_wkd_map(w, key, on_answer, &answers);
	reply(end, key);
	must(answers == 3 && asked.fetches <= 2);
	mw_wkd_free(&w);
}

static void ocsp(enum mw_https_end end, struct mw_str key)
{
	unsigned answers = 0;

	asked.plain = true;
	mw_ocsp_map(NULL, key, on_answer, &answers);
	reply(end, key);
	must(answers == 1);
}

static void base64(struct mw_str line)
{
	struct mw_buf octets = MW_BUF_INIT, again = MW_BUF_INIT;

	if (mw_base64_read(line, 1000, &octets, NULL) == 0) {
		must(octets.n <= 1000);
		mw_base64_add(&again, (struct mw_str){.p = mw_buf_text(&octets), .n = octets.n});
		must(again.n == line.n && (line.n == 0 || memcmp(again.p, line.p, line.n) == 0));
	}
	mw_buf_free(&octets);
	mw_buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct mw_str rest;
	enum mw_https_end end;

	if (n < 2)
		return 0;
	rest = (struct mw_str){.p = (const char *)data + 2, .n = n - 2};
	end = (enum mw_https_end)(data[1] % (MW_HTTPS_FAILED + 1));
	if (data[0] == 'w')
		wkd(end, rest);
	else if (data[0] == 'o')
		ocsp(end, rest);
	else
		base64(rest);
	return 0;
}
