#include "dsl/render.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace pipewright::dsl {
namespace {

struct Colors {
  const char* error = "";
  const char* warning = "";
  const char* help = "";
  const char* dim = "";
  const char* bold = "";
  const char* off = "";
};

constexpr Colors terminal{"\033[1;31m", "\033[1;33m", "\033[1;32m", "\033[34m", "\033[1m", "\033[0m"};

std::string expanded(std::string_view line) {
  std::string out;
  for (const char c : line) out += c == '\t' ? std::string(" ") : std::string(1, c);
  return out;
}

// The underline below `line` for the part of `span` that lies on it.
std::string underline(const Source& source, Span span, std::size_t number, char mark) {
  const std::string_view line = source.line(number);
  const auto offset = static_cast<std::size_t>(line.data() - source.text().data());
  const std::size_t begin = std::clamp<std::size_t>(span.begin, offset, offset + line.size()) - offset;
  const std::size_t end = std::clamp<std::size_t>(span.end, offset + begin, offset + line.size()) - offset;
  const std::size_t indent = display_width(expanded(line.substr(0, begin)));
  const std::size_t width = std::max<std::size_t>(1, display_width(expanded(line.substr(begin, end - begin))));
  return std::string(indent, ' ') + std::string(width, mark);
}

class Drawing {
 public:
  Drawing(const Diagnostic& diagnostic, const Sources& sources, const Colors& colors)
      : diagnostic_(diagnostic), sources_(sources), colors_(colors) {}

  std::string text() {
    const bool error = diagnostic_.code->severity == Severity::error;
    out_ += fmt::format("{}{}[{}]{}: {}{}{}\n", error ? colors_.error : colors_.warning, error ? "error" : "warning",
                        diagnostic_.code->text(), colors_.off, colors_.bold, diagnostic_.message, colors_.off);
    width_ = fmt::format("{}", source(diagnostic_.source).position(diagnostic_.span.begin).line).size();
    for (const Label& label : diagnostic_.labels) {
      width_ = std::max(width_, fmt::format("{}", source(label.source).position(label.span.begin).line).size());
    }
    place(diagnostic_.source, diagnostic_.span, "-->");
    bar();
    snippet(diagnostic_.source, diagnostic_.span, '^', diagnostic_.note);
    for (const Label& label : diagnostic_.labels) {
      place(label.source, label.span, ":::");
      bar();
      snippet(label.source, label.span, '-', label.text);
    }
    if (!diagnostic_.remarks.empty()) bar();
    for (const std::string& remark : diagnostic_.remarks)
      out_ += fmt::format("{} {}={} {}\n", std::string(width_ + 1, ' '), colors_.dim, colors_.off, remark);
    if (diagnostic_.help) {
      bar();
      out_ += fmt::format("{}help{}: {}\n", colors_.help, colors_.off, *diagnostic_.help);
    }
    return out_;
  }

 private:
  const Source& source(SourceId id) const { return *sources_[id]; }

  void bar() { out_ += fmt::format("{} {}|{}\n", std::string(width_ + 1, ' '), colors_.dim, colors_.off); }

  void place(SourceId id, Span span, const char* arrow) {
    const Position position = source(id).position(span.begin);
    out_ += fmt::format("{} {}{}{} {}:{}:{}\n", std::string(width_, ' '), colors_.dim, arrow, colors_.off,
                        source(id).name(), position.line, position.column);
  }

  void snippet(SourceId id, Span span, char mark, const std::string& note) {
    const std::size_t number = source(id).position(span.begin).line;
    out_ +=
        fmt::format(" {}{:>{}} |{} {}\n", colors_.dim, number, width_, colors_.off, expanded(source(id).line(number)));
    const char* color = diagnostic_.code->severity == Severity::error ? colors_.error : colors_.warning;
    out_ += fmt::format("{} {}|{} {}{}{}{}{}\n", std::string(width_ + 1, ' '), colors_.dim, colors_.off, color,
                        underline(source(id), span, number, mark), note.empty() ? "" : " ", note, colors_.off);
  }

  const Diagnostic& diagnostic_;
  const Sources& sources_;
  const Colors& colors_;
  std::size_t width_ = 1;
  std::string out_;
};

void quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

std::string counted(std::size_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace

std::string render_text(const Diagnostics& diagnostics, const Sources& sources, bool color) {
  const Colors colors = color ? terminal : Colors{};
  std::string out;
  for (const Diagnostic& each : diagnostics) {
    if (!out.empty()) out += "\n";
    out += Drawing(each, sources, colors).text();
  }
  return out;
}

std::string render_json(const Diagnostics& diagnostics, const Sources& sources, std::size_t files,
                        std::size_t pipelines) {
  std::string out = "{\"diagnostics\":[";
  bool first = true;
  for (const Diagnostic& each : diagnostics) {
    const Source& source = *sources[each.source];
    const Position begin = source.position(each.span.begin);
    const Position end = source.position(each.span.end);
    if (!first) out += ",";
    first = false;
    out += fmt::format("{{\"code\":\"{}\",\"severity\":\"{}\",\"message\":", each.code->text(),
                       each.code->severity == Severity::error ? "error" : "warning");
    quoted(out, each.message);
    out += ",\"file\":";
    quoted(out, source.name());
    out += fmt::format(",\"line\":{},\"column\":{},\"end_line\":{},\"end_column\":{}", begin.line, begin.column,
                       end.line, end.column);
    if (each.help) {
      out += ",\"help\":";
      quoted(out, *each.help);
    }
    out += "}";
  }
  return out + fmt::format("],\"files\":{},\"pipelines\":{}}}", files, pipelines);
}

std::string count_text(const Diagnostics& diagnostics, std::size_t files) {
  const auto errors =
      static_cast<std::size_t>(std::count_if(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& each) {
        return each.code->severity == Severity::error;
      }));
  const std::size_t warnings = diagnostics.size() - errors;
  std::string what;
  if (errors > 0) what = counted(errors, "error", "errors");
  if (warnings > 0) what += (what.empty() ? "" : ", ") + counted(warnings, "warning", "warnings");
  return fmt::format("{} in {}", what, counted(files, "file", "files"));
}

}  // namespace pipewright::dsl
