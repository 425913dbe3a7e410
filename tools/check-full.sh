#!/bin/sh
# What takes longer than `make check` or needs other tools: clang, TSan, fuzzing, other people's decoders,
# an installed copy.
#
# usage: check-full.sh SECONDS-PER-FUZZ-TARGET
set -eu
cd "$(dirname "$0")/.."
seconds=$1

step() {
    echo
    echo "== $*"
}

setup() { # directory, options...
    dir=$1
    shift
    [ -f "$dir/build.ninja" ] || meson setup -Dtests=enabled "$@" "$dir"
    ninja -C "$dir"
}

step "formatting"
git ls-files '*.c' '*.h' 2> /dev/null | xargs clang-format --dry-run -Werror

step "clang, warnings are errors"
export CC=clang
setup build-clang -Dbuildtype=release
meson test -C build-clang --print-errorlogs

step "fuzzing, $seconds s for each target"
setup build-fuzz -Dfuzz=true -Dbuildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false
tools/run-fuzz.sh "$seconds"
unset CC

step "TSan"
setup build-tsan -Dbuildtype=debugoptimized -Db_sanitize=thread
meson test -C build-tsan --print-errorlogs

step "the official Python decoder reads our OTLP"
tests/peers/run.sh build

step "an installed copy"
tools/check-install.sh build
