#pragma once
// What the readers and writers of one bucket share.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/reactor.h"
#include "engines/blobs.h"
#include "s3/client.h"
#include "s3/key_locks.h"

namespace concord::s3 {

constexpr std::string_view kTokenHeader = "x-amz-meta-concord-upload";
constexpr std::string_view kHashHeader = "x-amz-meta-concord-sha256";

/// What is known of an object without reading it.
struct Head {
  std::uint64_t size_bytes = 0;
  std::string token;  // of its writer; empty where it is not ours
};

struct Store {
  Store(S3Options o, std::unique_ptr<Client> c, Metrics& metrics);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  const S3Options options;
  const std::unique_ptr<Client> client;
  Counter& written_bytes;
  Counter& read_bytes;
  KeyLocks commits;
  BlockingPool hashing;

  /// nullopt where there is no such object.
  Task<std::optional<Head>> head(std::string key);
  /// SHA-256 in hexadecimal; of much on a thread of its own.
  Task<std::string> hash(Body body);
};

/// What a reply means that is none of those the caller expects.
Error unexpected_reply(const Reply& reply);

Task<std::unique_ptr<engines::BlobReader>> open_reader(Store& store, std::string key, std::uint64_t offset);
std::unique_ptr<engines::BlobWriter> make_writer(Store& store, std::string key);

}  // namespace concord::s3
