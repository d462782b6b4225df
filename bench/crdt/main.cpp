// Measures the engine on one editing trace. Started by bench.mjs, which measures the peers and prints the table.
//
//   bench_crdt TRACE    as common/trace.h reads it; each edit a transaction of its own
//   bench_crdt --authors N FILE | --large FILE | --small FILE    inputs made here (inputs.h)
//
// Prints one line a work: name, tab, value. Times are the thread's CPU time: the least of many runs and the median
// (rounds.h).

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "blame.h"
#include "common/measure.h"
#include "common/trace.h"
#include "crdt/doc.h"
#include "crdt/update.h"
#include "inputs.h"
#include "rounds.h"

namespace {

using concord::Bytes;
using concord::ByteView;
using concord::bench::die;
using concord::bench::heap_bytes;
using concord::bench::print;
using concord::bench::Rounds;
using Edit = concord::bench::TraceEdit;
using concord::crdt::ClientId;
using concord::crdt::Doc;
using concord::crdt::UpdateFormat;

constexpr std::uint64_t kClient = 3000000001;
constexpr auto kV1 = UpdateFormat::kV1;
constexpr auto kV2 = UpdateFormat::kV2;
constexpr int kShort = 10;  // runs in a round of what takes a millisecond
constexpr double kEnoughMs = 20'000;

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

/// What the works are given, each made of the trace and compared with the others before anything is measured.
struct Inputs {
  std::vector<Bytes> updates;
  std::vector<Bytes> updates_v2;
  Bytes encoded;
  Bytes encoded_v2;
  Bytes merged;
};

Bytes merge(const std::vector<Bytes>& updates) {
  const std::vector<ByteView> views(updates.begin(), updates.end());
  auto merged = concord::crdt::merge_updates(views);
  if (!merged) die("merge failed");
  return std::move(*merged);
}

Doc loaded(const Bytes& encoded, UpdateFormat format) {
  Doc doc;
  if (!doc.apply_update(encoded, format)) die("load failed");
  return doc;
}

Inputs make_inputs(const std::vector<Edit>& edits) {
  Inputs inputs;
  Doc typed({.client = ClientId{kClient}});
  inputs.updates = updates_of(typed, edits);
  inputs.encoded = typed.encode_state_as_update();
  inputs.encoded_v2 = typed.encode_state_as_update({}, kV2);
  Doc typed_v2({.client = ClientId{kClient}, .update_format = kV2});
  inputs.updates_v2 = updates_of(typed_v2, edits);
  inputs.merged = merge(inputs.updates);
  if (loaded(inputs.encoded_v2, kV2).encode_state_as_update() != inputs.encoded)
    die("the document loaded from V2 differs");
  if (loaded(inputs.encoded, kV1).text("text").to_string() != typed.text("text").to_string())
    die("the loaded document differs");
  return inputs;
}

void sizes(const Inputs& inputs) {
  const std::size_t before = heap_bytes();
  const Doc doc = loaded(inputs.encoded, kV1);
  print("loaded_heap_bytes", static_cast<double>(heap_bytes() - before));
  print("loaded_memory_bytes", static_cast<double>(doc.memory_bytes()));
  print("encoded_bytes", static_cast<double>(inputs.encoded.size()));
  print("encoded_v2_bytes", static_cast<double>(inputs.encoded_v2.size()));
  print("merged_bytes", static_cast<double>(inputs.merged.size()));
}

void apply_all(const std::vector<Bytes>& updates, UpdateFormat format, const Bytes& encoded) {
  Doc doc;
  for (const Bytes& update : updates)
    if (!doc.apply_update(update, format)) die("apply failed");
  if (doc.encode_state_as_update() != encoded) die("the applied document differs");
}

void add_works(Rounds& rounds, const std::vector<Edit>& edits, const Inputs& inputs, const Doc& doc) {
  rounds.add("edit", 1, [&] {
    Doc typed({.client = ClientId{kClient}});
    std::size_t emitted = 0;
    type_all(typed, edits, [&](const Bytes& update) { emitted += update.size(); });
    if (emitted == 0) die("no update was emitted");
  });
  rounds.add("edit_p999", "us", 1, [&] { return slowest_in_thousand(edits); });
  rounds.add("apply", 1, [&] { apply_all(inputs.updates, kV1, inputs.encoded); });
  rounds.add("apply_v2", 1, [&] { apply_all(inputs.updates_v2, kV2, inputs.encoded); });
  rounds.add("load", kShort, [&] { loaded(inputs.encoded, kV1); });
  rounds.add("load_v2", kShort, [&] { loaded(inputs.encoded_v2, kV2); });
  const auto encode = [&](UpdateFormat format, const Bytes& expected) {
    if (doc.encode_state_as_update({}, format).size() != expected.size()) die("encode failed");
  };
  rounds.add("encode", kShort, [=, &inputs] { encode(kV1, inputs.encoded); });
  rounds.add("encode_v2", kShort, [=, &inputs] { encode(kV2, inputs.encoded_v2); });
  rounds.add("merge", 1, [&] {
    if (merge(inputs.updates) != inputs.merged) die("merge differs");
  });
  rounds.add("compact", 1, [&] {
    if (loaded(inputs.merged, kV1).encode_state_as_update() != inputs.encoded) die("the compacted document differs");
  });
}

void run(const std::vector<Edit>& edits) {
  const Inputs inputs = make_inputs(edits);
  sizes(inputs);
  const Doc doc = loaded(inputs.encoded, kV1);
  Rounds rounds;
  add_works(rounds, edits, inputs, doc);
  rounds.run(kEnoughMs);
  Doc far;
  for (const Bytes& update : inputs.updates)
    if (!far.apply_update(update)) die("apply failed");
  concord::bench::attribution(inputs.updates, far.memory_bytes());
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
    run(concord::bench::Trace(argv[1]).edits());
  else
    die("give the trace, or an input to make");
  return 0;
}
