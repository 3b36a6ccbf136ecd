/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/ocsp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "lookup/base64.h"

#define URL_MAX 1024
#define FETCH_MS 15000

struct reply_to {
	mw_answer_done *done;
	void *ctx;
};

static void refuse(mw_answer_done *done, void *ctx, enum mw_answer_kind kind, const char *why)
{
	const struct mw_answer answer = {.kind = kind, .text = mw_str(why)};

	done(ctx, &answer);
}

static void on_reply(void *ctx, const struct mw_https_reply *reply)
{
	struct reply_to *to = ctx;
	struct mw_buf text = MW_BUF_INIT;
	struct mw_answer answer;

	/* Whatever else came, the responder may do better later; who asked decides what it means not to know. */
	if (reply->end != MW_HTTPS_ANSWER) {
		mw_buf_printf(&text, "the OCSP responder: %s", reply->why);
		answer.kind = MW_ANSWER_TEMP;
	} else {
		mw_base64_add(&text, reply->body);
		answer.kind = MW_ANSWER_OK;
	}
	answer.text = (struct mw_str){.p = mw_buf_text(&text), .n = text.n};
	if (mw_buf_ok(&text))
		to->done(to->ctx, &answer);
	else
		refuse(to->done, to->ctx, MW_ANSWER_TEMP, "no memory");
	mw_buf_free(&text);
	free(to);
}

static int post(struct mw_https *https, const char *url, struct mw_str der, struct reply_to *to, struct mw_err *err)
{
	const struct mw_https_request request = {
	    .url = url,
	    .plain = true,
	    .type = "application/ocsp-response",
	    .max = MW_OCSP_RESPONSE_MAX,
	    .timeout = FETCH_MS,
	    .post_type = "application/ocsp-request",
	    .post = der,
	};

	return mw_https_fetch(https, &request, on_reply, to, err);
}

static int read_and_post(struct mw_https *https, struct mw_str key, struct reply_to *to, struct mw_err *err)
{
	const char *space = key.n ? memchr(key.p, ' ', key.n) : NULL;
	size_t n = space ? (size_t)(space - key.p) : 0;
	struct mw_buf der = MW_BUF_INIT;
	char url[URL_MAX];
	int rc;

	if (n == 0 || n >= sizeof(url) || memchr(key.p, '\0', n))
		return mw_fail(err, -EINVAL, "no \"URL base64\"");
	memcpy(url, key.p, n);
	url[n] = '\0';
	rc = mw_base64_read(mw_str_behind(key, n + 1), MW_OCSP_REQUEST_MAX, &der, err);
	if (rc == 0)
		rc = post(https, url, (struct mw_str){.p = mw_buf_text(&der), .n = der.n}, to, err);
	mw_buf_free(&der);
	return rc;
}

void mw_ocsp_map(void *map, struct mw_str key, mw_answer_done *done, void *ctx)
{
	struct reply_to *to = malloc(sizeof(*to));
	struct mw_err err;
	int rc;

	if (!to) {
		refuse(done, ctx, MW_ANSWER_TEMP, "no memory");
		return;
	}
	*to = (struct reply_to){.done = done, .ctx = ctx};
	rc = read_and_post(map, key, to, &err);
	if (rc < 0) {
		free(to);
		refuse(done, ctx, rc == -EINVAL || rc == -EFBIG ? MW_ANSWER_PERM : MW_ANSWER_TEMP, err.text);
	}
}
