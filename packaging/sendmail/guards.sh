# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# guards: the part of milward-sendmail that looks and changes nothing: check and show. Read by it, with its names. Sendmail itself is
# asked, in address test mode, what it makes of tags and of TLS.
# shellcheck disable=SC2154 # $config, $stage, $sendmail and others are milward-sendmail's
# shellcheck disable=SC2016 # a $ in quotes is Sendmail's own

bad=0
# With --records a finding is fields for milwardctl doctor: severity, id, where, text, fix.
record() { printf '%s\t%s\t%s\t%s\t%s\n' "$@"; }
fact() { [ -z "$2" ] || printf 'fact\t%s\t%s\n' "$1" "$2"; }
found() { # SEVERITY ID WHERE TEXT FIX
	if [ "$records" = yes ]; then
		record "$@"
	else
		case $1 in note) say "note: $4" ;; *) say "warning: $4" ;; esac
	fi
}
guard_ok() { [ "$records" = yes ] || printf '  ok       %s\n' "$1"; }
guard_bad() { # ID TEXT
	bad=$((bad + 1))
	if [ "$records" = yes ]; then record error "$1" "$config/sendmail.cf" "this does not hold: $2" "$(again)"; else printf '  MISSING  %s\n' "$2"; fi
}
expect() { # ID TEXT COMMAND…
	id=$1 text=$2
	shift 2
	if "$@" >/dev/null 2>&1; then guard_ok "$text"; else guard_bad "$id" "$text"; fi
}
# What add was told, the last time: the n-th argument of the FEATURE.
said() { # N
	sed -n "s/^FEATURE(\`milward', \(.*\))dnl\$/\1/p" "$config/sendmail.mc" | head -n 1 | awk -F "', \`" -v n="$1" '{ gsub(/^`|\047$/, ""); print $n }'
}
# The command that makes all of it anew.
again() {
	line="milward-sendmail add -c $config${cf_told:+ --cf $cf_told}${programs:+ --programs $programs}"
	n=0
	for key in socket portal portal-tls names seal signer port smarthost lookup; do
		n=$((n + 1)) value=$(said $n)
		case $key$(said 2) in portal-tls | portal-tlsunix:*) value='' ;; esac # milward's own portal is no relay
		[ $key != names ] || [ -z "$value" ] || value=$(sed -n 's/^names=//p' "$ours/options" 2>/dev/null)
		[ -z "$value" ] || line="$line --$key '$value'"
	done
	echo "$line"
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
# Without the guard, a smarthost gets what has no route.
guard_id() { # CF
	if [ -n "$(sed -n 's/^DS//p' "$1" | tail -n 1)" ]; then echo relayhost; else echo tag-guard; fi
}
# Is milward before the filters that sign?
before_signers() { # CF
	cf_option "$1" InputMailFilters | tr ', ' '\n' | while IFS= read -r name; do
		[ "$name" != milward ] || exit 0
		case $name$(sed -n "s/^X$name,//p" "$1") in *dkim* | *DKIM* | *openarc* | *:8891* | *:8892* | *:12301*) exit 1 ;; esac
	done
}
no_status() { [ -z "$(cf_option "$1" HostStatusDirectory)" ]; }

check_cf() { # CF: 0 when all holds
	bad=0
	tags='tls ver'
	! grep -q '^Mmilward-tlsp,' "$1" || tags="$tags tlsp verp portal"
	portal_mailer=milward-seal
	! grep -q '^Mmilward-portal,' "$1" || portal_mailer=milward-portal
	! grep -q '^Mmilward-seal,' "$1" || tags="$tags seals sealsop open"
	for tag in $tags nosuch; do echo "/parse $tag@example.org.mw-$tag.invalid"; done | ask "$1" | grep '^mailer [^0-9]' >"$stage/routes"
	for tag in $tags; do
		case $tag in seal* | open) mailer=milward-seal ;; portal) mailer=$portal_mailer ;; *) mailer=milward-$tag ;; esac
		expect tag-route "mail for .mw-$tag.invalid has the mailer $mailer" goes_to "$tag" "$mailer"
	done
	expect "$(guard_id "$1")" "a tag without a route is an error" is_error
	expect tag-clients "clients cannot name a tag" reserved "$1"
	ask_connections "$1" "$tags"
	while read -r route _ _ what text <&3; do
		IFS= read -r answer <&4 || answer=''
		expect tls-level "$route ${what%:} $text" holds "$what" "$answer"
	done 3<"$stage/connections" 4<"$stage/answers"
	expect milter-action "InputMailFilters has milward" has_filter "$1"
	expect milter-action "while milward is away, mail waits (F=T)" filter_waits "$1"
	expect milter-order "milward is before what signs" before_signers "$1"
	expect authorities "CACertPath is set: without it Sendmail verifies no certificate" has_authorities "$1"
	expect host-status "HostStatusDirectory is not set" no_status "$1"
	[ $bad -eq 0 ]
}

# What is no fault of the routes, but mail could pass by milward.
warn_of_detours() { # CF
	grep '^O DaemonPortOptions=.*InputMailFilters' "$1" | grep -v 'InputMailFilters *= *[^,]*milward' | while read -r _ line; do
		case $line in *Addr=127.* | *Addr=localhost*) continue ;; esac
		found warning own-milters "$1" "${line#*=} has its own InputMailFilters: its mail does not meet milward" \
			"sed -i '/^DAEMON_OPTIONS/s/, *InputMailFilters=[^,)'\\'']*//' $config/sendmail.mc && $(again)"
	done
	[ ! -r "$config/submit.cf" ] || grep -q '^D{MTAHost}' "$config/submit.cf" ||
		found warning local-mail "$config/submit.cf" "submit.cf hands mail of local programs to no SMTP server: it may not meet milward" \
			"echo 'D{MTAHost}[127.0.0.1]' >>$config/submit.cf"
	[ "$records" = yes ] || warn_of_aliases "$1"
	# (Lines of a mailer may be continued.)
	awk '/^[ \t]/ { line = line " " $0; next } { print line; line = $0 } END { print line }' "$1" |
		sed -n 's/^M\([^,]*\),.*P=\[IPC\].*S=\([^/,]*\).*/\1 \2/p' | while read -r name from; do
		case $from in EnvFromSMTP | MilwardFrom*) continue ;; esac
		found warning mailer-sender "$1" "the mailer $name has the sender ruleset $from, which does not call EnvFromSMTP perhaps: see milward-sendmail(8)" ''
	done
	grep -q '^Q[^,]*,.*[ ,]r=1\([ ,]\|$\)' "$1" ||
		found warning envelopes "$1" \
			"recipients of one message share an envelope, and one that bounces may take with it another that should wait: QUEUE_GROUP with r=1 helps, see milward-sendmail(8)" \
			"sed -i \"/^FEATURE(\\\`milward'/i QUEUE_GROUP(\\\`mqueue', \\\`P=$(cf_option "$1" QueueDirectory), F=f, r=1')dnl\" $config/sendmail.mc && $(again)"
	! grep -q '^R\$\* CC \$\* \$|' "$1" ||
		found warning canonify "$1" \
			"while it delivers, Sendmail asks DNS for names in the header; when that fails, mail that should wait may be returned: nocanonify helps, see milward-sendmail(8)" \
			"sed -i \"/^FEATURE(\\\`milward'/i FEATURE(\\\`nocanonify')dnl\" $config/sendmail.mc && $(again)"
}
warn_of_aliases() { # CF
	for file in $(cf_option "$1" AliasFile | tr ',' ' '); do
		[ ! -r "$file" ] || ! grep -v '^#' "$file" | grep -q ':.*@' ||
			say "warning: $file has aliases that lead to other hosts: Sendmail expands them behind milward; where its policy has not the table," \
				"protected mail for addresses of this machine is refused; where it has, mail for one that leads outside is refused or held"
	done
	! grep -q '^Kvirtuser' "$1" || say "warning: a virtuser table that leads outside is judged by the address inside, unless the policy has the table"
}

# What doctor compares with the policy.
facts() { # CF
	fact config "$config"
	fact again "$(again)"
	fact queue "$(cf_option "$1" QueueDirectory)"
	fact user "$(cf_option "$1" RunAsUser | sed 's/:.*//')"
	fact size "$(cf_option "$1" MaxMessageSize)"
	fact socket "$(said 1)"
	fact portal "$(said 2)"
	fact seal "$(said 5)"
	fact signer "$(said 6)"
	fact ports "$(said 7)"
	fact lookup "$(said 9)"
	fact content-timeout "$(sed -n 's/^Xmilward,.*E:\([0-9]*[smhdw]*\).*/\1/p' "$1")"
	fact command-timeout "$(sed -n 's/^Xmilward,.*R:\([0-9]*[smhdw]*\).*/\1/p' "$1")"
	for name in ServerCertFile ClientCertFile; do
		cf_option "$1" $name | tr ',' '\n'
	done | sort -u | while IFS= read -r file; do fact certificate "$file"; done
	echo '$=w' | "$sendmail" -C"$1" -bt 2>/dev/null | sed 's/^> *//' | grep -x '[A-Za-z0-9.-]*\.[A-Za-z0-9.-]*' | grep -v '^[0-9.]*$' |
		while read -r name; do fact destination "$name"; done
	for file in $(cf_option "$1" AliasFile | tr ',' ' '); do
		case $file in
		/*) fact local-aliases "$file" ;;
		*:/*) fact local-aliases "${file#*:}" ;;
		*) fact unread-aliases "$file" ;;
		esac
	done
	sed -n 's/^Kvirtuser *//p' "$1" | awk '{ print $NF }' | while read -r file; do fact virtual-aliases "$file"; done
}

check() {
	[ -r "$config/sendmail.mc" ] || die "cannot read $config/sendmail.mc; -c names another folder"
	if [ "$records" = yes ] && ! is_added; then
		record error not-added "$config" "milward is not added to this Sendmail" \
			"milward-sendmail add -c $config${cf:+ --cf $cf}${programs:+ --programs $programs}"
		return
	fi
	cf_told=$cf
	open_stage
	is_added || die "milward is not added to $config"
	shadow_feature
	make_cf "$config/sendmail.mc" "$stage/now.cf"
	warn_of_detours "$config/sendmail.cf"
	[ "$records" = no ] || facts "$config/sendmail.cf"
	check_cf "$config/sendmail.cf" || [ "$records" = yes ] || {
		echo "milward-sendmail: $bad missing; milward-sendmail add puts them in" >&2
		exit 1
	}
	if [ $bad = 0 ] && ! diff -q -I '^#####' "$stage/now.cf" "$config/sendmail.cf" >/dev/null; then
		found note cf-differs "$config/sendmail.cf" "sendmail.cf is not what sendmail.mc makes: it is older, or was edited by hand" "$(again)"
	fi
	[ "$records" = no ] || return 0
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
