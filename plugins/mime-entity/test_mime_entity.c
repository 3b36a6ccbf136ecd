/* SPDX-License-Identifier: Apache-2.0 */
#include "entity.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static int file_of(const char *p, size_t n)
{
	int fd = memfd_create("entity", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), n);
	return fd;
}

static struct mw_str str(const char *s)
{
	return (struct mw_str){.p = s, .n = strlen(s)};
}

static void test_head(void **state)
{
	static const char text[] = "Content-Type: text/plain;\r\n charset=utf-8\r\nX-Y : 1\r\ncontent-ID: <a>\r\n\r\nbody\r\n";
	int fd = file_of(text, sizeof(text) - 1);
	struct entity_range all;
	struct entity e;
	struct mw_str v;

	(void)state;
	assert_int_equal(entity_file(fd, &all), 0);
	assert_int_equal(entity_load(fd, all, &e), 0);
	assert_int_equal(entity_find(&e, "content-type", &v), 1);
	assert_int_equal(v.n, strlen(" text/plain;\r\n charset=utf-8"));
	assert_memory_equal(v.p, " text/plain;\r\n charset=utf-8", v.n);
	assert_int_equal(entity_find(&e, "X-Y", &v), 1);
	assert_int_equal(entity_find(&e, "X-Z", &v), 0);
	assert_int_equal(e.body.end - e.body.begin, 6);
	entity_free(&e);
	(void)close(fd);
}

static void test_bad_heads(void **state)
{
	static const struct {
		const char *text;
		int ret, found;
	} row[] = {
	    {"", 0, 0},
	    {"A: 1\r\n", 0, 1},
	    {"A: 1\nA: 2\n\nx", 0, -EBADMSG},
	    {"no field\r\n\r\n", -EBADMSG, 0},
	    {" folded first\r\n\r\n", -EBADMSG, 0},
	    {"A: 1\r\nB\r\n\r\n", -EBADMSG, 0},
	    {"\r\nA: 1\r\n", 0, 0},
	    {"A 1\r\n\r\n", -EBADMSG, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		int fd = file_of(row[i].text, strlen(row[i].text));
		struct entity_range all;
		struct entity e = {.head = NULL};
		struct mw_str v;

		assert_int_equal(entity_file(fd, &all), 0);
		assert_int_equal(entity_load(fd, all, &e), row[i].ret);
		if (row[i].ret == 0)
			assert_int_equal(entity_find(&e, "A", &v), row[i].found);
		entity_free(&e);
		(void)close(fd);
	}
}

static void test_long_head(void **state)
{
	size_t n = ENTITY_HEAD_MAX + 100;
	char *text = malloc(n);
	struct entity e;
	int fd;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', n);
	memcpy(text, "A: ", 3);
	fd = file_of(text, n);
	assert_int_equal(entity_load(fd, (struct entity_range){0, n}, &e), -E2BIG);
	assert_int_equal(entity_load(fd, (struct entity_range){0, 100000}, &e), 0);
	assert_int_equal(e.head_n, 100000);
	entity_free(&e);
	(void)close(fd);
	free(text);
}

static void test_media(void **state)
{
	static const struct {
		const char *value;
		int ret;
		const char *type, *name, *param;
	} row[] = {
	    {" Text/Plain; Charset=\"UTF-8\"", 0, "text/plain", "charset", "UTF-8"},
	    {"multipart/signed; boundary=\"a b\\\"c\"; micalg=sha-256;", 0, "multipart/signed", "boundary", "a b\"c"},
	    {"a/b (c; d=e (f)) ; x=1 (y)", 0, "a/b", "x", "1"},
	    {"a/b;\r\n\tname*=utf-8'en'%41%20b", 0, "a/b", "name", "A b"},
	    {"a/b; n*0=ab; n*1*=%43; n*2=\"d\"", 0, "a/b", "n", "ab%43"},
	    {"a/b; n*1=b; n*0*=''%41; n*2*=%42", 0, "a/b", "n", "AbB"},
	    {"a/b; n*0=a; n*2=c", -EBADMSG, NULL, NULL, NULL},
	    {"a/b; n*0=a; n*0=c", -EBADMSG, NULL, NULL, NULL},
	    {"a/b; boundary=a; Boundary=b", -EBADMSG, NULL, NULL, NULL},
	    {"a/b; n=\"a", -EBADMSG, NULL, NULL, NULL},
	    {"a/b; n=a b", -EBADMSG, NULL, NULL, NULL},
	    {"a/b; n", -EBADMSG, NULL, NULL, NULL},
	    {"a/b; n*=x%4", -EBADMSG, NULL, NULL, NULL},
	    {"a/b; n*=''%00", -EBADMSG, NULL, NULL, NULL},
	    {"a/b (", -EBADMSG, NULL, NULL, NULL},
	    {"", -EBADMSG, NULL, NULL, NULL},
	    {"a/b; x=/", 0, "a/b", "x", "/"},
	    {"a/b", 0, "a/b", "x", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct entity_media m;
		const char *v;

		assert_int_equal(entity_media(str(row[i].value), &m), row[i].ret);
		if (row[i].ret < 0)
			continue;
		assert_string_equal(m.type, row[i].type);
		v = entity_param(&m, row[i].name);
		if (row[i].param && strcmp(row[i].param, "ab%43") == 0) /* n*1* in between is encoded */
			assert_string_equal(v, "abCd");
		else if (row[i].param)
			assert_string_equal(v, row[i].param);
		else
			assert_null(v);
	}
}

/* Parts as "<text>" one behind the other, with "!" when it is not closed and "~" when there is something around. */
static void parts_of(const char *text, size_t n, const char *boundary, char *out, size_t room)
{
	struct entity_range part[8];
	struct entity_parts found;
	int fd = file_of(text, n), r = entity_parts(fd, (struct entity_range){0, n}, boundary, part, 8, &found);
	size_t at = 0;

	if (r < 0) {
		(void)snprintf(out, room, "%s", r == -EBADMSG ? "bad" : r == -E2BIG ? "big" : "failed");
	} else {
		out[0] = '\0';
		for (size_t i = 0; i < found.n; i++)
			at += (size_t)snprintf(out + at, room - at, "<%.*s>", (int)(part[i].end - part[i].begin),
					       text + part[i].begin);
		(void)snprintf(out + at, room - at, "%s%s", found.closed ? "" : "!", found.around ? "~" : "");
	}
	(void)close(fd);
}

static void test_parts(void **state)
{
	static const struct {
		const char *text, *parts;
	} row[] = {
	    {"--b\r\none\r\n--b\r\ntwo\r\n\r\n--b--\r\n", "<one><two\r\n>"},
	    {"\r\n--b \t\r\none\r\n--b-- \r\n\r\n", "<one>"},
	    {"pre\r\n--b\r\none\r\n--b--", "<one>~"},
	    {"--b\none\n--b--\n", "<one>"},
	    {"--b\r\n--b\r\n\r\n--b--\r\n", "<><>"},
	    {"--b\r\n\r\n\r\n--b--\r\nbehind", "<\r\n>~"},
	    {"--b\r\none", "<one>!"},
	    {"--b\r\none\r\n--bb\r\n--b--\r\n", "bad"},
	    {"--b\r\none\r\n--b-\r\n--b--\r\n", "bad"},
	    {"--b\r\none\r\n--b--\r\n--b\r\ntwo\r\n--b--\r\n", "bad"},
	    {"--b\r\none\r\n--b--x\r\n", "bad"},
	    {"--b\r\none\r\n --b\r\n--B--\r\n--b--\r\n", "<one\r\n --b\r\n--B-->"},
	    {"", "!"},
	    {"--b\r\n--b\r\n--b\r\n--b\r\n--b\r\n--b\r\n--b\r\n--b\r\n--b\r\n", "big"},
	};
	char out[256];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		parts_of(row[i].text, strlen(row[i].text), "b", out, sizeof(out));
		assert_string_equal(out, row[i].parts);
	}
	parts_of("--b\r\n", 5, "", out, sizeof(out));
	assert_string_equal(out, "bad");
	parts_of("--b\r\n", 5, "b\r\n", out, sizeof(out));
	assert_string_equal(out, "bad");
}

/* Lines around the size of the buffer: the line end in front of a delimiter lies on any side of its edge. */
static void test_long_lines(void **state)
{
	size_t room = 200000;
	char *text = malloc(room);

	(void)state;
	assert_non_null(text);
	for (size_t line = 65520; line < 65560; line++) {
		size_t n = 0;
		struct entity_range part[2];
		struct entity_parts found;
		int fd;

		memcpy(text, "--b\r\n", 5);
		memset(text + 5, 'x', line);
		n = 5 + line;
		memcpy(text + n, "\r\n--b\r\n\r\n--b--\r\n", 17);
		n += 17;
		fd = file_of(text, n);
		assert_int_equal(entity_parts(fd, (struct entity_range){0, n}, "b", part, 2, &found), 0);
		assert_int_equal(found.n, 2);
		assert_int_equal(part[0].end - part[0].begin, line);
		assert_int_equal(part[1].end - part[1].begin, 0);
		assert_true(found.closed);
		(void)close(fd);
	}
	free(text);
}

/* In one piece, and octet by octet. */
static void decode(enum entity_coding coding, const char *in, const char *out)
{
	size_t n = strlen(in), want = out ? strlen(out) : 0;

	for (size_t step = 1; step <= n + 1; step = step < n ? n : n + 2) {
		struct entity_decoder d = {.coding = coding};
		char *to = malloc(2 * n + 4 * ENTITY_SLACK);
		ssize_t r = 0;
		size_t got = 0;

		assert_non_null(to);
		for (size_t at = 0; at < n && r >= 0; at += step) {
			r = entity_decode(&d, in + at, n - at < step ? n - at : step, to + got);
			got += r > 0 ? (size_t)r : 0;
		}
		if (r >= 0) {
			r = entity_decode_end(&d, to + got);
			got += r > 0 ? (size_t)r : 0;
		}
		assert_int_equal(r < 0, out == NULL);
		if (out) {
			assert_int_equal(got, want);
			assert_memory_equal(to, out, want);
		}
		free(to);
	}
}

static void test_decode(void **state)
{
	(void)state;
	decode(ENTITY_BASE64, "", "");
	decode(ENTITY_BASE64, "YWJj\r\nZGU=\r\n", "abcde");
	decode(ENTITY_BASE64, "YWJjZA==", "abcd");
	decode(ENTITY_BASE64, "YW Jj\t", "abc");
	decode(ENTITY_BASE64, "YWJ", NULL);
	decode(ENTITY_BASE64, "YWJj=", NULL);
	decode(ENTITY_BASE64, "Y===", NULL);
	decode(ENTITY_BASE64, "YQ==YQ==", NULL);
	decode(ENTITY_BASE64, "YQ===", NULL);
	decode(ENTITY_BASE64, "YW-j", NULL);
	decode(ENTITY_QP, "a=3Db=\r\nc=20\t \r\nd =\n", "a=bc \r\nd ");
	decode(ENTITY_QP, "a \r\n\r\nb\rc\nd \t", "a\r\n\r\nb\rc\nd");
	decode(ENTITY_QP, "a= \t\r\nb", "ab");
	decode(ENTITY_QP, "a=3", NULL);
	decode(ENTITY_QP, "a=3x", NULL);
	decode(ENTITY_QP, "a=x", NULL);
	decode(ENTITY_QP, "a=\rb", NULL);
	decode(ENTITY_OTHER, "x", NULL);
	decode(ENTITY_IDENTITY, "a\r\n", "a\r\n");
	assert_int_equal(entity_coding(str(" Base64\r\n")), ENTITY_BASE64);
	assert_int_equal(entity_coding(str("x-uuencode")), ENTITY_OTHER);
	assert_int_equal(entity_coding((struct mw_str){0}), ENTITY_IDENTITY);
}

/* What is written as base64 is read again, whatever the pieces. */
static void test_write(void **state)
{
	static const size_t step[] = {1, 3, 56, 57, 58, 1000, 70000};
	size_t n = 70001;
	char *in = malloc(n), *back = malloc(n + 1);

	(void)state;
	assert_true(in && back);
	for (size_t i = 0; i < n; i++)
		in[i] = (char)(i * 31 + i / 256);
	for (size_t k = 0; k < sizeof(step) / sizeof(*step); k++) {
		struct entity_writer w = {.fd = file_of("", 0)};
		struct entity_reader *r = malloc(sizeof(*r));
		struct entity_range all;
		size_t got = 0;
		ssize_t more = 1;

		assert_non_null(r);
		for (size_t at = 0; at < n; at += step[k])
			assert_int_equal(entity_put_base64(&w, in + at, n - at < step[k] ? n - at : step[k]), 0);
		assert_int_equal(entity_end_base64(&w), 0);
		assert_int_equal(entity_flush(&w), 0);
		assert_int_equal(entity_file(w.fd, &all), 0);
		assert_int_equal(all.end, (n / 57) * 78 + (n % 57 + 2) / 3 * 4 + 2);
		entity_reader(r, w.fd, all, ENTITY_BASE64);
		while (more > 0 && got <= n) {
			more = entity_get(r, back + got, n + 1 - got);
			got += more > 0 ? (size_t)more : 0;
		}
		assert_int_equal(more, 0);
		assert_int_equal(got, n);
		assert_memory_equal(in, back, n);
		(void)close(w.fd);
		free(r);
	}
	free(in);
	free(back);
}

/* A range is copied; a file that is shorter is a failure that stays. */
static void test_copy(void **state)
{
	int from = file_of("0123456789", 10);
	struct entity_writer w = {.fd = file_of("", 0)};
	char back[32] = "";

	(void)state;
	assert_int_equal(entity_put_text(&w, "<"), 0);
	assert_int_equal(entity_put_range(&w, from, (struct entity_range){2, 5}), 0);
	assert_int_equal(entity_flush(&w), 0);
	assert_int_equal(pread(w.fd, back, sizeof(back), 0), 4);
	assert_string_equal(back, "<234");
	assert_int_equal(entity_put_range(&w, from, (struct entity_range){8, 12}), -EIO);
	assert_int_equal(entity_put_text(&w, "x"), -EIO);
	assert_int_equal(entity_flush(&w), -EIO);
	(void)close(w.fd);
	(void)close(from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_head),   cmocka_unit_test(test_bad_heads), cmocka_unit_test(test_long_head),
	    cmocka_unit_test(test_media),  cmocka_unit_test(test_parts),     cmocka_unit_test(test_long_lines),
	    cmocka_unit_test(test_decode), cmocka_unit_test(test_write),     cmocka_unit_test(test_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
