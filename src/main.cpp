// The way in: app/commands parses the command line, app/server puts the proxy together.
#include "garde/app/commands.hpp"

int main(int argc, char** argv) {
    return garde::app::run_command_line(argc, argv);
}
