/* SPDX-License-Identifier: Apache-2.0 */
/* milwardctl audit verify, show and export. */
#include "testlog.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>

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
	r = c->run(fh_host(), NULL, argc, argv);
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
	struct tl t;
	size_t n;

	(void)state;
	tl_fresh();
	assert_int_equal(tl_open(&t, NULL), 0);
	assert_int_equal(tl_message(&t, "Q1", &t.err), 0);
	assert_int_equal(tl_message(&t, "Q2", &t.err), 0);
	tl_close(&t);
	log = tl_read(tl_path("log"), &n);

	assert_int_equal(command(&said, "verify", tl_path("log"), NULL), 0);
	assert_non_null(strstr(said, "intact: records 1 to 4"));
	free(said);
	assert_int_equal(command(&said, "verify", "--head", "1:abc", tl_path("log"), NULL), 2);
	free(said);
	assert_int_equal(command(&said, "verify", NULL), 2);
	free(said);
	assert_int_equal(command(&said, "verify", "--nonsense", tl_path("log"), NULL), 2);
	free(said);
	assert_int_equal(command(&said, "verify", tl_path("nolog"), NULL), 1);
	free(said);

	assert_int_equal(command(&said, "show", tl_path("log"), NULL), 0);
	assert_non_null(strstr(said, " Q1 from a@x.example client 192.0.2.1 size 1234: route\n"
				     "    to bob@far.example: tls(verified) by outbound.policy:18\n"));
	assert_non_null(strstr(said, "; not smime: no certificate\n    class phi\n    found us-ssn 2, icd10 1\n"));
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
	assert_int_equal(command(&said, "show", "--since", "yesterday", tl_path("log"), NULL), 2);
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
	assert_int_equal(command(&said, "export", "--format", "xml", tl_path("log"), NULL), 2);
	free(said);
	/* lines that are no records are told */
	tl_write(tl_path("log"), "junk\n", 5);
	assert_int_equal(command(&said, "show", tl_path("log"), NULL), 1);
	free(said);
	free(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_commands),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	tl_remove();
	return r;
}
