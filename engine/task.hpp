// Task<T>: a lazy coroutine over one single-threaded driver. A node's work on a batch reads top to bottom and awaits
// its calls.
#pragma once

#include <cassert>
#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

namespace pipewright::engine {

template <class T>
class [[nodiscard]] Task {
 public:
  struct promise_type {
    std::optional<T> value;
    std::coroutine_handle<> waiter;

    Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct Final {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
        promise_type& promise = self.promise();
        if (promise.waiter) return promise.waiter;
        return std::noop_coroutine();
      }
      void await_resume() noexcept {}
    };
    Final final_suspend() noexcept { return {}; }
    void return_value(T result) { value.emplace(std::move(result)); }
    void unhandled_exception() { std::terminate(); }  // exceptions end in the file that wraps the library that threw
  };

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
    handle_.promise().waiter = waiter;
    return handle_;
  }
  T await_resume() { return std::move(*handle_.promise().value); }

  /// For the driver: runs until the first wait. `finished()` says whether it came to its end; then `take()` once.
  void start() { handle_.resume(); }
  [[nodiscard]] bool finished() const { return handle_.done(); }
  T take() { return std::move(*handle_.promise().value); }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

/// Awaits what a callback brings: `co_await Awaited<T>([&](auto done) { start_something(done); })`. `done` is called
/// once, later or at once, on the same thread.
template <class T>
class Awaited {
 public:
  explicit Awaited(std::function<void(std::function<void(T)>)> begin) : begin_(std::move(begin)) {}
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) {
    begin_([this, waiter](T value) {
      value_.emplace(std::move(value));
      if (!inside_) waiter.resume();
    });
    inside_ = false;
    return !value_.has_value();  // false: it is there already, go on without suspending
  }
  T await_resume() { return std::move(*value_); }

 private:
  std::function<void(std::function<void(T)>)> begin_;
  std::optional<T> value_;
  bool inside_ = true;
};

}  // namespace pipewright::engine
