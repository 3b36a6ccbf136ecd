# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# site: the part of milward-postfix that looks at what the site has beside milward. Read by it, with its names; it changes nothing.
# A finding is a line for a person; with --records it is fields for milwardctl doctor: severity, id, where, text, fix.
# shellcheck disable=SC2154 # $config, $queue, $ours, $records and others are milward-postfix's

record() { printf '%s\t%s\t%s\t%s\t%s\n' "$@"; }
found() { # SEVERITY ID WHERE TEXT FIX
	if [ "$records" = yes ]; then
		record "$@"
	else
		case $1 in note) say "note: $4" ;; *) say "warning: $4" ;; esac
	fi
}
fact() { printf 'fact\t%s\t%s\n' "$1" "$2"; }

# The command that makes all of milward's settings anew, with what add was told the last time.
again() {
	line="milward-postfix add -c $config"
	for key in socket portal portal_tls smarthost names lookup seal signer port; do
		said=$(told "$key")
		case $key$said in
		socket/*) ;;
		socket?*) said=$queue/$said ;;
		portal_tls*) case $(told portal) in '' | unix:*) said='' ;; esac ;;
		esac
		[ -z "$said" ] || line="$line --$(echo "$key" | tr _ -) '$said'"
	done
	echo "$line"
}
on_service() { # SERVICE: where a setting of it stands
	echo "$config/master.cf: $1"
}

# ---- tables of the site -----------------------------------------------------------------------------------------------------------
# The text of a map, when Postfix has it made of a text.
text_of() { # MAP
	case ${1#proxy:} in
	hash:/* | btree:/* | lmdb:/* | cdb:/* | dbm:/* | sdbm:/* | texthash:/* | pcre:/* | regexp:/*)
		file=${1#proxy:}
		echo "${file#*:}"
		;;
	esac
}
# The first of these header or body checks that may send mail elsewhere: says so, or cannot be read; nothing when there is none.
first_that_sends() { # LIST: the map, or nothing
	items_of "$1" | while IFS= read -r map; do
		file=$(text_of "$map")
		if [ -z "$file" ] || [ ! -r "$file" ] || grep -Eiq '[[:space:]](REDIRECT|FILTER|BCC)[[:space:]]' "$file"; then
			echo "$map"
			exit
		fi
	done
}

# ---- ways around --------------------------------------------------------------------------------------------------------------------
# Ways around the milter that Postfix opens after it, or the site beside it: they need a person's decision.
reload_it() { echo "postfix -c $config reload"; }
detour() { # NAME VALUE SERVICE
	place=$config/main.cf behind='' undo_it="postconf -c $config -X $1 && $(reload_it)"
	[ -z "$3" ] || {
		place=$(on_service "$3") behind=" for the service $3 of master.cf"
		undo_it="postconf -c $config -PX $3/$1 && $(reload_it)"
	}
	case $1 in
	always_bcc | sender_bcc_maps | recipient_bcc_maps)
		[ -z "$2" ] || found warning bcc "$place" "$1 is set$behind: its copies are made after milward and are not protected" "$undo_it"
		;;
	virtual_alias_maps | canonical_maps | recipient_canonical_maps | alias_maps)
		# (doctor reads the tables of aliases itself.)
		case $records$1 in yesvirtual_alias_maps | yesalias_maps) return ;; esac
		! items_of "$2" | grep -qvFx "pcre:$ours/keep.pcre" ||
			found note tables "$place" "$1 is set$behind: an address inside that it leads outside is expanded after milward, which takes it for inside unless its policy has the table (aliases)" ''
		;;
	header_checks | mime_header_checks | nested_header_checks | body_checks | milter_header_checks)
		[ -n "$2" ] || return 0
		if [ "$records" = no ]; then
			found note checks "$place" "$1 is set$behind: REDIRECT, FILTER and BCC in it send mail past the routes" ''
		elif [ -n "$(first_that_sends "$2")" ]; then
			found warning checks "$place" \
				"$1 is set$behind: $(first_that_sends "$2") may have REDIRECT, FILTER or BCC, which send mail past the routes" "$undo_it"
		fi
		;;
	smtpd_milter_maps)
		[ -z "$2" ] || found warning milter-maps "$place" "$1 is set$behind: clients that it names do not meet milward" "$undo_it"
		;;
	debug_peer_list)
		[ -z "$2" ] || found warning log-content "$place" "$1 is set$behind: the log has what is in the messages of these hosts" "$undo_it"
		;;
	content_filter)
		case $2 in '' | milward-local:*) return ;; esac
		found note content-filter "$place" "$1 is set$behind: the listener behind it must allow tags (no notag.pcre there) and have no milward of its own" ''
		;;
	esac
}
# An override without one of its words.
without_word() { # LIST WORD
	printf '%s\n' "$1" | tr ', ' '\n' | grep -v -e "^$2\$" -e '^$' | paste -sd, -
}
warn_of_overrides() { # VALUE PLACE TEXT-BEFORE COMMAND
	case $1 in *no_milters*)
		found error no-milters "$2" "$3 no_milters: ${5:-its mail does not meet milward}" \
			"$4=$(without_word "$1" no_milters)' && $(reload_it)"
		;;
	esac
	case $1 in *no_header_body_checks*)
		found warning nul "$2" "$3 no_header_body_checks: ${6:-it takes mail with NUL}" \
			"$4=$(without_word "$1" no_header_body_checks)' && $(reload_it)"
		;;
	esac
}
# A listener that has milters of its own must have milward among them, as main.cf has it.
look_at_listener() { # SERVICE
	list=$(postconf -c "$config" -Phx "$1/smtpd_milters" 2>/dev/null)
	mine=$(items_of "$list" | at_socket "$(our_socket)")
	fix="postconf -c $config -PX $1/smtpd_milters && $(reload_it)"
	if [ -z "$mine" ]; then
		found warning own-milters "$(on_service "$1")" \
			"service $1 of master.cf has its own smtpd_milters: add milward's socket there too" "$fix"
	elif ! is_milter "$mine"; then
		found error milter-action "$(on_service "$1")" \
			"service $1 of master.cf has milward in its own smtpd_milters, but not so that its failure is a tempfail: default_action=tempfail is missing, and milter_default_action is $(value milter_default_action)" "$fix"
	elif ! signs_behind "$list"; then
		found error milter-order "$(on_service "$1")" "service $1 of master.cf has milward behind what signs in its own smtpd_milters" "$fix"
	fi
}
warn_of_listeners() {
	postconf -c "$config" -M 2>/dev/null | awk '$8 == "qmqpd" { print $1 "/" $2 }' | while read -r name; do
		found warning qmqp "$(on_service "$name")" "service $name of master.cf takes mail by QMQP: it does not meet milward" \
			"postconf -c $config -MX $name && $(reload_it)"
	done
	postconf -c "$config" -M 2>/dev/null | awk '$8 == "smtpd" { print $1 "/" $2 }' | while read -r name; do
		case $name in 127.0.0.1:* | localhost:*) continue ;; esac
		! has_option "$name/smtpd_milters" || look_at_listener "$name"
		warn_of_overrides "$(option "$name/receive_override_options")" "$(on_service "$name")" "service $name of master.cf has" \
			"postconf -c $config -P '$name/receive_override_options"
	done
}
warn_of_detours() {
	case $(value recipient_delimiter) in '' | +) ;;
	*)
		found warning delimiter "$config/main.cf" \
			"recipient_delimiter is $(value recipient_delimiter): milward takes + alone for the begin of an extension, so an alias with another one is judged as an address of its own" \
			"postconf -c $config -e recipient_delimiter=+ && $(reload_it)"
		;;
	esac
	checks=$(value header_checks)
	postconf -c "$config" -x always_bcc sender_bcc_maps recipient_bcc_maps virtual_alias_maps canonical_maps recipient_canonical_maps \
		alias_maps header_checks mime_header_checks nested_header_checks body_checks milter_header_checks smtpd_milter_maps \
		content_filter debug_peer_list 2>/dev/null | while read -r name _ list; do
		# By default they are what header_checks is.
		case $name in mime_header_checks | nested_header_checks) [ "$list" != "$checks" ] || continue ;; esac
		detour "$name" "$list" ''
	done
	postconf -c "$config" -Px 2>/dev/null | while read -r name _ list; do
		detour "${name##*/}" "$list" "${name%/*}"
	done
	warn_of_overrides "$(value receive_override_options)" "$config/main.cf" "receive_override_options has" \
		"postconf -c $config -e 'receive_override_options" "milward is not asked" "mail with NUL is not refused"
	postconf -c "$config" -M 2>/dev/null |
		awk '{ for (i = 9; i <= NF; i++) if ($i ~ /^-vv*$/) { print $1 "/" $2; break } }' | while read -r name; do
		command_line=$(postconf -c "$config" -Fh "$name/command" 2>/dev/null | awk '{ for (i = 1; i <= NF; i++) if ($i !~ /^-vv*$/) { printf "%s%s", s, $i; s = " " } }')
		found warning log-content "$(on_service "$name")" "service $name of master.cf has -v: the log has what is in its messages" \
			"postconf -c $config -F '$name/command=$command_line' && $(reload_it)"
	done
	warn_of_listeners
}

# ---- what else must fit --------------------------------------------------------------------------------------------------------------
# A service that is chrooted to the queue directory and asks milters.
jailed_smtpd() {
	usual=n # what "-" means in that column of master.cf
	case $(value compatibility_level) in 0 | 0.*) usual=y ;; esac
	postconf -c "$at" -M 2>/dev/null | awk -v usual=$usual '$8 == "smtpd" && ($5 == "y" || ($5 == "-" && usual == "y")) { print $1; exit }'
}
look_at_site() {
	case $(our_socket) in /*)
		jailed=$(jailed_smtpd)
		[ -z "$jailed" ] || found error socket-chroot "$(on_service "$jailed")" \
			"smtpd of service $jailed is chrooted to $queue and cannot reach $(our_socket): let milward listen in $queue/milward" \
			"$(again | sed "s| --socket '[^']*'| --socket '$queue/milward/outbound.sock'|")"
		;;
	esac
	# Without this word the C library takes the resolver's word for nothing, and Postfix finds no DANE.
	[ -z "$(told lookup)" ] || grep -Eq '^options[[:space:]](.*[[:space:]])?trust-ad([[:space:]]|$)' /etc/resolv.conf 2>/dev/null ||
		found error resolver-trust /etc/resolv.conf \
			"\"options trust-ad\" is missing: Postfix cannot see that DNSSEC holds, and mail by DANE waits" "echo options trust-ad >>/etc/resolv.conf"
}

# What doctor compares with the policy.
facts() {
	fact config "$config"
	fact again "$(again)"
	fact queue "$queue"
	fact user "$(value mail_owner)"
	fact size "$(value message_size_limit)"
	fact ports "$(told port)"
	for key in socket lookup seal signer portal; do
		said=$(told "$key")
		case $key$said in
		socket/*) ;;
		socket?*) said=$queue/$said ;;
		esac
		[ -z "$said" ] || fact "$key" "$said"
	done
	items_of "$(value smtpd_milters)" | at_socket "$(our_socket)" | tr ', {}' '\n' |
		sed -n 's/^\(command\|content\)_timeout=/\1 /p' | while read -r name time; do fact "$name-timeout" "$time"; done
	for name in smtpd_tls_cert_file smtpd_tls_eccert_file smtpd_tls_chain_files smtp_tls_cert_file smtp_tls_eccert_file smtp_tls_chain_files; do
		items_of "$(value $name)"
	done | sort -u | while IFS= read -r file; do fact certificate "$file"; done
	items_of "$(value mydestination)" | grep -x '[A-Za-z0-9.-]*\.[A-Za-z0-9.-]*' | while read -r name; do fact destination "$name"; done
	for name in virtual_alias_maps alias_maps; do
		kind=virtual
		[ $name = virtual_alias_maps ] || kind=local
		items_of "$(value $name)" | grep -vFx "pcre:$ours/keep.pcre" | while IFS= read -r map; do
			file=$(text_of "$map")
			case $file${map#proxy:} in
			*pcre:* | *regexp:* | [!/]*) fact unread-aliases "$map" ;;
			*) fact "$kind-aliases" "$file" ;;
			esac
		done
	done
}
