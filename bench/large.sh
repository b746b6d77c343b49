#!/usr/bin/env bash
# How long `validate` takes for large programs: a table of 20 000 rows on one line, 50 000 filters.
#   bench/large.sh     needs build/release/pipewright
set -euo pipefail
program=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/build/release/pipewright
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir rows filters
{ printf 'table t { '; for i in $(seq 20000); do printf '"k%d" -> "v%d", ' "$i" "$i"; done
  printf 'else skip }\npipeline p on wb.fbs.new -> log.info "{t[order.order_uid]}"\n'; } >rows/a.pipe
{ printf 'pipeline p on wb.fbs.new\n'; for i in $(seq 50000); do printf '  -> where order.id != %d\n' "$i"; done; } >filters/a.pipe
for what in rows filters; do
  from=$EPOCHREALTIME
  "$program" validate "$what" >/dev/null
  to=$EPOCHREALTIME
  echo "$what $(( (${to/./} - ${from/./}) / 1000 )) ms"
done
