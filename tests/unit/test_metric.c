/* SPDX-License-Identifier: Apache-2.0 */
/* metric: counters in shared memory, and how they are told and read again. */
#include "metric/process.h"
#include "metric/read.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct counts {
	mw_counter one, matrix[2][3];
	mw_gauge level;
	struct mw_times whole, part[2];
	struct mw_named names;
	struct mw_info info;
};

static const char *const first[] = {"a", "b", NULL};
static const char *const second[] = {"", "x", "y", NULL};
static const struct mw_metric rows[] = {
    MW_METRIC(COUNTER, struct counts, one, "t_one", "One."),
    MW_METRIC(COUNTER, struct counts, matrix, "t_matrix", "Many.", .label = {"f", "s"}, .word = {first, second}),
    MW_METRIC(GAUGE, struct counts, level, "t_level", "Up and down."),
    MW_METRIC(TIMES, struct counts, whole, "t_whole_seconds", "Times."),
    MW_METRIC(TIMES, struct counts, part, "t_part_seconds", "Times.", .label = {"p"}, .word = {first}),
    MW_METRIC(NAMED, struct counts, names, "t_names", "Names.", .label = {"n", "m"}, .value = 1),
    MW_METRIC(INFO, struct counts, info, "t_info", "Texts.", .label = {"u", "v", "w"}),
    {.name = NULL},
};

static struct counts *fresh(void)
{
	struct counts *c = mw_metrics_new(sizeof(*c));

	assert_non_null(c);
	return c;
}

static void is_told(const struct counts *c, enum mw_metric_format format, const char *line)
{
	struct mw_buf b = MW_BUF_INIT;

	mw_metrics_write(rows, c, format, &b);
	assert_true(mw_buf_ok(&b));
	if (!strstr(mw_buf_text(&b), line))
		print_message("not there: %s in:\n%s\n", line, mw_buf_text(&b));
	assert_non_null(strstr(mw_buf_text(&b), line));
	mw_buf_free(&b);
}

static bool has(const struct counts *c, const char *text)
{
	struct mw_buf b = MW_BUF_INIT;
	bool found;

	mw_metrics_write(rows, c, MW_METRIC_TEXT, &b);
	found = strstr(mw_buf_text(&b), text) != NULL;
	mw_buf_free(&b);
	return found;
}

static void tells_counters(void **state)
{
	struct counts *c = fresh();

	(void)state;
	mw_count(&c->one);
	mw_count_add(&c->matrix[1][2], 7);
	mw_count(&c->matrix[0][0]); /* has no word */
	mw_gauge_add(&c->level, -3);
	is_told(c, MW_METRIC_TEXT, "# HELP t_one_total One.\n# TYPE t_one_total counter\nt_one_total 1\n");
	is_told(c, MW_METRIC_OPEN, "# HELP t_one One.\n# TYPE t_one counter\nt_one_total 1\n");
	is_told(c, MW_METRIC_TEXT,
		"t_matrix_total{f=\"a\",s=\"x\"} 0\nt_matrix_total{f=\"a\",s=\"y\"} 0\n"
		"t_matrix_total{f=\"b\",s=\"x\"} 0\nt_matrix_total{f=\"b\",s=\"y\"} 7\n");
	assert_false(has(c, "s=\"\""));
	is_told(c, MW_METRIC_TEXT, "# TYPE t_level gauge\nt_level -3\n");
}

static void tells_times(void **state)
{
	static const struct {
		int64_t ns;
		const char *le, *before; /* the first bucket that has it, and the one before */
	} cases[] = {{-5, "0.0001", NULL},
		     {0, "0.0001", NULL},
		     {100000, "0.0001", NULL},
		     {100001, "0.0002", "0.0001"},
		     {200000, "0.0002", "0.0001"},
		     {200001, "0.0004", "0.0002"},
		     {1000000000, "1.6384", "0.8192"},
		     {INT64_C(419430400000), "419.4304", "209.7152"},
		     {INT64_C(419430400001), "+Inf", "419.4304"},
		     {INT64_MAX, "+Inf", "419.4304"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct counts *c = fresh();
		char line[80];

		mw_times_add(&c->whole, cases[i].ns);
		(void)snprintf(line, sizeof(line), "t_whole_seconds_bucket{le=\"%s\"} 1\n", cases[i].le);
		is_told(c, MW_METRIC_TEXT, line);
		if (cases[i].before) {
			(void)snprintf(line, sizeof(line), "t_whole_seconds_bucket{le=\"%s\"} 0\n", cases[i].before);
			is_told(c, MW_METRIC_TEXT, line);
		}
		is_told(c, MW_METRIC_TEXT, "t_whole_seconds_count 1\n");
	}
}

static void tells_the_longest(void **state)
{
	struct counts *c = fresh();

	(void)state;
	mw_times_add(&c->part[1], 1500000000);
	mw_times_add(&c->part[1], 250000);
	is_told(c, MW_METRIC_OPEN, "# TYPE t_part_seconds histogram\n# UNIT t_part_seconds seconds\n");
	is_told(c, MW_METRIC_TEXT, "t_part_seconds_bucket{p=\"b\",le=\"0.0004\"} 1\n");
	is_told(c, MW_METRIC_TEXT, "t_part_seconds_sum{p=\"b\"} 1.500250000\nt_part_seconds_count{p=\"b\"} 2\n");
	is_told(c, MW_METRIC_TEXT,
		"# TYPE t_part_seconds_max gauge\nt_part_seconds_max{p=\"a\"} 0.000000000\n"
		"t_part_seconds_max{p=\"b\"} 1.500000000\n");
}

static void names_are_bounded(void **state)
{
	struct counts *c = fresh();
	struct mw_named_one *one = mw_named(&c->names, 4, "tls(verified)", "no");
	char longest[300];

	(void)state;
	assert_ptr_equal(mw_named(&c->names, 4, "tls(verified)", "no"), one);
	assert_ptr_not_equal(mw_named(&c->names, 4, "tls(verified)", "yes"), one);
	assert_ptr_not_equal(mw_named(&c->names, 4, "tls(verified)no", ""), one);
	assert_ptr_equal(mw_named(&c->names, 4, "too", "many"), &c->names.one[0]);
	assert_ptr_equal(mw_named(&c->names, 4, "tls(verified)", "no"), one);
	mw_count(&one->value[1]);
	is_told(c, MW_METRIC_TEXT, "t_names_total{n=\"tls(verified)\",m=\"no\"} 1\n");
	assert_false(has(c, "other"));
	mw_count(&mw_named(&c->names, 4, "more", "of them")->value[1]);
	is_told(c, MW_METRIC_TEXT, "t_names_total{n=\"other\",m=\"other\"} 1\n");

	memset(longest, 'n', sizeof(longest));
	longest[299] = '\0';
	one = mw_named(&c->names, MW_NAMED_MOST, longest, "no");
	assert_ptr_equal(mw_named(&c->names, MW_NAMED_MOST, longest, "no"), one);
	for (int i = 0; i < 3000; i++) {
		(void)snprintf(longest, sizeof(longest), "rule-%d", i);
		mw_count(&mw_named(&c->names, MW_NAMED_MOST, longest, "no")->value[1]);
	}
	assert_int_equal(mw_counted(&mw_named(&c->names, MW_NAMED_MOST, "rule-7", "no")->value[1]), 1);
	assert_true(mw_counted(&c->names.one[0].value[1]) > 1000);
	is_told(c, MW_METRIC_TEXT, "t_names_total{n=\"rule-1000\",m=\"no\"} 1\n");
}

/* What a process that was killed left in the middle: a name without its slot. It is not told twice. */
static void names_mend(void **state)
{
	struct counts *c = fresh();
	struct mw_named_one *one = mw_named(&c->names, 100, "half", "no");

	(void)state;
	for (size_t i = 0; i < 2 * MW_NAMED_MOST; i++)
		atomic_store(&c->names.slot[i], 0);
	assert_ptr_equal(mw_named(&c->names, 100, "half", "no"), one);
	assert_int_equal(atomic_load(&c->names.used), 2);
}

static void values_are_escaped(void **state)
{
	struct counts *c = fresh();

	(void)state;
	assert_false(has(c, "t_info_info{"));
	mw_info_set(&c->info, "a\"b\\c\nd", "\x1b[31m", "");
	is_told(c, MW_METRIC_TEXT, "# TYPE t_info_info gauge\nt_info_info{u=\"a\\\"b\\\\c\\nd\",v=\"?[31m\",w=\"\"} 1\n");
	is_told(c, MW_METRIC_OPEN, "# TYPE t_info info\n");
	mw_info_set(&c->info, "now", "\xff\xfe", "x");
	is_told(c, MW_METRIC_TEXT, "t_info_info{u=\"now\",v=\"?\",w=\"x\"} 1\n");
	mw_info_set(&c->info, "cut", (char[MW_INFO_TEXT + 9]){[0 ... MW_INFO_TEXT + 7] = 'v'}, "last");
	assert_true(has(c, "t_info_info{u=\"cut\",v=\"vvv"));
}

static void *work(void *arg)
{
	struct counts *c = arg;

	for (int i = 0; i < 20000; i++) {
		char name[16];

		mw_count(&c->one);
		mw_times_add(&c->whole, i);
		(void)snprintf(name, sizeof(name), "n%d", i % 50);
		mw_count(&mw_named(&c->names, 64, name, "no")->value[1]);
	}
	return NULL;
}

/* Two processes with two threads each; one process is killed when it is done. Everything is there, and was told meanwhile. */
static void children_count(void **state)
{
	struct counts *c = fresh();
	struct mw_buf b = MW_BUF_INIT;
	pthread_t thread;
	uint64_t all = 0;
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		if (pthread_create(&thread, NULL, work, c))
			_exit(1);
		(void)work(c);
		(void)pthread_join(thread, NULL);
		(void)raise(SIGKILL);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		mw_buf_clear(&b);
		mw_metrics_write(rows, c, MW_METRIC_TEXT, &b);
	}
	mw_buf_free(&b);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(pthread_create(&thread, NULL, work, c), 0);
	(void)work(c);
	(void)pthread_join(thread, NULL);
	for (uint32_t i = 0; i < MW_NAMED_MOST; i++)
		all += mw_counted(&c->names.one[i].value[1]);
	assert_int_equal(mw_counted(&c->one), 80000);
	assert_int_equal(all, 80000);
	assert_int_equal(atomic_load(&c->names.used), 51);
	is_told(c, MW_METRIC_TEXT, "t_whole_seconds_count 80000\n");
}

struct writer {
	struct counts *c;
	atomic_bool *over;
	char word[150];
};

static void *write_info(void *arg)
{
	const struct writer *w = arg;

	while (!atomic_load(w->over))
		mw_info_set(&w->c->info, w->word, w->word, w->word);
	return NULL;
}

static struct mw_str value_of(struct mw_str *s)
{
	const char *from = memchr(s->p, '"', s->n), *to = from ? strchr(from + 1, '"') : NULL;

	assert_non_null(to);
	*s = mw_str_behind(*s, (size_t)(to + 1 - s->p));
	return (struct mw_str){.p = from + 1, .n = (size_t)(to - from - 1)};
}

/* A reload while the service starts: each says what its texts are, and nobody sees some of one and some of the other. */
static void texts_belong_together(void **state)
{
	struct counts *c = fresh();
	atomic_bool over = false;
	struct writer w[2] = {{.c = c, .over = &over}, {.c = c, .over = &over}};
	struct mw_buf b = MW_BUF_INIT;
	pthread_t thread[2];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		memset(w[i].word, 'a' + (int)i, sizeof(w[i].word) - 1 - i);
		assert_int_equal(pthread_create(&thread[i], NULL, write_info, &w[i]), 0);
	}
	for (int i = 0; i < 20000; i++) {
		struct mw_str s, u;

		mw_buf_clear(&b);
		mw_metrics_write(rows, c, MW_METRIC_TEXT, &b);
		s.p = strstr(mw_buf_text(&b), "\nt_info_info{");
		if (!s.p)
			continue; /* both were writing, all the time */
		s.n = strlen(s.p);
		u = value_of(&s);
		assert_true(mw_str_same(u, value_of(&s)) && mw_str_same(u, value_of(&s)));
	}
	atomic_store(&over, true);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	mw_buf_free(&b);
}

/* ---- reading ----------------------------------------------------------------------------------------------------------------------- */

static void what_is_told_is_read(void **state)
{
	struct counts *c = fresh();
	struct mw_buf b = MW_BUF_INIT, value = MW_BUF_INIT;
	struct mw_metric_sample s;
	struct mw_str text;
	size_t n = 0, found = 0;
	int r;

	(void)state;
	mw_info_set(&c->info, "a\"b\\c\nd", "x y}", "");
	mw_count_add(&c->matrix[1][2], 7);
	mw_metrics_write(rows, c, MW_METRIC_OPEN, &b);
	text = (struct mw_str){.p = b.p, .n = b.n};
	while ((r = mw_metric_take(&text, &s)) == 1) {
		n++;
		if (mw_str_eq(s.name, "t_matrix_total") && mw_str_eq(mw_metric_word(&s, "s"), "y") &&
		    mw_str_eq(mw_metric_word(&s, "f"), "b")) {
			assert_true(s.value > 6.9 && s.value < 7.1);
			found++;
		}
		if (mw_str_eq(s.name, "t_info_info")) {
			assert_true(mw_metric_value(&s, "u", &value));
			assert_string_equal(mw_buf_text(&value), "a\"b\\c\nd");
			assert_true(mw_str_eq(mw_metric_word(&s, "v"), "x y}"));
			assert_false(mw_metric_value(&s, "z", &value));
			found++;
		}
	}
	assert_int_equal(r, 0);
	assert_int_equal(found, 2);
	assert_int_equal(n, 1 + 4 + 1 + 3 * 26 + 3 + 1);
	mw_buf_free(&value);
	mw_buf_free(&b);
}

static void what_is_no_sample_is_refused(void **state)
{
	static const char *const bad[] = {
	    "x",    "x ",   "x{",    "x{a",  "x{a=b} 1",    "x{a=\"b} 1",   "x{a=\"b\" 1", "x{a=\"b\"c=\"d\"} 1",
	    "1x 1", " x 1", "x one", "x 1e", "x{a=\"b\"}1", "x{a=\"\\\"} 1"};
	static const char *const good[] = {
	    "x 1", "x{} 1", "x{a=\"b\"} 1\n", "x{a=\"b\",} 1", "x:y_z9 -1.5e3 12345", "x +Inf\r\n", "\n\n# x\nx NaN"};
	struct mw_metric_sample s;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct mw_str text = mw_str(bad[i]);

		assert_int_equal(mw_metric_take(&text, &s), -EINVAL);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct mw_str text = mw_str(good[i]);

		assert_int_equal(mw_metric_take(&text, &s), 1);
		assert_int_equal(mw_metric_take(&text, &s), 0);
	}
}

static void processes(void **state)
{
	struct mw_process p = MW_PROCESS_NONE;
	struct mw_buf b = MW_BUF_INIT;

	(void)state;
	mw_process_open(&p, (long)getpid());
	mw_process_write(&p, MW_METRIC_TEXT, &b);
	assert_non_null(strstr(mw_buf_text(&b), "\nprocess_resident_memory_bytes "));
	assert_non_null(strstr(mw_buf_text(&b), "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total "));
	assert_non_null(strstr(mw_buf_text(&b), "\nprocess_open_fds "));
	mw_process_close(&p);
	mw_buf_clear(&b);
	mw_process_write(&p, MW_METRIC_TEXT, &b);
	assert_int_equal(b.n, 0);
	mw_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tells_counters),
	    cmocka_unit_test(tells_times),
	    cmocka_unit_test(tells_the_longest),
	    cmocka_unit_test(names_are_bounded),
	    cmocka_unit_test(names_mend),
	    cmocka_unit_test(values_are_escaped),
	    cmocka_unit_test(children_count),
	    cmocka_unit_test(texts_belong_together),
	    cmocka_unit_test(what_is_told_is_read),
	    cmocka_unit_test(what_is_no_sample_is_refused),
	    cmocka_unit_test(processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
