// Nulls that conditions rule out, and names that files see of one another.
#include <doctest/doctest.h>

#include "dsl/render.hpp"
#include "tests/golden/declarations.hpp"

using namespace pipewright;

namespace {

/// What is said about a chain on `wb.dbs.changed`, as codes.
std::vector<std::string> said(const std::string& chain) {
  return tests::codes_of(tests::checked("on wb.dbs.changed\n" + chain + "\n").diagnostics);
}

const std::vector<std::string> nothing;
const std::vector<std::string> maybe_null = {"P0302"};

std::vector<std::string> said_of_files(const std::vector<std::pair<std::string, std::string>>& files,
                                       const std::vector<std::pair<std::string, std::string>>& others = {}) {
  dsl::ProgramInput input;
  input.files = files;
  input.load = [&](const std::string& path) -> std::optional<std::string> {
    for (const auto& [name, text] : others) {
      if (name == path) return text;
    }
    return std::nullopt;
  };
  return tests::codes_of(dsl::check(input, tests::declarations()).diagnostics);
}

}  // namespace

TEST_CASE("a condition shows that a value is there") {
  struct Case {
    const char* name;
    const char* chain;
    bool there;
  };
  const Case cases[] = {
      {"without one it may be null", "-> log.info \"{order.comment}\"", false},
      {"where x != null", "-> where order.comment != null -> log.info \"{order.comment}\"", true},
      {"where null != x", "-> where null != order.comment -> log.info \"{order.comment}\"", true},
      {"where not x == null", "-> where not order.comment == null -> log.info \"{order.comment}\"", true},
      {"where x == null shows nothing", "-> where order.comment == null -> log.info \"{order.comment}\"", false},
      {"both sides of and", "-> where order.comment != null and order.price > 1 -> log.info \"{order.comment}\"", true},
      {"one side of or is not enough",
       "-> where order.comment != null or order.price > 1 -> log.info \"{order.comment}\"", false},
      {"the right side of and sees the left",
       "-> where order.comment != null and length(order.comment) > 3 -> log.info \"x\"", true},
      {"the right side of or sees the left to be false",
       "-> where order.comment == null or length(order.comment) > 3 -> log.info \"x\"", true},
      {"equal to a literal", "-> where order.comment == \"gift\" -> log.info \"{order.comment}\"", true},
      {"in a list of literals", "-> where order.comment in [\"a\", \"b\"] -> log.info \"{order.comment}\"", true},
      {"in a list with null", "-> where order.comment in [\"a\", null] -> log.info \"{order.comment}\"", false},
      {"a record shows its fields that are never null", "-> where order.user != null -> log.info \"{order.user.id}\"",
       true},
      {"a record shows nothing about its nullable fields",
       "-> where order.user != null -> log.info \"{order.user.phone}\"", false},
      {"a field shows the record that it is in",
       "-> where order.user.phone != null -> log.info \"{order.user.id} {order.user.phone}\"", true},
      {"when shows it in its branch", "-> when order.comment != null { -> log.info \"{order.comment}\" }", true},
      {"when does not show it behind the branch",
       "-> when order.comment != null { -> log.info \"x\" } -> log.info \"{order.comment}\"", false},
      {"else knows that the branch was not taken",
       "-> when order.comment == null { -> log.info \"x\" } else { -> log.info \"{order.comment}\" }", true},
      {"if shows it behind then", "-> log.info \"{if order.comment != null then order.comment else \"none\"}\"", true},
      {"if shows it behind else", "-> log.info \"{if order.comment == null then \"none\" else order.comment}\"", true},
      {"a let keeps what was known of it", "-> let c = order.comment -> where c != null -> log.info \"{c}\"", true},
      {"a list's condition shows it in the element",
       "-> let l = [uppercase(order.comment) for s in order.skus where order.comment != null] -> log.info \"{join(l, "
       "\",\")}\"",
       true},
      {"`??` gives a value", "-> log.info \"{order.comment ?? \"none\"}\"", true},
      {"an element of a list may be absent", "-> log.info \"{order.skus[0]}\"", false},
      {"an element that was asked for is there", "-> where order.skus[0] != null -> log.info \"{order.skus[0]}\"",
       true},
      {"if without else may give null", "-> log.info \"{if order.price > 1 then \"a\"}\"", false},
  };
  for (const Case& each : cases) CHECK_MESSAGE(said(each.chain) == (each.there ? nothing : maybe_null), each.name);
}

TEST_CASE("names of another file are known through import only") {
  const std::string shared = "let site = \"wb\"\ntable t { 1 -> 2, else 3 }\npipeline p on wb.fbs.new -> crm.order\n";
  const std::string user = "pipeline q on p -> crm.client { site: site, commentary: text(t[order.status]) }\n";
  CHECK(said_of_files({{"a.pipe", shared}, {"b.pipe", "import \"a.pipe\"\n" + user}}) == nothing);
  CHECK(said_of_files({{"a.pipe", shared}, {"b.pipe", user}}).size() == 3);
  CHECK(said_of_files(
            {{"a.pipe", shared},
             {"b.pipe", "pipeline q on wb.dbs.new -> crm.client { site: site, commentary: text(t[order.status]) }\n"}})
            .size() == 2);
}

TEST_CASE("a name of a file that is not imported says where it is") {
  dsl::ProgramInput input;
  input.files = {{"x/a.pipe", "let site = \"wb\"\n"}, {"x/b.pipe", "on wb.fbs.new -> crm.order { site: site }\n"}};
  const auto checked = dsl::check(input, tests::declarations());
  REQUIRE(checked.diagnostics.size() == 1);
  CHECK(checked.diagnostics[0].help == "it is in another file: write `import \"a.pipe\"`");
}

TEST_CASE("a file means the same alone and in its directory") {
  const std::string shared = "let site = \"wb\"\n";
  const std::string user = "import \"a.pipe\"\non wb.fbs.new -> crm.order { site: site }\n";
  CHECK(said_of_files({{"b.pipe", user}}, {{"a.pipe", shared}}) == nothing);
  CHECK(said_of_files({{"a.pipe", shared}, {"b.pipe", user}}, {{"a.pipe", shared}}) == nothing);
}

TEST_CASE("an import is relative to the importing file, and read once") {
  CHECK(
      said_of_files({{"x/b.pipe",
                      "import \"../y/a.pipe\"\nimport \"../y/./a.pipe\"\non wb.fbs.new -> crm.order { site: site }\n"}},
                    {{"y/a.pipe", "let site = \"wb\"\n"}}) == nothing);
}

TEST_CASE("files may import one another") {
  CHECK(said_of_files({{"a.pipe", "import \"b.pipe\"\nlet x = \"1\"\n"},
                       {"b.pipe", "import \"a.pipe\"\non wb.fbs.new -> crm.order { site: x }\n"}}) == nothing);
}

TEST_CASE("what a broken statement would have given is not asked for") {
  CHECK(tests::codes_of(tests::checked("let site = = 5\non wb.fbs.new -> crm.order { site: site }\n").diagnostics)
            .size() == 1);
  CHECK(tests::codes_of(
            tests::checked("import \"none.pipe\"\non elsewhere -> crm.order { site: site, number: t[order.x] }\n")
                .diagnostics) == std::vector<std::string>{"P0211"});
}

TEST_CASE("an unnamed pipeline is named after its file") {
  const auto checked = tests::checked("on wb.fbs.new -> crm.order\n", "folder/my_orders.pipe");
  REQUIRE(checked.plan.pipelines.size() == 1);
  CHECK(checked.plan.pipelines[0].name == "my_orders");
}

TEST_CASE("the hash of a plan is that of all that it means, and of nothing else") {
  dsl::ProgramInput input;
  input.files = {{"shop/a.pipe", "import \"b.pipe\"\non wb.fbs.new -> crm.order { site: t[order.id] }\n"},
                 {"shop/b.pipe", "table t { \"1\" -> \"x\", else skip }\n"}};
  input.connections = {{"wb", "wb"}, {"crm", "crm"}};
  input.version = "1.0";
  input.meaning = "[crm] retailcrm\nsite = \"one\"\n";
  const auto hash = [](const dsl::ProgramInput& of, const dsl::Catalog& catalog = tests::declarations()) {
    dsl::ProgramInput loaded = of;
    loaded.load = [&](const std::string& path) -> std::optional<std::string> {
      for (const auto& [name, text] : of.files) {
        if (name == path) return text;
      }
      return std::nullopt;
    };
    return dsl::check(loaded, catalog).plan.hash;
  };
  const std::string before = hash(input);
  CHECK(before.size() == 32);
  CHECK(before.find_first_not_of("0123456789abcdef") == std::string::npos);

  dsl::ProgramInput same = input;
  std::swap(same.files[0], same.files[1]);
  CHECK(hash(same) == before);
  for (auto& [name, text] : same.files) name = "/srv/elsewhere/" + name;  // checked from another folder
  CHECK(hash(same) == before);

  const auto changed = [&](const std::function<void(dsl::ProgramInput&)>& change) {
    dsl::ProgramInput other = input;
    change(other);
    return hash(other) != before;
  };
  CHECK(changed([](auto& i) { i.files[1].second += " "; }));
  CHECK(changed([](auto& i) { i.version = "1.1"; }));
  CHECK(changed([](auto& i) { i.time_zone = "Asia/Krasnoyarsk"; }));
  CHECK(changed([](auto& i) { i.meaning = "[crm] retailcrm\nsite = \"two\"\n"; }));
  CHECK(changed([](auto& i) { i.connections["wb2"] = "wb"; }));
  CHECK(changed([](auto& i) {  // what stands at the end of one part does not pass for the beginning of the next
    i.version = "1.0UTC";
    i.time_zone = "";
  }));

  auto declarations = tests::declarations_texts();
  const auto mapping = std::find_if(declarations.begin(), declarations.end(),
                                    [](const auto& file) { return file.first.ends_with("mappings.pipe"); });
  REQUIRE(mapping != declarations.end());
  mapping->second += "# another word\n";
  CHECK(hash(input, dsl::read_catalog(declarations).catalog) != before);
}

TEST_CASE("a second account is another connection") {
  dsl::ProgramInput input;
  input.files = {{"a.pipe", "on wb_moscow.fbs.new -> crm.order\n"}};
  CHECK(tests::codes_of(dsl::check(input, tests::declarations()).diagnostics) == std::vector<std::string>{"P0207"});
  input.connections = {{"wb_moscow", "wb"}};
  const auto checked = dsl::check(input, tests::declarations());
  REQUIRE(checked.plan.pipelines.size() == 1);
  CHECK(checked.diagnostics.empty());
  CHECK(checked.plan.pipelines[0].sources.at(0).connection == "wb_moscow");
  CHECK(checked.plan.pipelines[0].sources.at(0).node == "wb.fbs.new");
}

TEST_CASE("the help of a diagnostic is an edit that mends it") {
  const std::string text = "on wb.fbs.new\n  -> crm.order { number: order.orderUid }\n";
  const auto checked = tests::checked(text);
  REQUIRE(checked.diagnostics.size() == 1);
  REQUIRE(checked.diagnostics[0].edit.has_value());
  std::string mended = text;
  const auto& edit = *checked.diagnostics[0].edit;
  mended.replace(edit.span.begin, edit.span.end - edit.span.begin, edit.text);
  CHECK(tests::checked(mended).diagnostics.empty());
}

TEST_CASE("diagnostics as JSON carry their places") {
  const auto checked = tests::checked("on wb.fbs.new\n  -> crm.order { numbr: \"1\" }\n");
  const std::string json = dsl::render_json(checked.diagnostics, checked.sources, 1, 1);
  CHECK(json.find("\"code\":\"P0203\",\"severity\":\"error\"") != std::string::npos);
  CHECK(json.find("\"file\":\"example.pipe\",\"line\":2,\"column\":18,\"end_line\":2,\"end_column\":23") !=
        std::string::npos);
  CHECK(dsl::count_text(checked.diagnostics, 1) == "1 error in 1 file");
}
