#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Rules find the same with and without triggers, and with and without a prefilter, in every file of ../shared/data (same_findings.c).
# Needs MILWARD_BUILD (a built tree). Prints TAP.
set -u
src=${MILWARD_SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
build=${MILWARD_BUILD:-$src}
data=$src/../shared/data
sets='mail-ham mime-suites phi-text attachments hostile facts auth-suites'
share=${MILWARD_SHARE:-8} # each file is asked about one in so many rules; 1 takes minutes
n=0
echo 1..7
make -s -C "$build" tests/corpus/same_findings >/dev/null || echo 'Bail out! same_findings does not build'
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for set in $sets; do
	n=$((n + 1))
	mkdir "$folder/$set"
	if [ -e "$data/$set.tar.zst" ]; then
		tar -x --zstd -f "$data/$set.tar.zst" -C "$folder/$set"
	elif [ -d "$data/$set" ]; then
		cp -R "$data/$set" "$folder/$set"
	else
		echo "ok $n - $set # SKIP no $set in ../shared/data"
		continue
	fi
	if "$build/tests/corpus/same_findings" "$share" "$src/policies" "$src/tests/bench/match.patterns" "$build/modules/.libs" "$folder/$set" \
		>"$folder/out" 2>&1; then
		echo "ok $n - $set"
	else
		echo "not ok $n - $set"
	fi
	sed '/^# /!s/^/# /' "$folder/out" | head -n 20
	rm -rf "${folder:?}/$set"
done
