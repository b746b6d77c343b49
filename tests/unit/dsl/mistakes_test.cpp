// What beginners write, each with the one message that it gets, and what `validate --fix` makes of it.
#include <doctest/doctest.h>

#include "dsl/fix.hpp"
#include "dsl/render.hpp"
#include "tests/golden/declarations.hpp"

using namespace pipewright;

namespace {

struct Mistake {
  const char* name;
  const char* text;
  std::size_t line;
  const char* code;
  const char* message;
  const char* mended;  ///< null: nothing mechanical
};

// clang-format off
const Mistake mistakes[] = {
    {"missing comma record",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id { external_id: order.id number: "WB-{order.id}" }
)pipe",
     2, "P0109", R"pipe(`,` or a line end is missing before `number`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id { external_id: order.id, number: "WB-{order.id}" }
)pipe"},
    {"missing comma list",
     R"pipe(on wb.fbs.new
  -> where order.warehouse_id in [658434 658435]
  -> crm.order
)pipe",
     2, "P0109", R"pipe(`,` is missing before `658435`)pipe",
     R"pipe(on wb.fbs.new
  -> where order.warehouse_id in [658434, 658435]
  -> crm.order
)pipe"},
    {"missing comma args",
     R"pipe(on wb.fbs.new
  -> log.info "{join(order.skus ", ")}"
)pipe",
     2, "P0109", R"pipe(`,` is missing before `", "`)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "{join(order.skus, ", ")}"
)pipe"},
    {"missing comma keys",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id number { external_id: order.id, number: "1" }
)pipe",
     2, "P0109", R"pipe(`,` is missing before `number`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id, number { external_id: order.id, number: "1" }
)pipe"},
    {"missing comma sources",
     R"pipe(on wb.fbs.new wb.dbs.new
  -> crm.order
)pipe",
     1, "P0109", R"pipe(`,` is missing before `wb`)pipe",
     R"pipe(on wb.fbs.new, wb.dbs.new
  -> crm.order
)pipe"},
    {"missing comma table keys",
     R"pipe(table t { "new" "confirm" -> 1, else skip }
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe",
     1, "P0109", R"pipe(`,` is missing before `"confirm"`)pipe",
     R"pipe(table t { "new", "confirm" -> 1, else skip }
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe"},
    {"= for :",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id { external_id = order.id }
)pipe",
     2, "P0106", R"pipe(a field and its value are separated by `:`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id { external_id: order.id }
)pipe"},
    {":= for :",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id { external_id := order.id }
)pipe",
     2, "P0106", R"pipe(a field and its value are separated by `:`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id { external_id : order.id }
)pipe"},
    {"=> for :",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id { external_id => order.id }
)pipe",
     2, "P0106", R"pipe(a field and its value are separated by `:`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id { external_id: order.id }
)pipe"},
    {"= compare",
     R"pipe(on wb.fbs.new
  -> where order.status = 0
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`=` compares nothing)pipe",
     R"pipe(on wb.fbs.new
  -> where order.status == 0
  -> crm.order
)pipe"},
    {"= compare in when",
     R"pipe(on wb.fbs.new
  -> when order.status = 0 {
       -> crm.order
     }
)pipe",
     2, "P0106", R"pipe(`=` compares nothing)pipe",
     R"pipe(on wb.fbs.new
  -> when order.status == 0 {
       -> crm.order
     }
)pipe"},
    {"= compare in if",
     R"pipe(on wb.fbs.new
  -> crm.order { manager_comment: if order.status = 0 then "a" }
)pipe",
     2, "P0106", R"pipe(`=` compares nothing)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { manager_comment: if order.status == 0 then "a" }
)pipe"},
    {"= compare after and",
     R"pipe(on wb.fbs.new
  -> where order.price > 100 and order.status = 0
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`=` compares nothing)pipe",
     R"pipe(on wb.fbs.new
  -> where order.price > 100 and order.status == 0
  -> crm.order
)pipe"},
    {"== for let",
     R"pipe(let a == 1
on wb.fbs.new
  -> log.info "{a}"
)pipe",
     1, "P0106", R"pipe(`let` takes one `=`)pipe",
     R"pipe(let a = 1
on wb.fbs.new
  -> log.info "{a}"
)pipe"},
    {"cyrillic c ident",
     R"pipe(on wb.fbs.new
  -> сrm.order
)pipe",
     2, "P0102", R"pipe(`сrm` has a letter «с» that is not Latin)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"cyrillic field",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: оrder.id }
)pipe",
     2, "P0102", R"pipe(`оrder` has a letter «о» that is not Latin)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id }
)pipe"},
    {"cyrillic key",
     R"pipe(on wb.fbs.new
  -> crm.order { еxternal_id: order.id }
)pipe",
     2, "P0102", R"pipe(`еxternal_id` has a letter «е» that is not Latin)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id }
)pipe"},
    {"cyrillic keyword",
     R"pipe(оn wb.fbs.new
  -> crm.order
)pipe",
     1, "P0102", R"pipe(`оn` has a letter «о» that is not Latin)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"cyrillic step word",
     R"pipe(on wb.fbs.new
  -> whеre order.price > 1
  -> crm.order
)pipe",
     2, "P0102", R"pipe(`whеre` has a letter «е» that is not Latin)pipe",
     R"pipe(on wb.fbs.new
  -> where order.price > 1
  -> crm.order
)pipe"},
    {"cyrillic by",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by еxternal_id { external_id: order.id }
)pipe",
     2, "P0102", R"pipe(`еxternal_id` has a letter «е» that is not Latin)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id { external_id: order.id }
)pipe"},
    {"cyrillic verb",
     R"pipe(on wb.fbs.new
  -> crm.order upsеrt by external_id { external_id: order.id }
)pipe",
     2, "P0102", R"pipe(`upsеrt` has a letter «е» that is not Latin)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id { external_id: order.id }
)pipe"},
    {"smart quotes",
     R"pipe(on wb.fbs.new
  -> crm.order { number: “WB-{order.id}” }
)pipe",
     2, "P0106", R"pipe(typographic quotes)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { number: "WB-{order.id}" }
)pipe"},
    {"smart quotes mixed",
     R"pipe(on wb.fbs.new
  -> crm.order { number: "WB-{order.id}” }
)pipe",
     2, "P0106", R"pipe(a typographic quote ends no text)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { number: "WB-{order.id}" }
)pipe"},
    {"guillemets",
     R"pipe(on wb.fbs.new
  -> crm.order { manager_comment: «привет» }
)pipe",
     2, "P0106", R"pipe(these quotes begin no text)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { manager_comment: "привет" }
)pipe"},
    {"low quotes",
     R"pipe(on wb.fbs.new
  -> crm.order { manager_comment: „привет“ }
)pipe",
     2, "P0106", R"pipe(typographic quotes)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { manager_comment: "привет" }
)pipe"},
    {"zero width",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.​id }
)pipe",
     2, "P0106", R"pipe(an invisible character (U+200B))pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id }
)pipe"},
    {"missing close brace",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id {
       external_id: order.id
pipeline b
  on wb.dbs.new
  -> crm.order
)pipe",
     3, "P0101", R"pipe(`}` is missing at the end)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id {
       external_id: order.id }
pipeline b
  on wb.dbs.new
  -> crm.order
)pipe"},
    {"missing close brace eof",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id {
       external_id: order.id
)pipe",
     3, "P0101", R"pipe(`}` is missing at the end)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id {
       external_id: order.id }
)pipe"},
    {"missing close brace next step",
     R"pipe(on wb.fbs.new
  -> crm.client upsert by external_id {
       external_id: order.user.id ?? "x"
  -> crm.order
)pipe",
     4, "P0101", R"pipe(`}` is missing before `->`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.client upsert by external_id {
       external_id: order.user.id ?? "x" }
  -> crm.order
)pipe"},
    {"missing open brace",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id
       external_id: order.id
     }
)pipe",
     3, "P0101", R"pipe(`{` is missing before the field `external_id`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id
       { external_id: order.id
     }
)pipe"},
    {"extra brace",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id }}
)pipe",
     2, "P0101", R"pipe(`}` closes nothing)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id }
)pipe"},
    {"missing paren",
     R"pipe(on wb.fbs.new
  -> log.info "{uppercase(order.article ?? ""}"
)pipe",
     2, "P0101", R"pipe(`)` is missing before `}`)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "{uppercase(order.article ?? "")}"
)pipe"},
    {"extra paren",
     R"pipe(on wb.fbs.new
  -> where (order.price > 1))
  -> crm.order
)pipe",
     2, "P0101", R"pipe(`)` closes nothing)pipe",
     R"pipe(on wb.fbs.new
  -> where (order.price > 1)
  -> crm.order
)pipe"},
    {"double comma",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id,, number: "1" }
)pipe",
     2, "P0101", R"pipe(one `,` too many)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id, number: "1" }
)pipe"},
    {"single quotes",
     R"pipe(on wb.fbs.new
  -> crm.order { number: 'WB' }
)pipe",
     2, "P0106", R"pipe(texts stand in double quotes)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { number: "WB" }
)pipe"},
    {"single quotes in table",
     R"pipe(table t { 'new' -> 1, else skip }
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe",
     1, "P0106", R"pipe(texts stand in double quotes)pipe",
     R"pipe(table t { "new" -> 1, else skip }
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe"},
    {"backticks",
     R"pipe(on wb.fbs.new
  -> log.info `hello`
)pipe",
     2, "P0106", R"pipe(texts stand in double quotes)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "hello"
)pipe"},
    {"1h30m",
     R"pipe(on wb.fbs.new every 1h30m
  -> crm.order
)pipe",
     1, "P0104", R"pipe(`1h30m` is no duration)pipe",
     R"pipe(on wb.fbs.new every 90m
  -> crm.order
)pipe"},
    {"1.5h",
     R"pipe(on wb.fbs.new every 1.5h
  -> crm.order
)pipe",
     1, "P0104", R"pipe(`1.5h` is no duration)pipe",
     R"pipe(on wb.fbs.new every 90m
  -> crm.order
)pipe"},
    {"30 s",
     R"pipe(on wb.fbs.new every 30 s
  -> crm.order
)pipe",
     1, "P0104", R"pipe(`30 s` is no duration)pipe",
     R"pipe(on wb.fbs.new every 30s
  -> crm.order
)pipe"},
    {"30sec",
     R"pipe(on wb.fbs.new every 30sec
  -> crm.order
)pipe",
     1, "P0104", R"pipe(`30sec` is no duration)pipe",
     R"pipe(on wb.fbs.new every 30s
  -> crm.order
)pipe"},
    {"5min",
     R"pipe(on wb.fbs.new every 5min
  -> crm.order
)pipe",
     1, "P0104", R"pipe(`5min` is no duration)pipe",
     R"pipe(on wb.fbs.new every 5m
  -> crm.order
)pipe"},
    {"every 30",
     R"pipe(on wb.fbs.new every 30
  -> crm.order
)pipe",
     1, "P0104", R"pipe(`30` is no duration: the unit is missing)pipe",
     nullptr},
    {"every quoted",
     R"pipe(on wb.fbs.new every "30s"
  -> crm.order
)pipe",
     1, "P0104", R"pipe(a duration stands without quotes)pipe",
     R"pipe(on wb.fbs.new every 30s
  -> crm.order
)pipe"},
    {"decimal comma",
     R"pipe(on wb.fbs.new
  -> where order.price > 2490,50
  -> crm.order
)pipe",
     2, "P0104", R"pipe(a decimal number has a point)pipe",
     R"pipe(on wb.fbs.new
  -> where order.price > 2490.50
  -> crm.order
)pipe"},
    {"decimal comma let",
     R"pipe(let limit = 2490,50
on wb.fbs.new
  -> where order.price > limit
  -> crm.order
)pipe",
     1, "P0104", R"pipe(a decimal number has a point)pipe",
     R"pipe(let limit = 2490.50
on wb.fbs.new
  -> where order.price > limit
  -> crm.order
)pipe"},
    {"decimal comma record",
     R"pipe(on wb.fbs.new
  -> crm.order { discount_manual_amount: 2490,50 }
)pipe",
     2, "P0104", R"pipe(a decimal number has a point)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { discount_manual_amount: 2490.50 }
)pipe"},
    {"thousands space",
     R"pipe(on wb.fbs.new
  -> where order.price > 10 000
  -> crm.order
)pipe",
     2, "P0104", R"pipe(the digits of a number stand together)pipe",
     R"pipe(on wb.fbs.new
  -> where order.price > 10000
  -> crm.order
)pipe"},
    {"thousands underscore",
     R"pipe(on wb.fbs.new
  -> where order.price > 10_000
  -> crm.order
)pipe",
     2, "P0104", R"pipe(the digits of a number stand together)pipe",
     R"pipe(on wb.fbs.new
  -> where order.price > 10000
  -> crm.order
)pipe"},
    {"where brace",
     R"pipe(on wb.fbs.new
  -> where order.price > 100 {
       -> crm.order
     }
)pipe",
     2, "P0101", R"pipe(`where` takes no braces: the steps after it are those that its records go through)pipe",
     nullptr},
    {"where brace paths",
     R"pipe(on wb.fbs.new
  -> where order.is_zero_order {
       -> crm.order
     }
)pipe",
     2, "P0101", R"pipe(`where` takes no braces: the steps after it are those that its records go through)pipe",
     nullptr},
    {"else if",
     R"pipe(on wb.fbs.new
  -> when order.price > 100 {
       -> log.info "a"
     } else if order.price > 50 {
       -> log.info "b"
     }
)pipe",
     4, "P0106", R"pipe(`else if` is written `else when` here)pipe",
     R"pipe(on wb.fbs.new
  -> when order.price > 100 {
       -> log.info "a"
     } else when order.price > 50 {
       -> log.info "b"
     }
)pipe"},
    {"elif",
     R"pipe(on wb.fbs.new
  -> when order.price > 100 {
       -> log.info "a"
     } elif order.price > 50 {
       -> log.info "b"
     }
)pipe",
     4, "P0106", R"pipe(`elif` is written `else when` here)pipe",
     R"pipe(on wb.fbs.new
  -> when order.price > 100 {
       -> log.info "a"
     } else when order.price > 50 {
       -> log.info "b"
     }
)pipe"},
    {"elseif",
     R"pipe(on wb.fbs.new
  -> when order.price > 100 {
       -> log.info "a"
     } elseif order.price > 50 {
       -> log.info "b"
     }
)pipe",
     4, "P0106", R"pipe(`elseif` is written `else when` here)pipe",
     R"pipe(on wb.fbs.new
  -> when order.price > 100 {
       -> log.info "a"
     } else when order.price > 50 {
       -> log.info "b"
     }
)pipe"},
    {"if step",
     R"pipe(on wb.fbs.new
  -> if order.price > 100 {
       -> log.info "a"
     }
)pipe",
     2, "P0106", R"pipe(`if` chooses between values; steps are chosen with `when`)pipe",
     R"pipe(on wb.fbs.new
  -> when order.price > 100 {
       -> log.info "a"
     }
)pipe"},
    {"if parens",
     R"pipe(on wb.fbs.new
  -> if (order.price > 100) {
       -> log.info "a"
     }
)pipe",
     2, "P0106", R"pipe(`if` chooses between values; steps are chosen with `when`)pipe",
     R"pipe(on wb.fbs.new
  -> when (order.price > 100) {
       -> log.info "a"
     }
)pipe"},
    {"for step",
     R"pipe(on wb.fbs.new
  -> for sku in order.skus {
       -> log.info "{sku}"
     }
)pipe",
     2, "P0106", R"pipe(`for` is written `each` here)pipe",
     R"pipe(on wb.fbs.new
  -> each sku in order.skus {
       -> log.info "{sku}"
     }
)pipe"},
    {"foreach step",
     R"pipe(on wb.fbs.new
  -> foreach sku in order.skus {
       -> log.info "{sku}"
     }
)pipe",
     2, "P0106", R"pipe(`foreach` is written `each` here)pipe",
     R"pipe(on wb.fbs.new
  -> each sku in order.skus {
       -> log.info "{sku}"
     }
)pipe"},
    {"lone misspelt step",
     R"pipe(on wb.fbs.new
  -> wher order.price > 100
  -> crm.order
)pipe",
     2, "P0202", R"pipe(`wher` is no step and no node)pipe",
     R"pipe(on wb.fbs.new
  -> where order.price > 100
  -> crm.order
)pipe"},
    {"lone filter",
     R"pipe(on wb.fbs.new
  -> filter order.price > 100
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`filter` is written `where` here)pipe",
     R"pipe(on wb.fbs.new
  -> where order.price > 100
  -> crm.order
)pipe"},
    {"lone misspelt node",
     R"pipe(on wb.fbs.new
  -> crm.ordr
)pipe",
     2, "P0202", R"pipe(there is no action `crm.ordr`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"lone word",
     R"pipe(on wb.fbs.new
  -> order
)pipe",
     2, "P0202", R"pipe(`order` is no step and no node)pipe",
     nullptr},
    {"&&",
     R"pipe(on wb.fbs.new
  -> where order.price > 1 && order.price < 5
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`&&` is written `and` here)pipe",
     R"pipe(on wb.fbs.new
  -> where order.price > 1 and order.price < 5
  -> crm.order
)pipe"},
    {"||",
     R"pipe(on wb.fbs.new
  -> where order.price > 5 || order.price < 1
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`||` is written `or` here)pipe",
     R"pipe(on wb.fbs.new
  -> where order.price > 5 or order.price < 1
  -> crm.order
)pipe"},
    {"!",
     R"pipe(on wb.fbs.new
  -> where !order.is_zero_order
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`!` is written `not` here)pipe",
     R"pipe(on wb.fbs.new
  -> where not order.is_zero_order
  -> crm.order
)pipe"},
    {"! in",
     R"pipe(on wb.fbs.new
  -> where order.status !in [1]
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`!` is written `not` here)pipe",
     R"pipe(on wb.fbs.new
  -> where order.status not in [1]
  -> crm.order
)pipe"},
    {"//",
     R"pipe(on wb.fbs.new // comment
  -> crm.order
)pipe",
     1, "P0106", R"pipe(`//` does not begin a comment)pipe",
     R"pipe(on wb.fbs.new # comment
  -> crm.order
)pipe"},
    {"// top",
     R"pipe(// comment
on wb.fbs.new
  -> crm.order
)pipe",
     1, "P0106", R"pipe(`//` does not begin a comment)pipe",
     R"pipe(# comment
on wb.fbs.new
  -> crm.order
)pipe"},
    {"// two",
     R"pipe(// comment one
// comment: two, three
on wb.fbs.new
  -> crm.order
)pipe",
     1, "P0106", R"pipe(`//` does not begin a comment)pipe",
     R"pipe(# comment one
# comment: two, three
on wb.fbs.new
  -> crm.order
)pipe"},
    {"-- comment",
     R"pipe(on wb.fbs.new
  -> crm.order -- comment
)pipe",
     2, "P0106", R"pipe(`--` does not begin a comment)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order # comment
)pipe"},
    {"/* */",
     R"pipe(/* comment */
on wb.fbs.new
  -> crm.order
)pipe",
     1, "P0106", R"pipe(`/*` does not begin a comment)pipe",
     R"pipe(# comment
on wb.fbs.new
  -> crm.order
)pipe"},
    {";",
     R"pipe(on wb.fbs.new;
  -> crm.order;
)pipe",
     1, "P0106", R"pipe(`;` ends nothing here)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"; in record",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id; number: "1" }
)pipe",
     2, "P0106", R"pipe(`;` ends nothing here)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id, number: "1" }
)pipe"},
    {"=>",
     R"pipe(on wb.fbs.new
  => crm.order
)pipe",
     2, "P0106", R"pipe(`=>` is no arrow)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"→",
     R"pipe(on wb.fbs.new
  → crm.order
)pipe",
     2, "P0106", R"pipe(`→` is no arrow of the language)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"- >",
     R"pipe(on wb.fbs.new
  - > crm.order
)pipe",
     2, "P0106", R"pipe(`- >` is no arrow of the language)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"|>",
     R"pipe(on wb.fbs.new
  |> crm.order
)pipe",
     2, "P0106", R"pipe(`|>` is no arrow of the language)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"pipe",
     R"pipe(on wb.fbs.new
  | crm.order
)pipe",
     2, "P0106", R"pipe(`|` is no arrow of the language)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"ON",
     R"pipe(ON wb.fbs.new
  -> crm.order
)pipe",
     1, "P0106", R"pipe(`ON` is written in small letters)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"From",
     R"pipe(From wb.fbs.new
  -> crm.order
)pipe",
     1, "P0106", R"pipe(`From` begins no pipeline)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"from",
     R"pipe(from wb.fbs.new
  -> crm.order
)pipe",
     1, "P0106", R"pipe(`from` begins no pipeline)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"Pipeline",
     R"pipe(Pipeline a
  on wb.fbs.new
  -> crm.order
)pipe",
     1, "P0106", R"pipe(`Pipeline` is written in small letters)pipe",
     R"pipe(pipeline a
  on wb.fbs.new
  -> crm.order
)pipe"},
    {"WHERE",
     R"pipe(on wb.fbs.new
  -> WHERE order.price > 1
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`WHERE` is written in small letters)pipe",
     R"pipe(on wb.fbs.new
  -> where order.price > 1
  -> crm.order
)pipe"},
    {"AND",
     R"pipe(on wb.fbs.new
  -> where order.price > 1 AND order.price < 5
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`AND` is written in small letters)pipe",
     R"pipe(on wb.fbs.new
  -> where order.price > 1 and order.price < 5
  -> crm.order
)pipe"},
    {"UPSERT",
     R"pipe(on wb.fbs.new
  -> crm.order UPSERT by external_id { external_id: order.id }
)pipe",
     2, "P0206", R"pipe(`crm.order` has no verb `UPSERT`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id { external_id: order.id }
)pipe"},
    {"BY",
     R"pipe(on wb.fbs.new
  -> crm.order upsert BY external_id { external_id: order.id }
)pipe",
     2, "P0106", R"pipe(`BY` is written in small letters)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id { external_id: order.id }
)pipe"},
    {"Else",
     R"pipe(on wb.fbs.new
  -> crm.order update by external_id { external_id: order.id, number: "1" } Else skip
)pipe",
     2, "P0106", R"pipe(`Else` is written in small letters)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order update by external_id { external_id: order.id, number: "1" } else skip
)pipe"},
    {"value after text",
     R"pipe(on wb.fbs.new
  -> log.info "order" order.id
)pipe",
     2, "P0101", R"pipe(no value follows a text)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "order {order.id}"
)pipe"},
    {"value after text comma",
     R"pipe(on wb.fbs.new
  -> log.info "order", order.id
)pipe",
     2, "P0101", R"pipe(a node takes one text)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "order {order.id}"
)pipe"},
    {"is not null",
     R"pipe(on wb.fbs.new
  -> where order.comment is not null
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`is` is no comparison)pipe",
     R"pipe(on wb.fbs.new
  -> where order.comment != null
  -> crm.order
)pipe"},
    {"is null",
     R"pipe(on wb.fbs.new
  -> where order.comment is null
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`is` is no comparison)pipe",
     R"pipe(on wb.fbs.new
  -> where order.comment == null
  -> crm.order
)pipe"},
    {"IS NOT NULL",
     R"pipe(on wb.fbs.new
  -> where order.comment IS NOT NULL
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`is` is no comparison)pipe",
     R"pipe(on wb.fbs.new
  -> where order.comment != null
  -> crm.order
)pipe"},
    {"== nil",
     R"pipe(on wb.fbs.new
  -> where order.comment != nil
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`nil` is written `null` here)pipe",
     R"pipe(on wb.fbs.new
  -> where order.comment != null
  -> crm.order
)pipe"},
    {"None",
     R"pipe(on wb.fbs.new
  -> where order.comment != None
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`None` is written `null` here)pipe",
     R"pipe(on wb.fbs.new
  -> where order.comment != null
  -> crm.order
)pipe"},
    {"NULL",
     R"pipe(on wb.fbs.new
  -> where order.comment != NULL
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`NULL` is written `null` here)pipe",
     R"pipe(on wb.fbs.new
  -> where order.comment != null
  -> crm.order
)pipe"},
    {"True",
     R"pipe(on wb.fbs.new
  -> where order.is_zero_order == True
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`True` is written `true` here)pipe",
     R"pipe(on wb.fbs.new
  -> where order.is_zero_order == true
  -> crm.order
)pipe"},
    {"text + text",
     R"pipe(on wb.fbs.new
  -> crm.order { number: "WB-" + order.id }
)pipe",
     2, "P0309", R"pipe(`+` does not join texts)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { number: "WB-{order.id}" }
)pipe"},
    {"text + text + text",
     R"pipe(on wb.fbs.new
  -> log.info "WB-" + order.id + "!"
)pipe",
     2, "P0309", R"pipe(`+` does not join texts)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "WB-{order.id}!"
)pipe"},
    {"camelCase",
     R"pipe(on wb.fbs.new
  -> crm.order { number: "{order.supplyId}" }
)pipe",
     2, "P0203", R"pipe(`wb.fbs.new` gives no field `supplyId`)pipe",
     nullptr},
    {"camelCase key",
     R"pipe(on wb.fbs.new
  -> crm.order { externalId: order.id }
)pipe",
     2, "P0203", R"pipe(`crm.order` takes no field `externalId`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id }
)pipe"},
    {"wrong case",
     R"pipe(on wb.fbs.new
  -> crm.order { External_ID: order.id }
)pipe",
     2, "P0203", R"pipe(`crm.order` takes no field `External_ID`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id }
)pipe"},
    {"wrong case field",
     R"pipe(on wb.fbs.new
  -> log.info "{order.Price}"
)pipe",
     2, "P0203", R"pipe(`wb.fbs.new` gives no field `Price`)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "{order.price}"
)pipe"},
    {"wrong case node",
     R"pipe(on wb.fbs.new
  -> CRM.order
)pipe",
     2, "P0207", R"pipe(there is no connection `CRM`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"wrong case node2",
     R"pipe(on WB.FBS.New
  -> crm.order
)pipe",
     1, "P0207", R"pipe(there is no connection `WB`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"plural node",
     R"pipe(on wb.fbs.new
  -> crm.orders
)pipe",
     2, "P0202", R"pipe(there is no action `crm.orders`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"plural source",
     R"pipe(on wb.fbs.orders
  -> crm.order
)pipe",
     1, "P0202", R"pipe(there is no source `wb.fbs.orders`)pipe",
     nullptr},
    {"env",
     R"pipe(on wb.fbs.new
  -> http.request "http://127.0.0.1/a" { headers: { Authorization: "env:TOKEN" } } at_most_once
)pipe",
     2, "P0406", R"pipe(secrets are not named in a `.pipe` file)pipe",
     nullptr},
    {"env quoted key",
     R"pipe(on wb.fbs.new
  -> http.request "env:URL" { json: { a: 1 } } at_most_once
)pipe",
     2, "P0406", R"pipe(secrets are not named in a `.pipe` file)pipe",
     nullptr},
    {"yaml on",
     R"pipe(on: wb.fbs.new
  -> crm.order
)pipe",
     1, "P0106", R"pipe(no `:` stands behind `on`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"yaml pipeline",
     R"pipe(pipeline: a
  on wb.fbs.new
  -> crm.order
)pipe",
     1, "P0106", R"pipe(no `:` stands behind `pipeline`)pipe",
     R"pipe(pipeline a
  on wb.fbs.new
  -> crm.order
)pipe"},
    {"trailing colon on",
     R"pipe(on wb.fbs.new:
  -> crm.order
)pipe",
     1, "P0106", R"pipe(no `:` stands behind `new`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"trailing colon when",
     R"pipe(on wb.fbs.new
  -> when order.price > 1: {
       -> crm.order
     }
)pipe",
     2, "P0106", R"pipe(no `:` stands behind `1`)pipe",
     R"pipe(on wb.fbs.new
  -> when order.price > 1 {
       -> crm.order
     }
)pipe"},
    {"when then",
     R"pipe(on wb.fbs.new
  -> when order.price > 1 then {
       -> crm.order
     }
)pipe",
     2, "P0106", R"pipe(`then` has no place here: steps stand in braces)pipe",
     R"pipe(on wb.fbs.new
  -> when order.price > 1 {
       -> crm.order
     }
)pipe"},
    {"yaml dash",
     R"pipe(on wb.fbs.new
  - crm.order
)pipe",
     2, "P0106", R"pipe(`-` is no arrow of the language)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"method style",
     R"pipe(on wb.fbs.new
  -> crm.order.upsert { external_id: order.id }
)pipe",
     2, "P0202", R"pipe(the verb `upsert` stands behind its node, not in its path)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert { external_id: order.id }
)pipe"},
    {"method parens",
     R"pipe(on wb.fbs.new
  -> crm.order.upsert({ external_id: order.id })
)pipe",
     2, "P0101", R"pipe(a node takes a record in braces and no parentheses)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert { external_id: order.id }
)pipe"},
    {"call parens",
     R"pipe(on wb.fbs.new
  -> crm.order({ external_id: order.id })
)pipe",
     2, "P0101", R"pipe(a node takes a record in braces and no parentheses)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id }
)pipe"},
    {"verb first",
     R"pipe(on wb.fbs.new
  -> upsert crm.order by external_id { external_id: order.id }
)pipe",
     2, "P0101", R"pipe(the verb `upsert` stands behind its node)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id { external_id: order.id }
)pipe"},
    {"upsert on",
     R"pipe(on wb.fbs.new
  -> crm.order upsert on external_id { external_id: order.id }
)pipe",
     2, "P0106", R"pipe(the keys of an action stand behind `by`, not `on`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id { external_id: order.id }
)pipe"},
    {"by quoted",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by "external_id" { external_id: order.id }
)pipe",
     2, "P0101", R"pipe(`by` takes names of fields, without quotes)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id { external_id: order.id }
)pipe"},
    {"by list",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by [external_id] { external_id: order.id }
)pipe",
     2, "P0101", R"pipe(`by` takes names of fields, without brackets)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id { external_id: order.id }
)pipe"},
    {"by parens",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by (external_id) { external_id: order.id }
)pipe",
     2, "P0101", R"pipe(`by` takes names of fields, without brackets)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id { external_id: order.id }
)pipe"},
    {"by path",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by order.id { external_id: order.id }
)pipe",
     2, "P0101", R"pipe(`by` takes names of the node's fields, no values)pipe",
     nullptr},
    {"in parens",
     R"pipe(on wb.fbs.new
  -> where order.status in (0, 1)
  -> crm.order
)pipe",
     2, "P0106", R"pipe(a list stands in brackets)pipe",
     R"pipe(on wb.fbs.new
  -> where order.status in [0, 1]
  -> crm.order
)pipe"},
    {"!==",
     R"pipe(on wb.fbs.new
  -> where order.status !== 0
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`!==` is written `!=` here)pipe",
     R"pipe(on wb.fbs.new
  -> where order.status != 0
  -> crm.order
)pipe"},
    {"=>  ge",
     R"pipe(on wb.fbs.new
  -> where order.price => 10
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`=>` is written `>=` here)pipe",
     R"pipe(on wb.fbs.new
  -> where order.price >= 10
  -> crm.order
)pipe"},
    {"=<",
     R"pipe(on wb.fbs.new
  -> where order.price =< 10
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`=<` is written `<=` here)pipe",
     R"pipe(on wb.fbs.new
  -> where order.price <= 10
  -> crm.order
)pipe"},
    {"≥",
     R"pipe(on wb.fbs.new
  -> where order.price ≥ 10
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`≥` is written `>=` here)pipe",
     R"pipe(on wb.fbs.new
  -> where order.price >= 10
  -> crm.order
)pipe"},
    {"≠",
     R"pipe(on wb.fbs.new
  -> where order.status ≠ 0
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`≠` is written `!=` here)pipe",
     R"pipe(on wb.fbs.new
  -> where order.status != 0
  -> crm.order
)pipe"},
    {"×",
     R"pipe(on wb.fbs.new
  -> where order.price × 2 > 10
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`×` is written `*` here)pipe",
     R"pipe(on wb.fbs.new
  -> where order.price * 2 > 10
  -> crm.order
)pipe"},
    {".length",
     R"pipe(on wb.fbs.new
  -> where order.skus.length > 0
  -> crm.order
)pipe",
     2, "P0203", R"pipe(`order.skus` is [text] and has no fields)pipe",
     R"pipe(on wb.fbs.new
  -> where size(order.skus) > 0
  -> crm.order
)pipe"},
    {"len",
     R"pipe(on wb.fbs.new
  -> where len(order.skus) > 0
  -> crm.order
)pipe",
     2, "P0205", R"pipe(there is no function `len`)pipe",
     R"pipe(on wb.fbs.new
  -> where size(order.skus) > 0
  -> crm.order
)pipe"},
    {"str",
     R"pipe(on wb.fbs.new
  -> log.info str(order.id)
)pipe",
     2, "P0101", R"pipe(`str` is no verb: after a node stands a verb or a text in quotes)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "{text(order.id)}"
)pipe"},
    {"string index",
     R"pipe(on wb.fbs.new
  -> log.info "{order["id"]}"
)pipe",
     2, "P0301", R"pipe(`order` is wb.fbs.order and has no `[…]`)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "{order.id}"
)pipe"},
    {"let colon",
     R"pipe(let a: 1
on wb.fbs.new
  -> log.info "{a}"
)pipe",
     1, "P0106", R"pipe(`let` takes `=`)pipe",
     R"pipe(let a= 1
on wb.fbs.new
  -> log.info "{a}"
)pipe"},
    {"let nothing",
     R"pipe(let a 1
on wb.fbs.new
  -> log.info "{a}"
)pipe",
     1, "P0101", R"pipe(`=` is missing before `1`)pipe",
     R"pipe(let a = 1
on wb.fbs.new
  -> log.info "{a}"
)pipe"},
    {"var",
     R"pipe(on wb.fbs.new
  -> var x = 1
  -> log.info "{x}"
)pipe",
     2, "P0106", R"pipe(`var` is written `let` here)pipe",
     R"pipe(on wb.fbs.new
  -> let x = 1
  -> log.info "{x}"
)pipe"},
    {"set",
     R"pipe(on wb.fbs.new
  -> set x = 1
  -> log.info "{x}"
)pipe",
     2, "P0106", R"pipe(`set` is written `let` here)pipe",
     R"pipe(on wb.fbs.new
  -> let x = 1
  -> log.info "{x}"
)pipe"},
    {"assign",
     R"pipe(on wb.fbs.new
  -> x = 1
  -> log.info "{x}"
)pipe",
     2, "P0106", R"pipe(`let` is missing before `x`)pipe",
     R"pipe(on wb.fbs.new
  -> let x = 1
  -> log.info "{x}"
)pipe"},
    {"const top",
     R"pipe(const a = 1
on wb.fbs.new
  -> log.info "{a}"
)pipe",
     1, "P0106", R"pipe(`const` is written `let` here)pipe",
     R"pipe(let a = 1
on wb.fbs.new
  -> log.info "{a}"
)pipe"},
    {"double hole",
     R"pipe(on wb.fbs.new
  -> log.info "{{order.id}}"
)pipe",
     2, "P0106", R"pipe(a hole has one brace on each side)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "{order.id}"
)pipe"},
    {"f string",
     R"pipe(on wb.fbs.new
  -> log.info f"{order.id}"
)pipe",
     2, "P0206", R"pipe(a text has holes without an `f` before it)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "{order.id}"
)pipe"},
    {"compare number text",
     R"pipe(on wb.fbs.new
  -> where order.price > "100"
  -> crm.order
)pipe",
     2, "P0305", R"pipe(money and text are not compared)pipe",
     R"pipe(on wb.fbs.new
  -> where order.price > 100
  -> crm.order
)pipe"},
    {"rouble",
     R"pipe(on wb.fbs.new
  -> where order.price > 100₽
  -> crm.order
)pipe",
     2, "P0104", R"pipe(amounts of money are written without a unit)pipe",
     R"pipe(on wb.fbs.new
  -> where order.price > 100
  -> crm.order
)pipe"},
    {"unclosed text",
     R"pipe(on wb.fbs.new
  -> log.info "hello
  -> crm.order
)pipe",
     2, "P0103", R"pipe(this text does not end on its line)pipe",
     nullptr},
    {"unclosed text in record",
     R"pipe(on wb.fbs.new
  -> crm.order {
       number: "WB-{order.id}
       manager_comment: "x"
     }
)pipe",
     3, "P0103", R"pipe(this text does not end on its line)pipe",
     nullptr},
    {"every words",
     R"pipe(on wb.fbs.new every 30 seconds
  -> crm.order
)pipe",
     1, "P0104", R"pipe(`30 seconds` is no duration)pipe",
     R"pipe(on wb.fbs.new every 30s
  -> crm.order
)pipe"},
    {"every minute",
     R"pipe(on wb.fbs.new every minute
  -> crm.order
)pipe",
     1, "P0104", R"pipe(`minute` is no duration)pipe",
     R"pipe(on wb.fbs.new every 1m
  -> crm.order
)pipe"},
    {"every ru",
     R"pipe(on wb.fbs.new every 30с
  -> crm.order
)pipe",
     1, "P0104", R"pipe(`30с` is no duration)pipe",
     R"pipe(on wb.fbs.new every 30s
  -> crm.order
)pipe"},
    {"every 1 hour",
     R"pipe(on time.every 1 hour
  -> log.info "x"
)pipe",
     1, "P0104", R"pipe(`1 hour` is no duration)pipe",
     R"pipe(on time.every 1h
  -> log.info "x"
)pipe"},
    {"table =",
     R"pipe(table t = { "new" -> 1, else skip }
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe",
     1, "P0106", R"pipe(no `=` stands between a table and its rows)pipe",
     R"pipe(table t { "new" -> 1, else skip }
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe"},
    {"table = rows",
     R"pipe(table t {
  "new" = 1
  else skip
}
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe",
     2, "P0106", R"pipe(a key and its value are separated by `->`)pipe",
     R"pipe(table t {
  "new" -> 1
  else skip
}
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe"},
    {"table unquoted",
     R"pipe(table t {
  new -> 1
  else skip
}
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe",
     2, "P0201", R"pipe(nothing is named `new`)pipe",
     R"pipe(table t {
  "new" -> 1
  else skip
}
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe"},
    {"table default",
     R"pipe(table t {
  "new" -> 1
  default -> 2
}
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe",
     3, "P0106", R"pipe(every other key is written `else`)pipe",
     R"pipe(table t {
  "new" -> 1
  else 2
}
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe"},
    {"table underscore",
     R"pipe(table t {
  "new" -> 1
  _ -> 2
}
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe",
     3, "P0106", R"pipe(every other key is written `else`)pipe",
     R"pipe(table t {
  "new" -> 1
  else 2
}
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe"},
    {"table else arrow",
     R"pipe(table t {
  "new" -> 1
  else -> 2
}
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe",
     3, "P0106", R"pipe(no `->` stands behind the `else` of a table)pipe",
     R"pipe(table t {
  "new" -> 1
  else 2
}
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe"},
    {"table else arrow skip",
     R"pipe(table t {
  "new" -> 1
  else -> skip
}
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe",
     3, "P0106", R"pipe(no `->` stands behind the `else` of a table)pipe",
     R"pipe(table t {
  "new" -> 1
  else skip
}
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe"},
    {"table pipe keys",
     R"pipe(table t {
  "new" | "confirm" -> 1
  else skip
}
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe",
     2, "P0106", R"pipe(the keys of a row are separated by commas)pipe",
     R"pipe(table t {
  "new", "confirm" -> 1
  else skip
}
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe"},
    {"table call",
     R"pipe(table t { "new" -> 1, else skip }
on wb.fbs.new
  -> log.info "{t(order.supplier_status)}"
)pipe",
     3, "P0205", R"pipe(`t` is a table, no function)pipe",
     R"pipe(table t { "new" -> 1, else skip }
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe"},
    {"table dot",
     R"pipe(table t { "new" -> 1, else skip }
on wb.fbs.new
  -> log.info "{t.new}"
)pipe",
     3, "P0301", R"pipe(the table `t` is no value)pipe",
     nullptr},
    {"test without of",
     R"pipe(pipeline p
  on wb.fbs.new
  -> crm.order
test "x" {
  expect nothing
}
)pipe",
     4, "P0101", R"pipe(a test names its pipeline)pipe",
     nullptr},
    {"test given colon",
     R"pipe(pipeline p
  on wb.fbs.new
  -> crm.order
test "x" of p {
  given: order { id: 1 }
  expect nothing
}
)pipe",
     5, "P0106", R"pipe(no `:` stands behind `given`)pipe",
     R"pipe(pipeline p
  on wb.fbs.new
  -> crm.order
test "x" of p {
  given order { id: 1 }
  expect nothing
}
)pipe"},
    {"test given equals",
     R"pipe(pipeline p
  on wb.fbs.new
  -> crm.order
test "x" of p {
  given order = { id: 1 }
  expect nothing
}
)pipe",
     5, "P0106", R"pipe(no `=` stands between a node and its record)pipe",
     R"pipe(pipeline p
  on wb.fbs.new
  -> crm.order
test "x" of p {
  given order { id: 1 }
  expect nothing
}
)pipe"},
    {"where not null",
     R"pipe(on wb.fbs.new
  -> where order.comment
  -> crm.order
)pipe",
     2, "P0301", R"pipe(a condition is bool, this is text)pipe",
     R"pipe(on wb.fbs.new
  -> where order.comment != null
  -> crm.order
)pipe"},
    {"not equal text",
     R"pipe(on wb.fbs.new
  -> where order.status not 0
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`not` compares nothing)pipe",
     R"pipe(on wb.fbs.new
  -> where order.status != 0
  -> crm.order
)pipe"},
    {"and symbol",
     R"pipe(on wb.fbs.new
  -> where order.status == 0 & order.price > 1
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`&` is written `and` here)pipe",
     R"pipe(on wb.fbs.new
  -> where order.status == 0 and order.price > 1
  -> crm.order
)pipe"},
    {"unless",
     R"pipe(on wb.fbs.new
  -> unless order.status == 0
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`unless` is written `where not` here)pipe",
     R"pipe(on wb.fbs.new
  -> where not order.status == 0
  -> crm.order
)pipe"},
    {"two strings no plus",
     R"pipe(on wb.fbs.new
  -> crm.order { number: "a" + order.id + "b" }
)pipe",
     2, "P0309", R"pipe(`+` does not join texts)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { number: "a{order.id}b" }
)pipe"},
    {"missing arrow value",
     R"pipe(on wb.fbs.new
  -> where
  -> crm.order
)pipe",
     2, "P0101", R"pipe(a condition is missing after `where`)pipe",
     nullptr},
    {"gt start",
     R"pipe(on wb.fbs.new
  > crm.order
)pipe",
     2, "P0106", R"pipe(`>` is no arrow of the language)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"star comment",
     R"pipe(/*
 * hello, world
 */
on wb.fbs.new
  -> crm.order
)pipe",
     1, "P0106", R"pipe(`/*` does not begin a comment)pipe",
     R"pipe(# hello, world
on wb.fbs.new
  -> crm.order
)pipe"},
    {"html comment",
     R"pipe(<!-- hello -->
on wb.fbs.new
  -> crm.order
)pipe",
     1, "P0106", R"pipe(`<!--` does not begin a comment)pipe",
     R"pipe(# hello
on wb.fbs.new
  -> crm.order
)pipe"},
    {"env unquoted",
     R"pipe(on wb.fbs.new
  -> http.request "http://127.0.0.1/a" { headers: { Authorization: env:TOKEN } } at_most_once
)pipe",
     2, "P0406", R"pipe(secrets are not named in a `.pipe` file)pipe",
     nullptr},
    {"${}",
     R"pipe(on wb.fbs.new
  -> http.request "http://127.0.0.1/a" { headers: { Authorization: ${TOKEN} } } at_most_once
)pipe",
     2, "P0406", R"pipe(secrets are not named in a `.pipe` file)pipe",
     nullptr},
    {"env call",
     R"pipe(on wb.fbs.new
  -> http.request "http://127.0.0.1/a" { headers: { Authorization: env("TOKEN") } } at_most_once
)pipe",
     2, "P0205", R"pipe(there is no function `env`)pipe",
     nullptr},
    {"two dots",
     R"pipe(on wb.fbs..new
  -> crm.order
)pipe",
     1, "P0101", R"pipe(the words of a node are joined by single dots)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"spaces in path",
     R"pipe(on wb fbs new
  -> crm.order
)pipe",
     1, "P0101", R"pipe(the words of a node are joined by single dots)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"slash path",
     R"pipe(on wb/fbs/new
  -> crm.order
)pipe",
     1, "P0101", R"pipe(the words of a node are joined by single dots)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"dash field",
     R"pipe(on wb.fbs.new
  -> crm.order { external-id: order.id }
)pipe",
     2, "P0101", R"pipe(names are Latin letters, digits and `_`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id }
)pipe"},
    {"missing colon",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id order.id }
)pipe",
     2, "P0109", R"pipe(`:` is missing after `external_id`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id }
)pipe"},
    {"value missing",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: , number: "1" }
)pipe",
     2, "P0101", R"pipe(a value is missing after `external_id:`)pipe",
     nullptr},
    {"pipeline without on",
     R"pipe(pipeline a wb.fbs.new
  -> crm.order
)pipe",
     1, "P0101", R"pipe(`on` is missing before `wb`)pipe",
     R"pipe(pipeline a on wb.fbs.new
  -> crm.order
)pipe"},
    {"dangling else",
     R"pipe(on wb.fbs.new
  -> crm.order
  else skip
)pipe",
     3, "P0408", R"pipe(`else` has no meaning for `upsert`: it always finds or makes something)pipe",
     nullptr},
    {"end",
     R"pipe(on wb.fbs.new
  -> when order.price > 1 {
       -> crm.order
     }
end
)pipe",
     5, "P0106", R"pipe(`end` ends nothing here)pipe",
     R"pipe(on wb.fbs.new
  -> when order.price > 1 {
       -> crm.order
     }

)pipe"},
    {"then",
     R"pipe(on wb.fbs.new
then crm.order
)pipe",
     2, "P0106", R"pipe(`then` begins no step)pipe",
     R"pipe(on wb.fbs.new
-> crm.order
)pipe"},
    {"if arrow",
     R"pipe(on wb.fbs.new
  -> when order.price > 1 -> crm.order
)pipe",
     2, "P0101", R"pipe(`{` is missing: the steps of a branch stand in braces)pipe",
     R"pipe(on wb.fbs.new
  -> when order.price > 1 { -> crm.order }
)pipe"},
    {"else arrow",
     R"pipe(on wb.fbs.new
  -> when order.price > 1 { -> crm.order } else -> log.info "x"
)pipe",
     2, "P0101", R"pipe(`{` is missing: the steps of a branch stand in braces)pipe",
     R"pipe(on wb.fbs.new
  -> when order.price > 1 { -> crm.order } else { -> log.info "x" }
)pipe"},
    {"when no arrow inside",
     R"pipe(on wb.fbs.new
  -> when order.price > 1 {
       crm.order
     }
)pipe",
     3, "P0101", R"pipe(`->` is missing before `crm`)pipe",
     R"pipe(on wb.fbs.new
  -> when order.price > 1 {
       -> crm.order
     }
)pipe"},
    {"= in parens",
     R"pipe(on wb.fbs.new
  -> where (order.status = 0)
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`=` compares nothing)pipe",
     R"pipe(on wb.fbs.new
  -> where (order.status == 0)
  -> crm.order
)pipe"},
    {"= in record value",
     R"pipe(on wb.fbs.new
  -> crm.order { vip: order.status = 0 }
)pipe",
     2, "P0106", R"pipe(`=` compares nothing)pipe",
     nullptr},
    {"= in hole",
     R"pipe(on wb.fbs.new
  -> log.info "{if order.status = 0 then "a" else "b"}"
)pipe",
     2, "P0106", R"pipe(`=` compares nothing)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "{if order.status == 0 then "a" else "b"}"
)pipe"},
    {"quote open smart only",
     R"pipe(on wb.fbs.new
  -> log.info “hello"
)pipe",
     2, "P0106", R"pipe(a typographic quote)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "hello"
)pipe"},
    {"date dots",
     R"pipe(on wb.fbs.new since 23.11.2026
  -> crm.order
)pipe",
     1, "P0104", R"pipe(a date is written year, month, day)pipe",
     R"pipe(on wb.fbs.new since 2026-11-23
  -> crm.order
)pipe"},
    {"date slashes",
     R"pipe(on wb.fbs.new since 2026/11/23
  -> crm.order
)pipe",
     1, "P0104", R"pipe(a date is written year, month, day)pipe",
     R"pipe(on wb.fbs.new since 2026-11-23
  -> crm.order
)pipe"},
    {"date dots in expr",
     R"pipe(on wb.fbs.new
  -> where order.created_at > 23.11.2026
  -> crm.order
)pipe",
     2, "P0104", R"pipe(a date is written year, month, day)pipe",
     R"pipe(on wb.fbs.new
  -> where order.created_at > 2026-11-23T00:00:00
  -> crm.order
)pipe"},
    {"nbsp",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id }
)pipe",
     2, "P0106", R"pipe(a non-breaking space)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id }
)pipe"},
    {"nbsp indent",
     R"pipe(on wb.fbs.new
   -> crm.order
)pipe",
     2, "P0106", R"pipe(a non-breaking space)pipe",
     R"pipe(on wb.fbs.new
   -> crm.order
)pipe"},
    {"zero width in word",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: ord​er.id }
)pipe",
     2, "P0106", R"pipe(an invisible character (U+200B))pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id }
)pipe"},
    {"thin space thousands",
     R"pipe(on wb.fbs.new
  -> where order.price > 10 000
  -> crm.order
)pipe",
     2, "P0106", R"pipe(a non-breaking space)pipe",
     R"pipe(on wb.fbs.new
  -> where order.price > 10000
  -> crm.order
)pipe"},
    {"smart quotes mixed step",
     R"pipe(on wb.fbs.new
  -> log.info "hello”
  -> crm.order
)pipe",
     2, "P0106", R"pipe(a typographic quote ends no text)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "hello"
  -> crm.order
)pipe"},
    {"missing brace of when",
     R"pipe(on wb.fbs.new
  -> when order.price > 1 {
       -> crm.order
pipeline b
  on wb.dbs.new
  -> crm.order
)pipe",
     3, "P0101", R"pipe(`}` is missing at the end)pipe",
     R"pipe(on wb.fbs.new
  -> when order.price > 1 {
       -> crm.order }
pipeline b
  on wb.dbs.new
  -> crm.order
)pipe"},
    {"missing brace nested",
     R"pipe(on wb.fbs.new
  -> crm.order {
       items: [{ barcode: order.skus, quantity: 1 ]
     }
)pipe",
     3, "P0101", R"pipe(`}` is missing before `]`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order {
       items: [{ barcode: order.skus, quantity: 1 } ]
     }
)pipe"},
    {"missing bracket",
     R"pipe(on wb.fbs.new
  -> crm.order {
       items: [{ barcode: order.skus, quantity: 1 }
     }
)pipe",
     4, "P0101", R"pipe(`]` is missing before `}`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order {
       items: [{ barcode: order.skus, quantity: 1 }]
     }
)pipe"},
    {"missing brace of table",
     R"pipe(table t {
  "new" -> 1
  else skip

on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe",
     3, "P0101", R"pipe(`}` is missing at the end)pipe",
     R"pipe(table t {
  "new" -> 1
  else skip }

on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe"},
    {"missing open brace of table",
     R"pipe(table t
  "new" -> 1
  else skip
}
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe",
     2, "P0101", R"pipe(`{` is missing before `"new"`)pipe",
     R"pipe(table t {
  "new" -> 1
  else skip
}
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe"},
    {"missing brace with comment",
     R"pipe(on wb.fbs.new
  -> crm.order {
       external_id: order.id # why
  -> log.info "x"
)pipe",
     4, "P0101", R"pipe(`}` is missing before `->`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order {
       external_id: order.id } # why
  -> log.info "x"
)pipe"},
    {"trailing dot",
     R"pipe(on wb.fbs.new.
  -> crm.order
)pipe",
     1, "P0101", R"pipe(one `.` too many)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"quotes in hole",
     R"pipe(on wb.fbs.new
  -> log.info "{order.comment ?? "none}"
)pipe",
     2, "P0103", R"pipe(`"` is missing before `}`)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "{order.comment ?? "none"}"
)pipe"},
    {"missing hole close",
     R"pipe(on wb.fbs.new
  -> log.info "{order.id"
)pipe",
     2, "P0101", R"pipe(`}` is missing before `"`)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "{order.id}"
)pipe"},
    {"semicolons everywhere",
     R"pipe(on wb.fbs.new;
  -> where order.price > 1;
  -> crm.order { external_id: order.id; };
)pipe",
     1, "P0106", R"pipe(`;` ends nothing here)pipe",
     R"pipe(on wb.fbs.new
  -> where order.price > 1
  -> crm.order { external_id: order.id }
)pipe"},
    {"COMMENT in c style at step",
     R"pipe(on wb.fbs.new
  // the order
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`//` does not begin a comment)pipe",
     R"pipe(on wb.fbs.new
  # the order
  -> crm.order
)pipe"},
    {"when else if else",
     R"pipe(on wb.fbs.new
  -> when (order.price > 2) {
       -> log.info "a"
     } else if (order.price > 1) {
       -> log.info "b"
     } else {
       -> log.info "c"
     }
)pipe",
     4, "P0106", R"pipe(`else if` is written `else when` here)pipe",
     R"pipe(on wb.fbs.new
  -> when (order.price > 2) {
       -> log.info "a"
     } else when (order.price > 1) {
       -> log.info "b"
     } else {
       -> log.info "c"
     }
)pipe"},
    {"where =",
     R"pipe(on wb.fbs.new
  -> where order.supplier_status = "new"
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`=` compares nothing)pipe",
     R"pipe(on wb.fbs.new
  -> where order.supplier_status == "new"
  -> crm.order
)pipe"},
    {"order_id field",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order_id }
)pipe",
     2, "P0201", R"pipe(nothing is named `order_id`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id }
)pipe"},
    {"quoted number compare",
     R"pipe(on wb.fbs.new
  -> where order.status == "0"
  -> crm.order
)pipe",
     2, "P0305", R"pipe(int and text are not compared)pipe",
     R"pipe(on wb.fbs.new
  -> where order.status == 0
  -> crm.order
)pipe"},
    {"many mistakes",
     R"pipe(ON wb.fbs.new every 1h30m
  → where order.price > 2490,50 && order.comment is not null;
  → crm.order upsert by external_id { external_id = order.id number: 'WB' }
)pipe",
     1, "P0106", R"pipe(`ON` is written in small letters)pipe",
     R"pipe(on wb.fbs.new every 90m
  -> where order.price > 2490.50 and order.comment != null
  -> crm.order upsert by external_id { external_id: order.id, number: "WB" }
)pipe"},
    {"pipeline {",
     R"pipe(pipeline a {
  on wb.fbs.new
  -> crm.order
}
)pipe",
     1, "P0106", R"pipe(a pipeline has no braces: its steps follow one another with `->`)pipe",
     R"pipe(pipeline a 
  on wb.fbs.new
  -> crm.order

)pipe"},
    {"pipeline name quoted",
     R"pipe(pipeline "fbs orders"
  on wb.fbs.new
  -> crm.order
)pipe",
     1, "P0101", R"pipe(a name stands without quotes)pipe",
     R"pipe(pipeline fbs_orders
  on wb.fbs.new
  -> crm.order
)pipe"},
    {"source call",
     R"pipe(on wb.fbs.new()
  -> crm.order
)pipe",
     1, "P0101", R"pipe(a source takes no parentheses)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"source with parens",
     R"pipe(on wb.fbs.new(every: 30s)
  -> crm.order
)pipe",
     1, "P0101", R"pipe(a source takes no parentheses)pipe",
     R"pipe(on wb.fbs.new every  30s
  -> crm.order
)pipe"},
    {"every colon",
     R"pipe(on wb.fbs.new every: 30s
  -> crm.order
)pipe",
     1, "P0106", R"pipe(no `:` stands behind `every`)pipe",
     R"pipe(on wb.fbs.new every 30s
  -> crm.order
)pipe"},
    {"log unquoted",
     R"pipe(on wb.fbs.new
  -> log.info order.id
)pipe",
     2, "P0101", R"pipe(`order` is no verb: after a node stands a verb or a text in quotes)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "{order.id}"
)pipe"},
    {"log words",
     R"pipe(on wb.fbs.new
  -> log.info hello world
)pipe",
     2, "P0101", R"pipe(a text stands in quotes)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "hello world"
)pipe"},
    {"where two",
     R"pipe(on wb.fbs.new
  -> where order.price > 1, order.price < 5
  -> crm.order
)pipe",
     2, "P0101", R"pipe(conditions are joined with `and`)pipe",
     R"pipe(on wb.fbs.new
  -> where order.price > 1 and order.price < 5
  -> crm.order
)pipe"},
    {"where between",
     R"pipe(on wb.fbs.new
  -> where order.price between 1 and 5
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`between` is written with two comparisons)pipe",
     nullptr},
    {"chained",
     R"pipe(on wb.fbs.new
  -> where 1 < order.price < 5
  -> crm.order
)pipe",
     2, "P0108", R"pipe(comparisons do not chain)pipe",
     nullptr},
    {"contains op",
     R"pipe(on wb.fbs.new
  -> where order.comment contains "x"
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`contains` is a function)pipe",
     nullptr},
    {"like",
     R"pipe(on wb.fbs.new
  -> where order.comment like "x%"
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`like` is no comparison)pipe",
     nullptr},
    {"case order verb",
     R"pipe(on wb.fbs.new
  -> crm.order Upsert by external_id { external_id: order.id }
)pipe",
     2, "P0206", R"pipe(`crm.order` has no verb `Upsert`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id { external_id: order.id }
)pipe"},
    {"record brackets",
     R"pipe(on wb.fbs.new
  -> crm.order [ external_id: order.id ]
)pipe",
     2, "P0101", R"pipe(the fields of a node stand in braces)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id }
)pipe"},
    {"record parens",
     R"pipe(on wb.fbs.new
  -> crm.order ( external_id: order.id )
)pipe",
     2, "P0101", R"pipe(the fields of a node stand in braces)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id }
)pipe"},
    {"else on own",
     R"pipe(on wb.fbs.new
  -> when order.price > 1 { -> log.info "a" }
  -> else { -> log.info "b" }
)pipe",
     3, "P0101", R"pipe(`else` goes on with the `when` before it, without `->`)pipe",
     R"pipe(on wb.fbs.new
  -> when order.price > 1 { -> log.info "a" }
  else { -> log.info "b" }
)pipe"},
    {"else without braces",
     R"pipe(on wb.fbs.new
  -> when order.price > 1 { -> log.info "a" }
     else -> log.info "b"
)pipe",
     3, "P0101", R"pipe(`{` is missing: the steps of a branch stand in braces)pipe",
     R"pipe(on wb.fbs.new
  -> when order.price > 1 { -> log.info "a" }
     else { -> log.info "b" }
)pipe"},
    {"when without arrow prefix",
     R"pipe(on wb.fbs.new
  when order.price > 1 { -> log.info "a" }
)pipe",
     2, "P0101", R"pipe(`->` is missing before `when`)pipe",
     R"pipe(on wb.fbs.new
  -> when order.price > 1 { -> log.info "a" }
)pipe"},
    {"comma after step",
     R"pipe(on wb.fbs.new,
  -> crm.order
)pipe",
     1, "P0101", R"pipe(`,` ends nothing here)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"comma after arrow step",
     R"pipe(on wb.fbs.new
  -> crm.order,
  -> log.info "x"
)pipe",
     2, "P0101", R"pipe(`,` ends nothing here)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
  -> log.info "x"
)pipe"},
    {"dangling arrow",
     R"pipe(on wb.fbs.new
  -> crm.order
  ->
)pipe",
     3, "P0101", R"pipe(a step is missing after `->`)pipe",
     nullptr},
    {"field dash quoted",
     R"pipe(on wb.fbs.new
  -> crm.order { custom_fields: { wb-rid: order.rid } }
)pipe",
     2, "P0101", R"pipe(names are Latin letters, digits and `_`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { custom_fields: { wb_rid: order.rid } }
)pipe"},
    {"dot number",
     R"pipe(on wb.fbs.new
  -> where order.price > .5
  -> crm.order
)pipe",
     2, "P0104", R"pipe(a number begins with a digit)pipe",
     R"pipe(on wb.fbs.new
  -> where order.price > 0.5
  -> crm.order
)pipe"},
    {"number dot",
     R"pipe(on wb.fbs.new
  -> where order.price > 5.
  -> crm.order
)pipe",
     2, "P0104", R"pipe(no digit follows the point)pipe",
     R"pipe(on wb.fbs.new
  -> where order.price > 5
  -> crm.order
)pipe"},
    {"percent",
     R"pipe(on wb.fbs.new
  -> let x = order.price * 10%
  -> log.info "{x}"
)pipe",
     2, "P0101", R"pipe(a value is missing after `%`)pipe",
     nullptr},
    {"plus plus",
     R"pipe(on wb.fbs.new
  -> let x = order.price + + 1
  -> log.info "{x}"
)pipe",
     2, "P0101", R"pipe(a value is missing before `+`)pipe",
     nullptr},
    {"caret",
     R"pipe(on wb.fbs.new
  -> let x = order.price ^ 2
  -> log.info "{x}"
)pipe",
     2, "P0106", R"pipe(`^` is no sign of the language)pipe",
     nullptr},
    {"plus text number",
     R"pipe(on wb.fbs.new
  -> log.info "Total: " + order.price
)pipe",
     2, "P0309", R"pipe(`+` does not join texts)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "Total: {order.price}"
)pipe"},
    {"escaped quote single",
     R"pipe(on wb.fbs.new
  -> log.info "it\'s"
)pipe",
     2, "P0104", R"pipe(this is no escape of a text)pipe",
     nullptr},
    {"backslash path",
     R"pipe(on file.lines "C:\orders.ndjson"
  -> log.info "x"
)pipe",
     1, "P0104", R"pipe(this is no escape of a text)pipe",
     nullptr},
    {"multi-line text",
     R"pipe(on wb.fbs.new
  -> log.info """
  hello
  """
)pipe",
     2, "P0103", R"pipe(a text ends on its line)pipe",
     nullptr},
    {"import without quotes",
     R"pipe(import statuses.pipe
on wb.fbs.new
  -> crm.order
)pipe",
     1, "P0101", R"pipe(a file's path stands in quotes)pipe",
     nullptr},
    {"ternary",
     R"pipe(on wb.fbs.new
  -> log.info "{order.price > 1 ? "a" : "b"}"
)pipe",
     2, "P0106", R"pipe(`? :` is written `if … then … else …` here)pipe",
     nullptr},
    {"null coalescing single",
     R"pipe(on wb.fbs.new
  -> crm.order { manager_comment: order.comment ? "none" }
)pipe",
     2, "P0106", R"pipe(what stands in for null is written `??`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { manager_comment: order.comment ?? "none" }
)pipe"},
    {"optional chaining",
     R"pipe(on wb.dbs.changed
  -> log.info "{order.user?.name ?? "x"}"
)pipe",
     2, "P0106", R"pipe(a path through null is null by itself)pipe",
     R"pipe(on wb.dbs.changed
  -> log.info "{order.user.name ?? "x"}"
)pipe"},
    {"elvis",
     R"pipe(on wb.fbs.new
  -> log.info "{order.comment ?: "none"}"
)pipe",
     2, "P0106", R"pipe(`?:` is written `??` here)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "{order.comment ?? "none"}"
)pipe"},
    {"or default",
     R"pipe(on wb.fbs.new
  -> log.info "{order.comment or "none"}"
)pipe",
     2, "P0301", R"pipe(`or` joins conditions; what stands in for null is written `??`)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "{order.comment ?? "none"}"
)pipe"},
    {"|| default",
     R"pipe(on wb.fbs.new
  -> log.info "{order.comment || "none"}"
)pipe",
     2, "P0106", R"pipe(`||` is written `or` here)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "{order.comment ?? "none"}"
)pipe"},
    {"as before",
     R"pipe(on wb.fbs.new
  -> crm.client upsert by external_id as buyer { external_id: "x" }
)pipe",
     2, "P0101", R"pipe(the braces stand too late in this step, or twice)pipe",
     nullptr},
    {"let typed",
     R"pipe(on wb.fbs.new
  -> let x: int = 1
  -> log.info "{x}"
)pipe",
     2, "P0106", R"pipe(a value has no type written beside it)pipe",
     R"pipe(on wb.fbs.new
  -> let x = 1
  -> log.info "{x}"
)pipe"},
    {"table quotes missing values",
     R"pipe(table t {
  "new" -> assembling
  else skip
}
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe",
     2, "P0201", R"pipe(nothing is named `assembling`)pipe",
     nullptr},
    {"order quoted status unquoted",
     R"pipe(on wb.fbs.new
  -> where order.supplier_status == new
  -> crm.order
)pipe",
     2, "P0201", R"pipe(nothing is named `new`)pipe",
     nullptr},
    {"in text list no brackets",
     R"pipe(on wb.fbs.new
  -> where order.supplier_status in "new", "confirm"
  -> crm.order
)pipe",
     2, "P0101", R"pipe(a list stands in brackets)pipe",
     R"pipe(on wb.fbs.new
  -> where order.supplier_status in ["new", "confirm"]
  -> crm.order
)pipe"},
    {"not in parens",
     R"pipe(on wb.fbs.new
  -> where order.status not in (1, 2)
  -> crm.order
)pipe",
     2, "P0106", R"pipe(a list stands in brackets)pipe",
     R"pipe(on wb.fbs.new
  -> where order.status not in [1, 2]
  -> crm.order
)pipe"},
    {"is in",
     R"pipe(on wb.fbs.new
  -> where order.status is 0
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`is` is no comparison)pipe",
     R"pipe(on wb.fbs.new
  -> where order.status == 0
  -> crm.order
)pipe"},
    {"is not",
     R"pipe(on wb.fbs.new
  -> where order.status is not 0
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`is` is no comparison)pipe",
     R"pipe(on wb.fbs.new
  -> where order.status != 0
  -> crm.order
)pipe"},
    {"exists",
     R"pipe(on wb.fbs.new
  -> where exists(order.comment)
  -> crm.order
)pipe",
     2, "P0205", R"pipe(there is no function `exists`)pipe",
     R"pipe(on wb.fbs.new
  -> where order.comment != null
  -> crm.order
)pipe"},
    {"typo field",
     R"pipe(on wb.fbs.new
  -> crm.order { externl_id: order.id }
)pipe",
     2, "P0203", R"pipe(`crm.order` takes no field `externl_id`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id }
)pipe"},
    {"typo source",
     R"pipe(on wb.fsb.new
  -> crm.order
)pipe",
     1, "P0202", R"pipe(there is no source `wb.fsb.new`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order
)pipe"},
    {"typo function",
     R"pipe(on wb.fbs.new
  -> log.info "{uppercas(order.currency_code)}"
)pipe",
     2, "P0205", R"pipe(there is no function `uppercas`)pipe",
     nullptr},
    {"typo verb",
     R"pipe(on wb.fbs.new
  -> crm.order upset by external_id { external_id: order.id }
)pipe",
     2, "P0206", R"pipe(`crm.order` has no verb `upset`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id { external_id: order.id }
)pipe"},
    {"typo by",
     R"pipe(on wb.fbs.new
  -> crm.order upsert bye external_id { external_id: order.id }
)pipe",
     2, "P0101", R"pipe(`bye` has no meaning here)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id { external_id: order.id }
)pipe"},
    {"typo initially",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id } initialy { status: "new" }
)pipe",
     2, "P0101", R"pipe(`initialy` has no meaning here)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id } initially { status: "new" }
)pipe"},
    {"typo every",
     R"pipe(on wb.fbs.new evry 30s
  -> crm.order
)pipe",
     1, "P0101", R"pipe(`evry` has no meaning here)pipe",
     R"pipe(on wb.fbs.new every 30s
  -> crm.order
)pipe"},
    {"typo else skp",
     R"pipe(on wb.fbs.new
  -> crm.order update by external_id { external_id: order.id, number: "1" } else skp
)pipe",
     2, "P0101", R"pipe(`skp` is nothing that `else` does)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order update by external_id { external_id: order.id, number: "1" } else skip
)pipe"},
    {"typo pipeline",
     R"pipe(pipline a
  on wb.fbs.new
  -> crm.order
)pipe",
     1, "P0101", R"pipe(`pipline` begins no statement)pipe",
     R"pipe(pipeline a
  on wb.fbs.new
  -> crm.order
)pipe"},
    {"typo then",
     R"pipe(on wb.fbs.new
  -> log.info "{if order.price > 1 than "a" else "b"}"
)pipe",
     2, "P0101", R"pipe(`than` has no meaning here)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "{if order.price > 1 then "a" else "b"}"
)pipe"},
    {"typo given",
     R"pipe(pipeline p
  on wb.fbs.new
  -> crm.order
test "x" of p {
  givn order { id: 1 }
  expect nothing
}
)pipe",
     5, "P0101", R"pipe(`givn` has no meaning here)pipe",
     R"pipe(pipeline p
  on wb.fbs.new
  -> crm.order
test "x" of p {
  given order { id: 1 }
  expect nothing
}
)pipe"},
    {"typo expect",
     R"pipe(pipeline p
  on wb.fbs.new
  -> crm.order
test "x" of p {
  given order { id: 1 }
  expct nothing
}
)pipe",
     6, "P0101", R"pipe(`expct` has no meaning here)pipe",
     R"pipe(pipeline p
  on wb.fbs.new
  -> crm.order
test "x" of p {
  given order { id: 1 }
  expect nothing
}
)pipe"},
    {"is not null and used",
     R"pipe(on wb.fbs.new
  -> where order.comment is not null
  -> log.info "{order.comment}"
)pipe",
     2, "P0106", R"pipe(`is` is no comparison)pipe",
     R"pipe(on wb.fbs.new
  -> where order.comment != null
  -> log.info "{order.comment}"
)pipe"},
    {"broken client step and used",
     R"pipe(on wb.fbs.new
  -> crm.client upsert external_id
  -> crm.order { client: client.id }
)pipe",
     2, "P0101", R"pipe(`by` is missing before `external_id`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.client upsert by external_id
  -> crm.order { client: client.id }
)pipe"},
    {"missing brace before initially",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id {
       external_id: order.id
       number:      "WB-{order.id}"
     initially { status: "new" }
  -> log.info "x"
)pipe",
     5, "P0101", R"pipe(`}` is missing before `initially`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id {
       external_id: order.id
       number:      "WB-{order.id}" }
     initially { status: "new" }
  -> log.info "x"
)pipe"},
    {"missing by",
     R"pipe(on wb.fbs.new
  -> crm.order upsert external_id { external_id: order.id }
)pipe",
     2, "P0101", R"pipe(`by` is missing before `external_id`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id { external_id: order.id }
)pipe"},
    {"missing else",
     R"pipe(on wb.fbs.new
  -> crm.order update by external_id { external_id: order.id, number: "1" } skip
)pipe",
     2, "P0101", R"pipe(`else` is missing before `skip`)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order update by external_id { external_id: order.id, number: "1" } else skip
)pipe"},
    {"missing pipeline word",
     R"pipe(fbs_orders
  on wb.fbs.new
  -> crm.order
)pipe",
     1, "P0101", R"pipe(`pipeline` is missing before `fbs_orders`)pipe",
     R"pipe(pipeline fbs_orders
  on wb.fbs.new
  -> crm.order
)pipe"},
    {"missing table word",
     R"pipe(t {
  "new" -> 1
  else skip
}
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe",
     1, "P0101", R"pipe(`table` is missing before `t`)pipe",
     R"pipe(table t {
  "new" -> 1
  else skip
}
on wb.fbs.new
  -> log.info "{t[order.supplier_status]}"
)pipe"},
    {"missing operator",
     R"pipe(on wb.fbs.new
  -> where order.price 100
  -> crm.order
)pipe",
     2, "P0101", R"pipe(a comparison, `and` or `or` is missing before `100`)pipe",
     nullptr},
    {"missing value before next field",
     R"pipe(on wb.fbs.new
  -> crm.order {
       external_id:
       number: "1"
     }
)pipe",
     3, "P0101", R"pipe(a value is missing after `external_id:`)pipe",
     nullptr},
    {"when without brace",
     R"pipe(on wb.fbs.new
  -> when order.price > 1
       -> crm.order
     }
)pipe",
     2, "P0101", R"pipe(`{` is missing at the end of the line)pipe",
     R"pipe(on wb.fbs.new
  -> when order.price > 1 {
       -> crm.order
     }
)pipe"},
    {"mistyped source then shorthand",
     R"pipe(on wb.fbs.nwe_orders
  -> crm.client upsert by external_id { external_id: "x", first_name }
)pipe",
     1, "P0202", R"pipe(there is no source `wb.fbs.nwe_orders`)pipe",
     nullptr},
    {"broken field and required",
     R"pipe(on crm.order.status_changed
  -> wb.fbs.status set { id: order.external_id, status = 1 }
)pipe",
     2, "P0106", R"pipe(a field and its value are separated by `:`)pipe",
     R"pipe(on crm.order.status_changed
  -> wb.fbs.status set { id: order.external_id, status: 1 }
)pipe"},
    {"empty pipeline",
     R"pipe(pipeline a
)pipe",
     1, "P0101", R"pipe(this pipeline has no source)pipe",
     nullptr},
    {"only arrow",
     R"pipe(-> crm.order
)pipe",
     1, "P0101", R"pipe(a step without a source)pipe",
     nullptr},
    {"russian",
     R"pipe(на wb.fbs.new
  -> crm.order
)pipe",
     1, "P0102", R"pipe(`на` is no name: names are Latin letters, digits and `_`)pipe",
     nullptr},
    {"russian text unquoted",
     R"pipe(on wb.fbs.new
  -> log.info привет
)pipe",
     2, "P0102", R"pipe(`привет` is no name: names are Latin letters, digits and `_`)pipe",
     nullptr},
    {"russian field",
     R"pipe(on wb.fbs.new
  -> crm.order { номер: order.id }
)pipe",
     2, "P0102", R"pipe(`номер` is no name: names are Latin letters, digits and `_`)pipe",
     nullptr},
    {"russian comma quotes",
     R"pipe(on wb.fbs.new
  -> crm.order { number: "WB-{order.id}“, manager_comment: „привет“ }
)pipe",
     2, "P0106", R"pipe(a typographic quote ends no text)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { number: "WB-{order.id}", manager_comment: "привет" }
)pipe"},
    {"caps all",
     R"pipe(ON WB.FBS.NEW
  -> CRM.ORDER UPSERT BY EXTERNAL_ID { EXTERNAL_ID: ORDER.ID }
)pipe",
     1, "P0106", R"pipe(`ON` is written in small letters)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order upsert by external_id { external_id: order.id }
)pipe"},
    {"windows quotes inside",
     R"pipe(on wb.fbs.new
  -> where order.supplier_status == ‘new’
  -> crm.order
)pipe",
     2, "P0106", R"pipe(typographic quotes)pipe",
     R"pipe(on wb.fbs.new
  -> where order.supplier_status == "new"
  -> crm.order
)pipe"},
    {"double arrow",
     R"pipe(on wb.fbs.new
  ->-> crm.order
)pipe",
     2, "P0101", R"pipe(a step is missing after `->`)pipe",
     nullptr},
    {"arrow spaces",
     R"pipe(on wb.fbs.new
  -> -> crm.order
)pipe",
     2, "P0101", R"pipe(a step is missing after `->`)pipe",
     nullptr},
    {"nested wrong brackets",
     R"pipe(on wb.fbs.new
  -> where (order.price > 1 and [order.status == 0)
  -> crm.order
)pipe",
     2, "P0101", R"pipe(`]` is missing before `)`)pipe",
     nullptr},
    {"unclosed list at end",
     R"pipe(let a = [1, 2
)pipe",
     1, "P0101", R"pipe(`]` is missing at the end)pipe",
     R"pipe(let a = [1, 2]
)pipe"},
    {"unclosed paren at end",
     R"pipe(let a = (1 + 2
)pipe",
     1, "P0101", R"pipe(`)` is missing at the end)pipe",
     R"pipe(let a = (1 + 2)
)pipe"},
    {"unclosed record at end",
     R"pipe(let a = { b: 1
)pipe",
     1, "P0101", R"pipe(`}` is missing at the end)pipe",
     R"pipe(let a = { b: 1 }
)pipe"},
    {"hole empty",
     R"pipe(on wb.fbs.new
  -> log.info "a {} b"
)pipe",
     2, "P0101", R"pipe(a value is missing after `{`)pipe",
     nullptr},
    {"hole space",
     R"pipe(on wb.fbs.new
  -> log.info "a { } b"
)pipe",
     2, "P0101", R"pipe(a value is missing after `{`)pipe",
     nullptr},
    {"hole statement",
     R"pipe(on wb.fbs.new
  -> log.info "{order.id;}"
)pipe",
     2, "P0106", R"pipe(`;` ends nothing here)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "{order.id}"
)pipe"},
    {"text dot method",
     R"pipe(on wb.fbs.new
  -> log.info order.article.upper()
)pipe",
     2, "P0101", R"pipe(`order` is no verb: after a node stands a verb or a text in quotes)pipe",
     nullptr},
    {"list method",
     R"pipe(on wb.fbs.new
  -> log.info "{order.skus.join(", ")}"
)pipe",
     2, "P0106", R"pipe(a function stands before its value)pipe",
     R"pipe(on wb.fbs.new
  -> log.info "{join(order.skus, ", ")}"
)pipe"},
    {"not equals null word",
     R"pipe(on wb.fbs.new
  -> where order.comment <> null
  -> crm.order
)pipe",
     2, "P0106", R"pipe(`<>` is written `!=` here)pipe",
     R"pipe(on wb.fbs.new
  -> where order.comment != null
  -> crm.order
)pipe"},
    {"time compare text",
     R"pipe(on wb.fbs.new
  -> where order.created_at > "2026-11-23"
  -> crm.order
)pipe",
     2, "P0305", R"pipe(time and text are not compared)pipe",
     R"pipe(on wb.fbs.new
  -> where order.created_at > 2026-11-23T00:00:00
  -> crm.order
)pipe"},
    {"trailing comma action record",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id, },
  -> log.info "x"
)pipe",
     2, "P0101", R"pipe(`,` ends nothing here)pipe",
     R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id, }
  -> log.info "x"
)pipe"},
    {"test with wrong names",
     R"pipe(pipeline p
  on wb.fbs.new
  -> crm.order
test 'x' of p {
  given order { id: 1 },
  expect nothing;
}
)pipe",
     4, "P0106", R"pipe(texts stand in double quotes)pipe",
     R"pipe(pipeline p
  on wb.fbs.new
  -> crm.order
test "x" of p {
  given order { id: 1 },
  expect nothing
}
)pipe"},
};

/// Habits that are fine here too.
const char* const accepted[] = {
    R"pipe(on wb.fbs.new
	-> crm.order {
		external_id:	order.id
	}
)pipe",
    R"pipe(on wb.fbs.new
  -> crm.order { external_id: order.id }
)pipe",
    R"pipe(on wb.fbs.new
  -> crm.order
)pipe",
    R"pipe(on wb.fbs.new
  -> crm.order { "external_id": order.id, "number": "1" }
)pipe",
    R"pipe(on wb.fbs.new
  -> crm.order {
       "external_id": order.id,
       "number": "WB-{order.id}",
     }
)pipe",
    R"pipe(on wb.fbs.new
  -> where order.warehouse_id in [1, 2,]
  -> crm.order
)pipe",
    R"pipe(on wb.fbs.new
  -> log.info "${order.id}"
)pipe",
    R"pipe(on wb.fbs.new
-> crm.order
)pipe",
    R"pipe(on wb.fbs.new
  -> where order.comment == "null"
  -> crm.order
)pipe",
    R"pipe(on wb.fbs.new
  -> crm.order {"external_id": order.id, "items": [{"barcode": order.skus, "quantity": 1,}],}
)pipe",
    R"pipe(on wb.fbs.new
  -> log.info "a # b"
)pipe",
    R"pipe(on wb.fbs.new ->
  crm.order ->
  log.info "x"
)pipe",
    R"pipe(on wb.fbs.new
  -> log.info "ООО «Ромашка»"
)pipe",
    R"pipe(on wb.fbs.new
  -> where order.comment != ""
  -> crm.order
)pipe",
};
// clang-format on

dsl::ProgramInput program(const char* text) {
  dsl::ProgramInput input;
  input.files = {{"example.pipe", text}};
  return input;
}

}  // namespace

TEST_CASE("a beginner's mistake gets one message, on its line") {
  for (const Mistake& each : mistakes) {
    const dsl::Checked checked = tests::checked(each.text);
    INFO(std::string(each.name) << "\n"
                                << std::string(each.text)
                                << dsl::render_text(checked.diagnostics, checked.sources, false));
    REQUIRE(checked.diagnostics.size() == 1);
    const dsl::Diagnostic& diagnostic = checked.diagnostics[0];
    CHECK(diagnostic.code->text() == each.code);
    CHECK(diagnostic.message == each.message);
    CHECK(checked.sources[0]->position(diagnostic.span.begin).line == each.line);
  }
}

TEST_CASE("a mechanical mistake is mended to a program that is fine") {
  for (const Mistake& each : mistakes) {
    if (each.mended == nullptr) continue;
    const dsl::Fixed fixed = dsl::fix(program(each.text), tests::declarations());
    INFO(std::string(each.name) << "\n"
                                << std::string(each.text)
                                << dsl::render_text(fixed.checked.diagnostics, fixed.checked.sources, false));
    CHECK(fixed.checked.diagnostics.empty());
    REQUIRE(fixed.texts.contains("example.pipe"));
    CHECK(fixed.texts.at("example.pipe") == each.mended);
  }
}

TEST_CASE("no mistake is told as a rule of the grammar") {
  for (const Mistake& each : mistakes) {
    INFO(std::string(each.name));
    CHECK(!std::string_view(each.message).starts_with("expected "));
  }
}

TEST_CASE("habits that do no harm are accepted") {
  for (const char* text : accepted) {
    const dsl::Checked checked = tests::checked(text);
    CHECK(dsl::render_text(checked.diagnostics, checked.sources, false) == "");
  }
}
