# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# text: the part of milward-postfix that knows how Postfix writes lists, settings and services. Read by it; it changes nothing.

# A milter that signs: ours goes before it, so that it signs what we leave.
is_signer() {
	case $1 in *milward*/sign.sock* | *dkim* | *openarc* | *:8891* | *:8892* | *:12301*) return 0 ;; esac
	return 1
}

# The items of a list, one a line: "{ … }" is one, whatever it holds.
items_of() {
	printf '%s\n' "$1" | awk '{
		depth = 0; item = ""
		for (i = 1; i <= length($0); i++) {
			c = substr($0, i, 1)
			if (c == "{") depth++
			if (c == "}") depth--
			if (depth == 0 && (c == "," || c == " " || c == "\t")) { if (item != "") print item; item = "" }
			else item = item c
		}
		if (item != "") print item
	}'
}

# Milward's own items among those of a list of milters on stdin, one a line, or (-v) the others. Its own are those at its very socket:
# a word in a path says nothing.
at_socket() { # [-v] SOCKET
	others=0
	case $1 in -v) others=1; shift ;; esac
	awk -v ours="unix:$1" -v others=$others '{
		address = $0
		sub(/^[{][ \t]*/, "", address)
		sub(/[ \t,}].*/, "", address)
		if ((address == ours) != others) print
	}'
}

# Is this item, and no second one, what add puts in? Times may be the site's own; any other attribute, or one that is there twice
# (Postfix takes the last), could let mail pass while milward is away.
is_milter() { # ITEMS
	printf '%s\n' "$1" | awk '
		{
			if (NR > 1 || !/^[{].*[}]$/) failed = 1
			n = split(substr($0, 2, length($0) - 2), word, /[ \t,]+/)
			for (i = 1; i <= n; i++) {
				if (word[i] == "" || word[i] ~ /^unix:/ && !named++) continue
				split(word[i], pair, "=")
				if (seen[pair[1]]++) failed = 1
				if (word[i] ~ /^(connect|command|content)_timeout=[1-9][0-9]*[smhdw]?$/) continue
				if (word[i] != "default_action=tempfail" && word[i] != "protocol=6") failed = 1
			}
		}
		END { exit failed || !seen["default_action"] || !seen["protocol"] }'
}

# Is NUL among these characters of message_reject_characters, where \0, \00 and \000 mean it?
has_nul() {
	printf '%s\n' "$1" | awk '{
		for (i = 1; i <= length($0); i++) {
			if (substr($0, i, 1) != "\\") continue
			rest = substr($0, ++i)
			if (rest ~ /^000/ || rest ~ /^00?([^0-7]|$)/) found = 1
		}
		exit !found
	}'
}

# The list with ours in its place: behind what may reject recipients, before what signs.
with_milter() { # LIST OURS
	placed=no result=''
	add_item() { result="$result${result:+, }$1"; }
	old_ifs=$IFS
	IFS='
'
	for item in $(items_of "$1"); do
		if [ $placed = no ] && is_signer "$item"; then
			add_item "$2"
			placed=yes
		fi
		add_item "$item"
	done
	IFS=$old_ifs
	[ $placed = yes ] || add_item "$2"
	printf '%s' "$result"
}

# The lines of one setting of main.cf ("name") or one service of master.cf ("name/type"), continued lines and comments between them
# included. With a third argument the whole FILE is printed, with that file's text instead of those lines, or at its end.
block() { # FILE KEY [NEW]
	awk -v key="$2" -v new="${3-}" -v put=$(($# - 2)) '
		function is_it(text,   f) {
			if (text !~ /^[^ \t#]/) return 0
			if (key !~ /\//) { sub(/[ \t]*=.*/, "", text); return text == key }
			split(text, f, /[ \t]+/)
			return f[1] "/" f[2] == key
		}
		function print_new(   text) { while ((getline text <new) > 0) print text }
		{ line[NR] = $0 }
		END {
			first = last = 0
			for (i = 1; i <= NR && !first; i++) if (is_it(line[i])) {
				first = last = i
				for (i++; i <= NR && line[i] ~ /^([ \t]|#|$)/; i++) if (line[i] ~ /^[ \t]+[^ \t#]/) last = i
			}
			for (i = put ? 1 : first; first && i < first; i++) print line[i]
			if (!put) { for (i = first; first && i <= last; i++) print line[i]; exit }
			if (first) print_new()
			for (i = last + 1; i <= NR; i++) print line[i]
			if (!first) print_new()
		}' "$1"
}
