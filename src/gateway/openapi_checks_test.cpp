// What holds the OpenAPI document against the hub must be able to fail.

#include "gateway/openapi_hub_testing.h"

namespace concord::gateway {
namespace {

namespace bj = boost::json;
using testing::Hub;
using testing::OpenApi;
using testing::openapi_text;

std::string changed(const std::function<void(bj::value&)>& change) {
  bj::value document = bj::parse(openapi_text());
  change(document);
  return bj::serialize(document);
}

TEST(OpenApiChecks, find_a_route_that_only_one_side_has) {
  Hub hub;
  const OpenApi without(changed([](bj::value& d) { d.at("paths").as_object().erase("/auth/setup"); }));
  EXPECT_EQ(without.differences(hub.gateway().router().routes()),
            std::vector<std::string>{"GET /auth/setup is served and not described"});
  const OpenApi with(changed([](bj::value& d) { d.at("paths").as_object()["/ghost"] = {{"put", bj::object()}}; }));
  EXPECT_EQ(with.differences(hub.gateway().router().routes()),
            std::vector<std::string>{"PUT /ghost is described and not served"});
}

TEST(OpenApiChecks, find_faults_of_the_document) {
  const auto faults = [](const std::function<void(bj::value&)>& change) {
    return OpenApi(changed(change)).faults().size();
  };
  const auto me = [](bj::value& d) -> bj::object& { return d.at_pointer("/paths/~1auth~1me/get").as_object(); };
  EXPECT_GT(faults([&](bj::value& d) { me(d).erase("summary"); }), 0U);
  EXPECT_GT(faults([&](bj::value& d) { me(d)["operationId"] = "setup"; }), 0U);
  EXPECT_GT(faults([&](bj::value& d) { me(d)["responses"] = {{"200", {{"$ref", "#/nowhere"}}}}; }), 0U);
  EXPECT_GT(faults([&](bj::value& d) { me(d).at("responses").as_object().erase("200"); }), 0U);
  EXPECT_GT(faults([](bj::value& d) { d.at_pointer("/paths/~1documents~1{id}").as_object().erase("parameters"); }), 0U);
  EXPECT_GT(faults([](bj::value& d) { d.at_pointer("/components/schemas").as_object()["Unused"] = bj::object(); }), 0U);
  EXPECT_GT(faults([](bj::value& d) {
              d.at_pointer("/paths/~1auth~1me/get/responses/200/content/application~1json/example/role") = "king";
            }),
            0U);
}

TEST(OpenApiChecks, find_an_answer_that_breaks_its_schema) {
  const OpenApi openapi(openapi_text());
  const std::string good = R"({"status":"ok"})";
  EXPECT_TRUE(openapi.schema_faults("Health", good).empty());
  for (const char* bad : {R"({"status":"fine"})", R"({})", R"({"status":"ok","more":1})", "[]", "\"ok\""})
    EXPECT_FALSE(openapi.schema_faults("Health", bad).empty()) << bad;
  net::Response response;
  response.body = good;
  EXPECT_FALSE(openapi.answer_faults("GET", "/health/live", response).empty());  // no media type
  response.set("content-type", "application/json");
  EXPECT_TRUE(openapi.answer_faults("GET", "/health/live", response).empty());
  response.status = 202;
  EXPECT_FALSE(openapi.answer_faults("GET", "/health/live", response).empty());
  EXPECT_FALSE(openapi.answer_faults("GET", "/nowhere", response).empty());
}

}  // namespace
}  // namespace concord::gateway
