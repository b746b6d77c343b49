// `# allow P0412: why`: a warning that the author has seen and means. Errors cannot be allowed.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "dsl/check/checker.hpp"

namespace pipewright::dsl {
namespace {

constexpr std::string_view word = "allow ";

// Behind its last sign: a statement's span goes on over the spaces and comments behind it.
std::uint32_t end_of(const ast::Statement& statement, const std::vector<Span>& comments, std::string_view text) {
  std::uint32_t end = statement.span.end;
  for (bool more = true; more;) {
    more = false;
    while (end > statement.span.begin && std::isspace(static_cast<unsigned char>(text[end - 1])) != 0) --end;
    for (const Span& comment : comments) {
      const std::string_view body = text.substr(comment.begin, comment.end - comment.begin);
      const std::size_t last = body.find_last_not_of(" \t\r\n");
      if (comment.begin > statement.span.begin && comment.begin + last + 1 == end) {
        end = comment.begin;
        more = true;
      }
    }
  }
  return end;
}

}  // namespace

void Checker::collect_allows() {
  for (SourceId id = 0; id < out.files.size(); ++id) {
    file = id;
    const ast::File& tree = out.files[id];
    for (const Span& comment : tree.comments) {
      const std::string_view text = out.sources[id]->text(comment);
      std::size_t at = text.find_first_not_of("# \t");
      if (at == std::string_view::npos || !text.substr(at).starts_with(word)) continue;
      at += word.size();
      std::size_t end = at;
      while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0)) ++end;
      const std::string name(text.substr(at, end - at));
      if (name.size() < 2 || name[0] != 'P' || std::isdigit(static_cast<unsigned char>(name[1])) == 0) continue;
      int number = 0;
      std::from_chars(name.data() + 1, name.data() + name.size(), number);
      const auto known = std::find_if(codes::all().begin(), codes::all().end(),
                                      [&](const Code* code) { return code->number == number; });
      const Span place{comment.begin + static_cast<std::uint32_t>(at), comment.begin + static_cast<std::uint32_t>(end)};
      if (known == codes::all().end()) {
        report(codes::wrong_allow, place, fmt::format("there is no code `{}`", name)).help =
            "the code stands in the brackets of the warning: `warning[P0412]`";
        continue;
      }
      if ((*known)->severity == Severity::error) {
        report(codes::wrong_allow, place, fmt::format("`{}` is an error: it cannot be allowed", name)).help =
            "fix what it names, and take the comment out";
        continue;
      }
      for (const ast::Statement& statement : tree.statements) {
        const std::string_view all = out.sources[id]->text();
        const std::uint32_t end = end_of(statement, tree.comments, all);
        const bool before = end <= comment.begin;
        const bool beside = before && all.substr(end, comment.begin - end).find('\n') == all.npos;
        if (before && !beside) continue;
        out.allows.push_back({id, statement.span, number});
        break;
      }
    }
  }
}

bool Checked::allowed(const Code& code, SourceId where, Span span) const {
  return code.severity == Severity::warning && std::any_of(allows.begin(), allows.end(), [&](const Allow& allow) {
           return allow.number == code.number && allow.file == where && span.begin >= allow.scope.begin &&
                  span.begin < allow.scope.end;
         });
}

}  // namespace pipewright::dsl
