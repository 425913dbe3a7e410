#!/bin/sh
# docs/configuration.md lists every environment variable that the sources name, and no other.
#
# usage: test_configuration.sh PROJECT
set -eu
cd "$1"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

{
    # Names in full, wherever they stand: code, comments, help. What ends in _ is the beginning of some; include
    # guards end in _H.
    find src include -name '*.[ch]' -exec grep -ohE '\b(GENSPAN|OTEL|OPENAI)_[A-Z0-9_]+' {} + |
        grep -vE '_$|_H$'
    # Whatever else is read from the environment.
    find src -name '*.c' -exec grep -ohE 'gsp__env(_[a-z0-9]+)?\("[A-Z_]+"' {} + | sed 's/.*"\(.*\)"/\1/'
    # Those of OTLP are put together: OTEL_EXPORTER_OTLP_[TRACES_|METRICS_|LOGS_]NAME.
    grep -oE '\bsignal, "[A-Z_]+"' src/drain/config.c | sed 's/.*"\(.*\)"/\1/' | while read -r name; do
        for signal in '' TRACES_ METRICS_ LOGS_; do
            echo "OTEL_EXPORTER_OTLP_$signal$name"
        done
    done
} | sort -u > "$tmp/sources"

# The first column of the tables.
grep '^| `' docs/configuration.md | cut -d '|' -f 2 | grep -oE '[A-Z][A-Z0-9_]+' | sort > "$tmp/listed"
sort -u "$tmp/listed" > "$tmp/docs"

bad=0
for name in $(comm -23 "$tmp/sources" "$tmp/docs"); do
    echo "$name is named in src/ or include/, and not listed in docs/configuration.md"
    bad=1
done
for name in $(comm -13 "$tmp/sources" "$tmp/docs"); do
    echo "$name is listed in docs/configuration.md, and read nowhere in src/"
    bad=1
done
for name in $(uniq -d "$tmp/listed"); do
    echo "$name is listed twice in docs/configuration.md"
    bad=1
done
if [ "$(wc -l < "$tmp/sources")" -lt 50 ]; then
    echo "only $(wc -l < "$tmp/sources") variables were found: is the search broken?"
    bad=1
fi
exit $bad
