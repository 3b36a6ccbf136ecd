/* SPDX-License-Identifier: Apache-2.0 */
#include "probe.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what was called --------------------------------------------------------------------------------------------- */
static pthread_mutex_t calls_lock = PTHREAD_MUTEX_INITIALIZER;
static char calls[4096];
static probe_inside inside, early;
static probe_acting acting;

MW_PRINTF(1, 2) static void note(const char *fmt, ...)
{
	size_t n;
	va_list ap;

	(void)pthread_mutex_lock(&calls_lock);
	n = strlen(calls);
	if (n && n + 1 < sizeof(calls))
		calls[n++] = ' ';
	va_start(ap, fmt);
	(void)vsnprintf(calls + n, sizeof(calls) - n, fmt, ap);
	va_end(ap);
	(void)pthread_mutex_unlock(&calls_lock);
}

const char *probe_calls(void)
{
	return calls;
}

void probe_reset(void)
{
	calls[0] = '\0';
	inside = early = NULL;
	acting = NULL;
}

void probe_in_see(probe_inside fn)
{
	inside = fn;
}

void probe_early(probe_inside fn)
{
	early = fn;
}

void probe_in_act(probe_acting fn)
{
	acting = fn;
}

/* ---- the milter -------------------------------------------------------------------------------------------------- */
struct probe_conf {
	struct mw_list fail;   /* hooks and actions that fail */
	struct mw_list unable; /* means that are not there */
	int64_t number;
	bool flag;
	const char *word;
};

struct probe_args {
	const char *text;
	int64_t level;
};

struct probe {
	const struct mw_host *host;
	struct mw_self *self;
	const struct probe_conf *conf;
};

static const struct mw_opt options[] = {
    MW_OPT(LIST, struct probe_conf, fail, "fail"),    MW_OPT(LIST, struct probe_conf, unable, "unable"),
    MW_OPT(INT, struct probe_conf, number, "number"), MW_OPT(BOOL, struct probe_conf, flag, "flag"),
    MW_OPT(STR, struct probe_conf, word, "word"),     {0},
};

static const struct mw_fact facts[] = {
    {.name = "number", .type = MW_INT},
    {.name = "flag", .type = MW_BOOL},
    {.name = "word", .type = MW_STR},
    {0},
};

static const struct mw_word levels[] = {{"any", 0}, {"verified", 1}, {0}};
static const struct mw_opt level_args[] = {
    MW_OPT(WORD, struct probe_args, level, "level", .words = levels, .dflt = "any"),
    {0},
};
static const struct mw_opt text_args[] = {
    MW_OPT(STR, struct probe_args, text, "text"),
    {0},
};

static const struct mw_action actions[] = {
    {.name = "pass", .effect = MW_PASS},
    {.name = "tls", .effect = MW_ROUTE, .args = level_args, .args_size = sizeof(struct probe_args)},
    {.name = "portal", .effect = MW_ROUTE},
    {.name = "tempfail", .effect = MW_TEMPFAIL, .args = text_args, .args_size = sizeof(struct probe_args)},
    {.name = "hold", .effect = MW_HOLD, .args = text_args, .args_size = sizeof(struct probe_args)},
    {.name = "refuse", .effect = MW_REFUSE, .args = text_args, .args_size = sizeof(struct probe_args)},
    {.name = "strip", .effect = MW_EDIT, .args = text_args, .args_size = sizeof(struct probe_args)},
    {.name = "mark", .effect = MW_EDIT, .args = text_args, .args_size = sizeof(struct probe_args)},
    {.name = "seal", .effect = MW_SIGN},
    {.name = "note", .effect = MW_RECORD},
    {0},
};

static bool in_list(const struct mw_list *list, const char *word)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i], word) == 0)
			return true;
	return false;
}

static int maybe_fail(const struct mw_host *host, const struct probe_conf *conf, const char *hook, struct mw_err *err)
{
	return in_list(&conf->fail, hook) ? host->fail(err, -EIO, "probe fails in %s", hook) : 0;
}

static int probe_check(const struct mw_host *host, const void *conf, struct mw_err *err)
{
	note("check");
	return maybe_fail(host, conf, "check", err);
}

static int probe_open(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	struct probe *p = malloc(sizeof(*p));

	note("open");
	if (!p)
		return host->fail(err, -ENOMEM, "out of memory");
	*p = (struct probe){.host = host, .self = self, .conf = conf};
	*inst = p; /* also when it fails: close() gets what is half built */
	return maybe_fail(host, conf, "open", err);
}

static void probe_close(void *inst)
{
	note("close");
	free(inst);
}

static int probe_begin(void *inst, struct mw_msg *msg, void **tx, struct mw_err *err)
{
	struct probe *p = inst;

	note("begin");
	*tx = p->host->alloc(msg, 1);
	if (!*tx)
		return p->host->fail(err, -ENOMEM, "out of memory");
	return maybe_fail(p->host, p->conf, "begin", err);
}

static int probe_see(void *inst, void *tx, struct mw_msg *msg, uint32_t stage, const char *data, size_t n, struct mw_err *err)
{
	const struct probe *p = inst;
	int r;

	(void)tx;
	(void)data;
	note("see:%u:%zu", stage, n);
	if (stage != MW_SEE_MESSAGE && early)
		return early(p->host, p->self, msg, err);
	if (stage != MW_SEE_MESSAGE)
		return maybe_fail(p->host, p->conf, "early", err);
	if (p->host->set_int(p->self, msg, 0, p->conf->number) < 0 || p->host->set_int(p->self, msg, 1, p->conf->flag) < 0)
		return p->host->fail(err, -EINVAL, "a fact was refused");
	if (p->conf->word) {
		r = p->host->set_str(p->self, msg, 2, p->conf->word);
		if (r < 0)
			return p->host->fail(err, r, "a fact was refused");
	}
	r = inside ? inside(p->host, p->self, msg, err) : 0;
	return r < 0 ? r : maybe_fail(p->host, p->conf, "see", err);
}

static int probe_able(void *inst, void *tx, struct mw_msg *msg, const struct mw_order *order, struct mw_err *err)
{
	const struct probe *p = inst;
	const char *name = actions[order->action].name;

	(void)tx;
	(void)msg;
	note("able:%s%s%s:%u", name, order->next ? "+" : "", order->next ? actions[order->next->action].name : "", order->rcpt);
	if (in_list(&p->conf->fail, "able"))
		return p->host->fail(err, -EIO, "probe fails in able");
	if (!in_list(&p->conf->unable, name))
		return 1;
	(void)p->host->fail(err, -ENOENT, "no %s today", name);
	return 0;
}

static int probe_act(void *inst, void *tx, struct mw_msg *msg, const struct mw_order *order, struct mw_err *err)
{
	const struct probe *p = inst;
	const struct probe_args *args = order->args;
	const char *name = actions[order->action].name;
	int r = acting ? acting(p->host, p->self, msg, name, order->rcpt, err) : 0;

	(void)tx;
	if (order->rcpt == MW_ALL)
		note("act:%s", name);
	else
		note("act:%s:%u", name, order->rcpt);
	if (r == 0 && actions[order->action].effect == MW_ROUTE && !in_list(&p->conf->fail, "forget"))
		r = p->host->tag(p->self, msg, order->rcpt, name);
	else if (r == 0 && strcmp(name, "strip") == 0)
		r = p->host->del_fields(p->self, msg, args->text);
	else if (r == 0 && strcmp(name, "mark") == 0)
		r = p->host->add_field(p->self, msg, args->text, " by probe", false);
	else if (r == 0 && strcmp(name, "seal") == 0)
		r = p->host->add_field(p->self, msg, "X-Seal", " sealed", true);
	if (r < 0)
		return err->code ? r : p->host->fail(err, r, "probe cannot %s", name);
	return maybe_fail(p->host, p->conf, name, err);
}

static void probe_end(void *inst, void *tx)
{
	(void)inst;
	(void)tx;
	note("end");
}

MW_DESCRIPTOR(probe, "probe", .kind = MW_KIND_MILTER, .version = "1", .summary = "test",
	      .stages = MW_SEE_MAIL | MW_SEE_BODY | MW_SEE_MESSAGE | MW_SEE_CLOSE,
	      .powers = MW_POWER_HEADERS | MW_POWER_TEXT | MW_POWER_EDIT | MW_POWER_ROUTE, .options = options,
	      .conf_size = sizeof(struct probe_conf), .facts = facts, .actions = actions,
	      .hooks = {.check = probe_check,
			.open = probe_open,
			.begin = probe_begin,
			.see = probe_see,
			.able = probe_able,
			.act = probe_act,
			.end = probe_end,
			.close = probe_close});

/* ---- the extractor: does what the part says ---------------------------------------------------------------------- */
static const char *const types[] = {"application/x-probe", "text/x-probe-*", NULL};
static int text_open(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	(void)self;
	(void)conf;
	(void)err;
	*inst = (void *)(uintptr_t)host; /* all it needs */
	return 0;
}

static bool begins(struct mw_str data, const char *word)
{
	return data.n >= strlen(word) && memcmp(data.p, word, strlen(word)) == 0;
}

static int text_extract(void *inst, const struct mw_document *doc, struct mw_sink *sink, const char **reason, struct mw_err *err)
{
	const struct mw_host *host = inst;
	const struct mw_str data = doc->data;

	if (begins(data, "encrypted")) {
		*reason = "encrypted";
		return -EACCES;
	}
	if (begins(data, "crash")) {
		*reason = "no such word";
		return host->fail(err, -EIO, "extractor broke");
	}
	if (begins(data, "flood")) {
		while (host->sink_text(sink, "flood ", 6) == 0)
			;
		*reason = "limit";
		return -EFBIG;
	}
	if (host->sink_text(sink, doc->type, strlen(doc->type)) < 0 || host->sink_text(sink, " ", 1) < 0)
		return -EFBIG;
	return host->sink_text(sink, data.p, data.n);
}

MW_DESCRIPTOR(probe_text, "probe-text", .kind = MW_KIND_EXTRACTOR, .version = "1", .summary = "test", .types = types,
	      .hooks = {.open = text_open, .extract = text_extract});

/* ---- the checker ------------------------------------------------------------------------------------------------- */
static bool even(const void *inst, const char *p, size_t n)
{
	(void)inst;
	return n && (p[n - 1] & 1) == 0;
}

static const struct mw_check checks[] = {{"probe-even", "last digit is even", even, 0}, {0}};

MW_DESCRIPTOR(probe_check, "probe-check", .kind = MW_KIND_CHECKER, .version = "1", .summary = "test", .checks = checks);

/* ---- a checker with data of a site: one digit ------------------------------------------------------------------- */
struct site_conf {
	const char *digit; /* "" = it is not there */
};

static const struct mw_opt site_options[] = {MW_OPT(STR, struct site_conf, digit, "digit", .dflt = "\"\""), {0}};

static int site_open(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	const struct site_conf *c = conf;

	(void)self;
	note("site:open");
	if (!c->digit[0])
		return host->fail(err, -ENOENT, "cannot open the digit");
	*inst = (void *)(uintptr_t)c->digit;
	return 0;
}

static void site_close(void *inst)
{
	(void)inst;
	note("site:close");
}

static bool site_has(const void *inst, const char *p, size_t n)
{
	return n && p[n - 1] == *(const char *)inst;
}

static const struct mw_check site_checks[] = {{"probe-site", "the site's digit", site_has, MW_CHECK_DATA}, {0}};

MW_DESCRIPTOR(probe_site, "probe-site", .kind = MW_KIND_CHECKER, .version = "1", .summary = "test", .powers = MW_POWER_KEYS,
	      .options = site_options, .conf_size = sizeof(struct site_conf), .checks = site_checks,
	      .hooks = {.open = site_open, .close = site_close});

/* ---- a module that touches the outside --------------------------------------------------------------------------- */
static const struct mw_action keys_actions[] = {
    {.name = "vault", .effect = MW_ROUTE}, {.name = "keep", .effect = MW_RECORD}, {0}};

static int keys_open(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	(void)host;
	(void)self;
	(void)conf;
	(void)inst;
	(void)err;
	note("keys:open");
	return 0;
}

static int keys_act(void *inst, void *tx, struct mw_msg *msg, const struct mw_order *order, struct mw_err *err)
{
	(void)inst;
	(void)tx;
	(void)msg;
	(void)err;
	note("keys:act:%u", order->action);
	return 0;
}

MW_DESCRIPTOR(probe_keys, "probe-keys", .kind = MW_KIND_MILTER, .version = "1", .summary = "test", .powers = MW_POWER_KEYS,
	      .actions = keys_actions, .hooks = {.open = keys_open, .act = keys_act});

/* ---- the options of a program ------------------------------------------------------------------------------------ */
static const struct mw_opt service_options[] = {
    MW_OPT(INT, struct probe_service, low, "low", .dflt = "1", .min = 0, .max = 100),
    MW_OPT(INT, struct probe_service, high, "high", .dflt = "2", .min = 0, .max = 100),
    {0}};

static int service_check(const struct mw_host *host, const void *conf, struct mw_err *err)
{
	const struct probe_service *c = conf;

	note("service:check");
	return c->low > c->high ? host->fail(err, -EINVAL, "low is above high") : 0;
}

MW_DESCRIPTOR(probe_service, "probe-service", .kind = MW_KIND_SERVICE, .version = "1", .summary = "test",
	      .options = service_options, .conf_size = sizeof(struct probe_service), .hooks = {.check = service_check});
