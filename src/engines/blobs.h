#pragma once
// The `blobs` port: immutable objects by key. A key is 1 to 512 bytes of [A-Za-z0-9._/-], with no empty, "." or ".."
// segment and none longer than 200 bytes. Any reactor; the awaiting coroutine resumes on its own executor. Failures:
// kNotFound, kInvalidArgument (the key, an offset past the end), kConflict (the key exists), kUnavailable (the engine
// is away, no space, too much waiting; nothing was changed unless the answer itself was lost), kCorrupt.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/task.h"

namespace concord::engines {

constexpr std::size_t kMaxBlobKeyBytes = 512;
constexpr std::size_t kMaxBlobKeySegmentBytes = 200;

/// kInvalidArgument where `key` is not one.
Result<> check_blob_key(std::string_view key);

struct BlobInfo {
  std::string key;
  std::uint64_t size_bytes = 0;
};

/// A stream of pieces; an empty piece is the end. One call at a time. An object removed meanwhile is read to its end,
/// or ends in kNotFound.
class BlobReader {
 public:
  virtual ~BlobReader() = default;
  /// At most `max_bytes`, which is not 0; may be fewer before the end.
  virtual Task<Bytes> next(std::size_t max_bytes) = 0;
};

/// An object being written; one call at a time. It appears, whole and durable, when `commit` returns; kConflict from
/// there where the key has come to exist meanwhile. Dropped before that it leaves nothing. After a failure, or
/// `commit`, it can only be dropped.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;
  virtual Task<> write(SharedBytes piece) = 0;
  virtual Task<> commit() = 0;
};

class Blobs {
 public:
  virtual ~Blobs() = default;
  /// kConflict where the key exists. Readers and writers are dropped before the store is destroyed.
  virtual Task<std::unique_ptr<BlobWriter>> create(std::string key) = 0;
  virtual Task<std::unique_ptr<BlobReader>> open(std::string key, std::uint64_t offset = 0) = 0;
  virtual Task<BlobInfo> stat(std::string key) = 0;
  /// Durable when it returns. Removing what is not there succeeds.
  virtual Task<> remove(std::string key) = 0;
  /// Keys that begin with `prefix` and sort after `after`, in byte order, at most `limit`. Neither need be a key.
  virtual Task<std::vector<BlobInfo>> list(std::string prefix, std::string after, std::size_t limit) = 0;

  /// The whole object in one piece; kTooLarge past `max_bytes`.
  Task<Bytes> get(std::string key, std::size_t max_bytes);
  Task<> put(std::string key, SharedBytes bytes);
};

}  // namespace concord::engines
