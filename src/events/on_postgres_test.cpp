// These tests run a second time with their tables in PostgreSQL (ON_POSTGRES in CMakeLists.txt).

#include "postgres/chosen_tables_testing.h"

namespace {

[[maybe_unused]] const bool kOnPostgres = concord::postgres::testing::use_postgres_where_asked();

}  // namespace
