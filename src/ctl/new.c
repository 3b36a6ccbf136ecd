/* SPDX-License-Identifier: Apache-2.0 */
/* milwardctl new plugin: a folder to begin a module in, made of the installed examples with another name in them. */
#include "ctl/ctl.h"
#include "installed.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORD "example"
#define NAME_MOST 40u

struct scaffold {
	const char *name;	/* of the module: letters, digits and - */
	char id[NAME_MOST + 1]; /* the same as an identifier of C */
	char folder[PATH_MAX];	/* of the examples */
};

static const char *const kinds[] = {"milter", "checker", "extractor"};

/* ---- one file ---------------------------------------------------------------------------------------------------------------- */

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

/* Where the text stands in C: names of modules are in strings and comments, identifiers in code. */
enum place { CODE, STRING, COMMENT };

static enum place next_place(enum place place, const char *p, const char *begin)
{
	if (place == CODE && *p == '"')
		return STRING;
	if (place == STRING && *p == '"')
		return CODE;
	if (place == CODE && p[0] == '/' && p[1] == '*')
		return COMMENT;
	if (place == COMMENT && p > begin && p[-1] == '*' && p[0] == '/')
		return CODE;
	return place;
}

/* The text with the module's name for the word; a host of the domain .example is none. */
static void write_named(const struct scaffold *s, const char *text, bool is_c, FILE *to)
{
	enum place place = CODE;

	for (const char *p = text; *p;) {
		bool begins = p == text || !is_word(p[-1]);

		if (begins && strncmp(p, WORD, strlen(WORD)) == 0) {
			(void)fputs(is_c && place == CODE ? s->id : s->name, to);
			p += strlen(WORD);
			continue;
		}
		place = next_place(place, p, text);
		(void)putc(*p++, to);
	}
}

static char *read_whole(const char *path)
{
	FILE *f = fopen(path, "r");
	struct stat st;
	char *text = NULL;
	size_t n;

	if (!f)
		return NULL;
	if (fstat(fileno(f), &st) == 0 && st.st_size < 1 << 20 && (text = malloc((size_t)st.st_size + 1)) != NULL) {
		n = fread(text, 1, (size_t)st.st_size, f);
		text[n] = '\0';
	}
	(void)fclose(f);
	return text;
}

/* from/NAME of the example becomes a file of the folder that is named after the module. */
static int make_file(const struct scaffold *s, const char *from, const char *name)
{
	char source[PATH_MAX], target[PATH_MAX], *text;
	bool named = strncmp(name, WORD ".", sizeof(WORD)) == 0;
	FILE *to;
	int n = snprintf(source, sizeof(source), "%s/%s", from, name);
	int m = snprintf(target, sizeof(target), "%s/%s%s", s->name, named ? s->name : name, named ? name + strlen(WORD) : "");

	if (n < 0 || n >= (int)sizeof(source) || m < 0 || m >= (int)sizeof(target))
		return ctl_fail("%s: its path is too long", name);
	text = read_whole(source);
	if (!text)
		return ctl_fail("cannot read %s: %s", source, strerror(errno));
	to = fopen(target, "wx");
	if (!to) {
		free(text);
		return ctl_fail("cannot make %s: %s", target, strerror(errno));
	}
	write_named(s, text, strcmp(name, WORD ".c") == 0, to);
	free(text);
	n = ferror(to);
	if (fclose(to) != 0 || n)
		return ctl_fail("cannot write %s: %s", target, strerror(errno));
	printf("%s\n", target);
	return CTL_OK;
}

static int make_files(const struct scaffold *s)
{
	struct dirent **entry;
	int n = scandir(s->folder, &entry, NULL, alphasort), r = CTL_OK;
	char above[PATH_MAX + 4];

	(void)snprintf(above, sizeof(above), "%s/..", s->folder);
	if (n < 0)
		return ctl_fail("cannot read %s: %s; is the package for developers installed?", s->folder, strerror(errno));
	if (mkdir(s->name, 0777) < 0)
		r = ctl_fail("cannot make the folder %s: %s", s->name, strerror(errno));
	if (r == CTL_OK)
		r = make_file(s, above, "Makefile");
	for (int i = 0; i < n; i++) {
		if (r == CTL_OK && entry[i]->d_name[0] != '.')
			r = make_file(s, s->folder, entry[i]->d_name);
		free(entry[i]);
	}
	free(entry);
	return r;
}

/* ---- the command -------------------------------------------------------------------------------------------------------------- */

static int check_name(struct ctl *ctl, const char *name)
{
	const struct mw_catalog there = mw_loader_catalog(ctl->loader);
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	if (n == 0 || name[n] || n > NAME_MOST || *name == '-' || (*name >= '0' && *name <= '9') || name[n - 1] == '-')
		return ctl_usage("new", "\"%s\": a module is named by small letters, digits and -, %u at most, a letter first",
				 name, NAME_MOST);
	for (const char *const *other = there.names; other && *other; other++)
		if (strcmp(*other, name) == 0)
			return ctl_fail("there is a module \"%s\" already, in %s", name, ctl->modules);
	return CTL_OK;
}

static int find_examples(struct scaffold *s, const char *kind)
{
	const char *share = getenv("MILWARD_SETUP");

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kinds[i], kind) == 0) {
			int n = snprintf(s->folder, sizeof(s->folder), "%s/plugin/%s",
					 share && *share ? share : MW_SETUP_DIR "/..", kind);

			return n > 0 && n < (int)sizeof(s->folder) ? CTL_OK : ctl_fail("the path of the examples is too long");
		}
	return ctl_usage("new", "no kind \"%s\": there are milter, checker and extractor", kind);
}

int ctl_new(struct ctl *ctl, int argc, char **argv)
{
	static const struct option longs[] = {{"kind", required_argument, NULL, 'k'}, {NULL, 0, NULL, 0}};
	struct scaffold s = {.name = NULL};
	const char *kind = "milter";
	int c, r;

	optind = 0;
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c != 'k')
			return ctl_usage("new", "what is that?");
		kind = optarg;
	}
	if (argc - optind != 2 || strcmp(argv[optind], "plugin") != 0)
		return ctl_usage("new", "a plugin, and its name");
	s.name = argv[optind + 1];
	r = check_name(ctl, s.name);
	if (r == CTL_OK)
		r = find_examples(&s, kind);
	if (r != CTL_OK)
		return r;
	for (size_t i = 0; i <= strlen(s.name); i++)
		s.id[i] = s.name[i] == '-' ? '_' : s.name[i];
	r = make_files(&s);
	if (r == CTL_OK)
		printf("\nNow: cd %s && make check, and doc/writing-a-plugin.md tells the rest.\n", s.name);
	return r;
}
