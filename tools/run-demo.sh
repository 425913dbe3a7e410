#!/bin/sh
# The main job, seen once: a streamed call that is refused with 429, waits as told, and is answered; then what
# really happened. Without a network: the provider is `genspan sim` on loopback. REAL=1 calls the real endpoint
# (OPENAI_BASE_URL, default OpenAI's) with the key in OPENAI_API_KEY.
set -eu
cd "$(dirname "$0")/.."
genspan=build/genspan
out=build/run
prompt=${PROMPT:-Why does a flight recorder keep what happened before the crash?}
mkdir -p "$out"
rm -f "$out"/traces.jsonl "$out"/metrics.jsonl "$out"/sim.url

chat() {
    "$genspan" chat --dir "$out" --traces console,file --traces-file "$out/traces.jsonl" \
        --metrics file --metrics-file "$out/metrics.jsonl" "$@" "$prompt"
}

if [ -n "${REAL:-}" ] && [ "$REAL" != 0 ]; then
    if [ -z "${OPENAI_API_KEY:-}" ]; then
        echo "genspan: make run REAL=1 needs your key in OPENAI_API_KEY" >&2
        exit 2
    fi
    echo "genspan: calling ${OPENAI_BASE_URL:-https://api.openai.com/v1}"
    chat
else
    sim=
    trap 'if [ -n "$sim" ]; then kill "$sim" 2> /dev/null || :; wait "$sim" 2> /dev/null || :; fi' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    "$genspan" sim --script 429:1,ok --seconds 60 > "$out/sim.url" &
    sim=$!
    i=0
    until [ -s "$out/sim.url" ]; do
        i=$((i + 1))
        if [ $i -gt 100 ] || ! kill -0 "$sim" 2> /dev/null; then
            echo "genspan: the simulator did not start" >&2
            exit 1
        fi
        sleep 0.1
    done
    url=$(cat "$out/sim.url")
    echo "genspan: a simulated provider at $url, which refuses the first request"
    echo
    unset OPENAI_API_KEY # nobody's key goes to a simulator
    chat --base-url "$url" --model gpt-4o-mini
fi

echo
echo "OTLP, one JSON document per line: $out/traces.jsonl $out/metrics.jsonl"
echo "to send it to a collector as well: OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 $genspan chat ..."
