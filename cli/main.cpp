// The command line: the one file that knows CLI11. Each command is a function of its options (options.hpp).
#include <sys/stat.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <functional>
#include <iostream>
#include <system_error>

#include "base/text.hpp"
#include "cli/completions.hpp"
#include "cli/options.hpp"
#include "cli/terminal.hpp"
#include "stdlib/stdlib.hpp"

namespace {

using pipewright::cli::Described;
using pipewright::cli::Format;
using pipewright::cli::Options;

const std::map<std::string, Format> formats = {{"text", Format::text}, {"json", Format::json}};
const std::map<std::string, Format> test_formats = {
    {"text", Format::text}, {"json", Format::json}, {"junit", Format::junit}};
const std::map<std::string, Format> graph_formats = {
    {"dot", Format::dot}, {"mermaid", Format::mermaid}, {"svg", Format::svg}};
const std::map<std::string, Format> validate_formats = {
    {"text", Format::text}, {"json", Format::json}, {"sarif", Format::sarif}, {"github", Format::github}};
const std::map<std::string, Format> node_formats = {{"text", Format::text}, {"json", Format::json}, {"md", Format::md}};

constexpr const char* statuses =
    "Exit status: 0 fine; 1 what was asked about is wrong (errors found, events parked); 2 usage or configuration.";

class CommandLine {
 public:
  CommandLine() {
    app_.name("pipewright");
    app_.set_version_flag("--version", std::string("pipewright ") + PIPEWRIGHT_VERSION);
    app_.require_subcommand(1);
    app_.footer(
        std::string(
            "Examples:\n  pipewright demo                       the whole thing on this machine, without an account\n"
            "  pipewright validate my-shop/          is everything right?\n"
            "  pipewright dry-run my-shop/           what would it write?\n"
            "  pipewright run my-shop/               until Ctrl-C\n\n") +
        statuses);
    validate();
    test();
    format_files();
    explain();
    dry_run();
    run();
    events();
    status();
    nodes();
    graph();
    init();
    lsp();
    demo();
    sandbox();
    completions();
  }

  int parse(int count, char** words) {
    if (count > 1 && words[1][0] != '-') {
      std::vector<std::string> names;
      for (const CLI::App* sub : app_.get_subcommands({})) names.push_back(sub->get_name());
      if (std::find(names.begin(), names.end(), words[1]) == names.end()) {
        const auto near = pipewright::closest(words[1], names);
        pipewright::cli::tell_error(std::string("there is no command `") + words[1] + "`",
                                    near ? "did you mean `" + *near + "`?" : "`pipewright --help` lists them");
        return pipewright::cli::usage;
      }
    }
    try {
      app_.parse(count, words);
    } catch (const CLI::ParseError& error) {
      const bool asked = error.get_exit_code() == 0;
      app_.exit(error);
      return asked ? 0 : static_cast<int>(pipewright::cli::usage);
    }
    if (!shell_.empty()) {
      std::cout << pipewright::cli::completion_script(shell_, described());
      return pipewright::cli::fine;
    }
    // The journal, what stands beside it and what sinks write hold people's orders: this user alone reads them.
    namespace cli = pipewright::cli;
    if (command_ == cli::run || command_ == cli::demo || command_ == cli::events_retry) ::umask(077);
    return command_ ? command_(options_) : static_cast<int>(pipewright::cli::usage);
  }

 private:
  CLI::App* add(const char* name, const char* what, int (*command)(const Options&), const std::string& examples) {
    CLI::App* sub = app_.add_subcommand(name, what);
    prepare(sub, command, examples);
    return sub;
  }

  void prepare(CLI::App* sub, int (*command)(const Options&), const std::string& examples) {
    sub->add_option("--config", options_.config,
                    "pipewright.toml; without it: beside the first PATH, then in its parents")
        ->type_name("FILE");
    sub->add_option("--color", options_.color, "auto, always or never")
        ->check(CLI::IsMember({"auto", "always", "never"}))
        ->type_name("WHEN");
    sub->footer("Examples:\n" + examples + "\n" + statuses);
    // A subcommand's callback runs before that of the command around it: the innermost one counts.
    sub->callback([this, command] {
      if (command_ == nullptr) command_ = command;
    });
  }

  void format(CLI::App* sub, const std::map<std::string, Format>& words = formats,
              const std::string& what = "how it is printed") {
    std::vector<std::string> names;
    for (const auto& [name, format] : words) names.push_back(name);
    sub->add_option("--format", options_.format, what)
        ->transform(CLI::CheckedTransformer(words, CLI::ignore_case).description(""))
        ->type_name(pipewright::join(names, "|"));
  }

  void paths(CLI::App* sub) {
    sub->add_option("PATH", options_.paths, ".pipe files, or folders of them; this folder without any")->type_name("");
  }
  void state(CLI::App* sub) {
    sub->add_option("--state", options_.state, "where the state lives: sqlite:FILE; wins over [state] url")
        ->type_name("URL");
  }

  void validate() {
    CLI::App* sub = add(
        "validate",
        "parse and check: names, types, nulls, tables, loops; needs no secret and no network without --online",
        pipewright::cli::validate,
        "  pipewright validate\n  pipewright validate fbs.pipe --deny-warnings\n  pipewright validate --format json\n"
        "  pipewright validate --fix                 what a help names is done\n"
        "  pipewright validate --cost                calls for an event, and which limit is used up first\n"
        "  pipewright validate --online              does the account have these codes, may the key do this?\n"
        "  pipewright validate --format sarif > pipewright.sarif\n");
    paths(sub);
    format(sub, validate_formats);
    sub->add_flag("--deny-warnings", options_.deny_warnings, "warnings count as errors");
    sub->add_flag(
        "--online", options_.online,
        "also ask the accounts, by reading alone: keys and tokens, their rights and their end, stores, codes");
    sub->add_flag("--fix", options_.fix,
                  "apply what the helps say to the files that are named, then tell what is left");
    sub->add_flag("--cost", options_.cost,
                  "also what each pipeline asks of its accounts for an event, and how many an hour their limits let "
                  "through");
  }

  void test() {
    CLI::App* sub = add("test", "the `test` blocks: real interpreter and connectors, no network, no secret, no waiting",
                        pipewright::cli::test,
                        "  pipewright test\n  pipewright test fbs.pipe --filter cancel\n  pipewright test --coverage\n"
                        "  pipewright test --format junit > tests.xml\n");
    paths(sub);
    format(sub, test_formats);
    sub->add_option("--filter", options_.filter, "only tests whose name contains this")->type_name("TEXT");
    sub->add_flag("--coverage", options_.coverage, "also what no test reached: table rows, branches, where, else");
  }

  void format_files() {
    CLI::App* sub = add("fmt", "one canonical form for .pipe files, in place; names each file that it changed",
                        pipewright::cli::format_files,
                        "  pipewright fmt\n  pipewright fmt --check pipelines/\n  pipewright fmt - < fbs.pipe\n");
    sub->add_option("PATH", options_.paths,
                    ".pipe files, or folders of them; this folder without any; `-`: from standard input to standard "
                    "output")
        ->type_name("");
    sub->add_flag("--check", options_.check, "write nothing; name each file that would change, and end with 1");
  }

  void explain() {
    CLI::App* sub =
        add("explain", "a diagnostic at length: why, an example, the example fixed; without a CODE: all of them",
            pipewright::cli::explain, "  pipewright explain P0203\n  pipewright explain 203\n  pipewright explain\n");
    sub->add_option("CODE", options_.code, "as it stands in brackets: error[P0203]")->type_name("");
  }

  void dry_run() {
    CLI::App* sub =
        add("dry-run", "read for real, write nothing: what would be created, updated, left alone, skipped or fail",
            pipewright::cli::dry_run,
            "  pipewright dry-run\n  pipewright dry-run fbs.pipe --limit 5\n  pipewright dry-run fbs.pipe --input "
            "orders.json --offline\n  pipewright dry-run --format json --exit-code\n");
    paths(sub);
    format(sub);
    state(sub);
    sub->add_option("--input", options_.input, "records instead of the sources: JSON or NDJSON, `-` for standard input")
        ->type_name("FILE");
    sub->add_flag("--offline", options_.offline, "no network at all: lookups find nothing, http.request is not asked");
    sub->add_flag("--sandbox", options_.sandbox,
                  "against a local Wildberries and a local retailCRM with a few new orders: no secret, no network");
    sub->add_option("--limit", options_.limit, "stop after N events")->check(CLI::PositiveNumber)->type_name("N");
    sub->add_option("--since", options_.since, "how far back the sources look, for example 2d")->type_name("DURATION");
    sub->add_flag("--exit-code", options_.exit_code, "status 3 when there would be writes");
    sub->add_flag("--mask", options_.mask, "names, phones and addresses of people out");
  }

  void run() {
    CLI::App* sub = add("run", "the engine: until stopped, or --once", pipewright::cli::run,
                        "  pipewright run\n  pipewright run my-shop/ --once\n  pipewright run fbs.pipe --state "
                        "sqlite:/var/lib/shop.db\n");
    paths(sub);
    format(sub);
    state(sub);
    sub->add_flag("--once", options_.once, "drain all that is there, then exit: for cron and CI");
    sub->add_flag("--mask", options_.mask, "names, phones and addresses of people out");
  }

  void events() {
    CLI::App* sub = add("events", "list events that are parked or wait, or --all", pipewright::cli::events_list,
                        "  pipewright events\n  pipewright events --all --pipeline fbs_orders\n  pipewright events "
                        "show 31\n  pipewright events retry 31 32\n  pipewright events retry --all\n");
    format(sub);
    state(sub);
    sub->add_flag("--all", options_.all, "also what was written, unchanged or skipped");
    sub->add_option("--pipeline", options_.pipeline, "of this pipeline only")->type_name("NAME");
    sub->add_option("--limit", options_.limit, "at most N")->check(CLI::PositiveNumber)->type_name("N");
    sub->require_subcommand(0, 1);
    CLI::App* show =
        sub->add_subcommand("show", "each step of an event, requests and answers, why it was skipped or parked");
    prepare(show, pipewright::cli::events_show, "  pipewright events show 31\n");
    show->add_option("ID", options_.ids, "as `events` lists them")->required()->type_name("");
    state(show);
    format(show);
    show->add_flag("--mask", options_.mask, "names, phones and addresses of people out");
    CLI::App* retry = sub->add_subcommand(
        "retry", "begin parked events again and try waiting ones at once, with the program as it is now");
    prepare(retry, pipewright::cli::events_retry, "  pipewright events retry 31\n  pipewright events retry --all\n");
    retry->add_option("ID", options_.ids, "as `events` lists them")->type_name("");
    retry->add_flag("--all", options_.all, "all that are parked");
    retry->add_flag("--as-was", options_.as_was, "with the program that the event began with");
    retry->add_flag("--stale", options_.stale, "also when a later event of the same record has written");
    retry->add_option("--path", options_.paths, "the program's files, when they are not in this folder")
        ->type_name("PATH");
    state(retry);
    CLI::App* skip = sub->add_subcommand("skip", "end parked or waiting events: they become skipped");
    prepare(skip, pipewright::cli::events_skip,
            "  pipewright events skip 31 --why \"delivered by hand\"\n  pipewright events skip --all\n");
    skip->add_option("ID", options_.ids, "as `events` lists them")->type_name("");
    skip->add_flag("--all", options_.all, "all that are parked");
    skip->add_option("--why", options_.why, "the reason, for who reads the history")->type_name("TEXT");
    skip->add_option("--path", options_.paths, "the program's files, when they are not in this folder")
        ->type_name("PATH");
    state(skip);
  }

  void status() {
    CLI::App* sub = add("status", "pipelines, what they have done, what is parked, what is down",
                        pipewright::cli::status, "  pipewright status\n  pipewright status --format json\n");
    format(sub);
    state(sub);
  }

  void nodes() {
    CLI::App* sub =
        add("nodes", "every source, action, field, verb and table; two names: the default mapping between them",
            pipewright::cli::nodes,
            "  pipewright nodes\n  pipewright nodes wb.fbs.new\n  pipewright nodes wb.fbs.new crm.order\n");
    sub->add_option("NAME", options_.paths, "a node, record, enumeration or table; or a source and an action")
        ->type_name("")
        ->expected(0, 2);
    format(sub, node_formats);
  }

  void graph() {
    CLI::App* sub = add("graph", "the pipelines as a drawing: sources, filters, tables, branches, joins, writes",
                        pipewright::cli::graph,
                        "  pipewright graph --format svg > shop.svg\n  pipewright graph --pipeline fbs_orders --format "
                        "mermaid\n  pipewright graph | dot -Tpng > shop.png\n");
    paths(sub);
    format(sub, graph_formats);
    sub->add_option("--pipeline", options_.pipeline, "this pipeline only, and what it listens to")->type_name("NAME");
  }

  void init() {
    CLI::App* sub = add("init", "a working project: configuration, example pipelines with their tests, CI workflow",
                        pipewright::cli::init, "  pipewright init my-shop\n  pipewright init\n");
    sub->add_option("DIR", options_.directory, "where; this folder without it")->type_name("");
  }

  void lsp() {
    CLI::App* sub = add(
        "lsp", "a language server for editors, on standard input and output", pipewright::cli::lsp_server,
        "  pipewright lsp                        an editor starts it; docs/editors.md has the set-up of VS Code, "
        "Neovim "
        "and Helix\n  vim.lsp.config.pipewright = { cmd = { \"pipewright\", \"lsp\" }, filetypes = { \"pipe\" } }\n");
    sub->add_flag_callback("--stdio", [] {}, "the only way there is: some editors name it");
  }

  void demo() {
    CLI::App* sub = add("demo", "a local Wildberries, a local retailCRM and the example pipelines between them",
                        pipewright::cli::demo, "  pipewright demo\n  pipewright demo --keep demo/\n");
    sub->add_option("--keep", options_.directory, "leave the pipelines, the configuration and the state in this folder")
        ->type_name("DIR");
  }

  void sandbox() {
    CLI::App* sub = add("sandbox", "a local Wildberries and a local retailCRM, for rehearsals and tests, until Ctrl-C",
                        pipewright::cli::sandbox,
                        "  pipewright sandbox\n  pipewright sandbox --wb-port 8001 --crm-port 8002\n  pipewright "
                        "sandbox --format json --limits\n");
    format(sub);
    sub->add_option("--wb-port", options_.wb_port, "of Wildberries; a free one without it")->type_name("PORT");
    sub->add_option("--crm-port", options_.crm_port, "of retailCRM; a free one without it")->type_name("PORT");
    sub->add_option("--seed", options_.seed, "of ids and other random-looking values")->type_name("N");
    sub->add_option("--zone", options_.zone, "the CRM account's time zone")->type_name("ZONE");
    sub->add_flag("--empty", options_.empty, "begin without tasks");
    sub->add_flag("--limits", options_.limits, "the real rate limits and penalties");
  }

  void completions() {
    CLI::App* sub = app_.add_subcommand("completions", "the completion script of a shell");
    sub->add_option("SHELL", shell_, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}))
        ->type_name("");
    sub->footer(std::string("Examples:\n  source <(pipewright completions bash)\n"
                            "  pipewright completions zsh > \"${fpath[1]}/_pipewright\"\n"
                            "  pipewright completions fish > ~/.config/fish/completions/pipewright.fish\n\n") +
                statuses);
  }

  // The whole command line as data, for the completion scripts.
  [[nodiscard]] std::vector<Described> described() const {
    std::vector<Described> all;
    const std::function<void(const CLI::App*, const std::string&)> add = [&](const CLI::App* app,
                                                                             const std::string& name) {
      Described made;
      made.name = name;
      made.help = app->get_description();
      for (const CLI::Option* option : app->get_options()) {
        if (option->get_positional()) {
          made.takes_files = made.takes_files || option->get_name() == "PATH";
          if (name == "completions") made.values = {"bash", "zsh", "fish"};
          continue;
        }
        Described::Option one;
        one.name = "--" + option->get_lnames().front();
        one.help = option->get_description();
        one.takes_value = option->get_items_expected_max() > 0;
        one.takes_file = one.takes_value && (one.name == "--config" || one.name == "--input" || one.name == "--keep");
        if (one.name == "--color") one.values = {"auto", "always", "never"};
        if (one.name == "--format") one.values = words_of(option->get_type_name());
        made.options.push_back(std::move(one));
      }
      if (name == "nodes") made.values = pipewright::stdlib::catalog().node_names();
      all.push_back(std::move(made));
      for (const CLI::App* sub : app->get_subcommands({}))
        add(sub, name.empty() ? sub->get_name() : name + " " + sub->get_name());
    };
    add(&app_, "");
    return all;
  }

  static std::vector<std::string> words_of(const std::string& alternatives) {
    std::vector<std::string> words;
    for (std::size_t from = 0; from <= alternatives.size();) {
      const std::size_t end = std::min(alternatives.find('|', from), alternatives.size());
      words.push_back(alternatives.substr(from, end - from));
      from = end + 1;
    }
    return words;
  }

  std::string shell_;
  CLI::App app_{"Declarative pipelines between Wildberries, retailCRM and other systems.", "pipewright"};
  Options options_;
  int (*command_)(const Options&) = nullptr;
};

}  // namespace

int main(int count, char** words) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return CommandLine().parse(count, words);
  } catch (const std::system_error& error) {
    // Whoever read the output has gone (`| head`): nothing is left to say, and nobody to say it to.
    if (error.code() != std::errc::broken_pipe) throw;
    std::_Exit(128 + SIGPIPE);
  }
}
