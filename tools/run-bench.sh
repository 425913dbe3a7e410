#!/bin/sh
# Runs the benchmarks of a build, and those of peers whose toolchain is here.
#
# usage: run-bench.sh BUILD
set -eu
build=$1

"$build/bench/bench_record"
"$build/bench/bench_export"
"$build/bench/bench_policy"

echo "size"
size -A "$build/libgenspan.so" |
    awk '$1 == ".text" { printf "  %-52s %9.1f KiB   goal: under 200\n", "text of libgenspan.so", $2 / 1024 }'

if command -v cargo > /dev/null 2>&1; then
    log=$build/bench-rust.log
    if CARGO_TARGET_DIR=$build/bench-rust cargo build --release --quiet \
        --manifest-path bench/rust/Cargo.toml > "$log" 2>&1; then
        "$build/bench-rust/release/genspan-bench-peer"
    else
        echo "the Rust peer could not be built (no network?): see $log"
    fi
else
    echo "the Rust peer is left out: there is no cargo here"
fi
