# Crash, fault and trace tests of the decision log with real keys. Included from tests/CMakeLists.txt.
add_library(ballast_faults SHARED ${CMAKE_CURRENT_SOURCE_DIR}/support/fault_injection.cpp)
target_link_libraries(ballast_faults PRIVATE ${CMAKE_DL_LIBS} ballast_options)

add_executable(append_driver ${CMAKE_CURRENT_SOURCE_DIR}/support/append_driver.cpp)
target_link_libraries(append_driver PRIVATE ballast_sign ballast_journal ballast_options)

file(GLOB_RECURSE evidence_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/evidence/*_test.cpp)
add_executable(evidence ${CMAKE_CURRENT_SOURCE_DIR}/support/main.cpp ${evidence_sources})
target_link_libraries(evidence PRIVATE ballast_sign ballast_journal ballast_options doctest::doctest)
target_include_directories(evidence PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_definitions(evidence PRIVATE BALLAST_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                                            BALLAST_APPEND_DRIVER="$<TARGET_FILE:append_driver>"
                                            BALLAST_FAULTS="$<TARGET_FILE:ballast_faults>")
add_dependencies(evidence append_driver ballast_faults)
add_test(NAME evidence COMMAND evidence WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(evidence PROPERTIES LABELS "evidence;slow" TIMEOUT 600)

# Runs that are killed, and go on.
file(GLOB durability_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/durability/*.cpp)
add_executable(durability ${CMAKE_CURRENT_SOURCE_DIR}/support/main.cpp ${durability_sources})
target_link_libraries(durability PRIVATE ballast_host ballast_options doctest::doctest)
target_include_directories(durability PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_definitions(durability PRIVATE BALLAST_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                                              BALLAST_BINARY="$<TARGET_FILE:ballast>"
                                              BALLAST_FAULTS="$<TARGET_FILE:ballast_faults>")
add_dependencies(durability ballast ballast_faults)
add_test(NAME durability COMMAND durability --test-suite-exclude=undo*,families* WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
add_test(NAME undo_after_each_step COMMAND durability --test-suite=undo* WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
add_test(NAME family_kills COMMAND durability --test-suite=families* WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(durability undo_after_each_step family_kills PROPERTIES LABELS "evidence;slow" TIMEOUT 600 PROCESSORS 2)

add_test(NAME strace_ack COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/strace_ack_test.sh $<TARGET_FILE:append_driver>)
set_tests_properties(strace_ack PROPERTIES LABELS "evidence;slow" SKIP_RETURN_CODE 77)

if(BALLAST_BENCH)
  find_package(benchmark REQUIRED)
  add_executable(evidence_bench ${CMAKE_CURRENT_SOURCE_DIR}/bench/evidence_bench.cpp)
  target_link_libraries(evidence_bench PRIVATE ballast_sign ballast_journal ballast_options benchmark::benchmark)
  target_include_directories(evidence_bench PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
endif()
