/* SPDX-License-Identifier: Apache-2.0 */
/* metrics: octets as a request to a status socket, as its answer, and as the counters in it. The first octet chooses. */
#include "metric/http.h"
#include "metric/read.h"

#include <stdlib.h>
#include <string.h>

static bool is_within(struct mw_str all, struct mw_str s)
{
	return s.p >= all.p && s.p + s.n <= all.p + all.n;
}

static void samples(struct mw_str text)
{
	struct mw_str rest = text;
	struct mw_metric_sample s;

	while (mw_metric_take(&rest, &s) == 1) {
		if (!s.name.n || !is_within(text, s.name) || s.labels > MW_METRIC_SAMPLE_LABELS)
			abort();
		for (size_t i = 0; i < s.labels; i++) {
			struct mw_buf name = MW_BUF_INIT, value = MW_BUF_INIT;

			if (!is_within(text, s.label[i].name) || !is_within(text, s.label[i].value))
				abort();
			mw_buf_add(&name, s.label[i].name.p, s.label[i].name.n);
			if (!mw_metric_value(&s, mw_buf_text(&name), &value) || value.n > text.n)
				abort();
			(void)mw_metric_word(&s, mw_buf_text(&name));
			mw_buf_free(&name);
			mw_buf_free(&value);
		}
	}
}

/* What was complete stays what it was, whatever comes behind it. */
static void request(struct mw_str text)
{
	enum mw_http whole = mw_http_request(text);

	for (size_t n = 0; n < text.n; n++) {
		enum mw_http part = mw_http_request((struct mw_str){.p = text.p, .n = n});

		if (part != MW_HTTP_MORE && part != MW_HTTP_TOO_LARGE && whole == MW_HTTP_MORE)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct mw_str text, body;

	if (n == 0 || n > 65536)
		return 0;
	text = (struct mw_str){.p = (const char *)data + 1, .n = n - 1};
	if (data[0] == 'r' && n < 600)
		request(text);
	else if (data[0] == 'a' && mw_http_answer(text, &body))
		samples(body);
	else
		samples(text);
	return 0;
}
