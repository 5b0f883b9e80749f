# Compiler and linker settings for everything we build.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(MIDWATCH_CCACHE ccache)
if(MIDWATCH_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Paths count relative to the checkout, so that a clean checkout elsewhere finds what this one compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      ${MIDWATCH_CCACHE})
endif()

add_compile_options(
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
  -Wimplicit-fallthrough -Wcast-qual -Werror=unused-result -Werror=return-type -Werror=switch
  -fno-omit-frame-pointer -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-Wthread-safety -fcolor-diagnostics)
  # GCC 12 reports a missing initializer for designated ones; clang knows that these are defaulted.
else()
  add_compile_options(-Wno-missing-field-initializers -fdiagnostics-color=always)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT MIDWATCH_SANITIZE)
  add_compile_options(-fstack-protector-strong)
  add_compile_definitions(_FORTIFY_SOURCE=2)
endif()

# MIDWATCH_SANITIZE: a list for -fsanitize=, e.g. address,undefined.
set(MIDWATCH_SANITIZE "" CACHE STRING "Sanitizers, as in -fsanitize=")
if(MIDWATCH_SANITIZE)
  add_compile_options(-fsanitize=${MIDWATCH_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MIDWATCH_SANITIZE})
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
endif()
if(MIDWATCH_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(MIDWATCH_MOLD mold)
if(MIDWATCH_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
add_link_options(-Wl,--as-needed)

# Boost.Asio and Beast: one translation unit holds their non-template code (aio/asio_impl.cc).
add_compile_definitions(BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
                        BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_REGEX)
