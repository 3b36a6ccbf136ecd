/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies as mailers and people write them. In front of each line stands its zone: n(ew), q(uoted), s(ignature), d(isclaimer); a
 * blank line may be anything.
 */
#include "match/rule.h"
#include "match/zones.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static const struct {
	const char *name, *text;
} rows[] = {
    {"nothing", ""},
    {"one line", "n hello"},
    {"plain text", "n Dear Ann,\n\nn the patient came in on Monday.\nn She is well.\n\nn Bob\n"},

    /* ---- quotes ---- */
    {"gmail, answer on top, text/plain", "n Yes, Tuesday works.\n\nq On Mon, Mar 2, 2026 at 9:14 AM Ann Lee <ann@x.example> "
					 "wrote:\n\nq > Does Tuesday work?\nq >\nq > Ann\n"},
    {"gmail, answer on top, wrapped introduction", "n Yes.\n\nq On Mon, Mar 2, 2026 at 9:14 AM Dr. Annabella Lee-Fitzgerald via "
						   "clinic-list <\nq clinic-list@lists.x.example> wrote:\n\nq > Does "
						   "Tuesday work?\n"},
    {"gmail, HTML: no marks",
     "n Yes.\n\nq On Mon, Mar 2, 2026 at 9:14 AM Ann Lee <ann@x.example> wrote:\nq Does Tuesday work?\nq Ann\n"},
    {"gmail, answer below",
     "q On Mon, 2 Mar 2026 at 09:14, Ann Lee <ann@x.example> wrote:\nq > Does Tuesday work?\n\nn Yes, it does.\n\nn Bob\n"},
    {"gmail, between the lines", "q On Mon, 2 Mar 2026 at 09:14, Ann Lee <ann@x.example> wrote:\nq > Does Tuesday work?\nn "
				 "Yes.\nq > And the MRN?\nn 00482913\nq >\nq > "
				 "Ann\nn Bob\n"},
    {"gmail, forwarded", "n FYI\n\nq ---------- Forwarded message ---------\nq From: Ann Lee <ann@x.example>\nq Date: Mon, Mar "
			 "2, 2026 at 9:14 AM\nq Subject: "
			 "Re: visit\nq To: Bob <bob@x.example>\n\n\nq The results are in.\n"},
    {"gmail, old introduction", "n ok\n\nq 2026/3/2 Ann Lee <ann@x.example>:\nq > Does Tuesday work?\n"},
    {"outlook, original message", "n Done.\n\nq -----Original Message-----\nq From: Ann Lee [mailto:ann@x.example]\nq Sent: "
				  "Monday, March 2, 2026 9:14 AM\nq To: Bob\nq "
				  "Subject: RE: visit\n\nq Please send it.\n"},
    {"outlook, a line and a block", "n Done.\n\nq ________________________________\nq From: Ann Lee <ann@x.example>\nq Sent: "
				    "Monday, March 2, 2026 9:14 AM\nq To: Bob "
				    "<bob@x.example>\nq Subject: visit\n\nq Please send it.\n"},
    {"outlook, a block alone",
     "n Done.\n\nq From: Ann Lee <ann@x.example>\nq Sent: Monday, March 2, 2026 9:14 AM\nq To: Bob <bob@x.example>; Carla "
     "<carla@x.example>;\nq Dirk <dirk@x.example>\nq Subject: visit\n\nq Please send it.\n"},
    {"outlook seen by gmail: bold",
     "n Done.\n\nq *From:* Ann Lee <ann@x.example>\nq *Sent:* Monday, March 2, 2026\nq *To:* Bob\nq *Subject:* "
     "visit\n\nq Please.\n"},
    {"outlook in German",
     "n Danke.\n\nq Von: Ann Lee <ann@x.example>\nq Gesendet: Montag, 2. M\xc3\xa4rz 2026 09:14\nq An: Bob\nq Betreff: "
     "Termin\n\nq Bitte.\n"},
    {"outlook in French",
     "n Merci.\n\nq De : Ann Lee <ann@x.example>\nq Envoy\xc3\xa9 : lundi 2 mars 2026 09:14\nq \xc3\x80 : Bob\nq Objet : "
     "visite\n\nq Voici.\n"},
    {"apple mail", "n Sure.\n\nq > On Mar 2, 2026, at 9:14 AM, Ann Lee <ann@x.example> wrote:\nq > \nq > Does Tuesday work?\n"},
    {"apple mail, forwarded",
     "n See below.\n\nq Begin forwarded message:\n\nq From: Ann Lee <ann@x.example>\nq Subject: visit\nq Date: March 2, "
     "2026 at 9:14:00 AM EST\nq To: Bob\n\nq Results.\n"},
    {"thunderbird", "q On 3/2/26 9:14 AM, Ann Lee wrote:\nq > Does Tuesday work?\nn Yes.\n"},
    {"thunderbird, forwarded",
     "n fyi\n\nq -------- Forwarded Message --------\nq Subject: \tvisit\nq Date: \tMon, 2 Mar 2026\nq From: \tAnn "
     "Lee\nq To: \tBob\n\nq Results.\n"},
    {"yahoo",
     "n ok\n\nq     On Monday, March 2, 2026, 09:14:00 AM EST, Ann Lee <ann@x.example> wrote:  \n \nq  Does Tuesday work?\n"},
    {"a list, answer with a name alone", "q Ann Lee <ann@x.example> wrote:\nq > Does Tuesday work?\n\nn Yes.\n"},
    {"a list, several levels",
     "q On Mon, 2 Mar 2026, Ann Lee wrote:\nq > On Sun, 1 Mar 2026, Bob wrote:\nq > > ping\nq > pong\n\nn game over\n"},
    {"french introduction", "n Oui.\n\nq Le lun. 2 mars 2026 \xc3\xa0 09:14, Ann Lee <ann@x.example> a \xc3\xa9"
			    "crit :\nq Mardi ?\n"},
    {"german introduction", "n Ja.\n\nq Am 02.03.2026 um 09:14 schrieb Ann Lee:\nq > Dienstag?\n"},
    {"CR LF", "n Yes.\r\n\r\nq On Mon, 2 Mar 2026 at 09:14, Ann Lee <ann@x.example> wrote:\r\nq > Tuesday?\r\n"},

    /* ---- what is not a quote ---- */
    {"a sentence with wrote", "n On the chart the nurse wrote:\nn dose 5 mg\n"},
    {"somebody said", "n The patient said:\nn it hurts.\n"},
    {"from, with no block", "n From: the front desk\nn we need the MRN of Ann.\n"},
    {"mbox mark", "n >From the clinic we hear nothing.\n"},
    {"on and a date", "n On 3/2/2026 the patient was seen.\nn On 3/4/2026 she was discharged.\n"},
    {"a number is greater", "n glucose\nn 180 > 140\n"},

    /* ---- signatures ---- */
    {"mark", "n See you.\n\ns -- \ns Ann Lee\ns Tel 555-0100\n"},
    {"mark without its blank", "n See you.\n\ns --\ns Ann Lee\ns Tel 555-0100\n"},
    {"mark, then a quote", "n Yes.\n\ns -- \ns Bob\n\nq On Mon, 2 Mar 2026 at 09:14, Ann Lee <ann@x.example> wrote:\nq > ?\n"},
    {"a divider is none",
     "n See below.\n--\nn John Smith fell on Monday and broke his left arm in two places.\nn He is better now.\n"},
    {"closing and block",
     "n The results are in.\n\ns Best regards,\n\ns Ann Lee, MD\ns Harbor Clinic\ns Phone: 555-0100 | Fax: 555-0101\ns "
     "www.harbor.example\n"},
    {"closing and name", "n The results are in.\n\ns Thanks!\ns Ann\n"},
    {"closing above a quote", "n Yes.\n\ns Kind regards\ns Bob Ray\n\nq -----Original Message-----\nq From: Ann\nq hello\n"},
    {"closing, then more text",
     "n Thanks,\nn and please send me the chart of the patient that we talked about on the phone this morning.\n"},
    {"thanks that go on",
     "n Thanks\n\nn Please call the patient back today because she is waiting for her results.\n\ns Bob Ray\ns Nurse, Harbor "
     "Clinic\ns Phone 555-0100\n"},
    {"block without a closing",
     "n The results are in.\n\ns Ann B. Lee, RN\ns Nurse Manager, Harbor Clinic\ns Office: 555-0100\n"},
    {"device", "n ok\n\ns Sent from my iPhone\n"},
    {"device above a quote",
     "n ok\n\ns Sent from my iPhone\n\nq > On Mar 2, 2026, at 9:14 AM, Ann Lee <ann@x.example> wrote:\nq > hi\n"},
    {"a patient at the end is no signature",
     "n Please see the new patient:\n\nn John Smith\nn DOB 4/12/1961\nn Phone 555-0100\n"},
    {"a patient under a closing is no signature", "n Please refill it.\n\nn Thanks,\nn John Smith\nn DOB 4/12/1961\n"},
    {"a patient's address at the end", "n New patient:\n\nn John Smith\nn 12 Main Street\nn Springfield\n"},
    {"a long tail is no signature",
     "n Here.\n\nn --\nn a 1\nn a 2\nn a 3\nn a 4\nn a 5\nn a 6\nn a 7\nn a 8\nn a 9\nn a 10\nn a 11\nn a 12\nn a 13\nn a 14\n"},

    /* ---- disclaimers ---- */
    {"confidentiality notice", "n See attached.\n\nd CONFIDENTIALITY NOTICE: This e-mail is intended only for the named "
			       "addressee and may contain\nd privileged "
			       "information. If you received it in error, notify the sender and delete it.\n"},
    {"signature and notice", "n See attached.\n\ns Regards,\ns Ann Lee\ns Harbor Clinic, 555-0100\n\nd This message is "
			     "confidential and intended solely for the intended "
			     "recipient. Unauthorized disclosure is prohibited.\n"},
    {"notice of two paragraphs below a line",
     "n See attached.\n\nd ------------------------------\nd This email and its attachments are confidential and may be "
     "privileged.\n\nd If you "
     "are not the intended recipient, any dissemination is strictly prohibited. Please delete it.\n"},
    {"notice above a quote", "n Done.\n\nd This communication is confidential, and privileged. If you are not the intended "
			     "recipient, delete it.\n\nq From: Ann\nq "
			     "Sent: Monday\nq To: Bob\nq Subject: x\n\nq hi\n"},
    {"what to do in an emergency",
     "n See attached.\n\nd If you are having a medical emergency, such as chest pain, call 911. This is not read at night.\n"},
    {"an emergency of a patient",
     "n See attached.\n\nn If you are having a medical emergency, Ann, your chart is at the desk.\n"},
    {"footer of a list",
     "n ping\n\nd _______________________________________________\nd Users mailing list\nd Users@lists.x.example\nd "
     "https://lists.x.example/users\n"},
    {"warning of a gateway",
     "d [EXTERNAL] This email originated from outside of the organization. Do not click links.\n\nn The results are in.\n"},
    {"caution of a gateway", "d CAUTION: This email originated from outside of the organization.\nd Do not click links or open "
			     "attachments.\n\nn The results are in.\n"},
    {"notice right below the text, as HTML without paragraphs has it",
     "n Ann fell and broke her hip.\nn See you on Monday.\ns Sent from my iPhone\nd CONFIDENTIALITY NOTICE: This e-mail is "
     "confidential.\nd Delete it.\n"},
    {"the same, wrapped, below a signature",
     "n She is well.\ns -- \ns Ann Lee, RN\ns Harbor Clinic\nd The information contained in this transmission, and all that "
     "comes with\nd it, is privileged and for the intended recipient. Please delete it\nd if you are another.\n"},
    {"text about confidence", "n The matter is confidential. Keep it to yourself, please.\n"},
    {"a patient in what looks like a notice",
     "n This message is confidential, privileged and for the intended recipient: John Smith, DOB "
     "4/12/1961.\n"},
    {"what an HTML part carries unseen",
     "n See attached.\n\ns Thanks,\ns Ann\n\nd This email is confidential and privileged; if received in error, "
     "delete it.\n\f\nn mailto:ann@x.example\nn Title\n"},
    {"a quote, and what is unseen",
     "n Yes.\n\nq On Mon, Mar 2, 2026 at 9:14 AM Ann Lee <ann@x.example> wrote:\nq hello\n\f\nn Title\n"},
    {"text, however external", "n The external review of the message is done.\nn It came out well.\n"},
};

/* The text without the zones in front of its lines, and for each octet the letter of its zone, a blank where it does not matter.
 */
static size_t read_row(const char *marked, const char *line_end, char *text, char *zone)
{
	size_t n = 0;

	while (*marked) {
		size_t len = strcspn(marked, "\n");
		bool has = len > 2 && marked[1] == ' ' && strchr("nqsd", marked[0]);
		char z = has ? marked[0] : ' ';
		size_t skip = has ? 2 : 0, line = len - skip - (len > skip && marked[len - 1] == '\r');

		memcpy(text + n, marked + skip, line);
		memset(zone + n, z, line);
		n += line;
		for (const char *p = marked[len] ? line_end : ""; *p; p++, n++) {
			text[n] = *p;
			zone[n] = z;
		}
		marked += len + (marked[len] == '\n');
	}
	return n;
}

static char letter(uint32_t zone)
{
	switch (zone) {
	case MW_ZONE_BODY:
		return 'n';
	case MW_ZONE_QUOTED:
		return 'q';
	case MW_ZONE_SIGNATURE:
		return 's';
	case MW_ZONE_DISCLAIMER:
		return 'd';
	default:
		return '?';
	}
}

static void test_forms(void **state)
{
	static const char *const line_end[] = {"\n", "\r\n", "\r"};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < 3 * COUNT(rows); i++) {
		const char *name = rows[i / 3].name;
		char text[2000], zone[2000];
		size_t n = read_row(rows[i / 3].text, line_end[i % 3], text, zone), bad = SIZE_MAX;
		struct mw_zones z;

		assert_true(n < sizeof(text));
		assert_int_equal(mw_zones_split((struct mw_str){.p = text, .n = n}, &z), 0);
		for (size_t at = 0; at < n && bad == SIZE_MAX; at++)
			if (zone[at] != ' ' && letter(mw_zones_at(&z, at)) != zone[at])
				bad = at;
		if (bad != SIZE_MAX) {
			wrong++;
			print_error("%s, line end %zu: %c, not %c: %.*s\n", name, i % 3, letter(mw_zones_at(&z, bad)), zone[bad],
				    (int)(n - bad > 40 ? 40 : n - bad), text + bad);
		}
		mw_zones_free(&z);
	}
	assert_int_equal(wrong, 0);
}

static void test_no_text(void **state)
{
	struct mw_zones z = {.n = 0};

	(void)state;
	assert_int_equal(mw_zones_split((struct mw_str){.p = "", .n = 0}, &z), 0);
	assert_int_equal(z.n, 0);
	assert_int_equal(mw_zones_at(&z, 0), MW_ZONE_BODY);
	mw_zones_free(&z);
}

/* Texts on which anything but linear work never ends. */
static void test_linear(void **state)
{
	static const char *const line[] = {"On ",
					   "From: a\n",
					   "On 1 @\n",
					   "> a\n",
					   "--\n",
					   "Thanks,\n",
					   "a b",
					   "confidential privileged delete\n\n",
					   "-- \n\n",
					   ">\n\n",
					   "____________\n",
					   "\r",
					   "a\r",
					   "confidential privileged delete\r\r",
					   "Thanks,\r",
					   "[external email\n"};
	const size_t n = 4u << 20;
	char *text = malloc(n);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < COUNT(line); i++) {
		size_t len = strlen(line[i]);
		struct mw_zones z;

		for (size_t at = 0; at < n; at++)
			text[at] = line[i][at % len];
		assert_int_equal(mw_zones_split((struct mw_str){.p = text, .n = n}, &z), 0);
		assert_true(z.n > 0 && z.v[0].start == 0);
		mw_zones_free(&z);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forms),
	    cmocka_unit_test(test_no_text),
	    cmocka_unit_test(test_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
