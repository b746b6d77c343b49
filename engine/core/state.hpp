// The core's insides, shared by its files. Nobody else includes this.
#pragma once

#include <deque>
#include <list>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "engine/core/core.hpp"
#include "engine/core/reach.hpp"
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

/// One group of an account (of one origin, where the node tells origins apart): its bucket, its back-off while its
/// calls fail, and whose turn it is.
struct Limiter {
  Bucket bucket;
  std::deque<CallId> waiting;
  int in_flight = 0;
  int failures = 0;
  Instant not_before{Duration(0)};
  Instant last_failure{Duration(0)};
  std::optional<Instant> failing_since;
  std::string reason;     ///< of the last failure
  bool reported = false;  ///< the outage, to the observer
  std::string connection, account, group;
  bool dirty = false;  ///< its bucket is not in the journal as it is

  /// Calls made for each pipeline; one that was idle begins where the others are.
  std::map<std::string, double> served;
  double turn = 0;
  [[nodiscard]] double priority(const std::string& pipeline) const {
    const auto found = served.find(pipeline);
    return found == served.end() ? turn : std::max(found->second, turn);
  }
  void charge(const std::map<std::string, double>& shares);
};
using LimiterKey = std::pair<std::string, std::string>;  ///< account and group

struct ConnectionState {
  std::string name;
  bool down = false;  ///< bad credentials: one call at a time tries them
  bool probing = false;
  int failures = 0;
  Instant probe_at{Duration(0)};
  std::optional<Instant> down_since;
  std::string reason;
};
using ConnectionKey = std::pair<std::string, std::string>;  ///< connection and realm

struct Event {
  EventId id = 0;
  Rank rank;  ///< its place in the order of its key
  std::shared_ptr<const Bound> bound;
  const plan::Pipeline* pipeline = nullptr;  ///< null: the plan does not know it
  EventData data;
  std::string source, account, identity;
  std::map<Address, Recorded> outcomes;
  std::vector<Intent> intents;                ///< unasked effects whose delivery is unknown
  EventId origin = 0;                         ///< see StoredEvent::origin_id
  std::map<std::string, NewestWrite> newest;  ///< of its key, by connection
  std::set<Address> under_way;                ///< queued, running, or its outcome not durable yet
  std::vector<Want> next;  ///< wanted, to be queued when what came before is durable and its turn has come
  Reach reach;             ///< what it may yet reach
  std::vector<EndedStep> steps;
  std::optional<Ending> ending;  ///< under way to the journal
  int uncommitted = 0;
  std::size_t bytes = 0;
  Delivery delivery = Delivery::not_sent;  ///< of its next effects
  bool moved = false;                      ///< outcomes of another plan are among its own: every effect is in doubt
  bool wrote = false;
  bool begun = false;     ///< an effect of it was recorded, or may have been sent
  bool released = false;  ///< nothing earlier of its key is in its way
  bool checking = false;
  bool dirty = false;  ///< an outcome came: it is to be walked again
  bool reopened = false, as_was = false, stale_allowed = false;
  bool gone = false;                     ///< its pipeline was deleted: it ends with what is under way
  std::optional<std::string> skip;       ///< a person ends it, with this reason
  Instant checked_at{Duration(0)};       ///< when it was last known to be wanted
  std::optional<Instant> failing_since;  ///< an earlier process has retried it since then
  std::string waits_for;                 ///< as the journal has it
};

/// One effect that waits in a queue.
struct QueuedEffect {
  std::uint64_t sequence = 0;
  Event* event = nullptr;
  Want want;
  std::string fingerprint;
  std::string subject;                     ///< the record that it is about, with connection and node; empty: none
  std::string identity;                    ///< the same, of what may write: two never run side by side
  Delivery delivery = Delivery::not_sent;  ///< of the tries before
  bool intended = false;                   ///< its intent is in the journal
  bool gave_up = false;
  int attempts = 0;
  std::optional<Instant> first_failure;  ///< of any process: `retry_for` counts from there
  std::optional<Instant> failing_here;   ///< of this one: `once` gives up a while after it
  std::string last_failure;
  Instant ready_at{Duration(0)};
  std::vector<QueuedEffect> followers;  ///< equal work: they get its outcome
  std::vector<Exchange> exchanges;
};

/// Equal work of all pipelines: one for each connection, node, verb and realm.
struct EffectQueue {
  std::string connection, realm;
  const ActionNode* node = nullptr;
  Verb verb = Verb::find;
  Repeat repeat = Repeat::keyed;
  std::map<std::uint64_t, QueuedEffect> waiting;
  std::map<std::string, std::size_t> by_pipeline;  ///< how many of them wait
  std::size_t running = 0;
  bool dirty = false;
  bool reported = false;  ///< that its effects fail, to the observer
  std::optional<Instant> next_try;

  void add(QueuedEffect effect);
  QueuedEffect remove(std::map<std::uint64_t, QueuedEffect>::iterator at);
};
using QueueKey = std::tuple<std::string, std::string, Verb, std::string>;

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
  std::optional<Instant> failed_before;  ///< of the row of pages before, when it failed too
  std::string notice;
  std::string last_failure;
  bool fresh = false;  ///< never polled by any process
  bool bulk = false;   ///< not journaled one by one
  bool polling = false;
  int storing = 0;    ///< pages that are not durable yet: one, or a few of a bulk poller
  bool more = false;  ///< the last page said that there is a next one
  bool done = false;  ///< `once`: has no more
  bool refused = false;
  bool gave_up = false;
  bool removed = false;
  std::shared_ptr<const Bound> next_bound;  ///< after a reload while it polled
};
using PollerKey = std::pair<std::string, std::string>;  ///< pipeline and source

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
  std::optional<Task<Page>> poll;
  std::optional<Task<std::vector<std::optional<std::string>>>> check;
  EffectQueue* queue = nullptr;
  std::vector<QueuedEffect> effects;
  Poller* poller = nullptr;
  std::vector<EventId> events;           ///< that are checked
  std::map<std::string, double> shares;  ///< pipelines that it works for, together 1
  bool begun = false;
  bool probe = false;
  bool abandoned = false;  ///< a check that took too long: nobody waits for it

  [[nodiscard]] bool finished() const {
    return (batch && batch->finished()) || (poll && poll->finished()) || (check && check->finished());
  }
  [[nodiscard]] Instant now() const override;
  [[nodiscard]] bool dry() const override;
  void log(LogLevel level, std::string text) override;

 protected:
  void start(Request request, std::function<void(CallResult)> done) override;
  void went_on() override;
  void look_up(std::vector<std::string> keys, std::function<void(std::map<std::string, Seen>)> done) override;
  void look_up_open(std::string after, std::size_t limit, std::function<void(std::vector<Seen>)> done) override;
  void look_up_shared(std::string kind, std::vector<std::string> keys,
                      std::function<void(std::map<std::string, Seen>)> done) override;
  void look_up_shared_open(std::string kind, std::string after, std::size_t limit,
                           std::function<void(std::vector<Seen>)> done) override;
  void store(std::vector<SharedState> states, std::function<void(bool)> done) override;
};

struct PendingCall {
  Job* job = nullptr;
  Request request;
  std::function<void(CallResult)> done;
  std::vector<std::pair<std::uint64_t, std::function<void(CallResult)>>> sharers;  ///< other polls that ask the same
  Limiter* limiter = nullptr;
  Instant asked_at{};  ///< when the job asked for it
  bool sent = false;
  Instant sent_at{Duration(0)};       ///< steady
  Instant sent_at_wall{Duration(0)};  ///< for the record
};

struct BulkRun;
struct Passing;

class Engine {
 public:
  Engine(Ports& ports, Observer& observer, Options options) : ports_(ports), observer_(observer), options_(options) {}

  // core.cpp: inputs, the pump, the journal's queue
  Result<void> start(std::shared_ptr<const Runnable> runnable, Opening opening, Now now);
  void tick(Now now);
  void committed(Now now, CommitId id, Result<Committed> committed);
  void replied(Now now, QueryId id, Result<Reply> reply);
  void stop(Now now);
  [[nodiscard]] bool stopped() const;
  [[nodiscard]] const Error* broken() const { return broken_ ? &*broken_ : nullptr; }
  [[nodiscard]] bool drained() const;
  [[nodiscard]] std::vector<std::string> undrained() const;
  [[nodiscard]] std::optional<Instant> wakes_at() const { return wake_; }
  [[nodiscard]] std::vector<ConnectionStatus> connections() const;
  [[nodiscard]] std::vector<std::string> plans() const;
  [[nodiscard]] std::size_t loaded() const { return events_.size(); }
  void pump();

  // calls.cpp: limiters, requests, responses
  void call(Job& job, Request request, std::function<void(CallResult)> done);
  void answered(Now now, CallId id, CallResult result);

  // reload.cpp: another plan · requests.cpp: what people ask
  Result<void> swap(std::shared_ptr<const Runnable> runnable, Now now);
  void retry(std::vector<EventId> ids, bool as_was, bool stale, Now now, Core::Answers answered);
  void skip(std::vector<EventId> ids, std::string why, Now now, Core::Answers answered);
  void serve_requests(Now now);
  Result<void> deliver(const std::string& pipeline, std::size_t source, std::vector<NewEvent> events,
                       std::function<void()> stored, Now now);

  [[nodiscard]] Instant now() const { return now_; }
  [[nodiscard]] Instant wall() const { return wall_; }
  [[nodiscard]] const Options& options() const { return options_; }
  Ports& ports() { return ports_; }
  void ask(Query query, std::function<void(Reply)> then);
  void job_went_on(std::uint64_t id);
  /// Of an account; `stored` is called when they are durable.
  void keep_shared(const std::string& account, std::vector<SharedState> states, std::function<void()> stored);
  [[nodiscard]] std::string scrubbed(std::string text) const;

 private:
  // core.cpp
  void set_clock(Now now);
  void after_commit(std::function<void(const Committed&)> then) { after_.push_back(std::move(then)); }
  bool flush();
  void wake(Instant at) {
    if (!wake_ || at < *wake_) wake_ = at;
  }
  [[nodiscard]] Result<void> check(const Runnable& runnable) const;
  Result<void> resume_sinks();

  // calls.cpp
  Limiter& limiter(const Connection& connection, const std::string& group);
  ConnectionState& state_of(const std::string& connection, const std::string& realm);
  [[nodiscard]] bool open(const Limiter& limiter) const;
  bool send_waiting();
  void judge(Limiter& limiter, const PendingCall& call, const CallResult& result, const std::string& unreadable);
  [[nodiscard]] bool failing(const Connection& connection) const;
  void note_pause(Limiter& limiter, const std::string& connection, Duration pause);
  [[nodiscard]] Exchange exchange_of(const PendingCall& call, const CallResult& result) const;
  void hand_over(PendingCall& call, CallResult result);
  bool may_start(ConnectionState& state);
  void begin(Job& job);
  void over(Job& job, const std::optional<Failure>& failure);
  Job& new_job(std::shared_ptr<const Bound> bound, std::shared_ptr<Connection> connection, const std::string& realm);
  bool send_from(Limiter& limiter);
  void refuse_waiting(Limiter& limiter, const std::string& reason);
  void take_report(const EffectQueue& queue, Connection& connection, Outcomes& outcomes);
  void close_sinks();
  bool keep(const std::string& connection, const ActionNode& node, std::vector<SinkReach> reached);
  bool keep_openings(const Job& job);
  void keep_buckets();
  void process(std::uint64_t job);
  [[nodiscard]] double priority_of(const Limiter& limiter, const std::map<std::string, double>& shares) const;
  [[nodiscard]] std::shared_ptr<Connection> connection_of(const std::string& name, const Bound& bound) const;
  [[nodiscard]] double jitter() { return ports_.jitter(); }

  // polling.cpp
  void make_pollers();
  bool start_polls();
  bool start_poll(Poller& poller);
  [[nodiscard]] bool due(Poller& poller);
  void polled(Job& job);
  void poll_failed(Poller& poller, const Failure& failure);
  void store_page(Poller& poller, Page page);
  void page_stored(const PollerKey& key, bool arrived, bool fine, bool more);
  StoredEvent stored(const Bound& bound, const plan::Pipeline& pipeline, const plan::Source& source,
                     const std::string& source_key, NewEvent& from) const;
  void note_notice(Poller& poller, const std::string& text);
  void note_begin(Poller& poller, const Page& page);
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
  bool claim_events();
  void claimed(Claimed claimed);
  void claim_key(const std::string& account, const std::string& key);
  void load(ClaimedEvent claimed);
  void choose_plan(Event& event, const StoredEvent& stored);
  std::shared_ptr<const Bound> bound_for(const std::string& hash);
  void replan(Event& event, std::shared_ptr<const Bound> bound);
  bool walk_dirty();
  void go_on(Event& event);
  void queue_next(Event& event);
  void record(QueuedEffect& effect, Outcome outcome, std::vector<std::size_t> exchanges);
  void end(Event& event, Ending ending);
  void ended(EventId id);
  void spawn_listeners(const Event& event);
  void note_waiting();
  [[nodiscard]] std::string waits_for(const EffectQueue& queue, const QueuedEffect& effect) const;
  [[nodiscard]] std::map<EventId, Waiting> waiting_reasons() const;

  // order.cpp: order per key
  void find_reach(Event& event);
  [[nodiscard]] const Event* blocker_of(const Event& event) const;
  [[nodiscard]] std::optional<EventId> newer_write(const Event& event) const;
  bool may_run(Event& event);
  void look_behind(const Event& event);

  // queues.cpp
  void enqueue(Event& event, Want want);
  [[nodiscard]] bool may_be_sent_before(Event& event, const QueuedEffect& effect);
  bool start_batches();
  bool start_batch(EffectQueue& queue);
  [[nodiscard]] bool may_call(EffectQueue& queue, const Connection& connection);
  bool can_take(EffectQueue& queue, QueuedEffect& effect);
  std::vector<QueuedEffect> take(EffectQueue& queue, std::size_t limit);
  static Task<Outcomes> appended_nothing(Batch wanted);
  void state_intents(Job& job);
  void take_back(Job& job);
  void came_back(Job& job);
  void note_failing(EffectQueue& queue, const Connection& connection, bool failed);
  void settle(EffectQueue& queue, QueuedEffect effect, const Outcome& outcome, std::vector<std::size_t> exchanges,
              bool follower);
  bool retry_later(QueuedEffect& effect, const Failure& failure);
  static void keep_result(Outcome& outcome);
  void withdraw(QueuedEffect& effect);
  void requeue(EffectQueue& queue, QueuedEffect effect);
  void release(const QueuedEffect& effect);
  bool drop_queued(Event& event);
  [[nodiscard]] double priority_of(const EffectQueue& queue) const;
  [[nodiscard]] std::string group_of(const EffectQueue& queue) const;
  [[nodiscard]] const Limiter* limiter_of(const EffectQueue& queue) const;
  [[nodiscard]] Limiter* limiter_of(const EffectQueue& queue);
  [[nodiscard]] bool given_up(const EffectQueue& queue) const;
  void assume(const QueuedEffect& effect, const Outcome& outcome);
  [[nodiscard]] bool all_given_up() const;

  // checks.cpp: events that waited long
  [[nodiscard]] const plan::Source* origin_of(const Event& event) const;
  [[nodiscard]] bool needs_check(const Event& event) const;
  bool start_checks();
  void start_check(const plan::Source& source, const std::vector<Event*>& events);
  void checked(Job& job);
  void let_go_on(const std::vector<EventId>& events);
  void overdue_checks();

  // requests.cpp
  void decide_retry(const ClaimedEvent& known, bool as_was, bool stale, RetryAnswer& answer);
  void retry_waiting(Event& event, bool as_was, RetryAnswer& answer);
  void recall_calls(const Event& event);
  void skip_waiting(Event& event, const std::string& why, RetryAnswer& answer);

  Ports& ports_;
  Observer& observer_;
  Options options_;
  Instant now_{Duration(0)};  ///< steady
  Instant wall_{Duration(0)};
  std::optional<Instant> wake_;
  bool started_ = false;
  bool stopping_ = false;
  bool released_ = false;  ///< the last word to the journal is said
  bool pumping_ = false;
  std::optional<Error> broken_;

  std::shared_ptr<const Bound> current_;
  std::map<std::string, std::shared_ptr<const Bound>> bounds_;  ///< by hash; those in use
  std::map<std::string, PlanText> plan_texts_;                  ///< that the journal handed out

  Transaction pending_;
  /// By connection, node and target: how far each sink got since the process started, durable or on its way.
  std::map<std::tuple<std::string, std::string, std::string>, std::string> sink_positions_;
  std::vector<std::function<void(const Committed&)>> after_;
  std::vector<std::function<void(const Committed&)>> committing_;
  CommitId commit_ = 0;
  bool commit_under_way_ = false;
  std::map<QueryId, std::function<void(Reply)>> queries_;
  QueryId next_query_ = 1;
  Opening opening_;

  std::map<PollerKey, std::unique_ptr<Poller>> pollers_;
  std::map<EventId, std::unique_ptr<Event>> events_;
  std::vector<EventId> dirty_events_;
  std::size_t loaded_bytes_ = 0;
  /// Events in memory of one (account, key), in its order.
  struct Line {
    std::map<Rank, Event*> events;
    bool deeper = false;  ///< more stand behind, not loaded
  };
  std::map<std::pair<std::string, std::string>, Line> lines_;
  struct Scan {
    bool more = true;
    bool asking = false;
    std::size_t loaded = 0;
  };
  std::map<std::string, Scan> scans_;  ///< by pipeline
  Instant waiting_noted_{Duration(0)};

  std::map<QueueKey, EffectQueue> queues_;
  std::unordered_map<std::string, std::uint64_t> busy_;  ///< identities at targets, and the effect that holds each
  std::uint64_t next_effect_ = 1;
  std::unordered_map<std::string, Value> assumed_;  ///< dry run

  std::map<LimiterKey, Limiter> limiters_;
  Instant buckets_kept_{Duration(0)};
  std::map<ConnectionKey, ConnectionState> connections_;
  std::unordered_map<CallId, PendingCall> calls_;
  CallId next_call_ = 1;
  std::size_t calls_in_flight_ = 0;
  std::map<std::uint64_t, std::unique_ptr<Job>> jobs_;
  std::vector<std::uint64_t> finished_;
  std::set<EventId> to_check_;               ///< that waited long, and whose source has not been asked yet
  std::map<std::uint64_t, Instant> checks_;  ///< jobs that check waiting events, and when each is given up
  std::uint64_t next_job_ = 1;
  std::size_t requests_open_ = 0;  ///< asked for, and not answered in the journal yet
};

std::string source_key(const plan::Source& source);
/// The key of each source of a pipeline in the journal: two of one text are told apart.
std::vector<std::string> source_keys(const plan::Pipeline& pipeline);
std::string place_text(const plan::Place* place);
/// The beginning of a long text, and how long it was.
std::string excerpt(const std::string& text, std::size_t limit = 4096);

}  // namespace pipewright::engine
