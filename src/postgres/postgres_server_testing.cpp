#include "postgres/postgres_server_testing.h"

#include <sys/types.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace concord::postgres::testing {
namespace {

using engines::testing::free_port;
using engines::testing::give_to_user;
using engines::testing::run_to_end;
using engines::testing::ServerProcess;

constexpr const char* kUser = "postgres";  // Debian's; the server refuses to be root

/// Debian keeps the programs of each version apart.
std::string program(const std::string& name) {
  std::string newest;
  for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql")) {
    const std::string path = version.path().string() + "/bin/" + name;
    if (std::filesystem::exists(path)) newest = std::max(newest, path);
  }
  if (newest.empty()) throw std::runtime_error("no " + name + " under /usr/lib/postgresql");
  return newest;
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream status(entry.path() / "status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("PPid:") && std::stol(line.substr(5)) == parent) found.push_back(std::stoi(name));
    }
  }
  return found;
}

}  // namespace

PostgresServer::PostgresServer(std::vector<std::string> settings) : port_(free_port()), settings_(std::move(settings)) {
  const std::string data = directory_.path() + "/data";
  give_to_user(directory_.path(), kUser);
  run_to_end({program("initdb"), "-D", data, "-A", "trust", "-U", "concord", "-E", "UTF8", "--locale=C", "--no-sync"},
             kUser);
  start();
}

PostgresServer::PostgresServer(const PostgresServer& primary, const std::string& name) : port_(free_port()) {
  settings_.push_back("fsync=off");
  give_to_user(directory_.path(), kUser);
  run_to_end(
      {program("pg_basebackup"), "-D", directory_.path() + "/data", "-R", "-X", "stream", "--no-sync", "-c", "fast",
       "-d", "host=127.0.0.1 user=concord application_name=" + name + " port=" + std::to_string(primary.port())},
      kUser);
  start();
}

PostgresServer::~PostgresServer() { kill(); }

PostgresServer& PostgresServer::shared() {
  static PostgresServer server;
  return server;
}

std::string PostgresServer::url(const std::string& database) const {
  return "postgres://concord@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::string PostgresServer::make_database(const std::string& locale) {
  static std::atomic<int> next = 1;
  std::string name = "test_" + std::to_string(next++);
  run("postgres", "CREATE DATABASE " + name + " TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE '" + locale +
                      "' LC_CTYPE '" + locale + "'");
  return name;
}

void PostgresServer::run(const std::string& database, const std::string& sql) const {
  run_to_end({program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url(database), "-c", sql}, kUser);
}

std::string PostgresServer::ask(const std::string& database, const std::string& sql) const {
  const engines::testing::TemporaryDirectory answer;
  give_to_user(answer.path(), kUser);
  const std::string path = answer.path() + "/answer";
  run_to_end({program("psql"), "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-o", path, "-d", url(database), "-c", sql},
             kUser);
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::vector<std::string> PostgresServer::command() const {
  std::vector<std::string> command = {
      program("postgres"), "-D", directory_.path() + "/data", "-p", std::to_string(port_), "-k", directory_.path()};
  for (const char* setting : {"listen_addresses=127.0.0.1", "max_connections=60", "shared_buffers=16MB",
                              "wal_level=replica", "max_wal_senders=4", "logging_collector=off"}) {
    command.insert(command.end(), {"-c", setting});
  }
  for (const std::string& setting : settings_) command.insert(command.end(), {"-c", setting});
  return command;
}

void PostgresServer::start() {
  // What a crash left of its processes may still hold the directory for a moment.
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  for (;;) {
    launch();
    while (process_->running()) {
      try {
        run("postgres", "SELECT 1");
        return;
      } catch (const std::runtime_error&) {
        if (std::chrono::steady_clock::now() > end) throw std::runtime_error(process_->output());
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      }
    }
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error(process_->output());
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

void PostgresServer::launch() {
  process_ = std::make_unique<ServerProcess>(
      ServerProcess::Options{.command = command(), .output_path = directory_.path() + "/output", .user = kUser});
}

/// Each of its processes leads a group of its own.
void PostgresServer::signal_all(int signal) const {
  std::ifstream file(directory_.path() + "/data/postmaster.pid");
  pid_t server = 0;
  if (!(file >> server) || server <= 1) return;
  for (const pid_t child : children_of(server)) ::kill(child, signal);
}

void PostgresServer::kill() {
  if (!process_ || !process_->running()) return;
  process_->pause();  // or it would start again what is killed
  signal_all(SIGKILL);
  process_->stop(SIGKILL);
}

void PostgresServer::stop() { process_->stop(SIGINT); }

void PostgresServer::pause() const {
  process_->pause();
  signal_all(SIGSTOP);
}

void PostgresServer::resume() const {
  signal_all(SIGCONT);
  process_->resume();
}

}  // namespace concord::postgres::testing
