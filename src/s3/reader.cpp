// Reads an object block by block, each a request of its own for a range: whoever reads slowly holds no connection, and
// a block whose request failed is asked for again.

#include <algorithm>

#include "crypto/hash.h"
#include "s3/store.h"

namespace concord::s3 {
namespace {

constexpr std::int64_t kFirstBlockBytes = 1 << 20;  // many objects are smaller, and many readers want but the beginning

struct Block {
  Bytes bytes;
  std::uint64_t size_bytes = 0;  // of the whole object
  std::string etag;
};

std::unexpected<Error> no_object(const std::string& key) { return fail(Code::kNotFound, "no object " + key); }

std::unexpected<Error> past_the_end(std::uint64_t offset, std::uint64_t size) {
  return fail(Error{Code::kInvalidArgument,
                    "the offset is past the object's end",
                    {{"field", "offset"}, {"limit", std::to_string(size)}, {"value", std::to_string(offset)}}});
}

/// The range that was asked for, or the whole of what is shorter than that.
Result<Block> block_of(Reply reply, std::uint64_t offset) {
  Block block{.bytes = std::move(reply.body), .etag = std::string(reply.header("etag"))};
  if (reply.status == 206) {
    const std::optional<ContentRange> range = parse_content_range(reply.header("content-range"));
    if (!range || range->first != offset || range->last - range->first + 1 != block.bytes.size())
      return fail(Code::kUnavailable, "the object store answers with another range than was asked for");
    block.size_bytes = range->total;
  } else {
    if (offset != 0) return fail(Code::kUnavailable, "the object store does not answer with the range asked for");
    block.size_bytes = block.bytes.size();
  }
  const std::string_view hash = reply.header(kHashHeader);
  if (!hash.empty() && block.bytes.size() == block.size_bytes && hash != to_hex(crypto::sha256(block.bytes)))
    return fail(Code::kCorrupt, "the object is not what was written");
  return block;
}

/// nullopt where the offset is not in the object. `etag` is "" or that of the object to go on with.
Task<std::optional<Block>> fetch(Store& store, std::string key, std::uint64_t offset, std::int64_t bytes,
                                 std::string etag) {
  const std::uint64_t last = offset + static_cast<std::uint64_t>(bytes) - 1;
  Call call{.operation = "get",
            .method = "GET",
            .key = key,
            .headers = {{"range", "bytes=" + std::to_string(offset) + "-" + std::to_string(last)}},
            .max_answer_bytes = static_cast<std::size_t>(std::max<std::int64_t>(bytes, 64 << 10))};
  if (!etag.empty()) call.headers.emplace_back("if-match", std::move(etag));
  CO_TRY(Reply reply, co_await store.client->call(std::move(call)));
  if (reply.status == 404 || reply.status == 412) co_return no_object(key);
  if (reply.status == 416) co_return std::nullopt;
  if (!reply.ok()) co_return fail(unexpected_reply(reply));
  CO_TRY(Block block, block_of(std::move(reply), offset));
  co_return block;
}

class Reader final : public engines::BlobReader {
 public:
  Reader(Store& store, std::string key, std::uint64_t offset, Block first)
      : store_(store), key_(std::move(key)), offset_(offset + first.bytes.size()), block_(std::move(first)) {}

  Task<Bytes> next(std::size_t max_bytes) override {
    if (taken_ == block_.bytes.size()) {
      if (offset_ >= block_.size_bytes) co_return Bytes();
      CO_TRY_VOID(co_await next_block());
    }
    const std::size_t count = std::min(max_bytes, block_.bytes.size() - taken_);
    store_.read_bytes.add(count);
    taken_ += count;
    if (count == block_.bytes.size()) {
      taken_ = 0;
      co_return std::exchange(block_.bytes, {});
    }
    const auto begin = block_.bytes.begin() + static_cast<std::ptrdiff_t>(taken_ - count);
    co_return Bytes(begin, begin + static_cast<std::ptrdiff_t>(count));
  }

 private:
  Task<> next_block() {
    block_.bytes = {};  // one block at a time
    taken_ = 0;
    CO_TRY(std::optional<Block> block,
           co_await fetch(store_, key_, offset_, store_.options.read_block_bytes, block_.etag));
    // Removed and written anew: what was opened is gone.
    if (!block || block->size_bytes != block_.size_bytes || block->bytes.empty()) co_return no_object(key_);
    offset_ += block->bytes.size();
    block_ = std::move(*block);
    co_return Result<>();
  }

  Store& store_;
  std::string key_;
  std::uint64_t offset_;  // behind the block
  Block block_;
  std::size_t taken_ = 0;  // of the block
};

}  // namespace

Task<std::unique_ptr<engines::BlobReader>> open_reader(Store& store, std::string key, std::uint64_t offset) {
  const std::int64_t bytes = std::min(store.options.read_block_bytes, kFirstBlockBytes);
  if (offset < UINT64_MAX - static_cast<std::uint64_t>(kMostPartBytes)) {
    CO_TRY(std::optional<Block> first, co_await fetch(store, key, offset, bytes, ""));
    if (first) co_return std::make_unique<Reader>(store, std::move(key), offset, std::move(*first));
  }
  CO_TRY(const std::optional<Head> head, co_await store.head(key));  // the offset is at the end, or past it
  if (!head) co_return no_object(key);
  if (offset != head->size_bytes) co_return past_the_end(offset, head->size_bytes);
  co_return std::make_unique<Reader>(store, std::move(key), offset, Block{.size_bytes = offset});
}

}  // namespace concord::s3
