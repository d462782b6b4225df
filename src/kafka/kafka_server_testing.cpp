#include "kafka/kafka_server_testing.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "kafka/handles.h"

namespace concord::kafka::testing {
namespace {

constexpr int kStarts = 5;  // another may have taken a port meanwhile
constexpr std::chrono::seconds kLongest{120};

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return value == nullptr ? "" : value;
}

std::string jars() {
  if (const std::string named = environment("CONCORD_KAFKA_JARS"); !named.empty()) return named;
  std::string cache = environment("XDG_CACHE_HOME");
  if (cache.empty()) cache = environment("HOME") + "/.cache";
  return cache + "/concord/kafka-3.9.1";
}

bool has_program(const std::string& name) {
  std::string path = environment("PATH");
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t colon = std::min(path.find(':', at), path.size());
    if (std::filesystem::exists(path.substr(at, colon - at) + "/" + name)) return true;
    at = colon + 1;
  }
  return false;
}

std::string why_no_broker() {
  std::error_code ignored;
  if (!has_program("java")) return "not run: there is no java to run a Kafka broker";
  if (!std::filesystem::exists(jars() + "/kafka_2.13-3.9.1.jar", ignored))
    return "not run: there is no Kafka broker; tests/kafka/fetch gets one";
  return "";
}

std::vector<std::string> java(std::vector<std::string> arguments) {
  std::vector<std::string> command = {"java", "-Xmx256m",   "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                                      "-cp",  jars() + "/*"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

std::string address(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

}  // namespace

const std::string& no_broker() {
  static const std::string why = why_no_broker();
  return why;
}

KafkaServer& KafkaServer::shared() {
  static KafkaServer one;
  return one;
}

KafkaServer::KafkaServer(Options options) : options_(std::move(options)) {
  for (int starts = 1;; ++starts) {
    start_all();
    bool serve = true;
    for (std::size_t i = 0; i < size(); ++i) serve = serve && serves_soon(i);
    if (serve) return;
    if (starts == kStarts) throw std::runtime_error("Kafka does not start:\n" + members_[0].process->output());
    for (std::size_t i = 0; i < size(); ++i) {
      members_[i].process.reset();
      std::filesystem::remove_all(folder(i));
    }
  }
}

void KafkaServer::start_all() {
  members_ = std::vector<Member>(options_.brokers);
  for (Member& member : members_) {
    member.port = engines::testing::free_port();
    member.controller_port = engines::testing::free_port();
    member.secure_port = engines::testing::free_port();
  }
  for (std::size_t i = 0; i < size(); ++i) configure(i);
}

std::string KafkaServer::brokers() const {
  std::string all;
  for (const Member& member : members_) all += (all.empty() ? "" : ",") + address(member.port);
  return all;
}

void KafkaServer::configure(std::size_t index) {
  Member& member = members_[index];
  std::filesystem::create_directory(folder(index));
  const std::string properties = folder(index) + "/server.properties";
  std::string voters;
  for (std::size_t i = 0; i < size(); ++i)
    voters += (i > 0 ? "," : "") + std::to_string(i) + "@" + address(members_[i].controller_port);
  const std::optional<Secure>& secure = options_.secure;
  const std::string secure_listener = secure ? ",SECURE://" + address(member.secure_port) : "";
  std::ofstream out(properties);
  out << "process.roles=broker,controller\nnode.id=" << index << "\ncontroller.quorum.voters=" << voters
      << "\nlisteners=PLAINTEXT://" << address(member.port) << secure_listener << ",CONTROLLER://"
      << address(member.controller_port) << "\nadvertised.listeners=PLAINTEXT://" << address(member.port)
      << secure_listener
      << "\ncontroller.listener.names=CONTROLLER\ninter.broker.listener.name=PLAINTEXT"
         "\nlistener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL\nlog.dirs="
      << folder(index)
      << "/data\noffsets.topic.replication.factor=1\nauto.create.topics.enable=false"
         // Who comes back does not wait long for what is left of its former life.
         "\nbroker.session.timeout.ms=2000\nbroker.heartbeat.interval.ms=200\n";
  std::vector<std::string> format = {"kafka.tools.StorageTool", "format", "-t",
                                     "5L6g3nShT-eMCtK--X86sw",  "-c",     properties};
  if (secure) {
    const std::string module = "org.apache.kafka.common.security.";
    out << "listener.name.secure.ssl.keystore.type=PEM\nlistener.name.secure.ssl.keystore.location="
        << secure->chain_file << "\nsasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512"
        << "\nlistener.name.secure.plain.sasl.jaas.config=" << module << "plain.PlainLoginModule required user_"
        << secure->user << "=\"" << secure->password
        << "\";\nlistener.name.secure.scram-sha-512.sasl.jaas.config=" << module
        << "scram.ScramLoginModule required;\n";
    format.push_back("--add-scram");
    format.push_back("SCRAM-SHA-512=[name=" + secure->user + ",password=" + secure->password + "]");
  }
  out.close();
  engines::testing::run_to_end(java(std::move(format)));
  member.process = std::make_unique<engines::testing::ServerProcess>(engines::testing::ServerProcess::Options{
      .command = java({"kafka.Kafka", properties}), .output_path = folder(index) + "/output"});
}

void KafkaServer::start(std::size_t index) {
  members_[index].process->start();
  if (!serves_soon(index))
    throw std::runtime_error("Kafka does not start again:\n" + members_[index].process->output());
}

/// Until it answers what it is asked.
bool KafkaServer::serves_soon(std::size_t index) {
  Metrics metrics;
  Notices notices(Logger(), metrics);
  KafkaOptions options;
  options.brokers = address(members_[index].port);
  const auto cluster = Cluster::open(options, notices).value();
  const auto end = std::chrono::steady_clock::now() + kLongest;
  while (std::chrono::steady_clock::now() < end && members_[index].process->running()) {
    if (cluster->ends("no-such-topic", 1000)) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

}  // namespace concord::kafka::testing
