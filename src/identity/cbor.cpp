#include "identity/cbor.h"

#include <algorithm>

namespace concord::identity::cbor {

namespace {

std::unexpected<Error> malformed(std::string_view what) {
  return fail(Code::kInvalidArgument, "malformed CBOR: " + std::string(what));
}

class Decoder {
 public:
  explicit Decoder(ByteView bytes) : bytes_(bytes) {}

  Result<Value> value(std::size_t depth) {
    if (depth > kMaxDepth || ++values_ > kMaxValues) return malformed("too much of it");
    if (at_ == bytes_.size()) return malformed("it ends early");
    const unsigned major = bytes_[at_] >> 5U;
    const unsigned low = bytes_[at_] & 31U;
    ++at_;
    if (major == 7) {
      if (low < 20 || low > 23) return malformed("a number with a point, or a foreign simple value");
      return Value{};
    }
    TRY(const std::uint64_t count, argument(low));
    switch (major) {
      case 0:
      case 1:
        if (count > INT64_MAX) return malformed("an integer beyond 64 bits");
        return Value{major == 0 ? static_cast<std::int64_t>(count) : -1 - static_cast<std::int64_t>(count)};
      case 2:
      case 3:
        return string(major, count);
      case 4:
        return array(count, depth);
      case 5:
        return map(count, depth);
      default:
        return malformed("a tag");
    }
  }
  std::size_t at() const { return at_; }

 private:
  Result<std::uint64_t> argument(unsigned low) {
    if (low < 24) return low;
    if (low > 27) return malformed("an indefinite length");
    const std::size_t size = std::size_t{1} << (low - 24);
    if (bytes_.size() - at_ < size) return malformed("it ends early");
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < size; ++i) out = (out << 8U) | bytes_[at_++];
    return out;
  }

  Result<Value> string(unsigned major, std::uint64_t size) {
    if (size > bytes_.size() - at_) return malformed("it ends early");
    const ByteView held = bytes_.subspan(at_, static_cast<std::size_t>(size));
    at_ += held.size();
    if (major == 2) return Value{held};
    return Value{as_text(held)};
  }

  Result<Value> array(std::uint64_t count, std::size_t depth) {
    Array out;
    for (std::uint64_t i = 0; i < count; ++i) {
      TRY(Value one, value(depth + 1));
      out.push_back(std::move(one));
    }
    return Value{std::move(out)};
  }

  Result<Value> map(std::uint64_t count, std::size_t depth) {
    Map out;
    for (std::uint64_t i = 0; i < count; ++i) {
      TRY(Value key, value(depth + 1));
      if (key.integer() == nullptr && key.text() == nullptr) return malformed("a key that is neither number nor text");
      const bool twice = std::ranges::any_of(out.keys, [&key](const Value& other) {
        return (key.integer() != nullptr && other.integer() != nullptr && *key.integer() == *other.integer()) ||
               (key.text() != nullptr && other.text() != nullptr && *key.text() == *other.text());
      });
      if (twice) return malformed("a key twice");
      TRY(Value held, value(depth + 1));
      out.keys.push_back(std::move(key));
      out.values.push_back(std::move(held));
    }
    return Value{std::move(out)};
  }

  const ByteView bytes_;
  std::size_t at_ = 0;
  std::size_t values_ = 0;
};

}  // namespace

const Value* Value::find(std::int64_t key) const {
  for (std::size_t i = 0; map() != nullptr && i < map()->keys.size(); ++i) {
    const std::int64_t* name = map()->keys[i].integer();
    if (name != nullptr && *name == key) return &map()->values[i];
  }
  return nullptr;
}

const Value* Value::find(std::string_view key) const {
  for (std::size_t i = 0; map() != nullptr && i < map()->keys.size(); ++i) {
    const std::string_view* name = map()->keys[i].text();
    if (name != nullptr && *name == key) return &map()->values[i];
  }
  return nullptr;
}

Result<Value> decode(ByteView bytes, std::size_t& size) {
  Decoder decoder(bytes);
  TRY(Value value, decoder.value(0));
  size = decoder.at();
  return value;
}

}  // namespace concord::identity::cbor
