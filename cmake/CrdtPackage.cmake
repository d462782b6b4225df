# The CRDT engine as a package for other programs: find_package(Concord COMPONENTS crdt), target Concord::crdt. One static
# library with what the engine uses of base, which is two files without a dependency; `cmake --install … --component crdt`
# installs it, and examples/crdt uses it.

add_library(concord_crdt_package STATIC EXCLUDE_FROM_ALL
  $<TARGET_OBJECTS:concord_crdt> ${CMAKE_SOURCE_DIR}/src/base/bytes.cpp ${CMAKE_SOURCE_DIR}/src/base/result.cpp)
target_link_libraries(concord_crdt_package PRIVATE $<BUILD_INTERFACE:concord_flags>)
target_include_directories(concord_crdt_package INTERFACE $<INSTALL_INTERFACE:include/concord>)
target_compile_features(concord_crdt_package INTERFACE cxx_std_23)
set_target_properties(concord_crdt_package PROPERTIES OUTPUT_NAME concord_crdt EXPORT_NAME crdt)

include(CMakePackageConfigHelpers)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/ConcordConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(TARGETS concord_crdt_package EXPORT ConcordCrdt ARCHIVE DESTINATION lib COMPONENT crdt)
install(EXPORT ConcordCrdt NAMESPACE Concord:: DESTINATION lib/cmake/Concord COMPONENT crdt)
install(FILES ${CMAKE_SOURCE_DIR}/cmake/ConcordConfig.cmake ${CMAKE_BINARY_DIR}/ConcordConfigVersion.cmake
  DESTINATION lib/cmake/Concord COMPONENT crdt)
install(FILES ${CMAKE_SOURCE_DIR}/src/base/bytes.h ${CMAKE_SOURCE_DIR}/src/base/result.h
  DESTINATION include/concord/base COMPONENT crdt)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/src/crdt/ DESTINATION include/concord/crdt COMPONENT crdt
  FILES_MATCHING PATTERN "*.h" PATTERN "*_testing.h" EXCLUDE)

# Installs the package beside the build, builds the example against it and runs it.
if(CONCORD_TESTS)
  add_custom_target(concord_crdt_package_built ALL DEPENDS concord_crdt_package)
  set(sanitize)
  if(CONCORD_SANITIZE)
    set(sanitize -fsanitize=${CONCORD_SANITIZE})
  endif()
  add_test(NAME crdt_package COMMAND ${CMAKE_SOURCE_DIR}/examples/crdt/test
    ${CMAKE_BINARY_DIR} ${CMAKE_COMMAND} ${CMAKE_CXX_COMPILER} ${sanitize})
endif()
