// The server driven by the protocol library that Visual Studio Code itself uses. Without the packages (`npm install`) it
// says so and ends with 77, which ctest shows as skipped.
const { spawn } = require("child_process");
const fs = require("fs");
const os = require("os");
const path = require("path");
const assert = require("assert");

let rpc, protocol;
try {
  rpc = require("vscode-jsonrpc/node");
  protocol = require("vscode-languageserver-protocol");
} catch {
  console.error("SKIPPED: vscode-languageserver-protocol is not installed: run `npm install` in editors/vscode");
  process.exit(77);
}

const program = process.argv[2] || process.env.PIPEWRIGHT || path.resolve(__dirname, "../../../build/release/pipewright");
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "pipewright-vscode-"));
process.on("exit", () => fs.rmSync(folder, { recursive: true, force: true }));
const uri = "file://" + folder + "/a.pipe";
const text = `table stage {
  "new" -> "new"
  else skip
}

pipeline orders
  on wb.fbs.new
  -> let big = order.price > 10
  -> crm.order { external_id: order.id, status: stage[order.supplier_status], manager_comment: if big then "big" }
`;

async function main() {
  const server = spawn(program, ["lsp"], { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, XDG_CACHE_HOME: folder } });
  const ended = new Promise((resolve) => server.on("exit", resolve));
  const connection = rpc.createMessageConnection(
    new rpc.StreamMessageReader(server.stdout),
    new rpc.StreamMessageWriter(server.stdin)
  );
  const published = [];
  connection.onNotification(protocol.PublishDiagnosticsNotification.type, (params) => published.push(params));
  connection.onRequest(protocol.RegistrationRequest.type, () => null);
  connection.listen();
  const ask = (type, params) => connection.sendRequest(type, params);

  const { capabilities } = await ask(protocol.InitializeRequest.type, {
    processId: process.pid,
    rootUri: "file://" + folder,
    workspaceFolders: [{ uri: "file://" + folder, name: "shop" }],
    capabilities: { workspace: { didChangeWatchedFiles: { dynamicRegistration: true } } },
  });
  assert.strictEqual(capabilities.textDocumentSync.change, protocol.TextDocumentSyncKind.Incremental);
  connection.sendNotification(protocol.InitializedNotification.type, {});
  connection.sendNotification(protocol.DidOpenTextDocumentNotification.type, {
    textDocument: { uri, languageId: "pipe", version: 1, text },
  });
  const textDocument = { uri };
  const at = (word) => {
    const offset = text.indexOf(word);
    const before = text.slice(0, offset).split("\n");
    return { textDocument, position: { line: before.length - 1, character: before.at(-1).length + 1 } };
  };

  const hover = await ask(protocol.HoverRequest.type, at("price"));
  assert.match(hover.contents.value, /price: money/);
  const definition = await ask(protocol.DefinitionRequest.type, at("wb.fbs.new"));
  assert.match(fs.readFileSync(new URL(definition.uri), "utf8"), /source wb\.fbs\.new/);
  const uses = await ask(protocol.ReferencesRequest.type, { ...at("stage["), context: { includeDeclaration: true } });
  assert.strictEqual(uses.length, 2);
  const renamed = await ask(protocol.RenameRequest.type, { ...at("big ="), newName: "large" });
  assert.strictEqual(renamed.changes[uri].length, 2);
  await assert.rejects(ask(protocol.RenameRequest.type, { ...at("big ="), newName: "where" }));
  const tokens = await ask(protocol.SemanticTokensRequest.type, { textDocument });
  assert.ok(tokens.data.length > 100 && tokens.data.length % 5 === 0);
  const hints = await ask(protocol.InlayHintRequest.type, {
    textDocument,
    range: { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } },
  });
  assert.ok(hints.length > 0);
  const completion = await ask(protocol.CompletionRequest.type, at("external_id"));
  assert.ok(completion.items.some((item) => item.label === "customer_comment"));
  while (published.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.strictEqual(published[0].version, 1);
  await assert.rejects(connection.sendRequest("no/such/method"), { code: -32601 });

  await ask(protocol.ShutdownRequest.type);
  connection.sendNotification(protocol.ExitNotification.type);
  assert.strictEqual(await ended, 0);
  console.log("the server does what the library of Visual Studio Code asks");
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
