#include "gateway/health.h"

#include "json/writer.h"

namespace concord::gateway {
namespace {

net::Response json_response(int status, std::string body) {
  net::Response response;
  response.status = status;
  response.set("content-type", "application/json");
  response.set("cache-control", "no-store");
  response.body = std::move(body);
  return response;
}

}  // namespace

net::Response Health::readiness(bool with_components) const {
  const bool draining = draining_;
  bool well = !draining;
  json::Writer components;
  components.begin_object();
  for (const HealthCheck& one : checks_) {
    const Result<> result = one.check();
    well = well && (result.has_value() || !one.required);
    components.key(one.name).begin_object().field("status", result ? "ok" : "unavailable");
    if (!result) components.field("detail", result.error().message);
    components.end();
  }
  components.end();

  json::Writer out;
  out.begin_object().field("status", well ? "ok" : draining ? "draining" : "unavailable");
  if (with_components) out.key("components").raw(std::move(components).take());
  out.end();
  return json_response(well ? 200 : 503, std::move(out).take());
}

net::Response Health::liveness() { return json_response(200, R"({"status":"ok"})"); }

}  // namespace concord::gateway
