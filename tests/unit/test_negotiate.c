/* SPDX-License-Identifier: Apache-2.0 */
/* negotiate: what the MTA must be able to do. */
#include "host/negotiate.h"

#include <errno.h>
#include <libmilter/mfapi.h>
#include <milward/plugin.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void negotiation(void **state)
{
	struct mw_negotiation n, untouched = {1, 2};
	const char *missing;

	(void)state;
	assert_int_equal(mw_negotiate(0, 0x1ff, 0x1fffff, &n, &missing), 0);
	assert_true(n.protocol & SMFIP_NOHELO);
	assert_false(n.protocol & SMFIP_NR_HELO);
	assert_false(n.protocol & (SMFIP_NOMAIL | SMFIP_NORCPT | SMFIP_NOHDRS | SMFIP_NOBODY | SMFIP_SKIP | SMFIP_RCPT_REJ));
	assert_int_equal(mw_negotiate(MW_SEE_HELO, 0x1ff, 0x1fffff, &n, &missing), 0);
	assert_false(n.protocol & SMFIP_NOHELO);
	assert_true(n.protocol & SMFIP_NR_HELO);
	/* Each action that we ask for is needed; the others are not. */
	for (unsigned long bit = 1; bit <= 0x100; bit <<= 1) {
		n = untouched;
		missing = NULL;
		if (mw_negotiate(0, 0x1ff & ~bit, 0x1fffff, &n, &missing) == 0) {
			assert_false(n.actions & bit);
			continue;
		}
		assert_non_null(missing);
		assert_int_equal(n.actions, 1);
	}
	assert_int_equal(mw_negotiate(0, 0x1ff, 0x1fffff & ~SMFIP_HDR_LEADSPC, &n, &missing), -ENOTSUP);
	assert_int_equal(mw_negotiate(0, SMFI_V2_ACTS, SMFI_V2_PROT, &n, &missing), -ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(negotiation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
