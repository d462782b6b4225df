#include "engines/blobs.h"

#include <algorithm>

namespace concord::engines {
namespace {

constexpr std::size_t kPieceBytes = 1U << 20U;

bool is_key_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

std::unexpected<Error> bad_key(std::string message, std::size_t limit, std::size_t value) {
  return fail(Error{Code::kInvalidArgument,
                    std::move(message),
                    {{"field", "key"}, {"limit", std::to_string(limit)}, {"value", std::to_string(value)}}});
}

}  // namespace

Result<> check_blob_key(std::string_view key) {
  if (key.empty() || key.size() > kMaxBlobKeyBytes)
    return bad_key("a blob's key has 1 to 512 bytes", kMaxBlobKeyBytes, key.size());
  for (std::size_t begin = 0; begin <= key.size();) {
    const std::size_t end = std::min(key.find('/', begin), key.size());
    const std::string_view segment = key.substr(begin, end - begin);
    if (segment.size() > kMaxBlobKeySegmentBytes)
      return bad_key("a segment of a blob's key has at most 200 bytes", kMaxBlobKeySegmentBytes, segment.size());
    if (segment.empty() || segment == "." || segment == ".." || !std::ranges::all_of(segment, is_key_character)) {
      return fail(Error{Code::kInvalidArgument,
                        "a blob's key has segments of A-Z a-z 0-9 . _ - which are not empty, '.' or '..'",
                        {{"field", "key"}}});
    }
    begin = end + 1;
  }
  return {};
}

Task<Bytes> Blobs::get(std::string key, std::size_t max_bytes) {
  CO_TRY(const auto reader, co_await open(std::move(key)));
  Bytes whole;
  for (;;) {
    CO_TRY(const Bytes piece, co_await reader->next(kPieceBytes));
    if (piece.empty()) co_return whole;
    if (piece.size() > max_bytes - whole.size()) {
      co_return fail(Error{Code::kTooLarge, "the object is too large", {{"limit", std::to_string(max_bytes)}}});
    }
    append(whole, piece);
  }
}

Task<> Blobs::put(std::string key, SharedBytes bytes) {
  CO_TRY(const auto writer, co_await create(std::move(key)));
  CO_TRY_VOID(co_await writer->write(std::move(bytes)));
  co_return co_await writer->commit();
}

}  // namespace concord::engines
