/* SPDX-License-Identifier: Apache-2.0 */
/* milwardctl consent: looks at files of consents, and adds to them. What a consent is, policy/consent.h knows. */
#include "ctl/ctl.h"

#include "base/str.h"
#include "policy/source.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_OCTETS 4096u

struct consents {
	struct ctl *ctl;
	struct mw_arena *arena;
	struct mw_diags diags;
	struct mw_sources sources;
	struct mw_days days;
	int32_t ending; /* only those that count and end up to this day, MW_DAY_NONE = all */
	bool json;
	size_t shown;
};

static const struct mw_consents *read_file(struct consents *x, const char *file)
{
	uint32_t source;
	size_t errors = x->diags.errors;
	const struct mw_consents *t;

	if (mw_source_read(&x->sources, file, MW_TERMS_MAX, (struct mw_place){.source = UINT32_MAX}, &source) < 0)
		return NULL;
	t = mw_consents_read(x->arena, &x->diags, file, source);
	return x->diags.errors > errors ? NULL : t;
}

/* ---- list --------------------------------------------------------------------------------------------------------- */
static const char *state_of(const struct consents *x, const struct mw_consent_row *row)
{
	/* Of the sender nobody is asked here. */
	struct mw_consent_row any = *row;

	any.senders = 0;
	switch (mw_consent_state(&any, mw_str(""), x->days)) {
	case MW_CONSENT_ENDED:
		return "ended";
	case MW_CONSENT_FUTURE:
		return "to come";
	default:
		return "counts";
	}
}

static void print_row(struct consents *x, const struct mw_consent_row *row, const char *state)
{
	char from[MW_DAY_TEXT], until[MW_DAY_TEXT];

	printf("%-8s ", state);
	ctl_print_cell(row->address, 32);
	printf(" %s  %-10s  ", mw_day_print(row->from, from), mw_day_print(row->until, until));
	ctl_print_safe(mw_str(row->by));
	for (size_t i = 0; i < row->senders; i++) {
		fputs(i ? ", " : "  for ", stdout);
		ctl_print_safe(row->sender[i]);
	}
	fputs(*row->note ? "  \"" : "", stdout);
	ctl_print_safe(mw_str(row->note));
	printf("%s  %s%s%s\n", *row->note ? "\"" : "", ctl_style(x->ctl, CTL_DIM), row->where, ctl_style(x->ctl, CTL_PLAIN));
}

static void print_json(const struct mw_consent_row *row, const char *state)
{
	char from[MW_DAY_TEXT], until[MW_DAY_TEXT];
	json_t *senders = json_array();

	for (size_t i = 0; i < row->senders; i++)
		json_array_append_new(senders, ctl_json_text(row->sender[i]));
	ctl_json_line(json_pack("{s:o, s:o, s:s, s:s, s:s, s:o, s:o, s:s}", "address", ctl_json_text(row->address), "by",
				ctl_json_text(mw_str(row->by)), "from", mw_day_print(row->from, from), "until",
				mw_day_print(row->until, until), "state", state, "senders", senders, "note",
				ctl_json_text(mw_str(row->note)), "at", row->where));
}

static void list_file(struct consents *x, const struct mw_consents *t)
{
	for (size_t i = 0; i < mw_consents_count(t); i++) {
		const struct mw_consent_row *row = mw_consents_row(t, i);
		const char *state = state_of(x, row);

		if (x->ending != MW_DAY_NONE &&
		    (strcmp(state, "counts") != 0 || row->until == MW_DAY_NONE || row->until > x->ending))
			continue;
		if (x->json)
			print_json(row, state);
		else
			print_row(x, row, state);
		x->shown++;
	}
}

static bool parse_days(struct consents *x, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n > 100000)
		return false;
	x->ending = mw_day_after(x->days.today, (unsigned)n);
	return true;
}

/* Options of `list`; the index of the first file, or negative: told. */
static int list_options(struct consents *x, int argc, char **argv)
{
	static const struct option longs[] = {{"ending", required_argument, NULL, 'e'},
					      {"on", required_argument, NULL, 'o'},
					      {"json", no_argument, NULL, 'j'},
					      {NULL, 0, NULL, 0}};
	const char *ending = NULL;
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'e')
			ending = optarg;
		else if (c == 'j')
			x->json = true;
		else if (c == 'o' && (x->days.today = x->days.latest = mw_day_parse(mw_str(optarg))) == MW_DAY_NONE)
			return -ctl_usage("consent", "--on takes a day, as 2026-03-01");
		else if (c == '?')
			return -CTL_USAGE;
	}
	if (ending && !parse_days(x, ending))
		return -ctl_usage("consent", "--ending takes a number of days");
	return optind;
}

/* ---- add ---------------------------------------------------------------------------------------------------------- */
struct addition {
	const char *by, *from, *until, *sender, *note;
};

static void put_quoted(struct mw_buf *out, const char *text)
{
	mw_buf_putc(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			mw_buf_putc(out, '\\');
		mw_buf_putc(out, *text);
	}
	mw_buf_putc(out, '"');
}

static const char *own_login(void)
{
	const struct passwd *p = getpwuid(getuid());

	return p && p->pw_name[0] ? p->pw_name : NULL;
}

static int add_options(struct addition *a, int argc, char **argv)
{
	static const struct option longs[] = {{"by", required_argument, NULL, 'b'},    {"from", required_argument, NULL, 'f'},
					      {"until", required_argument, NULL, 'u'}, {"for", required_argument, NULL, 's'},
					      {"note", required_argument, NULL, 'n'},  {NULL, 0, NULL, 0}};
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		const char **to = c == 'b'   ? &a->by
				  : c == 'f' ? &a->from
				  : c == 'u' ? &a->until
				  : c == 's' ? &a->sender
					     : &a->note;

		if (c == '?')
			return -CTL_USAGE;
		*to = optarg;
	}
	if (optind + 2 != argc)
		return -ctl_usage("consent", "add takes a file and an address");
	if (!a->by || !a->until)
		return -ctl_usage("consent",
				  a->by ? "until when? --until 2027-03-01, or --until none" : "who records it? --by NAME");
	return optind;
}

static int take_back(int fd, off_t size, ssize_t n)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_size == size + n ? ftruncate(fd, size) : -1;
}

/* One line is one write at the end of the file, so nobody reads half of it, and two who add do not mix. */
static int append(const char *file, const struct mw_buf *line)
{
	int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0640), r = CTL_OK;
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return ctl_fail("cannot open %s: %s", file, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return ctl_fail("cannot write %s: not a regular file", file);
	}
	n = write(fd, line->p, line->n);
	if (n > 0 && n < (ssize_t)line->n) /* half a line would spoil what is there; unless another one stands behind it by now */
		(void)take_back(fd, st.st_size, n);
	if (n != (ssize_t)line->n || fsync(fd) < 0)
		r = ctl_fail("cannot write %s: %s", file, n < 0 || n == (ssize_t)line->n ? strerror(errno) : "the disk is full");
	(void)close(fd);
	return r;
}

/* The line is read as the file will be, alone, before it goes there. */
static bool is_good(struct consents *x, const struct mw_buf *line)
{
	uint32_t source;

	if (mw_source_add(&x->sources, "the new line", "the new line", (struct mw_str){.p = line->p, .n = line->n}, &source) < 0)
		return false;
	return mw_consents_read(x->arena, &x->diags, "", source) && x->diags.errors == 0;
}

/* Does the last line of the file end? */
static bool ends_line(const struct consents *x)
{
	const struct mw_source *s = x->diags.sources ? &x->diags.source[0] : NULL;

	return !s || s->n == 0 || s->text[s->n - 1] == '\n';
}

static int consent_add(struct consents *x, int argc, char **argv)
{
	struct addition a = {.by = own_login()};
	int at = add_options(&a, argc, argv), r = CTL_FAILED;
	struct mw_buf line = MW_BUF_INIT;
	char today[MW_DAY_TEXT];
	size_t first;

	if (at < 0)
		return -at;
	if (access(argv[at], F_OK) == 0 && !read_file(x, argv[at]))
		return CTL_FAILED;
	first = ends_line(x) ? 0 : 1;
	mw_buf_puts(&line, first ? "\n" : "");
	mw_buf_printf(&line, "%s ", argv[at + 1]);
	put_quoted(&line, a.by);
	mw_buf_printf(&line, " %s %s", a.from ? a.from : mw_day_print(x->days.today, today), a.until);
	if (a.sender)
		mw_buf_printf(&line, " for %s", a.sender);
	if (a.note) {
		mw_buf_puts(&line, " ");
		put_quoted(&line, a.note);
	}
	if (mw_buf_ok(&line) &&
	    (memchr(line.p + first, '\n', line.n - first) || memchr(line.p, '#', line.n) || line.n > LINE_MAX_OCTETS))
		r = ctl_usage("consent", "a consent is one line of up to %u octets, without \"#\"", LINE_MAX_OCTETS);
	else if (mw_buf_ok(&line)) {
		mw_buf_puts(&line, "\n");
		r = is_good(x, &line) ? append(argv[at], &line) : CTL_FAILED;
	}
	if (!mw_buf_ok(&line))
		r = ctl_fail("out of memory");
	mw_buf_free(&line);
	return r;
}

/* ---- all of it ---------------------------------------------------------------------------------------------------- */
static int each_file(struct consents *x, int files, char **file, bool list)
{
	int r = CTL_OK;

	for (int i = 0; i < files; i++) {
		const struct mw_consents *t = read_file(x, file[i]);

		if (!t)
			r = CTL_FAILED;
		else if (list)
			list_file(x, t);
		else
			printf("%s: %zu consents  %sok%s\n", file[i], mw_consents_count(t), ctl_style(x->ctl, CTL_GREEN),
			       ctl_style(x->ctl, CTL_PLAIN));
	}
	return r;
}

static int consent_list(struct consents *x, int argc, char **argv)
{
	int at = list_options(x, argc, argv);

	if (at < 0)
		return -at;
	return at < argc ? each_file(x, argc - at, argv + at, true) : ctl_usage("consent", "which files?");
}

static int run(struct consents *x, int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "list") == 0)
		return consent_list(x, argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "add") == 0)
		return consent_add(x, argc - 1, argv + 1);
	if (argc > 2 && strcmp(argv[1], "check") == 0)
		return each_file(x, argc - 2, argv + 2, false);
	return ctl_usage("consent", "check, list or add, please");
}

int ctl_consent(struct ctl *ctl, int argc, char **argv)
{
	struct consents x = {.ctl = ctl, .arena = mw_arena_new(0)};
	struct mw_buf out = MW_BUF_INIT;
	int r;

	if (!x.arena)
		return ctl_fail("out of memory");
	x.days.today = x.days.latest = mw_day_today();
	mw_diags_init(&x.diags, x.arena);
	if (mw_sources_open(&x.sources, &x.diags, NULL) < 0)
		r = ctl_fail("out of memory");
	else
		r = run(&x, argc, argv);
	if (x.diags.n) {
		mw_diags_print(&x.diags, ctl->colour_err, &out);
		ctl_print_buf(&out, stderr);
	}
	mw_sources_close(&x.sources);
	mw_arena_free(&x.arena);
	return r;
}
