# Flags every target of ours gets: the warnings are errors, the linker is lld, assertions stay on in release.
add_library(concord_flags INTERFACE)
target_compile_options(concord_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wimplicit-fallthrough -Wunused -Wno-gnu-zero-variadic-macro-arguments
  -Wno-missing-designated-field-initializers)
target_compile_definitions(concord_flags INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_USE_STD_STRING_VIEW _GLIBCXX_ASSERTIONS)
target_link_options(concord_flags INTERFACE -fuse-ld=lld)
target_include_directories(concord_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)

if(CONCORD_SANITIZE)
  add_compile_options(-fsanitize=${CONCORD_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${CONCORD_SANITIZE})
endif()

find_package(Threads REQUIRED)
if(CONCORD_TESTS)
  find_package(GTest REQUIRED)
  find_package(ZLIB REQUIRED)
endif()
find_package(fmt 9 REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(CURL 7.85 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(argon2 REQUIRED IMPORTED_TARGET libargon2)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(md4c REQUIRED IMPORTED_TARGET md4c)
