// `overloaded` names every alternative of a std::visit, so that a forgotten one does not compile.
#pragma once

namespace pipewright {

template <class... Ts>
struct overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
overloaded(Ts...) -> overloaded<Ts...>;

}  // namespace pipewright
