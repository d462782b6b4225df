#include "random_operations.h"

#include <algorithm>
#include <limits>

namespace concord::crdt {
namespace {

const std::vector<std::string> kWords = {
    "a", "bc", "def", " ", "\n", "ä", "漢字", "hello world", std::string(1, '\0'), "\ufeff", "ﷺ", "\u2028"};
const std::vector<std::string> kPairs = {"😀", "👩‍👩‍👧", "x😀y"};
const std::vector<std::string> kKeys = {"k", "key", "größe", "", "😀"};

const std::vector<Attributes> kFormats = {
    {{"bold", true}},
    {{"bold", Null{}}},
    {{"italic", true}},
    {{"italic", Null{}}},
    {{"link", "https://example.org/?a=\"b\""}},
    {{"link", Null{}}},
    {{"color", "red"}, {"bold", true}},
    {{"header", 1}},
    {{"header", 2.5}},
    {{"header", Null{}}},
    {{"1", "one"}, {"2", "two"}},
    {{"size", AnyObject{{"w", 1}, {"h", 2}}}},
    {{"size", Null{}}},
    {{"ключ", "значение\n"}},
    {{"bold", false}},
    {},
};

const std::vector<Any> kEmbeds = {
    AnyObject{{"image", "a.png"}},
    AnyObject{{"a", AnyObject{{"b", AnyArray{1, 2, AnyObject{{"c", Null{}}}}}}}},
    AnyObject{{"9", 2}, {"10", 1}, {"z", 3}},
    AnyObject{{"s", "ü\u0007\"\\"}},
};

const std::vector<Any> kValues = {
    0,
    1,
    -1,
    63,
    64,
    -64,
    2147483647.0,
    -2147483648.0,
    2147483648.0,
    1e21,
    0.5,
    0.1,
    -0.0,
    1.5e300,
    std::numeric_limits<double>::infinity(),
    "",
    "string",
    "😀",
    true,
    false,
    Null{},
    AnyObject{},
    AnyArray{},
    AnyArray{1, AnyArray{2, AnyArray{3}}},
    AnyObject{{"a", 1}, {"b", AnyObject{{"c", "d"}}}},
    AnyObject{{"1", "y"}, {"3", "x"}, {"b", "z"}, {"a", "w"}},
    Bytes{1, 2, 3},
    AnyArray{Null{}, AnyObject{{"u", Undefined{}}}},
};
const std::vector<Any> kMapValues = {Undefined{}, BigInt{1234567890123456789}, BigInt{-5}};

template <class T>
Result<> done(const Result<T>& result) {
  if (!result) return fail(result.error());
  return {};
}

}  // namespace

double Dice::random() {
  state_ += 0x6d2b79f5U;
  std::uint32_t t = state_;
  t = (t ^ (t >> 15U)) * (t | 1U);
  t ^= t + (t ^ (t >> 7U)) * (t | 61U);
  return static_cast<double>(t ^ (t >> 14U)) / 4294967296.0;
}

std::size_t Dice::below(std::size_t bound) { return static_cast<std::size_t>(random() * static_cast<double>(bound)); }

Result<> RandomOperations::perform(std::size_t count) {
  for (; count > 0; --count) TRY_VOID(one());
  return {};
}

Result<> RandomOperations::one() {
  const Value at = target();
  if (const auto* text = std::get_if<Text>(&at)) return on_text(*text);
  if (const auto* map = std::get_if<Map>(&at)) return on_map(*map);
  return on_array(std::get<Array>(at));
}

/// A root, or by a random way down from one a type within it.
Value RandomOperations::target() {
  const double dice = dice_.random();
  Value at = dice < 0.6 ? Value(doc_.text("text")) : dice < 0.8 ? Value(doc_.map("map")) : Value(doc_.array("array"));
  for (int depth = 0; depth < 4 && dice_.chance(0.7); ++depth) {
    std::optional<Value> next;
    if (const auto* map = std::get_if<Map>(&at)) next = map->get(dice_.pick(kKeys));
    const auto* array = std::get_if<Array>(&at);
    if (array != nullptr && array->length() > 0) next = array->get(dice_.below(array->length()));
    if (!next || std::holds_alternative<Any>(*next)) break;
    at = *next;
  }
  return at;
}

const std::string& RandomOperations::word() {
  return pairs_ && dice_.chance(0.3) ? dice_.pick(kPairs) : dice_.pick(kWords);
}

Result<> RandomOperations::on_text(Text text) {
  const std::size_t length = text.length();
  const std::size_t index = dice_.below(length + 1);
  const double dice = dice_.random();
  if (dice < 0.35) return text.insert(index, word());
  if (dice < 0.45) return text.insert(index, word(), dice_.pick(kFormats));
  if (dice < 0.52) return text.insert_embed(index, dice_.pick(kEmbeds), dice_.pick(kFormats));
  if (dice < 0.75) {
    if (length == 0) return {};
    const std::size_t from = dice_.below(length);
    const std::size_t most = std::min<std::size_t>(length - from, dice_.chance(0.1) ? 50 : 6);
    return text.erase(from, 1 + dice_.below(most));
  }
  if (dice < 0.93) return text.format(index, dice_.chance(0.02) ? 60 : 1 + dice_.below(12), dice_.pick(kFormats));
  return delta(text);
}

Result<> RandomOperations::delta(Text& text) {
  std::vector<DeltaOp> ops;
  for (std::size_t left = text.length(); left > 0 && dice_.chance(0.7);) {
    const std::size_t length = 1 + dice_.below(std::min<std::size_t>(left, 8));
    left -= length;
    if (dice_.chance(0.6))
      ops.push_back(DeltaOp::retain(length, dice_.chance(0.5) ? dice_.pick(kFormats) : Attributes{}));
    else
      ops.push_back(DeltaOp::erase(length));
    if (!dice_.chance(0.4)) continue;
    const Attributes formats = dice_.chance(0.5) ? dice_.pick(kFormats) : Attributes{};
    ops.push_back(dice_.chance(0.8) ? DeltaOp::insert(word(), formats)
                                    : DeltaOp::insert_embed(dice_.pick(kEmbeds), formats));
  }
  ops.push_back(DeltaOp::insert(word()));
  return text.apply_delta(ops);
}

Result<> RandomOperations::on_array(Array array) {
  const std::size_t length = array.length();
  const std::size_t index = dice_.below(length + 1);
  const double dice = dice_.random();
  if (dice < 0.55) {
    AnyArray values(1 + dice_.below(4));
    for (Any& value : values) value = dice_.pick(kValues);
    return dice < 0.4 ? array.insert(index, values) : array.push(values);
  }
  if (dice < 0.8) {
    if (length == 0) return {};
    const std::size_t from = dice_.below(length);
    return array.erase(from, 1 + dice_.below(std::min<std::size_t>(length - from, 4)));
  }
  switch (dice_.below(3)) {
    case 0:
      return done(array.insert_text(index));
    case 1:
      return done(array.insert_map(index));
    default:
      return done(array.insert_array(index));
  }
}

Result<> RandomOperations::on_map(Map map) {
  const std::string& key = dice_.pick(kKeys);
  const double dice = dice_.random();
  if (dice < 0.5) return map.set(key, dice_.chance(0.1) ? dice_.pick(kMapValues) : dice_.pick(kValues));
  if (dice < 0.75) return map.erase(key);
  switch (dice_.below(3)) {
    case 0:
      return done(map.set_text(key));
    case 1:
      return done(map.set_map(key));
    default:
      return done(map.set_array(key));
  }
}

}  // namespace concord::crdt
