#include "stdlib/wb/tasks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "engine/json.hpp"

namespace pipewright::wb {

using engine::Broken;
using engine::Calls;
using engine::List;
using engine::Record;
using engine::Task;

bool is_task_id(const std::string& id) {
  return !id.empty() && id.size() <= 19 &&
         std::all_of(id.begin(), id.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Value id_list(const std::vector<std::string>& ids) {
  List list;
  for (const std::string& id : ids) {
    if (is_task_id(id)) list.emplace_back(*Decimal::parse(id));
  }
  return Value(std::move(list));
}

namespace {

// An API's own "nothing": `{}`, `[]` for a map, `null` for a list.
bool says_nothing(const Value& body) {
  if (const List* list = body.list()) return list->empty();
  return body.record() != nullptr && body["orders"].is_null();
}

Failure no_orders(const std::string& found) {
  return unreadable({"the answer holds no list `orders` but " + found.substr(0, 60), {}});
}

}  // namespace

tl::expected<std::vector<Value>, Failure> orders_of(const Value& body) {
  if (const List* list = body["orders"].list()) return *list;
  if (says_nothing(body)) return std::vector<Value>();
  return tl::unexpected<Failure>(no_orders(engine::write_json(body)));
}

// ---- a long list, a task at a time
// ----------------------------------------------------------------------------------

// The text is walked over and each task parsed alone: tens of thousands of them never stand in memory as a tree.
class Account::Unread {
 public:
  explicit Unread(std::string body) : body_(std::move(body)) { find_list(); }

  /// The text of the next task; nothing at the end, or where the text breaks off.
  std::optional<std::string_view> next() {
    if (state_ != State::inside) return std::nullopt;
    skip_space();
    if (at_ < body_.size() && body_[at_] == ',') ++at_, skip_space();
    if (at_ < body_.size() && body_[at_] == ']') {
      state_ = State::ended;
      return std::nullopt;
    }
    const std::size_t from = at_;
    if (!skip_value()) {
      state_ = State::broken;
      return std::nullopt;
    }
    return std::string_view(body_).substr(from, at_ - from);
  }
  std::string take_body() { return std::exchange(body_, {}); }
  [[nodiscard]] bool broken() const { return state_ == State::broken; }
  [[nodiscard]] bool ended() {
    if (state_ != State::inside) return true;
    skip_space();
    if (at_ < body_.size() && body_[at_] == ']') state_ = State::ended;
    return state_ != State::inside;
  }

 private:
  enum class State { inside, ended, broken };
  std::string body_;
  std::size_t at_ = 0;
  State state_ = State::broken;

  void skip_space() { at_ = std::min(body_.find_first_not_of(" \t\r\n", at_), body_.size()); }

  bool skip_text() {
    for (++at_; at_ < body_.size(); ++at_) {
      if (body_[at_] == '\\')
        ++at_;
      else if (body_[at_] == '"')
        return ++at_, true;
    }
    return false;
  }

  bool skip_value() {
    int depth = 0;
    const std::size_t from = at_;
    while (at_ < body_.size()) {
      const char c = body_[at_];
      if (c == '"') {
        if (!skip_text()) return false;
        if (depth == 0) return true;
        continue;
      }
      const bool closes = c == '}' || c == ']';
      if (depth == 0 && (closes || c == ',')) return at_ > from;  // behind a number or a word
      if (c == '{' || c == '[') ++depth;
      ++at_;
      if (closes && --depth == 0) return true;
    }
    return false;
  }

  // At the first task, if there is a list `orders`.
  void find_list() {
    skip_space();
    if (at_ >= body_.size() || body_[at_] != '{') return;
    ++at_;
    while (true) {
      skip_space();
      if (at_ >= body_.size() || body_[at_] != '"') return;
      const std::size_t from = at_;
      if (!skip_text()) return;
      const bool wanted = std::string_view(body_).substr(from, at_ - from) == "\"orders\"";
      skip_space();
      if (at_ >= body_.size() || body_[at_] != ':') return;
      ++at_;
      skip_space();
      if (wanted) {
        if (at_ >= body_.size() || body_[at_] != '[') return;
        ++at_;
        state_ = State::inside;
        return;
      }
      if (!skip_value()) return;
      skip_space();
      if (at_ >= body_.size() || body_[at_] != ',') return;
      ++at_;
    }
  }
};

Task<Fresh> read_fresh(Account& account, std::string group, std::string path, std::string rest, std::size_t room,
                       Calls& calls) {
  Fresh fresh;
  std::shared_ptr<Account::Unread> unread;
  if (const auto known = account.unread.find(rest); known != account.unread.end()) {
    unread = known->second;
    account.unread.erase(known);
  } else {
    Request request = account.get(group, path);
    CallResult answer = co_await calls.send(std::move(request));
    if (auto failure = failure_of(answer)) {
      fresh.failure = std::move(failure);
      co_return fresh;
    }
    unread = std::make_shared<Account::Unread>(std::move(answer->body));
    if (unread->broken()) {  // no list, or none that can be seen without parsing it all
      answer->body = unread->take_body();
      const auto json = json_of(answer);
      const auto orders = json ? orders_of(*json) : tl::unexpected<Failure>(json.error());
      if (!orders) fresh.failure = orders.error();
      co_return fresh;
    }
  }
  room = std::max<std::size_t>(1, room);
  while (fresh.tasks.size() < room && !unread->ended()) {
    std::vector<Value> part;
    std::vector<std::string> ids;
    while (part.size() < room - fresh.tasks.size()) {
      const auto text = unread->next();
      if (!text) break;
      Result<Value> task = engine::parse_json(*text);
      if (!task) {
        fresh.failure = unreadable(task.error());
        co_return fresh;
      }
      ids.push_back(id_of(*task));
      part.push_back(std::move(*task));
    }
    if (unread->broken()) {
      fresh.failure = unreadable({"the answer breaks off in the middle of its list", {}});
      co_return fresh;
    }
    const std::map<std::string, engine::Seen> seen = co_await calls.recall(ids);
    for (Value& task : part) {
      const std::string id = id_of(task);
      if (id.empty())
        fresh.notice = fmt::format("a task without an id in the answer of {} is left out: {}", path,
                                   engine::write_json(task).substr(0, 120));
      else if (!seen.contains(id))
        fresh.tasks.push_back(std::move(task));
    }
  }
  if (unread->ended()) co_return fresh;
  if (account.unread.size() >= 8) account.unread.clear();  // of looks that nobody went on with: they are asked again
  fresh.rest = fmt::format("{}-{}", calls.now().time_since_epoch().count(), ++account.unread_count);
  account.unread[fresh.rest] = std::move(unread);
  co_return fresh;
}

std::string id_of(const Value& task) {
  const Value& id = task["id"];
  return id.number() != nullptr || id.text() != nullptr ? id.id_text() : std::string();
}

Instant created_at(const Value& task, Instant otherwise) {
  const std::string* text = task["createdAt"].text();
  return text == nullptr ? otherwise : parse_time(*text).value_or(otherwise);
}

Value read_cursor(const std::string& text) {
  if (text.empty()) return Value(Record{});
  const Result<Value> cursor = engine::parse_json(text);
  return cursor ? *cursor : Value(Record{});
}

std::optional<Instant> moment(const Value& cursor, const char* field) {
  const Decimal* number = cursor[field].number();
  if (number == nullptr || !number->integer()) return std::nullopt;
  return Instant(Duration(*number->integer()));
}

std::int64_t unix_seconds(Instant instant) {
  return std::chrono::floor<std::chrono::seconds>(instant).time_since_epoch().count();
}

namespace {

constexpr std::size_t most_ids = 1000;

Status status_of(const Value& entry) {
  Status status{entry["supplierStatus"].display(), entry["wbStatus"].display(), std::nullopt};
  if (const bool* cancellable = entry["isCancellable"].boolean()) status.cancellable = *cancellable;
  return status;
}

}  // namespace

// A coroutine keeps its parameters by value; the account and the calls outlive it.
Task<tl::expected<Statuses, Failure>> fbs_statuses(Account& account, std::vector<std::string> ids, Calls& calls) {
  Statuses found;
  for (std::size_t from = 0; from < ids.size(); from += most_ids) {
    const std::vector<std::string> part(
        ids.begin() + static_cast<std::ptrdiff_t>(from),
        ids.begin() + static_cast<std::ptrdiff_t>(std::min(ids.size(), from + most_ids)));
    Record body;
    body.emplace_back("orders", id_list(part));
    Request request = account.send("POST", group::fbs, "/api/v3/orders/status", Value(std::move(body)));
    const CallResult answer = co_await calls.send(std::move(request));
    const auto json = json_of(answer);
    if (!json) co_return tl::unexpected<Failure>(json.error());
    const auto entries = orders_of(*json);
    if (!entries) co_return tl::unexpected<Failure>(entries.error());
    for (const Value& entry : *entries) found[id_of(entry)] = status_of(entry);
  }
  co_return found;
}

Task<tl::expected<Statuses, Failure>> dbs_statuses(Account& account, std::vector<std::string> ids, Calls& calls) {
  Statuses found;
  for (std::size_t from = 0; from < ids.size(); from += most_ids) {
    const std::vector<std::string> part(
        ids.begin() + static_cast<std::ptrdiff_t>(from),
        ids.begin() + static_cast<std::ptrdiff_t>(std::min(ids.size(), from + most_ids)));
    Record body;
    body.emplace_back("ordersIds", id_list(part));  // the API's own spelling
    Request request =
        account.send("POST", group::dbs, "/api/marketplace/v3/dbs/orders/status/info", Value(std::move(body)));
    const CallResult answer = co_await calls.send(std::move(request));
    const auto json = json_of(answer);
    if (!json) co_return tl::unexpected<Failure>(json.error());
    const auto entries = orders_of(*json);
    if (!entries) co_return tl::unexpected<Failure>(entries.error());
    for (const Value& entry : *entries) {
      if (entry["supplierStatus"].text() != nullptr) found[entry["orderId"].id_text()] = status_of(entry);
    }
  }
  co_return found;
}

// ---- what is remembered
// ----------------------------------------------------------------------------------------------------------------

std::string text_of(const Known& known) {
  Record state;
  state.emplace_back("raw", known.raw);
  state.emplace_back("supplier", Value(known.status.supplier));
  state.emplace_back("wb", Value(known.status.wb));
  if (!known.buyer.is_null()) state.emplace_back("buyer", known.buyer);
  state.emplace_back("changes", Value(known.changes));
  state.emplace_back("seen_status", Value(known.seen_status));
  return engine::write_json(Value(std::move(state)));
}

Known known_of(const std::string& text) {
  Known known;
  const Result<Value> state = engine::parse_json(text);
  if (!state) return known;
  known.raw = (*state)["raw"];
  known.status.supplier = (*state)["supplier"].display();
  known.status.wb = (*state)["wb"].display();
  known.buyer = (*state)["buyer"];
  if (const Decimal* changes = (*state)["changes"].number(); changes != nullptr)
    known.changes = static_cast<int>(changes->integer().value_or(0));
  if (const bool* seen = (*state)["seen_status"].boolean()) known.seen_status = *seen;
  return known;
}

namespace {

Value coded(const std::optional<int>& code, const char* path, const std::string& word) {
  if (code) return Value(*code);
  return Value(Broken{path, "a known status", engine::write_json(Value(word))});
}

std::string spoken(const Value& value) {
  return value.text() == nullptr ? (value.number() == nullptr ? std::string() : value.id_text())
                                 : trimmed(*value.text());
}

Value or_null(const std::string& text) { return text.empty() ? Value() : Value(text); }

}  // namespace

Record derived_fields(const Known& known, bool fbs) {
  Record fields;
  const Status& status = known.status;
  fields.emplace_back("supplier_status", Value(status.supplier));
  fields.emplace_back("wb_status", Value(status.wb));
  if (fbs) fields.emplace_back("is_cancellable", status.cancellable ? Value(*status.cancellable) : Value());
  fields.emplace_back("status", coded(status_code(status.supplier, status.wb, fbs), "supplierStatus", status.supplier));
  fields.emplace_back("user_status", coded(user_status_code(status.supplier, status.wb), "wbStatus", status.wb));
  fields.emplace_back("user", buyer_record(known.buyer, known.raw["orderUid"]));
  return fields;
}

// «Иванов Иван Петрович» is last name, first name, patronymic; one word is a first name.
Value buyer_record(const Value& contact, const Value& order_uid) {
  if (contact.is_null()) return {};
  const std::string full = spoken(contact["fullName"]);
  const std::string first = spoken(contact["firstName"]);
  std::string phone = spoken(contact["replacementPhone"]);
  if (phone.empty()) {
    phone = spoken(contact["phone"]);
    const std::string extension = spoken(contact["phoneCode"]);
    if (!phone.empty() && !extension.empty() && extension != "0") phone += " доб. " + extension;
  }
  if (full.empty() && first.empty() && phone.empty()) return {};
  std::vector<std::string> words;
  std::string word;
  for (const char c : full + " ") {
    if (c != ' ')
      word.push_back(c);
    else if (!word.empty())
      words.push_back(std::exchange(word, {}));
  }
  Record buyer;
  buyer.emplace_back("id", order_uid);
  buyer.emplace_back("name", or_null(full.empty() ? first : full));
  buyer.emplace_back("last_name", words.size() > 1 ? Value(words[0]) : Value());
  buyer.emplace_back("first_name", words.size() > 1 ? Value(words[1]) : or_null(words.empty() ? first : words[0]));
  std::string patronymic;
  for (std::size_t i = 2; i < words.size(); ++i) patronymic += (patronymic.empty() ? "" : " ") + words[i];
  buyer.emplace_back("patronymic", or_null(patronymic));
  buyer.emplace_back("phone", or_null(phone));
  List phones;
  if (!phone.empty()) phones.emplace_back(phone);
  buyer.emplace_back("phones", Value(std::move(phones)));
  return Value(std::move(buyer));
}

}  // namespace pipewright::wb
