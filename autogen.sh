#!/bin/sh
# Makes configure. Needed once after a clone, and after a change of configure.ac or m4/.
set -eu
cd "$(dirname "$0")"
exec autoreconf --install --force --warnings=all,no-obsolete
