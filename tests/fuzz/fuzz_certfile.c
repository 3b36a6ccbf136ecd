/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_certfile: any octets as a file of certificates, and what is said of each. */
#include "plugins/seal-smime/certfile.h"
#include "plugins/seal-smime/names.h"
#include "plugins/seal-smime/usable.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		__builtin_trap();
}

static void look(X509 *x)
{
	struct names names;
	char why[SMIME_WHY] = "", key[NAMES_ADDRESS];

	check(names_of(x, &names) == 0);
	for (size_t i = 0; i < names.n; i++)
		check(names_key(names.v[i], key) && names_have(&names, names.v[i]) && names_equal(names.v[i], names.v[i]));
	names_drop(&names);
	for (enum usable_for what = USABLE_TO_ENCRYPT; what <= USABLE_TO_CERTIFY; what++)
		check(usable_now(x, what, 1790000000, why) || why[0]);
	check(strlen(why) < sizeof(why));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct certfile f;

	check(certfile_parse((const char *)data, size, &f) == 0);
	check(f.why || sk_X509_num(f.certs) || sk_X509_CRL_num(f.crls));
	for (int i = 0; i < sk_X509_num(f.certs); i++)
		look(sk_X509_value(f.certs, i));
	certfile_free(&f);
	return 0;
}
