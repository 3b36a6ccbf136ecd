# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# guards: the part of milward-sendmail that looks and changes nothing: check and show. Read by it, with its names. Sendmail itself is
# asked, in address test mode, what it makes of tags and of TLS.
# shellcheck disable=SC2154 # $config, $stage, $sendmail and others are milward-sendmail's
# shellcheck disable=SC2016 # a $ in quotes is Sendmail's own

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

# What address test mode says of lines on stdin: only results.
ask() { # CF
	"$sendmail" -C"$1" -bt 2>&1 | sed -n 's/^> *//; /^mailer .*, host /p; /^mailer [0-9]* (/p; /^[A-Za-z_]* *returns: /{ s/  */ /g; p; }'
}

# What a connection brings to a route: level of the mailer, what STARTTLS brought, bits; and whether it must be refused. Sendmail is
# asked all of them at once.
connections() { # TAGS
	for route in $1; do
		case $route in tls | tlsp | ver | verp)
			echo "$route NONE 0 refuses: a host without TLS"
			echo "$route SOFTWARE 0 refuses: a handshake that failed"
			;;
		esac
		case $route in ver | verp) echo "$route FAIL 256 refuses: a certificate that is not good" ;; esac
		case $route in tls | tlsp) echo "$route NO 256 takes: an encrypted host" ;; esac
	done
	echo "none NONE 0 takes: a host without TLS"
}
ask_connections() { # CF TAGS
	connections "$2" >"$stage/connections"
	while read -r route verify bits _; do
		printf '%s\n' ".D{mw_route}$route" ".D{cipher_bits}$bits" ".D{server_name}mx.example.org" ".D{server_addr}192.0.2.1" "tls_server $verify"
	done <"$stage/connections" | ask "$1" | sed -n 's/^tls_server returns: //p' >"$stage/answers"
}
holds() { # refuses: or takes:, ANSWER
	case $1$2 in 'refuses:$# error '*) return 0 ;; 'takes:$#'* | takes: | refuses:*) return 1 ;; esac
}

goes_to() { # TAG MAILER
	grep -q "^mailer $2, host .*, user $1@" "$stage/routes"
}
is_error() { grep -q '^mailer \*error\*' "$stage/routes"; }
reserved() { # CF
	echo 'check_rcpt <user@example.org.mw-tls.invalid>' | ask "$1" | grep -q '^check_rcpt returns: $# error $@ 5 . 7 . 1'
}
has_filter() { # CF
	case ,$(cf_option "$1" InputMailFilters | tr -d ' '), in *,milward,*) return 0 ;; esac
	return 1
}
filter_waits() { grep -q '^Xmilward,.*F=T' "$1"; }
has_authorities() { [ -n "$(cf_option "$1" CACertPath)" ]; }
no_status() { [ -z "$(cf_option "$1" HostStatusDirectory)" ]; }

check_cf() { # CF: 0 when all holds
	bad=0
	tags='tls ver'
	! grep -q '^Mmilward-portal,' "$1" || tags="$tags tlsp verp portal"
	! grep -q '^Mmilward-seal,' "$1" || tags="$tags seals sealsop open"
	for tag in $tags nosuch; do echo "/parse $tag@example.org.mw-$tag.invalid"; done | ask "$1" | grep '^mailer [^0-9]' >"$stage/routes"
	for tag in $tags; do
		case $tag in seal* | open) mailer=milward-seal ;; *) mailer=milward-$tag ;; esac
		expect "mail for .mw-$tag.invalid has the mailer $mailer" goes_to "$tag" "$mailer"
	done
	expect "a tag without a route is an error" is_error
	expect "clients cannot name a tag" reserved "$1"
	ask_connections "$1" "$tags"
	while read -r route _ _ what text <&3; do
		IFS= read -r answer <&4 || answer=''
		expect "$route ${what%:} $text" holds "$what" "$answer"
	done 3<"$stage/connections" 4<"$stage/answers"
	expect "InputMailFilters has milward" has_filter "$1"
	expect "while milward is away, mail waits (F=T)" filter_waits "$1"
	expect "CACertPath is set: without it Sendmail verifies no certificate" has_authorities "$1"
	expect "HostStatusDirectory is not set" no_status "$1"
	[ $bad -eq 0 ]
}

# What is no fault of the routes, but mail could pass by milward.
warn_of_detours() { # CF
	grep '^O DaemonPortOptions=.*InputMailFilters' "$1" | grep -v 'InputMailFilters *= *[^,]*milward' | while read -r _ line; do
		case $line in *Addr=127.* | *Addr=localhost*) continue ;; esac
		say "warning: ${line#*=} has its own InputMailFilters: its mail does not meet milward"
	done
	[ ! -r "$config/submit.cf" ] || grep -q '^D{MTAHost}' "$config/submit.cf" ||
		say "warning: submit.cf hands mail of local programs to no SMTP server: it may not meet milward"
	for file in $(cf_option "$1" AliasFile | tr ',' ' '); do
		[ ! -r "$file" ] || ! grep -v '^#' "$file" | grep -q ':.*@' ||
			say "warning: $file has aliases that lead to other hosts: such mail is judged by the alias"
	done
	# (Lines of a mailer may be continued.)
	awk '/^[ \t]/ { line = line " " $0; next } { print line; line = $0 } END { print line }' "$1" |
		sed -n 's/^M\([^,]*\),.*P=\[IPC\].*S=\([^/,]*\).*/\1 \2/p' | while read -r name from; do
		case $from in EnvFromSMTP | MilwardFrom*) continue ;; esac
		say "warning: the mailer $name has the sender ruleset $from, which does not call EnvFromSMTP perhaps: see milward-sendmail(8)"
	done
	grep -q '^Q[^,]*,.*[ ,]r=1\([ ,]\|$\)' "$1" ||
		say "warning: recipients of one message share an envelope, and one that bounces may take with it another that should wait:" \
			"QUEUE_GROUP with r=1 helps, see milward-sendmail(8)"
	! grep -q '^Kvirtuser' "$1" || say "warning: a virtuser table that leads outside is judged by the address inside"
}

check() {
	open_stage
	is_added || die "milward is not added to $config"
	link_feature
	# shellcheck disable=SC2034 # it belongs there: milward-sendmail is not to take it away
	linked=no
	make_cf "$config/sendmail.mc" "$stage/now.cf"
	warn_of_detours "$config/sendmail.cf"
	check_cf "$config/sendmail.cf" || {
		echo "milward-sendmail: $bad missing; milward-sendmail add puts them in" >&2
		exit 1
	}
	if ! diff -q -I '^#####' "$stage/now.cf" "$config/sendmail.cf" >/dev/null; then
		say "note: sendmail.cf is not what sendmail.mc makes: it is older, or was edited by hand"
	fi
	path=$(sed -n 's/^Xmilward, *S=unix:\([^,]*\),.*/\1/p' "$config/sendmail.cf")
	[ -S "$path" ] || say "note: there is no socket $path: is milward running? Until it is, mail is asked to come back"
}

show() {
	open_stage
	is_added || die "milward is not added to $config"
	grep "^FEATURE(\`milward'" "$config/sendmail.mc"
	check_cf "$config/sendmail.cf" >/dev/null || :
	sed 's/^mailer //' "$stage/routes"
	grep '^[MX]milward' "$config/sendmail.cf"
}
