/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_lmtp: what an MTA says to milward-seal, what a listener answers it, and the octets of messages both ways. The first octet chooses:
 * l commands, line by line; r answers; d octets, which must come out of both coders as they were when no CR or LF stands alone, in
 * whatever pieces they come; t addresses.
 */
#include "smtp/dots.h"
#include "smtp/lmtp.h"
#include "smtp/reply.h"
#include "seal/tag.h"

#include <stdlib.h>
#include <string.h>

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool lies_in(struct mw_str part, struct mw_str all)
{
	return !part.n || (part.p >= all.p && part.p + part.n <= all.p + all.n);
}

static void commands(struct mw_str in)
{
	char known[MW_XFORWARDS][MW_XFORWARD_VALUE] = {{0}};

	while (in.n) {
		struct mw_str line = mw_str_take_line(&in);
		struct mw_lmtp_command c;
		struct mw_lmtp_mail m;
		struct mw_lmtp_rcpt r;
		const char *wrong = mw_lmtp_parse(line, &c);

		must(!wrong || (wrong[0] == '5' && strlen(wrong) > 4));
		must(c.params <= MW_LMTP_PARAMS && lies_in(c.path, line));
		for (size_t i = 0; i < c.params; i++)
			must(lies_in(c.param[i].key, line) && lies_in(c.param[i].value, line));
		must(wrong || !c.path.n || (!memchr(c.path.p, '\r', c.path.n) && !memchr(c.path.p, '\n', c.path.n)));
		(void)mw_lmtp_mail_params(&c, &m);
		(void)mw_lmtp_rcpt_params(&c, &r);
		(void)mw_lmtp_xforward(&c, known);
		for (size_t i = 0; i < MW_XFORWARDS; i++)
			must(memchr(known[i], '\0', sizeof(known[i])) != NULL);
	}
}

static void answers(struct mw_str in)
{
	while (in.n) {
		struct mw_str line = mw_str_take_line(&in), text;
		char id[MW_QUEUE_ID];
		struct mw_answer a;
		unsigned code;
		bool more;

		if (mw_reply_line(line, &code, &more, &text) < 0)
			continue;
		must(code >= 200 && code <= 599 && lies_in(text, line));
		mw_reply_queue_id(text, id);
		must(id[0] && strlen(id) < MW_QUEUE_ID && !strchr(id, ' '));
		mw_answer_pass(&a, code, text, "x: ");
		must((a.code >= 400 && a.code <= 599) && a.text[0] == (a.code >= 500 ? '5' : '4'));
		for (const char *p = a.text; *p; p++)
			must(*p >= ' ' && *p <= '~');
	}
}

/* In pieces of a length that the octets choose. */
static bool decode(struct mw_str in, size_t piece, struct mw_buf *out, bool *eight_bit)
{
	struct mw_undot u = {0};

	while (in.n && !u.done) {
		struct mw_str p = {.p = in.p, .n = in.n < piece ? in.n : piece};
		size_t took = mw_undot(&u, p, out);

		must(took > 0 && took <= p.n);
		in = mw_str_behind(in, took);
	}
	*eight_bit = u.eight_bit;
	must(!u.done || in.n == 0); /* nothing of ours stands behind the end */
	return u.done && !u.bare;
}

static void octets(struct mw_str in)
{
	struct mw_dot d = {.eight_bit_ok = true}, strict = {0}, repair = {.eight_bit_ok = true, .repair = true};
	struct mw_buf wire = MW_BUF_INIT, back = MW_BUF_INIT, other = MW_BUF_INIT;
	size_t piece = in.n ? (unsigned char)in.p[0] % 9 + 1 : 1;
	bool eight_bit;

	for (struct mw_str rest = in; rest.n;) {
		struct mw_str p = {.p = rest.p, .n = rest.n < piece ? rest.n : piece};

		mw_dot(&d, p, &wire);
		rest = mw_str_behind(rest, p.n);
	}
	mw_dot_end(&d, &wire);
	if (!d.wrong) {
		must(decode((struct mw_str){.p = wire.p, .n = wire.n}, piece, &back, &eight_bit));
		must(back.n == in.n || back.n == in.n + 2); /* the last line gets its end */
		must(in.n == 0 || memcmp(back.p, in.p, in.n) == 0);
		mw_dot(&strict, in, &other);
		mw_dot_end(&strict, &other);
		must(!eight_bit || strict.wrong != NULL);
	}
	mw_buf_clear(&wire);
	mw_buf_clear(&back);
	mw_dot(&repair, in, &wire);
	mw_dot_end(&repair, &wire);
	must(!repair.wrong && decode((struct mw_str){.p = wire.p, .n = wire.n}, 1 + wire.n, &back, &eight_bit));
	mw_buf_clear(&back);
	(void)mw_undot(&(struct mw_undot){0}, in, &back); /* whatever an MTA may say */
	must(back.n <= in.n);
	mw_buf_free(&wire);
	mw_buf_free(&back);
	mw_buf_free(&other);
}

static void address(struct mw_str in)
{
	struct mw_tag t = mw_tag_parse(in);

	must(t.address.p == in.p && t.address.n <= in.n);
	must(strlen(t.means) < sizeof(t.means) && (t.kind == MW_TAG_SEAL) == (t.means[0] != '\0'));
	must((t.kind == MW_TAG_SEAL || t.kind == MW_TAG_OPEN) == (t.address.n < in.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct mw_str in = {.p = (const char *)data, .n = n};

	if (n == 0)
		return 0;
	in = mw_str_behind(in, 1);
	switch (data[0]) {
	case 'l':
		commands(in);
		break;
	case 'r':
		answers(in);
		break;
	case 't':
		address(in);
		break;
	default:
		octets(in);
	}
	return 0;
}
