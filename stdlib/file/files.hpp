// What the nodes of this folder share: the connection, open files by device and inode.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/node.hpp"

namespace pipewright::file {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();
  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool open() const { return number_ >= 0; }

 private:
  int number_;
};

/// A file, whatever it is called.
struct FileId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  friend auto operator<=>(const FileId&, const FileId&) = default;
};
FileId id_of(const struct stat& status);

/// A checksum (FNV-1a, 64 bits) that distinguishes contents; 16 hexadecimal digits in a cursor or position.
std::uint64_t checksum(std::string_view bytes);
std::string checksum_text(std::uint64_t sum);
/// `length` bytes from `offset` on; shorter where the file ends, nothing when it cannot be read.
std::optional<std::string> read_at(int descriptor, std::uint64_t offset, std::size_t length);

engine::Failure permanent(std::string reason, std::string help);

/// How far a target of `file.append` got, as the journal keeps it.
struct Position {
  std::uint64_t size = 0;
  std::string sum;           ///< of the last bytes before `size`; empty: of an older version, not compared
  std::uint64_t number = 0;  ///< counts all positions: of two for one file the later one holds
  bool closed = false;       ///< the run that wrote it ended cleanly: what follows is somebody else's
};

/// A target of `file.append`. One for each file, whatever its spellings and whichever connections write to it.
struct Target {
  std::string path;  ///< canonical; how the journal calls it
  FileId id;
  std::shared_ptr<const Descriptor> descriptor;  ///< closed when many are open; then it is empty
  bool regular = true;                           ///< of a pipe or a device nothing is kept and nothing cut
  std::uint64_t size = 0;                        ///< by the file's own word after each write
  std::uint64_t own_end = 0;                     ///< behind the last byte that this process wrote; 0: it wrote none
  std::uint64_t own_start = 0;                   ///< everything from here to own_end is this process's
  bool announced = false;                        ///< the journal knows that it is written to
  bool torn = false;                             ///< part of a write could not be cut off yet
  bool unsynced = false;                         ///< written to since the descriptor was opened
  /// errno of a synchronisation that failed when the descriptor had to make room; read by the journal's thread.
  std::shared_ptr<std::atomic<int>> sync_error = std::make_shared<std::atomic<int>>(0);
  std::string aside;                                        ///< where lines are kept that were cut off
  std::unordered_map<std::uint64_t, std::size_t> expected;  ///< those lines, by checksum, until they come again
  std::list<Target*>::iterator recent;                      ///< in Targets::open_, while the descriptor is there

  /// All of it or nothing: what a failed write left behind is cut off again.
  std::optional<engine::Failure> write(std::string_view lines);
  /// For the journal; `number` from Targets::next_number.
  [[nodiscard]] std::string position(std::uint64_t number, bool closed) const;
  /// Of the last bytes before `end`.
  [[nodiscard]] std::string sum_before(std::uint64_t end) const;
  /// Removes the file aside when all that it holds has been written again.
  void came_again(std::string_view lines, const std::function<void(std::string)>& log);
};

/// All targets of one program, with no more than `most_open` descriptors.
class Targets {
 public:
  static constexpr std::size_t most_open = 64;
  /// The target at `path`, open. A file that was renamed away meanwhile makes room for the one that is there now. The
  /// failure is permanent where another try would find the same.
  tl::expected<Target*, engine::Failure> open(const std::string& path);
  /// A position that the journal knows: applied by the next `cut_back`.
  void remember(const std::string& path, Position position);
  std::uint64_t next_number() {
    if (first_own_ == 0) first_own_ = number_ + 1;
    return ++number_;
  }
  [[nodiscard]] bool to_cut() const { return !remembered_.empty(); }
  /// Cuts off what an interrupted run wrote behind its last position; what is cut is kept in a file aside.
  tl::expected<void, engine::Failure> cut_back(const std::function<void(std::string)>& log);

 private:
  void touch(Target& target, std::shared_ptr<const Descriptor> descriptor);
  std::map<FileId, Target> targets_;
  std::list<Target*> open_;  ///< the latest used first
  std::map<std::string, Position> remembered_;
  std::uint64_t number_ = 0;
  std::uint64_t first_own_ = 0;  ///< the first position of this process; 0: there is none yet
};

/// Lines that one connection has for one target.
struct Sink {
  Target* target = nullptr;
  std::string waiting;
  std::vector<std::size_t> items;  ///< of the batch, whose lines wait
  engine::Value result;            ///< what the step's name is bound to
};

/// A file that is being read, in blocks.
struct Reading {
  Descriptor descriptor;
  std::uint64_t offset = 0;  ///< of the first byte of `buffer`
  std::string buffer;
  Instant used;               ///< when it was read last
  std::uint64_t scanned = 0;  ///< up to where a line that is too long has been searched
};

class Files : public engine::Connection {
 public:
  Files(engine::Settings settings, std::shared_ptr<Targets> shared)
      : Connection(std::move(settings)), targets(std::move(shared)) {}
  const std::string& path_of(const std::string& written);

  std::shared_ptr<Targets> targets;
  std::unordered_map<std::string, Sink> sinks;                ///< by path
  std::vector<Sink*> dirty;                                   ///< with lines that wait
  std::vector<Target*> opened;                                ///< that the journal does not know yet
  std::vector<std::string> log;                               ///< for the next batch to note
  std::map<std::string, std::map<FileId, Reading>> readings;  ///< by path: the file there, and what it was before

 private:
  std::map<std::string, std::string> paths_;
};

engine::Task<engine::Page> poll_lines(engine::Connection& connection, engine::Look look, engine::Calls& calls);
/// `file.append`, whole.
engine::ActionNode append_node();

}  // namespace pipewright::file
