#include "tests/support/faulty_disk.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <random>
#include <set>
#include <vector>

namespace pipewright::test {
namespace {

constexpr std::uint64_t sector = 512;

// A change that was not synced yet.
struct Pending {
  bool truncates = false;
  std::uint64_t at = 0;  // of a write; the size of a truncation
  std::string bytes;
};

void apply(std::string& content, std::uint64_t at, std::string_view bytes) {
  if (content.size() < at + bytes.size()) content.resize(at + bytes.size(), '\0');
  content.replace(at, bytes.size(), bytes);
}

struct Lock {
  std::set<const void*> shared;
  const void* exclusive = nullptr;
};

struct File {
  std::string content;  // as programs see it
  std::string durable;  // as the next start sees it
  bool synced = false;  // once at least
  std::vector<Pending> pending;
  // Locks of the database file.
  std::map<const void*, int> levels;  // of each handle
  // Shared memory of WAL: blocks keep their place, locks are counted.
  std::vector<std::unique_ptr<std::vector<char>>> shared_memory;
  std::array<Lock, SQLITE_SHM_NLOCK> shared_locks;
};

struct Fault {
  FaultyDisk::Call kind;
  std::uint64_t left;  // calls that still succeed
  std::uint64_t times;
  int code;
  std::string file;
};

}  // namespace

struct FaultyDisk::State {
  explicit State(std::uint64_t seed) : chance(seed) {}

  std::string name;
  sqlite3_vfs vfs{};
  sqlite3_vfs* real = nullptr;  // for time and randomness
  mutable std::mutex mutex;
  std::mt19937_64 chance;
  std::map<std::string, std::shared_ptr<File>> files;
  std::vector<Fault> faults;
  std::array<std::uint64_t, 9> counted{};
  std::uint64_t generation = 0;  // of the power
  std::uint64_t temporary = 0;

  // What this call returns; the mutex is held.
  int judge(Call kind, const std::string& file) {
    ++counted[static_cast<std::size_t>(kind)];
    int code = SQLITE_OK;
    for (Fault& fault : faults) {
      if (fault.kind != kind || !file.ends_with(fault.file) || fault.times == 0) continue;
      if (fault.left > 0) {
        --fault.left;
      } else if (code == SQLITE_OK) {
        --fault.times;
        code = fault.code;
      }
    }
    return code;
  }
};

namespace {

using Call = FaultyDisk::Call;

struct Handle {
  sqlite3_file base;  // SQLite's part, first
  FaultyDisk::State* disk;
  std::shared_ptr<File> file;
  std::string name;
  std::uint64_t generation;
  bool deleted_on_close;
};

Handle& handle(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file); }

// Runs `work` under the disk's mutex, if the power has not gone since the file was opened and no fault is due.
template <class Work>
int guarded(sqlite3_file* file, Call kind, int dead, Work work) {
  Handle& it = handle(file);
  const std::lock_guard lock(it.disk->mutex);
  if (it.generation != it.disk->generation) return dead;
  if (const int code = it.disk->judge(kind, it.name); code != SQLITE_OK) return code;
  return work(it);
}

int close_file(sqlite3_file* file) {
  Handle& it = handle(file);
  {
    const std::lock_guard lock(it.disk->mutex);
    it.file->levels.erase(file);
    if (it.deleted_on_close && it.generation == it.disk->generation) it.disk->files.erase(it.name);
  }
  it.~Handle();
  return SQLITE_OK;
}

int read_file(sqlite3_file* file, void* into, int amount, sqlite3_int64 offset) {
  return guarded(file, Call::read, SQLITE_IOERR_READ, [&](Handle& it) {
    const std::string& content = it.file->content;
    const auto at = static_cast<std::size_t>(offset);
    const auto wanted = static_cast<std::size_t>(amount);
    const std::size_t there = at < content.size() ? std::min(wanted, content.size() - at) : 0;
    if (there > 0) std::memcpy(into, content.data() + at, there);
    if (there == wanted) return SQLITE_OK;
    std::memset(static_cast<char*>(into) + there, 0, wanted - there);
    return SQLITE_IOERR_SHORT_READ;
  });
}

int write_file(sqlite3_file* file, const void* from, int amount, sqlite3_int64 offset) {
  Handle& it = handle(file);
  const std::lock_guard lock(it.disk->mutex);
  if (it.generation != it.disk->generation) return SQLITE_IOERR_WRITE;
  const int code = it.disk->judge(Call::write, it.name);
  const std::size_t size = code == SQLITE_OK ? static_cast<std::size_t>(amount) : static_cast<std::size_t>(amount) / 2;
  std::string bytes(static_cast<const char*>(from), size);
  apply(it.file->content, static_cast<std::uint64_t>(offset), bytes);
  it.file->pending.push_back({false, static_cast<std::uint64_t>(offset), std::move(bytes)});
  return code;
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  return guarded(file, Call::truncate, SQLITE_IOERR_TRUNCATE, [&](Handle& it) {
    it.file->content.resize(static_cast<std::size_t>(size), '\0');
    it.file->pending.push_back({true, static_cast<std::uint64_t>(size), {}});
    return SQLITE_OK;
  });
}

int sync_file(sqlite3_file* file, int) {
  return guarded(file, Call::sync, SQLITE_IOERR_FSYNC, [&](Handle& it) {
    it.file->durable = it.file->content;
    it.file->synced = true;
    it.file->pending.clear();
    return SQLITE_OK;
  });
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return guarded(file, Call::size, SQLITE_IOERR_FSTAT, [&](Handle& it) {
    *size = static_cast<sqlite3_int64>(it.file->content.size());
    return SQLITE_OK;
  });
}

// SQLite's five levels: several SHARED; one RESERVED beside them; PENDING keeps new ones out; EXCLUSIVE is alone.
int lock_file(sqlite3_file* file, int level) {
  return guarded(file, Call::lock, SQLITE_IOERR_LOCK, [&](Handle& it) {
    std::map<const void*, int>& levels = it.file->levels;
    const int mine = levels[file];
    if (level <= mine) return SQLITE_OK;
    int highest = SQLITE_LOCK_NONE;
    bool shared = false;
    for (const auto& [who, theirs] : levels) {
      if (who == file) continue;
      highest = std::max(highest, theirs);
      shared = shared || theirs >= SQLITE_LOCK_SHARED;
    }
    if (level == SQLITE_LOCK_SHARED && highest >= SQLITE_LOCK_PENDING) return SQLITE_BUSY;
    if (level >= SQLITE_LOCK_RESERVED && highest >= SQLITE_LOCK_RESERVED) return SQLITE_BUSY;
    if (level == SQLITE_LOCK_EXCLUSIVE && shared) {
      levels[file] = SQLITE_LOCK_PENDING;
      return SQLITE_BUSY;
    }
    levels[file] = level;
    return SQLITE_OK;
  });
}

int unlock_file(sqlite3_file* file, int level) {
  Handle& it = handle(file);
  const std::lock_guard lock(it.disk->mutex);
  if (it.generation == it.disk->generation) it.file->levels[file] = std::min(it.file->levels[file], level);
  return SQLITE_OK;
}

int check_reserved(sqlite3_file* file, int* reserved) {
  Handle& it = handle(file);
  const std::lock_guard lock(it.disk->mutex);
  *reserved = std::any_of(it.file->levels.begin(), it.file->levels.end(),
                          [](const auto& each) { return each.second >= SQLITE_LOCK_RESERVED; })
                  ? 1
                  : 0;
  return SQLITE_OK;
}

int file_control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return static_cast<int>(sector); }
int characteristics(sqlite3_file*) { return 0; }

// ---- shared memory
// -----------------------------------------------------------------------------------------------------------------------

int map_shared(sqlite3_file* file, int region, int size, int extend, void volatile** into) {
  *into = nullptr;
  return guarded(file, Call::shared_memory, SQLITE_IOERR_SHMMAP, [&](Handle& it) {
    auto& blocks = it.file->shared_memory;
    const auto at = static_cast<std::size_t>(region);
    if (at >= blocks.size() && extend == 0) return SQLITE_OK;
    while (blocks.size() <= at)
      blocks.push_back(std::make_unique<std::vector<char>>(static_cast<std::size_t>(size), '\0'));
    *into = blocks[at]->data();
    return SQLITE_OK;
  });
}

int lock_shared(sqlite3_file* file, int first, int count, int flags) {
  Handle& it = handle(file);
  const std::lock_guard lock(it.disk->mutex);
  if (it.generation != it.disk->generation) return SQLITE_IOERR_SHMLOCK;
  const auto begin = it.file->shared_locks.begin() + first;
  const auto end = begin + count;
  if ((flags & SQLITE_SHM_UNLOCK) != 0) {
    for (auto each = begin; each != end; ++each) {
      each->shared.erase(file);
      if (each->exclusive == file) each->exclusive = nullptr;
    }
    return SQLITE_OK;
  }
  const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  for (auto each = begin; each != end; ++each) {
    if (each->exclusive != nullptr && each->exclusive != file) return SQLITE_BUSY;
    const bool others = each->shared.size() > (each->shared.contains(file) ? 1U : 0U);
    if (exclusive && others) return SQLITE_BUSY;
  }
  for (auto each = begin; each != end; ++each) {
    if (exclusive)
      each->exclusive = file;
    else
      each->shared.insert(file);
  }
  return SQLITE_OK;
}

void barrier(sqlite3_file* file) {
  // Taking and giving back the lock orders memory for every thread that does the same, as SQLite's own Unix driver has
  // it.
  const std::lock_guard lock(handle(file).disk->mutex);
}

int unmap_shared(sqlite3_file* file, int remove) {
  Handle& it = handle(file);
  const std::lock_guard lock(it.disk->mutex);
  if (it.generation != it.disk->generation) return SQLITE_OK;
  for (Lock& each : it.file->shared_locks) {
    each.shared.erase(file);
    if (each.exclusive == file) each.exclusive = nullptr;
  }
  if (remove != 0) it.file->shared_memory.clear();
  return SQLITE_OK;
}

const sqlite3_io_methods methods = {
    2,           close_file,  read_file,      write_file,   truncate_file, sync_file,       file_size,
    lock_file,   unlock_file, check_reserved, file_control, sector_size,   characteristics, map_shared,
    lock_shared, barrier,     unmap_shared,   nullptr,      nullptr};

// ---- the file system
// ----------------------------------------------------------------------------------------------------------------------

FaultyDisk::State& disk_of(sqlite3_vfs* vfs) { return *static_cast<FaultyDisk::State*>(vfs->pAppData); }

int open_file(sqlite3_vfs* vfs, const char* path, sqlite3_file* into, int flags, int* out_flags) {
  FaultyDisk::State& disk = disk_of(vfs);
  into->pMethods = nullptr;
  const std::lock_guard lock(disk.mutex);
  const std::string name = path != nullptr ? path : fmt::format("temporary {}", ++disk.temporary);
  if (const int code = disk.judge(Call::open, name); code != SQLITE_OK) return code;
  auto found = disk.files.find(name);
  if (found == disk.files.end()) {
    if ((flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
    found = disk.files.emplace(name, std::make_shared<File>()).first;
  }
  const bool deleted_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
  new (into) Handle{{&methods}, &disk, found->second, name, disk.generation, deleted_on_close};
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int remove_file(sqlite3_vfs* vfs, const char* path, int) {
  FaultyDisk::State& disk = disk_of(vfs);
  const std::lock_guard lock(disk.mutex);
  if (const int code = disk.judge(Call::remove, path); code != SQLITE_OK) return code;
  return disk.files.erase(path) == 0 ? SQLITE_IOERR_DELETE_NOENT : SQLITE_OK;
}

int access_file(sqlite3_vfs* vfs, const char* path, int, int* there) {
  FaultyDisk::State& disk = disk_of(vfs);
  const std::lock_guard lock(disk.mutex);
  *there = disk.files.contains(path) ? 1 : 0;
  return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* path, int size, char* into) {
  if (static_cast<int>(std::strlen(path)) >= size) return SQLITE_CANTOPEN;
  std::strcpy(into, path);
  return SQLITE_OK;
}

int randomness(sqlite3_vfs* vfs, int size, char* into) {
  return disk_of(vfs).real->xRandomness(disk_of(vfs).real, size, into);
}
int sleep_for(sqlite3_vfs* vfs, int microseconds) { return disk_of(vfs).real->xSleep(disk_of(vfs).real, microseconds); }
int current_time(sqlite3_vfs* vfs, double* into) { return disk_of(vfs).real->xCurrentTime(disk_of(vfs).real, into); }
int last_error(sqlite3_vfs*, int, char*) { return 0; }
int current_time_64(sqlite3_vfs* vfs, sqlite3_int64* into) {
  return disk_of(vfs).real->xCurrentTimeInt64(disk_of(vfs).real, into);
}

}  // namespace

FaultyDisk::FaultyDisk(std::uint64_t seed) : state_(std::make_unique<State>(seed)) {
  static std::atomic<unsigned> number{0};
  sqlite3_initialize();
  state_->name = fmt::format("faulty-disk-{}", ++number);
  state_->real = sqlite3_vfs_find(nullptr);
  sqlite3_vfs& vfs = state_->vfs;
  vfs.iVersion = 2;
  vfs.szOsFile = sizeof(Handle);
  vfs.mxPathname = 512;
  vfs.zName = state_->name.c_str();
  vfs.pAppData = state_.get();
  vfs.xOpen = open_file;
  vfs.xDelete = remove_file;
  vfs.xAccess = access_file;
  vfs.xFullPathname = full_path;
  vfs.xRandomness = randomness;
  vfs.xSleep = sleep_for;
  vfs.xCurrentTime = current_time;
  vfs.xGetLastError = last_error;
  vfs.xCurrentTimeInt64 = current_time_64;
  sqlite3_vfs_register(&vfs, 0);
}

FaultyDisk::~FaultyDisk() { sqlite3_vfs_unregister(&state_->vfs); }

const char* FaultyDisk::vfs() const { return state_->name.c_str(); }

void FaultyDisk::fail(Call kind, std::uint64_t nth, int code, std::uint64_t times, std::string file) {
  const std::lock_guard lock(state_->mutex);
  state_->faults.push_back({kind, nth > 0 ? nth - 1 : 0, times, code, std::move(file)});
}

void FaultyDisk::heal() {
  const std::lock_guard lock(state_->mutex);
  state_->faults.clear();
}

std::uint64_t FaultyDisk::calls(Call kind) const {
  const std::lock_guard lock(state_->mutex);
  return state_->counted[static_cast<std::size_t>(kind)];
}

void FaultyDisk::power_off() {
  const std::lock_guard lock(state_->mutex);
  ++state_->generation;
  std::map<std::string, std::shared_ptr<File>> left;
  for (auto& [name, file] : state_->files) {
    if (!file->synced) continue;
    // A file of its own: handles that are still open hold the old one.
    auto kept = std::make_shared<File>();
    kept->synced = true;
    kept->durable = file->durable;
    for (const Pending& change : file->pending) {
      const auto fate = state_->chance() % 3;
      if (fate == 0) continue;
      if (change.truncates) {
        kept->durable.resize(change.at, '\0');
        continue;
      }
      for (std::uint64_t at = 0; at < change.bytes.size();) {
        const std::uint64_t end =
            std::min<std::uint64_t>((change.at + at) / sector * sector + sector - change.at, change.bytes.size());
        if (fate == 1 || state_->chance() % 2 == 0)
          apply(kept->durable, change.at + at, std::string_view(change.bytes).substr(at, end - at));
        at = end;
      }
    }
    kept->content = kept->durable;
    left.emplace(name, std::move(kept));
  }
  state_->files = std::move(left);
}

bool FaultyDisk::damage(const std::string& name, std::uint64_t at, const std::string& bytes) {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->files.find(name);
  if (found == state_->files.end() || found->second->content.size() < at + bytes.size()) return false;
  for (std::string* content : {&found->second->content, &found->second->durable}) apply(*content, at, bytes);
  return true;
}

bool FaultyDisk::exists(const std::string& name) const {
  const std::lock_guard lock(state_->mutex);
  return state_->files.contains(name);
}

std::uint64_t FaultyDisk::bytes(const std::string& name) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->files.find(name);
  return found == state_->files.end() ? 0 : found->second->content.size();
}

}  // namespace pipewright::test
