// Measures the engine on one editing trace. Started by bench.mjs, which measures the peers and prints the table.
//
//   bench_crdt TRACE    the trace as records: u32 position, u32 deleted, u32 length of the text, the text
//                       (little-endian; each record a transaction of its own; positions in UTF-16 code units)
//   bench_crdt --authors N FILE | --large FILE | --small FILE    inputs made here (inputs.h)
//
// Prints one line a work: name, tab, value. Times are the thread's CPU time in ms, the least of several runs.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "blame.h"
#include "crdt/doc.h"
#include "crdt/update.h"
#include "inputs.h"
#include "measure.h"

namespace {

using concord::Bytes;
using concord::ByteView;
using concord::bench::die;
using concord::bench::heap_bytes;
using concord::bench::least_of;
using concord::bench::print;
using concord::crdt::ClientId;
using concord::crdt::Doc;
using concord::crdt::UpdateFormat;

struct Edit {
  std::uint32_t position;
  std::uint32_t deleted;
  std::string_view text;
};

constexpr std::uint64_t kClient = 3000000001;
constexpr auto kV1 = UpdateFormat::kV1;
constexpr auto kV2 = UpdateFormat::kV2;
constexpr int kRuns = 5;
constexpr int kLoads = 20;

std::vector<Edit> read_trace(const std::string& bytes) {
  std::vector<Edit> edits;
  const auto* at = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const auto* end = at + bytes.size();
  while (at < end) {
    const auto position = concord::get_le<std::uint32_t>(at);
    const auto deleted = concord::get_le<std::uint32_t>(at + 4);
    const auto length = concord::get_le<std::uint32_t>(at + 8);
    edits.push_back({position, deleted, {reinterpret_cast<const char*>(at) + 12, length}});
    at += 12 + length;
  }
  return edits;
}

void edit(concord::crdt::Text& text, const Edit& edit) {
  if (edit.deleted != 0 && !text.erase(edit.position, edit.deleted)) die("erase failed");
  if (!edit.text.empty() && !text.insert(edit.position, edit.text)) die("insert failed");
}

/// Types the whole trace; every update goes through `sink`.
template <class Sink>
void type_all(Doc& doc, const std::vector<Edit>& edits, Sink sink) {
  concord::crdt::Text text = doc.text("text");
  Bytes update;
  for (const Edit& one : edits) {
    doc.transact_into(update, [&] { edit(text, one); });
    sink(update);
  }
}

double slowest_in_thousand(const std::vector<Edit>& edits) {
  Doc doc({.client = ClientId{kClient}});
  std::vector<double> times;
  times.reserve(edits.size());
  concord::crdt::Text text = doc.text("text");
  Bytes update;
  for (const Edit& one : edits) {
    const auto begin = std::chrono::steady_clock::now();
    doc.transact_into(update, [&] { edit(text, one); });
    times.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
  }
  std::ranges::sort(times);
  return times[times.size() * 999 / 1000];
}

/// The updates of all edits, one by one.
std::vector<Bytes> updates_of(Doc& doc, const std::vector<Edit>& edits) {
  std::vector<Bytes> updates;
  type_all(doc, edits, [&](const Bytes& update) { updates.push_back(update); });
  return updates;
}

double apply_all(const std::vector<Bytes>& updates, UpdateFormat format, const Bytes& encoded) {
  return least_of(kRuns, [&] {
    Doc doc;
    for (const Bytes& update : updates)
      if (!doc.apply_update(update, format)) die("apply failed");
    if (doc.encode_state_as_update() != encoded) die("the applied document differs");
  });
}

double load(const Bytes& encoded, UpdateFormat format) {
  return least_of(kLoads, [&] {
    Doc doc;
    if (!doc.apply_update(encoded, format)) die("load failed");
  });
}

double encode(const Doc& doc, std::size_t size, UpdateFormat format) {
  return least_of(kLoads, [&] {
    if (doc.encode_state_as_update({}, format).size() != size) die("encode failed");
  });
}

void encodings(Doc& typed) {
  const Bytes encoded = typed.encode_state_as_update();
  const std::string shown = typed.text("text").to_string();
  print("encoded_bytes", static_cast<double>(encoded.size()));
  print("text_bytes", static_cast<double>(shown.size()));
  print("load_ms", load(encoded, kV1));
  Doc loaded;
  const std::size_t before = heap_bytes();
  if (!loaded.apply_update(encoded)) die("load failed");
  print("loaded_heap_bytes", static_cast<double>(heap_bytes() - before));
  print("loaded_memory_bytes", static_cast<double>(loaded.memory_bytes()));
  if (loaded.text("text").to_string() != shown) die("the loaded document differs");
  print("encode_ms", encode(loaded, encoded.size(), kV1));

  const Bytes encoded_v2 = typed.encode_state_as_update({}, kV2);
  print("encoded_v2_bytes", static_cast<double>(encoded_v2.size()));
  print("load_v2_ms", load(encoded_v2, kV2));
  Doc loaded_v2;
  if (!loaded_v2.apply_update(encoded_v2, kV2) || loaded_v2.encode_state_as_update() != encoded)
    die("the document loaded from V2 differs");
  print("encode_v2_ms", encode(loaded_v2, encoded_v2.size(), kV2));
}

void merging(const std::vector<Bytes>& updates, const Bytes& encoded) {
  const std::vector<ByteView> views(updates.begin(), updates.end());
  Bytes merged;
  print("merge_ms", least_of(3, [&] {
          auto result = concord::crdt::merge_updates(views);
          if (!result) die("merge failed");
          merged = std::move(*result);
        }));
  print("merged_bytes", static_cast<double>(merged.size()));
  print("compact_ms", least_of(3, [&] {
          Doc doc;
          if (!doc.apply_update(merged)) die("compaction failed");
          if (doc.encode_state_as_update() != encoded) die("the compacted document differs");
        }));
}

void run(const std::vector<Edit>& edits) {
  std::size_t emitted = 0;
  print("edit_ms", least_of(kRuns, [&] {
          Doc doc({.client = ClientId{kClient}});
          emitted = 0;
          type_all(doc, edits, [&](const Bytes& update) { emitted += update.size(); });
        }));
  print("edit_p999_us", slowest_in_thousand(edits));
  print("emitted_bytes", static_cast<double>(emitted));

  Doc typed({.client = ClientId{kClient}});
  const std::vector<Bytes> updates = updates_of(typed, edits);
  const Bytes encoded = typed.encode_state_as_update();
  print("apply_ms", apply_all(updates, kV1, encoded));
  {
    Doc typed_v2({.client = ClientId{kClient}, .update_format = kV2});
    print("apply_v2_ms", apply_all(updates_of(typed_v2, edits), kV2, encoded));
  }
  encodings(typed);
  merging(updates, encoded);
  Doc far;
  for (const Bytes& update : updates)
    if (!far.apply_update(update)) die("apply failed");
  concord::bench::attribution(updates, far.memory_bytes());
}

std::string read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (bytes.empty()) die("the trace cannot be read");
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string work = argc > 1 ? argv[1] : "";
  if (work == "--authors" && argc == 4)
    concord::bench::many_authors(static_cast<std::size_t>(std::atoi(argv[2])), argv[3]);
  else if (work == "--large" && argc == 3)
    concord::bench::large_document(argv[2]);
  else if (work == "--small" && argc == 3)
    concord::bench::small_documents(argv[2]);
  else if (argc == 2)
    run(read_trace(read_file(argv[1])));
  else
    die("give the trace, or an input to make");
  return 0;
}
