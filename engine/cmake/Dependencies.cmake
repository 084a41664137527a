# Everything comes from Debian 12 and is found there; nothing is downloaded.
find_package(nlohmann_json 3.11 REQUIRED)
find_package(fmt 9 REQUIRED)
# Debian's static archives where it has them: a third of a cold start was the dynamic loader (docs/decisions/0007).
set(OPENSSL_USE_STATIC_LIBS TRUE)
find_library(SQLite3_LIBRARY NAMES libsqlite3.a sqlite3)
find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto)
find_package(SQLite3 3.40 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_library(YAML_CPP_ARCHIVE NAMES libyaml-cpp.a)
if(YAML_CPP_ARCHIVE)
  set_target_properties(yaml-cpp PROPERTIES IMPORTED_LOCATION ${YAML_CPP_ARCHIVE} IMPORTED_LOCATION_NONE ${YAML_CPP_ARCHIVE}
                                            IMPORTED_LOCATION_RELEASE ${YAML_CPP_ARCHIVE})
endif()
find_package(CLI11 2 REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# Lua compiled as C++, so that a Lua error runs destructors; the static archive, so that users need no second library.
pkg_check_modules(LUA REQUIRED lua5.4-c++)
find_library(LUA_CXX_ARCHIVE NAMES liblua5.4-c++.a REQUIRED)
add_library(ballast_lua INTERFACE)
target_include_directories(ballast_lua SYSTEM INTERFACE ${LUA_INCLUDE_DIRS})
target_link_libraries(ballast_lua INTERFACE ${LUA_CXX_ARCHIVE} ${CMAKE_DL_LIBS})

pkg_check_modules(EDIT REQUIRED libedit)
add_library(ballast_libedit INTERFACE)
target_include_directories(ballast_libedit SYSTEM INTERFACE ${EDIT_INCLUDE_DIRS})
foreach(library edit tinfo bsd md)
  find_library(archive_${library} NAMES lib${library}.a ${library} REQUIRED)
  target_link_libraries(ballast_libedit INTERFACE ${archive_${library}})
endforeach()

pkg_check_modules(TOMLPP REQUIRED tomlplusplus)
add_library(ballast_tomlplusplus INTERFACE)
target_include_directories(ballast_tomlplusplus SYSTEM INTERFACE ${TOMLPP_INCLUDE_DIRS})
target_link_libraries(ballast_tomlplusplus INTERFACE ${TOMLPP_LINK_LIBRARIES})
