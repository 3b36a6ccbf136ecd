/* SPDX-License-Identifier: Apache-2.0 */
/* `milwardctl portal passphrase`: what a sender and a recipient have agreed on. It is on no command line, and never shown. */
#include "pickup/command.h"
#include "pickup/prove.h"

#include <errno.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define LEAST 8u /* characters */

struct phrase {
	const char *recipient, *sender;
	bool remove, list;
	char text[MW_PICKUP_PASSPHRASE];
};

/* ---- reading it ------------------------------------------------------------------------------------------------------------------ */

static bool read_line(char *text, size_t n)
{
	size_t at = 0;
	char c;

	for (;;) { /* not by stdio, whose buffer would keep it */
		ssize_t r = read(STDIN_FILENO, &c, 1);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0 || c == '\n')
			break;
		if (at + 1 == n || c == '\0')
			return false;
		text[at++] = c;
	}
	if (at && text[at - 1] == '\r')
		at--;
	text[at] = '\0';
	return true;
}

static bool ask(const char *prompt, char *text, size_t n)
{
	struct termios was, hidden;
	bool good;

	if (tcgetattr(STDIN_FILENO, &was) < 0)
		return false;
	hidden = was;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) < 0)
		return false;
	fputs(prompt, stderr);
	good = read_line(text, n);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
	fputc('\n', stderr);
	return good;
}

static size_t characters(const char *utf8)
{
	size_t n = 0;

	for (; *utf8; utf8++)
		n += ((unsigned char)*utf8 & 0xc0) != 0x80;
	return n;
}

static bool get(struct mw_command_work *w, struct phrase *p)
{
	char again[MW_PICKUP_PASSPHRASE] = "";
	bool good, terminal = isatty(STDIN_FILENO);

	if (terminal)
		good = ask("Passphrase: ", p->text, sizeof(p->text)) && ask("Once more: ", again, sizeof(again));
	else
		good = read_line(p->text, sizeof(p->text));
	if (!good)
		(void)mw_command_fail(w, "the passphrase cannot be read, or is too long");
	else if (terminal && strcmp(p->text, again) != 0)
		good = (mw_command_fail(w, "these are not the same"), false);
	else if (characters(p->text) < LEAST)
		good = (mw_command_fail(w, "a passphrase needs %u characters at least", LEAST), false);
	explicit_bzero(again, sizeof(again));
	return good;
}

/* ---- the command ------------------------------------------------------------------------------------------------------------------ */

static int list_one(void *ctx, const char *recipient, const char *sender, int64_t created)
{
	const struct mw_command_work *w = ctx;
	char at[MW_COMMAND_TIME];

	if (w->json)
		return mw_command_json_put(json_pack("{s:o, s:o, s:o}", "recipient", mw_command_json_text(recipient), "sender",
						     mw_command_json_text(sender), "created", mw_command_json_time(created)))
			   ? 0
			   : -EIO;
	mw_command_time(created, at);
	printf("%s  ", at);
	mw_command_text(stdout, recipient);
	fputs("  from ", stdout);
	mw_command_text(stdout, *sender ? sender : "any sender");
	putchar('\n');
	return 0;
}

static int change(struct mw_command_work *w, struct phrase *p)
{
	struct mw_err err = {0};
	int r = mw_record(w->recorder, p->remove ? "passphrase-removed" : "passphrase-set", p->sender, p->recipient, w->by, &err);

	if (r == 0)
		r = p->remove ? mw_pickup_passphrase_remove(w->store, p->recipient, p->sender, &err)
			      : mw_pickup_passphrase_set(w->store, p->recipient, p->sender, p->text, w->now, &err);
	if (r == -ENOENT) {
		(void)mw_command_fail(w, "there is none for this recipient and sender");
		return MW_COMMAND_NONE;
	}
	return r < 0 ? mw_command_fail(w, "%s", err.text) : MW_COMMAND_OK;
}

static int work(struct mw_command_work *w, struct phrase *p)
{
	struct mw_err err = {0};

	if (p->list) {
		if (mw_pickup_passphrase_each(w->store, list_one, w, &err) < 0)
			return mw_command_fail(w, "%s", err.code ? err.text : "cannot write");
		return fflush(stdout) == 0 ? MW_COMMAND_OK : MW_COMMAND_FAILED;
	}
	if (p->remove) {
		int r = mw_pickup_passphrase_known(w->store, p->recipient, p->sender, &err);

		if (r == 0) { /* nothing to record */
			(void)mw_command_fail(w, "there is none for this recipient and sender");
			return MW_COMMAND_NONE;
		}
		return r < 0 ? mw_command_fail(w, "%s", err.text) : change(w, p);
	}
	return get(w, p) ? change(w, p) : MW_COMMAND_FAILED;
}

static bool options(struct mw_command_work *w, struct phrase *p, int argc, char **argv)
{
	const struct mw_command_option rows[] = {{"json", .flag = &w->json},
						 {"from", .value = &p->sender},
						 {"remove", .flag = &p->remove},
						 {"list", .flag = &p->list},
						 {0}};
	int n = mw_command_options("passphrase", rows, argc, argv);

	if (p->list)
		return n == 0 && !p->remove;
	p->recipient = n == 1 && strchr(argv[1], '@') ? argv[1] : NULL;
	return p->recipient && !w->json;
}

int mw_portal_passphrase(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	struct mw_command_work w = {0};
	struct phrase p = {.sender = ""};
	int status = MW_COMMAND_FAILED;

	(void)host;
	if (!options(&w, &p, argc, argv))
		return mw_command_usage("passphrase", "ADDRESS [--from SENDER] [--remove] | --list [--json]");
	if (mw_command_open(&w, "passphrase", conf, p.list ? 0 : MW_COMMAND_CHANGES))
		status = work(&w, &p);
	explicit_bzero(p.text, sizeof(p.text));
	mw_command_close(&w);
	return status;
}
