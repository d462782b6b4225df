#include "mail/mailer.h"

#include <gtest/gtest.h>

#include <chrono>

#include "base/waiting_testing.h"
#include "mail/message.h"
#include "mail/smtp.h"
#include "mail/smtp_server_testing.h"

namespace concord::mail {
namespace {

using concord::testing::eventually;
using testing::SmtpServer;

Options options_for(const SmtpServer& server) {
  return {.url = server.url(), .from = "hub@example.org", .queue = 10, .tries = 3, .first_retry_ms = 5};
}

Result<Options> parsed(std::vector<std::string> arguments) {
  const auto table = settings();
  const auto config =
      Config::load({table.begin(), table.end()}, arguments, [](std::string_view) { return std::nullopt; });
  EXPECT_TRUE(config) << config.error().message;
  return options_from(*config);
}

TEST(Mailer, a_message_arrives_as_it_was_written) {
  SmtpServer server;
  Metrics metrics;
  Mailer mailer(options_for(server), metrics, Logger());
  const std::string text = "Grüß dich\n.\nMAIL FROM:<x>\n" + std::string(300, 'x') + "\n";
  ASSERT_TRUE(mailer.send({"ann@example.com", "Hello", text}));
  const auto received = server.wait_for(1);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_TRUE(received[0].from.starts_with("<hub@example.org>"));
  EXPECT_EQ(received[0].to, "<ann@example.com>");
  EXPECT_EQ(received[0].text(), text);
  EXPECT_TRUE(received[0].data.contains("\r\nTo: ann@example.com\r\nSubject: Hello\r\n"));
}

TEST(Mailer, tries_again_what_a_server_puts_off_and_not_what_it_refuses_for_good) {
  SmtpServer server;
  Metrics metrics;
  Mailer mailer(options_for(server), metrics, Logger());
  server.refuse(451, 2);
  ASSERT_TRUE(mailer.send({"ann@example.com", "Hello", "x"}));
  EXPECT_EQ(server.wait_for(1).size(), 1U);
  EXPECT_EQ(server.connections(), 3);

  server.refuse(550, 1);
  ASSERT_TRUE(mailer.send({"nobody@example.com", "Hello", "x"}));
  EXPECT_TRUE(eventually(
      [&] { return metrics.prometheus_text().contains("concord_mail_messages_total{result=\"given_up\"} 1\n"); }));
  EXPECT_EQ(server.connections(), 4);
  EXPECT_EQ(server.wait_for(1).size(), 1U);
}

TEST(Mailer, gives_up_after_its_tries) {
  SmtpServer server;
  Metrics metrics;
  Mailer mailer(options_for(server), metrics, Logger());
  server.refuse(451, 100);
  ASSERT_TRUE(mailer.send({"ann@example.com", "Hello", "x"}));
  EXPECT_TRUE(eventually(
      [&] { return metrics.prometheus_text().contains("concord_mail_messages_total{result=\"given_up\"} 1\n"); }));
  EXPECT_EQ(server.connections(), 3);
}

TEST(Mailer, the_queue_is_bounded_and_a_stop_does_not_wait_for_it) {
  Metrics metrics;
  Options options{.url = "smtp://127.0.0.1:1", .from = "hub@example.org", .queue = 2, .first_retry_ms = 3'600'000};
  Mailer mailer(options, metrics, Logger());
  ASSERT_TRUE(mailer.send({"a@example.com", "Hello", "x"}));
  EXPECT_TRUE(eventually([&] { return metrics.prometheus_text().contains("{result=\"put_off\"} 1\n"); }));
  int taken = 1;
  while (taken < 10 && mailer.send({"a@example.com", "Hello", "x"})) ++taken;
  EXPECT_LE(taken, 4);  // and the ones under way
  const auto from = std::chrono::steady_clock::now();
  mailer.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - from, std::chrono::seconds(5));
  EXPECT_EQ(mailer.send({"a@example.com", "Hello", "x"}).error().code, Code::kUnavailable);
}

TEST(Mailer, no_address_or_subject_brings_a_header_of_its_own) {
  SmtpServer server;
  Metrics metrics;
  Mailer mailer(options_for(server), metrics, Logger());
  for (const char* to : {"", "a@b.c\r\nBcc: d@e.f", "a@b.c> <d@e.f", "ä@b.c"})
    EXPECT_EQ(mailer.send({to, "Hello", "x"}).error().code, Code::kInvalidArgument) << to;
  EXPECT_FALSE(mailer.send({"a@b.c", "Hello\nBcc: d@e.f", "x"}));
}

TEST(Mailer, a_plain_connection_goes_to_this_machine_alone) {
  EXPECT_TRUE(is_local("smtp://127.0.0.1:25"));
  EXPECT_TRUE(is_local("smtp://localhost"));
  EXPECT_TRUE(is_local("smtp://[::1]:2525"));
  EXPECT_FALSE(is_local("smtp://localhost.example.org"));
  EXPECT_FALSE(is_local("smtp://127.0.0.1.example.org:25"));
  EXPECT_FALSE(is_local("smtp://mail.example.org"));
}

TEST(MailOptions, what_is_missing_is_named) {
  EXPECT_TRUE(parsed({}).value().url.empty());
  EXPECT_EQ(parsed({"--smtp-url=smtp://localhost"}).error().context[0].second, "MAIL_FROM");
  EXPECT_EQ(parsed({"--smtp-url=http://localhost", "--mail-from=a@b.c"}).error().context[0].second, "SMTP_URL");
  EXPECT_FALSE(parsed({"--smtp-url=smtp://localhost", "--mail-from=Hub <a@b.c>"}));
  EXPECT_EQ(parsed({"--smtp-url=smtp://localhost", "--mail-from=a@b.c"}).value().from, "a@b.c");
}

TEST(Message, golden) {
  EXPECT_EQ(encode_message({"ann@example.com", "Hello", "Hi\n"}, "hub@example.org", "id", 1'700'000'000),
            "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\nFrom: hub@example.org\r\nTo: ann@example.com\r\nSubject: "
            "Hello\r\nMessage-ID: <id@example.org>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: "
            "1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nSGkK\r\n");
}

}  // namespace
}  // namespace concord::mail
