#include "etcd/ownerships.h"

#include <algorithm>

namespace concord::etcd {
namespace {

constexpr std::size_t kPageKeys = 1000;
constexpr int kMaxReads = 8;  // of all pages, where a compaction comes between them

Task<Ownerships> read_pages(std::shared_ptr<Client> client, std::string key, std::size_t limit) {
  const std::string& prefix = client->options().prefix;
  Ownerships read;
  RangeRequest page{key, end_of_prefix(key), 0, {}};
  for (bool more = true; more;) {
    page.limit = static_cast<std::int64_t>(std::min(kPageKeys - 1, limit - read.records.size()) + 1);
    CO_TRY(const RangeReply reply, co_await client->call(page));
    if (page.revision == Revision{}) page.revision = read.revision = reply.revision;
    for (const KeyValue& each : reply.keys) {
      if (auto record = decode(prefix, each)) {
        std::string name = record->name;
        read.records.emplace(std::move(name), std::move(*record));
      } else {
        client->logger().warn("a key among the ownerships is none", {{"key", each.key}});
      }
    }
    if (read.records.size() > limit)
      co_return fail(Error{Code::kTooLarge, "more ownerships than asked for", {{"limit", std::to_string(limit)}}});
    more = reply.more && !reply.keys.empty();
    if (more) page.key = reply.keys.back().key + '\0';
  }
  co_return read;
}

}  // namespace

Task<Ownerships> read_ownerships(std::shared_ptr<Client> client, std::string name_prefix, std::size_t limit) {
  const std::string key = key_of(client->options().prefix, name_prefix);
  for (int reads = 1;; ++reads) {
    Result<Ownerships> read = co_await read_pages(client, key, limit);
    const bool compacted = !read && read.error().code == Code::kConflict;
    if (!compacted || reads == kMaxReads) co_return read;
  }
}

}  // namespace concord::etcd
