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

# Does a route refuse and take what it should? In: level of the mailer, then what STARTTLS brought. The last line counts.
tls_says() { # CF ROUTE VERIFY BITS
	printf '%s\n' ".D{mw_route}$2" ".D{cipher_bits}$4" ".D{server_name}mx.example.org" ".D{server_addr}192.0.2.1" "tls_server $3" |
		ask "$1" | sed -n 's/^tls_server returns: //p'
}
refuses() { case $(tls_says "$@") in '$# error '*) return 0 ;; esac; return 1; }
takes() { ! refuses "$@"; }

route_of() { # TAG: what the stage has on it
	sed -n "s/^$1 //p" "$stage/routes"
}
goes_to() { # TAG MAILER
	case $(route_of "$1") in "mailer $2, host "*) return 0 ;; esac
	return 1
}
is_error() { case $(route_of "$1") in 'mailer \*error\*'* | 'mailer *error*'*) return 0 ;; esac; return 1; }
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
	for tag in $tags nosuch; do
		echo "$tag $(echo "/parse user@example.org.mw-$tag.invalid" | ask "$1" | grep '^mailer' | tail -n 1)"
	done >"$stage/routes"
	for tag in $tags; do
		case $tag in seal* | open) mailer=milward-seal ;; *) mailer=milward-$tag ;; esac
		expect "mail for .mw-$tag.invalid has the mailer $mailer" goes_to "$tag" "$mailer"
	done
	expect "a tag without a route is an error" is_error nosuch
	expect "clients cannot name a tag" reserved "$1"
	for route in tls tlsp ver verp; do
		case " $tags " in *" $route "*) ;; *) continue ;; esac
		expect "$route refuses a host without TLS" refuses "$1" $route NONE 0
		expect "$route refuses a handshake that failed" refuses "$1" $route SOFTWARE 0
	done
	expect "tls takes an encrypted host" takes "$1" tls NO 256
	expect "ver refuses a certificate that is not good" refuses "$1" ver FAIL 256
	expect "mail that has no tag goes as ever" takes "$1" none NONE 0
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
	! grep -q '^Kvirtuser' "$1" || say "warning: a virtuser table that leads outside is judged by the address inside"
}

check() {
	open_stage
	is_added || die "milward is not added to $config"
	link_feature
	linked=no # it belongs there
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
	while read -r tag route; do printf '%-32s %s\n' "user@example.org.mw-$tag.invalid" "$route"; done <"$stage/routes"
	grep '^[MX]milward' "$config/sendmail.cf"
}
