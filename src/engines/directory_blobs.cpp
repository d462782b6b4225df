#include "engines/directory_blobs.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <shared_mutex>

#include "base/reactor.h"

namespace concord::engines {
namespace {

constexpr char kObjectMark = '=';
constexpr std::size_t kMaxDurableDirectories = 10'000;

/// Whether keys below `path` (a key's beginning, with its '/') can begin with `prefix` and sort after `after`.
bool may_hold(std::string_view path, std::string_view prefix, std::string_view after) {
  const std::size_t common = std::min(path.size(), prefix.size());
  if (path.substr(0, common) != prefix.substr(0, common)) return false;
  return path.compare(after.substr(0, path.size())) >= 0;
}

}  // namespace

struct DirectoryBlobs::State {
  State(FileSystem& f, DirectoryBlobsOptions o, Metrics& metrics)
      : files(f),
        options(std::move(o)),
        objects(options.directory + "/objects"),
        incoming(options.directory + "/incoming"),
        written_bytes(metrics.counter("concord_blobs_written_bytes_total", "Bytes of objects made durable.")),
        read_bytes(metrics.counter("concord_blobs_read_bytes_total", "Bytes of objects read.")),
        queue_depth(metrics.gauge("concord_blobs_queue_depth", "Calls waiting for a thread of the blob store.")),
        pool(options.threads, options.max_queued) {}

  FileSystem& files;
  DirectoryBlobsOptions options;
  std::string objects;
  std::string incoming;
  Counter& written_bytes;
  Counter& read_bytes;
  Gauge& queue_depth;
  std::atomic<std::uint64_t> next_incoming{1};
  std::mutex names;  // held while directories are made or removed, so that no commit loses its directory
  std::set<std::string> durable_directories;  // guarded by names: known to survive a crash
  std::shared_mutex appearing;                // held for an instant; shared while an object is opened
  std::set<std::string> undurable;            // guarded by appearing: keys that may have a name which is not durable
  BlockingPool pool;

  template <class T>
  Task<T> run(std::move_only_function<Result<T>()> work) {
    queue_depth.set(static_cast<std::int64_t>(pool.queued()) + 1);
    Result<T> result = co_await pool.run<T>(std::move(work));
    queue_depth.set(static_cast<std::int64_t>(pool.queued()));
    co_return result;
  }

  std::string object_path(const std::string& key) const { return objects + "/" + key + kObjectMark; }

  Result<> remove_incoming(const Logger& logger) {
    TRY(const auto entries, files.list(incoming));
    for (const DirectoryEntry& entry : entries) {
      if (entry.is_directory) continue;
      TRY_VOID(files.remove(incoming + "/" + entry.name));
      logger.info("blobs: removed an unfinished object", {{"file", entry.name}});
    }
    return {};
  }

  /// A directory that is already there may be the work of a process that died before it had synced the parent.
  Result<> make_durable(const std::string& directory) {
    if (directory == objects || durable_directories.contains(directory)) return {};
    TRY_VOID(make_durable(parent_directory(directory)));
    if (Result<> made = files.make_directory(directory); !made && made.error().code != Code::kConflict) return made;
    TRY_VOID(files.sync_directory(parent_directory(directory)));
    if (durable_directories.size() >= kMaxDurableDirectories) durable_directories.clear();
    durable_directories.insert(directory);
    return {};
  }

  /// What a loss of power would take away nobody may read and rely on, a user's key above all: so the object is not
  /// seen before its name is durable, and where that fails it is taken away again with nobody having seen it.
  Result<> publish(const std::string& temporary, const std::string& key) {
    const std::string path = object_path(key);
    const std::lock_guard lock(names);
    TRY_VOID(make_durable(parent_directory(path)));
    if (const auto seen = open_object(key); seen || seen.error().code != Code::kNotFound)
      return seen ? fail(Code::kConflict, "the object " + key + " exists") : fail(seen.error());
    hide(key);
    const Result<> renamed = files.rename(temporary, path, Replace::kNo);
    const bool there = !renamed && renamed.error().code == Code::kConflict;  // of a commit that failed
    Result<> done = renamed || there ? files.sync_directory(parent_directory(path)) : renamed;
    if (done) {
      show(key);
      if (there) return fail(Code::kConflict, "the object " + key + " exists");
    } else if (const Result<> removed = files.remove(path); removed || removed.error().code == Code::kNotFound) {
      show(key);
    }
    return done;
  }

  void hide(const std::string& key) {
    const std::lock_guard lock(appearing);
    undurable.insert(key);
  }
  void show(const std::string& key) {
    const std::lock_guard lock(appearing);
    undurable.erase(key);
  }

  Result<> remove(const std::string& key) {
    std::string path = object_path(key);
    const std::lock_guard lock(names);
    if (Result<> removed = files.remove(path); !removed && removed.error().code != Code::kNotFound) return removed;
    // Also where it was not there: it may have been removed, and not durably, by a call that failed.
    if (Result<> synced = files.sync_directory(parent_directory(path)); !synced) {
      if (synced.error().code != Code::kNotFound) return synced;
      show(key);
      return {};
    }
    show(key);
    for (path = parent_directory(path); path.size() > objects.size(); path = parent_directory(path)) {
      if (!files.remove_directory(path)) break;  // something else is in it
      durable_directories.erase(path);
    }
    return {};
  }

  /// Appends what is below `path`, which is "" or ends in '/'.
  Result<> collect(const std::string& path, std::string_view prefix, std::string_view after, std::size_t limit,
                   std::vector<BlobInfo>& out) {
    Result<std::vector<DirectoryEntry>> entries =
        files.list(path.empty() ? objects : objects + "/" + path.substr(0, path.size() - 1));
    if (!entries && entries.error().code == Code::kNotFound) return {};  // removed meanwhile
    TRY(auto listed, std::move(entries));
    std::vector<std::string> names_here;  // directories with their '/', so that they sort as their keys do
    for (const DirectoryEntry& entry : listed) {
      if (entry.is_directory) {
        names_here.push_back(entry.name + "/");
      } else if (entry.name.ends_with(kObjectMark)) {
        names_here.push_back(entry.name.substr(0, entry.name.size() - 1));
      }
    }
    std::ranges::sort(names_here);
    for (const std::string& name : names_here) {
      if (out.size() >= limit) return {};
      const std::string key = path + name;
      if (name.ends_with('/')) {
        if (may_hold(key, prefix, after)) TRY_VOID(collect(key, prefix, after, limit, out));
      } else if (key.starts_with(prefix) && key > after) {
        Result<BlobInfo> info = stat(key);
        if (!info && info.error().code == Code::kNotFound) continue;
        TRY(BlobInfo found, std::move(info));
        out.push_back(std::move(found));
      }
    }
    return {};
  }

  Result<BlobInfo> stat(const std::string& key) {
    TRY(const auto file, open_object(key));
    TRY(const std::uint64_t size, file->size());
    return BlobInfo{key, size};
  }

  Result<std::unique_ptr<File>> open_object(const std::string& key) {
    const std::shared_lock lock(appearing);
    if (undurable.contains(key)) return fail(Code::kNotFound, "no object " + key);
    Result<std::unique_ptr<File>> file = files.open(object_path(key), OpenMode::kRead);
    if (!file && file.error().code == Code::kNotFound) return fail(Code::kNotFound, "no object " + key);
    return file;
  }

  class Reader final : public BlobReader {
   public:
    Reader(State& state, std::unique_ptr<File> file, std::uint64_t offset)
        : state_(state), file_(std::move(file)), offset_(offset) {}

    Task<Bytes> next(std::size_t max_bytes) override {
      CO_TRY(Bytes piece, co_await state_.run<Bytes>([this, max_bytes]() -> Result<Bytes> {
        TRY(const std::uint64_t size, file_->size());
        Bytes read(static_cast<std::size_t>(std::min<std::uint64_t>(max_bytes, size - std::min(size, offset_))));
        TRY(const std::size_t count, read_full(*file_, offset_, read));
        read.resize(count);
        return read;
      }));
      offset_ += piece.size();
      state_.read_bytes.add(piece.size());
      co_return piece;
    }

   private:
    State& state_;
    std::unique_ptr<File> file_;
    std::uint64_t offset_;
  };

  class Writer final : public BlobWriter {
   public:
    Writer(State& state, std::string key, std::string path, std::unique_ptr<File> file)
        : state_(state), key_(std::move(key)), path_(std::move(path)), file_(std::move(file)) {}
    ~Writer() override {
      if (!file_) return;
      auto remove = [&files = state_.files, path = path_] { static_cast<void>(files.remove(path)); };
      if (!state_.pool.post(remove)) remove();
    }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    Task<> write(SharedBytes piece) override {
      if (!file_ || failed_) co_return fail(Code::kInvalidArgument, "the object is not being written any more");
      const Result<> written = co_await state_.run<void>([this, &piece] { return write_all(*file_, size_, *piece); });
      failed_ = !written;
      size_ += piece->size();
      co_return written;
    }

    Task<> commit() override {
      if (!file_ || failed_) co_return fail(Code::kInvalidArgument, "the object is not being written any more");
      const Result<> published = co_await state_.run<void>([this]() -> Result<> {
        TRY_VOID(file_->sync());
        return state_.publish(path_, key_);
      });
      failed_ = !published;
      if (!published) co_return published;
      file_.reset();
      state_.written_bytes.add(size_);
      co_return Result<>();
    }

   private:
    State& state_;
    std::string key_;
    std::string path_;            // in `incoming`
    std::unique_ptr<File> file_;  // null once committed
    std::uint64_t size_ = 0;
    bool failed_ = false;
  };
};

Result<std::unique_ptr<DirectoryBlobs>> DirectoryBlobs::open(FileSystem& files, DirectoryBlobsOptions options,
                                                             const Logger& logger, Metrics& metrics) {
  auto state = std::make_unique<State>(files, std::move(options), metrics);
  if (state->options.read_only) {
    TRY_VOID(files.list(state->objects));
    return std::unique_ptr<DirectoryBlobs>(new DirectoryBlobs(std::move(state)));
  }
  TRY_VOID(make_directories(files, state->objects));
  TRY_VOID(make_directories(files, state->incoming));
  TRY_VOID(state->remove_incoming(logger));
  // Names may be here that a process which has died had not synced. Who sees an object relies on it: on a snapshot,
  // that the log before it may go.
  TRY_VOID(files.sync_tree(state->objects));
  return std::unique_ptr<DirectoryBlobs>(new DirectoryBlobs(std::move(state)));
}

DirectoryBlobs::DirectoryBlobs(std::unique_ptr<State> state) : state_(std::move(state)) {}
DirectoryBlobs::~DirectoryBlobs() { state_->pool.stop(); }

Task<std::unique_ptr<BlobWriter>> DirectoryBlobs::create(std::string key) {
  CO_TRY_VOID(check_blob_key(key));
  if (state_->options.read_only) co_return fail(Code::kInvalidArgument, "the objects were opened to be read");
  co_return co_await state_->run<std::unique_ptr<BlobWriter>>(
      [state = state_.get(), &key]() -> Result<std::unique_ptr<BlobWriter>> {
        if (state->open_object(key)) return fail(Code::kConflict, "the object " + key + " exists");
        const std::string path = state->incoming + "/" + std::to_string(state->next_incoming.fetch_add(1));
        TRY(auto file, state->files.open(path, OpenMode::kCreate));
        return std::make_unique<State::Writer>(*state, key, path, std::move(file));
      });
}

Task<std::unique_ptr<BlobReader>> DirectoryBlobs::open(std::string key, std::uint64_t offset) {
  CO_TRY_VOID(check_blob_key(key));
  co_return co_await state_->run<std::unique_ptr<BlobReader>>(
      [state = state_.get(), &key, offset]() -> Result<std::unique_ptr<BlobReader>> {
        TRY(auto file, state->open_object(key));
        TRY(const std::uint64_t size, file->size());
        if (offset > size) {
          return fail(Error{Code::kInvalidArgument,
                            "the offset is past the object's end",
                            {{"field", "offset"}, {"limit", std::to_string(size)}, {"value", std::to_string(offset)}}});
        }
        return std::make_unique<State::Reader>(*state, std::move(file), offset);
      });
}

Task<BlobInfo> DirectoryBlobs::stat(std::string key) {
  CO_TRY_VOID(check_blob_key(key));
  co_return co_await state_->run<BlobInfo>([state = state_.get(), &key] { return state->stat(key); });
}

Task<> DirectoryBlobs::remove(std::string key) {
  CO_TRY_VOID(check_blob_key(key));
  if (state_->options.read_only) co_return fail(Code::kInvalidArgument, "the objects were opened to be read");
  co_return co_await state_->run<void>([state = state_.get(), &key] { return state->remove(key); });
}

Task<std::vector<BlobInfo>> DirectoryBlobs::list(std::string prefix, std::string after, std::size_t limit) {
  co_return co_await state_->run<std::vector<BlobInfo>>(
      [state = state_.get(), &prefix, &after, limit]() -> Result<std::vector<BlobInfo>> {
        std::vector<BlobInfo> found;
        // From the directory that the prefix names: those beside it may be many.
        const std::string from = prefix.substr(0, prefix.rfind('/') + 1);
        if (!from.empty() && !check_blob_key(from.substr(0, from.size() - 1))) return found;  // no key begins so
        TRY_VOID(state->collect(from, prefix, after, limit, found));
        return found;
      });
}

}  // namespace concord::engines
