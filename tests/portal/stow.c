/* SPDX-License-Identifier: Apache-2.0 */
/* stow: puts messages into a store, as milward-seal does, and prints their links. For tests that need no MTA.
 *	stow STORE KEYS [from=A] [to=A] [subject=S] [language=L] [proof=code|passphrase|both] [passphrase=P] [expires=SECONDS] [count=N]
 *		[text=FILE] [html=FILE] [inline=FILE:CID]... [file=FILE:TYPE [name=NAME]]...
 * KEYS is made when it is not there. A file's name is what is behind its last "/", or NAME. */
#include "pickup/crate.h"
#include "pickup/manifest.h"
#include "pickup/prove.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct stow {
	const char *store, *keys, *from, *to, *subject, *language, *passphrase, *text, *html;
	uint32_t proof;
	long expires, count;
	struct mw_manifest_part part[64];
	char *path[64];
	size_t parts;
	struct mw_pickup *p;
	struct mw_pickup_keys *k;
};

static _Noreturn void die(const char *what, const struct mw_err *err)
{
	(void)fprintf(stderr, "stow: %s%s%s\n", what, err ? ": " : "", err ? err->text : "");
	exit(1);
}

static void add_part(struct stow *s, char *value, enum mw_manifest_kind kind)
{
	char *colon = strrchr(value, ':'), *slash;

	if (s->parts == 64 || !colon)
		die(value, NULL);
	*colon++ = '\0';
	slash = strrchr(value, '/');
	s->path[s->parts] = value;
	s->part[s->parts++] = (struct mw_manifest_part){.kind = kind,
							.name = slash ? slash + 1 : value,
							.type = kind == MW_PART_INLINE ? "image/png" : colon,
							.cid = kind == MW_PART_INLINE ? colon : ""};
}

static void take(struct stow *s, char *arg)
{
	char *value = strchr(arg, '=');

	if (!value)
		die(arg, NULL);
	*value++ = '\0';
	if (strcmp(arg, "from") == 0)
		s->from = value;
	else if (strcmp(arg, "to") == 0)
		s->to = value;
	else if (strcmp(arg, "subject") == 0)
		s->subject = value;
	else if (strcmp(arg, "language") == 0)
		s->language = value;
	else if (strcmp(arg, "passphrase") == 0)
		s->passphrase = value;
	else if (strcmp(arg, "text") == 0)
		s->text = value;
	else if (strcmp(arg, "html") == 0)
		s->html = value;
	else if (strcmp(arg, "proof") == 0)
		s->proof = strcmp(value, "both") == 0	      ? 3
			   : strcmp(value, "passphrase") == 0 ? MW_PROOF_PASSPHRASE
							      : MW_PROOF_CODE;
	else if (strcmp(arg, "expires") == 0)
		s->expires = strtol(value, NULL, 10);
	else if (strcmp(arg, "count") == 0)
		s->count = strtol(value, NULL, 10);
	else if (strcmp(arg, "inline") == 0)
		add_part(s, value, MW_PART_INLINE);
	else if (strcmp(arg, "file") == 0)
		add_part(s, value, MW_PART_ATTACHMENT);
	else if (strcmp(arg, "name") == 0 && s->parts)
		s->part[s->parts - 1].name = value;
	else
		die(arg, NULL);
}

/* Its size. */
static uint64_t put_file(struct mw_crate_writer *w, const char *path, uint32_t *object)
{
	static char piece[65536];
	FILE *f = fopen(path, "rb");
	struct mw_err err;
	uint64_t size = 0;
	size_t n;

	if (!f || mw_crate_object(w, object, &err) < 0)
		die(path, NULL);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0) {
		if (mw_crate_write(w, piece, n, &err) < 0)
			die(path, &err);
		size += n;
	}
	(void)fclose(f);
	return size;
}

static void pack(struct stow *s, struct mw_crate_writer *w, int64_t now, struct mw_pickup_ticket *t)
{
	struct mw_manifest m = {.from = s->from,
				.to = s->to,
				.date = "Mon, 1 Jan 2024 10:00:00 +0000",
				.subject = s->subject,
				.message_id = "<stowed@stow.invalid>",
				.sender = s->from,
				.recipient = s->to,
				.received = now,
				.parts = s->parts,
				.part = s->part};
	struct mw_buf json = MW_BUF_INIT;
	struct mw_err err;

	if (s->text)
		(void)put_file(w, s->text, &m.text);
	if (s->html)
		(void)put_file(w, s->html, &m.html);
	for (size_t i = 0; i < s->parts; i++)
		s->part[i].size = put_file(w, s->path[i], &s->part[i].object);
	if (mw_manifest_write(&m, &json, &err) < 0 || mw_crate_end(w, json.p, json.n, &t->size, &t->objects, &err) < 0)
		die("crate", &err);
	mw_buf_free(&json);
}

static void put_message(struct stow *s, long number)
{
	unsigned char secret[MW_PICKUP_SECRET], key[MW_PICKUP_KEY];
	struct mw_pickup_ticket t = {0};
	int64_t now = (int64_t)time(NULL);
	struct mw_crate_writer *w = NULL;
	char name[96], link[MW_PICKUP_LINK], message_id[96];
	struct mw_err err;
	int fd = -1;

	(void)snprintf(name, sizeof(name), "stow %ld %ld %lld", (long)getpid(), number, (long long)now);
	if (mw_pickup_room(s->p, name, &t, &fd, &err) != 0)
		die("room", &err);
	if (mw_pickup_lock_new(s->k, &t.lock, secret, key, &err) < 0 || mw_crate_begin(fd, t.lock.id, key, &w, &err) < 0)
		die("crate", &err);
	pack(s, w, now, &t);
	mw_crate_writer_free(&w);
	t.created = now;
	t.expires = now + s->expires;
	t.proof = s->proof;
	(void)snprintf(t.language, sizeof(t.language), "%s", s->language);
	(void)snprintf(t.origin_message_id, sizeof(t.origin_message_id), "<stowed@stow.invalid>");
	(void)snprintf(t.origin_queue_id, sizeof(t.origin_queue_id), "%ld.%ld", (long)getpid(), number);
	if (mw_pickup_store(s->p, name, &t, s->from, s->to, fd, &err) < 0)
		die("store", &err);
	(void)close(fd);
	(void)snprintf(message_id, sizeof(message_id), "<%ld.%ld@stow.invalid>", (long)getpid(), number);
	if (mw_pickup_noticed(s->p, name, "STOWED", message_id, now, &err) < 0)
		die("noticed", &err);
	mw_pickup_link_text(t.lock.id, secret, link);
	(void)printf("%s\n", link);
}

int main(int argc, char **argv)
{
	struct stow s = {.from = "doctor@clinic.example",
			 .to = "patient@example.net",
			 .subject = "Your results",
			 .language = "en",
			 .proof = MW_PROOF_CODE,
			 .expires = 86400,
			 .count = 1};
	struct mw_err err;

	if (argc < 3)
		die("usage: stow STORE KEYS [name=value]...", NULL);
	s.store = argv[1];
	s.keys = argv[2];
	for (int i = 3; i < argc; i++)
		take(&s, argv[i]);
	if (access(s.keys, F_OK) < 0 && mw_pickup_keys_make(s.keys, (int64_t)time(NULL), &err) < 0)
		die("keys", &err);
	if (mw_pickup_keys_open(s.keys, &s.k, &err) < 0 || mw_pickup_open(s.store, s.k, true, &s.p, &err) < 0)
		die("store", &err);
	if (s.passphrase && mw_pickup_passphrase_set(s.p, s.to, "", s.passphrase, (int64_t)time(NULL), &err) < 0)
		die("passphrase", &err);
	for (long i = 0; i < s.count; i++)
		put_message(&s, i);
	mw_pickup_close(&s.p);
	mw_pickup_keys_close(&s.k);
	return 0;
}
