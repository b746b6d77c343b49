#!/usr/bin/env python3
"""How long the language server takes for an answer right after an edit, in a file of 2 000 lines.

    bench/lsp.py [LINES] [ROUNDS]      needs build/release/pipewright

Each round types a letter somewhere and then asks for completion, hover and definition there; what is measured is the time
from sending the edit until the answer is here, so the checking of the new text is in it.
"""
import json, os, pathlib, random, subprocess, sys, tempfile, time

PROGRAM = pathlib.Path(__file__).resolve().parent.parent / "build/release/pipewright"
PART = '''# Pipeline number {i}: orders of one kind.
table stage_{i} {{
  "new", "confirm" -> "new"
  "complete"       -> "assembling"
  else skip
}}

pipeline orders_{i}
  on wb.fbs.new every 30s
  -> where order.price > {i} and order.warehouse_id in [658434, 658435]
  -> let large = order.price >= 10000
  -> crm.client upsert by external_id {{
       external_id: order.user.id ?? "wildberries"
       first_name:  order.user.name ?? "Покупатель {{order.id}}"
     }}
  -> crm.order upsert by external_id {{
       external_id: order.id
       number:      "WB-{{order.id}}"
       client:      client.id
       manager_comment: if large then "large, {{order.price}}" else "small"
     }} initially {{ status: "new" }}
  -> when large {{
       -> log.info "{{order.id}} is large: {{order.price}}"
     }} else {{
       -> each sku in order.skus {{ -> log.info "{{sku}}" }}
     }}

# allow P0412: meant
pipeline stages_{i}
  on wb.fbs.changed
  -> crm.order update by external_id {{ external_id: order.id, status: stage_{i}[order.supplier_status] }} else skip

'''


class Server:
    def __init__(self, folder):
        self.process = subprocess.Popen([PROGRAM, "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={**os.environ, "XDG_CACHE_HOME": folder})
        self.number = 0

    def send(self, message):
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(content), content))
        self.process.stdin.flush()

    def ask(self, method, params):
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        while True:
            length = 0
            while (line := self.process.stdout.readline().strip()):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            message = json.loads(self.process.stdout.read(length))
            if message.get("id") == self.number:
                return message["result"]


def main():
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    text, number = "", 0
    while text.count("\n") < lines:
        number += 1
        text += PART.format(i=number)
    text = text.split("\n")
    random.seed(7)
    with tempfile.TemporaryDirectory() as folder:
        uri = f"file://{folder}/big.pipe"
        server = Server(folder)
        server.ask("initialize", {"capabilities": {}, "workspaceFolders": [{"uri": f"file://{folder}", "name": "x"}]})
        server.send({"method": "initialized", "params": {}})
        server.send({"method": "textDocument/didOpen",
                     "params": {"textDocument": {"uri": uri, "languageId": "pipe", "version": 0, "text": "\n".join(text)}}})
        places = [i for i, line in enumerate(text) if "-> where order.price" in line]
        version = 0
        times = {"completion": [], "hover": [], "definition": [], "semanticTokens/full": [], "inlayHint": []}
        for _ in range(rounds):
            for method, taken in times.items():
                line = random.choice(places)
                character = len("  -> where order.pr")
                version += 1
                # A letter is typed, then taken back.
                typed = version % 2 == 1
                change = ({"start": {"line": 0, "character": 2}, "end": {"line": 0, "character": 2}}, "x") if typed else \
                    ({"start": {"line": 0, "character": 2}, "end": {"line": 0, "character": 3}}, "")
                params = {"textDocument": {"uri": uri}, "position": {"line": line, "character": character},
                          "range": {"start": {"line": line, "character": 0}, "end": {"line": line + 40, "character": 0}}}
                begin = time.perf_counter()
                server.send({"method": "textDocument/didChange",
                             "params": {"textDocument": {"uri": uri, "version": version},
                                        "contentChanges": [{"range": change[0], "text": change[1]}]}})
                answer = server.ask(f"textDocument/{method}", params)
                taken.append((time.perf_counter() - begin) * 1000)
                assert answer, method
        server.ask("shutdown", {})
        server.send({"method": "exit"})
        assert server.process.wait() == 0
    print(f"{len(text)} lines, {rounds} edits each")
    for method, taken in times.items():
        taken.sort()
        print(f"{method:20} median {taken[len(taken) // 2]:6.1f} ms   p95 {taken[len(taken) * 95 // 100]:6.1f} ms"
              f"   slowest {taken[-1]:6.1f} ms")


main()
