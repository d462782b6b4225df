#pragma once
// Lets a service's tests run with their tables in PostgreSQL: a test program whose environment has
// CONCORD_TEST_TABLES=postgres, and which calls this before its tests.

namespace concord::postgres::testing {

/// True where it was asked for: then `testing::open_tables` opens a database of the shared server for each directory.
bool use_postgres_where_asked();

}  // namespace concord::postgres::testing
