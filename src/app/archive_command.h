#pragma once
// `concord backup` and `concord restore`.

#include <ostream>
#include <span>
#include <string>

#include "base/result.h"

namespace concord::app {

/// The words after `backup`. Exit status: 0; 1 where it failed; 2 for a wrong command line.
int run_backup_command(std::span<const std::string> words, std::ostream& out, std::ostream& errors);
/// The words after `restore`. Exit status: 0; 1 where it failed, or something in the archive is damaged or missing; 2
/// for a wrong command line.
int run_restore_command(std::span<const std::string> words, std::ostream& out, std::ostream& errors);

/// "2026-11-20T12:00:00Z", with or without a fraction of a second, as Unix milliseconds; kInvalidArgument for any other
/// text. Within its second, or millisecond, everything counts: the answer is its last millisecond.
Result<std::int64_t> parse_instant(const std::string& text);

}  // namespace concord::app
