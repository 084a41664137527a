# Crash, fault and trace tests of the decision log with real keys. Included from tests/CMakeLists.txt.
add_library(ballast_faults SHARED ${CMAKE_CURRENT_SOURCE_DIR}/support/fault_injection.cpp)
target_link_libraries(ballast_faults PRIVATE ${CMAKE_DL_LIBS} ballast_options)

add_executable(append_driver ${CMAKE_CURRENT_SOURCE_DIR}/support/append_driver.cpp)
target_link_libraries(append_driver PRIVATE ballast_sign ballast_journal ballast_options)

ballast_test_program(evidence FOLDERS evidence LINKS ballast_sign ballast_journal
                     DEFINITIONS BALLAST_APPEND_DRIVER="$<TARGET_FILE:append_driver>" BALLAST_FAULTS="$<TARGET_FILE:ballast_faults>")
add_dependencies(evidence append_driver ballast_faults)
ballast_test(evidence evidence "evidence;slow")

# Runs that are killed, and go on. Each test uses both cores by itself.
ballast_test_program(durability FOLDERS durability LINKS ballast_host DEFINITIONS BALLAST_FAULTS="$<TARGET_FILE:ballast_faults>")
add_dependencies(durability ballast ballast_faults)
ballast_test(durability durability "evidence;slow" --test-suite-exclude=undo*,families*)
ballast_test(undo_after_each_step durability "evidence;slow" --test-suite=undo*)
ballast_test(family_kills durability "evidence;slow" --test-suite=families*)
set_tests_properties(durability undo_after_each_step family_kills PROPERTIES PROCESSORS 2)

add_test(NAME strace_ack COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/strace_ack_test.sh $<TARGET_FILE:append_driver>)
set_tests_properties(strace_ack PROPERTIES LABELS "evidence;slow" SKIP_RETURN_CODE 77)

if(BALLAST_BENCH)
  find_package(benchmark REQUIRED)
  add_executable(evidence_bench ${CMAKE_CURRENT_SOURCE_DIR}/bench/evidence_bench.cpp)
  target_link_libraries(evidence_bench PRIVATE ballast_sign ballast_journal ballast_options benchmark::benchmark)
  target_include_directories(evidence_bench PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
endif()
