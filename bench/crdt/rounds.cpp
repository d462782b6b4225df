#include "rounds.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "common/measure.h"

namespace concord::bench {

namespace {

double core_probe_us() {
  constexpr std::uint64_t kSteps = 100'000;
  const double begin = cpu_ms();
  std::array<std::uint64_t, 8> lanes = {1, 2, 3, 4, 5, 6, 7, 8};
  for (std::uint64_t i = 0; i < kSteps; ++i)
    for (std::uint64_t& lane : lanes) {
      lane = (lane + i) ^ (lane << 1);
      asm volatile("" : "+r"(lane));
    }
  return (cpu_ms() - begin) * 1e3;
}

}  // namespace

void Rounds::add(std::string name, std::string unit, int times, std::function<double()> work) {
  works_.push_back({std::move(name), std::move(unit), times, std::move(work), {}});
}

void Rounds::add(std::string name, int times, std::function<void()> work) {
  add(std::move(name), "ms", times, [work = std::move(work)] {
    const double begin = cpu_ms();
    work();
    return cpu_ms() - begin;
  });
}

void Rounds::run(double enough_ms) {
  constexpr int kRounds = 5;
  add("core_probe", "us", 1, core_probe_us);
  const double end = cpu_ms() + enough_ms;
  for (int round = 0; round < kRounds || cpu_ms() < end; ++round)
    for (Work& one : works_) {
      double least = one.work();
      for (int i = 1; i < one.times; ++i) least = std::min(least, one.work());
      one.took.push_back(least);
    }
  for (Work& one : works_) {
    std::ranges::sort(one.took);
    print((one.name + "_" + one.unit).c_str(), one.took.front());
    print((one.name + "_median_" + one.unit).c_str(), one.took[one.took.size() / 2]);
  }
}

}  // namespace concord::bench
