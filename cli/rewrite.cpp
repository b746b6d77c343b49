#include "cli/rewrite.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace pipewright::cli {
namespace {

bool write_all(int file, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = ::write(file, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += static_cast<std::size_t>(count);
  }
  return ::fsync(file) == 0;
}

}  // namespace

std::optional<std::string> replace_file(const std::string& path, const std::string& text) {
  std::error_code error;
  const std::filesystem::path target = std::filesystem::canonical(path, error);
  if (error) return error.message();
  struct stat status{};
  if (::stat(target.c_str(), &status) != 0) return std::strerror(errno);
  if (::access(target.c_str(), W_OK) != 0) return std::strerror(errno);  // a rename would not ask
  std::string beside = (target.parent_path() / ("." + target.filename().string() + ".XXXXXX")).string();
  const int file = ::mkstemp(beside.data());
  if (file < 0) return std::strerror(errno);
  const bool written = write_all(file, text);
  // The owner stays where this user may give files away; where not, the file becomes the user's.
  [[maybe_unused]] const int owner = ::fchown(file, status.st_uid, status.st_gid);
  const bool kept = ::fchmod(file, status.st_mode & 07777) == 0;
  const bool closed = ::close(file) == 0;
  if (written && kept && closed && ::rename(beside.c_str(), target.c_str()) == 0) return std::nullopt;
  const std::string why = std::strerror(errno);
  ::unlink(beside.c_str());
  return why;
}

}  // namespace pipewright::cli
