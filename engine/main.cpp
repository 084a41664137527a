// The program: everything is in host.
#include "host/cli.hpp"

int main(int argc, char** argv) { return ballast::host::run_command_line(argc, argv); }
