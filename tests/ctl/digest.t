#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The digest of a policy is what records of a daemon have, and leads to its commit, by the commands of doc/operating.md.
set -u
src=$(cd "${MILWARD_SRC:-.}" && pwd)
build=$(cd "${BUILD:-${MILWARD_BUILD:-.}}" && pwd)
if ! command -v git >/dev/null || [ ! -x "$build/milward-seal" ] || [ ! -e "$build/modules/.libs/seal.so" ]; then
	echo "1..0 # SKIP git, milward-seal and its module are needed"
	exit 0
fi
tmp=$(mktemp -d) && chmod 755 "$tmp" || exit 1
trap 'rm -rf "$tmp"' EXIT
n=0
ok() { # RESULT NAME
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}
milwardctl() { "$build/milwardctl" --modules "$build/modules/.libs" --policies "$src/policies" "$@"; }
export HOME="$tmp" GIT_CONFIG_NOSYSTEM=1
mkdir "$tmp/policies" && cd "$tmp/policies" || exit 1
git init -q . && git config user.name Test && git config user.email test@clinic.example
cat >outbound.policy <<END
load route grant route, edit, run { mta none }
load seal { listen "unix:$tmp/seal.sock"; state "$tmp/state"; audit "$tmp/audit.log" }
table <ours> file "ours"
include "more.policy"
END
echo "match any then pass" >more.policy
echo "clinic.example" >ours
git add . && git commit -qm first
first=$(milwardctl check --digest outbound.policy)
ok $? "a digest is printed"
echo "other.example" >>ours
git commit -qam "another domain"
second=$(milwardctl check --digest outbound.policy)
echo "# a word" >>more.policy
git commit -qam "another word"
third=$(milwardctl check --digest outbound.policy)
[ "$first" != "$second" ] && [ "$second" != "$third" ]
ok $? "lists and what is included count"
git checkout -q HEAD~1
[ "$(milwardctl check --digest --json outbound.policy)" = "{\"file\":\"outbound.policy\",\"digest\":\"${second%% *}\"}" ]
ok $? "the same as JSON"
"$build/milward-seal" -p outbound.policy --modules "$build/modules/.libs" --policies "$src/policies" --status none 2>"$tmp/log" &
pid=$!
i=0
while ! grep -q '"kind":"start"' "$tmp/audit.log" 2>/dev/null && [ $i -lt 300 ]; do
	sleep 0.1
	i=$((i + 1))
done
kill "$pid"
wait "$pid"
digest=$(sed -n 's/.*"kind":"start".*"policy":"\([0-9a-f]*\)".*/\1/p' "$tmp/audit.log" | head -n 1)
[ "$digest  outbound.policy" = "$second" ]
ok $? "it is what a daemon records"
git checkout -q -
awk '/^git rev-list HEAD/ { on = 1 } /^```/ { on = 0 } on' "$src/doc/operating.md" >"$tmp/loop"
# shellcheck source=/dev/null
[ "$(. "$tmp/loop" | cut -d " " -f 2-)" = "another domain" ]
ok $? "and leads to its commit"
echo "match nonsense" >>more.policy
milwardctl check --digest outbound.policy >"$tmp/out" 2>"$tmp/err"
[ $? = 1 ] && [ ! -s "$tmp/out" ] && grep -q "more.policy:3:" "$tmp/err"
ok $? "a policy that is wrong has none"
echo "1..$n"
