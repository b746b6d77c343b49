#include "cli/lsp/server.hpp"

#include <fmt/format.h>

namespace pipewright::cli::lsp {
namespace {

using Handler = Answer (*)(Context&, const Json&);

// Everything that is answered, by its method.
const std::map<std::string, Handler>& handlers() {
  static const std::map<std::string, Handler> all = {
      {"textDocument/completion", completion},
      {"textDocument/hover", hover},
      {"textDocument/signatureHelp", signature_help},
      {"textDocument/definition", definition},
      {"textDocument/typeDefinition", type_definition},
      {"textDocument/references", references},
      {"textDocument/documentHighlight", highlights},
      {"textDocument/prepareRename", prepare_rename},
      {"textDocument/rename", rename},
      {"textDocument/documentSymbol", document_symbols},
      {"workspace/symbol", workspace_symbols},
      {"textDocument/foldingRange", folding_ranges},
      {"textDocument/semanticTokens/full", semantic_tokens},
      {"textDocument/codeAction", code_actions},
      {"textDocument/inlayHint", inlay_hints},
      {"textDocument/formatting", formatting},
      {"textDocument/rangeFormatting", range_formatting},
  };
  return all;
}

Json capabilities() {
  return {
      {"positionEncoding", "utf-16"},
      {"textDocumentSync", {{"openClose", true}, {"change", 2}, {"save", {{"includeText", false}}}}},
      {"completionProvider", {{"triggerCharacters", {".", "\"", "{", "[", " "}}}},
      {"hoverProvider", true},
      {"signatureHelpProvider", {{"triggerCharacters", {"(", ","}}}},
      {"definitionProvider", true},
      {"typeDefinitionProvider", true},
      {"referencesProvider", true},
      {"documentHighlightProvider", true},
      {"renameProvider", {{"prepareProvider", true}}},
      {"documentSymbolProvider", true},
      {"workspaceSymbolProvider", true},
      {"foldingRangeProvider", true},
      {"semanticTokensProvider", {{"legend", semantic_legend()}, {"full", true}}},
      {"codeActionProvider", {{"codeActionKinds", {"quickfix", "source.fixAll"}}}},
      {"inlayHintProvider", true},
      {"documentFormattingProvider", true},
      {"documentRangeFormattingProvider", true},
      {"workspace", {{"workspaceFolders", {{"supported", true}, {"changeNotifications", true}}}}},
  };
}

// `capabilities.textDocument.completion…`: whether the client says yes.
bool says(const Json& params, const std::string& pointer) {
  const Json::json_pointer at("/capabilities" + pointer);
  return params.contains(at) && params[at].is_boolean() && params[at].get<bool>();
}

}  // namespace

std::optional<Asked> asked(Context& context, const Json& params) {
  const Document* document =
      context.workspace.document(params.at("textDocument").at("uri").get_ref<const std::string&>());
  if (document == nullptr) return std::nullopt;
  Asked result{document->path, document->text};
  if (const auto position = params.find("position"); position != params.end())
    result.offset = document->text->offset(position_of(*position));
  return result;
}

void Server::refuse(Code code, const std::string& message) { send_(response(nullptr, Refusal{code, message})); }

void Server::receive(const Json& message, bool cancelled) {
  if (!message.is_object()) return refuse(Code::invalid_request, "a message is an object");
  const auto method = message.find("method");
  const auto id = message.find("id");
  const bool asks = id != message.end();
  if (method == message.end() && asks && (message.contains("result") || message.contains("error"))) return;  // to us
  const bool good_id = !asks || id->is_string() || id->is_number_integer();
  if (method == message.end() || !method->is_string() || !good_id)
    return send_(response(asks && good_id ? *id : Json(nullptr),
                          Refusal{Code::invalid_request, "a request has a method and an id that is a number or text"}));
  const Json params = message.value("params", Json::object());
  const auto& name = method->get_ref<const std::string&>();
  try {
    if (!asks) return notified(name, params);
    if (cancelled) return send_(response(*id, Refusal{Code::cancelled, "the request was cancelled"}));
    send_(response(*id, request(name, params)));
  } catch (const Json::exception& error) {
    if (asks) send_(response(*id, Refusal{Code::invalid_params, error.what()}));
  } catch (const std::exception& error) {
    if (asks) send_(response(*id, Refusal{Code::internal_error, error.what()}));
  }
}

Answer Server::request(const std::string& method, const Json& params) {
  if (state_ == State::shut_down) return Refusal{Code::invalid_request, "the server was shut down"};
  if (method == "initialize") {
    if (state_ != State::fresh) return Refusal{Code::invalid_request, "the server is initialized already"};
    return initialize(params);
  }
  if (state_ == State::fresh) return Refusal{Code::not_initialized, "the first request is `initialize`"};
  if (method == "shutdown") {
    state_ = State::shut_down;
    return Json(nullptr);
  }
  const auto handler = handlers().find(method);
  if (handler == handlers().end())
    return Refusal{Code::method_not_found, fmt::format("there is no method `{}`", method)};
  return handler->second(context_, params);
}

Json Server::initialize(const Json& params) {
  const auto folders = params.find("workspaceFolders");
  if (folders != params.end() && folders->is_array()) {
    for (const Json& folder : *folders) context_.workspace.add_folder(folder.at("uri").get<std::string>());
  } else if (const auto root = params.find("rootUri"); root != params.end() && root->is_string()) {
    context_.workspace.add_folder(root->get<std::string>());
  } else if (const auto path = params.find("rootPath"); path != params.end() && path->is_string()) {
    context_.workspace.add_folder(path->get<std::string>());
  }
  context_.annotates_changes =
      params.contains(Json::json_pointer("/capabilities/workspace/workspaceEdit/changeAnnotationSupport")) &&
      says(params, "/workspace/workspaceEdit/documentChanges");
  context_.snippets = says(params, "/textDocument/completion/completionItem/snippetSupport");
  context_.watches_files = says(params, "/workspace/didChangeWatchedFiles/dynamicRegistration");
  state_ = State::ready;
  return {{"capabilities", capabilities()}, {"serverInfo", {{"name", "pipewright"}, {"version", PIPEWRIGHT_VERSION}}}};
}

void Server::notified(const std::string& method, const Json& params) {
  if (method == "exit") {
    ended_ = state_ == State::shut_down ? 0 : 1;
    return;
  }
  if (state_ != State::ready) return;
  Workspace& workspace = context_.workspace;
  const auto uri = [&] { return params.at("textDocument").at("uri").get<std::string>(); };
  if (method == "initialized" && context_.watches_files) {
    send_({{"jsonrpc", "2.0"},
           {"id", "watch"},
           {"method", "client/registerCapability"},
           {"params",
            {{"registrations",
              {{{"id", "watch"},
                {"method", "workspace/didChangeWatchedFiles"},
                {"registerOptions",
                 {{"watchers", {{{"globPattern", "**/*.pipe"}}, {{"globPattern", "**/pipewright.toml"}}}}}}}}}}}});
  } else if (method == "textDocument/didOpen") {
    const Json& document = params.at("textDocument");
    workspace.open(uri(), document.value("version", std::int64_t{0}), document.at("text").get<std::string>());
    want(Due::now);
  } else if (method == "textDocument/didChange") {
    Document* document = workspace.document(uri());
    if (document == nullptr) return;
    // One that cannot be applied leaves the text as it was before all of them.
    std::shared_ptr<const Text> text = document->text;
    for (const Json& change : params.at("contentChanges")) text = std::make_shared<const Text>(changed(*text, change));
    const Json& version = params.at("textDocument").value("version", Json(nullptr));
    workspace.change(*document, version.is_number() ? version.get<std::int64_t>() : document->version, text->text());
    want(Due::soon);
  } else if (method == "textDocument/didClose") {
    workspace.close(uri());
    want(Due::now);
  } else if (method == "textDocument/didSave" || method == "workspace/didChangeWatchedFiles") {
    want(Due::now);
  } else if (method == "workspace/didChangeWorkspaceFolders") {
    const Json& event = params.at("event");
    for (const Json& folder : event.at("removed")) workspace.remove_folder(folder.at("uri").get<std::string>());
    for (const Json& folder : event.at("added")) workspace.add_folder(folder.at("uri").get<std::string>());
    want(Due::now);
  }
}

void Server::publish() {
  due_ = Due::nothing;
  std::map<std::string, Json> wanted = diagnostics(context_);
  for (const auto& [uri, last] : published_) {
    if (!wanted.contains(uri) && !last.at("diagnostics").empty())
      send_(notification("textDocument/publishDiagnostics", {{"uri", uri}, {"diagnostics", Json::array()}}));
  }
  for (auto& [uri, params] : wanted) {
    // A file whose imports have changed is told of again, also when that made no difference.
    const Document* document = context_.workspace.document(uri);
    std::shared_ptr<const Analysis>& before = analysed_[uri];
    const auto now = document == nullptr ? nullptr : context_.workspace.analysis(document->path);
    const auto last = published_.find(uri);
    const bool fresh = last == published_.end() || last->second != params || before != now;
    before = now;
    if (fresh) send_(notification("textDocument/publishDiagnostics", params));
  }
  std::erase_if(analysed_, [&](const auto& each) { return !wanted.contains(each.first); });
  published_ = std::move(wanted);
}

}  // namespace pipewright::cli::lsp
