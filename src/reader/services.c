/* SPDX-License-Identifier: Apache-2.0 */
/* services: struct mw_host as extractors find it in a reader: what they give becomes frames. What a message has is not here. */
#include "reader/inside.h"
#include "reader/keeper.h"
#include "reader/tool.h"
#include "reader/wire.h"

#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* What milward keeps of names and words is shorter. */
#define NAME_MAX_OCTETS 2048u
/* No frame is begun for less at the end of a packet. */
#define SOME ((size_t)512)

static struct mw_sink *current; /* of the document in work: to_utf8() is not told */

void mw_sink_use(struct mw_sink *s)
{
	current = s;
}

/* ---- frames ----------------------------------------------------------------------------------------------------------------------- */

int mw_sink_flush(struct mw_sink *s)
{
	ssize_t sent = 0;

	if (s->closed)
		return -EFBIG;
	if (s->n)
		do
			sent = send(s->fd, s->packet, s->n, MSG_NOSIGNAL);
		while (sent < 0 && errno == EINTR);
	s->closed = sent < 0;
	s->open = 0;
	s->n = 0;
	return s->closed ? -EFBIG : 0;
}

int mw_sink_put(struct mw_sink *s, const struct mw_frame *f)
{
	struct mw_buf out = MW_BUF_INIT;
	int r = s->closed ? -EFBIG : mw_frame_put(&out, f);

	if (r == 0 && s->n + out.n > MW_WIRE_PACKET)
		r = mw_sink_flush(s);
	if (r == 0) {
		memcpy(s->packet + s->n, out.p, out.n);
		s->n += out.n;
		s->open = 0;
	}
	mw_buf_free(&out);
	return r == -EMSGSIZE ? -EIO : r;
}

/* Begins a frame of that kind without octets, in a packet with room for some. */
static int open_frame(struct mw_sink *s, uint32_t kind)
{
	const uint32_t head[] = {kind, 0};
	int r = MW_WIRE_PACKET - s->n < MW_WIRE_HEAD + SOME ? mw_sink_flush(s) : 0;

	if (r < 0)
		return r;
	s->open = kind;
	s->head = s->n;
	memcpy(s->packet + s->n, head, MW_WIRE_HEAD);
	s->n += MW_WIRE_HEAD;
	return 0;
}

/* Extractors give text word by word: what is of one kind becomes one frame. */
int mw_sink_pieces(struct mw_sink *s, uint32_t kind, const char *p, size_t n)
{
	int r = s->closed ? -EFBIG : 0;

	while (n && r == 0) {
		size_t room = MW_WIRE_PACKET - s->n, some = n < room ? n : room;
		uint32_t size;

		if (s->open != kind || some == 0) {
			s->open = 0;
			r = open_frame(s, kind);
			continue;
		}
		memcpy(s->packet + s->n, p, some);
		s->n += some;
		size = (uint32_t)(s->n - s->head - MW_WIRE_HEAD);
		memcpy(s->packet + s->head + sizeof(kind), &size, sizeof(size));
		p += some;
		n -= some;
	}
	return r;
}

/* ---- services --------------------------------------------------------------------------------------------------------------------- */

static int sink_text(struct mw_sink *s, const char *utf8, size_t n)
{
	return mw_sink_pieces(s, MW_FRAME_TEXT, utf8, n);
}

/* Longer than any name needs to be, and cut where milward would cut it, too. */
static int put_named(struct mw_sink *s, uint32_t kind, const char *name)
{
	struct mw_frame f = {.kind = kind, .name = name};
	char cut[NAME_MAX_OCTETS + 1];

	if (name && strlen(name) > NAME_MAX_OCTETS) {
		memcpy(cut, name, NAME_MAX_OCTETS);
		cut[NAME_MAX_OCTETS] = '\0';
		f.name = cut;
	}
	return mw_sink_put(s, &f);
}

static int sink_section(struct mw_sink *s, const char *name)
{
	return put_named(s, MW_FRAME_SECTION, name);
}

static int sink_hidden(struct mw_sink *s)
{
	return put_named(s, MW_FRAME_HIDDEN, NULL);
}

static int sink_page(struct mw_sink *s)
{
	return put_named(s, MW_FRAME_PAGE, NULL);
}

static int sink_unread(struct mw_sink *s, const char *reason)
{
	return put_named(s, MW_FRAME_UNREAD, reason);
}

static const char *label(const char *s)
{
	return s && strlen(s) <= NAME_MAX_OCTETS ? s : "";
}

static int member(struct mw_sink *s, const struct mw_member *m)
{
	struct mw_frame f = {.kind = MW_FRAME_MEMBER,
			     .number = m->packed,
			     .flags = m->flags,
			     .name = label(m->type),
			     .charset = label(m->charset),
			     .text = m->name};

	if (f.text.n > NAME_MAX_OCTETS)
		f.text.n = NAME_MAX_OCTETS;
	return mw_sink_put(s, &f);
}

static int member_data(struct mw_sink *s, const char *p, size_t n)
{
	return mw_sink_pieces(s, MW_FRAME_DATA, p, n);
}

static int member_end(struct mw_sink *s, const char *unread)
{
	return put_named(s, MW_FRAME_MEMBER_END, unread);
}

static int to_utf8(struct mw_str data, const char *charset, int (*fn)(void *ctx, const char *utf8, size_t n), void *ctx)
{
	return mw_reader_to_utf8(current, data, charset ? charset : "", fn, ctx);
}

static int host_fail(struct mw_err *err, int code, const char *fmt, ...) MW_PRINTF(3, 4);
static void host_log(struct mw_self *self, struct mw_msg *msg, enum mw_log_level level, const char *event, const char *fmt, ...)
    MW_PRINTF(5, 6);

static int host_fail(struct mw_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	code = mw_failv(err, code, fmt, ap);
	va_end(ap);
	return code;
}

/* What is said once a document is there is dropped: nobody could tell whether it is of the document. */
static void host_log(struct mw_self *self, struct mw_msg *msg, enum mw_log_level level, const char *event, const char *fmt, ...)
{
	char packet[MW_KEEPER_PACKET];
	int head, n;
	va_list ap;

	(void)msg;
	if (current || !self)
		return;
	head = snprintf(packet, 256, "%c%c%s", MW_KEEPER_LOG, (char)level, self->plugin->name) + 1;
	n = snprintf(packet + head, 256, "%s: ", event);
	n = head + (n < 256 ? n : 255);
	va_start(ap, fmt);
	head = vsnprintf(packet + n, sizeof(packet) - (size_t)n, fmt, ap);
	va_end(ap);
	n = head < 0 ? n : head < (int)sizeof(packet) - n ? n + head : (int)sizeof(packet) - 1;
	(void)mw_send_with_fd(self->control, packet, (size_t)n, -1);
}

/* Is this one of the programs that the policy names? */
static bool is_tool(const struct mw_self *self, const char *path)
{
	for (const struct mw_opt *row = self->plugin->options; row && row->name; row++) {
		const char *tool = NULL;

		if (!(row->flags & MW_TOOL) || row->type != MW_PATH || !self->conf)
			continue;
		memcpy(&tool, (const char *)self->conf + row->offset, sizeof(tool));
		if (tool && strcmp(tool, path) == 0)
			return true;
	}
	return false;
}

static int run_beside(struct mw_sink *s, struct mw_program *runs, size_t n, int (*meanwhile)(void *ctx), void *ctx)
{
	for (size_t i = 0; i < n; i++)
		if (!(s->module->granted & MW_POWER_RUN) || !is_tool(s->module, runs[i].argv[0]))
			return -EPERM;
	return mw_tools_run(runs, n, s->null, s->until, meanwhile, ctx);
}

static int run(struct mw_sink *s, const char *const *argv, struct mw_str input, int (*fn)(void *ctx, const char *p, size_t n),
	       void *ctx, int *status)
{
	struct mw_program one = {.argv = argv, .input = input, .fn = fn, .ctx = ctx};
	int r = run_beside(s, &one, 1, NULL, NULL);

	if (r == 0)
		*status = one.status;
	return r;
}

const struct mw_host mw_reader_table = {
    .size = sizeof(struct mw_host),
    .abi_major = MW_ABI_MAJOR,
    .abi_minor = MW_ABI_MINOR,
    .fail = host_fail,
    .log = host_log,
    .sink_text = sink_text,
    .to_utf8 = to_utf8,
    .sink_section = sink_section,
    .sink_hidden = sink_hidden,
    .sink_page = sink_page,
    .sink_unread = sink_unread,
    .member = member,
    .member_data = member_data,
    .member_end = member_end,
    .run = run,
    .run_beside = run_beside,
};
