#!/bin/sh
# Makes sure that what a make target needs is there. What is missing is named and, on Debian and by whoever
# may, installed; else the one command to type is printed.
#
# usage: ensure-deps.sh build|check|full
set -eu

# probe:package - a command, or pc: and a pkg-config module, or file: and a path; rt: clang's sanitizer
# runtime, venv: what python needs to make a virtual environment
build='cc:gcc file:/usr/include/stdio.h:libc6-dev meson:meson ninja:ninja-build pkg-config:pkg-config pc:libcurl:libcurl4-openssl-dev
       pc:zlib:zlib1g-dev pc:jansson:libjansson-dev pc:libmicrohttpd:libmicrohttpd-dev
       pc:libmd:libmd-dev'
check="$build c++:g++ pc:cmocka:libcmocka-dev protoc:protobuf-compiler curl:curl openssl:openssl"
full="$check clang:clang rt:libclang-rt-dev clang-format:clang-format llvm-symbolizer:llvm python3:python3
      venv:python3-venv"

case "${1:-}" in
build) wanted=$build ;;
check) wanted=$check ;;
full) wanted=$full ;;
*) echo "usage: $0 build|check|full" >&2; exit 2 ;;
esac

is_there() {
    case "$1" in
    pc:*) command -v pkg-config > /dev/null 2>&1 && pkg-config --exists "${1#pc:}" ;;
    file:*) [ -e "${1#file:}" ] ;;
    rt) ls /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer*.a > /dev/null 2>&1 ;;
    venv) python3 -c 'import ensurepip, venv' > /dev/null 2>&1 ;;
    *) command -v "$1" > /dev/null 2>&1 ;;
    esac
}

missing=
for row in $wanted; do
    package=${row##*:}
    is_there "${row%:*}" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "genspan: these packages are missing:$missing"
if ! command -v apt-get > /dev/null 2>&1; then
    echo "genspan: install them, or what they are called here, and try again" >&2
    exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo > /dev/null 2>&1 && sudo -n true 2> /dev/null; then
    as_root='sudo -n'
else
    echo "genspan: type this, then try again:" >&2
    echo "    sudo apt-get install --no-install-recommends$missing" >&2
    exit 1
fi
echo "genspan: installing them with apt-get"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get -qq update || echo "genspan: the package lists could not be updated; trying with what is there" >&2
# shellcheck disable=SC2086
if ! $as_root apt-get -qq install -y --no-install-recommends $missing > /dev/null; then
    echo "genspan: the packages could not be installed; is there a network?" >&2
    exit 1
fi
