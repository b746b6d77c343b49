// What a client may ask: a function of the workspace and the request's parameters for each method. Parameters that are
// not as the protocol has them raise the JSON library's exception, which the server answers.
#pragma once

#include <string>

#include "cli/lsp/protocol.hpp"
#include "cli/lsp/workspace.hpp"

namespace pipewright::cli::lsp {

struct Context {
  Workspace workspace;
  bool snippets = false;           ///< the client takes completions with places to fill in
  bool annotates_changes = false;  ///< the client asks before edits that want it
  bool watches_files = false;      ///< the client lets itself be asked to tell of changed files
};

/// The document and the place in it that a request is about.
struct Asked {
  std::string path;
  std::shared_ptr<const Text> text;
  std::uint32_t offset = 0;
};
/// Nothing when the document is not open.
std::optional<Asked> asked(Context& context, const Json& params);

/// The analysis of the document that a request is about; nothing when it is not open, or its file is gone.
std::shared_ptr<const Analysis> analysis_of(Context& context, const Json& params);

Answer completion(Context& context, const Json& params);  // completion.cpp
Answer hover(Context& context, const Json& params);       // hover.cpp
Answer signature_help(Context& context, const Json& params);
Answer definition(Context& context, const Json& params);  // navigation.cpp
Answer type_definition(Context& context, const Json& params);
Answer references(Context& context, const Json& params);
Answer highlights(Context& context, const Json& params);
Answer prepare_rename(Context& context, const Json& params);  // rename.cpp
Answer rename(Context& context, const Json& params);
Answer document_symbols(Context& context, const Json& params);  // symbols.cpp
Answer workspace_symbols(Context& context, const Json& params);
Answer folding_ranges(Context& context, const Json& params);
Answer semantic_tokens(Context& context, const Json& params);  // colours.cpp
Json semantic_legend();
Answer code_actions(Context& context, const Json& params);  // actions.cpp
Answer inlay_hints(Context& context, const Json& params);   // hints.cpp
Answer formatting(Context& context, const Json& params);    // formatting.cpp
Answer range_formatting(Context& context, const Json& params);

// ---- navigation.cpp, for rename ----

/// A word in a file that names one thing.
struct Use {
  std::string path;
  dsl::Span span;
  std::shared_ptr<const Text> text;
};
/// Every use of what is mentioned, its declaration first, in all files of the workspace that see it.
std::vector<Use> uses_of(Context& context, const Analysis& analysis, const dsl::Mention& mention);

// ---- diagnostics.cpp ----

Json diagnostic_json(const dsl::Diagnostic& diagnostic, const Analysis& analysis, const Workspace& workspace);
/// What is to be published, by URI: `{uri, version?, diagnostics}`.
std::map<std::string, Json> diagnostics(Context& context);

}  // namespace pipewright::cli::lsp
