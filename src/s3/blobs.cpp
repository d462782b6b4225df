#include "s3/blobs.h"

#include <algorithm>

#include "s3/http_date.h"
#include "s3/listing.h"
#include "s3/store.h"

namespace concord::s3 {
namespace {

constexpr std::size_t kMaxListBytes = 4U << 20U;
constexpr int kMaxUploadPages = 100;

/// What keys of the bucket have before ours.
std::string before_keys(const S3Options& options) { return options.key_prefix.empty() ? "" : options.key_prefix + "/"; }

Call list_call(std::string prefix, std::string after, std::size_t most) {
  Call call{.operation = "list",
            .method = "GET",
            .of_bucket = true,
            .query = {{"list-type", "2"}, {"max-keys", std::to_string(most)}, {"prefix", std::move(prefix)}},
            .max_answer_bytes = kMaxListBytes};
  if (!after.empty()) call.query.emplace_back("start-after", std::move(after));
  return call;
}

class S3Blobs final : public engines::Blobs {
 public:
  S3Blobs(const S3Options& options, std::unique_ptr<Client> client, Metrics& metrics)
      : store_(options, std::move(client), metrics) {}

  Task<std::unique_ptr<engines::BlobWriter>> create(std::string key) override {
    CO_TRY_VOID(engines::check_blob_key(key));
    CO_TRY(const std::optional<Head> there, co_await store_.head(key));
    if (there) co_return fail(Code::kConflict, "the object " + key + " exists");
    co_return make_writer(store_, std::move(key));
  }

  Task<std::unique_ptr<engines::BlobReader>> open(std::string key, std::uint64_t offset) override {
    CO_TRY_VOID(engines::check_blob_key(key));
    co_return co_await open_reader(store_, std::move(key), offset);
  }

  Task<engines::BlobInfo> stat(std::string key) override {
    CO_TRY_VOID(engines::check_blob_key(key));
    CO_TRY(const std::optional<Head> there, co_await store_.head(key));
    if (!there) co_return fail(Code::kNotFound, "no object " + key);
    co_return engines::BlobInfo{.key = std::move(key), .size_bytes = there->size_bytes};
  }

  Task<> remove(std::string key) override {
    CO_TRY_VOID(engines::check_blob_key(key));
    CO_TRY(const Reply reply,
           co_await store_.client->call({.operation = "delete", .method = "DELETE", .key = std::move(key)}));
    if (!reply.ok() && reply.status != 404) co_return fail(unexpected_reply(reply));
    co_return Result<>();
  }

  Task<std::vector<engines::BlobInfo>> list(std::string prefix, std::string after, std::size_t limit) override {
    std::vector<engines::BlobInfo> found;
    if (limit == 0 || !can_begin_key(prefix)) co_return found;
    const std::string before = before_keys(store_.options);
    std::string from = after.empty() ? "" : before + start_after(after);
    while (found.size() < limit) {
      const std::size_t most = std::min(kMaxListedKeys, limit - found.size());
      CO_TRY(const Reply reply, co_await store_.client->call(list_call(before + prefix, from, most)));
      if (!reply.ok()) co_return fail(unexpected_reply(reply));
      CO_TRY(const ObjectList page, read_object_list(reply.body));
      for (const ObjectList::Object& object : page.objects) {
        if (object.key <= from || !object.key.starts_with(before + prefix))
          co_return fail(Code::kUnavailable, "the object store lists keys that were not asked for");
        from = object.key;
        std::string key = object.key.substr(before.size());
        if (!engines::check_blob_key(key) || key <= after) continue;  // the bucket may be shared with others
        if (found.size() < limit) found.push_back({.key = std::move(key), .size_bytes = object.size_bytes});
      }
      if (!page.truncated) break;
    }
    co_return found;
  }

 private:
  Store store_;
};

Error opening_error(Error error) {
  const auto is = [&error](std::string_view name, std::string_view value) {
    return std::ranges::any_of(error.context,
                               [&](const auto& fact) { return fact.first == name && fact.second == value; });
  };
  if (is("status", "401") || is("status", "403")) error.code = Code::kPermissionDenied;
  if (is("s3_error", "NoSuchBucket")) {
    error.code = Code::kInvalidArgument;
    return std::move(error).with("field", "bucket");
  }
  return error;
}

/// Aborts what processes that died left unfinished. Not to be able to is worth a warning, and no more.
Result<> abort_stale_uploads(Client& client, const S3Options& options, Clock& clock, const Logger& logger) {
  const std::string before = before_keys(options);
  UploadList page{.truncated = true};
  for (int i = 0; i < kMaxUploadPages && page.truncated; ++i) {
    Call call{.operation = "list_uploads",
              .method = "GET",
              .of_bucket = true,
              .query = {{"uploads", ""}, {"prefix", before}},
              .max_answer_bytes = kMaxListBytes};
    if (!page.next_key.empty()) {
      call.query.emplace_back("key-marker", page.next_key);
      call.query.emplace_back("upload-id-marker", page.next_id);
    }
    TRY(const Reply reply, client.call_now(std::move(call)));
    if (!reply.ok()) return fail(unexpected_reply(reply));
    TRY(page, read_upload_list(reply.body));
    // By the store's clock; where ours is ahead of it, what is young is not to be taken for old.
    const std::int64_t now_ms = parse_http_date(std::string(reply.header("date"))).value_or(clock.wall_ms());
    const std::int64_t youngest_ms = now_ms - options.stale_upload_s * 1000;
    for (const UploadList::Upload& upload : page.uploads) {
      if (upload.begun_ms > youngest_ms || !upload.key.starts_with(before)) continue;
      const std::string key = upload.key.substr(before.size());
      if (!engines::check_blob_key(key)) continue;
      TRY(const Reply aborted,
          client.call_now(
              {.operation = "abort_upload", .method = "DELETE", .key = key, .query = {{"uploadId", upload.id}}}));
      logger.info("s3: aborted an unfinished object", {{"key", key}, {"status", aborted.status}});
    }
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<engines::Blobs>> open_s3_blobs(const S3Options& options, Clock& clock, const Logger& logger,
                                                      Metrics& metrics) {
  TRY(auto client, Client::make(options, clock, logger, metrics));
  Result<Reply> asked = client->call_now(list_call(before_keys(options), "", 1));
  if (!asked) return fail(opening_error(std::move(asked).error()));
  if (!asked->ok()) return fail(unexpected_reply(*asked));
  TRY_VOID(read_object_list(asked->body));
  if (options.stale_upload_s > 0) {
    if (const Result<> swept = abort_stale_uploads(*client, options, clock, logger); !swept)
      logger.warn("s3: unfinished objects of before are not aborted", {{"error", swept.error().message}});
  }
  return std::make_unique<S3Blobs>(options, std::move(client), metrics);
}

}  // namespace concord::s3
