#pragma once
// Who is told of those who read documents in other ways than by a route of their own: live sessions and tools.

#include <string>
#include <string_view>

#include "base/result.h"
#include "identity/identity.h"

namespace concord::documents {

/// Somebody who asks for a document.
struct Reader {
  const identity::Authenticated& who;
  std::string_view address;
};

/// Something that was not allowed in a live session.
struct LiveRefusal {
  std::string document;
  std::string actor;       // empty where nobody is known
  std::string session;     // the sign-in
  std::string address;     // empty once the session is open
  std::string request_id;  // as the address
  Error error;
};

/// Called on any reactor; does not wait.
class ReadWatch {
 public:
  virtual ~ReadWatch() = default;
  /// Why they may not read now, or may not ask.
  virtual Result<> admit(const Reader& reader) = 0;
  virtual void read(const Reader& reader, std::string_view document) = 0;
  /// They asked for what is not there, or not for them.
  virtual void missed(const Reader& reader, std::string_view document) = 0;
  virtual void refused(LiveRefusal refusal) = 0;
};

}  // namespace concord::documents
