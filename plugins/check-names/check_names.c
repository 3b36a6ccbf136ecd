/* SPDX-License-Identifier: Apache-2.0 */
#include "check_names.h"

/* None of them has an instance. */
#define ROW(name)                                                                                                                \
	static bool row_##name(const void *inst, const char *p, size_t n)                                                        \
	{                                                                                                                        \
		(void)inst;                                                                                                      \
		return check_names_##name(p, n);                                                                                 \
	}
ROW(person)
ROW(labelled)
ROW(known)
ROW(surname)
ROW(listed)
ROW(given)

static const struct mw_check checks[] = {
    {"person", "first name and surname, nothing speaks against a person: where the words around it say that one is meant",
     row_person, 0},
    {"person-labelled", "first name and surname, one of which is a name: behind a label that a patient's name follows",
     row_labelled, 0},
    {"person-known", "first name and surname, and the lists know the first name", row_known, 0},
    {"surname", "a surname, or first name and surname: behind Mr or Mrs", row_surname, 0},
    {"surname-known", "a surname alone that the lists know: where little else says that one is meant", row_listed, 0},
    {"first-name",
     "a first name that the lists know and that is no ordinary word, alone or with an initial; or a whole name with such a first",
     row_given, 0},
    {0},
};

MW_PLUGIN(check_names, "check-names", .kind = MW_KIND_CHECKER, .version = MW_VERSION, .summary = "checks for names of persons",
	  .licence = "Apache-2.0", .checks = checks);
