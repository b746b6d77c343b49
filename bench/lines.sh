#!/usr/bin/env bash
# 200 000 lines from file.lines through where and a mapping to file.append, beside a Node script that does the same.
#   bench/lines.sh [LINES]     needs build/release/pipewright and node
set -euo pipefail
program=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/build/release/pipewright
lines=${1:-200000}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >lines.pipe <<'P'
on file.lines "in.ndjson"
  -> where decimal(line.price) >= 1000
  -> file.append "out.ndjson" { id: text(line.id), sum: decimal(line.price) * 2, name: uppercase(text(line.name)) }
P
cat >lines.js <<'J'
const fs = require("fs"), readline = require("readline");
const out = fs.createWriteStream("node.ndjson");
const lines = readline.createInterface({ input: fs.createReadStream("in.ndjson") });
lines.on("line", (line) => {
  const order = JSON.parse(line);
  if (order.price >= 1000) out.write(JSON.stringify({ id: String(order.id), sum: order.price * 2, name: order.name.toUpperCase() }) + "\n");
});
lines.on("close", () => out.end());
J
node -e '
const fs = require("fs"); let text = "";
for (let i = 0; i < '"$lines"'; i++) text += JSON.stringify({ id: i, price: (i % 2000) + 0.5, name: "item " + i, tags: ["a", "b"], nested: { x: i, y: "zzz" } }) + "\n";
fs.writeFileSync("in.ndjson", text)'
seconds() { local from=$EPOCHREALTIME; "$@" >/dev/null 2>&1; local to=$EPOCHREALTIME; echo "$(( (${to/./} - ${from/./}) / 1000 )) ms"; }
for round in 1 2 3; do
  rm -rf node.ndjson out.ndjson pipewright.db*
  echo "node $(seconds node lines.js) · pipewright $(seconds "$program" run --once)"
done
wc -l node.ndjson out.ndjson | head -2
