#include "redis/redis_server_testing.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "redis/connection.h"
#include "redis/key_slot.h"

namespace concord::redis::testing {
namespace {

using engines::testing::free_port;
using engines::testing::ServerProcess;

constexpr std::string_view kSlots[] = {"0", "5461", "10923", "16384"};

Task<RespValue> ask_once(Reactor& reactor, Clock& clock, Endpoint endpoint, std::vector<std::string> words) {
  RedisOptions options;
  options.call_timeout_ms = 20'000;
  options.connect_timeout_ms = 20'000;
  TaskScope tasks(reactor);
  const RedisConnection::Context context{reactor, tasks, options, clock};
  auto connection = co_await RedisConnection::open(context, std::move(endpoint), [](const RespValue&) {});
  Result<RespValue> answer = fail(Code::kUnavailable, "not asked");
  if (connection) {
    Request request;
    for (const std::string& word : words) request.command.add(word);
    answer = (co_await (*connection)->call(std::move(request), options.call_timeout_ms)).value;
    connection->reset();
  } else {
    answer = fail(connection.error());
  }
  co_await tasks.close();
  co_return answer;
}

}  // namespace

void wait_until(std::string_view what, const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("waited in vain: " + std::string(what));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

RedisServer::RedisServer(std::vector<std::string> more_arguments) : port_(free_port()) {
  std::vector<std::string> command = {
      "redis-server", "--port", std::to_string(port_), "--bind",      "127.0.0.1", "--save", "", "--appendonly",
      "no",           "--dir",  directory_.path(),     "--daemonize", "no"};
  command.insert(command.end(), more_arguments.begin(), more_arguments.end());
  process_ = std::make_unique<ServerProcess>(
      ServerProcess::Options{.command = std::move(command), .output_path = directory_.path() + "/output"});
  wait_until_ready();
}

void RedisServer::wait_until_ready() {
  if (!engines::testing::wait_until_listening(port_))
    throw std::runtime_error("no redis-server:\n" + process_->output());
}

RespValue RedisServer::ask(std::vector<std::string> words) {
  const std::string said = words.front() + (words.size() > 1 ? " " + words[1] : "");
  auto answer =
      concord::testing::run_on(reactors_.at(), ask_once(reactors_.at(), clock_, endpoint(), std::move(words)));
  if (!answer) throw std::runtime_error(said + ": " + answer.error().message);
  if (answer->is_error()) throw std::runtime_error(said + ": " + std::string(answer->text()));
  return std::move(*answer);
}

std::string RedisServer::info(std::vector<std::string> words, std::string_view name) {
  const std::string text = "\n" + std::string(ask(std::move(words)).text());
  const std::string line = "\n" + std::string(name) + ":";
  const std::size_t at = text.find(line);
  if (at == std::string::npos) return {};
  const std::size_t begin = at + line.size();
  return text.substr(begin, text.find('\r', begin) - begin);
}

RedisCluster::RedisCluster(std::size_t replicas, std::int64_t node_timeout_ms) {
  for (std::size_t i = 0; i < kMasters + replicas; ++i) {
    nodes_.push_back(std::make_unique<RedisServer>(
        std::vector<std::string>{"--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-port",
                                 std::to_string(free_port()), "--cluster-node-timeout", std::to_string(node_timeout_ms),
                                 "--repl-diskless-sync-delay", "0"}));
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    node(i).ask({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)});
    if (i >= kMasters) continue;
    const int last = std::stoi(std::string(kSlots[i + 1])) - 1;
    node(i).ask({"CLUSTER", "ADDSLOTSRANGE", std::string(kSlots[i]), std::to_string(last)});
  }
  for (std::size_t i = 1; i < nodes_.size(); ++i) {
    const std::string bus_port(node(i).ask({"CONFIG", "GET", "cluster-port"}).find("cluster-port")->text());
    node(0).ask({"CLUSTER", "MEET", "127.0.0.1", node(i).endpoint().port_str(), bus_port});
  }
  const std::string all = std::to_string(nodes_.size());
  wait_until("the nodes know each other", [&] {
    return std::ranges::all_of(nodes_, [&](const auto& each) {
      return each->info({"CLUSTER", "INFO"}, "cluster_state") == "ok" &&
             each->info({"CLUSTER", "INFO"}, "cluster_known_nodes") == all;
    });
  });
  for (std::size_t i = kMasters; i < nodes_.size(); ++i) {
    node(i).ask({"CLUSTER", "REPLICATE", id(0)});
    wait_until("the replica follows", [&] { return node(i).info({"INFO"}, "master_link_status") == "up"; });
  }
}

std::size_t RedisCluster::first_owner(std::uint16_t slot) { return slot < 5461 ? 0 : slot < 10'923 ? 1 : 2; }

std::string RedisCluster::url() const {
  std::string url = "redis://";
  for (const auto& each : nodes_) url += (each == nodes_.front() ? "" : ",") + each->endpoint().str();
  return url;
}

void RedisCluster::move_slot(std::uint16_t slot, std::size_t from, std::size_t to,
                             const std::function<void()>& halfway) {
  const std::string number = std::to_string(slot);
  const std::string from_id = id(from);
  const std::string to_id = id(to);
  node(to).ask({"CLUSTER", "SETSLOT", number, "IMPORTING", from_id});
  node(from).ask({"CLUSTER", "SETSLOT", number, "MIGRATING", to_id});
  while (true) {
    const RespValue keys = node(from).ask({"CLUSTER", "GETKEYSINSLOT", number, "1"});
    if (keys.items.empty()) break;
    node(from).ask(
        {"MIGRATE", "127.0.0.1", node(to).endpoint().port_str(), std::string(keys.items[0].text()), "0", "20000"});
  }
  halfway();
  for (const std::size_t told : {to, from}) node(told).ask({"CLUSTER", "SETSLOT", number, "NODE", to_id});
}

}  // namespace concord::redis::testing
