#pragma once
// The route by which whoever holds a link opens it. Those that make links are the things' own.

#include "identity/share_links.h"
#include "net/http.h"

namespace concord::identity {

class ShareLinkRoutes {
 public:
  explicit ShareLinkRoutes(ShareLinks& links) : links_(links) {}

  void add_to(net::Router& router);

 private:
  Task<net::Response> open(net::Request request);

  ShareLinks& links_;
};

}  // namespace concord::identity
