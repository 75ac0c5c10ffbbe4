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

find_program(GARDE_LINKER mold)
if(GARDE_LINKER)
  target_link_options(garde_flags INTERFACE -fuse-ld=mold)
endif()

find_program(GARDE_CCACHE ccache)
if(GARDE_CCACHE)
  # Precompiled headers are cacheable only when their time stamps do not count.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${GARDE_CCACHE})
endif()
add_compile_options(-fpch-preprocess)

# garde_module(NAME [ASIO] LINK …): library garde_NAME from src/NAME/*.cpp.
function(garde_module name)
  cmake_parse_arguments(arg "ASIO" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
  add_library(garde_${name} STATIC ${sources})
  target_link_libraries(garde_${name} PUBLIC garde_flags ${arg_LINK})
  if(arg_ASIO)
    target_link_libraries(garde_${name} PUBLIC garde_boost)
    target_precompile_headers(garde_${name} REUSE_FROM garde_boost)
  endif()
endfunction()

# garde_test(NAME [ASIO] [LINK …]): executable test_NAME from tests/NAME/*.cpp, linked with the module of that name.
function(garde_test name)
  cmake_parse_arguments(arg "ASIO" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${name}/*.cpp)
  add_executable(test_${name} ${sources})
  target_link_libraries(test_${name} PRIVATE garde_${name} ${arg_LINK} GTest::gmock GTest::gtest_main)
  target_compile_definitions(test_${name} PRIVATE GARDE_FIXTURES="${CMAKE_SOURCE_DIR}/tests/fixtures")
  if(arg_ASIO)
    target_precompile_headers(test_${name} REUSE_FROM garde_boost)
  endif()
endfunction()
