# Compiler flags for everything, and the functions that declare a module and its tests.

add_library(garde_flags INTERFACE)
target_include_directories(garde_flags INTERFACE ${CMAKE_SOURCE_DIR}/include)
target_compile_options(garde_flags INTERFACE -Wall -Wextra -Werror -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these falsely inside Boost and libstdc++ when it inlines coroutines.
  target_compile_options(garde_flags INTERFACE -Wno-maybe-uninitialized -Wno-mismatched-new-delete
    -Wno-stringop-overflow -Wno-array-bounds -Wno-restrict)
endif()
if(GARDE_SANITIZE)
  target_compile_options(garde_flags INTERFACE -fsanitize=${GARDE_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(garde_flags INTERFACE -fsanitize=${GARDE_SANITIZE})
  if(GARDE_SANITIZE MATCHES "thread")
    # Asio fences are unknown to tsan; the synchronisation they stand beside is not.
    target_compile_options(garde_flags INTERFACE -Wno-tsan)
  endif()
endif()
if(GARDE_FUZZ)
  target_compile_options(garde_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

find_program(GARDE_LINKER mold)
if(GARDE_LINKER)
  target_link_options(garde_flags INTERFACE -fuse-ld=mold)
endif()

find_program(GARDE_CCACHE ccache)
if(GARDE_CCACHE)
  # Paths relative to the tree, so that another checkout finds what this one has compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
    ${GARDE_CCACHE})
endif()

# garde_module(NAME LINK …): library garde_NAME from src/NAME/*.cpp.
function(garde_module name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
  add_library(garde_${name} STATIC ${sources})
  target_link_libraries(garde_${name} PUBLIC garde_flags ${arg_LINK})
endfunction()

# garde_test(NAME [LINK …]): executable test_NAME from tests/NAME/*.cpp, linked with the module of that name.
function(garde_test name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${name}/*.cpp)
  add_executable(test_${name} ${sources})
  target_link_libraries(test_${name} PRIVATE garde_${name} ${arg_LINK} garde_fixtures GTest::gmock GTest::gtest_main)
endfunction()
