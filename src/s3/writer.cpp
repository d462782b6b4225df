#include <algorithm>

#include "crypto/hash.h"
#include "crypto/random.h"
#include "s3/store.h"

namespace concord::s3 {
namespace {

constexpr std::size_t kMaxParts = 10'000;
constexpr std::size_t kMaxEtagBytes = 256;

std::unexpected<Error> exists(const std::string& key) { return fail(Code::kConflict, "the object " + key + " exists"); }

class Writer final : public engines::BlobWriter {
 public:
  Writer(Store& store, std::string key)
      : store_(store), key_(std::move(key)), token_(to_hex(crypto::random_array<16>())) {}
  ~Writer() override {
    if (upload_.empty()) return;
    store_.client->call_and_forget(
        {.operation = "abort_upload", .method = "DELETE", .key = key_, .query = {{"uploadId", upload_}}});
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  Task<> write(SharedBytes piece) override {
    if (!writing_) co_return fail(Code::kInvalidArgument, "the object is not being written any more");
    writing_ = false;  // until it is known that nothing failed
    CO_TRY_VOID(co_await take(std::move(piece)));
    writing_ = true;
    co_return Result<>();
  }

  Task<> commit() override {
    if (!writing_) co_return fail(Code::kInvalidArgument, "the object is not being written any more");
    writing_ = false;
    const KeyLocks::Held alone = co_await store_.commits.hold(key_);
    if (upload_.empty()) {
      CO_TRY_VOID(co_await put_whole());
    } else {
      CO_TRY_VOID(co_await complete());
    }
    upload_.clear();
    store_.written_bytes.add(size_bytes_);
    co_return Result<>();
  }

 private:
  std::size_t part_bytes() const { return static_cast<std::size_t>(store_.options.part_bytes); }

  /// The last part stays here, full or not, until more comes or the commit.
  Task<> take(SharedBytes piece) {
    ByteView rest(*piece);
    size_bytes_ += rest.size();
    while (!rest.empty()) {
      if (buffer_.empty() && rest.size() > part_bytes()) {
        CO_TRY_VOID(co_await send_part({piece, rest.first(part_bytes())}));
        rest = rest.subspan(part_bytes());
        continue;
      }
      if (buffer_.size() == part_bytes()) CO_TRY_VOID(co_await send_buffer());
      const ByteView now = rest.first(std::min(rest.size(), part_bytes() - buffer_.size()));
      if (const std::size_t needed = buffer_.size() + now.size(); needed > buffer_.capacity())
        buffer_.reserve(std::min(part_bytes(), std::max(needed, buffer_.capacity() * 2)));
      append(buffer_, now);
      rest = rest.subspan(now.size());
    }
    co_return Result<>();
  }

  Task<> send_buffer() {
    const auto part = std::make_shared<const Bytes>(std::exchange(buffer_, {}));
    co_return co_await send_part({part, *part});
  }

  Task<> begin_upload() {
    CO_TRY(const Reply reply, co_await store_.client->call({.operation = "create_upload",
                                                            .method = "POST",
                                                            .key = key_,
                                                            .query = {{"uploads", ""}},
                                                            .headers = {{"content-type", "application/octet-stream"},
                                                                        {std::string(kTokenHeader), token_}}}));
    if (!reply.ok()) co_return fail(unexpected_reply(reply));
    CO_TRY(upload_, read_upload_id(reply.body));
    co_return Result<>();
  }

  Task<> send_part(Body part) {
    if (upload_.empty()) CO_TRY_VOID(co_await begin_upload());
    if (etags_.size() >= kMaxParts)
      co_return fail(
          Error{Code::kTooLarge,
                "an object in S3 has at most 10000 parts",
                {{"limit", std::to_string(kMaxParts * part_bytes())}, {"value", std::to_string(size_bytes_)}}});
    CO_TRY(std::string hash, co_await store_.hash(part));
    CO_TRY(const Reply reply, co_await store_.client->call(
                                  {.operation = "upload_part",
                                   .method = "PUT",
                                   .key = key_,
                                   .query = {{"partNumber", std::to_string(etags_.size() + 1)}, {"uploadId", upload_}},
                                   .headers = {{"content-type", "application/octet-stream"}},
                                   .body = std::move(part),
                                   .payload_sha256 = std::move(hash)}));
    if (!reply.ok()) co_return fail(unexpected_reply(reply));
    const std::string_view etag = reply.header("etag");
    if (etag.empty() || etag.size() > kMaxEtagBytes)
      co_return fail(Code::kUnavailable, "the object store's answer is not understood: a part without its tag");
    etags_.emplace_back(etag);
    co_return Result<>();
  }

  Task<> put_whole() {
    const auto whole = std::make_shared<const Bytes>(std::exchange(buffer_, {}));
    CO_TRY(std::string hash, co_await store_.hash({whole, *whole}));
    Call call{.operation = "put",
              .method = "PUT",
              .key = key_,
              .headers = {{"content-type", "application/octet-stream"},
                          {"if-none-match", "*"},
                          {std::string(kTokenHeader), token_},
                          {std::string(kHashHeader), hash}},
              .body = {whole, *whole},
              .payload_sha256 = std::move(hash)};
    CO_TRY(const Reply reply, co_await store_.client->call(std::move(call)));
    if (reply.ok()) co_return Result<>();
    if (reply.status != 412) co_return fail(unexpected_reply(reply));
    // It may be there from an attempt whose answer was lost.
    CO_TRY(const std::optional<Head> there, co_await store_.head(key_));
    if (!there || there->token != token_) co_return exists(key_);
    co_return Result<>();
  }

  Task<> complete() {
    CO_TRY_VOID(co_await send_buffer());
    CO_TRY(const std::optional<Head> before, co_await store_.head(key_));
    if (before) co_return exists(key_);
    const auto body = std::make_shared<const Bytes>(to_bytes(completion_body(etags_)));
    CO_TRY(std::string hash, co_await store_.hash({body, *body}));
    CO_TRY(const Reply reply,
           co_await store_.client->call({.operation = "complete_upload",
                                         .method = "POST",
                                         .key = key_,
                                         .query = {{"uploadId", upload_}},
                                         .headers = {{"content-type", "application/xml"}, {"if-none-match", "*"}},
                                         .body = {body, *body},
                                         .payload_sha256 = std::move(hash),
                                         .may_fail_inside = true}));
    if (reply.ok()) co_return Result<>();
    // 412: another's object, or ours from an attempt whose answer was lost; 404: the upload is gone, by either.
    if (reply.status != 412 && reply.status != 404) co_return fail(unexpected_reply(reply));
    CO_TRY(const std::optional<Head> there, co_await store_.head(key_));
    if (there && there->token == token_) co_return Result<>();
    if (there || reply.status == 412) co_return exists(key_);
    co_return fail(Code::kUnavailable, "the unfinished object is gone from the object store");
  }

  Store& store_;
  std::string key_;
  std::string token_;               // in the object's metadata: whose it is
  Bytes buffer_;                    // of the part to come
  std::string upload_;              // where it has more than one part, and is not complete
  std::vector<std::string> etags_;  // of the parts sent
  std::uint64_t size_bytes_ = 0;
  bool writing_ = true;
};

}  // namespace

std::unique_ptr<engines::BlobWriter> make_writer(Store& store, std::string key) {
  return std::make_unique<Writer>(store, std::move(key));
}

}  // namespace concord::s3
