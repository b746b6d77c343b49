// All there is: every connector's behaviour, and the declarations that describe it.
#pragma once

#include "dsl/catalog.hpp"
#include "engine/node.hpp"

namespace pipewright::stdlib {

/// Behaviour by name; nothing registers itself.
engine::Registry registry();

/// What the embedded `.pipe` files declare. They are part of the program: a mistake in them fails the tests.
dsl::Catalog catalog();

}  // namespace pipewright::stdlib
