/* SPDX-License-Identifier: Apache-2.0 */
/* pickup_expect: what a call of the store is expected to give, for its unit tests; cmocka comes before. `&err` stands in the call. */
#ifndef MW_TEST_PICKUP_EXPECT_H
#define MW_TEST_PICKUP_EXPECT_H

/* Does this fail with the code, and with a word on it? */
#define assert_fails(call, wanted)                                                                                               \
	do {                                                                                                                     \
		struct mw_err err = {0};                                                                                         \
		assert_int_equal((call), (wanted));                                                                              \
		assert_int_equal(err.code, (wanted));                                                                            \
		assert_true(err.text[0]);                                                                                        \
	} while (0)
/* Is this the result? Else the error is told. */
#define assert_gives(call, value)                                                                                                \
	do {                                                                                                                     \
		struct mw_err err = {0};                                                                                         \
		int gave = (call);                                                                                               \
		if (gave != (value))                                                                                             \
			print_error("%s: %s\n", #call, err.text);                                                                \
		assert_int_equal(gave, (value));                                                                                 \
	} while (0)

#endif
