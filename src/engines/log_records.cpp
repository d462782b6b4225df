#include "engines/log_records.h"

namespace concord::engines {
namespace {

std::unexpected<Error> too_large(std::string field, std::size_t limit, std::size_t value) {
  return fail(Error{Code::kTooLarge,
                    field + " is too large for the log",
                    {{"field", field}, {"limit", std::to_string(limit)}, {"value", std::to_string(value)}}});
}

}  // namespace

Result<std::size_t> check_records(const std::vector<LogRecord>& records, std::size_t max_total,
                                  std::size_t bytes_each) {
  if (records.empty()) return fail(Error{Code::kInvalidArgument, "an append needs a record", {{"field", "records"}}});
  std::size_t total = 0;
  for (const LogRecord& record : records) {
    if (!record.payload) return fail(Error{Code::kInvalidArgument, "payload is null", {{"field", "payload"}}});
    if (record.stream.size() > kMaxLogTextBytes) return too_large("stream", kMaxLogTextBytes, record.stream.size());
    if (record.principal.size() > kMaxLogTextBytes)
      return too_large("principal", kMaxLogTextBytes, record.principal.size());
    if (record.client.size() > kMaxLogTextBytes) return too_large("client", kMaxLogTextBytes, record.client.size());
    if (record.payload->size() > kMaxPayloadBytes)
      return too_large("payload", kMaxPayloadBytes, record.payload->size());
    total +=
        bytes_each + record.stream.size() + record.principal.size() + record.client.size() + record.payload->size();
  }
  if (total > max_total) return too_large("records", max_total, total);
  return total;
}

}  // namespace concord::engines
