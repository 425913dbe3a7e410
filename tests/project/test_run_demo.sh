#!/bin/sh
# `make run` works, and works again: twice in the same place. usage: test_run_demo.sh PROJECT BUILD
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
mkdir "$place/tools" "$place/build"
cp "$1/tools/run-demo.sh" "$place/tools/"
ln -s "$2/genspan" "$place/build/genspan"
for i in 1 2; do
    env -u REAL "$place/tools/run-demo.sh" > "$place/said" 2>&1 || { cat "$place/said"; exit 1; }
    grep -q 'rate_limit (429)' "$place/said" || { echo "run $i shows no refusal"; cat "$place/said"; exit 1; }
    grep -q 'completed (200)' "$place/said" || { echo "run $i shows no answer"; cat "$place/said"; exit 1; }
    [ "$(wc -l < "$place/build/run/traces.jsonl")" -ge 1 ]
done
