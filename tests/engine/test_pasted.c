/* SPDX-License-Identifier: Apache-2.0 */
/* pasted: files that stand in a text, or in what a Macintosh wraps them in. */
#include "setup.h"

#include <string.h>

#define POLICY LOAD_PROBE "load phi grant text\n" RULES "match any then pass\n"
#define MIME(type) "Subject: s\nMIME-Version: 1.0\nContent-Type: " type "\n"
#define TEXT(...) MIME("text/plain") "\n" __VA_ARGS__
#define CARD(...) MIME("text/vcard") "\n" __VA_ARGS__

/* "Name,SSN\nJane,219-09-9998\n" */
#define LIST "Name,SSN\nJane,219-09-9998\n"
#define LIST64 "TmFtZSxTU04KSmFuZSwyMTktMDktOTk5OAo="
#define YENC "x\213\227\217V}}x4t\213\230\217V\\[cWZcWcccb4"
#define BINHEX                                                                                                                   \
	"(This file must be converted with BinHex 4.0)\n\n:#'aTFh3ZBh0f!&4&@&4dG(Kd!!!!!!!D!!!!!!!!6Q&YC5a68di+5Q&ZC5`b-6N\n"    \
	"Y-$NY16Nj1!S!!!!!:\n"
#define LONG                                                                                                                     \
	"Patient: Jane Roe, born 1961-04-12, SSN 219-09-9998, has type 2 diabetes and was seen on 2024-03-01 in the clinic of "  \
	"St. Mary's hospital by Dr. Jones\n"
#define LONG64A "UGF0aWVudDogSmFuZSBSb2UsIGJvcm4gMTk2MS0wNC0xMiwgU1NOIDIxOS0wOS05OTk4LCBo\n"
#define LONG64B "YXMgdHlwZSAyIGRpYWJldGVzIGFuZCB3YXMgc2VlbiBvbiAyMDI0LTAzLTAxIGluIHRoZSBj\n"
#define LONG64C "bGluaWMgb2YgU3QuIE1hcnkncyBob3NwaXRhbCBieSBEci4gSm9uZXMK\n"

struct row {
	const char *name, *mail, *shown;
};

static const struct row rows[] = {
    {"uuencoded", TEXT("Hello,\nbegin 644 list_a.txt\n+4U-.(#(Q.2TP.0H \n`\nend\nbye\nbegin 600 b\n#86)C\n"),
     "== 1 body\nHello,\nbegin 644 list_a.txt\n+4U-.(#(Q.2TP.0H \n`\nend\nbye\nbegin 600 b\n#86)C\n"
     "== 1/ filename\nlist_a.txt\nlist a.txt\nb\n== 1/list_a.txt attachment\nSSN 219-09\n== 1/b attachment\nabc\n"},
    {"uuencoded, with damaged lines", TEXT("begin 644 x.txt\n\"1V\\*\n#(damaged)\n+4U-.(#(Q.2TP.0H \n`\nend\n"),
     "== 1 body\nbegin 644 x.txt\n\"1V\\*\n#(damaged)\n+4U-.(#(Q.2TP.0H \n`\nend\n== 1/ filename\nx.txt\n== 1/x.txt attachment\n"
     "Go SSN 219-09\n"},
    {"words that are no file", TEXT("begin 644 the work\nwe talked about\nbegin 99 x\n#86)C\nbegin 644\n#86)C\n"),
     "== 1 body\nbegin 644 the work\nwe talked about\nbegin 99 x\n#86)C\nbegin 644\n#86)C\n"},
    {"in a text that is encoded",
     MIME("text/plain") "Content-Transfer-Encoding: base64\n\nYmVnaW4gNjQ0IGIudHh0CiM4NilDCmBKZW5kCg==\n",
     "== 1 body\nbegin 644 b.txt\n#86)C\n`Jend\n== 1/ filename\nb.txt\n== 1/b.txt attachment\nabc\n"},
    {"not in HTML", MIME("text/html") "\nbegin 600 b\n#86)C\n", "== 1 body unknown-format\nbegin 600 b\n#86)C\n"},
    {"yEnc", TEXT("see\n=ybegin line=128 size=26 name=my list.csv\n" YENC "\n=yend size=26\nbye\n"), NULL},
    {"yEnc, one part that is all",
     TEXT("=ybegin part=1 total=1 line=128 size=26 name=a.csv\n=ypart begin=1 end=26\n" YENC "\n=yend size=26\n"), NULL},
    {"yEnc, a part",
     TEXT("=ybegin part=2 total=3 line=128 size=99 name=a.csv\n=ypart begin=27 end=52\n" YENC "\n=yend size=26 part=2\n"), NULL},
    {"yEnc, cut off", TEXT("=ybegin line=128 size=26 name=a.csv\n" YENC "\n"), NULL},
    {"yEnc in words", TEXT("=ybegin is how it begins, name=x\n"), "== 1 body\n=ybegin is how it begins, name=x\n"},
    {"BinHex in a text", TEXT("Hello,\n" BINHEX "bye\n"),
     "== 1 body\nHello,\n" BINHEX "bye\n== 1/ filename\n1\n== 1/1 attachment\nlist.csv\n== 1/1/ filename\nlist.csv\n"
     "== 1/1/list.csv attachment\n" LIST},
    {"BinHex", MIME("application/mac-binhex40; name=list.hqx") "\n" BINHEX,
     "== 1.name filename\nlist.hqx\n== 1 attachment\nlist.csv\n== 1/list.hqx/ filename\nlist.csv\n== 1/list.hqx/list.csv "
     "attachment\n" LIST},
    {"BinHex that is none", MIME("application/mac-binhex40") "\nSSN 219-09-9998\n", "== 1 attachment damaged\nSSN 219-09-9998\n"},
    {"AppleSingle",
     MIME("application/applefile") "Content-Transfer-Encoding: "
				   "base64\n\nAAUWAAACAAAAAAAAAAAAAAAAAAAAAAAAAAMAAAADAAAAPgAAAAUAAAAEAAAAQwAAAAo"
				   "AAAABAAAATQAAABphLnR4dE1STiA0ODE1MTZOYW1lLFNTTgpKYW5lLDIxOS0wOS05OTk4Cg==\n",
     "== 1 attachment\na.txt\nMRN 481516\n== 1/ filename\na.txt\n== 1/a.txt attachment\n" LIST},
    {"AppleSingle, cut off",
     MIME("application/applefile") "Content-Transfer-Encoding: "
				   "base64\n\nAAUWAAACAAAAAAAAAAAAAAAAAAAAAAAAAAMAAAADAAAAPgAAAAUAAAAEAAAAQwAAAAo"
				   "AAAABAAAATQAAABphLnR4dE1STiA0ODE1MTZOYW1lLFNTTgo=\n",
     "== 1 attachment damaged\na.txt\nMRN 481516\n== 1/ filename\na.txt\n== 1/a.txt attachment\nName,SSN\n"},
    {"base64", TEXT("see\n" LONG64A LONG64B LONG64C "bye\n"),
     "== 1 body\nsee\n" LONG64A LONG64B LONG64C "bye\n== 1/ filename\n1\n== 1/1 attachment\n" LONG},
    {"base64 in a quotation", TEXT("> see\n> " LONG64A "> " LONG64B ">> " LONG64C "bye\n"),
     "== 1 body\n> see\n> " LONG64A "> " LONG64B ">> " LONG64C "bye\n== 1/ filename\n1\n== 1/1 attachment\n" LONG},
    {"an address that is data", TEXT("![list](data:text/csv;base64," LIST64 ") and data:text/csv;base64, is how it begins\n"),
     "== 1 body\n![list](data:text/csv;base64," LIST64 ") and data:text/csv;base64, is how it begins\n"
     "== 1/ filename\n1\n== 1/1 attachment\n" LIST},
    {"a digest, a key and a long word are no base64",
     TEXT("cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a53832"
	  "7af927da3e\n"
	  "thereisnothinginthislongwordthatcouldbeafilesoitisnoneandnobodywilltakeitforonewhateveritslettersareandhowevermanyofth"
	  "emtherearehere\n"),
     "== 1 "
     "body\ncf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a5383"
     "27af927da3e\n"
     "thereisnothinginthislongwordthatcouldbeafilesoitisnoneandnobodywilltakeitforonewhateveritslettersareandhowevermanyofthemthe"
     "rearehere\n"},
    {"a piece of a message",
     MIME("message/partial; id=x; number=2; total=3") "\nContent-Transfer-Encoding: base64\n\n" LONG64A LONG64B LONG64C,
     "== 1 attachment damaged\n"
     "== 1.raw attachment\nContent-Transfer-Encoding: base64\n\n" LONG64A LONG64B LONG64C
     "== 1.raw/ filename\n1\n== 1.raw/1 attachment\n" LONG},
    {"a card with files in it", CARD("BEGIN:VCARD\nFN:Jane\nPHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\n SkZJRg==\nEND:VCARD\n"),
     "== 1 body\nBEGIN:VCARD\nFN:Jane\nPHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\n SkZJRg==\nEND:VCARD\n\n"
     "BEGIN:VCARD\nFN:Jane\nPHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRg==\nEND:VCARD\n== 1/ filename\n1\n== 1/1 attachment "
     "image\n"},
    {"an old card, and an address for data",
     MIME("text/calendar") "\nATTACH;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=\"li\n "
			   "st.csv\":TmFtZSxTU04K\nSmFuZSwyMTktMDktOTk5OAo=\n\n"
			   "ATTACH:data:text/csv;base64," LIST64 "\nATTACH:https://x.example/;base64,\nX;ENCODING=B:\n",
     NULL},
    {"text/enriched",
     MIME("text/enriched") "\n<bold>219</bold>-09-<fontfamily><param>Times</param>9998</fontfamily>\nand <<x>\n\nnew\n",
     "== 1 body\n<bold>219</bold>-09-<fontfamily><param>Times</param>9998</fontfamily>\nand <<x>\n\nnew\n\n219-09-9998 and "
     "<x>\nnew \n"},
    {"text/richtext", MIME("text/richtext") "\n<bold>219</bold>-09-9998<nl>and <lt>x>\n\nnew\n",
     "== 1 body\n<bold>219</bold>-09-9998<nl>and <lt>x>\n\nnew\n\n219-09-9998\nand <x> new \n"},
};

static void test_rows(void **state)
{
	struct world w;

	(void)state;
	probe_reset();
	world_open(&w, POLICY, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_msg *m = msg_run(&w, "b@x.example", rows[i].mail);

		if (rows[i].shown && strcmp(msg_read(m), rows[i].shown) != 0)
			fail_msg("%s:\n%s\nand not\n%s", rows[i].name, msg_read(m), rows[i].shown);
		mw_msg_free(&m);
	}
	world_close(&w);
}

/* What has octets in it that a test's text cannot show. */
static void test_files(void **state)
{
	static const struct {
		const char *name, *path, *text, *unread;
	} files[] = {
	    {"yEnc", "1/my list.csv", LIST, NULL},
	    {"yEnc, one part that is all", "1/a.csv", LIST, NULL},
	    {"yEnc, a part", "1/a.csv", LIST, "damaged"},
	    {"yEnc, cut off", "1/a.csv", LIST, "damaged"},
	    {"an old card, and an address for data", "1/list.csv", LIST, NULL},
	    {"an old card, and an address for data", "1/2", LIST, NULL},
	};
	struct world w;

	(void)state;
	probe_reset();
	world_open(&w, POLICY, 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const struct row *row = rows;
		const struct mw_part *p;
		struct mw_msg *m;

		while (strcmp(row->name, files[i].name) != 0)
			row++;
		m = msg_run(&w, "b@x.example", row->mail);
		p = msg_part(m, files[i].path);
		if (!p || strcmp(p->text.p, files[i].text) != 0 ||
		    strcmp(p->unread ? p->unread : "", files[i].unread ? files[i].unread : "") != 0)
			fail_msg("%s:\n%s", row->name, msg_read(m));
		mw_msg_free(&m);
	}
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_files)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
