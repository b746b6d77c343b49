// The core's insides, shared by its files. Nobody else includes this.
#pragma once

#include <deque>
#include <list>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "engine/core/core.hpp"
#include "engine/limits.hpp"
#include "engine/retry.hpp"

namespace pipewright::engine {

namespace plan = dsl::plan;

/// A runnable with what is made once per plan.
struct Bound {
  std::shared_ptr<const Runnable> runnable;
  CompiledTables tables;
  explicit Bound(std::shared_ptr<const Runnable> from) : runnable(std::move(from)), tables(*runnable->plan) {}
  [[nodiscard]] const plan::Plan& plan() const { return *runnable->plan; }
};

/// One group of an account: its bucket, and its back-off while its calls fail.
struct Gate {
  Bucket bucket;
  std::deque<CallId> waiting;
  int in_flight = 0;
  int failures = 0;
  Instant not_before{Duration(0)};
  Instant last_failure{Duration(0)};
  std::optional<Instant> failing_since;
  std::string reason;  ///< of the last failure
  bool told = false;   ///< of the outage, to the observer
  std::string group;
};

struct ConnectionState {
  std::string name;
  bool down = false;  ///< bad credentials: probed alone
  bool probing = false;
  int failures = 0;
  Instant probe_at{Duration(0)};
  std::optional<Instant> down_since;
  std::string reason;
};

struct Event {
  EventId id = 0;
  std::shared_ptr<const Bound> bound;
  const plan::Pipeline* pipeline = nullptr;  ///< null: the plan knows it no more
  EventData data;
  std::string source, account, identity;
  std::map<Address, Recorded> outcomes;
  std::set<Address> under_way;  ///< queued, running, or its outcome not durable yet
  std::set<Address> intents;    ///< unasked effects that may have been sent
  std::vector<Want> next;       ///< wanted, to be queued when what came before is durable
  std::vector<EndedStep> steps;
  std::optional<Ending> ending;  ///< under way to the journal
  int uncommitted = 0;
  bool doubtful = false;  ///< its next effects may have happened in an earlier life
  bool wrote = false;
  bool checking = false;
  Instant looked_at{Duration(0)};  ///< when it was last known to be wanted
};

/// One effect that waits at a station.
struct Item {
  std::uint64_t sequence = 0;
  Event* event = nullptr;
  Want want;
  std::string fingerprint;
  std::string subject;                     ///< the record that it is about, with connection and node; empty: none
  std::string identity;                    ///< the same, of what may write: two never run side by side
  Delivery delivery = Delivery::not_sent;  ///< of the tries before
  bool stated = false;                     ///< the intent is durable
  bool stating = false;
  bool gave_up = false;
  int attempts = 0;
  std::optional<Instant> first_failure;
  Instant ready_at{Duration(0)};
  std::vector<Item> followers;  ///< equal work: they get its outcome
  std::vector<Exchange> exchanges;
};

struct Station {
  std::string connection;
  const ActionNode* node = nullptr;
  Verb verb = Verb::find;
  Repeat repeat = Repeat::keyed;
  std::map<std::uint64_t, Item> queue;
  std::size_t running = 0;
  bool dirty = false;
  std::optional<Instant> next_try;
};

struct Poller {
  std::string pipeline;
  std::string source;  ///< key in the journal
  std::shared_ptr<const Bound> bound;
  const plan::Source* from = nullptr;
  const SourceNode* node = nullptr;
  std::string cursor;
  Instant next_at{Duration(0)};
  Instant started_at{Duration(0)};
  int failures = 0;
  std::optional<Instant> failing_since;
  std::string notice;
  std::string last_failure;
  bool bulk = false;  ///< not journaled one by one
  bool looking = false;
  int storing = 0;    ///< pages that are not durable yet: one, or a few of a bulk poller
  bool more = false;  ///< the last page said that there is a next one
  bool done = false;  ///< `once`: has no more
  bool refused = false;
  bool gave_up = false;
  bool removed = false;
  std::shared_ptr<const Bound> next_bound;  ///< after a reload while it looked
};

struct Recording {
  Exchange exchange;
  std::vector<std::size_t> items;  ///< empty: all
};

class Engine;

/// One coroutine under way, and what it sees of the world.
class Job : public Calls {
 public:
  Job(Engine& engine, std::uint64_t id) : engine(engine), id(id) {}
  Engine& engine;
  std::uint64_t id;
  std::shared_ptr<const Bound> bound;  ///< keeps the node's behaviour
  std::shared_ptr<Connection> connection;
  ConnectionState* state = nullptr;
  std::vector<Recording> recordings;
  std::optional<Task<Outcomes>> batch;
  std::optional<Task<Page>> look;
  std::optional<Task<std::optional<std::string>>> check;
  Station* station = nullptr;
  std::vector<Item> items;
  Poller* poller = nullptr;
  EventId event = 0;
  bool probe = false;

  [[nodiscard]] bool finished() const {
    return (batch && batch->finished()) || (look && look->finished()) || (check && check->finished());
  }
  [[nodiscard]] Instant now() const override;
  [[nodiscard]] bool dry() const override;
  void note(std::string text) override;

 protected:
  void start(Request request, std::function<void(CallResult)> done) override;
  void look_up(std::vector<std::string> keys, std::function<void(std::map<std::string, Seen>)> done) override;
  void look_up_open(std::string after, std::size_t limit, std::function<void(std::vector<Seen>)> done) override;
};

struct PendingCall {
  Job* job = nullptr;
  Request request;
  std::function<void(CallResult)> done;
  Gate* gate = nullptr;
  bool sent = false;
  Instant sent_at{Duration(0)};
};

struct BulkRun;
struct Passing;

class Engine {
 public:
  Engine(Ports& ports, Observer& observer, Options options) : ports_(ports), observer_(observer), options_(options) {}

  // core.cpp: inputs, the pump, the journal's queue
  Result<void> start(std::shared_ptr<const Runnable> runnable, Instant now);
  void tick(Instant now);
  void committed(Instant now, CommitId id, const Committed& committed);
  void stop(Instant now);
  [[nodiscard]] bool stopped() const;
  [[nodiscard]] bool drained() const;
  [[nodiscard]] std::vector<std::string> undrained() const;
  [[nodiscard]] std::optional<Instant> wakes_at() const { return wake_; }
  [[nodiscard]] std::vector<ConnectionStatus> connections() const;
  [[nodiscard]] std::size_t loaded() const { return events_.size(); }
  void pump();

  // calls.cpp: gates, requests, answers
  void call(Job& job, Request request, std::function<void(CallResult)> done);
  void answered(Instant now, CallId id, CallResult result);

  // reload.cpp: another plan, parked events
  Result<void> swap(std::shared_ptr<const Runnable> runnable, Instant now);
  std::vector<RetryAnswer> retry(const std::vector<EventId>& ids, bool as_was, bool stale, Instant now);
  Result<void> deliver(const std::string& pipeline, std::size_t source, std::vector<NewEvent> events,
                       std::function<void()> stored, Instant now);

  [[nodiscard]] Instant now() const { return now_; }
  [[nodiscard]] const Options& options() const { return options_; }
  Ports& ports() { return ports_; }

 private:
  // core.cpp
  void after_commit(std::function<void(const Committed&)> then) { after_.push_back(std::move(then)); }
  bool flush();
  void wake(Instant at) {
    if (!wake_ || at < *wake_) wake_ = at;
  }
  [[nodiscard]] Result<void> check(const Runnable& runnable) const;
  Result<void> resume_sinks(const std::string& connection, const std::string& node);

  // calls.cpp
  Gate& gate(const Connection& connection, const std::string& group);
  ConnectionState& state_of(const std::string& connection);
  [[nodiscard]] bool open(const Gate& gate) const;
  bool send_waiting();
  void judge(Gate& gate, const PendingCall& call, const CallResult& result);
  [[nodiscard]] Exchange exchange_of(const PendingCall& call, const CallResult& result) const;
  bool may_start(ConnectionState& state);
  void begin(Job& job);
  void over(Job& job, const std::optional<Failure>& failure);
  Job& new_job(std::shared_ptr<const Bound> bound, std::shared_ptr<Connection> connection);
  bool send_from(Gate& gate);
  void refuse_waiting(Gate& gate);
  void take_report(const Station& station, Connection& connection, Outcomes& outcomes);
  void close_sinks();
  bool keep(const std::string& connection, const ActionNode& node, std::vector<SinkReach> reached);
  bool tell_openings(const Job& job);
  void process(std::uint64_t job);
  [[nodiscard]] std::shared_ptr<Connection> connection_of(const std::string& name, const Bound& bound) const;
  [[nodiscard]] double jitter() { return ports_.jitter(); }

  // polling.cpp
  void make_pollers();
  bool start_looks();
  void looked(Job& job);
  void look_failed(Poller& poller, const Failure& failure);
  void store_page(Poller& poller, Page page);
  StoredEvent stored(const Bound& bound, const plan::Pipeline& pipeline, const plan::Source& source,
                     const std::string& source_key, NewEvent& from) const;
  void note_notice(Poller& poller, const std::string& text);
  void rebind(Poller& poller);

  // bulk.cpp
  [[nodiscard]] bool bulk_possible(const Bound& bound, const plan::Pipeline& pipeline) const;
  void run_bulk(Poller& poller, Page page);
  bool bulk_step(BulkRun& run, Passing& event);
  void begin_bulk(BulkRun& run);
  std::optional<Failure> feed_sinks(BulkRun& run);
  std::optional<Failure> write_sinks(BulkRun& run);
  void keep_bulk(BulkRun& run);
  void read_again_after_commit(Poller& poller);
  Result<void> rewind_sinks(const plan::Pipeline& pipeline, const Bound& bound);

  // events.cpp
  bool load_events();
  bool load(StoredEvent stored);
  void load_key(const std::string& account, const std::string& key);
  std::shared_ptr<const Bound> bound_for(const std::string& hash);
  void go_on(Event& event);
  void queue_next(Event& event);
  void record(Item& item, Outcome outcome, std::vector<std::size_t> exchanges);
  void end(Event& event, Ending ending);
  void ended(EventId id);
  void spawn_listeners(const Event& event);
  void checked(Job& job);

  // stations.cpp
  void enqueue(Event& event, Want want);
  bool start_batches();
  bool start_batch(Station& station);
  bool can_take(Station& station, Item& item);
  std::vector<Item> take(Station& station, std::size_t limit);
  void came_back(Job& job);
  void settle(Station& station, Item item, const Outcome& outcome, std::vector<std::size_t> exchanges, bool follower);
  bool retry_later(Station& station, Item& item, const Failure& failure);
  void requeue(Station& station, Item item);
  void release(Item& item);
  [[nodiscard]] const plan::Source* origin_of(const Event& event) const;
  [[nodiscard]] bool needs_check(const Event& event) const;
  void start_check(Event& event);
  [[nodiscard]] bool given_up(const Station& station) const;
  void give_up(Station& station);
  void assume(const Item& item, const Outcome& outcome);
  [[nodiscard]] bool all_given_up() const;

  Ports& ports_;
  Observer& observer_;
  Options options_;
  Instant now_{Duration(0)};
  std::optional<Instant> wake_;
  bool started_ = false;
  bool stopping_ = false;
  bool pumping_ = false;

  std::shared_ptr<const Bound> current_;
  std::map<std::string, std::shared_ptr<const Bound>> bounds_;  ///< by hash; those in use

  Transaction pending_;
  /// By connection, node and target: how far each sink got in this life, durable or on its way.
  std::map<std::tuple<std::string, std::string, std::string>, std::string> sink_positions_;
  bool sinks_closed_ = false;
  std::vector<std::function<void(const Committed&)>> after_;
  std::vector<std::function<void(const Committed&)>> committing_;
  CommitId commit_ = 0;
  bool commit_under_way_ = false;

  std::map<std::string, std::unique_ptr<Poller>> pollers_;  ///< by pipeline and source
  std::unordered_map<EventId, std::unique_ptr<Event>> events_;
  std::map<std::pair<std::string, std::string>, EventId> active_keys_;
  struct Scan {
    EventId position = 0;
    bool more = true;
    std::size_t loaded = 0;
  };
  std::map<std::string, Scan> scans_;  ///< by pipeline
  EventId earlier_life_ = 0;           ///< events up to this id may have been begun before

  std::map<std::string, Station> stations_;
  std::unordered_map<std::string, std::uint64_t> busy_;  ///< identities at targets, and the item that holds each
  std::uint64_t next_item_ = 1;
  std::size_t checks_ = 0;                          ///< looks at waiting events under way
  std::unordered_map<std::string, Value> assumed_;  ///< dry run

  std::map<std::string, Gate> gates_;
  std::map<std::string, ConnectionState> connections_;
  std::unordered_map<CallId, PendingCall> calls_;
  CallId next_call_ = 1;
  std::size_t calls_in_flight_ = 0;
  std::map<std::uint64_t, std::unique_ptr<Job>> jobs_;
  std::vector<std::uint64_t> finished_;
  std::uint64_t next_job_ = 1;
};

std::string source_key(const plan::Source& source);
std::string place_text(const plan::Place* place);
std::string shortened(const std::string& text, std::size_t limit = 4096);

}  // namespace pipewright::engine
