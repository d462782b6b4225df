#include "random_operations.h"

#include <algorithm>
#include <limits>

#include "crdt/any_codec.h"
#include "operations.h"

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

constexpr const char* kRoots[] = {"text", "map", "array", "xml"};

Any as_any(const Attributes& formats) {
  AnyObject members;
  for (const auto& [name, value] : formats) set_member(members, name, value);
  return members;
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
  for (; count > 0; --count) {
    const std::size_t begin = record_.size();
    while (!one()) continue;
    WireReader in(ByteView(record_).subspan(begin));
    TRY_VOID(Operations(doc_, in).perform());
  }
  return {};
}

/// Decides and writes down one operation; false where the target it came to has none for that.
bool RandomOperations::one() { return kinds_.xml && dice_.chance(0.4) ? more() : on_any(target(false)); }

/// What text, arrays and maps have; XML texts and hooks are such too.
bool RandomOperations::on_any(const Value& at) {
  if (const auto* text = std::get_if<Text>(&at)) return on_text(*text);
  if (const auto* text = std::get_if<XmlText>(&at)) return on_text(*text);
  if (const auto* array = std::get_if<Array>(&at)) return on_array(*array);
  return on_map();
}

/// A root, or by a random way down from one a type within it.
Value RandomOperations::target(bool into_xml) {
  const double dice = dice_.random();
  root_ = dice < 0.6 ? 0 : dice < 0.8 ? 1 : 2;
  const char* name = kRoots[root_];
  Value at = root_ == 0 ? Value(doc_.text(name)) : root_ == 1 ? Value(doc_.map(name)) : Value(doc_.array(name));
  way_.clear();
  while (way_.size() < 4 && dice_.chance(0.7) && step_down(at, into_xml)) continue;
  return at;
}

/// To a random type within this one; false where there is none, or only XML that is not wanted.
bool RandomOperations::step_down(Value& at, bool into_xml) {
  std::optional<Value> next;
  std::variant<std::size_t, std::string> step;
  const auto by_index = [&](const auto& list) {
    if (list.length() == 0) return;
    step = dice_.below(list.length());
    next = list.get(std::get<std::size_t>(step));
  };
  const auto by_key = [&](const Map& map) {
    step = dice_.pick(kKeys);
    next = map.get(std::get<std::string>(step));
  };
  if (const auto* map = std::get_if<Map>(&at)) by_key(*map);
  if (const auto* hook = std::get_if<XmlHook>(&at)) by_key(*hook);
  if (const auto* array = std::get_if<Array>(&at)) by_index(*array);
  if (const auto* fragment = std::get_if<XmlFragment>(&at)) by_index(*fragment);
  if (const auto* element = std::get_if<XmlElement>(&at)) by_index(*element);
  if (!next || std::holds_alternative<Any>(*next) || std::holds_alternative<Subdocument>(*next)) return false;
  const bool xml = std::holds_alternative<XmlFragment>(*next) || std::holds_alternative<XmlElement>(*next);
  if (xml && !into_xml) return false;
  way_.push_back(std::move(step));
  at = *std::move(next);
  return true;
}

/// Writes the kind of an operation and its target.
void RandomOperations::begin(std::uint64_t kind) {
  out_.uint(kind);
  out_.uint(root_);
  text(kRoots[root_]);
  out_.uint(way_.size());
  for (const auto& step : way_) {
    out_.uint(step.index());
    if (const auto* index = std::get_if<std::size_t>(&step))
      out_.uint(*index);
    else
      text(std::get<std::string>(step));
  }
}

void RandomOperations::formats() { write_any(out_, as_any(dice_.pick(kFormats))); }

const std::string& RandomOperations::word() {
  return kinds_.pairs && dice_.chance(0.3) ? dice_.pick(kPairs) : dice_.pick(kWords);
}

bool RandomOperations::on_text(const Text& at) {
  const std::size_t length = at.length();
  const std::size_t index = dice_.below(length + 1);
  const double dice = dice_.random();
  if (dice < 0.45) {
    begin(dice < 0.35 ? 0 : 1);
    out_.uint(index);
    text(word());
    if (dice >= 0.35) formats();
  } else if (dice < 0.52) {
    begin(2);
    out_.uint(index);
    write_any(out_, dice_.pick(kEmbeds));
    formats();
  } else if (dice < 0.75) {
    if (length == 0) return false;
    const std::size_t from = dice_.below(length);
    begin(3);
    out_.uint(from);
    out_.uint(1 + dice_.below(std::min<std::size_t>(length - from, dice_.chance(0.1) ? 50 : 6)));
  } else if (dice < 0.93) {
    begin(4);
    out_.uint(index);
    out_.uint(dice_.chance(0.02) ? 60 : 1 + dice_.below(12));
    formats();
  } else {
    begin(5);
    out_.uint(0);
    delta(length);
  }
  return true;
}

void RandomOperations::delta(std::size_t left) {
  std::vector<DeltaOp> ops;
  while (left > 0 && dice_.chance(0.7)) {
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
  write_any(out_, delta_to_any(ops));
}

bool RandomOperations::on_array(const Array& at) {
  const std::size_t length = at.length();
  const std::size_t index = dice_.below(length + 1);
  const double dice = dice_.random();
  if (dice < 0.55) {
    begin(dice < 0.4 ? 0 : 1);
    out_.uint(dice < 0.4 ? index : 0);
    AnyArray values(1 + dice_.below(4));
    for (Any& value : values) value = dice_.pick(kValues);
    write_any(out_, values);
  } else if (dice < 0.8) {
    if (length == 0) return false;
    const std::size_t from = dice_.below(length);
    begin(2);
    out_.uint(from);
    out_.uint(1 + dice_.below(std::min<std::size_t>(length - from, 4)));
  } else {
    begin(3 + dice_.below(3));
    out_.uint(index);
  }
  return true;
}

bool RandomOperations::on_map() {
  const std::string& key = dice_.pick(kKeys);
  const double dice = dice_.random();
  begin(dice < 0.5 ? 0 : dice < 0.75 ? 1 : 2 + dice_.below(3));
  text(key);
  if (dice < 0.5) write_any(out_, dice_.chance(0.1) ? dice_.pick(kMapValues) : dice_.pick(kValues));
  return true;
}

}  // namespace concord::crdt
