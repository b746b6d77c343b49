// What the checker writes down for an editor.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "dsl/check.hpp"
#include "dsl/index.hpp"
#include "stdlib/stdlib.hpp"

using namespace pipewright;
using dsl::Here;
using dsl::Mention;

namespace {

const dsl::Catalog& catalog() {
  static const dsl::Catalog all = stdlib::catalog();
  return all;
}

dsl::Index indexed(const std::string& text, std::optional<std::size_t> probe = std::nullopt) {
  dsl::Index index;
  if (probe) index.probe = {0, static_cast<std::uint32_t>(*probe)};
  dsl::ProgramInput input;
  input.files = {{"a.pipe", text}};
  (void)dsl::check(input, catalog(), index);
  return index;
}

/// `@` is where the word of our own stands.
Here here(std::string text) {
  const std::size_t at = text.find('@');
  text.replace(at, 1, "zz");
  return indexed(text, at).here;
}

}  // namespace

TEST_CASE("every name of a program is mentioned once, however often its value is read") {
  const std::string text =
      "let a = 1\nlet b = a + 1\non wb.fbs.new\n  -> where order.price > a and order.price > b\n  -> crm.order { "
      "number: "
      "\"{b}\" }\n";
  const dsl::Index index = indexed(text);
  std::string words;
  for (const Mention& each : index.mentions)
    words += text.substr(each.span.begin, each.span.end - each.span.begin) + " ";
  CHECK(words == "a b a wb.fbs.new order price a order price b crm.order number b ");
  const Mention* use = index.at(0, static_cast<std::uint32_t>(text.find("> b") + 2));
  REQUIRE(use != nullptr);
  CHECK(use->kind == Mention::Kind::value);
  CHECK(use->type.is(dsl::Type::Kind::integer));
  CHECK(use->declared->span.begin == text.find("b = a"));
}

TEST_CASE("values that are made of one another again and again make no more mentions than words") {
  std::string text = "let a0 = \"x\"\n";
  for (int i = 1; i < 9; ++i) text += fmt::format("let a{} = \"{{a{}}}{{a{}}}{{a{}}}\"\n", i, i - 1, i - 1, i - 1);
  CHECK(indexed(text).mentions.size() == 1 + 8 * 4);
}

TEST_CASE("an index changes nothing of what is told") {
  const std::string text = "on wb.fbs.new\n  -> where order.prise > 1\n  -> crm.order update { status: \"x\" }\n";
  dsl::ProgramInput input;
  input.files = {{"a.pipe", text}};
  dsl::Index index;
  const auto with = dsl::check(input, catalog(), index);
  const auto without = dsl::check(input, catalog());
  REQUIRE(with.diagnostics.size() == without.diagnostics.size());
  for (std::size_t i = 0; i < with.diagnostics.size(); ++i)
    CHECK(with.diagnostics[i].message == without.diagnostics[i].message);
  CHECK(with.plan.hash == without.plan.hash);
}

TEST_CASE("the checker says what may stand at a place") {
  CHECK(here("on wb.@\n").kind == Here::Kind::source);
  CHECK(here("on wb.fbs.new\n  -> @\n").kind == Here::Kind::action);
  CHECK(here("on wb.fbs.new\n  -> crm.order @\n").node == "crm.order");
  const Here member = here("on wb.fbs.new\n  -> where order.user.@ == 1\n");
  CHECK(member.kind == Here::Kind::member);
  CHECK(member.owners.front().record->field("phone") != nullptr);
  const Here wanted = here("on wb.fbs.new\n  -> where order.supplier_status == @\n");
  CHECK(wanted.kind == Here::Kind::value);
  REQUIRE(wanted.wanted);
  CHECK(wanted.wanted->enumeration->name == "wb.supplier_status");
  const Here field = here("on wb.fbs.new\n  -> crm.order { external_id: order.id, @ }\n");
  CHECK(field.kind == Here::Kind::action_field);
  CHECK(field.given.front() == "external_id");
  const Here inside = here("on wb.fbs.new\n  -> crm.order { status: \"@\" }\n");
  CHECK(inside.kind == Here::Kind::text);
  CHECK(inside.wanted->is(dsl::Type::Kind::enumeration));
  CHECK(here("on wb.fbs.new\n  -> crm.order { number: \"{@}\" }\n").kind == Here::Kind::value);
}

TEST_CASE("an action tells what it takes from the default mapping") {
  const dsl::Index index = indexed("on wb.fbs.new\n  -> crm.order { external_id: order.id }\n");
  REQUIRE(index.actions.size() == 1);
  bool items = false;
  for (const auto& each : index.actions.front().defaults) {
    if (each.field == "external_id") CHECK(!each.taken);
    if (each.field == "items") items = each.taken;
  }
  CHECK(items);
}

TEST_CASE("every declaration of the standard library has its place") {
  const auto places = dsl::catalog_places(catalog());
  for (const auto& [name, source] : catalog().source_nodes) CHECK(places.contains("source " + name));
  for (const auto& [name, action] : catalog().action_nodes) CHECK(places.contains("action " + name));
  for (const auto& [name, record] : catalog().records) {
    for (const dsl::FieldType& field : record->fields) CHECK(places.contains("field " + name + "." + field.name));
  }
  const auto& price = places.at("field wb.fbs.order.price");
  CHECK(catalog().sources[price.source]->text(price.span) == "price");
}
