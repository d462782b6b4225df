#pragma once
// The machine that a node runs on, and the settings that are about it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/config.h"
#include "doctor/finding.h"

namespace concord::doctor {

struct DataDirectory {
  std::string path;
  bool is_there = false;
  std::string problem;   // why it cannot be used; then little below is known
  unsigned mode = 0;     // permission bits
  bool is_ours = false;  // belongs to the user who asks
  std::string file_system;
  std::uint64_t free_bytes = 0;
  std::uint64_t total_bytes = 0;
  std::uint64_t free_files = 0;  // with `total_files` 0: not counted
  std::uint64_t total_files = 0;
  std::vector<std::int64_t> sync_us;  // small writes made durable
};

struct Certificate {
  std::string file;
  std::string problem;  // why it cannot be used; then nothing below is known
  std::int64_t expires_ms = 0;
  bool key_fits = false;
  std::string host;  // of PUBLIC_URL; empty: not known
  bool names_host = false;
};

struct MachineFacts {
  std::int64_t now_ms = 0;
  std::vector<std::string> refused_settings;  // what a start would say
  DataDirectory data;
  bool keeps_data = true;       // an engine that lasts is embedded
  std::string outside;          // the engines that are not, for people
  bool has_many_nodes = false;  // coordination is outside
  std::optional<bool> clock_synchronized;
  std::int64_t clock_error_us = 0;
  std::uint64_t descriptors = 0;  // the hard limit, to which the hub raises its own
  std::int64_t max_connections = 0;
  bool is_beyond_loopback = false;
  bool has_proxies = false;  // TRUSTED_PROXIES
  bool has_tls = false;
  std::optional<Certificate> certificate;
  std::optional<Certificate> node_certificate;  // of which `host` is NODE_NAME
  std::string public_url;
  bool sends_mail = false;
  bool encrypts = false;
  bool has_master_key = false;  // MASTER_KEY, which is one
  unsigned key_file_mode = 0;   // of DATA/master.key; 0: there is none
};

/// Writes a small file into the data directory and removes it again. Blocks.
MachineFacts probe_machine(const Config& config);

std::vector<Finding> judge_machine(const MachineFacts& facts);

/// "hub.example" of "https://hub.example:8443/path"; "" where it is no such URL.
std::string host_of_url(const std::string& url);

/// The chain's first certificate in a file of PEM, held against the key and the host. Blocks.
Certificate read_certificate(const std::string& file, const std::string& key_file, const std::string& host);
/// The same for a node of the hub, which its certificate names as the URI concord-node:NODE.
Certificate read_node_certificate(const std::string& file, const std::string& key_file, const std::string& node);

}  // namespace concord::doctor
