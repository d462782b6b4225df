#include "app/serve_command.h"

#include "app/hub.h"
#include "app/logging.h"
#include "app/supervised.h"
#include "app/supervisor.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "drivers/open.h"

namespace concord::app {

namespace {

int refuse(std::ostream& errors, const Error& error) {
  errors << "concord: " << error.message << "\n";
  return 1;
}

void end_leases(const Config& config, const Logger& logger, std::vector<engines::LeaseId> leases) {
  SystemClock clock;
  SystemIdSource ids(clock);
  Metrics metrics;
  const std::size_t count = leases.size();
  const std::int64_t began_ns = clock.monotonic_ns();
  const auto ended = drivers::revoke_leases(config, std::move(leases), clock, ids, logger, metrics);
  const std::int64_t took_ms = (clock.monotonic_ns() - began_ns) / 1'000'000;
  if (ended) {
    logger.info("ended the leases of the hub that is gone", {{"count", count}, {"took_ms", took_ms}});
  } else {
    logger.error("could not end the leases of the hub that is gone: they lapse",
                 {{"count", count}, {"error", ended.error().message}});
  }
}

int watch_over_hub(std::span<const std::string> words, const Config& config, std::ostream& errors) {
  const Logger logger = make_logger(config).with("process", "supervisor");
  // By this name it is the very program that runs here, also when its file was replaced meanwhile.
  SupervisorOptions options{.program = "/proc/self/exe", .words = {"concord"}};
  options.words.insert(options.words.end(), words.begin(), words.end());
  const auto ending = supervise(
      std::move(options), [&](std::vector<engines::LeaseId> leases) { end_leases(config, logger, std::move(leases)); },
      logger);
  if (!ending) return refuse(errors, ending.error());
  return end_like(*ending);
}

}  // namespace

int serve(std::span<const std::string> words, const Config& config, std::ostream& out, std::ostream& errors) {
  const auto supervised = Supervised::from_environment();
  if (!supervised) return refuse(errors, supervised.error());
  if (!*supervised && config.boolean("SUPERVISE") && drivers::has_leases(config))
    return watch_over_hub(words, config, errors);
  const auto served = serve_until_signal(config, out, supervised->get());
  return served ? 0 : refuse(errors, served.error());
}

}  // namespace concord::app
