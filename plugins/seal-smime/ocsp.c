/* SPDX-License-Identifier: Apache-2.0 */
#include "ocsp.h"

#include "socketmap.h"
#include "usable.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SKEW 300     /* seconds that clocks may differ */
#define UNDATED 3600 /* seconds that an answer holds which does not say until when */

static int unknown(char why[SMIME_WHY], const char *text)
{
	(void)snprintf(why, SMIME_WHY, "cannot be known to be unrevoked: %s", text);
	return -EAGAIN;
}

/* "ocsp URL base64"; NULL: no memory, or a URL that is none. */
static char *question_of(const char *url, OCSP_REQUEST *request)
{
	unsigned char *der = NULL;
	int n = i2d_OCSP_REQUEST(request, &der), used;
	size_t room = n > 0 ? strlen(url) + (size_t)n * 4 / 3 + 16 : 0;
	char *q = NULL;

	if (n > 0 && strpbrk(url, " \t\r\n,") == NULL && (strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0))
		q = malloc(room);
	if (q) {
		used = snprintf(q, room, "ocsp %s ", url);
		(void)EVP_EncodeBlock((unsigned char *)q + used, der, n);
	}
	OPENSSL_free(der);
	return q;
}

/* "OK base64" */
static OCSP_RESPONSE *response_of(const char *answer)
{
	size_t n = strlen(answer);
	unsigned char *der;
	const unsigned char *p;
	OCSP_RESPONSE *response = NULL;
	int len;

	if (strncmp(answer, "OK ", 3) != 0 || (n - 3) % 4 || n == 3)
		return NULL;
	der = malloc(n);
	len = der ? EVP_DecodeBlock(der, (const unsigned char *)answer + 3, (int)(n - 3)) : -1;
	p = der;
	for (size_t i = n; len > 0 && i > n - 2 && answer[i - 1] == '='; i--)
		len--; /* EVP_DecodeBlock() counts the padding */
	if (len > 0)
		response = d2i_OCSP_RESPONSE(NULL, &p, len);
	free(der);
	return response;
}

static int revoked(const ASN1_GENERALIZEDTIME *when, bool leaf, char why[SMIME_WHY])
{
	char date[SMIME_DATE] = "an unknown date";
	int64_t at;

	if (usable_time(when, &at))
		smime_date(at, date);
	(void)snprintf(why, SMIME_WHY, "%s on %s", leaf ? "revoked" : "an issuer of it was revoked", date);
	return 0;
}

/* The times of an answer as they are at `now`. */
static bool timely(const ASN1_GENERALIZEDTIME *this_update, const ASN1_GENERALIZEDTIME *next, int64_t now, int64_t *until)
{
	int64_t from, to;

	if (!usable_time(this_update, &from) || from > now + SKEW)
		return false;
	to = from + UNDATED;
	if (next && !usable_time(next, &to))
		return false;
	if (to + SKEW < now)
		return false;
	if (to < *until)
		*until = to;
	return true;
}

static int judge(OCSP_BASICRESP *basic, OCSP_CERTID *id, int64_t now, bool leaf, int64_t *until, char why[SMIME_WHY])
{
	ASN1_GENERALIZEDTIME *when = NULL, *from = NULL, *to = NULL;
	int status, reason;

	if (OCSP_resp_find_status(basic, id, &status, &reason, &when, &from, &to) != 1)
		return unknown(why, "the responder answers for another certificate");
	if (!timely(from, to, now, until))
		return unknown(why, "the responder's answer is out of date");
	if (status == V_OCSP_CERTSTATUS_REVOKED)
		return revoked(when, leaf, why);
	if (status == V_OCSP_CERTSTATUS_GOOD)
		return 1;
	(void)snprintf(why, SMIME_WHY, "its issuer's responder does not know it");
	return 0;
}

static int read_answer(const char *answer, const struct trust *t, STACK_OF(X509) * chain, OCSP_CERTID *id, int64_t now, bool leaf,
		       int64_t *until, char why[SMIME_WHY])
{
	OCSP_RESPONSE *response = response_of(answer);
	OCSP_BASICRESP *basic = NULL;
	int r;

	if (!response)
		r = unknown(why, strncmp(answer, "OK ", 3) ? "the responder cannot be asked now"
							   : "the responder's answer is damaged");
	else if (OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL ||
		 (basic = OCSP_response_get1_basic(response)) == NULL)
		r = unknown(why, "the responder refuses to answer");
	else if (OCSP_basic_verify(basic, chain, t->store, 0) != 1)
		r = unknown(why, "the responder's answer is not signed by one who may");
	else
		r = judge(basic, id, now, leaf, until, why);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	return r;
}

static int ask(const char *lookup, const char *url, OCSP_CERTID *id, int64_t deadline, char **answer, char why[SMIME_WHY])
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	OCSP_CERTID *copy = OCSP_CERTID_dup(id);
	char *question = NULL;
	int r = -ENOMEM;

	if (request && copy && OCSP_request_add0_id(request, copy)) {
		copy = NULL; /* the request's now */
		question = question_of(url, request);
		r = question ? socketmap_ask(lookup, question, deadline, answer) : -EINVAL;
	}
	OCSP_CERTID_free(copy);
	OCSP_REQUEST_free(request);
	free(question);
	if (r == 0)
		return 0;
	(void)snprintf(why, SMIME_WHY, "cannot be known to be unrevoked: %s",
		       r == -ETIME    ? "milward-lookup takes too long"
		       : r == -EINVAL ? "its responder's address cannot be used"
				      : "milward-lookup does not answer");
	return -EAGAIN;
}

/* Certificate i of the chain, whose issuer is i + 1. */
static int check_one(const char *lookup, const struct trust *t, STACK_OF(X509) * chain, int i, int64_t now, int64_t deadline,
		     int64_t *until, char why[SMIME_WHY])
{
	X509 *x = sk_X509_value(chain, i);
	STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(x);
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), x, sk_X509_value(chain, i + 1)); /* what all responders know (RFC 5019) */
	char *answer = NULL;
	int r = 0;

	if (sk_OPENSSL_STRING_num(urls) < 1)
		(void)snprintf(why, SMIME_WHY, "cannot be known to be unrevoked: %s names no responder",
			       i ? "an issuer of it" : "it");
	else if (!id)
		r = unknown(why, "there is no memory");
	else
		r = ask(lookup, sk_OPENSSL_STRING_value(urls, 0), id, deadline, &answer, why);
	if (answer)
		r = read_answer(answer, t, chain, id, now, i == 0, until, why);
	free(answer);
	OCSP_CERTID_free(id);
	X509_email_free(urls);
	ERR_clear_error();
	return r;
}

int ocsp_chain(const char *lookup, const struct trust *t, STACK_OF(X509) * chain, int64_t now, int64_t *until,
	       char why[SMIME_WHY])
{
	int64_t deadline = socketmap_clock() + OCSP_WAIT_MS, end = *until;
	int r = 1;

	for (int i = 0; r == 1 && i + 1 < sk_X509_num(chain); i++)
		r = check_one(lookup, t, chain, i, now, deadline, &end, why);
	if (r == 1)
		*until = end;
	return r;
}
