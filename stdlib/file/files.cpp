#include "stdlib/file/files.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace pipewright::file {

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

FileId id_of(const struct stat& status) { return {status.st_dev, status.st_ino}; }

std::uint64_t checksum(std::string_view bytes) {
  std::uint64_t sum = 0xcbf29ce484222325U;
  for (const char c : bytes) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return sum;
}

std::string checksum_text(std::uint64_t sum) { return fmt::format("{:016x}", sum); }

std::optional<std::string> read_at(int descriptor, std::uint64_t offset, std::size_t length) {
  std::string bytes(length, '\0');
  std::size_t done = 0;
  while (done < length) {
    const ssize_t got = ::pread(descriptor, bytes.data() + done, length - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

engine::Failure permanent(std::string reason, std::string help) {
  engine::Failure failure;
  failure.kind = engine::Failure::Kind::permanent;
  failure.reason = std::move(reason);
  failure.help = std::move(help);
  failure.delivery = engine::Delivery::not_sent;
  return failure;
}

const std::string& Files::path_of(const std::string& written) {
  const auto [found, fresh] = paths_.try_emplace(written);
  if (fresh) {
    const std::filesystem::path path(written);
    found->second = path.is_absolute()
                        ? path.lexically_normal().string()
                        : (std::filesystem::path(settings().directory) / path).lexically_normal().string();
  }
  return found->second;
}

}  // namespace pipewright::file
