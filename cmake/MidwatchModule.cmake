# mw_module(NAME rules LAYER 35 DEPS base value HEADERS ... SOURCES ... TESTS ...
#           EXTERNAL_PRIVATE re2::re2 EXTERNAL_PUBLIC ...)
#
# The only way to make a library. It
#   - refuses a dependency on a module of the same or a higher layer (gate 1);
#   - records the declared dependencies for the include lint, scripts/lint (gate 2);
#   - links the whole archive of the module with only its declared dependencies (gate 3);
#   - makes one unit test executable, <name>_test, which links only this module.
# Files are listed by name, never globbed.

define_property(GLOBAL PROPERTY MW_GRAPH BRIEF_DOCS "module graph" FULL_DOCS "one line a module")

function(mw_module)
  cmake_parse_arguments(M "" "NAME;LAYER" "DEPS;HEADERS;SOURCES;TESTS;EXTERNAL_PRIVATE;EXTERNAL_PUBLIC;TEST_DEPS" ${ARGN})
  if(M_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "mw_module ${M_NAME}: unknown arguments: ${M_UNPARSED_ARGUMENTS}")
  endif()
  foreach(dep IN LISTS M_DEPS)
    get_property(dep_layer GLOBAL PROPERTY MW_LAYER_${dep})
    if(NOT dep_layer)
      message(FATAL_ERROR "mw_module ${M_NAME}: dependency '${dep}' is not declared before it (see src/CMakeLists.txt)")
    endif()
    if(NOT dep_layer LESS M_LAYER)
      message(FATAL_ERROR "mw_module ${M_NAME} (layer ${M_LAYER}) may not use ${dep} (layer ${dep_layer}): "
                          "dependencies go to strictly smaller layers only")
    endif()
  endforeach()
  # base is layer 0, which CMake reads as false: it is stored as 0.5.
  if(M_LAYER EQUAL 0)
    set_property(GLOBAL PROPERTY MW_LAYER_${M_NAME} 0.5)
  else()
    set_property(GLOBAL PROPERTY MW_LAYER_${M_NAME} ${M_LAYER})
  endif()
  set_property(GLOBAL APPEND PROPERTY MW_GRAPH "${M_NAME} ${M_LAYER} ${M_DEPS}")

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

  if(MIDWATCH_TESTS AND M_TESTS)
    list(TRANSFORM M_TEST_DEPS PREPEND mw_ OUTPUT_VARIABLE test_dep_targets)
    add_executable(${M_NAME}_test ${M_TESTS})
    target_link_libraries(${M_NAME}_test PRIVATE ${target} ${test_dep_targets} ${M_EXTERNAL_PRIVATE} GTest::gtest_main)
    target_compile_definitions(${M_NAME}_test PRIVATE MIDWATCH_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    add_test(NAME ${M_NAME}_test COMMAND ${M_NAME}_test --gtest_brief=1)
    set_tests_properties(${M_NAME}_test PROPERTIES LABELS unit TIMEOUT 300)
  endif()
endfunction()

# The declared graph, one line a module: "name layer dep dep …". scripts/lint reads it.
function(mw_write_module_graph)
  get_property(graph GLOBAL PROPERTY MW_GRAPH)
  string(REPLACE ";" "\n" text "${graph}")
  # A list inside a list item arrives as "name layer a" "b" "c"; rejoin lines that do not name a layer.
  set(lines "")
  set(current "")
  foreach(item IN LISTS graph)
    if(item MATCHES "^[a-z_0-9]+ [0-9]+( |$)")
      if(current)
        string(APPEND lines "${current}\n")
      endif()
      set(current "${item}")
    else()
      string(APPEND current " ${item}")
    endif()
  endforeach()
  string(APPEND lines "${current}\n")
  file(GENERATE OUTPUT "${CMAKE_BINARY_DIR}/module_graph.txt" CONTENT "${lines}")
  get_property(link_tests GLOBAL PROPERTY MW_LINK_TESTS)
  add_custom_target(link_tests DEPENDS ${link_tests})
endfunction()
