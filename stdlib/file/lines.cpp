// Lines of a file that grows, is renamed away, replaced or rewritten: each line once.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "base/text.hpp"
#include "engine/json.hpp"
#include "stdlib/file/files.hpp"

namespace pipewright::file {
namespace {

using engine::Calls;
using engine::Connection;
using engine::Look;
using engine::NewEvent;
using engine::Page;
using engine::Task;
using engine::Value;

constexpr std::size_t block = std::size_t{1} << 20U;
constexpr std::size_t longest_line = std::size_t{16} << 20U;  // a longer one parks
constexpr std::size_t largest_page = std::size_t{32} << 20U;  // bytes of lines in one page
constexpr std::size_t fingerprint = 256;                      // bytes of the first line
constexpr std::size_t tail_length = 1024;                     // bytes before the offset
constexpr auto settled_after = std::chrono::seconds(3);       // without a write: nobody is in the middle of a line

/// Where a source stands: in which file, and up to where. A file is known again by its inode, its first line and what
/// stands before the offset; the generation names it in the identity of its lines.
struct Place {
  std::uint64_t offset = 0;
  std::uint64_t line = 0;
  FileId file;
  std::string generation;  ///< empty: nothing has been read of it
  std::string head;        ///< checksum of the first `head_length` bytes
  std::size_t head_length = 0;
  std::string tail;             ///< checksum of the bytes before `offset`
  std::uint64_t rewritten = 0;  ///< how often a file of this inode was rewritten in place

  [[nodiscard]] bool begun() const { return offset > 0; }
  [[nodiscard]] bool old() const { return begun() && head.empty(); }  ///< of a version that kept the offset alone
};

std::uint64_t whole(const Value& value) {
  return value.number() == nullptr ? 0 : static_cast<std::uint64_t>(value.number()->integer().value_or(0));
}

Place place_of(const std::string& cursor) {
  Place place;
  const Result<Value> read = cursor.empty() ? Result<Value>(Value()) : engine::parse_json(cursor);
  if (!read) return place;
  place.offset = whole((*read)["offset"]);
  place.line = whole((*read)["line"]);
  place.file = {whole((*read)["device"]), whole((*read)["inode"])};
  place.generation = (*read)["generation"].display();
  place.head = (*read)["head"].display();
  place.head_length = whole((*read)["head_length"]);
  place.tail = (*read)["tail"].display();
  place.rewritten = whole((*read)["rewritten"]);
  return place;
}

std::string cursor_of(const Place& place) {
  return fmt::format(
      "{{\"offset\":{},\"line\":{},\"device\":{},\"inode\":{},\"generation\":\"{}\",\"head\":\"{}\",\"head_length\":{},"
      "\"tail\":\"{}\",\"rewritten\":{}}}",
      place.offset, place.line, place.file.device, place.file.inode, place.generation, place.head, place.head_length,
      place.tail, place.rewritten);
}

std::string sum_at(int descriptor, std::uint64_t offset, std::size_t length) {
  const auto bytes = read_at(descriptor, offset, length);
  return bytes && bytes->size() == length ? checksum_text(checksum(*bytes)) : std::string();
}

std::size_t tail_before(std::uint64_t offset) { return std::min<std::uint64_t>(offset, tail_length); }

// Notes what is in the file around the place, so that it is known again.
void mark(Place& place, int descriptor) {
  if (!place.begun()) return;
  if (place.head.empty()) {
    const auto start = read_at(descriptor, 0, std::min<std::uint64_t>(fingerprint, place.offset));
    if (!start) return;
    place.head_length = std::min(start->find('\n'), start->size() - 1) + 1;
    place.head = checksum_text(checksum(std::string_view(*start).substr(0, place.head_length)));
  }
  if (place.generation.empty())
    place.generation = checksum_text(
        checksum(fmt::format("{} {} {} {}", place.file.device, place.file.inode, place.head, place.rewritten)));
  const std::size_t length = tail_before(place.offset);
  place.tail = sum_at(descriptor, place.offset - length, length);
}

// Whether what was read stands in this file too, as it was read.
bool continues(const Place& place, int descriptor, std::uint64_t size) {
  if (size < place.offset) return false;
  if (!place.begun() || place.old()) return true;
  const std::size_t length = tail_before(place.offset);
  return sum_at(descriptor, 0, place.head_length) == place.head &&
         sum_at(descriptor, place.offset - length, length) == place.tail;
}

Instant written_at(const struct stat& status) {
  return Instant(std::chrono::duration_cast<Duration>(std::chrono::seconds(status.st_mtim.tv_sec) +
                                                      std::chrono::nanoseconds(status.st_mtim.tv_nsec)));
}

// The file of that inode in the folder of `path`, under another name: it was renamed while nobody read.
Descriptor renamed(const std::string& path, const FileId& file) {
  std::error_code error;
  const auto folder = std::filesystem::path(path).parent_path();
  std::size_t seen = 0;
  for (std::filesystem::directory_iterator at(folder.empty() ? "." : folder, error), end;
       !error && at != end && ++seen < 10'000; at.increment(error)) {
    struct stat status{};
    if (::lstat(at->path().c_str(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_ino != file.inode) continue;
    Descriptor found(::open(at->path().c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (found.open()) return found;
  }
  return Descriptor(-1);
}

Value line_value(std::string_view text, std::uint64_t line) {
  Result<Value> value = engine::parse_json(text);
  if (value) return std::move(*value);
  return Value(engine::Broken{fmt::format("line {}", line), "JSON", shortened(beginning(text, 200), 60)});
}

// Reads on until a whole line is in the buffer behind `from`, the file ends or the line is too long. The line's end
// (behind its newline), or npos.
std::size_t line_end(Reading& reading, std::size_t from) {
  std::size_t searched = from;
  while (true) {
    const std::size_t end = reading.buffer.find('\n', searched);
    if (end != std::string::npos) return end + 1;
    searched = reading.buffer.size();
    if (searched - from > longest_line) return std::string::npos;
    const auto more = read_at(reading.descriptor.number(), reading.offset + searched, block);
    if (!more || more->empty()) return std::string::npos;
    reading.buffer += *more;
  }
}

// Searches the end of a line that is too long, without keeping it: the offset behind it, or nothing so far.
std::optional<std::uint64_t> end_of_long_line(Reading& reading, std::uint64_t begin) {
  reading.scanned = std::max(reading.scanned, begin);
  while (true) {
    const auto bytes = read_at(reading.descriptor.number(), reading.scanned, block);
    if (!bytes || bytes->empty()) return std::nullopt;
    const std::size_t end = bytes->find('\n');
    if (end != std::string::npos) return reading.scanned + end + 1;
    reading.scanned += bytes->size();
  }
}

// As fmt does, but for every line of a large file.
void append_whole(std::string& text, std::uint64_t number) {
  std::array<char, 20> digits{};
  text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos; }

// A last line without its end: whole as it is? A number may go on.
bool is_whole(std::string_view text) {
  const Result<Value> value = engine::parse_json(text);
  return value && (value->record() != nullptr || value->list() != nullptr || value->text() != nullptr);
}

/// One page of one file.
class Pages {
 public:
  Pages(Reading& reading, Place& place, Page& page, const std::string& path, std::string written)
      : reading_(reading), place_(place), page_(page), path_(path), written_(std::move(written)) {}

  /// Takes the lines that are there; `last`: also one without its end, when it is whole or `at_any_rate`. False: such a
  /// line is left.
  bool take(std::size_t room, bool last, bool at_any_rate) {
    if (place_.offset < reading_.offset || place_.offset > reading_.offset + reading_.buffer.size()) {
      reading_.buffer.clear();
    } else {
      reading_.buffer.erase(0, place_.offset - reading_.offset);
    }
    reading_.offset = place_.offset;
    std::size_t at = 0;
    bool left = false;
    while (page_.events.size() < room && at < largest_page) {
      std::size_t end = line_end(reading_, at);
      if (end == std::string::npos && reading_.buffer.size() - at > longest_line) {
        if (skip_long_line(at)) return true;
        left = true;
        break;
      }
      if (end == std::string::npos) {
        const std::string_view rest = std::string_view(reading_.buffer).substr(at);
        if (rest.empty()) break;
        if (is_blank(rest)) break;
        left = !last || (!at_any_rate && !is_whole(rest));
        if (left) break;
        end = reading_.buffer.size();
      }
      const std::string_view text = std::string_view(reading_.buffer).substr(at, end - at);
      ++place_.line;
      if (!is_blank(text)) add(text, place_.offset + at, place_.offset + end);
      at = end;
    }
    place_.offset += at;
    return !left;
  }

 private:
  void add(std::string_view text, std::uint64_t offset, std::uint64_t end) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    add(line_value(text, place_.line), offset, end);
  }
  void add(Value value, std::uint64_t offset, std::uint64_t end) {
    if (place_.generation.empty()) {  // the first line is there: the file can be distinguished from others
      Place here = place_;
      here.offset = end;
      mark(here, reading_.descriptor.number());
      place_.head = here.head;
      place_.head_length = here.head_length;
      place_.generation = here.generation;
    }
    NewEvent& event = page_.events.emplace_back();
    event.identity.reserve(path_.size() + place_.generation.size() + 22);
    event.identity.append(path_).append(" ").append(place_.generation).append("@");
    append_whole(event.identity, offset);
    event.key.reserve(written_.size() + 21);
    event.key.append(written_).append(":");
    append_whole(event.key, place_.line);
    event.raw = std::move(value);
  }
  // The lines before it go first.
  bool skip_long_line(std::size_t at) {
    const std::uint64_t begin = place_.offset + at;
    const auto end = end_of_long_line(reading_, begin);
    if (!end) return false;
    ++place_.line;
    add(Value(engine::Broken{fmt::format("line {}", place_.line), "a line of at most 16 MiB",
                             beginning(std::string_view(reading_.buffer).substr(at), 60)}),
        begin, *end);
    reading_.buffer.clear();
    place_.offset = reading_.offset = *end;
    page_.more = true;
    return true;
  }

  Reading& reading_;
  Place& place_;
  Page& page_;
  const std::string& path_;
  std::string written_;
};

/// What one poll decides: which file is read on.
class Poll {
 public:
  Poll(Files& files, const Look& look, Calls& calls)
      : files_(files),
        look_(look),
        calls_(calls),
        written_(look.source->text.value_or("")),
        path_(files.path_of(written_)),
        place_(place_of(look.cursor)),
        readings_(files.readings[path_]) {}

  Page page() {
    page_.cursor = look_.cursor;
    Descriptor opened(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    const int error = errno;
    struct stat now{};
    const bool there = opened.open() && ::fstat(opened.number(), &now) == 0;
    if (there && !S_ISREG(now.st_mode)) {
      page_.failure =
          permanent(fmt::format("{} is {}, not a file", path_, S_ISDIR(now.st_mode) ? "a folder" : "a device"),
                    "name a file of JSON lines; the path is relative to pipewright.toml");
      return std::move(page_);
    }
    const FileId current = there ? id_of(now) : FileId{};
    const bool known = place_.file.inode != 0;  // also of a file of which nothing has been read yet
    if (known && current.inode != place_.file.inode && drain_former()) return std::move(page_);
    if (!there) {
      if (look_.cursor.empty() && starts_now()) page_.cursor = cursor_of(place_);  // all of a file to come is new
      page_.failure = permanent(fmt::format("{} cannot be read: {}", path_, std::strerror(error)),
                                "the path is relative to pipewright.toml");
      return std::move(page_);
    }
    // Another pipeline may still be reading what was there before.
    std::erase_if(readings_, [&](const auto& each) {
      return each.first != current && calls_.now() - each.second.used > std::chrono::minutes(1);
    });
    auto found = readings_.find(current);
    if (found == readings_.end()) found = readings_.emplace(current, Reading{std::move(opened)}).first;
    if (look_.cursor.empty() && starts_now()) return behind_end(current, found->second, now);
    choose(current, found->second, static_cast<std::uint64_t>(now.st_size));
    read(found->second, now, false);
    return std::move(page_);
  }

 private:
  [[nodiscard]] bool starts_now() const { return look_.source->since && look_.source->since->count() == 0; }

  // `since now`: what stands in the file already is left out, up to the end of the last whole line.
  Page behind_end(const FileId& current, Reading& reading, const struct stat& status) {
    place_.file = current;
    const auto size = static_cast<std::uint64_t>(status.st_size);
    for (std::uint64_t at = 0; at < size; at += block) {
      const auto bytes = read_at(reading.descriptor.number(), at, std::min<std::uint64_t>(block, size - at));
      if (!bytes) break;
      for (std::size_t end = bytes->find('\n'); end != std::string::npos; end = bytes->find('\n', end + 1)) {
        place_.offset = at + end + 1;
        ++place_.line;
      }
    }
    reading.offset = place_.offset;
    mark(place_, reading.descriptor.number());
    page_.cursor = cursor_of(place_);
    return std::move(page_);
  }

  // The file that was there before is read to its end first. True: this page is of it.
  bool drain_former() {
    auto former = readings_.find(place_.file);
    if (former == readings_.end()) {
      Descriptor found = renamed(path_, place_.file);
      if (!found.open()) return false;
      former = readings_.emplace(place_.file, Reading{std::move(found)}).first;
    }
    Reading& reading = former->second;
    struct stat status{};
    if (::fstat(reading.descriptor.number(), &status) != 0 ||
        !continues(place_, reading.descriptor.number(), static_cast<std::uint64_t>(status.st_size)))
      return false;
    was_renamed_ = status.st_nlink > 0;
    // Replaced by a file that begins with all of it: that one is read on, which loses nothing.
    if (!was_renamed_ && stands_in_present(reading.descriptor.number(), static_cast<std::uint64_t>(status.st_size)))
      return false;
    read(reading, status, true);
    if (page_.more || !page_.events.empty()) {
      page_.more = true;
      return true;
    }
    // Whoever wrote it may still have it open.
    return !settled(status) && (!look_.once || page_.notice);
  }

  [[nodiscard]] bool stands_in_present(int former, std::uint64_t size) const {
    const Descriptor present(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    for (std::uint64_t at = 0; present.open() && at < size; at += block) {
      const std::size_t length = std::min<std::uint64_t>(block, size - at);
      if (read_at(former, at, length) != read_at(present.number(), at, length)) return false;
    }
    return present.open();
  }

  // Which place in the file that is there now: behind what was read, or its beginning.
  void choose(const FileId& current, Reading& reading, std::uint64_t size) {
    const bool same_inode = place_.old() || place_.file.inode == current.inode;
    if ((place_.begun() || was_renamed_) && (was_renamed_ || !continues(place_, reading.descriptor.number(), size))) {
      Place fresh;
      fresh.rewritten = same_inode ? place_.rewritten + 1 : 0;
      place_ = fresh;
      reading.buffer.clear();
      reading.offset = reading.scanned = 0;
      page_.notice = fmt::format("{} is another file than before: it is read from its beginning", written_);
    }
    place_.file = current;
  }

  [[nodiscard]] bool settled(const struct stat& status) const {
    return calls_.now() - written_at(status) >= settled_after;
  }

  void read(Reading& reading, const struct stat& status, bool former) {
    reading.used = calls_.now();
    mark(place_, reading.descriptor.number());  // of a cursor that an older version left
    Pages pages(reading, place_, page_, path_, written_);
    const bool quiet = settled(status);
    const bool whole_file = pages.take(look_.room, (look_.once || former) && quiet, former && quiet);
    mark(place_, reading.descriptor.number());
    page_.cursor = cursor_of(place_);
    if (page_.events.size() >= look_.room || reading.buffer.size() > largest_page) page_.more = true;
    if (!whole_file && look_.once)
      page_.notice =
          fmt::format("the last line of {} has no line end yet: it is read when it is whole, or has one", written_);
  }

  Files& files_;
  const Look& look_;
  Calls& calls_;
  std::string written_;
  const std::string& path_;
  Place place_;
  std::map<FileId, Reading>& readings_;
  Page page_;
  bool was_renamed_ = false;
};

}  // namespace

Task<Page> poll_lines(Connection& connection, Look look, Calls& calls) {
  co_return Poll(static_cast<Files&>(connection), look, calls).page();
}

}  // namespace pipewright::file
