// What the command line asked for. main.cpp fills it in (the one file that knows CLI11), the commands read it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pipewright::cli {

/// Exit statuses, documented in `--help`.
enum Status : int { fine = 0, wrong = 1, usage = 2, would_write = 3 };

enum class Format { text, json, md, junit, sarif, github, dot, mermaid, svg };

struct Options {
  std::vector<std::string> paths;
  std::string config;          ///< --config
  std::string color = "auto";  ///< --color auto|always|never
  std::string state;           ///< --state URL
  Format format = Format::text;

  bool deny_warnings = false;  // validate
  bool fix = false;            // validate --fix
  bool cost = false;           // validate --cost
  bool online = false;         // validate --online
  bool check = false;          // fmt --check
  std::string code;            // explain
  bool once = false;           // run
  std::string filter;          // test --filter
  bool coverage = false;       // test
  std::string input;           // dry-run --input FILE|-
  bool offline = false;        // dry-run
  bool sandbox = false;        // dry-run
  std::optional<std::size_t> limit;
  std::string since;
  bool exit_code = false;        // dry-run
  bool all = false;              // events, events retry
  bool mask = false;             // personal data out
  std::string pipeline;          // events, graph --pipeline
  std::vector<std::string> ids;  // events show, events retry
  bool as_was = false;
  bool stale = false;
  std::string why;            // events skip
  std::uint16_t wb_port = 0;  // sandbox
  std::uint16_t crm_port = 0;
  std::uint64_t seed = 1;
  bool empty = false;   // sandbox: without the first tasks
  bool limits = false;  // sandbox: the real rate limits
  std::string zone = "Europe/Moscow";
  std::string directory;  // demo --keep DIR
};

int validate(const Options& options);
int format_files(const Options& options);
int explain(const Options& options);
int dry_run(const Options& options);
int run(const Options& options);
int demo(const Options& options);
int sandbox(const Options& options);
int nodes(const Options& options);
int graph(const Options& options);
int init(const Options& options);
int test(const Options& options);
int events_list(const Options& options);
int events_show(const Options& options);
int events_retry(const Options& options);
int events_skip(const Options& options);
int status(const Options& options);
int lsp_server(const Options& options);

}  // namespace pipewright::cli
