# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# guards: the part of milward-postfix that looks and changes nothing: check and show. Read by it, with its names.
# shellcheck disable=SC2034,SC2154 # $config, $at, $ours, $files and others are shared with milward-postfix
# shellcheck disable=SC2016 # a $ in quotes is Postfix's own

bad=0
guard_ok() { [ "$records" = yes ] || printf '  ok       %s\n' "$1"; }
guard_bad() { # ID TEXT
	bad=$((bad + 1))
	if [ "$records" = yes ]; then record error "$1" "$config" "this does not hold: $2" "$(again)"; else printf '  MISSING  %s\n' "$2"; fi
}
expect() { # ID TEXT COMMAND…
	id=$1 text=$2
	shift 2
	if "$@" >/dev/null 2>&1; then guard_ok "$text"; else guard_bad "$id" "$text"; fi
}
# Without the guard, a relayhost gets what has no route.
guard_id() { if [ -n "$(value relayhost)" ]; then echo relayhost; else echo tag-guard; fi; }
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
before_signers() { signs_behind "$(value "$1")"; }
signs_behind() { # LIST
	mine=$(our_socket)
	items_of "$1" | while IFS= read -r item; do
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
	expect tls-level "$1: TLS level $2" option_is "$1/unix/smtp_tls_security_level" "$2"
	expect untag "$1: takes the tag off, before smtp_generic_maps as they are now (if not: add again)" takes_tag_off "$1"
	expect tls-policy "$1: no policy table of the site lowers it" policy_is "$1"
	case $1 in
	*p) expect fallback "$1: falls back to the portal, and asks the fallback listener first" option_is "$1/unix/smtp_fallback_relay" "$(fallback)" ;;
	*) expect fallback "$1: no fallback relay" option_empty "$1/unix/smtp_fallback_relay" ;;
	esac
	! known smtp_tls_per_site || expect tls-policy "$1: no table of old style lowers it" option_empty "$1/unix/smtp_tls_per_site"
	! known tls_required_enable || expect tls-required "$1: TLS-Required: no has no power" option_is "$1/unix/tls_required_enable" no
}

# The way by which mail falls back to milward's own portal.
check_own() {
	hop=127.0.0.1:$((port + 3))/inet
	expect fallback "what falls back to milward's portal gets its tag" option_is "$hop/smtpd_command_filter" "pcre:$ours/toportal.pcre"
	expect fallback "and is not taken without" option_is "$hop/smtpd_recipient_restrictions" \
		"check_recipient_access,pcre:$ours/onlyportal.pcre,reject"
}

check_seal() {
	listener=127.0.0.1:$((port + 2))/inet
	for tag in sealsop open; do expect tag-route "tag $tag is routed" routed $tag milward-seal; done
	expect untag "milward-seal: is told the tag" option_empty milward-seal/unix/lmtp_generic_maps
	expect seal-listener "milward-seal: is told the queue id" option_is milward-seal/unix/lmtp_send_xforward_command yes
	expect seal-listener "what comes back from it meets the signer alone" option_is "$listener/smtpd_milters" '$milward_signing_milters'
	[ -z "$signer" ] || expect milter-action "whose failure is a tempfail" is_milter "$(raw milward_signing_milters)"
	expect seal-listener "and no table of addresses" option_is "$listener/receive_override_options" \
		no_unknown_recipient_checks,no_address_mappings,no_header_body_checks
	expect size-limit "and no limit of size" option_is milward-reentry/unix/message_size_limit 0
}

check_milters() {
	expect tag-clients "clients may not name a tag" first_is_notag
	expect milter-action "smtpd_milters: milward, and its failure is a tempfail" milter_is_there smtpd_milters
	expect milter-order "smtpd_milters: milward is before what signs" before_signers smtpd_milters
	expect nul "NUL is refused: milters see no header field behind it" nul_is_refused
	expect nul "and by every service of master.cf" no_nul_by_service
	expect local-mail "sendmail(1): its mail takes the hop over SMTP" takes_hop
	expect local-mail "sendmail(1): without milters before it" option_empty milward-pickup/unix/non_smtpd_milters
	for name in header_checks mime_header_checks nested_header_checks body_checks; do
		expect local-mail "sendmail(1): $name are made behind it" option_empty milward-pickup/unix/$name
	done
	expect milter-action "sendmail(1): milward is asked there, and its failure is a tempfail" milter_is_there milward_local_milters
	expect local-mail "sendmail(1): beside non_smtpd_milters as they are now (if not: add again)" local_milters_are
	for name in $rewrites; do expect rewriting "$name: tagged addresses pass it as they are (if not: add again)" keeps_tags "$(value "$name")"; done
	postconf -c "$config" -Px 2>/dev/null | sed -n 's|^\([^ ]*\)/\([^/ ]*\) = *|\1 \2 |p' >"$stage/rewriting"
	while read -r service name list; do
		case " $rewrites " in *" $name "*) expect rewriting "service $service: the same for its $name" keeps_tags "$list" ;; esac
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
	for file in $tables; do expect tables "table $file is as it was made" table_is_whole "$file"; done
	expect names "names for verified TLS cannot lower it" names_are_strict
	expect "$(guard_id)" "unknown tags are an error, not a delivery" routed nosuch error
	expect "$(guard_id)" "also when a table of milward is not asked" first_is_guard
	expect tag-route "tag tls is routed" routed tls milward-tls
	expect tag-route "tag ver is routed" routed ver milward-ver
	check_transport milward-tls encrypt
	check_transport milward-ver secure
	if [ -n "$portal" ]; then
		for tag in tlsp verp; do expect tag-route "tag $tag is routed" routed $tag milward-$tag; done
		expect tag-route "tag portal is routed" routed portal "$(portal_route | sed 's/:.*//')"
		check_transport milward-tlsp encrypt
		check_transport milward-verp secure
		expect tls-level "milward-portal: TLS, or on this machine" portal_is_safe
		! is_own || check_own
		expect fallback "the fallback listener probes recipients" listener_probes
		for name in milward-tlsp milward-verp; do expect fallback "$name: a host that is down is waited for" waits $name; done
		expect fallback "the fallback listener takes no mail" option_is "127.0.0.1:$port/inet/smtpd_data_restrictions" reject
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

check() {
	stage=$(mktemp -d)
	if [ "$records" = yes ] && ! is_added && ! has_pieces; then
		record error not-added "$config" "milward is not added to this Postfix" "milward-postfix add -c $config"
		return
	fi
	warn_of_detours
	look_at_site
	[ "$records" = no ] || facts
	check_all || {
		[ "$records" = no ] || return 0
		echo "milward-postfix: $bad missing; milward-postfix add puts them in" >&2
		exit 1
	}
	[ "$records" = no ] || return 0
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

