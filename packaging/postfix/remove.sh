# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# remove: the part of milward-postfix that takes out what add has put in. Read by it, with its names.
# shellcheck disable=SC2034,SC2154 # $config, $stage, $ours and others are shared with milward-postfix

# Changed since add: told, and taken out piece by piece only by force.
conflict() { # KEY
	echo "  $1" >>"$stage/changed"
	case $1 in
	*/*) [ "$1" = pickup/unix ] || edit -MX "$1" ;;
	milward_* | milward-*) set_block "$stage/main.cf" "$1" /dev/null ;;
	address_* | message_*) ;; # not milward's own: what stands there is the site's
	*)
		items_of "$(postconf -c "$stage" -h "$1" 2>/dev/null)" >"$stage/items"
		[ "$1" != smtpd_milters ] || {
			at_socket -v "$mine" <"$stage/items" >"$stage/others"
			mv "$stage/others" "$stage/items"
		}
		set_main "$1" "$(awk -v dir="$ours" '
			/^inline:.*no route for this tag/ || index($0, dir "/") { held = ""; next }
			$0 == "check_recipient_access" { held = $0; next }
			{ if (held != "") { printf "%s%s", sep, held; sep = " "; held = "" } printf "%s%s", sep, $0; sep = ", " }' "$stage/items")"
		;;
	esac
}

# One setting or service: what add left becomes what was there before, octet by octet.
take_out() { # FILE KEY
	: >"$stage/was"
	: >"$stage/left"
	[ ! -e "$ours/saved/$1" ] || block "$ours/saved/$1" "$2" >"$stage/was"
	[ ! -e "$ours/left/$1" ] || block "$ours/left/$1" "$2" >"$stage/left"
	block "$stage/$1" "$2" >"$stage/now"
	if cmp -s "$stage/now" "$stage/was"; then
		return
	elif cmp -s "$stage/now" "$stage/left"; then
		set_block "$stage/$1" "$2" "$stage/was"
	else
		conflict "$2"
	fi
}

# pickup is the site's own service: by force it loses what add has put into it, and gets its content filter back.
take_pickup_out() {
	take_out master.cf pickup/unix
	grep -qx '  pickup/unix' "$stage/changed" 2>/dev/null || return 0
	[ "$(postconf -c "$stage" -Ph pickup/unix/cleanup_service_name 2>/dev/null)" != milward-pickup ] ||
		edit -PX pickup/unix/cleanup_service_name
	case $(postconf -c "$stage" -Ph pickup/unix/content_filter 2>/dev/null) in milward-local:*) ;; *) return 0 ;; esac
	edit -PX pickup/unix/content_filter
	filter=$(postconf -c "$ours/saved" -Ph pickup/unix/content_filter 2>/dev/null || :)
	[ -z "$filter" ] || edit -P "pickup/unix/content_filter=$filter"
}

# Makes the stage what it would be without milward. What was changed since is named in $stage/changed.
without() {
	rm -f "$stage/changed"
	mine=$(our_socket)
	if is_added && cmp -s "$stage/main.cf" "$ours/left/main.cf"; then
		cp "$ours/saved/main.cf" "$stage/main.cf"
		age "$stage/main.cf"
	else
		for name in $settings; do take_out main.cf "$name"; done
	fi
	if is_added && cmp -s "$stage/master.cf" "$ours/left/master.cf"; then
		cp "$ours/saved/master.cf" "$stage/master.cf"
	else
		take_pickup_out
		for name in $(our_services "$stage"); do take_out master.cf "$name"; done
	fi
}

# Messages that wait for their hop: a queue file names its content filter, and postqueue does not tell.
before_hop() {
	for name in incoming active deferred hold; do
		grep -rlaF 'milward-local:[127.0.0.1]:' "$queue/$name" 2>/dev/null || :
	done | while IFS= read -r file; do
		! postcat -c "$config" -e "$file" 2>/dev/null | grep -q '^content_filter: milward-local:' || basename "$file"
	done
}
# Messages in the queue that have a tag, without whose route they would bounce, or leave by a relayhost in clear; and those of local
# programs that wait for their hop.
tagged() {
	postqueue -c "$config" -j 2>/dev/null | grep '\.mw-[a-z0-9]*\.invalid"' | sed 's/.*"queue_id": "\([^"]*\)".*/\1/' >"$stage/tagged"
	before_hop >>"$stage/tagged"
	sort -u "$stage/tagged" | grep -c . || :
}

# First no new mail gets a tag, while the routes stay; then the routes go, when no mail needs them any more.
stop_tagging() {
	mkdir "$stage/first"
	cp "$config/main.cf" "$config/master.cf" "$stage/first"
	postconf -c "$stage" -h smtpd_milters 2>/dev/null | sed 's/^/smtpd_milters = /' >"$stage/text"
	set_block "$stage/first/main.cf" smtpd_milters "$stage/text"
	postconf -c "$stage" -h non_smtpd_milters 2>/dev/null | sed 's/^/milward_local_milters = /' >"$stage/text"
	set_block "$stage/first/main.cf" milward_local_milters "$stage/text"
	block "$stage/master.cf" pickup/unix >"$stage/text"
	set_block "$stage/first/master.cf" pickup/unix "$stage/text"
	place "$stage/first"
	reload_holds || die "Postfix does not reload"
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ "$(tagged)" != 0 ] || return 0
		sleep 1
	done
}

remove() {
	is_added || has_pieces || die "milward is not added to $config"
	stage_files
	was_running=no
	! running || was_running=yes
	without
	if [ -e "$stage/changed" ] && [ "$force" = no ]; then
		say "changed since milward was added:" >&2
		cat "$stage/changed" >&2
		die "nothing is removed; remove --force takes milward's parts out of them and leaves the rest"
	fi
	if [ "$dry" = yes ]; then
		diff -u "$config/main.cf" "$stage/main.cf" || :
		diff -u "$config/master.cf" "$stage/master.cf" || :
		return
	fi
	waiting=$(tagged)
	[ "${waiting:-0}" = 0 ] || die "$waiting messages in the queue (postqueue -p) need milward's routes, without which they could leave in" \
		"clear: let them be delivered, or delete them, then remove again; nothing is removed"
	backup
	if [ $was_running = yes ] && [ "$reload" = yes ]; then
		stop_tagging
		waiting=$(tagged)
		[ "${waiting:-0}" = 0 ] || die "$waiting messages in the queue need milward's routes: remove again when they are delivered"
	fi
	place "$stage"
	rm -rf "$ours"
	reload_holds || die "Postfix does not reload: $(cat "$stage/report")"
	undo=no
	say "removed from $config$([ $was_running = yes ] && [ "$reload" = yes ] && echo ", and Postfix is reloaded")"
}

