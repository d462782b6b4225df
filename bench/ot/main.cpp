// Measures the history of operations on one course of edits. Started by bench.mjs, which measures the peer and prints
// the table.
//
//   bench_ot TRACE    as common/trace.h reads it; each edit is one change
//
// Prints one line a work: name, tab, value. Times are the thread's CPU time, the least of some runs.

#include <algorithm>
#include <string>
#include <vector>

#include "common/measure.h"
#include "common/trace.h"
#include "ot/history.h"
#include "ot/utf16.h"

namespace {

using concord::Result;
using concord::bench::cpu_ms;
using concord::bench::die;
using concord::bench::print;
using concord::bench::Trace;
using concord::ot::Delta;
using concord::ot::History;

constexpr std::size_t kPlenty = 1U << 30U;
constexpr std::size_t kUsual = 16U << 20U;  // what a document's history may take

struct Course {
  std::vector<Delta> changes;
  std::vector<std::size_t> lengths{0};  // of the document before each, and after the last
};

Course course_of(const Trace& trace) {
  Course out;
  for (const auto& [position, deleted, utf8] : trace.edits()) {
    const std::u16string text = concord::ot::to_utf16(utf8);
    out.changes.push_back(Delta().retain(position).insert(text).remove(deleted));
    out.lengths.push_back(out.lengths.back() + text.size() - deleted);
  }
  return out;
}

/// In microseconds.
template <class F>
double least_us(int runs, F work) {
  return concord::bench::least_of(runs, work) * 1e3;
}

template <class T>
void must(const Result<T>& result) {
  if (!result) die(result.error().message);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) die("give the trace");
  const Course course = course_of(Trace(argv[1]));
  const std::size_t count = course.changes.size();
  const std::u16string pasted(10'000, u'p');

  double slowest = 0;
  History bounded(0, kUsual);
  const double pushed = least_us(1, [&] {
    for (const Delta& change : course.changes) {
      const double begin = cpu_ms();
      bounded.push(change);
      slowest = std::max(slowest, (cpu_ms() - begin) * 1e3);
    }
  });
  print("push_us", pushed / static_cast<double>(count));
  print("push_slowest_us", slowest);
  print("bounded_bytes", static_cast<double>(bounded.bytes()));
  print("bounded_changes", static_cast<double>(bounded.current() - bounded.oldest()));

  History history(0, kPlenty);
  for (const Delta& change : course.changes) history.push(change);
  print("bytes_a_change", static_cast<double>(history.bytes()) / static_cast<double>(count));
  for (const std::size_t behind : {1UL, 100UL, 10'000UL, 100'000UL}) {
    if (behind > count) continue;
    const std::uint64_t version = count - behind;
    const std::size_t middle = course.lengths[version] / 2;
    const std::string name = std::to_string(behind);
    const int runs = behind > 1'000 ? 10 : 200;
    const Delta typed = Delta().retain(middle).insert(u"x");
    const Delta paste = Delta().retain(middle).insert(pasted);
    // Of several parts, so that the whole of what was missed is walked through.
    const Delta spread = middle < 10 ? typed : Delta().remove(1).retain(2 * middle - 6).insert(u"x").remove(1);
    print("typed_" + name, least_us(runs, [&] { must(history.transform(typed, version)); }));
    print("paste_" + name, least_us(runs, [&] { must(history.transform(paste, version)); }));
    print("spread_" + name, least_us(runs, [&] { must(history.transform(spread, version)); }));
    print("since_" + name, least_us(runs, [&] { must(history.since(version)); }));
  }
  print("whole_ms", least_us(5, [&] { must(history.since(0)); }) / 1e3);
  // Nothing composed beforehand: what composing the whole costs from the beginning.
  print("compose_ms", least_us(3, [&] {
                        History fresh(0, kPlenty);
                        for (const Delta& change : course.changes) fresh.push(change);
                        must(fresh.since(0));
                      }) / 1e3);
  return 0;
}
