#pragma once
// What tests ask of findings.

#include <gtest/gtest.h>

#include <algorithm>

#include "doctor/finding.h"

namespace concord::doctor::testing {

/// The first finding whose check begins so; fails the test where there is none.
inline Finding of(const std::vector<Finding>& findings, const std::string& check) {
  const auto found = std::ranges::find_if(findings, [&](const Finding& one) { return one.check.starts_with(check); });
  if (found != findings.end()) return *found;
  ADD_FAILURE() << "nothing is said of " << check << ":\n" << Report{findings}.text();
  return {};
}

inline Level level_of(const std::vector<Finding>& findings, const std::string& check) {
  return of(findings, check).level;
}

/// All that is not well, by its check and in order.
inline std::vector<std::string> complaints(const std::vector<Finding>& findings) {
  std::vector<std::string> checks;
  for (const Finding& one : findings) {
    if (one.level == Level::kOk) continue;
    checks.push_back(one.check);
    EXPECT_FALSE(one.change.empty()) << one.check << " is not told what to change";
  }
  return checks;
}

}  // namespace concord::doctor::testing
