# mw_module(NAME rules LAYER 35 DEPS base value HEADERS ... SOURCES ... TESTS ... TEST_DEPS ...
#           EXTERNAL_PRIVATE re2::re2 EXTERNAL_PUBLIC ...)
#
# The only way to make a library. It
#   - refuses a dependency on a module of the same or a higher layer (gate 1);
#   - records the declared dependencies for the include lint, scripts/lint (gate 2);
#   - links the whole archive of the module with only its declared dependencies (gate 3);
#   - compiles alone each header that no source of the module compiles first (target `headers`);
#   - makes one unit test executable, <name>_test, which links only this module and TEST_DEPS.
# Files are listed by name, never globbed. tests/gates/ proves that the gates refuse what they should.

define_property(GLOBAL PROPERTY MW_GRAPH BRIEF_DOCS "module graph" FULL_DOCS "one line a module")

function(mw_module)
  cmake_parse_arguments(M "" "NAME;LAYER" "DEPS;HEADERS;SOURCES;TESTS;EXTERNAL_PRIVATE;EXTERNAL_PUBLIC;TEST_DEPS" ${ARGN})
  if(M_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "mw_module ${M_NAME}: unknown arguments: ${M_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT M_NAME OR NOT "${M_LAYER}" MATCHES "^[0-9]+$")
    message(FATAL_ERROR "mw_module ${M_NAME}: NAME and LAYER (a number, see ARCHITECTURE.md) are needed")
  endif()
  foreach(dep IN LISTS M_DEPS)
    get_property(dep_layer GLOBAL PROPERTY MW_LAYER_${dep})
    if("${dep_layer}" STREQUAL "")
      message(FATAL_ERROR "mw_module ${M_NAME}: dependency '${dep}' is not declared before it (see src/CMakeLists.txt)")
    endif()
    if(NOT dep_layer LESS M_LAYER)
      message(FATAL_ERROR "mw_module ${M_NAME} (layer ${M_LAYER}) may not use ${dep} (layer ${dep_layer}): "
                          "dependencies go to strictly smaller layers only")
    endif()
  endforeach()
  set_property(GLOBAL PROPERTY MW_LAYER_${M_NAME} ${M_LAYER})
  list(JOIN M_DEPS " " deps)
  list(JOIN M_TEST_DEPS " " test_deps)
  list(JOIN M_TESTS " " tests)
  set_property(GLOBAL APPEND_STRING PROPERTY MW_GRAPH "${M_NAME} ${M_LAYER} ${deps} | ${test_deps} | ${tests}\n")

  set(target mw_${M_NAME})
  add_library(${target} STATIC ${M_SOURCES} ${M_HEADERS})
  add_library(midwatch::${M_NAME} ALIAS ${target})
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  list(TRANSFORM M_DEPS PREPEND mw_ OUTPUT_VARIABLE dep_targets)
  target_link_libraries(${target} PUBLIC ${dep_targets} ${M_EXTERNAL_PUBLIC} PRIVATE ${M_EXTERNAL_PRIVATE})

  # Gate 3: every symbol of the archive must be found in what the module declares.
  add_executable(link_${M_NAME} EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/cmake/link_test.cc)
  target_link_libraries(link_${M_NAME} PRIVATE "$<LINK_LIBRARY:WHOLE_ARCHIVE,${target}>" ${dep_targets}
                        ${M_EXTERNAL_PUBLIC} ${M_EXTERNAL_PRIVATE})
  set_property(GLOBAL APPEND PROPERTY MW_LINK_TESTS link_${M_NAME})

  mw_module_headers(${M_NAME} "${M_HEADERS}" "${M_SOURCES}")

  if(MIDWATCH_TESTS AND M_TESTS)
    list(TRANSFORM M_TEST_DEPS PREPEND mw_ OUTPUT_VARIABLE test_dep_targets)
    add_executable(${M_NAME}_test ${M_TESTS})
    target_link_libraries(${M_NAME}_test PRIVATE ${target} ${test_dep_targets} ${M_EXTERNAL_PRIVATE} GTest::gtest_main)
    # Only for tests that mention it when CMake runs (run it again if the compiler does not know the name): the
    # place of the checkout in each command would keep ccache from serving a checkout elsewhere.
    foreach(source IN LISTS M_TESTS)
      file(STRINGS ${source} mentions REGEX MIDWATCH_SOURCE_DIR)
      if(mentions)
        set_source_files_properties(${source} PROPERTIES COMPILE_DEFINITIONS MIDWATCH_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
      endif()
    endforeach()
    add_test(NAME ${M_NAME}_test COMMAND ${M_NAME}_test --gtest_brief=1)
    set_tests_properties(${M_NAME}_test PROPERTIES LABELS unit TIMEOUT 300)
  endif()
endfunction()

# A header whose source includes it first is proven to need nothing before it (scripts/lint sees to the
# order). The others each get a source of one line.
function(mw_module_headers name headers sources)
  set(alone "")
  foreach(header IN LISTS headers)
    string(REGEX REPLACE "\\.h$" ".cc" source "${header}")
    if(NOT source IN_LIST sources)
      string(MAKE_C_IDENTIFIER "${header}" id)
      set(file "${CMAKE_CURRENT_BINARY_DIR}/headers/${id}.cc")
      file(CONFIGURE OUTPUT "${file}" CONTENT "#include \"${name}/${header}\"\n")
      list(APPEND alone "${file}")
    endif()
  endforeach()
  if(alone)
    add_library(headers_${name} OBJECT EXCLUDE_FROM_ALL ${alone})
    target_link_libraries(headers_${name} PRIVATE mw_${name})
    set_property(GLOBAL APPEND PROPERTY MW_HEADER_CHECKS headers_${name})
  endif()
endfunction()

# The declared graph, one line a module: "name layer dep … | test_dep … | test source …". scripts/lint reads it.
function(mw_write_module_graph)
  get_property(graph GLOBAL PROPERTY MW_GRAPH)
  file(GENERATE OUTPUT "${CMAKE_BINARY_DIR}/module_graph.txt" CONTENT "${graph}")
  get_property(link_tests GLOBAL PROPERTY MW_LINK_TESTS)
  add_custom_target(link_tests DEPENDS ${link_tests})
  get_property(header_checks GLOBAL PROPERTY MW_HEADER_CHECKS)
  add_custom_target(headers)
  if(header_checks)
    add_dependencies(headers ${header_checks})
  endif()
endfunction()
