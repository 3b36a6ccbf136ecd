/* SPDX-License-Identifier: Apache-2.0 */
#include <milward/plugin.h>
MW_PLUGIN(route, "route", .kind = MW_KIND_MILTER, .version = MW_VERSION, .summary = "placeholder");
