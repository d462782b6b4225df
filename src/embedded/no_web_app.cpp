// In place of the generated table, in builds without the web app.
#include "embedded/assets.h"

namespace concord::embedded {

std::span<const Asset> web_assets() { return {}; }

}  // namespace concord::embedded
