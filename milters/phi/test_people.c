/* SPDX-License-Identifier: Apache-2.0 */
/* people: who is told apart, and whose health a message speaks of. */
#include "people.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RULE_MRN = 1, RULE_BORN, RULE_PLAN, RULE_NAME, RULE_ILL };
#define DISTANCE 100

/* A number, a name, health: at an octet of the first part's running text. */
#define NUM(r, v, at)                                                                                                            \
	.mark = {.kind = MW_IDENTIFIER,                                                                                          \
		 .rule = (r),                                                                                                    \
		 .value = (v),                                                                                                   \
		 .offset = (at),                                                                                                 \
		 .end = (at) + 5,                                                                                                \
		 .zone = MW_ZONE_BODY,                                                                                           \
		 .text = {"12345", 5}}
/* A day that somebody was born on. */
#define DAY(s, v, at)                                                                                                            \
	.mark = {.kind = MW_IDENTIFIER,                                                                                          \
		 .rule = RULE_BORN,                                                                                              \
		 .value = (v),                                                                                                   \
		 .offset = (at),                                                                                                 \
		 .end = (at) + sizeof(s) - 1,                                                                                    \
		 .zone = MW_ZONE_BODY,                                                                                           \
		 .text = {(s), sizeof(s) - 1}}
#define NAM(s, at)                                                                                                               \
	.mark = {.kind = MW_IDENTIFIER,                                                                                          \
		 .rule = RULE_NAME,                                                                                              \
		 .offset = (at),                                                                                                 \
		 .end = (at) + sizeof(s) - 1,                                                                                    \
		 .zone = MW_ZONE_BODY,                                                                                           \
		 .text = {(s), sizeof(s) - 1}}
#define ILL(at)                                                                                                                  \
	.mark = {.kind = MW_CLINICAL,                                                                                            \
		 .rule = RULE_ILL,                                                                                               \
		 .value = 999,                                                                                                   \
		 .offset = (at),                                                                                                 \
		 .end = (at) + 6,                                                                                                \
		 .zone = MW_ZONE_BODY,                                                                                           \
		 .text = {"asthma", 6}}

struct given {
	struct mark mark;
	uint32_t part, row; /* row: 0 = running text */
	uint32_t zone;	    /* 0 = as it is */
};

static const struct {
	const char *name;
	struct given v[12];
	int64_t people, patients;
} cases[] = {
    {"nothing", {{.part = 0}}, 0, 0},
    {"who without what", {{NUM(RULE_MRN, 1, 0)}}, 1, 0},
    {"what without who", {{ILL(0)}}, 0, 0},
    {"who and what", {{NUM(RULE_MRN, 1, 0)}, {ILL(20)}}, 1, 1},
    {"one person: the whole message", {{NUM(RULE_MRN, 1, 0)}, {ILL(9000)}}, 1, 1},
    {"one person in several ways", {{NAM("Ann Jones", 0)}, {NUM(RULE_BORN, 1, 20)}, {NUM(RULE_MRN, 2, 40)}, {ILL(60)}}, 1, 1},
    {"a name and its parts", {{NAM("JONES, ANN Q.", 0)}, {NAM("Mrs. Jones", 50)}, {NAM("Ann", 90)}, {ILL(99)}}, 1, 1},
    {"one name in three writings",
     {{NAM("Jos\xc3\xa9 Mu\xc3\xb1oz", 0)}, {NAM("JOS\xc3\x89 MUNOZ", 50)}, {NAM("Jose\xcc\x81 Mun\xcc\x83oz", 90)}, {ILL(110)}},
     1,
     1},
    {"the reader, whom the mail greets", {{NAM("Martha", 0)}, {NAM("your", 20)}, {ILL(30)}, {NAM("Martha Jones", 90)}}, 1, 1},
    {"the writer, who signs", {{NAM("My", 0)}, {ILL(10)}, {NAM("told", 30)}, {NAM("Ann Jones", 90)}}, 1, 1},
    {"a relative with a name", {{NAM("grandmother", 0)}, {NAM("Ann Jones", 20)}, {ILL(40)}}, 1, 1},
    {"two of a family", {{NAM("Ann Jones", 0)}, {NAM("Bob Jones", 50)}, {ILL(70)}}, 2, 1},
    {"the one beside it, not the one far away", {{NAM("Ann Jones", 0)}, {NAM("Bob Smith", 500)}, {ILL(520)}}, 2, 1},
    {"both sides of it", {{NAM("Ann Jones", 0)}, {ILL(20)}, {NAM("Bob Smith", 40)}}, 2, 2},
    {"too far from two", {{NAM("Ann Jones", 0)}, {NAM("Bob Smith", 50)}, {ILL(5000)}}, 2, 0},
    {"a list of numbers", {{NUM(RULE_MRN, 1, 0)}, {NUM(RULE_MRN, 2, 10)}, {NUM(RULE_MRN, 3, 20)}, {NUM(RULE_MRN, 1, 30)}}, 3, 0},
    {"a list that a name stands before",
     {{NAM("Ann Jones", 0)}, {NUM(RULE_MRN, 1, 20)}, {NUM(RULE_MRN, 2, 30)}, {NUM(RULE_MRN, 3, 40)}},
     3,
     0},
    {"a second account of somebody who is named",
     {{NAM("Ann Jones", 0)}, {NUM(RULE_PLAN, 1, 20)}, {NUM(RULE_PLAN, 2, 30)}, {ILL(40)}},
     1,
     1},
    {"of the reader", {{NAM("your", 0)}, {NUM(RULE_PLAN, 1, 20)}, {NUM(RULE_PLAN, 2, 30)}, {ILL(40)}}, 1, 1},
    {"two accounts, and nobody named", {{NUM(RULE_PLAN, 1, 20)}, {NUM(RULE_PLAN, 2, 30)}, {ILL(40)}}, 2, 1},
    {"nobody is born twice", {{NAM("Ann Jones", 0)}, {DAY("3/4/1961", 1, 20)}, {DAY("May 6, 1990", 2, 40)}, {ILL(60)}}, 2, 1},
    {"in turns: a whole name, then the surname",
     {{NAM("Ann Jones", 0)}, {NAM("Bob Smith", 20)}, {NAM("Mrs. Jones", 40)}, {NAM("Smith", 60)}, {ILL(70)}},
     2,
     1},
    {"a first name, a surname, and then both",
     {{NAM("Ann", 0)}, {ILL(10)}, {NAM("Mrs. Jones", 20)}, {NAM("Ann Jones", 40)}},
     1,
     1},
    {"a number before the name", {{NUM(RULE_MRN, 1, 0)}, {NAM("Ann Jones", 20)}, {ILL(40)}, {NAM("Ann", 60)}}, 1, 1},
    {"a number before each name",
     {{NUM(RULE_MRN, 1, 0)}, {NAM("Ann Jones", 20)}, {NUM(RULE_MRN, 2, 40)}, {NAM("Bob Smith", 60)}, {ILL(80)}},
     2,
     1},
    {"the Subject names one of two: the whole message",
     {{NAM("Ann Jones", 0), .zone = MW_ZONE_SUBJECT}, {NAM("Bob Smith", 0), .part = 1}, {ILL(5000), .part = 1}},
     2,
     1},
    {"signature: health in it is nobody's", {{NUM(RULE_MRN, 1, 0)}, {ILL(20), .zone = MW_ZONE_SIGNATURE}}, 1, 0},
    {"signature that is none: who and what in it",
     {{NUM(RULE_MRN, 1, 10), .zone = MW_ZONE_SIGNATURE}, {ILL(20), .zone = MW_ZONE_SIGNATURE}},
     1,
     1},
    {"disclaimer", {{NAM("Ann Jones", 0)}, {ILL(30), .zone = MW_ZONE_DISCLAIMER}}, 1, 0},
    {"rows: each its own",
     {{NUM(RULE_MRN, 1, 0), .row = 1},
      {ILL(10), .row = 1},
      {NUM(RULE_MRN, 2, 20), .row = 2},
      {NUM(RULE_MRN, 3, 40), .row = 3},
      {ILL(50), .row = 3},
      {NUM(RULE_MRN, 4, 60), .row = 4}},
     4,
     2},
    {"rows: of most of them it is known",
     {{NUM(RULE_MRN, 1, 0), .row = 1},
      {ILL(10), .row = 1},
      {NUM(RULE_MRN, 2, 20), .row = 2},
      {NUM(RULE_MRN, 3, 40), .row = 3},
      {ILL(50), .row = 3}},
     3,
     3},
    {"rows: names in two columns",
     {{NAM("Jones", 0), .row = 1},
      {NAM("Ann", 10), .row = 1},
      {ILL(15), .row = 1},
      {NAM("Jones", 30), .row = 2},
      {NAM("Bob", 40), .row = 2},
      {ILL(45), .row = 2}},
     2,
     2},
    {"rows: one column that all have",
     {{NUM(RULE_PLAN, 9, 0), .row = 1},
      {NUM(RULE_MRN, 1, 10), .row = 1},
      {NUM(RULE_PLAN, 9, 20), .row = 2},
      {NUM(RULE_MRN, 2, 30), .row = 2},
      {NUM(RULE_PLAN, 9, 40), .row = 3},
      {NUM(RULE_MRN, 3, 50), .row = 3}},
     3,
     0},
    {"rows: the same person twice",
     {{NUM(RULE_MRN, 1, 0), .row = 1}, {ILL(10), .row = 1}, {NUM(RULE_MRN, 1, 20), .row = 2}, {ILL(30), .row = 2}},
     1,
     1},
    {"a table that stands upright",
     {{NAM("Ann Jones", 0), .row = 1}, {NUM(RULE_BORN, 1, 20), .row = 2}, {NUM(RULE_MRN, 2, 40), .row = 3}, {ILL(60), .row = 4}},
     1,
     1},
    {"rows without health, below a sentence with it",
     {{ILL(0)}, {NUM(RULE_MRN, 1, 300), .row = 1}, {NUM(RULE_MRN, 2, 600), .row = 2}, {NUM(RULE_MRN, 3, 900), .row = 3}},
     3,
     3},
    {"an attached list, and a body that says what it is of",
     {{ILL(0)}, {NUM(RULE_MRN, 1, 0), .part = 1, .row = 1}, {NUM(RULE_MRN, 2, 900), .part = 1, .row = 2}},
     2,
     2},
    {"the same text twice, plain and HTML",
     {{NAM("Ann Jones", 0)},
      {NUM(RULE_MRN, 1, 20)},
      {ILL(30)},
      {NAM("Ann Jones", 0), .part = 1},
      {NUM(RULE_MRN, 1, 20), .part = 1},
      {ILL(30), .part = 1}},
     1,
     1},
};

static void run(size_t c)
{
	struct mark mark[12];
	struct people found;
	size_t n = 0;
	void *room;

	for (; n < 12 && cases[c].v[n].mark.kind; n++) {
		const struct given *g = cases[c].v + n;

		mark[n] = g->mark;
		mark[n].part = g->part;
		mark[n].row = g->row != 0;
		mark[n].record = g->row;
		mark[n].zone = g->zone ? g->zone : g->mark.zone;
		if (!mark[n].value)
			for (size_t i = 0; i < g->mark.text.n; i++)
				mark[n].value = mark[n].value * 31 + (unsigned char)g->mark.text.p[i];
	}
	/* In any order. */
	for (size_t i = 0; i < n / 2; i++) {
		struct mark other = mark[i];

		mark[i] = mark[n - 1 - i];
		mark[n - 1 - i] = other;
	}
	room = calloc(1, people_room(n));
	assert_non_null(room);
	people_sort(mark, n);
	people_count(mark, n, DISTANCE, room, &found);
	if (found.people != cases[c].people || found.patients != cases[c].patients)
		fail_msg("%s: %lld people, %lld patients", cases[c].name, (long long)found.people, (long long)found.patients);
	free(room);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++)
		run(c);
}

/* A list of many: every row a person, and no quadratic work for a column that all have. */
static void test_many(void **state)
{
	const size_t rows = 20000, n = rows * 3;
	struct mark *mark = calloc(n, sizeof(*mark));
	void *room = calloc(1, people_room(n));
	struct people found;

	(void)state;
	assert_non_null(mark);
	assert_non_null(room);
	for (size_t i = 0; i < n; i++) {
		static const struct given column[] = {{NUM(RULE_PLAN, 1, 0)}, {NUM(RULE_MRN, 0, 0)}, {ILL(0)}};

		mark[i] = column[i % 3].mark;
		mark[i].row = true;
		mark[i].record = (uint32_t)(i / 3);
		mark[i].offset = i * 10;
		mark[i].end = i * 10 + 5;
		if (i % 3 == 1)
			mark[i].value = 1000 + i;
	}
	people_sort(mark, n);
	people_count(mark, n, DISTANCE, room, &found);
	assert_int_equal(found.people, rows);
	assert_int_equal(found.patients, rows);
	free(room);
	free(mark);
	assert_int_equal(people_room(SIZE_MAX / 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_many)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
