// Ctrl-C, SIGTERM and SIGHUP as flags that a loop looks at.
#pragma once

namespace pipewright::cli {

void watch_signals();
/// How often the user asked to stop: the second time means now.
int stops_asked();
/// SIGHUP since the last question.
bool reload_asked();

}  // namespace pipewright::cli
