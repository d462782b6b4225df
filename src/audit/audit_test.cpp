#include "audit/audit.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "audit/audit_file.h"
#include "audit/chain.h"
#include "base/property_testing.h"
#include "base/reactor_testing.h"
#include "engines/tables_opener_testing.h"
#include "json/object.h"
#include "net/http.h"

namespace concord::audit {
namespace {

using concord::testing::for_each_seed;
using concord::testing::Random;

Event event(std::string action, std::string actor = "usr_1", std::string target = "") {
  return {.action = std::move(action), .actor = std::move(actor), .target = std::move(target)};
}

std::vector<std::string> chain_of(int count) {
  Head head;
  std::vector<std::string> lines;
  for (int i = 0; i < count; ++i) lines.push_back(add_line(event("a." + std::to_string(i)), i, head));
  return lines;
}

std::string verdict(const std::vector<std::string>& lines) {
  ChainCheck check;
  for (const std::string& line : lines)
    if (auto added = check.add(line); !added) return added.error().message;
  return "";
}

TEST(AuditChain, a_line_is_what_its_format_page_says) {
  Head head;
  Event one = event("session.opened", "usr_1", "ses_1");
  one.address = "192.0.2.1";
  one.detail.emplace_back("method", "pass\"word");
  EXPECT_EQ(add_line(one, 1'700'000'000'123, head),
            R"({"time":"2023-11-14T22:13:20.123Z","action":"session.opened","outcome":"done","actor":"usr_1",)"
            R"("target":"ses_1","address":"192.0.2.1","session":"","request_id":"","detail":{"method":"pass\"word"},)"
            R"("seq":1,"previous":"0000000000000000000000000000000000000000000000000000000000000000"})");
  EXPECT_EQ(head.hash, "e2d14aa4e67674819e1429991467b24debdec76fbc012e1af965a492eb2ec3a3");
}

TEST(AuditChain, every_change_of_a_line_but_of_the_last_is_found) {
  for_each_seed(200, [](Random& random) {
    std::vector<std::string> lines = chain_of(6);
    ASSERT_EQ(verdict(lines), "");
    const std::size_t at = random() % 5;
    std::string& line = lines[at];
    line[random() % line.size()] ^= static_cast<char>(1 + random() % 255);
    EXPECT_NE(verdict(lines), "");
  });
}

TEST(AuditChain, a_line_that_is_missing_or_moved_or_put_in_is_found) {
  std::vector<std::string> lines = chain_of(6);
  for (std::size_t at = 0; at < 5; ++at) {
    std::vector<std::string> without = lines;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(at));
    EXPECT_NE(verdict(without), "") << at;
    std::vector<std::string> swapped = lines;
    std::swap(swapped[at], swapped[at + 1]);
    EXPECT_NE(verdict(swapped), "") << at;
    std::vector<std::string> doubled = lines;
    doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(at), lines[at]);
    EXPECT_NE(verdict(doubled), "") << at;
  }
  EXPECT_NE(verdict({"", "{}"}), "");
}

class AuditService : public ::testing::Test {
 protected:
  AuditService() {
    std::string pattern = (std::filesystem::temp_directory_path() / "audit-test-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    tables_ = testing::open_tables(folder_, clock_, metrics_);
    start();
  }
  ~AuditService() override {
    stop();
    pool_.stop();
    tables_.reset();
    std::filesystem::remove_all(folder_);
  }
  void start(std::size_t queue = 10'000) {
    audit_ = std::make_unique<Audit>(Options{.file = file(), .queue = queue},
                                     Audit::Dependencies{*tables_, *files_, pool_, clock_, metrics_, Logger()});
    ASSERT_TRUE(run(audit_->start(reactors_.at(0))).has_value());
  }
  void stop() {
    if (!audit_) return;
    run([](Audit& audit) -> Task<> {
      co_await audit.stop();
      co_return Result<>{};
    }(*audit_))
        .value();
    audit_.reset();
  }
  template <class T>
  T run(asio::awaitable<T> task) {
    return concord::testing::run_on(reactors_.at(0), std::move(task));
  }
  std::string file() const { return (folder_ / "audit.jsonl").string(); }
  std::vector<std::string> file_lines() const {
    std::ifstream in(file());
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
  std::vector<Line> stored() { return run(AuditStore(*tables_).after(0, 1'000'000)).value(); }
  std::string stored_verdict() {
    std::vector<std::string> lines;
    for (Line& line : stored()) lines.push_back(std::move(line.text));
    return verdict(lines);
  }
  Result<net::Response> get(std::vector<std::pair<std::string, std::string>> query, std::string accept = "",
                            Result<> may = {}) {
    net::Router router;
    audit_->add_routes(router, [may](const net::Request&) -> Task<> { return answer_with(may); });
    net::Request request;
    request.query = std::move(query);
    request.headers.push_back({"accept", std::move(accept)});
    return run(router.match("GET", "/audit").route->handler(std::move(request)));
  }
  static Task<> answer_with(Result<> may) { co_return may; }

  std::filesystem::path folder_;
  SystemClock clock_;
  Metrics metrics_;
  std::unique_ptr<engines::FileSystem> files_ = engines::make_posix_file_system();
  concord::testing::RunningReactors reactors_{2};
  BlockingPool pool_{1};
  std::unique_ptr<engines::Tables> tables_;
  std::unique_ptr<Audit> audit_;
};

TEST_F(AuditService, what_was_recorded_is_in_the_table_and_in_the_file_in_one_chain) {
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(run(audit_->record(event("a.b", "usr_" + std::to_string(i)))).has_value());
    audit_->note(event("request.refused"));
  }
  stop();
  EXPECT_EQ(stored().size(), 40U);
  EXPECT_EQ(stored_verdict(), "");
  EXPECT_EQ(verdict(file_lines()), "");
  EXPECT_EQ(file_lines().size(), 40U);
}

TEST_F(AuditService, the_file_catches_up_after_a_crash_whatever_was_written_of_it) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(run(audit_->record(event("a.b"))).has_value());
  stop();
  const auto all = file_lines();
  const auto size = std::filesystem::file_size(file());
  for (const std::uintmax_t left : {size - 1, size - 40, size / 2, std::uintmax_t{5}, std::uintmax_t{0}}) {
    std::filesystem::resize_file(file(), left);
    start();
    stop();
    EXPECT_EQ(file_lines(), all) << left;
  }
}

TEST_F(AuditService, a_file_that_is_something_else_is_left_alone) {
  stop();
  std::ofstream(file()) << "a letter to a friend\n";
  audit_ = std::make_unique<Audit>(Options{.file = file()},
                                   Audit::Dependencies{*tables_, *files_, pool_, clock_, metrics_, Logger()});
  EXPECT_EQ(run(audit_->start(reactors_.at(0))).error().code, Code::kCorrupt);
  audit_.reset();
  EXPECT_EQ(file_lines(), std::vector<std::string>{"a letter to a friend"});
}

TEST_F(AuditService, what_does_not_fit_the_queue_is_counted_in_the_record) {
  stop();
  start(100);
  for (int i = 0; i < 3000; ++i) audit_->note(event("request.refused"));
  // Notes leave room for what must be recorded.
  ASSERT_TRUE(run(audit_->record(event("later"))).has_value());
  stop();
  std::size_t lost = 0;
  std::size_t refused = 0;
  for (const Line& line : stored()) {
    const json::Object fields = json::Object::parse(line.text).value();
    const std::string action = fields.text("action", {}).value();
    if (action == "request.refused") ++refused;
    if (action == "audit.overflow") lost += std::stoul(fields.object("detail").value().text("lost", {}).value());
  }
  EXPECT_EQ(refused + lost, 3000U);
  EXPECT_EQ(stored_verdict(), "");
}

TEST_F(AuditService, what_was_noted_while_the_tables_failed_is_recorded_once_they_are_back) {
  ASSERT_TRUE(run(audit_->record(event("before"))).has_value());
  ASSERT_TRUE(run(tables_->query({"ALTER TABLE audit_head RENAME TO elsewhere", {}})).has_value());
  for (int i = 0; i < 3; ++i) {
    audit_->note(event("noted." + std::to_string(i)));
    EXPECT_EQ(run(audit_->record(event("waited_for"))).error().code, Code::kUnavailable) << i;
  }
  ASSERT_TRUE(run(tables_->query({"ALTER TABLE elsewhere RENAME TO audit_head", {}})).has_value());
  ASSERT_TRUE(run(audit_->record(event("after"))).has_value());
  std::vector<std::string> actions;
  for (const Line& line : stored()) {
    const json::Object fields = json::Object::parse(line.text).value();
    actions.push_back(fields.text("action", {}).value());
    if (actions.back() == "audit.overflow") {
      EXPECT_NE(line.text.find(R"("lost":"3")"), std::string::npos) << "whose callers were told";
    }
  }
  EXPECT_EQ(std::ranges::count(actions, "audit.overflow"), 1);
  std::erase(actions, "audit.overflow");
  EXPECT_EQ(actions, (std::vector<std::string>{"before", "noted.0", "noted.1", "noted.2", "after"}));
  EXPECT_EQ(stored_verdict(), "");
}

TEST_F(AuditService, long_texts_are_cut_between_characters) {
  std::string name = "x";
  for (int i = 0; i < 300; ++i) name += "\xc3\xa4";
  ASSERT_TRUE(run(audit_->record(event("a.b", name))).has_value());
  const json::Object fields = json::Object::parse(stored()[0].text).value();
  EXPECT_EQ(fields.text("actor", {}).value().size(), 255U);
}

TEST_F(AuditService, a_reader_sees_what_was_noted_before) {
  for (int i = 0; i < 50; ++i) {
    const std::string target = "/" + std::to_string(i);
    audit_->note(event("request.refused", "usr_1", target));
    EXPECT_NE(get({{"limit", "1"}}).value().body.find('"' + target + '"'), std::string::npos);
  }
}

TEST_F(AuditService, it_is_read_by_who_may_newest_first_filtered_and_in_pages) {
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(
        run(audit_->record(event("a." + std::to_string(i % 2), "usr_1", "doc_" + std::to_string(i)))).has_value());
  EXPECT_EQ(get({}, "", fail(Code::kPermissionDenied, "no")).error().code, Code::kPermissionDenied);
  const auto first = json::Object::parse(get({{"limit", "2"}}).value().body).value();
  EXPECT_EQ(first.integer("next", 0, 100).value(), 4);
  EXPECT_EQ(first.object("head").value().integer("seq", 0, 100).value(), 5);
  const std::string rest = get({{"before", "4"}}).value().body;
  EXPECT_LT(rest.find("doc_2"), rest.find("doc_1"));
  EXPECT_EQ(rest.find("doc_3"), std::string::npos);
  EXPECT_NE(get({{"action", "a.1"}}).value().body.find("doc_3"), std::string::npos);
  EXPECT_EQ(get({{"action", "a.1"}}).value().body.find("doc_4"), std::string::npos);
  EXPECT_EQ(get({{"until", "2001-01-01T00:00:00Z"}}).value().body.find("doc_"), std::string::npos);
  EXPECT_EQ(verdict([&] {
              std::vector<std::string> lines;
              std::istringstream in(get({}, "application/x-ndjson").value().body);
              for (std::string line; std::getline(in, line);) lines.push_back(line);
              return lines;
            }()),
            "");
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"limit", "0"}, {"limit", "1001"}, {"before", "x"}, {"since", "yesterday"}, {"outcome", "maybe"}})
    EXPECT_EQ(get({{name, value}}).error().context[0].second, name);
}

}  // namespace
}  // namespace concord::audit
