#include <pugixml.hpp>

#include "base/bytes.h"
#include "base/id.h"
#include "base/metrics.h"
#include "crypto/hash.h"
#include "doctor/s3_check.h"
#include "s3/client.h"
#include "s3/http_date.h"

namespace concord::doctor {
namespace {

constexpr int kWrites = 3;
constexpr std::string_view kProbe = "concord doctor";

s3::Body body_of(std::string_view text) {
  auto owner = std::make_shared<const Bytes>(text.begin(), text.end());
  const ByteView bytes(*owner);
  return {.owner = std::move(owner), .bytes = bytes};
}

s3::Call put_call(const std::string& key) {
  s3::Call call{.operation = "doctor", .method = "PUT", .key = key};
  call.body = body_of(kProbe);
  call.payload_sha256 = to_hex(crypto::sha256(call.body.bytes));
  call.headers.emplace_back("if-none-match", "*");
  return call;
}

s3::Call bucket_call(std::string query) {
  s3::Call call{.operation = "doctor", .method = "GET", .of_bucket = true};
  call.query.emplace_back(std::move(query), "");
  return call;
}

std::string words_of(const s3::Reply& reply) {
  return "status " + std::to_string(reply.status) + (reply.error.code.empty() ? "" : " (" + reply.error.code + ")");
}

std::string text_of(const s3::Reply& reply) { return std::string(as_text(reply.body)); }

/// Writes, and takes away again what was written.
void try_writes(s3::Client& client, Clock& clock, IdSource& ids, S3Facts& facts) {
  for (int i = 0; i < kWrites && facts.write_failure.empty(); ++i) {
    const std::string key = "doctor/" + std::to_string(ids.random64());
    const std::int64_t began = clock.monotonic_ns();
    const auto put = client.call_now(put_call(key));
    if (!put || !put->ok()) {
      facts.write_failure = put ? words_of(*put) : put.error().message;
      return;
    }
    facts.write_us.push_back((clock.monotonic_ns() - began) / 1000);
    if (i == 0) {
      const auto again = client.call_now(put_call(key));
      facts.second_put_status = again ? again->status : 0;
      const auto got = client.call_now({.operation = "doctor", .method = "GET", .key = key});
      facts.reads_back = got && got->ok() && text_of(*got) == kProbe;
    }
    const auto gone = client.call_now({.operation = "doctor", .method = "DELETE", .key = key});
    if (!gone || !gone->ok()) facts.delete_failure = gone ? words_of(*gone) : gone.error().message;
  }
}

void read_configuration(s3::Client& client, S3Facts& facts) {
  if (const auto versioning = client.call_now(bucket_call("versioning")); versioning && versioning->ok())
    facts.versioning = versioning_status(text_of(*versioning));
  const auto lifecycle = client.call_now(bucket_call("lifecycle"));
  if (lifecycle && lifecycle->ok()) facts.expirations = expiring_rules(text_of(*lifecycle));
  if (lifecycle && lifecycle->status == 404) facts.expirations.emplace();
}

}  // namespace

std::string versioning_status(std::string_view xml) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size())) return {};
  return document.child("VersioningConfiguration").child_value("Status");
}

std::vector<std::string> expiring_rules(std::string_view xml) {
  std::vector<std::string> rules;
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size())) return rules;
  for (const pugi::xml_node rule : document.child("LifecycleConfiguration").children("Rule")) {
    const pugi::xml_node expiration = rule.child("Expiration");
    if (std::string_view(rule.child_value("Status")) != "Enabled" ||
        !(expiration.child("Days") || expiration.child("Date")))
      continue;
    std::string prefix = rule.child("Filter").child_value("Prefix");
    if (prefix.empty()) prefix = rule.child_value("Prefix");
    rules.push_back(std::string(rule.child_value("ID")) + " (prefix \"" + prefix + "\")");
  }
  return rules;
}

Result<S3Facts> probe_s3(const s3::S3Options& given) {
  s3::S3Options options = given;
  options.attempt_timeout_ms = 4000;
  options.call_timeout_ms = 6000;
  options.max_attempts = 2;
  options.stalled_timeout_s = 4;
  SystemClock clock;
  SystemIdSource ids(clock);
  Metrics metrics;
  TRY(const auto client, s3::Client::make(options, clock, Logger(), metrics));
  S3Facts facts{.address = options.endpoint + ", bucket " + options.bucket};
  const std::int64_t before = clock.wall_ms();
  const auto head = client->call_now({.operation = "doctor", .method = "HEAD", .of_bucket = true});
  if (!head) {
    facts.unreachable = head.error().message;
  } else {
    facts.has_bucket = head->ok();
    if (const auto date = s3::parse_http_date(std::string(head->header("date"))))
      facts.skew_ms = *date + 500 - (before + clock.wall_ms()) / 2;
  }
  if (facts.has_bucket) {
    try_writes(*client, clock, ids, facts);
    read_configuration(*client, facts);
  }
  client->stop();
  return facts;
}

}  // namespace concord::doctor
