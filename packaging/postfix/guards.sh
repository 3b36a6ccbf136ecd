# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# guards: the part of milward-postfix that looks and changes nothing: check and show. Read by it, with its names.
# shellcheck disable=SC2034,SC2154 # $config, $at, $ours, $files and others are shared with milward-postfix
# shellcheck disable=SC2016 # a $ in quotes is Postfix's own

bad=0
guard_ok() { printf '  ok       %s\n' "$1"; }
guard_bad() {
	printf '  MISSING  %s\n' "$1"
	bad=$((bad + 1))
}
expect() { # TEXT COMMAND…
	text=$1
	shift
	if "$@" >/dev/null 2>&1; then guard_ok "$text"; else guard_bad "$text"; fi
}
# The keys of an address in transport_maps, in the order in which Postfix asks.
forms_of() {
	domain=${1#*@}
	printf '%s\n%s\n' "$1" "$domain"
	dot=.
	case ,$parents, in *,transport_maps,*) dot='' ;; esac
	while [ "$domain" != "${domain#*.}" ]; do
		domain=${domain#*.}
		echo "$dot$domain"
	done
}
# The maps, and all keys that may be asked for.
list_maps() {
	parents=$(value parent_domain_matches_subdomains | tr -d ' ')
	rm -f "$stage"/map.* "$stage"/answers.*
	maps=0
	items_of "$(value transport_maps)" >"$stage/maps"
	while IFS= read -r map; do
		maps=$((maps + 1))
		echo "${map#proxy:}" >"$stage/map.$maps" # proxymap(8) may not run
	done <"$stage/maps"
	for tag in tls ver tlsp verp portal sealsop open nosuch; do forms_of "user@example.org.mw-$tag.invalid"; done | sort -u >"$stage/forms"
	grep @ "$stage/forms" >"$stage/whole"
}
# A map is asked for all of them at once, when the first one is looked for: a program for each would take half a minute, and a map
# that no tag comes to is none of our business.
answers_of() { # NUMBER
	[ ! -e "$stage/answers.$1" ] || return 0
	map=$(cat "$stage/map.$1") ask=$stage/forms
	case $map in pcre:* | regexp:*) ask=$stage/whole ;; esac # patterns see whole addresses only
	postmap -c "$config" -q - "$map" <"$ask" >"$stage/answers.$1" 2>/dev/null || :
}
# What transport_maps says for an address with one of those tags.
route_of() {
	forms_of "$1" | while IFS= read -r form; do
		n=0
		while [ $n -lt $maps ]; do
			n=$((n + 1))
			answers_of $n
			found=$(awk -F '\t' -v key="$form" '$1 == key { sub(/^[^\t]*\t[ \t]*/, ""); print; exit }' "$stage/answers.$n")
			[ -z "$found" ] || { echo "$found"; exit; }
		done
	done
}
routed() { [ "$(route_of "user@example.org.mw-$1.invalid" | cut -d: -f1)" = "$2" ]; }
option_is() { [ "$(option "$1")" = "$2" ]; }
option_empty() { # set, and to nothing
	has_option "$1" && [ -z "$(option "$1")" ]
}
policy_is() { # SERVICE: no table but ours, and that cannot lower the level
	relays='' names=''
	case $1 in *p) relays=$(fallback_tls) ;; esac
	case $1 in *ver*) names=$(ver_maps) ;; esac
	option_is "$1/unix/smtp_tls_policy_maps" "$relays${relays:+${names:+,}}$names"
}
names_are_strict() { [ -r "$ours/names" ] && ! grep -qv '	secure match=[a-z0-9.:-]*$' "$ours/names"; }
takes_tag_off() { option_is "$1/unix/smtp_generic_maps" '$milward_generic_maps' && [ "$(raw milward_generic_maps)" = "$(generic_maps)" ]; }
takes_hop() { option_is pickup/unix/cleanup_service_name milward-pickup && option_is pickup/unix/content_filter "$(hop)"; }
local_milters_are() { # the site's of today, and milward
	items_of "$(raw milward_local_milters)" | at_socket -v "$(our_socket)" >"$stage/maps"
	items_of "$(raw non_smtpd_milters)" | cmp -s - "$stage/maps"
}
milter_is_there() { is_milter "$(items_of "$(value "$1")" | at_socket "$(our_socket)")"; }
before_signers() {
	mine=$(our_socket)
	items_of "$(value "$1")" | while IFS= read -r item; do
		[ -z "$(printf '%s\n' "$item" | at_socket "$mine")" ] || exit 0
		! is_signer "$item" || exit 1
	done
}
# Do these maps leave a tagged address alone? Milward's own does, for all behind it; tables of whole keys have none of them.
keeps_tags() { # LIST
	items_of "$1" | while IFS= read -r map; do
		[ "$map" != "pcre:$ours/keep.pcre" ] || exit 0
		case ${map#proxy:} in
		hash:* | btree:* | lmdb:* | cdb:* | dbm:* | sdbm:* | texthash:* | inline:*) ;;
		*) exit 1 ;;
		esac
	done
}
first_is_guard() { case $(value transport_maps) in "$guard,"*) ;; *) return 1 ;; esac; }
first_is_notag() { case $(value smtpd_recipient_restrictions) in "check_recipient_access pcre:$ours/notag.pcre"*) ;; *) return 1 ;; esac; }
table_is_whole() { fill "$files/$1" | cmp -s - "$ours/$1"; }
portal_is_safe() { is_local "$portal" || case $(option milward-portal/unix/smtp_tls_security_level) in encrypt | secure) ;; *) return 1 ;; esac; }

check_transport() { # NAME LEVEL
	expect "$1: TLS level $2" option_is "$1/unix/smtp_tls_security_level" "$2"
	expect "$1: takes the tag off, before smtp_generic_maps as they are now (if not: add again)" takes_tag_off "$1"
	expect "$1: no policy table of the site lowers it" policy_is "$1"
	case $1 in
	*p) expect "$1: falls back to the portal, and asks the fallback listener first" option_is "$1/unix/smtp_fallback_relay" "$(fallback)" ;;
	*) expect "$1: no fallback relay" option_empty "$1/unix/smtp_fallback_relay" ;;
	esac
	! known smtp_tls_per_site || expect "$1: no table of old style lowers it" option_empty "$1/unix/smtp_tls_per_site"
	! known tls_required_enable || expect "$1: TLS-Required: no has no power" option_is "$1/unix/tls_required_enable" no
}

check_seal() {
	listener=127.0.0.1:$((port + 2))/inet
	for tag in sealsop open; do expect "tag $tag is routed" routed $tag milward-seal; done
	expect "milward-seal: is told the tag" option_empty milward-seal/unix/lmtp_generic_maps
	expect "milward-seal: is told the queue id" option_is milward-seal/unix/lmtp_send_xforward_command yes
	expect "what comes back from it meets the signer alone" option_is "$listener/smtpd_milters" '$milward_signing_milters'
	[ -z "$signer" ] || expect "whose failure is a tempfail" is_milter "$(raw milward_signing_milters)"
	expect "and no table of addresses" option_is "$listener/receive_override_options" \
		no_unknown_recipient_checks,no_address_mappings,no_header_body_checks
	expect "and no limit of size" option_is milward-reentry/unix/message_size_limit 0
}

check_milters() {
	expect "clients may not name a tag" first_is_notag
	expect "smtpd_milters: milward, and its failure is a tempfail" milter_is_there smtpd_milters
	expect "smtpd_milters: milward is before what signs" before_signers smtpd_milters
	expect "NUL is refused: milters see no header field behind it" nul_is_refused
	expect "and by every service of master.cf" no_nul_by_service
	expect "sendmail(1): its mail takes the hop over SMTP" takes_hop
	expect "sendmail(1): without milters before it" option_empty milward-pickup/unix/non_smtpd_milters
	for name in header_checks mime_header_checks nested_header_checks body_checks; do
		expect "sendmail(1): $name are made behind it" option_empty milward-pickup/unix/$name
	done
	expect "sendmail(1): milward is asked there, and its failure is a tempfail" milter_is_there milward_local_milters
	expect "sendmail(1): beside non_smtpd_milters as they are now (if not: add again)" local_milters_are
	for name in $rewrites; do expect "$name: tagged addresses pass it as they are (if not: add again)" keeps_tags "$(value "$name")"; done
	postconf -c "$config" -Px 2>/dev/null | sed -n 's|^\([^ ]*\)/\([^/ ]*\) = *|\1 \2 |p' >"$stage/rewriting"
	while read -r service name list; do
		case " $rewrites " in *" $name "*) expect "service $service: the same for its $name" keeps_tags "$list" ;; esac
	done <"$stage/rewriting"
}

check_all() {
	[ -n "$stage" ] || stage=$(mktemp -d)
	bad=0
	portal=$(told portal) portal_tls=$(told portal_tls) smarthost=$(told smarthost) port=$(told port)
	lookup=$(told lookup) seal=$(told seal) signer=$(told signer)
	port=${port:-0}
	postconf -c "$config" -P >"$stage/options.now" 2>/dev/null || :
	list_maps
	for file in $tables; do expect "table $file is as it was made" table_is_whole "$file"; done
	expect "names for verified TLS cannot lower it" names_are_strict
	expect "unknown tags are an error, not a delivery" routed nosuch error
	expect "also when a table of milward is not asked" first_is_guard
	expect "tag tls is routed" routed tls milward-tls
	expect "tag ver is routed" routed ver milward-ver
	check_transport milward-tls encrypt
	check_transport milward-ver secure
	if [ -n "$portal" ]; then
		for tag in tlsp verp portal; do expect "tag $tag is routed" routed $tag milward-$tag; done
		check_transport milward-tlsp encrypt
		check_transport milward-verp secure
		expect "milward-portal: TLS, or on this machine" portal_is_safe
		expect "the fallback listener probes recipients" listener_probes
		for name in milward-tlsp milward-verp; do expect "$name: a host that is down is waited for" waits $name; done
		expect "the fallback listener takes no mail" option_is "127.0.0.1:$port/inet/smtpd_data_restrictions" reject
	fi
	[ -z "$seal" ] || check_seal
	check_milters
	rm -f "$stage/options.now"
	[ "$bad" = 0 ]
}
nul_is_refused() { has_nul "$(value message_reject_characters)"; }
# No service lets NUL pass that Postfix refuses elsewhere.
no_nul_by_service() {
	postconf -c "$config" -P 2>/dev/null | sed -n 's|^[^ ]*/message_reject_characters = *||p' | while IFS= read -r list; do
		has_nul "$list" || exit 1
	done
}
waits() {
	option_is "$1/unix/smtp_reply_filter" "pcre:$ours/unsure.pcre" && option_is "$1/unix/smtp_delivery_status_filter" "pcre:$ours/waits.pcre"
}
listener_probes() {
	option_is "127.0.0.1:$port/inet/smtpd_recipient_restrictions" \
		"reject_unverified_recipient,check_recipient_access,pcre:$ours/notls.pcre,reject"
}

# Ways around the milter that Postfix opens after it, or the site beside it: they need a person's decision.
detour() { # NAME VALUE WHERE
	case $1 in
	always_bcc | sender_bcc_maps | recipient_bcc_maps)
		[ -z "$2" ] || say "warning: $1 is set$3: its copies are made after milward and are not protected"
		;;
	virtual_alias_maps | canonical_maps | recipient_canonical_maps | alias_maps)
		[ -z "$(items_of "$2" | grep -vFx "pcre:$ours/keep.pcre")" ] ||
			say "note: $1 is set$3: an address inside that it leads outside is expanded after milward, which takes it for inside unless its policy has the table (aliases)"
		;;
	header_checks | mime_header_checks | nested_header_checks | body_checks | milter_header_checks)
		[ -z "$2" ] || say "note: $1 is set$3: REDIRECT, FILTER and BCC in it send mail past the routes"
		;;
	smtpd_milter_maps) [ -z "$2" ] || say "warning: $1 is set$3: clients that it names do not meet milward" ;;
	debug_peer_list) [ -z "$2" ] || say "warning: $1 is set$3: the log has what is in the messages of these hosts" ;;
	content_filter)
		case $2 in '' | milward-local:*) return ;; esac
		say "note: $1 is set$3: the listener behind it must allow tags (no notag.pcre there) and have no milward of its own"
		;;
	esac
}
warn_of_detours() {
	case $(value recipient_delimiter) in '' | +) ;;
	*) say "warning: recipient_delimiter is $(value recipient_delimiter): milward takes + alone for the begin of an extension, so an" \
		"alias with another one is judged as an address of its own" ;;
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
		detour "${name##*/}" "$list" " for the service ${name%/*} of master.cf"
	done
	case $(value receive_override_options) in *no_milters*) say "warning: receive_override_options has no_milters: milward is not asked" ;; esac
	case $(value receive_override_options) in
	*no_header_body_checks*) say "warning: receive_override_options has no_header_body_checks: mail with NUL is not refused" ;;
	esac
	postconf -c "$config" -M 2>/dev/null |
		awk '{ for (i = 9; i <= NF; i++) if ($i ~ /^-vv*$/) { print $1 "/" $2; break } }' | while read -r name; do
		say "warning: service $name of master.cf has -v: the log has what is in its messages"
	done
	postconf -c "$config" -M 2>/dev/null | awk '$8 == "qmqpd" { print $1 "/" $2 }' | while read -r name; do
		say "warning: service $name of master.cf takes mail by QMQP: it does not meet milward"
	done
	postconf -c "$config" -M 2>/dev/null | awk '$8 == "smtpd" { print $1 "/" $2 }' | while read -r name; do
		case $name in 127.0.0.1:* | localhost:*) continue ;; esac
		! has_option "$name/smtpd_milters" ||
			say "warning: service $name of master.cf has its own smtpd_milters: add milward's socket there too"
		case $(option "$name/receive_override_options") in
		*no_milters*) say "warning: service $name of master.cf has no_milters: its mail does not meet milward" ;;
		*no_header_body_checks*) say "warning: service $name of master.cf has no_header_body_checks: it takes mail with NUL" ;;
		esac
	done
}

check() {
	warn_of_detours
	check_all || {
		echo "milward-postfix: $bad missing; milward-postfix add puts them in" >&2
		exit 1
	}
	path=$(told socket)
	case $path in /*) ;; *) path=$queue/$path ;; esac
	[ -S "$path" ] || say "note: there is no socket $path: is milward running? Until it is, mail is asked to come back"
}

# What a person wants to see: where each tag goes, and the services behind it.
show() {
	is_added || has_pieces || die "milward is not added to $config"
	stage=$(mktemp -d)
	list_maps
	for tag in tls ver tlsp verp portal sealsop open; do
		printf '%-22s %s\n' "user@example.org.mw-$tag.invalid" "$(route_of "user@example.org.mw-$tag.invalid")"
	done
	for name in $settings; do printf '%s = %s\n' "$name" "$(raw "$name" 2>/dev/null)"; done
	for name in $(our_services "$config") pickup/unix; do postconf -c "$config" -Mf "$name" 2>/dev/null; done
}

