#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Modules as strangers build them: compiled against the installed header alone, each with one fault, and what the loader says.
# Needs MILWARD_BUILD (default: the current folder) and the tree in MILWARD_SRC or srcdir. TAP.
set -u
src=$(cd "${MILWARD_SRC:-${srcdir:-.}}" && pwd)
major=$(sed -n "s/^#define MW_ABI_MAJOR \([0-9]*\)u.*/\1/p" "$src/include/milward/plugin.h")
minor=$(sed -n "s/^#define MW_ABI_MINOR \([0-9]*\)u.*/\1/p" "$src/include/milward/plugin.h")
build=$(cd "${MILWARD_BUILD:-.}" && pwd)
cc=${CC:-cc}
describe=$build/tests/abi/describe
ctl=$build/milwardctl

umask 022
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
modules=$tmp/modules
mkdir "$modules"
count=0

ok() { count=$((count + 1)); echo "ok $count - $1"; }
not_ok() { count=$((count + 1)); echo "not ok $count - $1"; }
skip() { count=$((count + 1)); echo "ok $count - $1 # SKIP $2"; }

# says NAME EXPECTED COMMAND…: the output holds the text
says() {
	name=$1 expected=$2
	shift 2
	output=$("$@" 2>&1)
	case $output in
	*"$expected"*) ok "$name" ;;
	*) not_ok "$name"; echo "# got:  $output"; echo "# want: $expected" ;;
	esac
}

# ---- the installed header, and nothing else of the tree -----------------------------------------------------------------------
if ! make -s -C "$build" install-pkgincludeHEADERS install-pkgconfigDATA DESTDIR="$tmp/root" >"$tmp/install.log" 2>&1; then
	sed 's/^/# /' "$tmp/install.log"
	echo "Bail out! cannot install the header"
	exit 1
fi
PKG_CONFIG_SYSROOT_DIR=$tmp/root
PKG_CONFIG_PATH=$(dirname "$(find "$tmp/root" -name milward.pc)")
export PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH
cflags=$(pkg-config --cflags milward) || { echo "Bail out! pkg-config does not know milward"; exit 1; }
case $cflags in
*"$tmp/root"*) ok "pkg-config names the installed header" ;;
*) not_ok "pkg-config names the installed header"; echo "# $cflags" ;;
esac

# fault FLAGS…: compiles fault.c to $modules/fault.so
fault() {
	# shellcheck disable=SC2086 # flags are words
	$cc -std=c11 -D_DEFAULT_SOURCE -Wall -Wextra -Werror -fPIC -shared $cflags "$@" -o "$modules/fault.so" "$src/tests/abi/fault.c"
}
describe() { "$describe" "$modules" "$1"; }
load() { "$describe" --load "$modules" "$1"; }

# ---- a good one ------------------------------------------------------------------------------------------------------------------
export FAULT_MARK="$tmp/mark"
fault
says "a good module is described" "fault 1.2" describe fault
if [ ! -e "$tmp/mark" ]; then ok "describing runs no code of it"; else not_ok "describing runs no code of it"; fi
says "a good module is loaded" "fault 1.2" load fault
if [ -e "$tmp/mark" ]; then ok "loading does"; else not_ok "loading does"; fi
fault -fvisibility=hidden -O2 -Wl,--hash-style=sysv -Wl,-s
says "stripped, with the old hash table" "fault 1.2" load fault
if fault -Wl,-z,pack-relative-relocs 2>/dev/null; then
	says "with packed relocations" "fault 1.2" load fault
else
	skip "with packed relocations" "the linker has none"
	fault
fi

# ---- faults: file and folder -------------------------------------------------------------------------------------------------------
says "no such file: names the folder" "it is not linked in, and the folder $modules has no file nothing.so" describe nothing
says "a name that is a path" "no module can have this name" describe ../modules/fault
chmod 666 "$modules/fault.so"
says "a file that others may write" "the file $modules/fault.so can be written by others (mode 0666): chmod go-w it" describe fault
chmod 644 "$modules/fault.so"
chmod 775 "$modules"
says "a folder that others may write" "the folder of modules $modules can be written by others (mode 0775)" describe fault
chmod 755 "$modules"
ln -s fault.so "$modules/link.so"
says "a symbolic link" "$modules/link.so is a symbolic link: a module must be the file itself" describe link
if [ "$(id -u)" -eq 0 ]; then
	chown 12345 "$modules/fault.so"
	says "a file of somebody else" "belongs to user 12345, who is neither root nor the user of this process" describe fault
	chown 0 "$modules/fault.so"
else
	skip "a file of somebody else" "needs root"
fi
says "and it is good again" "fault 1.2" load fault

# ---- faults: what is in it -----------------------------------------------------------------------------------------------------------
echo 'int main;' >"$modules/text.so"
says "not ELF" "$modules/text.so: is not a shared object (no ELF header)" describe text
cp "$modules/fault.so" "$modules/alien.so"
printf '\377\377' | dd of="$modules/alien.so" bs=1 seek=18 conv=notrunc 2>/dev/null
says "another machine" "is made for another machine" describe alien
head -c 2000 "$modules/fault.so" >"$modules/half.so"
says "cut off" "$modules/half.so: is damaged" describe half
fault -DFAULT_SYMBOL=mw_other
says "no symbol" "is not a module of milward: it has no symbol mw_plugin" describe fault
fault -DFAULT_MAGIC=0x12345678u
says "wrong magic" "is not a module of milward: wrong magic 0x12345678" describe fault
fault -DFAULT_SIZE=100
says "short struct" "has a descriptor of 100 octets, which is too short" describe fault
fault '-DFAULT_SIZE=sizeof(struct mw_plugin)+8'
says "long struct" "which is too long" describe fault
fault '-DFAULT_MAJOR=MW_ABI_MAJOR+1'
says "newer major" "is made for the newer ABI $((major + 1)).$minor; this milward has $major.$minor" describe fault
fault -DFAULT_MAJOR=0
says "older major" "is made for the older ABI 0.$minor; this milward has $major.$minor" describe fault
fault '-DFAULT_MINOR=MW_ABI_MINOR+1'
says "newer minor" "needs at least ABI $major.$((minor + 1)); this milward has $major.$minor: update milward" describe fault
fault '-DFAULT_BUILD="milward-1/16pdp"'
says "other build" "is of another build, \"milward-1/16pdp\"; this milward is \"milward-1/" describe fault
fault '-DFAULT_NAME="other"'
says "name mismatch" "calls itself \"other\", not \"fault\": a module and its file have one name" describe fault
fault '-DFAULT_NAME=0'
says "no name" "is damaged: a name of its descriptor points outside of the file" describe fault
fault '-DFAULT_FACTS=(const void *)4096'
says "a pointer to nowhere" "is damaged: facts of its descriptor points outside of the file" describe fault
fault '-DFAULT_FACTS=(const void *)((const char *)facts+1)'
says "a crooked pointer" "is damaged: facts of its descriptor points outside of the file" describe fault
rm -f "$tmp/mark"
says "what is refused is not loaded" "is damaged" load fault
if [ ! -e "$tmp/mark" ]; then ok "and none of its code ran"; else not_ok "and none of its code ran"; fi

# ---- modules that milwardctl begins, built by their own Makefile outside of the tree -----------------------------------------------
export MILWARD_SETUP="$tmp/share"
for kind in . milter checker extractor; do
	mkdir -p "$MILWARD_SETUP/plugin/$kind"
	for file in "$src/plugins/example/$kind"/*; do
		[ ! -f "$file" ] || install -m 644 "$file" "$MILWARD_SETUP/plugin/$kind"
	done
done
if [ -x "$ctl" ]; then
	for kind in milter checker extractor; do
		if (cd "$tmp" && "$ctl" --modules "$modules" new plugin --kind $kind my-$kind && cd my-$kind &&
			make -s CC="$cc" CFLAGS='-O2 -Wshadow -Wconversion -Werror') >"$tmp/new.log" 2>&1; then
			ok "new plugin: kind $kind compiles against the installed header"
		else
			not_ok "new plugin: kind $kind compiles against the installed header"
			sed 's/^/# /' "$tmp/new.log"
		fi
		if [ ! -e "$build/modules/.libs/route.so" ] || [ ! -e "$build/modules/.libs/phi.so" ]; then
			skip "new plugin: tests of kind $kind" "route and phi are linked in"
		elif (cd "$tmp/my-$kind" && make -s check CC="$cc" MODULES="$build/modules/.libs" MILWARDCTL="$ctl") >"$tmp/new.log" 2>&1; then
			ok "new plugin: tests of kind $kind"
		else
			not_ok "new plugin: tests of kind $kind"
			sed 's/^/# /' "$tmp/new.log"
		fi
	done
	says "new plugin: not twice" "my-milter: File exists" sh -c 'cd "$1" && exec "$2" new plugin my-milter' sh "$tmp" "$ctl"
	says "new plugin: not a name" "is named by small letters" "$ctl" new plugin ../x
	says "new plugin: not of a module that is there" "there is a module \"fault\" already" \
		"$ctl" --modules "$modules" new plugin fault
fi
# What the guide shows is in the examples, line by line.
says "the guide to plugins is true" "4 of 4" python3 - "$src" <<-'END'
	import pathlib, re, sys
	src = pathlib.Path(sys.argv[1])
	code = "".join(p.read_text() for p in sorted(src.glob("plugins/example/*/example.c")))
	blocks = re.findall(r"```c\n(.*?)```", (src / "doc/writing-a-plugin.md").read_text(), re.S)
	print("%d of %d" % (sum(b in code for b in blocks), len(blocks)))
END

mkdir "$tmp/example"
cp "$src/plugins/example/Makefile" "$src/plugins/example/milter/"* "$tmp/example"
chmod -R u+w "$tmp/example"
if make -s -C "$tmp/example" CC="$cc" CFLAGS='-O2 -Werror' install MODULES="$modules" >"$tmp/example.log" 2>&1; then
	ok "the example is installed"
else
	not_ok "the example is installed"
	sed 's/^/# /' "$tmp/example.log"
fi
says "the example is loaded" "example 1.0" load example

# A policy that uses it. Its actions come from the route milter of the build, when that is a file too.
if [ -x "$ctl" ] && [ -e "$build/modules/.libs/route.so" ]; then
	install -m 644 "$build/modules/.libs/route.so" "$modules/route.so"
	cat >"$tmp/test.policy" <<-END
		load example grant text
		load route grant route, edit, run
		match example.attachments >= 1 then hold "has an attachment"
		match any then pass
	END
	cat >"$tmp/mail" <<-END
		From: a@clinic.example
		Subject: list
		MIME-Version: 1.0
		Content-Type: multipart/mixed; boundary=b

		--b

		Here it is.
		--b
		Content-Type: text/csv
		Content-Disposition: attachment; filename=list.csv

		a,b
		--b--
	END
	says "a policy uses it" "has an attachment" "$ctl" --modules "$modules" -p "$tmp/test.policy" \
		explain --from a@clinic.example --to b@x.example "$tmp/mail"
	sed -i 's/^load example.*/load example/' "$tmp/test.policy"
	says "its power must be granted" "module \"example\" needs the power \"text\"" "$ctl" --modules "$modules" check "$tmp/test.policy"
else
	skip "a policy uses it" "no milwardctl, or route is linked in"
	skip "its power must be granted" "no milwardctl, or route is linked in"
fi
echo "1..$count"
