#include "dsl/graph.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "tests/golden/declarations.hpp"

using namespace pipewright;

namespace {

dsl::plan::Plan plan_of(const std::vector<std::pair<std::string, std::string>>& files) {
  dsl::ProgramInput input;
  input.files = files;
  dsl::Checked checked = dsl::check(input, tests::declarations());
  REQUIRE_FALSE(dsl::has_errors(checked.diagnostics));
  return std::move(checked.plan);
}

dsl::plan::Plan plan_of(const std::string& text) { return plan_of({{"dir/shop.pipe", text}}); }

struct Rect {
  double x, y, width, height;
};

// The boxes of nodes; lanes and the background have other corners.
std::vector<Rect> boxes_of(const std::string& svg) {
  static const std::regex box(
      "<rect x=\"([0-9.]+)\" y=\"([0-9.]+)\" width=\"([0-9.]+)\" height=\"([0-9.]+)\" rx=\"(4|14)\"");
  std::vector<Rect> found;
  for (std::sregex_iterator at(svg.begin(), svg.end(), box), end; at != end; ++at)
    found.push_back({std::stod((*at)[1]), std::stod((*at)[2]), std::stod((*at)[3]), std::stod((*at)[4])});
  return found;
}

void no_box_covers_another(const std::string& svg) {
  const std::vector<Rect> boxes = boxes_of(svg);
  CHECK(!boxes.empty());
  std::smatch size;
  REQUIRE(std::regex_search(svg, size, std::regex("viewBox=\"0 0 ([0-9]+) ([0-9]+)\"")));
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const Rect& a = boxes[i];
    CHECK(a.x + a.width <= std::stod(size[1]));
    CHECK(a.y + a.height <= std::stod(size[2]));
    for (std::size_t j = i + 1; j < boxes.size(); ++j) {
      const Rect& b = boxes[j];
      const bool apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
      CHECK(apart);
    }
  }
}

constexpr const char* joined = R"(table t { "sold" -> "complete", "sorted" -> "assembling", else skip }
pipeline accepted on wb.fbs.new, wb.dbs.new -> where order.comment != "a \"b\" <c> & #d"
pipeline to_file on accepted -> file.append "accepted.ndjson"
pipeline moves
  on wb.fbs.changed every 5m
  -> when order.price >= 100 {
       -> crm.order update by external_id { external_id: order.id, status: t[order.wb_status], manager_comment: "x" } else skip
     } else {
       -> each sku in order.skus { -> log.info "{sku}" }
     }
)";

}  // namespace

TEST_CASE("a graph as dot: lanes, joins by naming, branches, tables, texts escaped") {
  CHECK(dsl::as_dot(dsl::graph_of(plan_of(joined))) == R"(digraph pipewright {
  rankdir=LR;
  node [fontname="sans-serif", fontsize=11, style=filled];
  edge [fontname="sans-serif", fontsize=10];
  subgraph cluster_1 {
    label="accepted\nshop.pipe:2";
    color="#9ca3af";
    n1 [shape=cds, fillcolor="#dbeafe", label="wb.fbs.new\nevery 30s"];
    n2 [shape=cds, fillcolor="#dbeafe", label="wb.dbs.new\nevery 30s"];
    n3 [shape=hexagon, fillcolor="#fef3c7", label="only where\norder.comment != \"a \\\"b\\\" <c> & #d\""];
  }
  subgraph cluster_2 {
    label="to_file\nshop.pipe:3";
    color="#9ca3af";
    n4 [shape=cds, fillcolor="#e0e7ff", label="on accepted"];
    n5 [shape=box, fillcolor="#dcfce7", label="file.append\n\"accepted.ndjson\""];
  }
  subgraph cluster_3 {
    label="moves\nshop.pipe:4";
    color="#9ca3af";
    n6 [shape=cds, fillcolor="#dbeafe", label="wb.fbs.changed\nevery 5m"];
    n7 [shape=diamond, fillcolor="#fef3c7", label="when"];
    n8 [shape=box, fillcolor="#dcfce7", label="update crm.order\nby external_id\nstatus: t[order.wb_status]\nmanager_comment: \"x\"\nnot found: skip"];
    n10 [shape=box3d, fillcolor="#f3f4f6", label="for each of\norder.skus"];
    n11 [shape=note, fillcolor="#f9fafb", label="log.info\n\"{sku}\""];
  }
  n9 [shape=folder, fillcolor="#fae8ff", label="table t\n\"sold\" → \"complete\"\n\"sorted\" → \"assembling\"\nelse skip"];
  n1 -> n3;
  n2 -> n3;
  n4 -> n5;
  n6 -> n7;
  n7 -> n8 [label="order.price >= 100"];
  n9 -> n8 [style=dotted, arrowhead=none];
  n7 -> n10 [label="else"];
  n10 -> n11 [label="each"];
  n3 -> n4 [style=dashed];
}
)");
}

TEST_CASE("a graph as mermaid: its signs cannot end a label") {
  const std::string text = dsl::as_mermaid(dsl::graph_of(plan_of(joined)));
  CHECK(text.starts_with(
      "flowchart LR\n  subgraph p1[\"accepted (shop.pipe:2)\"]\n    n1([\"wb.fbs.new<br>every 30s\"])\n"));
  CHECK(text.find(R"(n3{{"only where<br>order.comment != #quot;a \#quot;b\#quot; #lt;c#gt; #amp; #35;d#quot;"}})") !=
        std::string::npos);
  CHECK(text.find("  n7 -->|\"order.price #gt;= 100\"| n8\n") != std::string::npos);
  CHECK(text.find("  n9 -.- n8\n") != std::string::npos);
  CHECK(text.find("  n3 -.-> n4\n") != std::string::npos);
}

TEST_CASE("a graph as svg: every pipeline is named, no box covers another") {
  const std::string svg = dsl::as_svg(dsl::graph_of(plan_of(joined)));
  for (const char* name : {">accepted<", ">to_file<", ">moves<", "shop.pipe:2", "table t", "&lt;c&gt; &amp;"})
    CHECK_MESSAGE(svg.find(name) != std::string::npos, name);
  CHECK(svg.find("<c>") == std::string::npos);
  no_box_covers_another(svg);
}

TEST_CASE("an unnamed pipeline is named by its file") {
  CHECK(dsl::as_mermaid(dsl::graph_of(plan_of("on wb.fbs.new -> crm.order\n")))
            .find("subgraph p1[\"shop (shop.pipe:1)\"]") != std::string::npos);
}

TEST_CASE("one pipeline is drawn with what it listens to") {
  const dsl::Graph graph = dsl::graph_of(plan_of(joined), "to_file");
  REQUIRE(graph.pipelines.size() == 2);
  CHECK(graph.pipelines[0].name == "accepted");
  CHECK(graph.pipelines[1].name == "to_file");
}

TEST_CASE("the examples, and thirty pipelines that listen to one another, are drawn without overlaps") {
  std::vector<std::pair<std::string, std::string>> files;
  for (const auto& entry : std::filesystem::directory_iterator(PIPEWRIGHT_SOURCE_DIR "/pipelines")) {
    const std::string path = entry.path().string();
    if (!path.ends_with(".pipe") || path.ends_with("_test.pipe")) continue;
    std::ifstream in(path);
    std::ostringstream text;
    text << in.rdbuf();
    files.emplace_back(path, text.str());
  }
  std::sort(files.begin(), files.end());
  no_box_covers_another(dsl::as_svg(dsl::graph_of(plan_of(files))));
  std::string many = joined;
  for (int i = 0; i < 30; ++i) {
    many += fmt::format(
        "pipeline p{} on {}\n  -> let a = order.price * {}\n  -> when a > 10 {{ -> log.info \"x\" }} "
        "else when a > 5 {{ -> crm.order {{ site: \"s{}\" }} }}\n  -> log.info \"{}\"\n",
        i, i % 3 == 0 ? "wb.fbs.new" : fmt::format("p{}", i - 1), i, i, std::string(200, 'y'));
  }
  no_box_covers_another(dsl::as_svg(dsl::graph_of(plan_of(many))));
}
