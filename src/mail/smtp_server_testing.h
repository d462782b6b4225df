#pragma once
// A mail server for tests, on loopback: speaks as much SMTP as takes a message in, and refuses as it is told.

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace concord::mail::testing {

struct Received {
  std::string from, to;      // as in MAIL FROM and RCPT TO
  std::string data;          // lines ended by "\r\n", without the final "."
  std::string text() const;  // the decoded base64 body
};

class SmtpServer {
 public:
  SmtpServer();
  ~SmtpServer();
  std::string url() const { return "smtp://127.0.0.1:" + std::to_string(port_); }
  /// The next so many recipients are answered with `code`.
  void refuse(int code, int times);
  /// Waits up to ten seconds for so many messages; what has come by then.
  std::vector<Received> wait_for(std::size_t messages);
  int connections();

 private:
  void serve();
  void talk(int socket);
  std::string answer(const std::string& line, Received& message, bool& in_data);

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Received> received_;
  int refuse_code_ = 0, refuse_times_ = 0, connections_ = 0;
  std::thread thread_;
};

}  // namespace concord::mail::testing
