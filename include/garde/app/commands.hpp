// The command line: garde run | check | ctl | journal | receipt.
#pragma once

namespace garde::app {

/// Exit codes, the same for every command.
enum exit_code : int {
    exit_ok = 0,
    exit_failed = 1,  ///< it could not be done: a port in use, no answer, a refusal
    exit_usage = 2,   ///< the command line is wrong
    exit_config = 3,  ///< the configuration has errors
    exit_untrue = 4,  ///< `journal verify`, `receipt verify`: what was checked does not hold
};

/// Parses and carries out; returns the exit code.
int run_command_line(int argc, char** argv);

}  // namespace garde::app
