/* SPDX-License-Identifier: Apache-2.0 */
/* milwardctl completion: a script for the shell, made from the same rows as the commands. */
#include "ctl/ctl.h"

#include <stdio.h>
#include <string.h>

static void print_module_commands(struct ctl *ctl, bool cases)
{
	const struct mw_catalog catalog = mw_loader_catalog(ctl->loader);

	for (const char *const *name = catalog.names; name && *name; name++) {
		const struct mw_plugin *plugin = mw_loader_describe(ctl->loader, *name, NULL);

		if (!plugin || !plugin->commands)
			continue;
		if (!cases) {
			printf(" %s", plugin->name);
			continue;
		}
		printf("\t%s) words=\"", plugin->name);
		for (const struct mw_command *c = plugin->commands; c->name; c++)
			printf("%s ", c->name);
		printf("\" ;;\n");
	}
}

int ctl_completion(struct ctl *ctl, int argc, char **argv)
{
	if (argc != 2 || strcmp(argv[1], "bash") != 0)
		return ctl_usage("completion", "for which shell? bash is known");
	printf("# bash completion of milwardctl; source it, or put it into bash-completion's folder\n"
	       "_milwardctl() {\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} words=\"\" command=\"\" i\n"
	       "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	       "\t\tcase ${COMP_WORDS[i]} in\n"
	       "\t\t-p|--policy|--modules|--policies|--colour) ((i++)) ;;\n"
	       "\t\t-*) ;;\n"
	       "\t\t*) command=${COMP_WORDS[i]}; break ;;\n"
	       "\t\tesac\n"
	       "\tdone\n"
	       "\tcase $command in\n"
	       "\t\"\") words=\"--policy --modules --policies --colour --help --version");
	for (const struct ctl_command *c = ctl_commands; c->name; c++)
		printf(" %s", c->name);
	print_module_commands(ctl, false);
	ctl_module_words(ctl);
	printf(
	    "\" ;;\n"
	    "\tcheck) words=\"--json --digest --plan --cost --mutate --seconds\" ;;\n"
	    "\ttest) words=\"--json --tap --policy\" ;;\n"
	    "\tdiff) words=\"--corpus --json --summary --exit-code --text --from --to\" ;;\n"
	    "\tconsent) words=\"check list add --ending --on --json --by --from --until --for --note\" ;;\n"
	    "\tindex) words=\"--output --key --new-key --column --no-header --delimiter --dates --memory --smaller --json\" ;;\n"
	    "\tstatus) words=\"--json --watch --all $(for i in /run/milward*/*.status; do i=${i##*/}; echo ${i%%.status}; "
	    "done)\" ;;\n"
	    "\texplain) words=\"--from --to --policy --live --rule\" ;;\n"
	    "\tscan) words=\"--json --policy --text\" ;;\n"
	    "\ttext) words=\"--json --part --policy\" ;;\n"
	    "\tnew) words=\"plugin --kind milter checker extractor\" ;;\n"
	    "\treport) words=\"--month --audit --key --mail-log --departments --no-senders --site --top --utc --json --html\" "
	    ";;\n"
	    "\tdmarc) words=\"report\" ;;\n"
	    "\tcompletion) words=\"bash\" ;;\n");
	print_module_commands(ctl, true);
	printf("\tesac\n"
	       "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	       "\t[[ $cur == -* || $command == \"\" ]] || COMPREPLY+=($(compgen -f -- \"$cur\"))\n"
	       "}\n"
	       "complete -o filenames -F _milwardctl milwardctl\n");
	return CTL_OK;
}
