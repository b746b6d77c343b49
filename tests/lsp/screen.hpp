// What an editor shows of a text, as the `editor` blocks of the documentation have it: the text with the cursor `|`,
// and beneath each line that begins with `--- ` what the language server makes of it.
//
//   offered [first N]    the completion, of what begins as the word at the cursor does
//   told                 the diagnostics
//   hover                what is said of the word at the cursor
//   defined              where that word is declared
//   mends                the code actions at the cursor
//   after TITLE          the text when that action is chosen
//   renamed NAME         the text when the word at the cursor gets this name
//   formatted            the text when it is formatted
//   hints                the text with the inlay hints
#pragma once

#include <string>
#include <vector>

namespace pipewright::test {

/// The lines of the block with what is shown today.
std::vector<std::string> screen(const std::string& name, const std::vector<std::string>& block);
/// The text that stands in the block, without the cursor.
std::string typed(const std::vector<std::string>& block);

}  // namespace pipewright::test
