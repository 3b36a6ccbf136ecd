/* SPDX-License-Identifier: Apache-2.0 */
/* milwardctl audit verify, show and export. */
#include "testlog.h"

#include "commands.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>

/* Its options, of `milwardctl -p POLICY`; NULL: without a policy. */
static const struct mw_audit_conf *conf;

/* milwardctl audit NAME ARGS…; *said is what it printed. */
static int command(char **said, const char *name, ...)
{
	const struct mw_command *c = mw_plugin_audit.commands;
	char *argv[12] = {(char *)(uintptr_t)name}, *arg;
	int argc = 1, saved = dup(STDOUT_FILENO), r, fd;
	size_t n;
	va_list ap;

	va_start(ap, name);
	while ((arg = va_arg(ap, char *)) != NULL && argc < 11)
		argv[argc++] = arg;
	va_end(ap);
	while (c->name && strcmp(c->name, name) != 0)
		c++;
	assert_non_null(c->name);
	fflush(stdout);
	fd = open(tl_path("out"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0 && saved >= 0);
	dup2(fd, STDOUT_FILENO);
	close(fd);
	r = c->run(fh_host(), conf, argc, argv);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	*said = tl_read(tl_path("out"), &n);
	return r;
}

static void test_commands(void **state)
{
	char *said, *log;
	json_t *json;
	size_t n;

	(void)state;
	tl_fill();
	log = tl_read(tl_path("log"), &n);

	assert_int_equal(command(&said, "verify", tl_path("log"), NULL), 0);
	assert_non_null(strstr(said, "intact: records 1 to 4"));
	free(said);
	assert_int_equal(command(&said, "verify", "--head", "1:abc", tl_path("log"), NULL), 64);
	free(said);
	assert_int_equal(command(&said, "verify", NULL), 64);
	free(said);
	assert_int_equal(command(&said, "verify", "--nonsense", tl_path("log"), NULL), 64);
	free(said);
	assert_int_equal(command(&said, "verify", tl_path("nolog"), NULL), 1);
	free(said);

	assert_int_equal(command(&said, "show", tl_path("log"), NULL), 0);
	assert_non_null(strstr(said, " Q1 from a@x.example client 192.0.2.1 size 1234: route\n"
				     "    to bob@far.example: tls(verified) by outbound.policy:18\n"));
	assert_non_null(strstr(
	    said,
	    "; not smime: no certificate; an alias: team@clinic.example; attested: there is no \"PHI\" in it; consent plain "
	    "recorded by M. Adams, RN from 2026-03-01 until none at tables/consents:12\n    class phi\n    found us-ssn 2, icd10 "
	    "1\n"));
	assert_non_null(strstr(said, "Q2"));
	free(said);
	assert_int_equal(command(&said, "show", "--queue-id", "Q2", "--recipient", "BOB@far.example", tl_path("log"), NULL), 0);
	assert_null(strstr(said, "Q1"));
	assert_non_null(strstr(said, "Q2"));
	free(said);
	assert_int_equal(command(&said, "show", "--until", "1999", tl_path("log"), NULL), 0);
	assert_string_equal(said, "");
	free(said);
	assert_int_equal(
	    command(&said, "show", "--since", "2000-01-01T00", "--recipient", "eve@far.example", tl_path("log"), NULL), 0);
	assert_string_equal(said, "");
	free(said);
	assert_int_equal(command(&said, "show", "--since", "yesterday", tl_path("log"), NULL), 64);
	free(said);
	assert_int_equal(command(&said, "show", "--json", tl_path("log"), NULL), 0);
	assert_string_equal(said, log);
	free(said);

	assert_int_equal(command(&said, "export", tl_path("log"), NULL), 0);
	assert_int_equal(strncmp(said, "seq,time,queue_id,", 18), 0);
	assert_non_null(
	    strstr(said, ",\"Q1\",\"a@x.example\",\"192.0.2.1\",\"\",1234,\"bob@far.example\",\"tls(verified)\",\"route\","));
	assert_non_null(
	    strstr(said, "\"say \"\"why\"\"\",\"smime: no certificate\",\"phi\",\"us-ssn:2 icd10:1\",\"route\",\"\",no,"));
	free(said);
	assert_int_equal(command(&said, "export", "--format", "json", tl_path("log"), NULL), 0);
	json = json_loads(said, 0, NULL);
	assert_int_equal(json_array_size(json), 2);
	json_decref(json);
	free(said);
	assert_int_equal(command(&said, "export", "--format", "json", "--queue-id", "none", tl_path("log"), NULL), 0);
	json = json_loads(said, 0, NULL);
	assert_int_equal(json_array_size(json), 0);
	json_decref(json);
	free(said);
	assert_int_equal(command(&said, "export", "--format", "xml", tl_path("log"), NULL), 64);
	free(said);
	/* lines that are no records are told */
	tl_write(tl_path("log"), "junk\n", 5);
	assert_int_equal(command(&said, "show", tl_path("log"), NULL), 1);
	free(said);
	free(log);
}

/* One message of a log that no daemon wrote: neither show nor export verifies. */
static void write_message(const char *members)
{
	char *line = NULL;
	int n = asprintf(
	    &line,
	    "{\"v\":1,\"seq\":7,\"time\":\"2026-11-22T03:25:54.123Z\",\"kind\":\"message\",%s,\"prev\":\"%s\",\"hash\":\"%s\"}\n",
	    members, mw_audit_zero, mw_audit_zero);

	assert_true(n > 0);
	tl_write(tl_path("log"), line, (size_t)n);
	free(line);
}

static void test_control_characters(void **state)
{
	char *said;

	(void)state;
	tl_fresh();
	write_message("\"queue_id\":\"Q1\",\"sender\":\"\\u001b[31m\\u009b1m\\u00e9@x.example\",\"recipients\":[{\"address\":"
		      "\"\\n=b\\u0085\"}]");
	assert_int_equal(command(&said, "show", tl_path("log"), NULL), 0);
	assert_non_null(strstr(said, " from ?[31m?1m\xc3\xa9@x.example"));
	free(said);
	assert_int_equal(command(&said, "export", tl_path("log"), NULL), 0);
	assert_non_null(strstr(said, ",\"?[31m?1m\xc3\xa9@x.example\","));
	assert_non_null(strstr(said, ",\"?=b?\","));
	free(said);
}

/* An auditor gets every rule, however many they are. */
static void test_many_rules(void **state)
{
	char *said, *members, *to;
	unsigned found = 0;

	(void)state;
	tl_fresh();
	members = malloc(100000);
	assert_non_null(members);
	to = members + sprintf(members, "\"recipients\":[{\"address\":\"b@x.example\"}],\"classes\":[\"none\"");
	for (unsigned i = 0; i < 300; i++)
		to += sprintf(to, ",\"class-of-a-longer-name-%03u\"", i);
	to += sprintf(to, "],\"rules\":{\"none\":1");
	for (unsigned i = 0; i < 300; i++)
		to += sprintf(to, ",\"rule-of-a-longer-name-%03u\":%u", i, i);
	(void)sprintf(to, "}");
	write_message(members);
	free(members);
	assert_int_equal(command(&said, "export", tl_path("log"), NULL), 0);
	assert_non_null(strstr(said, ",\"none class-of-a-longer-name-000 "));
	for (const char *p = said; (p = strstr(p, "-of-a-longer-name-")) != NULL; p++)
		found++;
	assert_int_equal(found, 600);
	assert_non_null(strstr(said, "name-299:299\",\""));
	free(said);
}

/* While the daemon writes, the end of its file may be half a record. */
static void test_half_written(void **state)
{
	struct tl t;
	char *said;
	FILE *f;

	(void)state;
	tl_fresh();
	assert_int_equal(tl_open(&t, NULL), 0);
	f = fopen(tl_path("log"), "a");
	assert_non_null(f);
	fputs("{\"v\":1,\"seq\":2,", f);
	fclose(f);
	assert_int_equal(command(&said, "show", tl_path("log"), NULL), 0);
	free(said);
	tl_close(&t);
	tl_fresh();
	write_message("\"recipients\":[]");
	f = fopen(tl_path("log"), "a");
	assert_non_null(f);
	fputs("{\"v\":1,\"seq\":2,", f);
	fclose(f);
	assert_int_equal(command(&said, "show", tl_path("log"), NULL), 1);
	free(said);
}

/* root verifies with a key that belongs to the daemon's user. */
static void test_key_of_daemon(void **state)
{
	struct tl t;
	char *said;

	(void)state;
	if (geteuid() != 0)
		skip();
	tl_fresh();
	tl_write(tl_path("key"), "0123456789012345678901234567890123456789", 40);
	assert_int_equal(chmod(tl_path("key"), 0600), 0);
	assert_int_equal(tl_open(&t, "key", tl_path("key"), NULL), 0);
	tl_close(&t);
	assert_int_equal(chown(tl_path("key"), 65534, 65534), 0);
	assert_int_equal(command(&said, "verify", "--key", tl_path("key"), tl_path("log"), NULL), 0);
	free(said);
}

/* What cannot be looked at is not whole. */
static void test_doctor(void **state)
{
	const struct mw_audit_conf of = {.path = tl_path("log")};
	char *said;

	(void)state;
	tl_fill();
	conf = &of;
	assert_int_equal(command(&said, "doctor", "/a.policy", NULL), 0);
	assert_string_equal(said, "");
	free(said);
	assert_int_equal(unlink(tl_path("log.head")), 0);
	assert_int_equal(command(&said, "doctor", "/a.policy", NULL), 0);
	assert_non_null(strstr(said, "error\taudit-chain\t"));
	assert_non_null(strstr(said, "its head is gone"));
	free(said);
	assert_int_equal(mkdir(tl_path("log.head"), 0700), 0);
	assert_int_equal(command(&said, "doctor", "/a.policy", NULL), 1);
	assert_string_equal(said, "");
	free(said);
	assert_int_equal(rmdir(tl_path("log.head")), 0);
	conf = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_commands),   cmocka_unit_test(test_doctor),	    cmocka_unit_test(test_control_characters),
	    cmocka_unit_test(test_many_rules), cmocka_unit_test(test_half_written), cmocka_unit_test(test_key_of_daemon),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	tl_remove();
	return r;
}
