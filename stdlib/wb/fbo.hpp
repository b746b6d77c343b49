// FBO orders: the parts of wb.fbo.new and wb.fbo.changed. They come out of the order feed where the token has the
// Analytics bit, else out of supplier/orders and supplier/sales (api.md 11). The one place where Moscow wall clocks and
// roubles of the statistics become instants and money.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stdlib/wb/tasks.hpp"

namespace pipewright::wb {

inline constexpr const char* moscow_zone = "Europe/Moscow";

// ---- rows (fbo_rows.cpp)

/// One row of any of the three, in one shape.
struct Row {
  std::string srid;
  std::string status;              ///< the feed's words
  std::optional<Instant> created;  ///< absent: it cannot be read
  std::optional<Instant> updated;
  Value price;
  Value raw;
  bool feed = false;
};

enum class Part { feed, orders, sales };

/// Nothing: it is no FBO row, which is said in `notice` where it is a surprise.
std::optional<Row> row_of(Part part, Value raw, std::optional<std::string>& notice);

/// What `changed` remembers of a unit.
struct KnownRow {
  std::string status;
  std::optional<Instant> updated;
  int changes = 0;
  Value raw;
};
KnownRow known_row(const std::string& state);
std::string text_of(const KnownRow& known);

/// Whether the row says something newer of its unit: a sale follows an order, a return follows a sale, and none of
/// them goes back. Rows of statistics come again whenever one of their fields changes.
bool follows(const Row& row, const KnownRow& known);

/// The declared fields that the API does not have. What cannot be read is broken: who uses it parks.
engine::Record derived_fields(const Row& row, const Account& account);
/// The same of a row that is remembered.
engine::Record derived_fields(const Value& raw, const Account& account);

/// What the size of a row is known by: the feed names the size, the statistics one of its barcodes. Empty: by nothing.
std::string size_key(const Value& raw);

// ---- pages (fbo_pages.cpp)

/// A page of rows as it came, read on bit by bit.
struct RowPage {
  std::shared_ptr<const std::string> body;
  std::vector<std::string_view> rows;  ///< parts of the body, in the order in which they are to be read
  std::size_t at = 0;
  std::string snapshot;  ///< of the feed
  [[nodiscard]] bool ended() const { return at >= rows.size(); }
};

/// What a poll asks for. `start`: of the feed; `from`: dateFrom of the statistics, Moscow's wall clock.
struct PageRequest {
  Part part = Part::feed;
  Instant start;
  std::string from;
  std::string snapshot;
  int offset = 0;
};

/// A page; one request for all pipelines that ask for the same within a minute.
engine::Task<tl::expected<std::shared_ptr<RowPage>, Failure>> read_page(Account& account, PageRequest request,
                                                                        engine::Calls& calls);
/// Where to begin so that pipelines that poll together ask for one page: where another one has just begun, if that is
/// not later.
Instant shared_start(Account& account, Part part, Instant start, Instant now);

inline constexpr int feed_limit = 10000;
/// How far back the feed is asked at most when a poll begins: within what it keeps, with time for calls that wait for
/// their turn.
Duration feed_reach(const Account& account);
/// Whether a call for the feed from there may be refused when its turn comes.
bool is_out_of_reach(const Account& account, Instant start, Instant now);

// ---- cards (fbo_cards.cpp)

/// Barcodes and article of the rows' sizes, from their cards; what was learned is kept for the account in
/// `page.shared`. A failure: it is worth another try. Else a notice, when something cannot be known.
engine::Task<tl::expected<std::optional<std::string>, Failure>> read_cards(Account& account, std::vector<Value> rows,
                                                                           engine::Page& page, engine::Calls& calls);

}  // namespace pipewright::wb
