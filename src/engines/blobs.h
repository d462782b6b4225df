#pragma once
// The `blobs` port: immutable objects by key. A key is 1 to 512 bytes of [A-Za-z0-9._/-], with no empty, "." or ".."
// segment. Any reactor. Failures: kNotFound, kInvalidArgument (the key), kConflict (the key exists), kUnavailable, kCorrupt.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/task.h"

namespace concord::engines {

struct BlobInfo {
  std::string key;
  std::uint64_t size_bytes = 0;
};

/// A stream of pieces; an empty piece is the end. One reader at a time.
class BlobReader {
 public:
  virtual ~BlobReader() = default;
  virtual Task<Bytes> next(std::size_t max_bytes) = 0;
};

/// An object being written. It appears, whole and durable, when `commit` returns; dropped before that it leaves nothing.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;
  virtual Task<> write(SharedBytes piece) = 0;
  virtual Task<> commit() = 0;
};

class Blobs {
 public:
  virtual ~Blobs() = default;
  virtual Task<std::unique_ptr<BlobWriter>> create(std::string key) = 0;
  virtual Task<std::unique_ptr<BlobReader>> open(std::string key, std::uint64_t offset = 0) = 0;
  virtual Task<BlobInfo> stat(std::string key) = 0;
  /// Removing what is not there succeeds.
  virtual Task<> remove(std::string key) = 0;
  /// Keys that begin with `prefix` and sort after `after`, in byte order, at most `limit`.
  virtual Task<std::vector<BlobInfo>> list(std::string prefix, std::string after, std::size_t limit) = 0;

  /// The whole object in one piece; kTooLarge past `max_bytes`.
  Task<Bytes> get(std::string key, std::size_t max_bytes);
  Task<> put(std::string key, SharedBytes bytes);
};

}  // namespace concord::engines
