#include "doctor/machine_check.h"

#include <filesystem>

#include "base/clock.h"
#include "doctor/findings_testing.h"
#include "engines/contract_testing.h"
#include "link/certificates.h"
#include "net/self_signed.h"

namespace concord::doctor {
namespace {

using engines::testing::TemporaryDirectory;
using testing::complaints;
using testing::level_of;
using Words = std::vector<std::string>;

MachineFacts good() {
  MachineFacts facts{.now_ms = 1'800'000'000'000};
  facts.data = {.path = "/data", .is_there = true, .mode = 0700, .is_ours = true, .file_system = "ext4"};
  facts.data.free_bytes = 50ULL << 30;
  facts.data.total_bytes = 100ULL << 30;
  facts.data.sync_us = {2000};
  facts.clock_synchronized = true;
  facts.descriptors = 1'048'576;
  facts.max_connections = 100'000;
  facts.encrypts = true;
  facts.key_file_mode = 0600;
  return facts;
}

std::vector<Finding> with(const std::function<void(MachineFacts&)>& change) {
  MachineFacts facts = good();
  change(facts);
  return judge_machine(facts);
}

TEST(MachineJudge, a_hub_of_one_machine_is_well) { EXPECT_EQ(complaints(judge_machine(good())), Words()); }

TEST(MachineJudge, the_data_directory_is_private_durable_and_has_room) {
  EXPECT_EQ(level_of(with([](auto& f) { f.data.mode = 0755; }), "DATA"), Level::kWarn);
  EXPECT_EQ(level_of(with([](auto& f) { f.data.problem = "no"; }), "DATA"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& f) { f.data.file_system = "tmpfs"; }), "file system"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& f) { f.data.file_system = "nfs"; }), "file system"), Level::kWarn);
  EXPECT_EQ(level_of(with([](auto& f) { f.data.free_bytes = 2ULL << 30; }), "free space"), Level::kWarn);
  EXPECT_EQ(level_of(with([](auto& f) { f.data.free_bytes = 1 << 20; }), "free space"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& f) { f.data.sync_us = {80'000}; }), "durable write"), Level::kWarn);
  EXPECT_EQ(level_of(with([](auto& f) { f.data.total_files = 1000; }), "free files"), Level::kWarn);
  const auto nothing_kept = [](auto& f) {
    f.keeps_data = false;
    f.data.file_system = "tmpfs";
  };
  EXPECT_EQ(level_of(with(nothing_kept), "file system"), Level::kOk);
}

TEST(MachineJudge, keys_that_others_need_are_not_on_one_machine) {
  EXPECT_EQ(level_of(with([](auto& f) { f.outside = "blobs"; }), "MASTER_KEY"), Level::kWarn);
  const auto many = [](auto& f) {
    f.outside = "tables, coordination";
    f.has_many_nodes = true;
  };
  EXPECT_EQ(level_of(with(many), "MASTER_KEY"), Level::kError);
  const auto set = [&](auto& f) {
    many(f);
    f.has_master_key = true;
  };
  EXPECT_EQ(level_of(with(set), "MASTER_KEY"), Level::kOk);
  EXPECT_EQ(level_of(with([](auto& f) { f.key_file_mode = 0644; }), "DATA/master.key"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& f) { f.encrypts = false; }), "ENCRYPT_AT_REST"), Level::kWarn);
}

TEST(MachineJudge, addresses_and_certificates_are_held_against_each_other) {
  const auto beyond = [](auto& f) {
    f.is_beyond_loopback = true;
    f.public_url = "https://hub.example";
  };
  EXPECT_EQ(level_of(with(beyond), "TLS"), Level::kWarn);
  const auto proxied = [&](auto& f) {
    beyond(f);
    f.has_proxies = true;
  };
  EXPECT_EQ(level_of(with(proxied), "TLS"), Level::kOk);
  EXPECT_EQ(level_of(with([](auto& f) { f.sends_mail = true; }), "PUBLIC_URL"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& f) { f.public_url = "hub.example"; }), "PUBLIC_URL"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& f) { f.clock_synchronized = false; }), "clock"), Level::kWarn);
  EXPECT_EQ(level_of(with([](auto& f) { f.descriptors = 1024; }), "open files"), Level::kWarn);
  EXPECT_EQ(level_of(with([](auto& f) { f.refused_settings = {"PORT"}; }), "settings"), Level::kError);

  const auto certificate = [&](std::int64_t days, bool fits, bool names) {
    return with([&](auto& f) {
      beyond(f);
      f.has_tls = true;
      f.certificate = Certificate{.file = "c.pem",
                                  .expires_ms = f.now_ms + days * 86'400'000,
                                  .key_fits = fits,
                                  .host = "hub.example",
                                  .names_host = names};
    });
  };
  EXPECT_EQ(complaints(certificate(90, true, true)), Words());
  EXPECT_EQ(level_of(certificate(90, true, false), "certificate's names"), Level::kWarn);
  EXPECT_EQ(level_of(certificate(10, true, true), "certificate c.pem"), Level::kWarn);
  EXPECT_EQ(level_of(certificate(-1, true, true), "certificate c.pem"), Level::kError);
  EXPECT_EQ(level_of(certificate(90, false, true), "certificate c.pem"), Level::kError);
}

TEST(MachineProbe, a_certificate_is_read_with_its_key) {
  const TemporaryDirectory directory;
  const std::string file = directory.path() + "/tls.pem";
  const std::int64_t now = SystemClock().wall_ms();
  ASSERT_TRUE(net::keep_self_signed(file, {"localhost", "127.0.0.1"}, now));
  const Certificate certificate = read_certificate(file, file, "localhost");
  EXPECT_EQ(certificate.problem, "");
  EXPECT_TRUE(certificate.key_fits);
  EXPECT_TRUE(certificate.names_host);
  EXPECT_NEAR(static_cast<double>(certificate.expires_ms - now), 397.0 * 86'400'000, 3.0 * 86'400'000);
  EXPECT_FALSE(read_certificate(file, file, "elsewhere.example").names_host);
  EXPECT_TRUE(read_certificate(file, file, "127.0.0.1").names_host);
  const std::string other = directory.path() + "/other.pem";
  ASSERT_TRUE(net::keep_self_signed(other, {"localhost"}, now));
  EXPECT_FALSE(read_certificate(file, other, "").key_fits);
  EXPECT_NE(read_certificate(directory.path() + "/none.pem", file, "").problem, "");
}

TEST(MachineProbe, a_nodes_certificate_names_it) {
  const TemporaryDirectory directory;
  const auto made = link::make_node_certificate(directory.path(), "node-1", 30, SystemClock().wall_ms());
  ASSERT_TRUE(made) << made.error().message;
  const Certificate own = read_node_certificate(made->certificate_file, made->key_file, "node-1");
  EXPECT_TRUE(own.key_fits && own.names_host) << own.problem;
  EXPECT_FALSE(read_node_certificate(made->certificate_file, made->key_file, "node-2").names_host);

  const auto said = [&](const Certificate& certificate) {
    return with([&](auto& f) {
      f.now_ms = SystemClock().wall_ms();
      f.node_certificate = certificate;
    });
  };
  EXPECT_EQ(complaints(said(own)), Words());
  Certificate other = own;
  other.names_host = false;
  EXPECT_EQ(level_of(said(other), "node certificate's name"), Level::kError);
  other.expires_ms = 1;
  EXPECT_EQ(level_of(said(other), "node certificate " + own.file), Level::kError);
}

TEST(MachineProbe, hosts_are_read_from_urls) {
  EXPECT_EQ(host_of_url("https://hub.example:8443/path"), "hub.example");
  EXPECT_EQ(host_of_url("http://[::1]:8080/"), "::1");
  EXPECT_EQ(host_of_url("hub.example"), "");
}

TEST(Report, counts_and_is_one_line_of_json) {
  Findings out("area");
  out.ok("a", "well");
  out.warn("b", "two\nlines", "do \"this\"");
  out.error("c", "bad", "mend");
  const Report report{std::move(out).take()};
  EXPECT_EQ(report.worst(), Level::kError);
  EXPECT_EQ(report.json(), R"({"status":"error","errors":1,"warnings":1,"findings":[)"
                           R"({"level":"ok","area":"area","check":"a","found":"well","change":""},)"
                           R"({"level":"warn","area":"area","check":"b","found":"two lines","change":"do \"this\""},)"
                           R"({"level":"error","area":"area","check":"c","found":"bad","change":"mend"}]})");
  EXPECT_NE(report.text().find("1 errors, 1 warnings, 1 well\n"), std::string::npos);
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(size_text(1536), "1.5 KiB");
}

}  // namespace
}  // namespace concord::doctor
