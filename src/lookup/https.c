/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/https.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "lookup/addresses.h"
#include "lookup/curl_loop.h"
#include "lookup/name.h"

#define HEADERS_MAX 65536 /* octets of header fields of an answer */

enum state { WAITING = 0, RESOLVING, RUNNING };

struct fetch {
	TAILQ_ENTRY(fetch) link;
	struct mw_https *h;
	mw_https_done *done;
	void *ctx;
	enum state state;
	struct event *deadline;
	struct mw_addresses_query *addresses;
	CURLU *url;
	CURL *easy;
	struct curl_slist *resolve, *fields;
	char *host, *type;
	uint16_t port;
	size_t max, header_octets;
	struct mw_buf post, body;
	bool posts, too_large, forbidden;
};

TAILQ_HEAD(fetches, fetch);

struct mw_https {
	struct mw_https_options options;
	char *ca_file;
	struct mw_curl_loop *loop;
	struct event *turn;		 /* fires when one that waits may have its turn */
	struct fetches waiting, working; /* the oldest first */
	unsigned n_waiting, n_working;
	bool global;
};

/* ---- the end -------------------------------------------------------------------------------------------------------------------- */

static void drop(struct fetch *f)
{
	if (f->deadline)
		event_free(f->deadline);
	mw_addresses_cancel(f->addresses);
	if (f->easy)
		curl_easy_cleanup(f->easy);
	curl_slist_free_all(f->resolve);
	curl_slist_free_all(f->fields);
	curl_url_cleanup(f->url);
	curl_free(f->host);
	free(f->type);
	mw_buf_free(&f->post);
	mw_buf_free(&f->body);
	free(f);
}

static void finish(struct fetch *f, enum mw_https_end end, long status, const char *why)
{
	struct mw_https *h = f->h;
	const struct mw_https_reply reply = {
	    .end = end,
	    .status = status,
	    .body = {.p = mw_buf_text(&f->body), .n = end == MW_HTTPS_ANSWER ? f->body.n : 0},
	    .why = why,
	};

	if (f->state == WAITING) {
		TAILQ_REMOVE(&h->waiting, f, link);
		h->n_waiting--;
	} else {
		TAILQ_REMOVE(&h->working, f, link);
		h->n_working--;
	}
	if (f->state == RUNNING)
		mw_curl_loop_remove(h->loop, f->easy);
	f->done(f->ctx, &reply);
	drop(f);
	if (h->n_waiting > 0)
		event_active(h->turn, EV_TIMEOUT, 0);
}

static void on_deadline(evutil_socket_t fd, short what, void *ctx)
{
	static const char *const why[] = {"no turn within its time", "DNS took too long", "the server took too long"};
	struct fetch *f = ctx;

	(void)fd;
	(void)what;
	finish(f, MW_HTTPS_FAILED, 0, why[f->state]);
}

/* ---- the answer ----------------------------------------------------------------------------------------------------------------- */

static bool has_type(CURL *easy, const char *type)
{
	char *value = NULL;
	struct mw_str given;
	const char *end;

	if (curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &value) != CURLE_OK || !value)
		return false;
	given = mw_str(value);
	end = memchr(given.p, ';', given.n);
	if (end)
		given.n = (size_t)(end - given.p);
	return mw_str_caseeq(mw_str_trim(given), type);
}

/* Words of ours: libcurl's own error texts have names from the certificate in them. */
static void finish_failed(struct fetch *f, CURLcode code)
{
	if (f->forbidden)
		finish(f, MW_HTTPS_FORBIDDEN, 0, "its address is not public");
	else if (code == CURLE_PEER_FAILED_VERIFICATION)
		finish(f, MW_HTTPS_UNTRUSTED, 0, "its certificate does not hold");
	else if (code == CURLE_SSL_CONNECT_ERROR)
		finish(f, MW_HTTPS_FAILED, 0, "no TLS of version 1.2 or later with it");
	else
		finish(f, MW_HTTPS_FAILED, 0, curl_easy_strerror(code));
}

static void on_ended(CURL *easy, CURLcode code)
{
	struct fetch *f = NULL;
	char why[64];
	long status = 0;

	(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &f);
	(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	(void)snprintf(why, sizeof(why), "HTTP status %ld", status);
	if (status > 200)
		finish(f, status >= 500 ? MW_HTTPS_FAILED : MW_HTTPS_STATUS, status, why);
	else if (f->too_large)
		finish(f, MW_HTTPS_REFUSED, status, "the answer is too large");
	else if (code != CURLE_OK)
		finish_failed(f, code);
	else if (!mw_buf_ok(&f->body))
		finish(f, MW_HTTPS_FAILED, status, "no memory");
	else if (f->type && !has_type(easy, f->type))
		finish(f, MW_HTTPS_REFUSED, status, "the answer is of another media type");
	else
		finish(f, MW_HTTPS_ANSWER, status, "");
}

/* Ends a transfer that has told enough: too much, or another status, whose body nobody wants. */
static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
	struct fetch *f = ctx;
	long status = 0;

	n *= size;
	(void)curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		return n > 0 ? 0 : 1;
	f->too_large = n > f->max - f->body.n;
	if (f->too_large)
		return 0;
	mw_buf_add(&f->body, p, n);
	return mw_buf_ok(&f->body) ? n : 0;
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
	struct fetch *f = ctx;

	(void)p;
	n *= size;
	f->header_octets += n;
	f->too_large = f->header_octets > HEADERS_MAX;
	return f->too_large ? 0 : n;
}

/* The last word on addresses: nothing that libcurl may do on its own leads to another one. */
static curl_socket_t on_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct fetch *f = ctx;

	if (purpose != CURLSOCKTYPE_IPCXN || (!f->h->options.allow_private && !mw_address_public(&address->addr))) {
		f->forbidden = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
}

/* ---- the request ---------------------------------------------------------------------------------------------------------------- */

static CURLcode set_trust(struct fetch *f)
{
	CURL *c = f->easy;
	CURLcode rc = curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);

	rc |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	rc |= curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (f->h->ca_file) {
		rc |= curl_easy_setopt(c, CURLOPT_CAINFO, f->h->ca_file);
		rc |= curl_easy_setopt(c, CURLOPT_CAPATH, NULL); /* or the system's would count as well */
	}
	return rc;
}

static CURLcode set_connection(struct fetch *f)
{
	CURL *c = f->easy;
	CURLcode rc = curl_easy_setopt(c, CURLOPT_CURLU, f->url);

	rc |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	rc |= curl_easy_setopt(c, CURLOPT_PROXY, ""); /* none, whatever the environment says */
	rc |= curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
	rc |= curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	rc |= curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	rc |= curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	rc |= curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L); /* no connections to strangers stay open */
	rc |= curl_easy_setopt(c, CURLOPT_RESOLVE, f->resolve);
	rc |= curl_easy_setopt(c, CURLOPT_DNS_CACHE_TIMEOUT,
			       3600L); /* longer than any fetch: what is set above holds for all of it */
	rc |= curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_open);
	rc |= curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, f);
	return rc;
}

static CURLcode set_content(struct fetch *f)
{
	CURL *c = f->easy;
	CURLcode rc = curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);

	rc |= curl_easy_setopt(c, CURLOPT_WRITEDATA, f);
	rc |= curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	rc |= curl_easy_setopt(c, CURLOPT_HEADERDATA, f);
	rc |= curl_easy_setopt(c, CURLOPT_PRIVATE, f);
	rc |= curl_easy_setopt(c, CURLOPT_USERAGENT, "milward");
	if (f->posts) {
		rc |= curl_easy_setopt(c, CURLOPT_POST, 1L);
		rc |= curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)f->post.n);
		rc |= curl_easy_setopt(c, CURLOPT_POSTFIELDS, mw_buf_text(&f->post));
		rc |= curl_easy_setopt(c, CURLOPT_HTTPHEADER, f->fields);
	}
	return rc;
}

static void transfer(struct fetch *f)
{
	struct mw_err err;

	f->easy = curl_easy_init();
	if (!f->easy || set_trust(f) != CURLE_OK || set_connection(f) != CURLE_OK || set_content(f) != CURLE_OK) {
		finish(f, MW_HTTPS_FAILED, 0, "libcurl does not take the request");
		return;
	}
	if (mw_curl_loop_add(f->h->loop, f->easy, &err) < 0) {
		finish(f, MW_HTTPS_FAILED, 0, err.text);
		return;
	}
	f->state = RUNNING;
}

/* "+HOST:PORT:ADDRESS,ADDRESS": found in libcurl's memory of names for as long as the fetch may take, and not for ever. */
static bool set_addresses(struct fetch *f, const struct mw_addresses *found)
{
	struct mw_buf line = MW_BUF_INIT;

	mw_buf_printf(&line, "+%s:%u:", f->host, f->port);
	for (size_t i = 0; i < found->n; i++) {
		bool six = strchr(found->text[i], ':') != NULL;

		mw_buf_printf(&line, "%s%s%s%s", i ? "," : "", six ? "[" : "", found->text[i], six ? "]" : "");
	}
	if (mw_buf_ok(&line))
		f->resolve = curl_slist_append(NULL, mw_buf_text(&line));
	mw_buf_free(&line);
	return f->resolve != NULL;
}

static void on_addresses(void *ctx, enum mw_addresses_end end, const struct mw_addresses *found, const char *why)
{
	struct fetch *f = ctx;

	f->addresses = NULL;
	switch (end) {
	case MW_ADDRESSES_FOUND:
		if (set_addresses(f, found))
			transfer(f);
		else
			finish(f, MW_HTTPS_FAILED, 0, "no memory");
		break;
	case MW_ADDRESSES_NONE:
		finish(f, MW_HTTPS_NO_HOST, 0, "DNS has no address of it");
		break;
	case MW_ADDRESSES_FORBIDDEN:
		finish(f, MW_HTTPS_FORBIDDEN, 0, "its address is not public");
		break;
	case MW_ADDRESSES_FAILED:
		finish(f, MW_HTTPS_FAILED, 0, why);
		break;
	}
}

static bool is_address(const char *host)
{
	struct in6_addr address;

	return *host == '[' || inet_pton(AF_INET, host, &address) == 1;
}

/* ---- turns ---------------------------------------------------------------------------------------------------------------------- */

static void start(struct fetch *f)
{
	struct mw_https *h = f->h;
	struct mw_err err;

	TAILQ_REMOVE(&h->waiting, f, link);
	h->n_waiting--;
	TAILQ_INSERT_TAIL(&h->working, f, link);
	h->n_working++;
	f->state = RESOLVING;
	if (is_address(f->host))
		transfer(f);
	else if (mw_addresses_ask(h->options.dns, f->host, h->options.allow_private, on_addresses, f, &f->addresses, &err) < 0)
		finish(f, MW_HTTPS_FAILED, 0, err.text);
}

static bool host_is_busy(const struct mw_https *h, const char *host)
{
	const struct fetch *f;
	unsigned n = 0;

	TAILQ_FOREACH(f, &h->working, link)
	n += strcmp(f->host, host) == 0;
	return n >= h->options.most_a_host;
}

static struct fetch *next_waiting(const struct mw_https *h)
{
	struct fetch *f;

	TAILQ_FOREACH(f, &h->waiting, link)
	{
		if (!host_is_busy(h, f->host))
			return f;
	}
	return NULL;
}

static void on_turn(evutil_socket_t fd, short what, void *ctx)
{
	struct mw_https *h = ctx;
	struct fetch *f;

	(void)fd;
	(void)what;
	while (h->n_working < h->options.most && (f = next_waiting(h)) != NULL)
		start(f);
}

/* ---- from outside --------------------------------------------------------------------------------------------------------------- */

static int read_port(struct fetch *f, bool https, bool plain, struct mw_err *err)
{
	char *text = NULL, number[8];
	unsigned long port = https ? 443 : 80;

	if (curl_url_get(f->url, CURLUPART_PORT, &text, 0) == CURLUE_OK) {
		port = strtoul(text, NULL, 10);
		curl_free(text);
		if (!plain || port > UINT16_MAX || (port < 1024 && port != 80 && port != 443))
			return mw_fail(err, -EINVAL, "a URL with a port that is not asked");
	} else if (https && f->h->options.port) {
		port = f->h->options.port;
		(void)snprintf(number, sizeof(number), "%lu", port);
		if (curl_url_set(f->url, CURLUPART_PORT, number, 0) != CURLUE_OK)
			return mw_fail_memory(err);
	}
	f->port = (uint16_t)port;
	return 0;
}

static int read_url(struct fetch *f, const struct mw_https_request *request, struct mw_err *err)
{
	char *scheme = NULL, name[MW_NAME_MAX + 1];
	bool https, http;

	f->url = curl_url();
	if (!f->url)
		return mw_fail_memory(err);
	if (curl_url_set(f->url, CURLUPART_URL, request->url, CURLU_DISALLOW_USER) != CURLUE_OK ||
	    curl_url_get(f->url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(f->url, CURLUPART_HOST, &f->host, 0) != CURLUE_OK) {
		curl_free(scheme);
		return mw_fail(err, -EINVAL, "no URL that can be asked");
	}
	https = strcmp(scheme, "https") == 0;
	http = strcmp(scheme, "http") == 0;
	curl_free(scheme);
	if (!https && !(http && request->plain))
		return mw_fail(err, -EINVAL, "a URL that is not of https");
	if (!is_address(f->host) && !mw_name_take(mw_str(f->host), name))
		return mw_fail(err, -EINVAL, "a URL whose host is no name");
	return read_port(f, https, request->plain, err);
}

static int read_request(struct fetch *f, const struct mw_https_request *request, struct mw_err *err)
{
	int64_t most = f->h->options.timeout, ms = most && most < request->timeout ? most : request->timeout;
	const struct timeval time = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
	char field[128];

	f->max = request->max;
	if (request->type) {
		f->type = strdup(request->type);
		if (!f->type)
			return mw_fail_memory(err);
	}
	if (request->post_type) {
		f->posts = true;
		mw_buf_add(&f->post, request->post.p, request->post.n);
		(void)snprintf(field, sizeof(field), "Content-Type: %s", request->post_type);
		f->fields = curl_slist_append(NULL, field);
		if (!f->fields || !mw_buf_ok(&f->post))
			return mw_fail_memory(err);
	}
	f->deadline = evtimer_new(f->h->options.base, on_deadline, f);
	if (!f->deadline || evtimer_add(f->deadline, &time) != 0)
		return mw_fail_memory(err);
	return 0;
}

int mw_https_fetch(struct mw_https *h, const struct mw_https_request *request, mw_https_done *done, void *ctx, struct mw_err *err)
{
	struct fetch *f;
	int rc;

	if (h->n_waiting >= h->options.most_waiting)
		return mw_fail(err, -EBUSY, "too many fetches wait");
	f = malloc(sizeof(*f));
	if (!f)
		return mw_fail_memory(err);
	*f = (struct fetch){.h = h, .done = done, .ctx = ctx};
	rc = read_url(f, request, err);
	if (rc == 0)
		rc = read_request(f, request, err);
	if (rc < 0) {
		drop(f);
		return rc;
	}
	TAILQ_INSERT_TAIL(&h->waiting, f, link);
	h->n_waiting++;
	event_active(h->turn, EV_TIMEOUT, 0);
	return 0;
}

static unsigned or_default(unsigned value, unsigned standard)
{
	return value ? value : standard;
}

static int set_up(struct mw_https *h, const struct mw_https_options *options, struct mw_err *err)
{
	if (options->ca_file) {
		if (access(options->ca_file, R_OK) < 0)
			return mw_fail(err, -errno, "%s: %s", options->ca_file, strerror(errno));
		h->ca_file = strdup(options->ca_file);
		if (!h->ca_file)
			return mw_fail_memory(err);
	}
	h->global = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
	if (!h->global)
		return mw_fail(err, -EIO, "libcurl does not start");
	h->turn = event_new(options->base, -1, 0, on_turn, h);
	if (!h->turn)
		return mw_fail_memory(err);
	return mw_curl_loop_new(options->base, on_ended, &h->loop, err);
}

int mw_https_new(const struct mw_https_options *options, struct mw_https **ret, struct mw_err *err)
{
	struct mw_https *h = malloc(sizeof(*h));
	int rc;

	if (!h)
		return mw_fail_memory(err);
	*h = (struct mw_https){.options = *options};
	h->options.most = or_default(options->most, 32);
	h->options.most_a_host = or_default(options->most_a_host, 4);
	h->options.most_waiting = or_default(options->most_waiting, 1024);
	TAILQ_INIT(&h->waiting);
	TAILQ_INIT(&h->working);
	rc = set_up(h, options, err);
	if (rc < 0) {
		mw_https_free(&h);
		return rc;
	}
	*ret = h;
	return 0;
}

void mw_https_free(struct mw_https **https)
{
	struct mw_https *h = *https;
	struct fetch *f;

	if (!h)
		return;
	while ((f = TAILQ_FIRST(&h->waiting)) != NULL || (f = TAILQ_FIRST(&h->working)) != NULL)
		finish(f, MW_HTTPS_FAILED, 0, "stopping");
	mw_curl_loop_free(&h->loop);
	if (h->turn)
		event_free(h->turn);
	if (h->global)
		curl_global_cleanup();
	free(h->ca_file);
	free(h);
	*https = NULL;
}
