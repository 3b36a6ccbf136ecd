/* SPDX-License-Identifier: Apache-2.0 */
/* alias: recipients behind an alias, their verdicts, and what takes the place of the alias. */
#include "setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int route(const struct mw_host *h, struct mw_self *s, struct mw_msg *m, const char *action, uint32_t rcpt,
		 struct mw_err *err)
{
	(void)err;
	return strcmp(action, "tls") == 0 ? h->tag(s, m, rcpt, "tls") : 0;
}

static void world_with_aliases(struct world *w, char *path, const char *table, const char *lines)
{
	int fd = mkstemp(path);
	char policy[1000];

	assert_true(fd >= 0);
	assert_int_equal(write(fd, table, strlen(table)), strlen(table));
	(void)close(fd);
	(void)snprintf(policy, sizeof(policy), OURS LOAD_PROBE "aliases virtual \"%s\"\n%s", path, lines);
	probe_reset();
	world_open(w, policy, 0);
	probe_in_act(route);
}

static void expect(struct world *w, const char *rcpts, const char *shown, const char *tags)
{
	struct mw_msg *m = msg_run(w, rcpts, PLAIN_MAIL);
	const struct mw_edit_tag *tag;
	char got[1000] = "";

	assert_string_equal(msg_shown(m), shown);
	for (size_t i = 0; i < mw_msg_edit_tags(m, &tag); i++) {
		size_t n = strlen(got);

		(void)snprintf(got + n, sizeof(got) - n, "%s %s\n", tag[i].address, tag[i].params);
	}
	assert_string_equal(got, tags);
	mw_msg_free(&m);
}

/* Those behind an alias take its place when one of them is tagged, with what the client said of the alias. */
static void test_split(void **state)
{
	char path[] = "/tmp/mw-aliases-XXXXXX";
	struct world w;

	(void)state;
	world_with_aliases(&w, path,
			   "team@clinic.example c@clinic.example, b@x.example\nfar@clinic.example a@y.example\n"
			   "in@clinic.example c@clinic.example\ncopy@clinic.example copy@clinic.example, b@x.example\n",
			   "match to external not to \"y.example\" then send by tls\nmatch any then pass\n");
	expect(&w, "team@clinic.example", "pass pass policy:5 / route tls(any) policy:4 => route",
	       "<b@x.example.mw-tls.invalid> ORCPT=rfc822;team@clinic.example\n<c@clinic.example> "
	       "ORCPT=rfc822;team@clinic.example\n");
	expect(&w, "far@clinic.example", "pass pass policy:5 => pass", "");
	expect(&w, "in@clinic.example", "pass pass policy:5 => pass", "");
	expect(&w, "Team@clinic.example b@x.example c@clinic.example",
	       "pass pass policy:5 / route tls(any) policy:4 / route tls(any) policy:4 / pass pass policy:5 => route",
	       "<b@x.example.mw-tls.invalid> ORCPT=rfc822;Team@clinic.example\n<b@x.example.mw-tls.invalid> "
	       "ORCPT=rfc822;b@x.example\n"
	       "<c@clinic.example> ORCPT=rfc822;Team@clinic.example\n");
	expect(&w, "copy@clinic.example", "refuse refuse policy:4 => refuse", "");
	world_close(&w);
	assert_int_equal(unlink(path), 0);
}

/* A line that names an alias counts for those behind it where it is the stricter. */
static void test_named(void **state)
{
	char path[] = "/tmp/mw-aliases-XXXXXX";
	struct world w;

	(void)state;
	world_with_aliases(
	    &w, path, "team@clinic.example b@x.example\nheld@clinic.example b@x.example\n",
	    "match to \"team@clinic.example\" then pass\nmatch to <ours> then pass\nmatch to \"held@clinic.example\" then hold\n"
	    "match to external then send by tls\nmatch any then pass\n");
	expect(&w, "team@clinic.example", "route tls(any) policy:7 => route",
	       "<b@x.example.mw-tls.invalid> ORCPT=rfc822;team@clinic.example\n");
	expect(&w, "held@clinic.example", "hold hold policy:6 => hold", "");
	world_close(&w);
	assert_int_equal(unlink(path), 0);
}

/* An alias that leads to more than the limit of recipients lets in is not taken apart. */
static void test_limit(void **state)
{
	char path[] = "/tmp/mw-aliases-XXXXXX";
	struct world w;

	(void)state;
	world_with_aliases(&w, path, "team@clinic.example b@x.example, c@x.example, d@x.example\n",
			   "limit recipients 3\nmatch to external then send by tls\nmatch any then pass\n");
	expect(&w, "team@clinic.example", "route tls(any) policy:5 / route tls(any) policy:5 / route tls(any) policy:5 => route",
	       "<b@x.example.mw-tls.invalid> ORCPT=rfc822;team@clinic.example\n<c@x.example.mw-tls.invalid> "
	       "ORCPT=rfc822;team@clinic.example\n"
	       "<d@x.example.mw-tls.invalid> ORCPT=rfc822;team@clinic.example\n");
	expect(&w, "a@clinic.example team@clinic.example", "pass pass policy:6 / refuse refuse policy:5 => refuse", "");
	world_close(&w);
	assert_int_equal(unlink(path), 0);
}

static void expect_user(struct world *w, const char *arg, const char *user, const char *shown)
{
	struct mw_msg *m = msg_to(w, "");
	struct mw_str none = mw_str("");

	assert_int_equal(mw_msg_rcpt_user(m, mw_str(arg), mw_str(user), none, none), 0);
	msg_take(m, PLAIN_MAIL);
	mw_msg_run(m, NULL, NULL);
	assert_string_equal(msg_shown(m), shown);
	mw_msg_free(&m);
}

/* Of a user of its own machine, Sendmail tells no domain, and has followed its aliases already. */
static void test_user(void **state)
{
	static const char lines[] = "match to external then send by tls\nmatch any then pass\n";
	static const char aliases[] = "team@clinic.example b@x.example\nin@clinic.example c@clinic.example\n";
	char path[] = "/tmp/mw-aliases-XXXXXX";
	struct world w;

	(void)state;
	world_with_aliases(&w, path, aliases, lines);
	expect_user(&w, "<Nurse@clinic.example>", "nurse", "pass pass policy:5 => pass");
	expect_user(&w, "<in@clinic.example>", "in", "pass pass policy:5 => pass");
	expect_user(&w, "<team@clinic.example>", "team", "refuse refuse policy:4 => refuse");
	expect_user(&w, "<nurse@clinic.example>", "mary", "refuse refuse policy:4 => refuse");
	expect_user(&w, "<nurse@clinic.example>", "", "refuse refuse policy:4 => refuse");
	expect_user(&w, "<nurse@x.example>", "nurse", "route tls(any) policy:4 => route");
	expect_user(&w, "<nurse%x.example@clinic.example>", "nurse", "refuse refuse policy:4 => refuse");
	world_close(&w);
	assert_int_equal(unlink(path), 0);
	/* Without the MTA's aliases nobody knows what becomes of a user's mail. */
	probe_reset();
	world_open(&w, OURS LOAD_PROBE "match to external then send by tls\nmatch any then pass\n", 0);
	probe_in_act(route);
	expect_user(&w, "<nurse@clinic.example>", "nurse", "refuse refuse policy:3 => refuse");
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_split), cmocka_unit_test(test_named),
					   cmocka_unit_test(test_limit), cmocka_unit_test(test_user)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
