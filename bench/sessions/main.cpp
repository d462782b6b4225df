// The load of the benchmarks of live sessions. It is told what to do line by line and answers each line with one line
// of JSON, {"error": …} where it failed. Between commands its sessions go on receiving and answer pings.
//
//   open [tls:]PORT COUNT AT_ONCE FILE
//       FILE: one target a line: path, header, address, hello,hello… between tabs; the last two in hexadecimal
//   write WRITERS READERS RATE FIRST FILE [acknowledged]
//       FILE: messages, each behind its length in 4 bytes, little-endian
//   mix GROUP RATE FIRST FILE
//       all sessions of the group write, in turn; FILE as above
//   dump GROUP FILE    what the group's first session was sent, in the same form
//   last GROUP         the newest message to its first session that is no sync message
//   close GROUP
//
// A message of a writer holds "~" and its edit's number in six digits, so that a reader knows which edits have reached
// it even where the server joins several into one message.

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

#include "sessions/load.h"

namespace {

using namespace concord::bench;
using Answer = std::expected<std::string, std::string>;

std::optional<Bytes> from_hex(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  if (text.size() % 2 != 0) return std::nullopt;
  Bytes out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return out;
}

std::expected<std::deque<Target>, std::string> read_targets(const std::string& path) {
  std::ifstream file(path);
  std::deque<Target> targets;
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    Target target;
    std::string address;
    std::string hello;
    std::getline(fields, target.path, '\t');
    std::getline(fields, target.header, '\t');
    std::getline(fields, address, '\t');
    auto bytes = from_hex(address);
    while (bytes && std::getline(fields, hello, ',')) {
      target.hello.push_back(std::move(*bytes));
      bytes = from_hex(hello);
    }
    if (!bytes) return std::unexpected("not a target: " + line);
    target.hello.push_back(std::move(*bytes));
    target.address = std::move(target.hello.front());
    target.hello.erase(target.hello.begin());
    targets.push_back(std::move(target));
  }
  if (targets.empty()) return std::unexpected("no targets in " + path);
  return targets;
}

std::uint32_t length_at(const char* at) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) value |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(at[i])) << (8 * i);
  return value;
}

std::expected<std::vector<Bytes>, std::string> read_messages(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  std::vector<Bytes> messages;
  for (std::size_t at = 0; at < text.size();) {
    if (text.size() - at < 4 || text.size() - at - 4 < length_at(text.data() + at)) {
      return std::unexpected(path + " ends inside a message");
    }
    const std::uint32_t size = length_at(text.data() + at);
    at += 4;
    messages.emplace_back(text.begin() + static_cast<std::ptrdiff_t>(at),
                          text.begin() + static_cast<std::ptrdiff_t>(at + size));
    at += size;
  }
  if (messages.empty()) return std::unexpected("no messages in " + path);
  return messages;
}

Answer open(Load& load, std::istringstream& words) {
  std::string server;
  std::size_t count = 0;
  std::size_t at_once = 0;
  std::string file;
  if (!(words >> server >> count >> at_once >> file) || at_once == 0)
    return std::unexpected("open [tls:]PORT COUNT AT_ONCE FILE");
  Address address;
  address.tls = server.starts_with("tls:");
  if (address.tls) server.erase(0, 4);
  std::from_chars(server.data(), server.data() + server.size(), address.port);
  auto targets = read_targets(file);
  if (!targets) return std::unexpected(targets.error());
  const auto group = load.open(address, count, at_once, std::move(*targets));
  if (!group) return std::unexpected(group.error());
  return fmt::format(R"({{"group":{}}})", *group);
}

/// Delays in microseconds.
std::string told(const Written& done) {
  const auto within = [](const std::vector<std::uint32_t>& sorted, std::size_t of_1000) {
    return sorted.empty() ? 0 : sorted[(sorted.size() - 1) * of_1000 / 1000];
  };
  const auto& delays = done.delays_us;
  const auto& acks = done.acknowledged_us;
  return fmt::format(
      R"({{"seconds":{},"edits":{},"messages":{},"bytes":{},"digests":{},"p50_us":{},"p99_us":{},"p999_us":{},)"
      R"("acks":{},"ack_p50_us":{},"ack_p99_us":{},"ack_p999_us":{}}})",
      done.seconds, done.edits, done.messages, done.bytes, done.digests, within(delays, 500), within(delays, 990),
      within(delays, 999), acks.size(), within(acks, 500), within(acks, 990), within(acks, 999));
}

Answer write(Load& load, std::istringstream& words) {
  Writing work;
  std::string file;
  if (!(words >> work.writers >> work.readers >> work.rate >> work.first_edit >> file) || work.first_edit == 0) {
    return std::unexpected("write WRITERS READERS RATE FIRST FILE, FIRST from 1");
  }
  auto messages = read_messages(file);
  if (!messages) return std::unexpected(messages.error());
  work.messages = std::move(*messages);
  std::string condition;
  work.acknowledged = words >> condition && condition == "acknowledged";
  const auto done = load.write(work);
  if (!done) return std::unexpected(done.error());
  return told(*done);
}

Answer mix(Load& load, std::istringstream& words) {
  Mixing work;
  std::string file;
  if (!(words >> work.group >> work.rate >> work.first_edit >> file) || work.first_edit == 0)
    return std::unexpected("mix GROUP RATE FIRST FILE, FIRST from 1");
  auto messages = read_messages(file);
  if (!messages) return std::unexpected(messages.error());
  work.messages = std::move(*messages);
  const auto done = load.mix(work);
  if (!done) return std::unexpected(done.error());
  return told(*done);
}

Answer dump(const Group& group, std::istringstream& words) {
  std::string path;
  if (!(words >> path)) return std::unexpected("dump GROUP FILE");
  std::ofstream file(path, std::ios::binary);
  for (const Bytes& message : group.sessions.front()->record()) {
    for (unsigned shift = 0; shift < 32; shift += 8) file.put(static_cast<char>(message.size() >> shift));
    file.write(reinterpret_cast<const char*>(message.data()), static_cast<std::streamsize>(message.size()));
  }
  if (!file.flush()) return std::unexpected("cannot write " + path);
  return "{}";
}

Answer last(const Group& group) {
  std::string hex;
  for (std::uint8_t byte : group.sessions.front()->last_other())
    fmt::format_to(std::back_inserter(hex), "{:02x}", byte);
  return fmt::format(R"({{"message":"{}"}})", hex);
}

Answer obey(Load& load, const std::string& line) {
  std::istringstream words(line);
  std::string verb;
  words >> verb;
  if (verb == "open") return open(load, words);
  if (verb == "write") return write(load, words);
  if (verb == "mix") return mix(load, words);
  std::size_t number = 0;
  words >> number;
  const Group* group = words ? load.group(number) : nullptr;
  if (group == nullptr || group->sessions.empty()) return std::unexpected("there is no such group or command: " + line);
  if (verb == "dump") return dump(*group, words);
  if (verb == "last") return last(*group);
  if (verb != "close") return std::unexpected("there is no such command: " + line);
  load.close(number);
  return "{}";
}

std::string json_text(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return '"' + out + '"';
}

}  // namespace

int main() {
  ::signal(SIGPIPE, SIG_IGN);
  Load load;
  std::string input;
  for (;;) {
    const std::size_t end = input.find('\n');
    if (end == std::string::npos) {
      load.serve_until_readable(STDIN_FILENO);
      char more[4096];
      const ssize_t count = ::read(STDIN_FILENO, more, sizeof more);
      if (count <= 0) return 0;
      input.append(more, static_cast<std::size_t>(count));
      continue;
    }
    const Answer answer = obey(load, input.substr(0, end));
    input.erase(0, end + 1);
    const std::string text = answer ? *answer : fmt::format(R"({{"error":{}}})", json_text(answer.error()));
    std::printf("%s\n", text.c_str());
    std::fflush(stdout);
  }
}
