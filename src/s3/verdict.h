#pragma once
// What to do after an attempt. Pure functions.

#include "base/result.h"
#include "s3/answers.h"
#include "s3/transfers.h"

namespace concord::s3 {

enum class Verdict : std::uint8_t {
  kAnswered,  // the caller judges it
  kAgain,     // another attempt may succeed
  kRefused,   // none will
};

struct Judgement {
  Verdict verdict = Verdict::kAnswered;
  bool store_works = true;  // what the breaker is told: it answered, and not that it cannot
  ErrorAnswer error;        // where it answered with one
};

/// `may_fail_inside` as Call has it.
Judgement judge(const HttpOutcome& outcome, bool may_fail_inside);

/// What the caller gets of an attempt that was not answered.
Error error_of(const HttpOutcome& outcome, const Judgement& judgement);

}  // namespace concord::s3
