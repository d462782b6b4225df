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

# What makes a fault harder to use, where no sanitizer finds it first.
if(NOT CONCORD_SANITIZE)
  set(optimized $<CONFIG:Release,RelWithDebInfo>)
  target_compile_options(concord_flags INTERFACE -fstack-protector-strong -fstack-clash-protection
    $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>:-fcf-protection>
    $<${optimized}:-U_FORTIFY_SOURCE> $<${optimized}:-D_FORTIFY_SOURCE=3>)
  target_link_options(concord_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
endif()

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
pkg_check_modules(grpc REQUIRED IMPORTED_TARGET grpc++ protobuf)
pkg_check_modules(argon2 REQUIRED IMPORTED_TARGET libargon2)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
if(NOT CONCORD_SANITIZE)
  find_library(mimalloc mimalloc REQUIRED)
  set(concord_allocator -Wl,--push-state,--no-as-needed ${mimalloc} -Wl,--pop-state)
endif()
if(CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64)
  find_library(ipsec_mb IPSec_MB REQUIRED)
endif()
pkg_check_modules(libpq REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(rdkafka REQUIRED IMPORTED_TARGET rdkafka)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(md4c REQUIRED IMPORTED_TARGET md4c)
find_package(pugixml 1.12 REQUIRED)
