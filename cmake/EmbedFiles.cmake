# concord_embed(TARGET SYMBOL name FUNCTION name (DIRECTORY dir | FILE file AS path) [DEPENDS file...])
#
# Adds to TARGET what puts the files of DIRECTORY (or one FILE, known by the path AS) into the binary: an assembler
# source that includes each file and its gzip variant, and a table of them behind the FUNCTION that
# src/embedded/assets.h declares. The directory is read when the build gets there, so its files may be built too.
function(concord_embed TARGET)
  cmake_parse_arguments(EMBED "" "SYMBOL;FUNCTION;DIRECTORY;FILE;AS" "DEPENDS" ${ARGN})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${EMBED_SYMBOL})
  find_program(GZIP_PROGRAM gzip REQUIRED)
  add_custom_command(
    OUTPUT ${out}.S ${out}.cpp
    COMMAND ${CMAKE_COMMAND} -D SYMBOL=${EMBED_SYMBOL} -D FUNCTION=${EMBED_FUNCTION} -D DIRECTORY=${EMBED_DIRECTORY}
            -D FILE=${EMBED_FILE} -D AS=${EMBED_AS} -D OUT=${out} -D GZIP=${GZIP_PROGRAM}
            -P ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
    DEPENDS ${EMBED_DEPENDS} ${EMBED_FILE} ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
    COMMENT "Embedding ${EMBED_DIRECTORY}${EMBED_FILE}"
    VERBATIM)
  # The files come in by the assembler, behind the back of a compiler cache and of the dependency scan.
  set_source_files_properties(${out}.S PROPERTIES OBJECT_DEPENDS ${out}.cpp)
  target_sources(${TARGET} PRIVATE ${out}.S ${out}.cpp)
endfunction()
