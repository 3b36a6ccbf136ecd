/* SPDX-License-Identifier: Apache-2.0 */
/* pickup_case: what the unit tests of the store share: a store for each of them, messages in it, and looks into its files. A test fails in
 * these when what they do fails. */
#ifndef MW_TEST_PICKUP_CASE_H
#define MW_TEST_PICKUP_CASE_H

#include "pickup_shelf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

int case_setup(void **state); /* a struct shelf */
int case_teardown(void **state);
#define PICKUP_CASE(name) cmocka_unit_test_setup_teardown(name, case_setup, case_teardown)

void case_put(struct shelf *, struct shelf_message *);
/* Opens it as its link does. Is this its text? */
void case_read(struct shelf *, const struct shelf_message *, const char *text);
/* Another server key. Nobody tells the store of it: it sees it. */
void case_rotate(struct shelf *, uint32_t expect);
/* In the database, past the store: the number that a query gives; a change. */
int case_count(const struct shelf *, const char *sql);
void case_change(const struct shelf *, const char *sql);
unsigned case_crates(const struct shelf *); /* files of crates */

#endif
