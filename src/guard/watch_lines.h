#pragma once
// The kinds of lines by which the watches of several nodes tell each other (relay.h), and their fields.

namespace concord::guard::lines {

constexpr char kThing = 'c';    // was read or missed: the threat it counts for, its key, address, user
constexpr char kFailure = 'f';  // to sign in: the keys of the address and the account, user, address
constexpr char kLock = 'l';     // identifier, kind, key, threat, since, until, subject
constexpr char kUnlock = 'u';   // identifier
constexpr char kAsk = 'q';      // what is locked? All that are locked are told

}  // namespace concord::guard::lines
