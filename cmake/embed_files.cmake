# Run by concord_embed (EmbedFiles.cmake) at build time: writes ${OUT}.S and ${OUT}.cpp, and under ${OUT}.files/ what they
# include: a copy of each file, so that one which changes meanwhile stays whole, and its gzip variant.

cmake_minimum_required(VERSION 3.25)

set(content_types
  "html=text/html" "js=text/javascript" "mjs=text/javascript"
  "css=text/css" "json=application/json" "map=application/json" "txt=text/plain"
  "svg=image/svg+xml" "webmanifest=application/manifest+json" "wasm=application/wasm"
  "png=image/png" "ico=image/x-icon" "jpg=image/jpeg" "webp=image/webp" "woff2=font/woff2" "woff=font/woff")
set(compressible html js mjs css json map txt svg webmanifest wasm ico)

function(content_type_of extension out)
  foreach(pair IN LISTS content_types)
    if(pair MATCHES "^${extension}=(.*)$")
      set(type "${CMAKE_MATCH_1}")
      if(type MATCHES "^text/")
        string(APPEND type "; charset=utf-8")
      endif()
      set(${out} "${type}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  set(${out} "application/octet-stream" PARENT_SCOPE)
endfunction()

# The smaller gzip variant of a file, or "" where there is none worth sending.
function(compress file extension name out)
  set(${out} "" PARENT_SCOPE)
  if(NOT extension IN_LIST compressible)
    return()
  endif()
  set(packed "${OUT}.files/${name}.gz")
  execute_process(COMMAND ${GZIP} -9 -n -c ${file} OUTPUT_FILE ${packed} COMMAND_ERROR_IS_FATAL ANY)
  file(SIZE ${file} plain_size)
  file(SIZE ${packed} packed_size)
  if(packed_size LESS plain_size)
    set(${out} ${packed} PARENT_SCOPE)
  endif()
endfunction()

# Appends one file to the assembler text; `view` receives the C++ expression for its bytes.
macro(embed_bytes label file view)
  file(SIZE "${file}" size)
  string(APPEND assembler "  .balign 16\n  .globl ${label}\n${label}:\n  .incbin \"${file}\"\n")
  string(APPEND externs "extern \"C\" const std::uint8_t ${label}[];\n")
  set(${view} "{${label}, ${size}}")
endmacro()

if(DIRECTORY)
  file(GLOB_RECURSE files LIST_DIRECTORIES false ${DIRECTORY}/*)
  list(SORT files)
  if(NOT files)
    message(FATAL_ERROR "${DIRECTORY} holds no file to embed")
  endif()
else()
  set(files ${FILE})
endif()
file(REMOVE_RECURSE ${OUT}.files)
file(MAKE_DIRECTORY ${OUT}.files)

set(assembler "  .section .rodata\n")
set(externs "")
set(rows "")
set(number 0)
foreach(file IN LISTS files)
  if(DIRECTORY)
    file(RELATIVE_PATH path ${DIRECTORY} ${file})
  else()
    set(path ${AS})
  endif()
  if(NOT path MATCHES "^[A-Za-z0-9._/-]+$")
    message(FATAL_ERROR "\"${path}\": an embedded file's name is made of A-Z a-z 0-9 . _ - /")
  endif()
  string(REGEX MATCH "[^.]*$" extension ${path})
  content_type_of("${extension}" content_type)
  configure_file(${file} ${OUT}.files/${number} COPYONLY)
  set(file ${OUT}.files/${number})
  file(SHA256 ${file} hash)
  string(SUBSTRING ${hash} 0 32 etag)
  compress(${file} "${extension}" ${number} packed)

  embed_bytes(concord_embedded_${SYMBOL}_${number} ${file} identity)
  set(gzip "{}")
  if(packed)
    embed_bytes(concord_embedded_${SYMBOL}_${number}_gzip ${packed} gzip)
  endif()
  string(APPEND rows
    "    {\"/${path}\", ${identity}, ${gzip},\n     \"${content_type}\", \"\\\"${etag}\\\"\"},\n")
  math(EXPR number "${number} + 1")
endforeach()
string(APPEND assembler "  .section .note.GNU-stack,\"\",%progbits\n")

if(DIRECTORY)
  set(definition "std::span<const Asset> ${FUNCTION}() { return kAssets; }")
else()
  set(definition "const Asset& ${FUNCTION}() { return kAssets[0]; }")
endif()
file(WRITE ${OUT}.S "${assembler}")
file(WRITE ${OUT}.cpp "#include \"embedded/assets.h\"

${externs}
namespace concord::embedded {
namespace {

const Asset kAssets[] = {
${rows}};

}  // namespace

${definition}

}  // namespace concord::embedded
")
