#include "s3/store.h"

#include <charconv>

#include "crypto/hash.h"

namespace concord::s3 {
namespace {

constexpr std::size_t kMuchToHash = 64U << 10U;
constexpr std::size_t kHashingThreads = 2;

}  // namespace

Store::Store(S3Options o, std::unique_ptr<Client> c, Metrics& metrics)
    : options(std::move(o)),
      client(std::move(c)),
      written_bytes(metrics.counter("concord_blobs_written_bytes_total", "Bytes of objects made durable.")),
      read_bytes(metrics.counter("concord_blobs_read_bytes_total", "Bytes of objects read.")),
      hashing(kHashingThreads, static_cast<std::size_t>(options.max_calls)) {}

Store::~Store() {
  hashing.stop();
  client->stop();
}

Task<std::optional<Head>> Store::head(std::string key) {
  CO_TRY(const Reply reply, co_await client->call({.operation = "head", .method = "HEAD", .key = std::move(key)}));
  if (reply.status == 404) co_return std::nullopt;
  if (!reply.ok()) co_return fail(unexpected_reply(reply));
  const std::string_view length = reply.header("content-length");
  Head head{.token = std::string(reply.header(kTokenHeader))};
  const auto [end, problem] = std::from_chars(length.data(), length.data() + length.size(), head.size_bytes);
  if (length.empty() || problem != std::errc() || end != length.data() + length.size())
    co_return fail(Code::kUnavailable, "the object store's answer is not understood: no content-length");
  co_return head;
}

Task<std::string> Store::hash(Body body) {
  if (body.bytes.size() <= kMuchToHash) co_return to_hex(crypto::sha256(body.bytes));
  co_return co_await hashing.run<std::string>(
      [bytes = body.bytes]() -> Result<std::string> { return to_hex(crypto::sha256(bytes)); });
}

Error unexpected_reply(const Reply& reply) {
  return {Code::kUnavailable,
          "the object store answers with status " + std::to_string(reply.status) +
              (reply.error.code.empty() ? "" : " (" + reply.error.code + ")"),
          {{"status", std::to_string(reply.status)}, {"s3_error", reply.error.code}}};
}

}  // namespace concord::s3
