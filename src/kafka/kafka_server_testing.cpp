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

}  // namespace

const std::string& no_broker() {
  static const std::string why = why_no_broker();
  return why;
}

KafkaServer& KafkaServer::shared() {
  static KafkaServer one;
  return one;
}

KafkaServer::KafkaServer(std::optional<Secure> secure) : secure_(std::move(secure)) {
  for (int starts = 1;; ++starts) {
    configure();
    if (serves_soon()) return;
    if (starts == kStarts) throw std::runtime_error("Kafka does not start:\n" + process_->output());
    process_.reset();
    std::filesystem::remove_all(directory_.path() + "/data");
  }
}

void KafkaServer::configure() {
  port_ = engines::testing::free_port();
  secure_port_ = engines::testing::free_port();
  const std::string controller = "127.0.0.1:" + std::to_string(engines::testing::free_port());
  const std::string properties = directory_.path() + "/server.properties";
  const std::string secure = secure_ ? ",SECURE://" + secure_brokers() : "";
  std::ofstream out(properties);
  out << "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@" << controller
      << "\nlisteners=PLAINTEXT://" << brokers() << secure << ",CONTROLLER://" << controller
      << "\nadvertised.listeners=PLAINTEXT://" << brokers() << secure
      << "\ncontroller.listener.names=CONTROLLER\ninter.broker.listener.name=PLAINTEXT"
         "\nlistener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL\nlog.dirs="
      << directory_.path()
      << "/data\noffsets.topic.replication.factor=1\nauto.create.topics.enable=false"
         // Who comes back does not wait long for what is left of its former life.
         "\nbroker.session.timeout.ms=2000\nbroker.heartbeat.interval.ms=200\n";
  std::vector<std::string> format = {"kafka.tools.StorageTool", "format", "-t",
                                     "5L6g3nShT-eMCtK--X86sw",  "-c",     properties};
  if (secure_) {
    const std::string module = "org.apache.kafka.common.security.";
    out << "listener.name.secure.ssl.keystore.type=PEM\nlistener.name.secure.ssl.keystore.location="
        << secure_->chain_file << "\nsasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512"
        << "\nlistener.name.secure.plain.sasl.jaas.config=" << module << "plain.PlainLoginModule required user_"
        << secure_->user << "=\"" << secure_->password
        << "\";\nlistener.name.secure.scram-sha-512.sasl.jaas.config=" << module
        << "scram.ScramLoginModule required;\n";
    format.push_back("--add-scram");
    format.push_back("SCRAM-SHA-512=[name=" + secure_->user + ",password=" + secure_->password + "]");
  }
  out.close();
  engines::testing::run_to_end(java(std::move(format)));
  process_ = std::make_unique<engines::testing::ServerProcess>(engines::testing::ServerProcess::Options{
      .command = java({"kafka.Kafka", properties}), .output_path = directory_.path() + "/output"});
}

void KafkaServer::start() {
  process_->start();
  if (!serves_soon()) throw std::runtime_error("Kafka does not start again:\n" + process_->output());
}

/// Until it answers what it is asked.
bool KafkaServer::serves_soon() {
  Metrics metrics;
  Notices notices(Logger(), metrics);
  KafkaOptions options;
  options.brokers = brokers();
  const auto cluster = Cluster::open(options, notices).value();
  const auto end = std::chrono::steady_clock::now() + kLongest;
  while (std::chrono::steady_clock::now() < end && process_->running()) {
    if (cluster->ends("no-such-topic", 1000)) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

}  // namespace concord::kafka::testing
