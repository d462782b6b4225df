// Messages, and what a revision wants of their headers.

#include <gtest/gtest.h>

#include "mcp/json_rpc.h"
#include "mcp/revision.h"

namespace concord::mcp {
namespace {

Message message(const std::string& text) { return std::move(parse_message(text, {}).value()); }
int code_of(const std::string& text) { return parse_message(text, {}).error().error.code; }

TEST(Messages, are_requests_with_an_identifier_and_notifications_without) {
  EXPECT_EQ(message(R"({"jsonrpc":"2.0","id":7,"method":"ping"})").id, "7");
  EXPECT_EQ(message(R"({"jsonrpc":"2.0","id":-7,"method":"ping"})").id, "-7");
  EXPECT_EQ(message(R"({"jsonrpc":"2.0","id":"a\"b","method":"ping"})").id, R"("a\"b")");
  EXPECT_EQ(message(R"({"jsonrpc":"2.0","method":"ping"})").id, "");
  EXPECT_EQ(message(R"({"jsonrpc":"2.0","method":"ping","params":{"a":1}})").params.size(), 1U);
}

TEST(Messages, that_are_none_are_told_by_what_is_wrong) {
  EXPECT_EQ(code_of("{"), kParseError);
  EXPECT_EQ(code_of(""), kParseError);
  EXPECT_EQ(code_of("7"), kParseError);
  EXPECT_EQ(code_of(R"( [{"jsonrpc":"2.0","id":1,"method":"ping"}])"), kInvalidRequest);
  EXPECT_EQ(code_of(R"({"jsonrpc":"1.0","id":1,"method":"ping"})"), kInvalidRequest);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":null,"method":"ping"})"), kInvalidRequest);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1.5,"method":"ping"})"), kInvalidRequest);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1})"), kInvalidRequest);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[]})"), kInvalidRequest);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":")" + std::string(300, 'x') + R"(","method":"ping"})"), kInvalidRequest);
}

TEST(Messages, are_answered_under_their_identifier) {
  EXPECT_EQ(parse_message(R"({"jsonrpc":"2.0","id":1})", {}).error().id, "1");
  EXPECT_EQ(result_text("7", "{}"), R"({"jsonrpc":"2.0","id":7,"result":{}})");
  EXPECT_EQ(error_text("", {kParseError, "no"}), R"({"jsonrpc":"2.0","error":{"code":-32700,"message":"no"}})");
  EXPECT_EQ(error_text("7", {-1, "no", 200, "[]"}),
            R"({"jsonrpc":"2.0","id":7,"error":{"code":-1,"message":"no","data":[]}})");
}

std::string with_meta(const std::string& method, const std::string& version, const std::string& more = "") {
  return R"({"jsonrpc":"2.0","id":1,"method":")" + method +
         R"(","params":{"name":"read","_meta":{"io.modelcontextprotocol/protocolVersion":")" + version + "\"" + more +
         "}}}";
}
constexpr const char* kCapable = R"(,"io.modelcontextprotocol/clientCapabilities":{})";

/// 0 where the message is accepted.
int refusal(const std::string& text, const Headers& headers) {
  const auto revision = revision_of(message(text), headers);
  return revision ? 0 : revision.error().code;
}

TEST(Revisions, that_are_stateless_carry_their_version_and_repeat_it_in_headers) {
  const std::string list = with_meta("tools/list", "2026-07-28", kCapable);
  EXPECT_EQ(revision_of(message(list), {"2026-07-28", "tools/list"}).value(), Revision::k20260728);
  EXPECT_EQ(refusal(list, {"", "tools/list"}), kHeaderMismatch);
  EXPECT_EQ(refusal(list, {"2025-11-25", "tools/list"}), kHeaderMismatch);
  EXPECT_EQ(refusal(list, {"2026-07-28", ""}), kHeaderMismatch);
  EXPECT_EQ(refusal(list, {"2026-07-28", "TOOLS/LIST"}), kHeaderMismatch);
  EXPECT_EQ(refusal(with_meta("tools/list", "2026-07-28"), {"2026-07-28", "tools/list"}), kInvalidParams);
  EXPECT_EQ(refusal(R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})", {"2026-07-28", "tools/list"}), kInvalidParams);
  const auto unknown = revision_of(message(with_meta("tools/list", "v9", kCapable)), {"v9", "tools/list"});
  EXPECT_EQ(unknown.error().code, kUnsupportedProtocolVersion);
  EXPECT_EQ(unknown.error().data, R"({"supported":["2026-07-28","2025-11-25","2025-06-18"],"requested":"v9"})");
}

TEST(Revisions, that_are_stateless_repeat_the_name_of_a_tool) {
  const std::string call = with_meta("tools/call", "2026-07-28", kCapable);
  EXPECT_EQ(refusal(call, {"2026-07-28", "tools/call", "read"}), 0);
  EXPECT_EQ(refusal(call, {"2026-07-28", "tools/call", "=?base64?cmVhZA==?="}), 0);
  for (const char* wrong : {"", "Read", "=?base64?cmVhZA?=", "=?base64?cm!hZA==?=", "=?base64?cmVhZA==", "=?base64?="})
    EXPECT_EQ(refusal(call, {"2026-07-28", "tools/call", wrong}), kHeaderMismatch) << wrong;
}

TEST(Revisions, before_that_need_no_headers) {
  const std::string list = R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})";
  EXPECT_EQ(revision_of(message(list), {}).value(), Revision::k20251125);
  EXPECT_EQ(revision_of(message(list), {"2025-06-18"}).value(), Revision::k20250618);
  EXPECT_EQ(refusal(list, {"2024-01-01"}), kUnsupportedProtocolVersion);
  EXPECT_EQ(refusal(R"({"jsonrpc":"2.0","id":1,"method":"initialize"})", {"2024-01-01"}), 0);
}

}  // namespace
}  // namespace concord::mcp
