#!/bin/sh
# OpenTelemetry's own Python package reads what we write and what we send, and we read what it writes. All it needs
# goes to the build directory; the package comes from the index that pip is set up for.
#
# usage: run.sh BUILD_DIR
set -eu

fail() {
    echo "tests/peers: $*" >&2
    exit 1
}

[ $# -eq 1 ] || { echo "usage: tests/peers/run.sh BUILD_DIR" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" 2> /dev/null && pwd) || fail "$1 is no directory: run make first"
[ -f "$build/build.ninja" ] || fail "$build is no build directory: run make first"
work=$build/peers
venv=$work/venv
seed=${GENSPAN_TEST_SEED:-$(date +%s)}
n_models=100

command -v python3 > /dev/null || fail "python3 is not there (Debian: python3 python3-venv)"
mkdir -p "$work"
if ! cmp -s "$here/requirements.txt" "$venv/installed.txt"; then
    rm -rf "$venv"
    python3 -m venv "$venv" > "$work/venv.log" 2>&1 || {
        cat "$work/venv.log" >&2
        fail "python3 cannot make a virtual environment (Debian: apt-get install python3-venv)"
    }
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        -r "$here/requirements.txt" > "$work/pip.log" 2>&1 || {
        tail -n 5 "$work/pip.log" >&2
        fail "pip cannot install $(tr '\n' ' ' < "$here/requirements.txt")- is there a network? (all of it: $work/pip.log)"
    }
    cp "$here/requirements.txt" "$venv/installed.txt"
fi

ninja -C "$build" tests/otlp_samples tests/otlp_send > "$work/build.log" 2>&1 || {
    cat "$work/build.log" >&2
    fail "otlp_samples or otlp_send does not build (was the build set up with -Dtests=enabled?)"
}
rm -rf "$work/samples"
mkdir "$work/samples"
echo "tests/peers: seed: GENSPAN_TEST_SEED=$seed"
"$build/tests/otlp_samples" write "$work/samples" "$n_models" "$seed" || fail "otlp_samples cannot write"
"$venv/bin/python" "$here/otlp_decode.py" "$work/samples" "$n_models" "$here/../fixtures/otlp" \
    || fail "the official package reads something else than we wrote"
"$build/tests/otlp_samples" check "$work/samples" "$n_models" "$seed" \
    || fail "we read something else than the official package wrote"
echo "tests/peers: $n_models models of traces, of metrics and of logs are the same in both directions"

# a backend of the package's, until we are done with it
kept=$work/kept
n_sent=25
rm -rf "$kept"
mkdir "$kept"
"$venv/bin/python" "$here/otlp_receive.py" "$kept" > "$work/receive.log" 2>&1 &
backend=$!
trap 'kill "$backend" 2> /dev/null || true' EXIT
tries=0
while [ ! -f "$kept/port" ]; do
    tries=$((tries + 1))
    kill -0 "$backend" 2> /dev/null && [ "$tries" -lt 300 ] || { cat "$work/receive.log" >&2; fail "the backend does not start"; }
    sleep 0.1
done
"$build/tests/otlp_send" send "http://127.0.0.1:$(cat "$kept/port")" "$n_sent" "$seed" || {
    cat "$kept/fault" >&2 || tail -n 5 "$work/receive.log" >&2
    fail "the official package does not take what we send"
}
"$build/tests/otlp_send" check "$kept" "$n_sent" "$seed" || fail "the official package took something else than we sent"
echo "tests/peers: $(find "$kept" -name '*.pb' | wc -l) requests came as they were sent, in both encodings, plain and under gzip"
