/* SPDX-License-Identifier: Apache-2.0 */
/* words: what results are called in header fields, facts and on the terminal. */
#include "auth.h"

const char *mw_auth_word(enum mw_auth_word word)
{
	static const char *const words[] = {
	    [MW_AUTH_NONE] = "none",	       [MW_AUTH_PASS] = "pass",		  [MW_AUTH_FAIL] = "fail",
	    [MW_AUTH_SOFTFAIL] = "softfail",   [MW_AUTH_NEUTRAL] = "neutral",	  [MW_AUTH_POLICY] = "policy",
	    [MW_AUTH_TEMPERROR] = "temperror", [MW_AUTH_PERMERROR] = "permerror",
	};

	return (size_t)word < sizeof(words) / sizeof(words[0]) ? words[word] : "temperror";
}

const char *mw_dmarc_policy(enum mw_dmarc_policy policy)
{
	static const char *const words[] = {
	    [MW_DMARC_ASKS_NOTHING] = "",
	    [MW_DMARC_ASKS_NONE] = "none",
	    [MW_DMARC_ASKS_QUARANTINE] = "quarantine",
	    [MW_DMARC_ASKS_REJECT] = "reject",
	};

	return (size_t)policy < sizeof(words) / sizeof(words[0]) ? words[policy] : "";
}
