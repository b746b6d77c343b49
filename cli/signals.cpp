#include "cli/signals.hpp"

#include <csignal>

namespace pipewright::cli {
namespace {

volatile std::sig_atomic_t stops = 0;
volatile std::sig_atomic_t reloads = 0;

void on_stop(int) { stops = stops + 1; }
void on_reload(int) { reloads = 1; }

}  // namespace

void watch_signals() {
  struct sigaction action{};
  action.sa_handler = on_stop;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = on_reload;
  sigaction(SIGHUP, &action, nullptr);
}

int stops_asked() { return stops; }

bool reload_asked() {
  const bool asked = reloads != 0;
  reloads = 0;
  return asked;
}

}  // namespace pipewright::cli
