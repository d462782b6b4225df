# concord_web_app(TARGET): builds web/ with npm and embeds web/dist behind embedded::web_assets().
function(concord_web_app TARGET)
  set(web ${CMAKE_SOURCE_DIR}/web)
  find_program(NPM_PROGRAM npm REQUIRED)

  # npm writes this file last, so it stands for a finished installation; every build folder shares it. So that two
  # builds do not meet there, both steps hold a lock on the folder.
  set(installed ${web}/node_modules/.package-lock.json)
  add_custom_command(
    OUTPUT ${installed}
    COMMAND ${CMAKE_SOURCE_DIR}/tools/npm_install ${web}
    DEPENDS ${web}/package.json ${web}/package-lock.json
    COMMENT "Installing the web app's packages"
    VERBATIM)

  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${web}/src/* ${web}/public/*)
  file(GLOB top CONFIGURE_DEPENDS ${web}/*.html ${web}/*.ts ${web}/*.js ${web}/*.mjs ${web}/tsconfig*.json)
  add_custom_command(
    OUTPUT ${web}/dist/index.html
    COMMAND flock ${web} ${NPM_PROGRAM} run --silent build
    COMMAND ${CMAKE_COMMAND} -E touch ${web}/dist/index.html
    DEPENDS ${installed} ${sources} ${top}
    WORKING_DIRECTORY ${web}
    COMMENT "Building the web app"
    VERBATIM)

  concord_embed(${TARGET} SYMBOL web FUNCTION web_assets DIRECTORY ${web}/dist DEPENDS ${web}/dist/index.html)
endfunction()
