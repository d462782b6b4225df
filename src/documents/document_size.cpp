#include "documents/document_size.h"

#include <algorithm>

#include "crdt/json_size.h"
#include "documents/lazy_doc.h"

namespace concord::documents {

namespace {

constexpr std::int64_t kTimeBetween = 32;  // measurements: so many times what the last one took

Error too_large(std::string_view what, std::string_view setting, std::size_t limit, std::size_t bytes) {
  const std::string most = std::to_string(limit);
  return Error{Code::kTooLarge,
               "the document would be larger than " + most + " bytes" + std::string(what),
               {{"limit", most}, {"value", std::to_string(bytes)}, {"setting", std::string(setting)}}};
}

}  // namespace

Error document_too_large(const DocumentLimits& limits, std::size_t bytes) {
  return too_large("", "DOCUMENT_MAX_BYTES", limits.max_document_bytes, bytes);
}

DocumentSize::Growth DocumentSize::growth_of(ByteView update) {
  return {crdt::most_json_growth(update), update.size()};
}

void DocumentSize::loaded(std::size_t encoded_bytes) {
  json_.grow(encoded_bytes * crdt::kMostJsonPerByte);
  encoded_.grow(encoded_bytes);
}

void DocumentSize::submitted(Growth growth) {
  json_.grow(growth.json);
  json_.under_way += growth.json;
  encoded_.grow(growth.encoded);
  encoded_.under_way += growth.encoded;
}

void DocumentSize::answered(Growth growth) {
  json_.under_way -= growth.json;
  encoded_.under_way -= growth.encoded;
}

template <class Measure>
bool DocumentSize::exceeds(Bound& bound, std::size_t more, std::size_t limit, Clock& clock, Measure measure) {
  if (bound.most + more <= limit) return false;
  const std::int64_t began_ns = clock.monotonic_ns();
  if (bound.exact || began_ns < bound.measure_after_ns) return true;
  bound.set(measure());
  const std::int64_t now_ns = clock.monotonic_ns();
  bound.measure_after_ns = now_ns + kTimeBetween * (now_ns - began_ns);
  return bound.most + more > limit;
}

Result<> DocumentSize::check(LazyDoc& state, ByteView update, const DocumentLimits& limits, Clock& clock) {
  Growth more = growth_of(update);
  if (json_.most + more.json > limits.max_document_bytes) more.deleted = state.doc().deletes(update);
  return check(state, more, limits, clock);
}

Result<> DocumentSize::check(LazyDoc& state, Growth more, const DocumentLimits& limits, Clock& clock) {
  more.json -= std::min(more.json, more.deleted);
  if (exceeds(json_, more.json, limits.max_document_bytes, clock, [&state] { return state.doc().json_bytes(); }))
    return fail(document_too_large(limits, json_.most + more.json));
  const std::size_t most = limits.encoded_bytes();
  if (exceeds(encoded_, more.encoded, most, clock, [&state] { return state.encoded_bytes(); }))
    return fail(too_large(" as it is encoded, with the marks of what was deleted", "DOCUMENT_MAX_ENCODED_BYTES", most,
                          encoded_.most + more.encoded));
  return {};
}

}  // namespace concord::documents
