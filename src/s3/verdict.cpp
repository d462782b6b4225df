#include "s3/verdict.h"

#include <algorithm>
#include <array>

namespace concord::s3 {
namespace {

// Errors with a status of the client's that pass. OperationAborted and ConditionalRequestConflict: another call on the
// key was under way. XAmzContentSHA256Mismatch: what arrived is not what was sent.
constexpr std::array<std::string_view, 8> kPassing = {
    "RequestTimeout",         "SlowDown",  "OperationAborted",          "ConditionalRequestConflict",
    "ConcurrentModification", "BadDigest", "XAmzContentSHA256Mismatch", "TooManyRequests"};

bool is_overload(int status) { return status >= 500 || status == 429; }

/// What the caller judges besides success.
bool is_callers(int status) { return status == 404 || status == 409 || status == 412 || status == 416; }

Judgement judge_failure(HttpFailure failure) {
  switch (failure) {
    case HttpFailure::kUntrusted:
    case HttpFailure::kStopped:
      return {.verdict = Verdict::kRefused, .store_works = false, .error = {}};
    case HttpFailure::kTooLarge:
      return {.verdict = Verdict::kRefused, .store_works = true, .error = {}};
    default:
      return {.verdict = Verdict::kAgain, .store_works = false, .error = {}};
  }
}

std::string said(const ErrorAnswer& error) {
  if (error.code.empty()) return "";
  return error.message.empty() ? " (" + error.code + ")" : " (" + error.code + ": " + error.message + ")";
}

std::string refusal(int status, const ErrorAnswer& error) {
  if (error.code == "NoSuchBucket") return "the object store has no such bucket";
  if (error.code == "SignatureDoesNotMatch")
    return "the object store refuses the signature: the secret key is wrong, or the region" + said(error);
  if (error.code == "InvalidAccessKeyId") return "the object store does not know the access key" + said(error);
  if (error.code == "ExpiredToken") return "the session token of the object store has expired" + said(error);
  if (error.code == "RequestTimeTooSkewed") return "the object store's clock and this machine's are too far apart";
  if (status == 401 || status == 403)
    return "the object store refuses the access, with status " + std::to_string(status) + said(error);
  return "the object store answers with status " + std::to_string(status) + said(error);
}

}  // namespace

Judgement judge(const HttpOutcome& outcome, bool may_fail_inside) {
  if (outcome.failure != HttpFailure::kNone) return judge_failure(outcome.failure);
  const bool success = outcome.status >= 200 && outcome.status < 300;
  if (success && !may_fail_inside) return {};
  std::optional<ErrorAnswer> error = read_error(outcome.body);
  if (success && !error) return {};
  Judgement judgement{.error = error.value_or(ErrorAnswer())};
  if (success || is_overload(outcome.status)) {
    judgement.verdict = Verdict::kAgain;
    judgement.store_works = success;
  } else if (std::ranges::find(kPassing, judgement.error.code) != kPassing.end()) {
    judgement.verdict = Verdict::kAgain;
  } else if (!is_callers(outcome.status) || judgement.error.code == "NoSuchBucket") {
    judgement.verdict = Verdict::kRefused;
  }
  return judgement;
}

Error error_of(const HttpOutcome& outcome, const Judgement& judgement) {
  if (outcome.failure == HttpFailure::kTimeout)
    return {Code::kUnavailable, "the object store does not answer in time: " + outcome.problem, {}};
  if (outcome.failure == HttpFailure::kUntrusted)
    return {Code::kUnavailable, "the object store's certificate does not hold: " + outcome.problem, {}};
  if (outcome.failure == HttpFailure::kStopped) return {Code::kUnavailable, "the object store is being closed", {}};
  if (outcome.failure == HttpFailure::kTooLarge)
    return {Code::kUnavailable, "the object store's answer is too large: " + outcome.problem, {}};
  if (outcome.failure != HttpFailure::kNone)
    return {Code::kUnavailable, "the object store cannot be reached: " + outcome.problem, {}};
  const bool callers_fault = outcome.status == 400 && judgement.verdict == Verdict::kRefused;
  return {callers_fault ? Code::kInternal : Code::kUnavailable,
          refusal(outcome.status, judgement.error),
          {{"status", std::to_string(outcome.status)}, {"s3_error", judgement.error.code}}};
}

}  // namespace concord::s3
