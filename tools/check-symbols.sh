#!/bin/sh
# The libraries export what the public headers declare, and nothing else.
#
# usage: check-symbols.sh PROJECT LIBRARY HEADER...
set -eu
project=$1
library=$2
shift 2
for header; do
    cat "$project/include/genspan/$header"
done | tr '\n' ' ' | grep -oE 'GSP_API[^;]*;' | grep -oE 'gsp_[a-z0-9_]+\(' | tr -d '(' |
    sort -u > "${TMPDIR:-/tmp}/genspan-declared.$$"
nm -D --defined-only "$library" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' |
    sort -u > "${TMPDIR:-/tmp}/genspan-exported.$$"
status=0
diff -u "${TMPDIR:-/tmp}/genspan-declared.$$" "${TMPDIR:-/tmp}/genspan-exported.$$" || status=1
n=$(wc -l < "${TMPDIR:-/tmp}/genspan-exported.$$")
rm -f "${TMPDIR:-/tmp}/genspan-declared.$$" "${TMPDIR:-/tmp}/genspan-exported.$$"
[ $status -eq 0 ] || { echo "check-symbols: declared (-) and exported (+) differ" >&2; exit 1; }
echo "$n symbols, as declared"
