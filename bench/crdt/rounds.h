#pragma once
// Works that are measured in turns, so that each sees the machine as the others do. On rented machines another guest
// may use the other half of a core for a second or a minute; CPU time does not show it, and all that runs then takes up
// to twice as long.

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace concord::bench {

class Rounds {
 public:
  /// A work that tells the time it took in its unit ("ms" or "us"). It is called `times` a round, and counts with its
  /// least of those.
  void add(std::string name, std::string unit, int times, std::function<double()> work);

  /// A work whose CPU time is taken, in ms.
  void add(std::string name, int times, std::function<void()> work);

  /// Goes round at least five times and until `cpu_ms` are used. Prints for each work the least as `NAME_UNIT` and the
  /// median of all rounds as `NAME_median_UNIT`, and the same for `core_probe_us`: a fixed loop in registers, which
  /// differs only by what the core gives.
  void run(double cpu_ms);

 private:
  struct Work {
    std::string name;
    std::string unit;
    int times;
    std::function<double()> work;
    std::vector<double> took;
  };
  std::vector<Work> works_;
};

}  // namespace concord::bench
