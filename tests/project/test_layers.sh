#!/bin/sh
# The layer check lets through what ARCHITECTURE.md allows and nothing else.
#
# usage: test_layers.sh CHECK-LAYERS
set -eu
check=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/src/base" "$tree/src/record" "$tree/src/wire"

expect() { # pass|fail FILE LINE
    printf '%s\n' "$3" > "$tree/src/$2"
    got=pass
    "$check" "$tree" > "$tree/out" 2>&1 || got=fail
    if [ $got != "$1" ]; then
        echo "src/$2 with $3: wanted $1, got $got"
        cat "$tree/out"
        exit 1
    fi
    if [ $got = fail ] && ! grep -q "src/$2" "$tree/out"; then
        echo "src/$2 with $3: the file is not named"
        exit 1
    fi
    rm -f "$tree/src/$2"
}

expect pass wire/a.c '#include "base/utf8.h"'
expect pass wire/a.c '#include "wire/json.h"'
expect pass wire/a.c '#include <genspan/types.h>'
expect fail base/a.c '#include "record/ring.h"'
expect fail base/a.h '  #  include   "record/ring.h"'
expect fail record/a.c '#include "call/span.h"'
expect fail record/a.c '#include "ring.h"'
expect fail wire/a.c '#include <curl/curl.h>'
expect fail wire/a.c '#include "../base/utf8.h"'
mkdir -p "$tree/src/other"
expect fail other/a.c '#include "base/utf8.h"'
expect fail a.c '#include "base/utf8.h"'
