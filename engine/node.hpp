// What a connector implements: a type of connection, sources that look, actions that work on batches. Everything that a
// node sees of the world stands behind Calls; the same node serves run, dry-run, backfill and test.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "dsl/diagnostic.hpp"
#include "dsl/plan.hpp"
#include "engine/task.hpp"
#include "engine/value.hpp"

namespace pipewright::engine {

using dsl::plan::Verb;

/// What is known of a write. After a lost answer or a restart it is unknown: the target is asked before anything is
/// repeated.
enum class Delivery {
  not_sent,  ///< nothing has left: it may be sent freely
  unknown,   ///< it may have happened
  sent,      ///< its answer was read
};
constexpr Delivery unknown_if(bool maybe) { return maybe ? Delivery::unknown : Delivery::not_sent; }

using Headers = std::vector<std::pair<std::string, std::string>>;

// ---- one call
// ------------------------------------------------------------------------------------------------------------------

struct Request {
  std::string method = "GET";
  std::string url;  ///< absolute, with the query, percent-encoded
  Headers headers;
  std::vector<std::pair<std::string, Secret>> secret_headers;  ///< sent, never recorded
  std::string body;
  std::string group;               ///< the limiter's bucket within the connection; see Connection::limits
  std::string node;                ///< whose work it is, `crm.order`: filled in by the engine
  bool write = false;              ///< changes something at the target: a dry run takes it down instead of sending it
  std::vector<std::size_t> items;  ///< the items of the batch that it is for, for the record; empty: all
  std::optional<Value>
      predicted;  ///< a write's answer in a dry run (a Placeholder for what only the target could give)
  int predicted_status = 200;
  Duration timeout = std::chrono::seconds(60);
  std::size_t max_body = std::size_t{64} << 20U;  ///< bytes of the response's body, uncompressed; more is Lost
};

struct Answer {
  int status = 0;
  Headers headers;  ///< lower-case names
  std::string body;
  std::optional<Value> predicted;  ///< in a dry run, instead of the body

  [[nodiscard]] std::optional<std::string> header(std::string_view lower_case_name) const;
  [[nodiscard]] Result<Value> json()
      const;  ///< the prediction, or the body parsed; an error names what came instead (HTML, nothing …)
  /// What came in place of JSON: "HTTP 301 to https://…", "HTML instead of JSON", "HTTP 404 with an empty response
  /// instead of JSON". Empty: it begins and ends like an object or a list (it is not parsed). For the `feedback` of a
  /// connection whose every response of that kind is JSON, and for the reason of a failure.
  [[nodiscard]] std::string instead_of_json() const;
};

/// No answer came.
struct Lost {
  enum class Cause {
    network,      ///< no connection, a time-out, a connection that broke: worth another try
    certificate,  ///< the server's certificate cannot be verified: waits for a person, like bad credentials
    too_large,    ///< the response was longer than Request::max_body: the next one will be too
    malformed,    ///< the request itself cannot be sent: its URL, method or headers
  };
  Delivery delivery = Delivery::unknown;  ///< not_sent: no connection, refused, bad name; never `sent`
  std::string message;
  Cause cause = Cause::network;
};
using CallResult = tl::expected<Answer, Lost>;

// ---- what a source remembers
// ----------------------------------------------------------------------------------------------------

/// One thing that a source has seen: kept per pipeline and source in the journal, stored in one transaction with the
/// page's events.
struct Seen {
  std::string key;
  std::string state;    ///< the source's own text (JSON); what is known of the thing
  bool open = false;    ///< still to be looked at (an order whose status may change)
  bool forget = false;  ///< remove the row
};

/// The same of a whole account: what any of its nodes has seen, whichever pipeline that node works for. `kind` keeps
/// one thing apart from another (`wb.dbs`).
struct SharedState {
  std::string kind;
  Seen seen;
};

// ---- the world, as a node sees it
// -----------------------------------------------------------------------------------------------

/// What coroutines of one connection wait for that one of them brings about: an index that all need is read once.
class Signal {
 public:
  /// Everybody who waits goes on, before this returns.
  void fire() {
    for (const auto& each : std::exchange(waiting_, {})) each();
  }

 private:
  friend class Calls;
  std::vector<std::function<void()>> waiting_;
};

enum class LogLevel { info, warning };

class Calls {
 public:
  virtual ~Calls() = default;

  /// Waits until another coroutine fires it. That one has to live until then: it keeps the signal, others a weak_ptr.
  Awaited<bool> wait(std::shared_ptr<Signal> signal) {
    return Awaited<bool>([this, signal = std::move(signal)](std::function<void(bool)> done) {
      signal->waiting_.push_back([this, done = std::move(done)] {
        done(true);
        went_on();
      });
    });
  }

  /// Sends when the limiter of the connection's group lets it go. Not retried here: what was lost or refused for now is
  /// told.
  Awaited<CallResult> send(Request request) {
    auto shared = std::make_shared<Request>(std::move(request));
    return Awaited<CallResult>(
        [this, shared](std::function<void(CallResult)> done) { start(std::move(*shared), std::move(done)); });
  }
  /// What this pipeline's source knows of these keys (absent: nothing).
  Awaited<std::map<std::string, Seen>> recall(std::vector<std::string> keys) {
    auto shared = std::make_shared<std::vector<std::string>>(std::move(keys));
    return Awaited<std::map<std::string, Seen>>([this, shared](std::function<void(std::map<std::string, Seen>)> done) {
      look_up(std::move(*shared), std::move(done));
    });
  }
  /// The open ones with a key greater than `after`, in the order of their keys, `limit` at most.
  Awaited<std::vector<Seen>> recall_open(std::string after, std::size_t limit) {
    return Awaited<std::vector<Seen>>(
        [this, after = std::move(after), limit](std::function<void(std::vector<Seen>)> done) {
          look_up_open(after, limit, std::move(done));
        });
  }

  using States = std::map<std::string, Seen>;
  /// What the account knows of these keys, whichever of its nodes has stored it (absent: nothing).
  Awaited<States> load_shared(std::string kind, std::vector<std::string> keys) {
    return Awaited<States>(
        [=, this](std::function<void(States)> done) { look_up_shared(kind, keys, std::move(done)); });
  }
  /// The open ones of the account, as recall_open.
  Awaited<std::vector<Seen>> load_shared_open(std::string kind, std::string after, std::size_t limit) {
    return Awaited<std::vector<Seen>>([=, this](std::function<void(std::vector<Seen>)> done) {
      look_up_shared_open(kind, after, limit, std::move(done));
    });
  }
  /// For an action, which has no page: durable when it returns.
  Awaited<bool> store_shared(std::vector<SharedState> states) {
    return Awaited<bool>([=, this](std::function<void(bool)> done) { store(states, std::move(done)); });
  }

  [[nodiscard]] virtual Instant now() const = 0;  ///< the core's time, virtual in tests
  [[nodiscard]] virtual bool dry() const = 0;     ///< only for wording; never for a second code path
  /// A line for the log.
  virtual void log(LogLevel level, std::string text) = 0;
  void note(std::string text) { log(LogLevel::info, std::move(text)); }

 protected:
  virtual void start(Request request, std::function<void(CallResult)> done) = 0;
  /// After a wait: the coroutine went on by itself and may have come to its end.
  virtual void went_on() {}
  virtual void look_up(std::vector<std::string> keys, std::function<void(std::map<std::string, Seen>)> done) = 0;
  virtual void look_up_open(std::string after, std::size_t limit, std::function<void(std::vector<Seen>)> done) = 0;
  virtual void look_up_shared(std::string, std::vector<std::string>, std::function<void(States)> done) { done({}); }
  virtual void look_up_shared_open(std::string, std::string, std::size_t, std::function<void(std::vector<Seen>)> done) {
    done({});
  }
  virtual void store(std::vector<SharedState>, std::function<void(bool)> done) { done(true); }
};

// ---- connections
// -----------------------------------------------------------------------------------------------------------------

/// A token bucket: one token per `interval`, `burst` at most.
struct Rate {
  std::chrono::microseconds interval{0};  ///< zero: no limit
  int burst = 1;
};

/// What an answer says about its bucket.
struct Feedback {
  std::optional<int> remaining;  ///< tokens left, by the server's word
  Duration pause{0};             ///< nothing more of this group before that
  int cost = 1;                  ///< tokens that the call took (Wildberries: ten for a 4XX)
  /// No answer of this API, and what it is: Answer::instead_of_json. Judged like a 5xx: the group backs off, and what
  /// came is reported once, in the log and in `status`.
  std::string unreadable{};
};

/// One key of a connection in pipewright.toml, as the connector declares it.
struct SettingKey {
  enum class Kind { text, secret, url, boolean, duration, integer, rate, table };
  std::string name;  ///< `token`; of a sub-table: `shipping.type`
  Kind kind = Kind::text;
  bool required = false;  ///< for `run`
  std::string doc;
  std::vector<std::string> values;  ///< the words it may have, of a url what may follow the host; empty: any
  bool technical = false;           ///< how the account is reached, not what is written there

  /// Whether its value decides what is written: then another one makes another plan of the same program.
  [[nodiscard]] bool has_meaning() const {
    return !technical && kind != Kind::secret && kind != Kind::duration && kind != Kind::rate;
  }
};

/// The values of one connection, read and checked against its keys. A secret that could not be resolved is absent.
struct Settings {
  std::string name;  ///< `wb_moscow`
  std::string type;  ///< `wildberries`
  std::map<std::string, Value> values;
  std::map<std::string, Secret> secrets;
  std::map<std::string, Rate>
      rates;  ///< `rate = "8/s burst 8"` under "", `[rate] marketplace = …` under "marketplace"; interval 0: off
  std::string time_zone;     ///< `[run] time_zone`
  std::string directory;     ///< where relative paths begin: the configuration's folder
  Instant opened;            ///< when the program started: "171 days left" counts from here
  std::size_t accounts = 1;  ///< of this type in the configuration: they share what is counted by address

  [[nodiscard]] std::string text(const std::string& key, const std::string& otherwise = {}) const {
    const auto found = values.find(key);
    return found == values.end() ? otherwise : found->second.id_text();
  }
  [[nodiscard]] bool flag(const std::string& key) const {
    const auto found = values.find(key);
    return found != values.end() && found->second.boolean() != nullptr && *found->second.boolean();
  }
};

/// A configured account. Connectors derive from it and keep their caches (reference data, indexes) in it.
class Connection {
 public:
  explicit Connection(Settings settings) : settings_(std::move(settings)) {}
  virtual ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] const std::string& name() const { return settings_.name; }

  /// The buckets by group; a group that is not named has no limit.
  [[nodiscard]] virtual std::map<std::string, Rate> limits() const { return {}; }
  /// The bucket of one group. Overridden by who makes groups up as it goes (one for each origin); nothing: no limit.
  [[nodiscard]] virtual std::optional<Rate> limit_of(const std::string& group) const {
    const auto all = limits();
    const auto found = all.find(group);
    return found == all.end() ? std::nullopt : std::optional(found->second);
  }
  [[nodiscard]] virtual Feedback feedback(const Request&, const Answer&) const { return {}; }
  /// One line for the start of `run`: "personal token, Marketplace Statistics, 171 days left". Without any call.
  [[nodiscard]] virtual std::string summary() const { return {}; }
  /// The account that event keys belong to; two connections to one account say the same.
  [[nodiscard]] virtual std::string account() const { return settings_.name; }
  /// The zone of the account's wall clocks (fields marked `in_account_zone`), as far as it is known by now.
  [[nodiscard]] virtual std::string account_zone() const { return settings_.time_zone; }

 private:
  Settings settings_;
};

// ---- what `validate --online` asks
// -----------------------------------------------------------------------------------------------------------------

/// What a program wants of one account, in the order of its files; made by engine/uses.
struct Uses {
  struct Node {
    std::string name;              ///< `crm.order`
    std::optional<Verb> verb;      ///< of an action; a source has none
    std::set<std::string> fields;  ///< that an action is given, the default mapping's too
    dsl::plan::Place place;
  };
  /// A literal that meets the account: written to one of its fields, or compared with what came out of one.
  struct Word {
    std::string field;  ///< its enumeration, `crm.order_status`, else record and field: `crm.order.fields.order_type`
    std::string text;   ///< of a map (`custom_fields`): the name in it
    bool written = false;
    bool standard = false;  ///< of a table or mapping of the standard library; `place` is the step that takes it
    dsl::plan::Place place;
  };
  std::vector<Node> nodes;
  std::vector<Word> words;
};

/// One thing that an account made known.
struct Finding {
  const dsl::Code* code = nullptr;
  dsl::plan::Place place;  ///< of the use
  std::string word;        ///< what is to blame there: `"asembling"` in quotes, the name of a field; empty: the node
  std::string message;
  std::string note;
  std::string help;
  std::optional<std::string> instead;  ///< for `word`, when the help is to write something else there
};

struct Inspection {
  std::vector<std::string> facts;  ///< "accepted", "store wb", "24 statuses": one line for people
  std::vector<Finding> findings;
};

struct ConnectionType {
  std::string type;  ///< `wildberries`
  std::string
      default_name;  ///< `wb`: the connection that is there without configuration, and the first word of declared nodes
  std::vector<SettingKey> keys;
  std::function<Result<std::unique_ptr<Connection>>(Settings)> make;
  /// Asks the account, reading alone, whether the program may and can do what it says. Empty: there is nothing to ask.
  std::function<Task<Inspection>(Connection&, Uses, Calls&)> inspect;
};

// ---- failures, as a connector judges them
// ---------------------------------------------------------------------------------------

struct Failure {
  enum class Kind {
    transient,    ///< timeouts, resets, 429, 5xx: tried again with back-off for `retry_for`, then parked
    credentials,  ///< the key or token is bad: the connection waits and is asked again by itself, its events wait too
    permanent,    ///< validation, not found, forbidden: parks at once with the answer in full
  };
  Kind kind = Kind::transient;
  std::string reason;                     ///< "Wildberries: SupplyShippingRequired «Specify shipping point …»"
  std::string help;                       ///< what to do; may be empty
  Delivery delivery = Delivery::unknown;  ///< of the write that failed; unknown: ask before repeating
  Duration not_before{0};                 ///< the server's own word on when to come again
};

// ---- actions
// ---------------------------------------------------------------------------------------------------------------------

/// A piece of the text after a verb: written in the program, or brought by data.
struct TextPart {
  std::string text;
  bool hole = false;  ///< the value of an expression in `{…}`
};

/// One item of a batch: what one step of one event wants done.
struct Operation {
  Verb verb = Verb::upsert;
  Record key;      ///< `by`: names and values, in order; the values stand in written or filling too
  Record written;  ///< the braces: what an existing record is changed to; nulls are left out, Clear empties
  Record filling;  ///< default mapping and `initially`: only for what is created; nulls are left out
  std::optional<std::string> text;   ///< the text after the verb: a URL, a path, a message
  std::vector<TextPart> text_parts;  ///< the same in pieces; empty when the program alone wrote it
  std::string pipeline;
  std::string event_key;                   ///< the source record's id: `13833711`
  Delivery delivery = Delivery::not_sent;  ///< of an earlier try; unknown: it may have reached the target, ask first
  std::optional<Value> assumed;        ///< dry run only: the record as an earlier event of this run would have left it
  std::optional<Value> source_record;  ///< of an action without braces: the source's record, as it is declared

  /// `written` over `filling`: a whole new record.
  [[nodiscard]] Record whole() const;
  [[nodiscard]] const Value& field(std::string_view name) const;  ///< of written, else of filling, else null
};

struct Change {
  std::string field;
  Value before;
  Value after;
};

struct Outcome {
  enum class Kind { done, unchanged, found, nothing, skipped, failed };
  Kind kind = Kind::failed;
  std::string operation = "none";     ///< what was really made: create, update, set, append, send, none
  Value result;                       ///< the record that the step's name is bound to (for `nothing`: null)
  std::vector<Change> changes;        ///< field by field, for an update
  Record record;                      ///< what was created or sent, for people and the dry run
  std::vector<std::string> warnings;  ///< carried by the event
  std::string summary;                ///< "order 1187 created", "status assembling → cancel-other"
  std::optional<Failure> failure;     ///< for `failed`
  std::string reason;                 ///< for `skipped`: why ("`id` is null")

  /// Something was changed at the target.
  [[nodiscard]] bool wrote() const { return kind == Kind::done && operation != "none"; }

  static Outcome done(std::string operation) {
    Outcome outcome;
    outcome.kind = Kind::done;
    outcome.operation = std::move(operation);
    return outcome;
  }
  static Outcome failed(Failure failure) {
    Outcome outcome;
    outcome.kind = Kind::failed;
    outcome.failure = std::move(failure);
    return outcome;
  }
  static Outcome nothing() {
    Outcome outcome;
    outcome.kind = Kind::nothing;
    return outcome;
  }
};

using Batch = std::vector<Operation>;
using Outcomes = std::vector<Outcome>;  ///< one per item of the batch, in its order

/// After a lost answer or a restart (docs: engine.md, "After a doubt, ask").
enum class Repeat {
  keyed,    ///< run again: it begins by looking the key up and writes only what differs (it reads
            ///< Operation::delivery)
  probed,   ///< Delivery::unknown makes the node look for it by its content first
  unasked,  ///< cannot be asked: at_most_once parks, at_least_once sends again; the intent is journaled before sending
};

/// How far a sink got at one of its targets.
struct SinkReach {
  std::string target;
  std::string position;
  /// Makes it durable; run by the journal's driver, in its own thread, before the position is committed. When it fails
  /// the position must not be committed. May be empty.
  std::function<Result<void>()> settle;
};

/// What a sink has written of the items that its last batches appended.
struct SinkReport {
  std::vector<SinkReach> reached;  ///< the targets that changed
  /// Items of the last batch, by their index, that could not be written after all: a full disk. Nothing of them is left
  /// in the target. In place of their outcomes.
  std::vector<std::pair<std::size_t, Failure>> failed;
};

struct ActionNode {
  std::string name;  ///< `crm.order`
  std::map<Verb, Repeat> verbs;
  std::size_t capacity = 50;  ///< items that one batch may take
  std::size_t parallel = 2;   ///< batches of this node that may be under way at a time
  bool pure_sink = false;     ///< `log`, `file.append`: no call, no write in the sense of outcomes (log), done at once
  std::string group;          ///< the limiter's group of the first call; its effect queue waits for a token of it
  /// What the item is about at the target: two with one identity never run side by side. Empty: no identity.
  std::function<std::string(const Operation&)> identity;
  /// What its calls share beside the connection: the rate limiter and whether credentials are accepted. For
  /// `http.request` the origin of the URL. Absent or an empty text: the connection's own.
  std::function<std::string(Connection&, const Operation&)> realm;
  std::function<Task<Outcomes>(Connection&, Batch, Calls&)> work;
  /// Of a pure sink that keeps something (`file.append`): what was appended since the last time is with the system now,
  /// and this is how far each target got. Journaled with the outcomes.
  std::function<SinkReport(Connection&)> positions;
  /// Of the same: the targets opened for the first time in this life, and how long they were then. Journaled before
  /// anything is appended: a run that dies before its first record is cut back too.
  std::function<std::vector<SinkReach>(Connection&)> openings;
  /// Of the same: goes back to a position that was journaled, at the start and after a failure.
  std::function<Result<void>(Connection&, std::string target, std::string position)> resume;
  /// Of the same: nothing more is appended, and this is how far each target got. Journaled at a clean end: what stands
  /// behind it at the next start is somebody else's, and stays.
  std::function<std::vector<SinkReach>(Connection&)> closings;
};

// ---- sources
// ---------------------------------------------------------------------------------------------------------------------

struct NewEvent {
  std::string identity;  ///< `13833711`, `13833711#3`, `history 7044`: an identity already there is not a second event
  std::string key;       ///< the entity: order per key, across pipelines of the account
  Value raw;             ///< what came, in the API's own spelling; normalised by the declared record
  Record derived;        ///< declared fields that the API does not have, ready (`status`, `user_status`, `user`)
  std::optional<Value> before;  ///< the record as last known, normalised already; for sources that bind `before`
};

struct Look {
  const dsl::plan::Source* source = nullptr;
  std::string cursor;       ///< what the last look returned; empty at the first
  bool once = false;        ///< `--once`: the next look may be a day away
  std::size_t room = 1000;  ///< about how many events are welcome
};

struct Page {
  std::vector<NewEvent> events;
  std::string cursor;  ///< stored with the events in one transaction
  std::vector<Seen> seen;
  std::vector<SharedState> shared;  ///< of the account; in the same transaction
  bool more = false;                ///< look again at once: there is a next page
  /// Of the first page of a new pipeline: how many records that exist will come, this page's among them, when the
  /// source knows that without another call. Else the page's own are counted.
  std::optional<std::size_t> total{};
  std::optional<Failure>
      failure;  ///< the look failed (what is in the page all the same counts): asked again with back-off
  std::optional<std::string> notice;  ///< told on standard error and in `status` until the next look has none
};

struct SourceNode {
  std::string name;  ///< `wb.fbs.new`
  Duration every{std::chrono::seconds(60)};
  bool rereadable = false;  ///< a file is its own journal: the cursor is a position to return to
  std::function<Task<Page>(Connection&, Look, Calls&)> look;
  /// Events that waited over five minutes and have written nothing yet are checked again, many at once: for each of the
  /// records a reason to skip it, or nothing (also when the source does not answer).
  std::function<Task<std::vector<std::optional<std::string>>>(Connection&, std::vector<Value> records, Calls&)>
      still_wanted;
};

struct Nodes {
  std::vector<ConnectionType> connections;
  std::vector<SourceNode> sources;
  std::vector<ActionNode> actions;
};

/// All that is there, by name.
class Registry {
 public:
  explicit Registry(std::vector<Nodes> parts);
  /// In place of the one of that name, for who puts another world behind a node.
  void put(SourceNode node) { sources_[node.name] = std::move(node); }
  void put(ActionNode node) { actions_[node.name] = std::move(node); }
  [[nodiscard]] const SourceNode* source(const std::string& name) const;
  [[nodiscard]] const ActionNode* action(const std::string& name) const;
  [[nodiscard]] const ConnectionType* connection_type(const std::string& type) const;
  [[nodiscard]] const std::vector<ConnectionType>& connection_types() const { return connections_; }
  [[nodiscard]] std::vector<std::string> node_names() const;

 private:
  std::vector<ConnectionType> connections_;
  std::map<std::string, SourceNode> sources_;
  std::map<std::string, ActionNode> actions_;
};

}  // namespace pipewright::engine
