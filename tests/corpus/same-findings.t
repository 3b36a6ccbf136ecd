#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Rules find the same with and without triggers, and with and without a prefilter, in every file of ../shared/data (same_findings.c).
# A sample: each file is asked about one rule in sixteen, and the next file about the next sixteenth. MILWARD_SHARE=1 asks all, for minutes.
# Needs MILWARD_BUILD (a built tree). Prints TAP.
set -u
src=${MILWARD_SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
build=${MILWARD_BUILD:-$src}
data=$src/../shared/data
sets='mail-ham mime-suites phi-text attachments hostile facts auth-suites'
share=${MILWARD_SHARE:-16}
n=0 failed=0 prefilter='no text'
not_ok() {
	echo "not ok $n - $1"
	failed=1
}
echo 1..8
make -s -C "$build" milward-reader tests/corpus/same_findings >/dev/null || { echo 'Bail out! same_findings does not build'; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for set in $sets; do
	n=$((n + 1))
	rm -rf "$folder/set"
	mkdir "$folder/set"
	if [ -e "$data/$set.tar.zst" ]; then
		tar -x --zstd -f "$data/$set.tar.zst" -C "$folder/set" || { not_ok "$set: the archive cannot be unpacked"; continue; }
	elif [ -d "$data/$set" ]; then
		cp -R "$data/$set" "$folder/set" || { not_ok "$set: the folder cannot be copied"; continue; }
	else
		echo "ok $n - $set # SKIP no $set in ../shared/data"
		continue
	fi
	if MILWARD_READER="$build/milward-reader" "$build/tests/corpus/same_findings" "$share" "$src/policies" "$src/tests/bench/match.patterns" "$build/modules/.libs" "$folder/set" \
		>"$folder/out" 2>&1; then
		echo "ok $n - $set"
	else
		not_ok "$set: $(tail -n 1 "$folder/out")"
	fi
	prefilter=$(sed -n 's/^# no prefilter: //p' "$folder/out")
	sed '/^# /!s/^/# /' "$folder/out" | head -n 20
done
n=$((n + 1))
if [ -z "$prefilter" ]; then
	echo "ok $n - the prefilter was compared"
elif [ -e "$build/modules/.libs/prefilter-hs.so" ] && [ "$prefilter" != 'no text' ]; then
	not_ok "the prefilter was compared: $prefilter"
else
	echo "ok $n - the prefilter was compared # SKIP $prefilter"
fi
exit $failed
