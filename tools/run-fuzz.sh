#!/bin/sh
# Runs the fuzz targets of build-fuzz (fuzz/fuzz.h says how to build them), two at a time, each for so many
# seconds. The corpus grows in build-fuzz/corpus; an input that crashes a target stays in build-fuzz and is
# named.
#
# usage: run-fuzz.sh SECONDS [TARGET...]       FUZZ_BUILD: another build directory; FUZZ_SEED: another seed
set -eu
cd "$(dirname "$0")/.."
[ $# -ge 1 ] || {
    sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
seconds=$1
shift
build=${FUZZ_BUILD:-build-fuzz}

# The longest input that makes sense for a target: longer ones only make it slow.
max_len() {
    case $1 in
    fuzz_ring) echo 65536 ;;
    fuzz_otlp_*) echo 16384 ;;
    fuzz_fold | fuzz_ring_spoilt) echo 1024 ;;
    *) echo 8192 ;;
    esac
}

run_one() { # target
    target=$1
    log=$build/fuzz/$target.log
    corpus=$build/corpus/$target
    mkdir -p "$corpus"
    set -- "$corpus"
    for seeds in "fuzz/seeds/$target" "$build/fuzz/seeds/$target"; do
        [ ! -d "$seeds" ] || set -- "$@" "$seeds"
    done
    case $target in
    fuzz_json | fuzz_sse) fixtures=tests/fixtures/openai_chat ;;
    *) fixtures=tests/fixtures/${target#fuzz_} ;;
    esac
    [ ! -d "$fixtures" ] || set -- "$@" "$fixtures" tests/fixtures/content
    case $target in # through so much code the weighing of seeds would take longer than the target
    fuzz_fold | fuzz_ring | fuzz_ring_spoilt) set -- -entropic=0 "$@" ;;
    esac
    [ ! -f "fuzz/dict/$target.dict" ] || set -- "-dict=fuzz/dict/$target.dict" "$@"
    # the same seed each time, so that a check is not a lottery; FUZZ_SEED=0 draws one
    if "$build/fuzz/$target" -seed="${FUZZ_SEED:-1}" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=1024 \
        -max_len="$(max_len "$target")" -artifact_prefix="$build/$target-" -print_final_stats=1 "$@" \
        > "$log" 2>&1; then
        echo "ok    $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs," \
            "$(sed -n 's/.*cov: \([0-9]*\).*/\1/p' "$log" | tail -n 1) edges"
        return 0
    fi
    echo "CRASH $target: $(grep -a -m 1 -E 'ERROR|runtime error|^[^ ]*fuzz/[^ ]*\.c:[0-9]+: ' "$log" || tail -n 1 "$log")"
    sed -n "s|.*Test unit written to |      again: $build/fuzz/$target |p" "$log"
    echo "      all it said: $log"
    return 1
}

if [ "${1-}" = --one ]; then
    run_one "$2"
    exit
fi

# Files of the targets: in memory where there is such a place.
tmp=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")/genspan-fuzz-XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
export TMPDIR="$tmp"

[ $# -gt 0 ] || set -- $(find "$build/fuzz" -maxdepth 1 -type f -perm -u+x -name 'fuzz_*' -printf '%f\n' | sort)
[ $# -gt 0 ] || {
    echo "run-fuzz.sh: $build holds no fuzz targets: fuzz/fuzz.h says how to build them" >&2
    exit 1
}
echo "fuzzing $# targets, $seconds s each, two at a time"
printf '%s\n' "$@" | xargs -P 2 -n 1 tools/run-fuzz.sh "$seconds" --one || {
    echo "fuzzing: FAILED"
    exit 1
}
echo "fuzzing: all targets passed"
