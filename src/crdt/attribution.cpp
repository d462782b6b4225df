#include "crdt/attribution.h"

#include <algorithm>

#include "crdt/fields_v1.h"
#include "crdt/fields_v2.h"
#include "crdt/update_reader.h"
#include "crdt/utf16.h"

namespace concord::crdt {
namespace {

constexpr std::uint8_t kVersion = 1;

using Ranges = std::vector<DeletedRange<ClientId>>;

void append(Ranges& ranges, std::uint64_t client, std::uint32_t clock, std::uint32_t length) {
  if (!ranges.empty() && ranges.back().client.value == client && ranges.back().clock + ranges.back().length == clock)
    ranges.back().length += length;
  else if (length > 0)
    ranges.push_back({ClientId{client}, clock, length});
}

template <class Fields>
Result<> read(UpdateReader<Fields> reader, Ranges& written, Ranges& deleted) {
  RawStruct raw;
  while (reader.next(raw))
    if (raw.kind != Kind::kSkip) append(written, raw.client, raw.clock, raw.length);
  std::uint64_t client = 0;
  std::uint32_t clock = 0;
  std::uint32_t length = 0;
  while (reader.ok() && reader.next_deleted(client, clock, length)) append(deleted, client, clock, length);
  if (!reader.ok()) return fail(reader.error());
  return {};
}

std::unexpected<Error> refused(const char* what, const char* field) {
  return std::unexpected<Error>(Error{Code::kInvalidArgument, what, {}}.with("field", field));
}

std::uint64_t zigzag(std::uint64_t from, std::uint64_t to) {
  const std::uint64_t difference = to - from;
  return difference << 1U ^ (0 - (difference >> 63U));
}
std::uint64_t unzigzag(std::uint64_t from, std::uint64_t coded) { return from + (coded >> 1U ^ (0 - (coded & 1U))); }

/// All 64 bits, which varuints elsewhere do not have.
void write_time(WireWriter& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) out.byte(static_cast<std::uint8_t>(value | 0x80U));
  out.byte(static_cast<std::uint8_t>(value));
}
bool read_time(WireReader& in, std::uint64_t& out) {
  out = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    std::uint8_t byte = 0;
    if (!in.byte(byte)) return false;
    if (shift == 63 && byte > 1) break;
    out |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
    if (byte < 0x80) return true;
  }
  return in.fail("a number is above 2^64 - 1");
}

void write_runs(WireWriter& out, const AuthorRuns& runs, const std::vector<std::uint32_t>& numbers) {
  out.uint(runs.size());
  std::uint32_t end = 0;
  std::uint64_t time = 0;
  runs.each([&](const AuthorRun& run) {
    out.uint(run.clock - end);
    out.uint(run.length - 1);
    out.uint(numbers[run.author]);
    write_time(out, zigzag(time, run.time));
    end = run.end();
    time = run.time;
  });
}

bool read_runs(WireReader& in, std::size_t authors, const AuthorRuns::Order& order, AuthorRuns& runs) {
  std::uint64_t count = 0;
  if (!in.uint(count)) return false;
  if (count > in.left() / 4) return in.fail("a count is larger than what follows");
  std::uint64_t end = 0;
  std::uint64_t time = 0;
  for (; count > 0; --count) {
    std::uint64_t gap = 0;
    std::uint64_t length = 0;
    std::uint64_t author = 0;
    std::uint64_t coded = 0;
    if (!in.uint(gap) || !in.uint(length) || !in.uint(author) || !read_time(in, coded)) return false;
    if (gap > kMaxClock - end || length >= kMaxClock - end - gap) return in.fail("a clock is above 4294967294");
    if (author >= authors) return in.fail("an author is not listed");
    time = unzigzag(time, coded);
    runs.add({.clock = static_cast<std::uint32_t>(end + gap),
              .length = static_cast<std::uint32_t>(length + 1),
              .time = time,
              .author = static_cast<std::uint32_t>(author)},
             order);
    end += gap + length + 1;
  }
  return true;
}

}  // namespace

std::uint32_t Attribution::author_number(std::string_view author) {
  if (const auto known = author_numbers_.find(author); known != author_numbers_.end()) return known->second;
  const auto number = static_cast<std::uint32_t>(authors_.size());
  authors_.emplace_back(author);
  author_numbers_.emplace(author, number);
  return number;
}

AuthorRuns::Order Attribution::order() const {
  return [this](const AuthorRun& a, const AuthorRun& b) {
    return a.time != b.time ? a.time < b.time : a.author != b.author && authors_[a.author] < authors_[b.author];
  };
}

Result<> Attribution::add(ByteView update, std::string_view author, std::uint64_t time, UpdateFormat format) {
  if (!scan_utf8(as_bytes(author).data(), author.size()).valid) return refused("the author is not UTF-8", "author");
  Ranges written;
  Ranges deleted;
  TRY_VOID(format == UpdateFormat::kV1 ? read(UpdateReader<FieldReaderV1>(update), written, deleted)
                                       : read(UpdateReader<FieldReaderV2>(update), written, deleted));
  if (written.empty() && deleted.empty()) return {};

  AuthorRun run;
  run.time = time / grain_;
  run.author = author_number(author);
  const AuthorRuns::Order precedes = order();
  const auto take = [&](const Ranges& ranges, AuthorRuns History::* kind) {
    for (const auto& range : ranges) {
      run.clock = range.clock;
      run.length = range.length;
      (clients_[range.client].*kind).add(run, precedes);
    }
  };
  take(written, &History::written);
  take(deleted, &History::deleted);
  return {};
}

Result<> Attribution::merge(const Attribution& other) {
  if (&other == this) return {};
  if (other.grain_ != grain_) return refused("the tables have different grains", "grain");
  std::vector<std::uint32_t> numbers;
  numbers.reserve(other.authors_.size());
  for (const std::string& author : other.authors_) numbers.push_back(author_number(author));
  const AuthorRuns::Order precedes = order();
  for (const auto& [client, history] : other.clients_) {
    History& own = clients_[client];
    const auto take = [&](const AuthorRuns& from, AuthorRuns& to) {
      from.each([&](AuthorRun run) {
        run.author = numbers[run.author];
        to.add(run, precedes);
      });
    };
    take(history.written, own.written);
    take(history.deleted, own.deleted);
  }
  return {};
}

const Attribution::History* Attribution::find(ClientId client) const {
  const auto found = clients_.find(client);
  return found == clients_.end() ? nullptr : &found->second;
}

std::optional<Credit> Attribution::credit(const AuthorRun* run) const {
  if (run == nullptr) return std::nullopt;
  return Credit{authors_[run->author], run->time * grain_};
}

void Attribution::each(const AuthorRuns* runs, Clock clock, Clock length, const Visit& visit) const {
  const std::uint64_t end = std::uint64_t{clock} + length;
  for (std::uint64_t at = clock; at < end;) {
    const AuthorRun* run = runs != nullptr ? runs->from(static_cast<Clock>(at)) : nullptr;
    const bool here = run != nullptr && run->clock <= at;
    const std::uint64_t stop = std::min(end, run == nullptr ? end : std::uint64_t{here ? run->end() : run->clock});
    visit(static_cast<Clock>(stop - at), credit(here ? run : nullptr));
    at = stop;
  }
}

void Attribution::each_written(ClientId client, Clock clock, Clock length, const Visit& visit) const {
  const History* history = find(client);
  each(history != nullptr ? &history->written : nullptr, clock, length, visit);
}

void Attribution::each_deleted(ClientId client, Clock clock, Clock length, const Visit& visit) const {
  const History* history = find(client);
  each(history != nullptr ? &history->deleted : nullptr, clock, length, visit);
}

std::optional<Credit> Attribution::written(ClientId client, Clock clock) const {
  std::optional<Credit> found;
  each_written(client, clock, 1, [&](Clock, const std::optional<Credit>& credit) { found = credit; });
  return found;
}

std::optional<Credit> Attribution::deleted(ClientId client, Clock clock) const {
  std::optional<Credit> found;
  each_deleted(client, clock, 1, [&](Clock, const std::optional<Credit>& credit) { found = credit; });
  return found;
}

std::size_t Attribution::runs() const {
  std::size_t count = 0;
  for (const auto& [client, history] : clients_) count += history.written.size() + history.deleted.size();
  return count;
}

std::size_t Attribution::memory_bytes() const {
  constexpr std::size_t kNode = 48;  // of a map, beside what it holds
  std::size_t bytes = sizeof(Attribution);
  for (const std::string& author : authors_) bytes += 2 * (sizeof(std::string) + author.capacity()) + kNode;
  for (const auto& [client, history] : clients_)
    bytes += kNode + sizeof(History) + history.written.heap_bytes() + history.deleted.heap_bytes();
  return bytes;
}

Bytes Attribution::encode() const {
  // Authors who are credited with something, in the order of their names.
  std::vector<bool> used(authors_.size());
  for (const auto& [client, history] : clients_)
    for (const AuthorRuns* runs : {&history.written, &history.deleted})
      runs->each([&](const AuthorRun& run) { used[run.author] = true; });
  std::vector<std::uint32_t> numbers(authors_.size());
  std::uint32_t count = 0;
  for (const auto& [author, number] : author_numbers_)
    if (used[number]) numbers[number] = count++;

  Bytes encoded;
  WireWriter out(encoded);
  out.byte(kVersion);
  write_time(out, grain_);
  out.uint(count);
  for (const auto& [author, number] : author_numbers_)
    if (used[number]) out.var_bytes(as_bytes(author));
  out.uint(clients_.size());
  for (const auto& [client, history] : clients_) {
    out.uint(client.value);
    write_runs(out, history.written, numbers);
    write_runs(out, history.deleted, numbers);
  }
  return encoded;
}

Result<Attribution> Attribution::decode(ByteView encoded) {
  WireReader in(encoded);
  std::uint8_t version = 0;
  std::uint64_t grain = 0;
  std::uint64_t count = 0;
  if (in.byte(version) && version != kVersion) in.fail("an unknown version");
  if (in.ok() && read_time(in, grain) && grain == 0) in.fail("the grain is 0");
  Attribution table(grain);
  if (in.ok() && in.uint(count) && count > in.left()) in.fail("a count is larger than what follows");
  for (; in.ok() && count > 0; --count) {
    ByteView author;
    if (!in.var_bytes(author)) break;
    if (!scan_utf8(author.data(), author.size()).valid) in.fail("a string is not UTF-8");
    table.author_number(as_text(author));
  }
  const AuthorRuns::Order precedes = table.order();
  if (in.ok() && in.uint(count) && count > in.left() / 3) in.fail("a count is larger than what follows");
  for (; in.ok() && count > 0; --count) {
    std::uint64_t client = 0;
    if (!in.uint(client)) break;
    History& history = table.clients_[ClientId{client}];
    if (read_runs(in, table.authors_.size(), precedes, history.written))
      read_runs(in, table.authors_.size(), precedes, history.deleted);
    if (history.written.size() + history.deleted.size() == 0) in.fail("a client without runs");
  }
  if (in.ok() && !in.at_end()) in.fail("there is more after it");
  // Everything else that has one form only: the order of authors and clients, runs that are as long as can be.
  if (in.ok() && !std::ranges::equal(table.encode(), encoded))
    in.fail("it is not in the form in which tables are written");
  if (!in.ok()) return fail(in.error("attribution table"));
  return table;
}

}  // namespace concord::crdt
