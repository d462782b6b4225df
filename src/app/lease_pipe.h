#pragma once
// How a hub tells the process that watches it which leases it has: a pipe of records of nine bytes, each written in one
// piece: '+' (etcd is about to be asked for the lease) or '-' (it was ended), and the lease's number, little-endian.

#include <deque>
#include <vector>

#include "base/bytes.h"
#include "engines/leases.h"

namespace concord::app {

/// The hub's end. Writes never wait: of a lease that could not be told nobody knows, and it ends by lapsing.
class LeasePipe final : public engines::LeaseWitness {
 public:
  explicit LeasePipe(int fd) : fd_(fd) {}  // of a pipe that does not block; closed with this
  ~LeasePipe() override;
  LeasePipe(const LeasePipe&) = delete;
  LeasePipe& operator=(const LeasePipe&) = delete;

  void asked_for(engines::LeaseId lease) override { tell('+', lease); }
  void ended(engines::LeaseId lease) override { tell('-', lease); }

 private:
  void tell(char what, engines::LeaseId lease) const;
  int fd_;
};

/// The other end's knowledge.
class HeldLeases {
 public:
  /// Beyond so many the oldest are forgotten: they lapsed without a word, most likely.
  static constexpr std::size_t kMost = 16'384;

  /// What was read of the pipe, cut anywhere. False where it cannot be of a LeasePipe; what came before it counts.
  bool take_in(ByteView bytes);
  /// Forgets them, and what was begun; the oldest first.
  std::vector<engines::LeaseId> take_all();

 private:
  bool take_record(ByteView record);

  Bytes begun_;  // less than a record
  std::deque<engines::LeaseId> leases_;
};

}  // namespace concord::app
