#pragma once
// SingleChange: nearly all updates that are sent while people type say one thing: so much text behind the client's
// last, or so many clocks deleted. Those are recognised here, in either format, without a reader being set up for all
// that an update might be. Whatever is otherwise or wrong is not recognised and left to the decoder, which also says
// what is wrong.

#include <cstdint>
#include <cstring>

#include "base/bytes.h"
#include "crdt/update_format.h"
#include "crdt/wire.h"

namespace concord::crdt {

/// One struct of text at `clock` whose origin is what its client wrote last.
struct TypedChange {
  std::uint64_t client = 0;
  std::uint64_t clock = 0;
  bool has_right_origin = false;
  std::uint64_t right_client = 0;
  std::uint64_t right_clock = 0;
  ByteView text;
  std::uint64_t units = 0;  // of UTF-16, of the text, where the format tells them; else 0
};

/// One range of a delete set; it is not empty.
struct ErasedChange {
  std::uint64_t client = 0;
  std::uint64_t clock = 0;
  std::uint64_t length = 0;
};

namespace single_change {

constexpr std::uint8_t kText = 0x84;   // the info of text with an origin,
constexpr std::uint8_t kRight = 0x40;  // and of one with a right origin too

// V2 (fields_v2.h): a column that is empty is a 0, but that of strings, which has an empty text in it.
constexpr std::uint8_t kNoStructsV2[] = {0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0};
constexpr std::uint8_t kNoMoreColumnsV2[] = {0, 0, 0};  // parent infos, kinds of types, lengths

inline bool read_exactly(WireReader& in, ByteView expected) {
  if (in.left() < expected.size() || std::memcmp(in.at(), expected.data(), expected.size()) != 0) return false;
  in.move_to(in.at() + expected.size());
  return true;
}

/// Where the column that begins here ends, or null: one of less than 128 bytes.
inline const std::uint8_t* column_end(WireReader& in) {
  std::uint8_t size = 0;
  if (!in.byte(size) || size >= 0x80 || size > in.left()) return nullptr;
  return in.at() + size;
}

/// The column of clients: of the section, of the origin, and of a right origin where `count` becomes 3.
inline bool read_clients(WireReader& in, std::uint64_t (&clients)[3], unsigned& count) {
  const std::uint8_t* end = column_end(in);
  if (end == nullptr) return false;
  count = 0;
  while (in.at() < end) {
    std::uint64_t value = 0;
    std::uint64_t times = 1;
    bool run = false;
    if (!in.sint(value, run)) return false;
    if (run) {
      if (!in.uint(times) || times > 1) return false;
      times += 2;
    }
    if (count + times > 3) return false;
    for (; times > 0; --times) clients[count++] = value;
  }
  return in.at() == end && count >= 2;
}

/// A column of clocks that has one.
inline bool read_clock(WireReader& in, std::uint64_t& out) {
  const std::uint8_t* end = column_end(in);
  bool negative = false;
  if (end == nullptr || !in.sint(out, negative) || negative || (out & 1U) != 0 || in.at() != end) return false;
  out /= 2;
  return true;
}

/// The column of strings, which has one.
inline bool read_string(WireReader& in, TypedChange& out) {
  std::uint64_t size = 0;
  bool negative = false;
  if (!in.uint(size) || size > in.left()) return false;
  const std::uint8_t* end = in.at() + size;
  return in.var_bytes(out.text) && in.sint(out.units, negative) && !negative && out.units != 0 && in.at() == end;
}

inline bool read_v1(WireReader in, TypedChange& out) {
  std::uint64_t origin_client = 0;
  std::uint64_t origin_clock = 0;
  std::uint8_t info = 0;
  std::uint8_t deletions = 1;
  if (!in.uint(out.client) || !in.uint(out.clock) || !in.byte(info) || (info & ~kRight) != kText ||
      !in.uint(origin_client) || !in.uint(origin_clock) || origin_client != out.client || origin_clock + 1 != out.clock)
    return false;
  out.has_right_origin = info != kText;
  if (out.has_right_origin && !(in.uint(out.right_client) && in.uint(out.right_clock))) return false;
  return in.var_bytes(out.text) && in.byte(deletions) && deletions == 0 && in.at_end();
}

inline bool read_v2(WireReader in, TypedChange& out) {
  std::uint64_t clients[3] = {};
  unsigned count = 0;
  std::uint64_t origin_clock = 0;
  if (!read_clients(in, clients, count) || clients[0] != clients[1] || !read_clock(in, origin_clock)) return false;
  out.client = clients[0];
  out.has_right_origin = count == 3;
  out.right_client = clients[2];
  const std::uint8_t no_right_clock[] = {0};
  if (!(out.has_right_origin ? read_clock(in, out.right_clock) : read_exactly(in, no_right_clock))) return false;
  const std::uint8_t infos[] = {1, static_cast<std::uint8_t>(out.has_right_origin ? kText | kRight : kText)};
  const std::uint8_t one_struct[] = {1, 1};
  const std::uint8_t nothing_deleted[] = {0};
  return read_exactly(in, infos) && read_string(in, out) && read_exactly(in, kNoMoreColumnsV2) &&
         read_exactly(in, one_struct) && in.uint(out.clock) && origin_clock + 1 == out.clock &&
         read_exactly(in, nothing_deleted) && in.at_end();
}

}  // namespace single_change

/// Whether that is what the update says.
inline bool read_single_change(ByteView update, UpdateFormat format, TypedChange& out) {
  const bool v1 = format == UpdateFormat::kV1;
  // In V1 one section with one struct; in V2 no features and no keys.
  if (update.size() < 2 || update[0] != (v1 ? 1 : 0) || update[1] != (v1 ? 1 : 0)) return false;
  const WireReader in(update.subspan(2));
  return v1 ? single_change::read_v1(in, out) : single_change::read_v2(in, out);
}
inline bool read_single_change(ByteView update, UpdateFormat format, ErasedChange& out) {
  const bool v1 = format == UpdateFormat::kV1;
  const std::uint8_t no_sections[] = {0};
  const std::uint8_t one[] = {1};  // client, and range
  WireReader in(update);
  if (!v1 && !single_change::read_exactly(in, single_change::kNoStructsV2)) return false;
  if (!single_change::read_exactly(in, no_sections) || !single_change::read_exactly(in, one) || !in.uint(out.client) ||
      !single_change::read_exactly(in, one) || !in.uint(out.clock) || !in.uint(out.length) || !in.at_end())
    return false;
  out.length += v1 ? 0 : 1;
  return out.length != 0;
}

}  // namespace concord::crdt
