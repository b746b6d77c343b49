// Starts `pipewright lsp` and connects it with the editor; everything else is the server's.
const vscode = require("vscode");
const { LanguageClient, TransportKind } = require("vscode-languageclient/node");

let client;

async function start() {
  const command = vscode.workspace.getConfiguration("pipewright").get("path", "pipewright");
  const server = { command, args: ["lsp"], transport: TransportKind.stdio };
  client = new LanguageClient(
    "pipewright",
    "Pipewright",
    { run: server, debug: server },
    { documentSelector: [{ language: "pipe" }] }
  );
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    const settings = "Open the setting";
    const why = String(error.message ?? error);
    const chosen = await vscode.window.showErrorMessage(
      why.includes("ENOENT")
        ? `There is no program \`${command}\`: install pipewright into PATH, or name its place in the setting pipewright.path.`
        : `\`${command} lsp\` cannot be started: ${why}`,
      settings
    );
    if (chosen === settings) vscode.commands.executeCommand("workbench.action.openSettings", "pipewright.path");
  }
}

async function stop() {
  const running = client;
  client = undefined;
  if (running) await running.stop();
}

async function activate(context) {
  const restart = async () => {
    await stop();
    await start();
  };
  context.subscriptions.push(
    vscode.commands.registerCommand("pipewright.restart", restart),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("pipewright.path")) restart();
    })
  );
  await start();
}

module.exports = { activate, deactivate: stop };
