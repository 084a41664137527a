# `cmake --install` gives a tree that works from anywhere: the binary finds ../share/ballast beside itself.
include(GNUInstallDirs)
install(TARGETS ballast RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
foreach(folder lua policies runbooks config examples)
  install(DIRECTORY ${folder} DESTINATION ${CMAKE_INSTALL_DATADIR}/ballast)
endforeach()
install(FILES README.md LICENSE CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR})
