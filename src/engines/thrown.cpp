#include "engines/thrown.h"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace concord::engines {

Error error_of_thrown(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& error) {
    if (error.code() == boost::asio::error::operation_aborted)
      return {Code::kUnavailable, "the transaction was cancelled", {}};
    return {Code::kInternal, error.what(), {}};
  } catch (const std::exception& error) {
    return {Code::kInternal, error.what(), {}};
  } catch (...) {
    return {Code::kInternal, "the transaction's body threw", {}};
  }
}

}  // namespace concord::engines
