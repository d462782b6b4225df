#include <array>
#include <ranges>

#include "gateway/gateway.h"

namespace concord::gateway {

std::span<const Setting> settings() {
  static const std::array kRows{
      Setting{.name = "ALLOWED_ORIGINS",
              .most = 4096,
              .meaning =
                  "Web origins beside the hub's own whose pages may call it from a browser, separated by commas, as "
                  "https://app.example."},
      Setting{.name = "METRICS_TOKEN",
              .most = 256,
              .meaning =
                  "Where set, /metrics asks for it as a bearer token; else only callers on the hub's own machine may "
                  "read it, and not through a proxy.",
              .secret = true},
  };
  return kRows;
}

GatewayOptions options_from(const Config& config) {
  GatewayOptions options;
  for (const auto part : std::views::split(config.string("ALLOWED_ORIGINS"), ',')) {
    std::string origin(part.begin(), part.end());
    std::erase(origin, ' ');
    if (origin.ends_with('/')) origin.pop_back();
    if (!origin.empty()) options.allowed_origins.push_back(std::move(origin));
  }
  options.metrics_token = config.string("METRICS_TOKEN");
  return options;
}

}  // namespace concord::gateway
