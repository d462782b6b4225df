#include "crdt/fields_v2.h"

#include "crdt/any_codec.h"
#include "crdt/any_json.h"
#include "crdt/canonical.h"
#include "crdt/fields_v2_writer.h"

namespace concord::crdt {

FieldReaderV2::FieldReaderV2(ByteView update, WireReader in)
    : key_clocks_(column(update, in)),
      clients_(column(update, in)),
      left_clocks_(column(update, in)),
      right_clocks_(column(update, in)),
      infos_(column(update, in)),
      strings_(column(update, in)),
      parent_infos_(column(update, in)),
      type_kinds_(column(update, in)),
      lengths_(column(update, in)),
      rest_(in) {
  if (!rest_.ok() || strings_.in().ok()) return;
  (void)from(Column::kString, false);
  rest_ = strings_.in();  // nothing is read any more
}

/// The next column; before the first comes the flag for features.
WireReader FieldReaderV2::column(ByteView update, WireReader& in) {
  if (in.position() == 0) {
    std::uint64_t features = 0;
    if (in.uint(features) && features != 0) in.fail("it has features that are not known here");
  }
  ByteView part;
  in.var_bytes(part);
  return in.ok() ? WireReader(update, part) : WireReader(update, {});
}

template <class Self>
auto& FieldReaderV2::reader(Self& self, Column column) {
  switch (column) {
    case Column::kKeyClock:
      return self.key_clocks_.in();
    case Column::kClient:
      return self.clients_.in();
    case Column::kLeftClock:
      return self.left_clocks_.in();
    case Column::kRightClock:
      return self.right_clocks_.in();
    case Column::kInfo:
      return self.infos_.in();
    case Column::kString:
      return self.strings_.in();
    case Column::kParentInfo:
      return self.parent_infos_.in();
    case Column::kTypeKind:
      return self.type_kinds_.in();
    case Column::kLength:
      return self.lengths_.in();
    case Column::kRest:
      break;
  }
  return self.rest_;
}

bool FieldReaderV2::fail(const char* what) {
  (void)from(last_, false);
  return reader(*this, last_).fail(what);
}

Error FieldReaderV2::error() const {
  static constexpr std::string_view kNames[] = {"rest", "key clock", "client",      "left clock", "right clock",
                                                "info", "string",    "parent info", "type kind",  "length"};
  const Column column = failed_ ? failed_in_ : Column::kRest;
  return reader(*this, column).error("update", kNames[static_cast<std::size_t>(column)]);
}

bool FieldReaderV2::key(ByteView& out) {
  std::uint64_t number = 0;
  if (!from(Column::kKeyClock, key_clocks_.read(number))) return false;
  if (number < keys_.size()) {
    out = keys_[static_cast<std::size_t>(number)];
    return true;
  }
  if (!text(out)) return false;
  keys_.push_back(out);
  return true;
}

bool FieldReaderV2::value(ByteView& out, bool& canonical) {
  const std::uint8_t* begin = rest().at();
  canonical = true;
  if (!scan_any(rest_, canonical)) return false;
  out = {begin, rest_.at()};
  return true;
}

bool FieldReaderV2::json_elements(std::uint32_t count, ByteView& out) {
  Bytes& elements = elements_.emplace_front();
  WireWriter writer(elements);
  ByteView element;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!text(element)) return false;
    if (as_text(element) != "undefined" && !json_form(as_text(element)).valid) return fail("a string is not JSON");
    writer.var_bytes(element);
  }
  out = elements;
  return true;
}

/// Clocks are steps from the end of the range before, lengths are less one.
bool FieldReaderV2::deleted_range(std::uint64_t& clock, std::uint64_t& length) {
  if (!rest().uint(clock) || !rest_.uint(length)) return false;
  clock += deleted_to_;
  ++length;
  deleted_to_ = clock + length;
  return true;
}

bool FieldReaderV2::finish() {
  const auto left_over = [this](Column column) {
    last_ = column;
    return fail("it has more than the structs take");
  };
  if (!rest_.at_end()) {
    last_ = Column::kRest;
    return fail("there is more after the delete set");
  }
  if (!key_clocks_.used_up()) return left_over(Column::kKeyClock);
  if (!clients_.used_up()) return left_over(Column::kClient);
  if (!left_clocks_.used_up()) return left_over(Column::kLeftClock);
  if (!right_clocks_.used_up()) return left_over(Column::kRightClock);
  if (!infos_.used_up()) return left_over(Column::kInfo);
  if (!strings_.used_up()) return left_over(Column::kString);
  if (!parent_infos_.used_up()) return left_over(Column::kParentInfo);
  if (!type_kinds_.used_up()) return left_over(Column::kTypeKind);
  if (!lengths_.used_up()) return left_over(Column::kLength);
  return true;
}

void FieldWriterV2::json_value(ByteView json) {
  const std::string_view text = as_text(json);
  if (text == "true" || text == "false" || text == "null") {
    rest_.byte(text == "true" ? 120 : text == "false" ? 121 : 126);
  } else if (plain_json_string(text)) {
    rest_.byte(119);
    rest_.var_bytes(json.subspan(1, json.size() - 2));
  } else if (const auto value = parse_json(text)) {
    write_any(rest_, *value);
  }
}

void FieldWriterV2::json_elements(ByteView elements) {
  WireReader in(elements);
  ByteView element;
  while (!in.at_end() && in.var_bytes(element)) text(element);
}

Bytes FieldWriterV2::finish(Bytes&& rest) {
  Bytes update;
  finish(update, rest);
  return update;
}

void FieldWriterV2::reserve(std::size_t structs, std::size_t text_bytes) {
  infos_.reserve(structs);
  left_clocks_.reserve(structs * 3);
  right_clocks_.reserve(structs * 3);
  lengths_.reserve(structs);
  strings_.reserve(structs, text_bytes);
}

void FieldWriterV2::finish(Bytes& update, ByteView rest) {
  const std::size_t columns = key_clocks_.size() + clients_.size() + left_clocks_.size() + right_clocks_.size() +
                              infos_.size() + strings_.size() + parent_infos_.size() + type_kinds_.size() +
                              lengths_.size();
  constexpr std::size_t kAround = 256;  // the lengths of columns, and their last runs
  update.reserve(update.size() + columns + rest.size() + kAround);
  WireWriter out(update);
  out.uint(0);
  key_clocks_.finish(out);
  clients_.finish(out);
  left_clocks_.finish(out);
  right_clocks_.finish(out);
  infos_.finish(out);
  strings_.finish(out);
  parent_infos_.finish(out);
  type_kinds_.finish(out);
  lengths_.finish(out);
  out.bytes(rest);
  keys_ = 0;
}

}  // namespace concord::crdt
