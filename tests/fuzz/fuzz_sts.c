/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_sts: what domains publish about MTA-STS, and what is kept of it. The first octet chooses: r, a record; p, a policy; l, a kept line
 * without its sum, which is put behind it. What is taken must come back the same from its line. */
#include "lookup/sts_file.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_policy(const struct mw_sts_policy *policy)
{
	must(policy->max_age >= 0 && policy->max_age <= MW_STS_AGE_MAX && policy->n_mx <= MW_STS_MX_MAX);
	must(policy->n_mx > 0 || policy->mode == MW_STS_MODE_NONE);
	for (size_t i = 0; i < policy->n_mx; i++)
		must(strlen(policy->mx[i]) > 0 && !strpbrk(policy->mx[i], " :,;\t\r\n") &&
		     mw_sts_policy_names(policy, policy->mx[i]) == (*policy->mx[i] != '*'));
}

static void check_line(const struct mw_sts_kept *kept)
{
	struct mw_buf once = MW_BUF_INIT, twice = MW_BUF_INIT;
	struct mw_sts_kept again;

	mw_sts_line_add(&once, kept);
	must(mw_buf_ok(&once) && memchr(once.p, '\n', once.n) == once.p + once.n - 1);
	must(mw_sts_line_parse(once.p, once.n - 1, &again, NULL) == 0);
	mw_sts_line_add(&twice, &again);
	must(once.n == twice.n && memcmp(once.p, twice.p, once.n) == 0);
	mw_sts_policy_clear(&again.policy);
	mw_buf_free(&once);
	mw_buf_free(&twice);
}

static void policy(const char *p, size_t n)
{
	struct mw_sts_kept kept = {.domain = "clinic.example", .id = "1", .fetched = 1};

	if (mw_sts_policy_parse(p, n, &kept.policy, NULL) < 0)
		return;
	check_policy(&kept.policy);
	check_line(&kept);
	mw_sts_policy_clear(&kept.policy);
}

static void record(const char *p, size_t n)
{
	char id[MW_STS_ID_MAX + 1];

	if (mw_sts_record_parse(p, n, id, NULL) == 0)
		must(strlen(id) > 0 &&
		     strspn(id, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == strlen(id));
}

static void line(const char *p, size_t n)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct mw_buf text = MW_BUF_INIT;
	struct mw_sts_kept kept;

	must(EVP_Digest(p, n, digest, NULL, EVP_sha256(), NULL) == 1);
	mw_buf_add(&text, p, n);
	mw_buf_putc(&text, ' ');
	for (int i = 0; i < 8; i++)
		mw_buf_printf(&text, "%02x", digest[i]);
	if (mw_sts_line_parse(text.p, text.n, &kept, NULL) == 0) {
		check_policy(&kept.policy);
		check_line(&kept);
		mw_sts_policy_clear(&kept.policy);
	}
	mw_buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data;

	if (n == 0)
		return 0;
	if (*p == 'r')
		record(p + 1, n - 1);
	else if (*p == 'p')
		policy(p + 1, n - 1);
	else
		line(p + 1, n - 1);
	return 0;
}
