#pragma once
// Coroutines of this house: a Task<T> is an awaitable that ends in a Result<T>. Parameters by value, no lock across
// co_await, state looked at again after it.

#include <boost/asio/awaitable.hpp>

#include "base/result.h"

namespace concord {

namespace asio = boost::asio;

template <class T = void>
using Task = asio::awaitable<Result<T>>;

}  // namespace concord
