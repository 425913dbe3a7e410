#!/bin/sh
# Holds the includes of src/ against the table of layers in ARCHITECTURE.md: a folder may include what its row
# lists, itself, the public headers, and the system's. Fails the build on anything else.
#
# usage: check-layers.sh PROJECT [STAMP]
set -eu
cd "$1"

table='
base
record    base
wire      base record
policy    base
call      base record wire policy
price     base record
derive    base record price
otlp      base derive
drain     base record derive otlp
sim       base record wire policy call price derive otlp drain
client
store     base record price derive otlp
serve     base record wire policy call price derive otlp drain client store
nginx     base wire policy call
cli       base record wire policy call price derive otlp drain sim client store serve
'

find src -name '*.[ch]' -o -name '*.def' | sort | xargs awk -v table="$table" '
BEGIN {
    n = split(table, rows, "\n")
    for (i = 1; i <= n; i++) {
        m = split(rows[i], words, " ")
        if (m == 0)
            continue
        known[words[1]] = 1
        allowed[words[1], words[1]] = 1
        for (k = 2; k <= m; k++)
            allowed[words[1], words[k]] = 1
    }
}
FNR == 1 {
    split(FILENAME, parts, "/")
    layer = parts[2]
    if (parts[3] != "" && !(layer in known)) {
        print FILENAME ": src/" layer "/ is no layer of the table"
        bad = 1
    }
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
    line = $0
    sub(/^[^"]*"/, "", line)
    sub(/".*/, "", line)
    split(line, path, "/")
    if (path[2] == "") {
        print FILENAME ":" FNR ": \"" line "\": name the layer: \"" layer "/" line "\""
        bad = 1
    } else if (!((layer, path[1]) in allowed)) {
        print FILENAME ":" FNR ": " layer " may not include " path[1] " (\"" line "\")"
        bad = 1
    }
}
/^[ \t]*#[ \t]*include[ \t]*<(curl|jansson|microhttpd|zlib|sha256|nginx|ngx)/ {
    lib = $0
    sub(/^[^<]*</, "", lib)
    sub(/[>\/].*/, "", lib)
    if (layer ~ /^(base|record|wire|policy|call|price|derive)$/) {
        print FILENAME ":" FNR ": " layer " may include no library but the C library (<" lib ">)"
        bad = 1
    }
}
END { exit bad }
' || { echo "check-layers: see the table of layers in ARCHITECTURE.md" >&2; exit 1; }

[ $# -lt 2 ] || : > "$2"
