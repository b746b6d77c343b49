// Targets of `file.append`: one for each file, cut back to the journal's position after an interrupted run.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "stdlib/file/files.hpp"

namespace pipewright::file {
namespace {

using engine::Failure;

// Full disks, exhausted descriptors and broken devices pass; a path that cannot be opened does not get better.
Failure failure_of(const std::string& path, const char* what, int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case EACCES:
    case EPERM:
    case ENAMETOOLONG:
    case ELOOP:
    case EINVAL:
      return permanent(fmt::format("{} cannot be {}: {}", path, what, std::strerror(error)),
                       "does its folder exist, and may this user write there?");
    default: {
      Failure failure;
      failure.reason = fmt::format("{} cannot be {}: {}", path, what, std::strerror(error));
      failure.help = "make room on the disk; what is missing is written then";
      failure.delivery = engine::Delivery::not_sent;
      return failure;
    }
  }
}

// Not blocking: a pipe that nobody reads is an error, no standstill. A file is opened for reading too, where that is
// allowed: its last bytes show whether it is still the one that was written.
Descriptor open_to_append(const std::string& path, struct stat& status) {
  Descriptor opened(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600));
  if (!opened.open() || ::fstat(opened.number(), &status) != 0) return Descriptor(-1);
  ::fcntl(opened.number(), F_SETFL, ::fcntl(opened.number(), F_GETFL) & ~O_NONBLOCK);
  if (!S_ISREG(status.st_mode)) return opened;
  Descriptor both(::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
  struct stat again{};
  if (both.open() && ::fstat(both.number(), &again) == 0 && id_of(again) == id_of(status)) return both;
  return opened;
}

std::string canonical(const std::string& path) {
  std::error_code error;
  const auto found = std::filesystem::canonical(path, error);
  return error ? path : found.string();
}

// Copies what stands behind `from` into a file of its own beside it, durably; its name.
tl::expected<std::string, Failure> keep_aside(const Target& target, std::uint64_t from, std::uint64_t to) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const std::string stem = fmt::format("{}.cut-{}", target.path, zoned_text(now, "UTC", "%Y%m%d-%H%M%S"));
  std::string name = stem;
  int number = -1;
  for (int nth = 2; nth < 1000; ++nth) {
    number = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (number >= 0 || errno != EEXIST) break;
    name = fmt::format("{}-{}", stem, nth);
  }
  if (number < 0) return tl::unexpected<Failure>(failure_of(name, "written", errno));
  const Descriptor out(number);
  constexpr std::size_t block = 1U << 20U;
  while (from < to) {
    const auto bytes = read_at(target.descriptor->number(), from, std::min<std::uint64_t>(block, to - from));
    if (!bytes || bytes->empty()) return tl::unexpected<Failure>(failure_of(target.path, "read", errno));
    for (std::size_t done = 0; done < bytes->size();) {
      const ssize_t wrote = ::write(number, bytes->data() + done, bytes->size() - done);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) {
        const int error = errno;
        ::unlink(name.c_str());
        return tl::unexpected<Failure>(failure_of(name, "written", error));
      }
      done += static_cast<std::size_t>(wrote);
    }
    from += bytes->size();
  }
  ::fdatasync(number);
  return name;
}

// The whole lines between, by checksum: an interrupted run's lines come again, and then they are not missing.
void expect_lines(Target& target, std::uint64_t from, std::uint64_t to) {
  constexpr std::uint64_t most = std::uint64_t{64} << 20U;
  if (to - from > most) return;  // the file aside stays
  const auto bytes = read_at(target.descriptor->number(), from, to - from);
  if (!bytes) return;
  std::size_t at = 0;
  for (std::size_t end = bytes->find('\n'); end != std::string::npos; end = bytes->find('\n', at)) {
    ++target.expected[checksum(std::string_view(*bytes).substr(at, end - at))];
    at = end + 1;
  }
}

}  // namespace

void Targets::touch(Target& target, std::shared_ptr<const Descriptor> descriptor) {
  if (target.descriptor) open_.erase(target.recent);
  target.descriptor = std::move(descriptor);
  open_.push_front(&target);
  target.recent = open_.begin();
  while (open_.size() > most_open) {
    Target& last = *open_.back();
    if (std::exchange(last.unsynced, false) && ::fdatasync(last.descriptor->number()) != 0 && last.regular)
      *last.sync_error = errno;
    last.descriptor.reset();
    open_.pop_back();
  }
}

tl::expected<Target*, Failure> Targets::open(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0) {
    const auto found = targets_.find(id_of(status));
    if (found != targets_.end() && found->second.descriptor) {
      touch(found->second, found->second.descriptor);
      return &found->second;
    }
  }
  Descriptor opened = open_to_append(path, status);
  if (!opened.open()) return tl::unexpected<Failure>(failure_of(path, "written", errno));
  Target& target = targets_[id_of(status)];
  struct stat named{};
  // A file that is new, was renamed, or has got the inode of one that is gone.
  if (target.path.empty() || ::stat(target.path.c_str(), &named) != 0 || id_of(named) != id_of(status)) {
    target.path = canonical(path);
    target.id = id_of(status);
    target.regular = S_ISREG(status.st_mode);
    target.announced = false;
    target.own_end = 0;
    target.aside.clear();
    target.expected.clear();
  }
  target.size = target.regular ? static_cast<std::uint64_t>(status.st_size) : 0;
  touch(target, std::make_shared<const Descriptor>(std::move(opened)));
  return &target;
}

void Targets::remember(const std::string& path, Position position) {
  number_ = std::max(number_, position.number);
  const auto [found, fresh] = remembered_.try_emplace(path, position);
  const Position& held = found->second;
  const bool later = position.number != held.number ? position.number > held.number : position.size > held.size;
  if (!fresh && later) found->second = std::move(position);
}

tl::expected<void, Failure> Targets::cut_back(const std::function<void(std::string)>& log) {
  // Of two spellings of one file the later position holds.
  std::map<Target*, Position> positions;
  for (const auto& [path, position] : std::exchange(remembered_, {})) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) continue;  // moved away: it begins anew
    auto target = open(path);
    if (!target) return tl::unexpected<Failure>(std::move(target.error()));
    const auto [found, fresh] = positions.try_emplace(*target, position);
    const bool later = position.number != found->second.number ? position.number > found->second.number
                                                               : position.size > found->second.size;
    if (!fresh && later) found->second = position;
  }
  for (const auto& [target, position] : positions) {
    if (target->size <= position.size || position.closed) continue;
    // Of a position of this process it is known whether anything of ours stands behind it.
    const bool own = first_own_ != 0 && position.number >= first_own_;
    if (own && target->own_end <= position.size) continue;
    const bool ours = own && position.size >= target->own_start && target->size == target->own_end;
    if (!position.sum.empty() && position.sum != target->sum_before(position.size)) {
      log(fmt::format(
          "{} is not the file that an earlier run wrote: nothing of it is cut, lines are appended at its end",
          target->path));
      continue;
    }
    if (ours) {
      if (::ftruncate(target->descriptor->number(), static_cast<off_t>(position.size)) != 0)
        return tl::unexpected<Failure>(failure_of(target->path, "cut back", errno));
      target->size = target->own_end = position.size;
      continue;
    }
    auto aside = keep_aside(*target, position.size, target->size);
    if (!aside) return tl::unexpected<Failure>(std::move(aside.error()));
    expect_lines(*target, position.size, target->size);
    if (::ftruncate(target->descriptor->number(), static_cast<off_t>(position.size)) != 0)
      return tl::unexpected<Failure>(failure_of(target->path, "cut back", errno));
    log(
        fmt::format("{}: {} bytes behind the last position of an interrupted run are cut and kept in {} until they are "
                    "written again",
                    target->path, target->size - position.size, *aside));
    target->aside = std::move(*aside);
    target->size = target->own_end = position.size;
  }
  return {};
}

std::string Target::sum_before(std::uint64_t end) const {
  constexpr std::uint64_t window = 4096;
  const std::uint64_t from = end > window ? end - window : 0;
  if (!descriptor || !regular) return {};
  const auto bytes = read_at(descriptor->number(), from, end - from);
  return bytes ? checksum_text(checksum(*bytes)) : std::string();
}

void Target::came_again(std::string_view lines, const std::function<void(std::string)>& log) {
  if (aside.empty()) return;
  std::size_t at = 0;
  for (std::size_t end = lines.find('\n'); end != std::string_view::npos; end = lines.find('\n', at)) {
    const auto found = expected.find(checksum(lines.substr(at, end - at)));
    if (found != expected.end() && --found->second == 0) expected.erase(found);
    at = end + 1;
  }
  if (!expected.empty()) return;
  ::unlink(aside.c_str());
  log(fmt::format("{}: every line that was cut is written again; {} is removed", path, aside));
  aside.clear();
}

std::optional<Failure> Target::write(std::string_view lines) {
  const auto cut = [this](std::uint64_t end) {
    return ::ftruncate(descriptor->number(), static_cast<off_t>(end)) == 0;
  };
  if (torn && !cut(size)) return failure_of(path, "cut back after a write that failed", errno);
  torn = false;
  unsynced = true;
  struct stat status{};
  if (regular && ::fstat(descriptor->number(), &status) == 0) size = static_cast<std::uint64_t>(status.st_size);
  const std::uint64_t before = size;
  if (before != own_end) own_start = before;
  std::size_t done = 0;
  while (done < lines.size()) {
    const ssize_t wrote = ::write(descriptor->number(), lines.data() + done, lines.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) {
      Failure failure = failure_of(path, "written", errno);
      failure.kind = Failure::Kind::transient;
      torn = regular && done > 0 && !cut(size);
      if (torn || (!regular && done > 0)) failure.delivery = engine::Delivery::unknown;
      return failure;
    }
    done += static_cast<std::size_t>(wrote);
  }
  // By the file's own word: somebody else may have appended meanwhile.
  if (regular && ::fstat(descriptor->number(), &status) == 0) size = static_cast<std::uint64_t>(status.st_size);
  own_end = size;
  if (size != before + lines.size()) own_start = size;  // where ours begins between theirs is not known
  return std::nullopt;
}

std::string Target::position(std::uint64_t number, bool closed) const {
  return fmt::format("{{\"size\":{},\"sum\":\"{}\",\"n\":{}{}}}", size, sum_before(size), number,
                     closed ? ",\"closed\":true" : "");
}

}  // namespace pipewright::file
