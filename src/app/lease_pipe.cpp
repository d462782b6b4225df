#include "app/lease_pipe.h"

#include <unistd.h>

#include <utility>

namespace concord::app {

namespace {
constexpr std::size_t kRecordBytes = 9;
}  // namespace

LeasePipe::~LeasePipe() { ::close(fd_); }

void LeasePipe::tell(char what, engines::LeaseId lease) const {
  Bytes record{static_cast<std::uint8_t>(what)};
  put_le(record, lease.value);
  // Far less than PIPE_BUF: all of it or nothing.
  (void)!::write(fd_, record.data(), record.size());
}

bool HeldLeases::take_record(ByteView record) {
  const engines::LeaseId lease{get_le<std::int64_t>(record.data() + 1)};
  if (record.front() == '-') {
    std::erase(leases_, lease);
    return true;
  }
  if (record.front() != '+') return false;
  leases_.push_back(lease);
  if (leases_.size() > kMost) leases_.pop_front();
  return true;
}

bool HeldLeases::take_in(ByteView bytes) {
  begun_.insert(begun_.end(), bytes.begin(), bytes.end());
  std::size_t at = 0;
  bool known = true;
  for (; known && begun_.size() - at >= kRecordBytes; at += kRecordBytes)
    known = take_record(ByteView(begun_).subspan(at, kRecordBytes));
  begun_.erase(begun_.begin(), begun_.begin() + static_cast<std::ptrdiff_t>(at));
  if (!known) begun_.clear();
  return known;
}

std::vector<engines::LeaseId> HeldLeases::take_all() {
  begun_.clear();
  std::vector<engines::LeaseId> all(leases_.begin(), leases_.end());
  leases_.clear();
  return all;
}

}  // namespace concord::app
