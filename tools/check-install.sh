#!/bin/sh
# Installs a build elsewhere, compiles an example against what pkg-config says of it, and runs that.
#
# usage: check-install.sh BUILD
set -eu
build=$1
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

DESTDIR=$root meson install -C "$build" --no-rebuild --quiet
pc=$(dirname "$(find "$root" -name genspan.pc)")
lib=$(dirname "$(find "$root" -name libgenspan.so)")
export PKG_CONFIG_PATH=$pc PKG_CONFIG_SYSROOT_DIR=$root

# shellcheck disable=SC2046
cc -std=c11 -Wall -Wextra -Werror examples/quickstart.c -o "$root/quickstart" \
    $(pkg-config --cflags --libs genspan-export genspan)
LD_LIBRARY_PATH=$lib GENSPAN_DIR=$root OTEL_TRACES_EXPORTER=console "$root/quickstart"
LD_LIBRARY_PATH=$lib "$(find "$root" -path '*/bin/genspan')" --version
if [ -n "$(find "$root" -name '*.ring')" ]; then
    echo "the example left its ring behind" >&2
    exit 1
fi
echo "the installed copy works"
