/* SPDX-License-Identifier: Apache-2.0 */
/* fakes: descriptors like those of the real modules, for tests of the policy language. Nothing of them can be called. */
#ifndef MW_TESTS_POLICY_FAKES_H
#define MW_TESTS_POLICY_FAKES_H

#include "policy/plan.h"

extern const struct mw_catalog fake_catalog;

#endif
